"""Every line of the threat model names a measure and a test that exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "threat-model.md"
THREATS = {
    "Stolen box",
    "Stolen disk or backup",
    "Curious or bribed officer",
    "Malicious page in the kiosk's or officer's browser",
    "Neighbour on the network",
    "Evil USB device",
    "Tampered database",
    "Replayed order",
    "Stolen credentials of a station",
    "Broken-into broker of the city",
}
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[tuple[str, str]]:
    """Threat and line of each row of the tables."""
    threat, found = "", []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            threat = line[3:]
        elif line.startswith("| ") and not line.startswith(("| ---", "| what they try")):
            found.append((threat, line))
    return found


def names_in(file: Path) -> set[str]:
    """The names of the tests in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_threat_is_there_with_more_than_one_measure():
    counted = {threat: sum(threat == other for other, _ in rows()) for threat, _ in rows()}
    assert set(counted) == THREATS
    assert min(counted.values()) > 1


@pytest.mark.parametrize(("threat", "line"), rows())
def test_every_line_names_a_measure_and_a_test_that_exists(threat: str, line: str):
    tried, measure, shown = (cell.strip() for cell in line.strip("| ").split(" | "))
    assert tried
    assert measure
    named = NAMED.findall(shown)
    assert named, f"{threat}: {tried}: names no test"
    for file, test in named:
        assert test in names_in(ROOT / file), f"{file} has no {test}"
