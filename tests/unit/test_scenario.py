"""Recorded scenarios: they are sound, and what is wrong in one of your own is said in a line."""

import pytest

from stationd.demo.faults import ACTS
from stationd.demo.scenario import load, names


@pytest.mark.parametrize("name", names())
def test_every_scenario_that_comes_along_can_be_played(name):
    scenario = load(name)
    assert scenario.title
    assert sum(step.submit for step in scenario.step) > 0
    done = [step.act for step in scenario.step if step.act]
    cures = {"unplug": "plug", "open": "close", "empty": "load", "jam": "clear"}
    assert all(cures[act] in done[place:] for place, act in enumerate(done) if act in cures), "what breaks is mended"
    assert set(done) <= ACTS.keys()


def test_a_busy_morning_is_among_them():
    assert "busy-morning" in names()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("title = 1", "Expected `str`"),
        ("title = 'x'\n[[step]]\nat = 1\nprinter = 'kartu-1'", "a printer has an act"),
        ("title = 'x'\n[[step]]\nat = 1\nprinter = 'kartu-1'\nact = 'explode'", "one of: unplug"),
        ("title = 'x'\n[[step]]\nat = 2\n[[step]]\nat = 1", "order of their times"),
        ("title = 'x'\n[[step]]\nat = -1", ">= 0"),
        ("title = 'x'\n[[step]]\nat = 1\nwhen = 2", "unknown field"),
        ("title = ", "Invalid value"),
    ],
)
def test_a_scenario_of_ones_own_is_checked(tmp_path, text, why):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=why):
        load(str(path))


def test_a_scenario_that_is_not_there_names_those_that_are():
    with pytest.raises(ValueError, match="busy-morning"):
        load("nothing")
