"""What the door does with finished cards and receipts."""

import pytest
from fake_queue import JOB_ID

from stationd.domain.custody import Custody, Place
from stationd.domain.handover import CheckResult, HandOver, IdentityCheck, IdentityDocument, Proxy, Relation
from stationd.services.cards import Search

CARD = f"/v1/cards/{JOB_ID}"


async def test_the_shelf_is_listed_by_age_and_kelurahan(door):
    status, body, _ = await door.ask("GET", "/v1/cards?custody=on_shelf&limit=7&after=5-1")
    assert (status, body["next"], len(body["items"])) == (200, "1700000000123-1", 1)
    await door.ask("GET", "/v1/cards?village=16.71.07.1001")
    assert [asked for _, asked in door.cards.done] == [
        {"custody": Custody.ON_SHELF, "village": None, "after": "5-1", "limit": 7},
        {"custody": None, "village": "16.71.07.1001", "after": None, "limit": 50},
    ]


async def test_a_card_says_where_it_is_and_who_took_it_and_nothing_of_a_person(door):
    _, body, _ = await door.ask("GET", CARD)
    assert (body["custody"], body["place"], body["district"]) == ("on_shelf", "A3/17", "16.71.07")
    assert [each["relation"] for each in body["hand_overs"]] == ["parent"]
    assert {"name", "nik", "address", "phone"}.isdisjoint(body)


@pytest.mark.parametrize(("text", "place"), [("A3/17", Place(box="A3", slot=17)), ("A3", Place(box="A3"))])
async def test_a_place_is_a_box_with_or_without_a_slot(door, text, place):
    status, _, _ = await door.ask("POST", f"{CARD}/shelve", json={"place": text})
    assert (status, door.cards.done) == (200, [("shelve", place)])


@pytest.mark.parametrize("text", ["", "A3/", "A3/0", "/17", "A3/17/2", "A 3", "A3/017"])
async def test_a_place_that_is_none_is_refused(door, text):
    assert (await door.ask("POST", f"{CARD}/shelve", json={"place": text}))[0] == 422


async def test_a_reader_gives_the_chip_along(door):
    await door.ask("POST", f"{CARD}/check", json={"chip": "04a1b2c3"})
    await door.ask("POST", f"{CARD}/check", json={})
    assert door.cards.done == [("check", b"\x04\xa1\xb2\xc3"), ("check", None)]


async def test_a_hand_over_says_what_was_looked_at_and_who_came(door):
    body = {
        "identity": {"document": "kk", "result": "match"},
        "proxy": {"name": "Wali Rekaan", "relation": "parent", "family_card_checked": True},
        "old_card_surrendered": True,
    }
    assert (await door.ask("POST", f"{CARD}/handover", json=body))[0] == 200
    assert door.cards.done == [
        (
            "hand over",
            HandOver(
                identity=IdentityCheck(document=IdentityDocument.KK, result=CheckResult.MATCH),
                proxy=Proxy(relation=Relation.PARENT, is_family_card_checked=True, name="Wali Rekaan"),
                is_old_card_surrendered=True,
            ),
        )
    ]


@pytest.mark.parametrize(
    "body",
    [{}, {"identity": {"document": "a smile"}}, {"identity": {"document": "kk"}, "proxy": {"relation": "friend"}}],
)
async def test_a_hand_over_without_what_it_needs_is_refused(door, body):
    assert (await door.ask("POST", f"{CARD}/handover", json=body))[0] == 422


@pytest.mark.parametrize(
    ("body", "search"),
    [
        ({"receipt": "2XK7"}, Search(receipt="2XK7")),
        ({"name": "siti"}, Search(name="siti")),
        ({"nik": "9999990101900001"}, Search(nik="9999990101900001")),
        ({"chip": "04a1b2c3"}, Search(chip=b"\x04\xa1\xb2\xc3")),
    ],
)
async def test_a_card_is_looked_for_by_one_thing(door, body, search):
    status, found, _ = await door.ask("POST", "/v1/cards/find", json=body)
    assert (status, found["items"][0]["name"], door.cards.done) == (200, "Contoh Rekaan", [("find", search)])


@pytest.mark.parametrize("body", [{}, {"name": "a", "nik": "9999990101900001"}])
async def test_a_card_is_not_looked_for_by_nothing_or_by_two_things(door, body):
    assert (await door.ask("POST", "/v1/cards/find", json=body))[0] == 422


@pytest.mark.parametrize("role", ["kiosk", "monitor"])
async def test_only_officers_see_cards(door, role):
    for method, path in (("GET", "/v1/cards"), ("POST", "/v1/cards/find"), ("POST", f"{CARD}/handover")):
        assert (await door.ask(method, path, role=role))[0] == 403


async def test_a_kiosk_reads_the_answer_in_the_language_of_the_reader(door):
    path = "/v1/receipts/2XK7-9QF4-M3TP"
    status, english, headers = await door.ask("GET", path, role="kiosk")
    assert (status, english["stage"], headers["Content-Language"]) == (200, "ready", "en")
    assert "custody" not in english
    _, indonesian, headers = await door.ask("GET", path, role="kiosk", headers={"Accept-Language": "id"})
    assert (indonesian["words"], headers["Content-Language"]) == ("KTP-el Anda siap diambil", "id")
    assert headers["Vary"] == "Accept-Language"


async def test_who_asks_too_often_is_told_when_to_come_back(door):
    status, body, headers = await door.ask("GET", "/v1/receipts/slow", role="kiosk")
    assert (status, body["code"], headers["Retry-After"]) == (429, "rate-limited", "7")
    assert (headers["RateLimit-Policy"], headers["RateLimit"]) == ('"receipts";q=120;w=60', '"receipts";r=119;t=1')
    _, _, headers = await door.ask("GET", "/v1/receipts/2XK7-9QF4-M3TP", role="kiosk")
    assert headers["RateLimit"] == '"receipts";r=119;t=1'


@pytest.mark.parametrize(
    ("village", "district", "status", "kept"),
    [
        ("16.71.09.1003", None, 201, ("16.71.09", "16.71.09.1003")),
        (None, "16.71.09", 201, ("16.71.09", None)),
        ("16.71.09.1003", "16.71.09", 201, ("16.71.09", "16.71.09.1003")),
        ("16.71.09.1003", "16.71.08", 422, None),
        ("1671091003", None, 422, None),
    ],
)
async def test_the_residence_of_a_holder_is_taken_as_region_codes(door, order, village, district, status, kept):
    order["holder"] |= {
        key: value for key, value in (("village", village), ("district", district)) if value is not None
    }
    assert (await door.submit(order))[0] == status
    if kept is not None:
        ((taken, *_),) = door.submission.orders
        assert (taken.holder.district, taken.holder.village) == kept
