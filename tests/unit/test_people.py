"""Invented applicants: always the same for a seed, visibly invented, and every one an order that the station takes."""

import base64

import msgspec
import pytest

from stationd.demo.people import People
from stationd.domain.document import PNG, check_document
from stationd.domain.order import is_nik_form
from stationd.http.schemas import NewJob


@pytest.fixture
def crowd():
    return list(People(7).applications(300))


def test_the_same_seed_gives_the_same_people(crowd):
    assert list(People(7).applications(300)) == crowd
    assert list(People(8).applications(300)) != crowd


def test_every_application_is_a_body_that_the_api_takes(crowd):
    for body in crowd:
        msgspec.json.decode(msgspec.json.encode(body), type=NewJob)


def test_every_order_is_one_of_its_own(crowd):
    assert len({body["order"] for body in crowd}) == len(crowd)


def test_every_nik_has_the_form_of_one_and_belongs_to_no_region(crowd):
    for body in crowd:
        assert is_nik_form(body["holder"]["nik"])
        assert body["holder"]["nik"].startswith("9999")


def test_names_and_phones_are_visibly_invented(crowd):
    invented = {"Rekaan", "Umpama", "Contoh", "Khayalan", "Misalnya", "Andaikan", "Percobaan", "Peraga", "Spesimen"}
    for body in crowd:
        assert invented & set(body["holder"]["name"].split())
        assert body["holder"]["phone"].startswith("+62 000 ")
        assert "Kelurahan Rekaan" in body["holder"]["address"]


def test_most_come_for_their_first_card_and_a_lost_one_has_its_report(crowd):
    kinds = [body["kind"] for body in crowd]
    assert kinds.count("first") > len(kinds) / 2
    assert set(kinds) == {"first", "damaged", "lost"}
    assert all(("police_report" in body) == (body["kind"] == "lost") for body in crowd)
    brought = [body for body in crowd if "surrendered" in body]
    assert {body["kind"] for body in brought} == {"damaged"}
    assert len(brought) > kinds.count("damaged") / 2


def test_photos_are_small_pngs_and_some_people_have_none(crowd):
    photos = [body["document"].get("photo") for body in crowd]
    assert None in photos
    for photo in {photo for photo in photos if photo}:
        data = base64.b64decode(photo)
        assert check_document(PNG, data) is None
        assert len(data) < 4_000
