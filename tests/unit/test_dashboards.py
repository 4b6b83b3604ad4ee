"""The dashboards: what Grafana's own model knows, side by side, the same in both languages."""

import json
import re
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "config" / "city" / "grafana"
FILES = sorted(GRAFANA.glob("*/*.json"))


def loaded(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_there_are_six_in_two_languages():
    names = {"city", "station", "printer", "blanks", "integrity", "link"}
    assert {(path.parent.name, path.stem) for path in FILES} == {
        (each, name) for each in ("en", "id") for name in names
    }
    assert len({loaded(path)["uid"] for path in FILES}) == len(FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_dashboard_is_one_in_the_eyes_of_grafanas_own_model(path):
    found = loaded(path)
    again = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(found)))
    assert again == found


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_panels_lie_side_by_side_and_ask_the_chosen_source(path):
    taken, ids = set(), set()
    for panel in loaded(path)["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _y in cells) < 24
        assert not taken & cells, panel["title"]
        taken |= cells
        ids.add(panel["id"])
        assert panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${source}"}
    assert len(ids) == len(loaded(path)["panels"])


def test_both_languages_ask_the_same():
    for path in GRAFANA.glob("en/*.json"):
        english, indonesian = loaded(path), loaded(GRAFANA / "id" / path.name)
        for one, other in zip(english["panels"], indonesian["panels"], strict=True):
            assert one["targets"] == other["targets"]
            assert one["title"] != other["title"]


def test_dashboards_ask_only_for_what_stations_tell_and_rules_make():
    pages = ("metrics.md", "city-operations.md")  # the stations' own, and those of the city's books
    metrics = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in pages)
    rules = (ROOT / "config" / "city" / "rules" / "figures.yml").read_text(encoding="utf-8")
    for path in FILES:
        for panel in loaded(path)["panels"]:
            for target in panel["targets"]:
                for name in re.findall(r"\bstationd_\w+", target["expr"]):
                    assert re.search(rf"`{re.sub('_(bucket|count|sum)$', '', name)}[`{{]", metrics), name
                for name in re.findall(r"\b(?:station|kecamatan|city):\w+:\w+", target["expr"]):
                    assert f"record: {name}\n" in rules, name
