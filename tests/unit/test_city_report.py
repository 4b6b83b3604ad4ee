"""The page for the head of the office: what it says of a city, and that it is one quiet file."""

import datetime as dt
import re
from html.parser import HTMLParser

import pytest

from stationd.city_report.city import City, Row, rows
from stationd.city_report.page import page
from stationd.city_report.prometheus import Firing, Sample
from stationd.city_report.summary import sentences
from stationd.city_report.words import WORDS, Speech

WELL = {
    "answers": 1.0,
    "cards": 30.4,
    "blanks_days": 20.0,
    "queued": 3.0,
    "oldest_days": 0.5,
    "on_shelf": 40.0,
    "in_time": 0.99,
    "spoiled": 0.01,
    "uncertain": 0.0,
    "changes": 0.0,
    "difference": 0.0,
}
ZONE = dt.timezone(dt.timedelta(hours=7), "WIB")
AT_S = dt.datetime(2026, 11, 26, 9, 5, tzinfo=ZONE).timestamp()


def row(kecamatan, **other):
    return Row(station="1671-07", kecamatan=kecamatan, **WELL | other)


def city(*some, **other):
    return City(at_s=AT_S, rows=some, **other)


def said(*some, language="id"):
    return list(sentences(city(*some), Speech(language)))


def test_a_city_without_trouble_is_told_as_well():
    assert all(is_well for is_well, _ in said(row("Sako"), row("Plaju")))
    assert (True, "61 kartu tercetak dalam 24 jam terakhir.") in said(row("Sako"), row("Plaju"))


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ({"answers": 0.0}, "Tidak menjawab: Plaju."),
        ({"answers": None}, "Tidak menjawab: Plaju."),
        ({"blanks_days": 4.9}, "Blangko cukup kurang dari lima hari: Plaju."),
        ({"in_time": 0.949}, "Kurang dari 95 % tercetak dalam tiga hari kerja: Plaju."),
        ({"uncertain": 2.0}, "2 kartu belum pasti tercetak atau tidak: Plaju."),
        ({"difference": -3.0}, "Penghitungan blangko terakhir berselisih: Plaju."),
        ({"changes": 1.0}, "Urutan layanan diubah dalam 7 hari: Plaju. Mintalah alasannya."),
    ],
)
def test_each_trouble_is_told_with_its_kecamatan(trouble, sentence):
    told = said(row("Sako"), row("Plaju", **trouble))
    assert (False, sentence) in told


def test_what_is_not_known_is_no_trouble_and_a_dash():
    unknown = Row(station="1671-08", kecamatan="Sako", answers=1.0)
    assert all(is_well for is_well, _ in said(unknown))
    text = page(city(unknown), Speech("id"), name="Kota Contoh", zone=ZONE)
    assert text.count("<td>–</td>") == len(WELL) - 1
    assert text.count(WORDS["nothing"].id) == 5


def test_stations_are_put_together_from_all_answers():
    def sample(station, kecamatan, value):
        return Sample({"station": station, "kecamatan": kecamatan}, value)

    found = rows(
        {
            "answers": [sample("1671-08", "Sako", 1.0), sample("1671-07", "Sukarami", 0.0)],
            "cards": [sample("1671-08", "Sako", 12.0)],
        }
    )
    assert found == [
        Row(station="1671-07", kecamatan="Sukarami", answers=0.0),
        Row(station="1671-08", kecamatan="Sako", answers=1.0, cards=12.0),
    ]


@pytest.mark.parametrize(("language", "number", "share"), [("id", "1.234,5", "97,5 %"), ("en", "1,234.5", "97.5 %")])
def test_numbers_are_written_as_their_readers_write_them(language, number, share):
    speech = Speech(language)
    assert (speech.number(1234.5, 1), speech.share(0.975, 1)) == (number, share)


class Seen(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.open, self.tags = [], [], set()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.add(tag)
        self.ids += [value for name, value in attributes if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_page_is_one_file_without_script_whose_ids_are_its_own(language):
    alerts = [
        Firing(
            {"severity": "page", "alertname": "NoBlanks"},
            {"summary": "Sako <b> has no blanks", "ringkasan": "Sako <b> kehabisan blangko"},
        ),
    ]
    daily = [(AT_S - 86_400 * ago, 100.0 + ago) for ago in range(27, -1, -1)]
    whole = city(row("Sako & <i>"), row("Plaju", on_shelf=900.0), daily=daily, alerts=alerts)
    text = page(whole, Speech(language), name="Kota <Contoh>", zone=ZONE)
    seen = Seen()
    seen.feed(text)
    assert seen.open == []
    assert len(seen.ids) == len(set(seen.ids)) > 50
    assert not seen.tags & {"script", "link", "img", "iframe", "b", "i"}
    assert not re.search(r"@import|src=|href=\"[^#]", text)
    assert "26/11/2026 09.05 WIB" in text
    assert ("Sako &lt;b&gt; kehabisan blangko" in text) == (language == "id")
    assert ("segera" in text) == (language == "id")
    assert WORDS["simulated"].id not in text
    assert set(re.findall(r"<(?:use|path)[^>]* (?:xlink:)?href=\"#([^\"]+)", text)) <= set(seen.ids)


def test_a_simulated_city_is_told_as_one():
    text = page(city(row("Sako"), day_s=5.0), Speech("id"), name="Kota Contoh", zone=ZONE)
    assert WORDS["simulated"].id in text


def test_without_matplotlib_the_command_says_what_to_install(monkeypatch, capsys):
    from stationd.cli import main

    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert main(["city-report"]) == 1
    assert "pip install 'stationd[report]'" in capsys.readouterr().err
