"""What is refused is refused in two languages: every name that is raised has its lines, every line is raised."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import stationd
from stationd.domain.errors import Faulted, Refused
from stationd.domain.job import JobState
from stationd.domain.sentences import SENTENCES
from stationd.domain.words import Line, Spoken, Words
from stationd.http.app import ROUTES
from stationd.http.openapi import document
from stationd.http.problems import KINDS

ROOT = Path(stationd.__file__).parent
OWN = frozenset({"field", "see", "wait_s", "tell"})
"""What a refusal takes besides the values of its line."""

WORDED = re.compile(
    r"cli/|config\w*\.py|(app|daemon|keeping|linking|notifying|ordering|plugging|printing|serving)\.py"
    r"|city/|city_report/|demo/city/|http/(listeners|tls)\.py|services/(facts|plug)\.py"
    r"|adapters/(nats/|printers/|slip/escpos\.py|sqlite/(backup|database|keyring|migrate)\.py)"
    r"|adapters/(city_messages|seal|station_lock|udev|whole_file)\.py"
)
"""Modules whose trouble is worded in English where it is raised: the log, the command line, the city's programs or a
driver tells it, and no request to the station."""


@cache
def nodes() -> list[tuple[Path, ast.Call | ast.Constant]]:
    """The calls and the texts of the whole station."""
    return [
        (path.relative_to(ROOT), node)
        for path in sorted(ROOT.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call | ast.Constant)
    ]


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every place where the station refuses something or says that something is in trouble."""
    for path, node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Refused", "Faulted"}:
            yield f"{path}:{node.lineno}", node


def literals(node: ast.expr) -> list[str]:
    """The names that an expression may stand for, where they stand in it; none when it is made elsewhere."""
    match node:
        case ast.Constant(value=str(name)):
            return [name]
        case ast.IfExp(body=one, orelse=other):
            return [*literals(one), *literals(other)]
    return []


def placeholders(line: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(line) if name is not None}


def asked(name: str) -> set[str]:
    """The values that a sentence needs."""
    said = SENTENCES[name]
    return placeholders(said.detail.en) | (placeholders(said.fix.en) if said.fix is not None else set())


def test_what_is_refused_behind_the_door_is_named_and_not_worded():
    assert [
        place
        for place, call in calls()
        if (len(call.args) > 1 or any(keyword.arg == "fix" for keyword in call.keywords)) and not WORDED.match(place)
    ] == []


def test_who_raises_a_line_gives_it_just_its_values():
    wrong = []
    for place, call in calls():
        names = [] if len(call.args) > 1 else literals(call.args[0])
        given = {keyword.arg for keyword in call.keywords} - OWN
        wrong += [(place, name) for name in names if name not in SENTENCES]
        needed = [asked(name) for name in names if name in SENTENCES]
        # of two lines under one condition each takes some of the values
        if needed and given != set().union(*needed):
            wrong.append((place, *names))
    assert wrong == []


def test_every_name_that_stands_in_the_source_has_its_line_and_every_line_is_said_somewhere():
    found = {
        node.value
        for path, node in nodes()
        if "sentences" not in path.parts and isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    codes = {name.partition("/")[0] for name in SENTENCES}
    named = {text for text in found if "/" in text and text.partition("/")[0] in codes}
    assert named - set(SENTENCES) == set()
    unsaid = {name for name in set(SENTENCES) - found if not name.startswith(("body-invalid/", "query-invalid/"))}
    assert unsaid == set()


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_a_line_says_the_same_in_both_languages(name: str):
    said = SENTENCES[name]
    for words in [said.detail] if said.fix is None else [said.detail, said.fix]:
        assert words.en
        assert words.id
        assert words.en != words.id
        assert placeholders(words.en) == placeholders(words.id)
        assert not words.en.endswith(".")
        assert not words.id.endswith(".")


def test_every_problem_of_the_api_has_its_lines_and_every_refusal_its_row():
    codes = {name.partition("/")[0] for name in SENTENCES}
    assert set(document(ROUTES)["x-problems"]) == set(KINDS)
    # a printer's driver words it: what the device says is the device's
    assert set(KINDS) - codes == {"printer-unreachable"}
    behind_the_door = {
        name.partition("/")[0]
        for place, call in calls()
        if call.func.id == "Refused" and not WORDED.match(place)
        for name in literals(call.args[0])
    }
    assert behind_the_door - set(KINDS) == set()


def test_values_are_told_in_the_language_of_the_line():
    refused = Refused("job-state/ahead", state=JobState.PRINTING)
    assert refused.detail == "cannot move the job ahead: it is printing"
    assert refused.words.id == "tugas cetak tidak dapat didahulukan: keadaannya sedang dicetak"
    listed = Refused("document-invalid/template", known=("specimen", "lain"))
    assert listed.words.en.endswith("prints specimen, lain")
    both = Refused("orders-stopped", why=(Words("one", "satu"), Words("two", "dua")), wait_s=30)
    assert (both.detail, both.words.id) == (
        "cannot take new orders now: one, two",
        "pesanan baru belum dapat diterima: satu, dua",
    )
    named = Refused(Line("receipt-unknown", {}), field="receipt")
    assert (named.code, named.fix) == ("receipt-unknown", "look whether it names another office")
    assert named.remedy == Words("look whether it names another office", "periksa apakah resi itu dari kantor lain")


def test_what_is_worded_where_it_is_raised_is_the_same_in_both():
    worded = Faulted("key-unusable", "cannot use it", fix="mend it")
    assert (worded.words, worded.remedy) == (Words("cannot use it", "cannot use it"), Words("mend it", "mend it"))
    assert Faulted("key-unusable", "cannot use it").fix is None


def test_a_keyword_with_words_is_still_its_keyword():
    assert JobState("queued") is JobState.QUEUED
    assert f"{JobState.QUEUED}" == "queued"
    assert issubclass(JobState, Spoken)
    assert JobState.QUEUED.words.id == "menunggu"
