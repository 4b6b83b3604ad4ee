"""The simulated city: it tells what a station tells, and its script lets every alert fire and clear."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from stationd.adapters.metric_guide import GUIDE
from stationd.demo.city import books, faster, faults
from stationd.demo.city.books import BooksFault, SimulatedBooks
from stationd.demo.city.faults import ROUND_DAYS, SCRIPT, Fault
from stationd.demo.city.palembang import STATIONS
from stationd.demo.city.station import SimulatedStation

ROOT = Path(__file__).parents[2]
CITY = ROOT / "config" / "city"
NOW_MS = 1_700_000_000_000


def total(text, family, *labels):
    """The sum of the samples that have these labels, written ``name="value"``."""
    lines = [line.rpartition(" ") for line in text.splitlines() if line.startswith(f"{family}{{")]
    return sum(float(number) for series, _, number in lines if all(label in series for label in labels))


def lived(station, days, *some):
    for _ in range(round(days * 10)):
        station.live(0.1, faults=frozenset(some), real_s=NOW_MS / 1000)
    return station.render().decode()


async def test_a_simulated_station_tells_families_of_a_real_one_and_all_that_the_city_asks_for():
    text = lived(SimulatedStation(7, now_ms=NOW_MS), 5)
    told = {family.name for family in text_string_to_metric_families(text)}
    files = [*(CITY / "rules").glob("*.yml"), *(CITY / "grafana").glob("*.json")]
    asked = {name for path in files for name in re.findall(r"\bstationd_\w+", path.read_text(encoding="utf-8"))}
    asked = {name for name in asked if not name.startswith("stationd_books_")}
    assert {re.sub("_(bucket|count|sum|total)$", "", name) for name in asked} <= told <= set(GUIDE)


def test_the_simulated_books_tell_all_that_the_city_asks_for_and_the_operations_page_names_each():
    told, books_ = set(), SimulatedBooks()
    for day in range(round(books.ROUND_DAYS)):
        text = books_.render(day, NOW_MS / 1000)
        told |= {family.name for family in text_string_to_metric_families((text or b"").decode())}
    files = [*(CITY / "rules").glob("*.yml"), *(CITY / "grafana").glob("*/*.json")]
    asked = {name for path in files for name in re.findall(r"\bstationd_books_\w+", path.read_text(encoding="utf-8"))}
    page = (ROOT / "docs" / "city-operations.md").read_text(encoding="utf-8")
    assert {re.sub("_total$", "", name) for name in asked} <= told
    assert {name for name in told if f"`{name}" not in page and not name.endswith("_created")} == set()


def test_every_fault_of_the_books_comes_and_goes_in_a_round():
    assert {fault for fault, _, _ in books.SCRIPT} == set(BooksFault)
    for fault, begin, end in books.SCRIPT:
        assert fault in books.at(begin)
        assert fault not in books.at(end)


async def test_a_simulated_station_keeps_its_books():
    station = SimulatedStation(7, now_ms=NOW_MS)
    for some in ((), (Fault.NO_BLANKS,), (), (Fault.UNCERTAIN, Fault.SPOILS), (Fault.PILE_UP,), ()):
        text = lived(station, 4, *some)
    printed = total(text, "stationd_cards_printed_total")
    assert printed > 100
    assert (
        printed == total(text, "stationd_jobs", 'state="printed"') == total(text, "stationd_blanks", 'account="issued"')
    )
    assert printed == total(text, "stationd_cards") == total(text, "stationd_card_wait_seconds_bucket", 'le="+Inf"')
    assert total(text, "stationd_jobs", 'state="uncertain"') == total(text, "stationd_jobs", 'state="printing"') == 0


def test_every_fault_comes_and_goes_in_a_round():
    assert {spell.fault for spell in SCRIPT} == set(Fault)
    for spell in SCRIPT:
        assert spell.station in STATIONS
        assert spell.fault in faults.at(spell.begin)[spell.station]
        assert spell.fault not in faults.at(spell.end).get(spell.station, ())
    assert faults.at(ROUND_DAYS + 4.5) == faults.at(4.5)


@given(st.integers(1, 99), st.sampled_from("smhdw"), st.sampled_from([2.0, 5.0, 60.0]))
def test_a_window_lasts_as_many_of_the_short_days_as_of_the_long_ones_and_holds_samples(number, unit, day_s):
    width_s = number * {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}[unit]
    found = re.fullmatch(r"sum\(x\[(\d+)ms\]\)", faster.rules(f"sum(x[{number}{unit}])", day_s, 2.0))
    assert int(found[1]) == round(1000 * max(2.0, width_s * day_s / 86_400))


def test_no_wait_or_window_of_the_rules_and_no_mail_is_left_as_it_was():
    for path in (CITY / "rules").glob("*.yml"):
        text = faster.rules(path.read_text(encoding="utf-8"), 5.0, 2.0)
        assert not re.search(r"\[\d+[smhdw][\]:]|for: \d+[smhdw]$", text, re.MULTILINE)
    routes = faster.routes((CITY / "alertmanager.yml").read_text(encoding="utf-8"), "http://127.0.0.1:1/alerts")
    assert "email_configs" not in routes
    assert "active_time_intervals" not in routes
    assert routes.count("webhook_configs") == 3
