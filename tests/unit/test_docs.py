"""Documents and tracked files: links lead somewhere, generated parts are current, nothing private stands there."""

import importlib.util
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)

# Spelled in pieces, so that this file does not contain what it looks for.
FORBIDDEN = re.compile(
    "|".join(
        [
            "/" + "work/",
            "/" + r"home/[a-z]",
            "/" + r"root/[.a-z]",
            r"\." + "pyenv",
            "/" + "opt/(pypi|wheels)",
            "/" + "tmp/bash",
            "files" + r"\.pythonhosted",
            "pypi" + r"\.org",
            "extra-" + "index-url",
            r"BEGIN [A-Z ]*PRIVATE " + "KEY",
        ]
    )
)
UNWANTED_NAMES = re.compile(r"(^|/)(utils?|common|helpers?|base|misc|managers?)\.py$")


@cache
def tracked():
    """The files that belong to the project: those git knows, or all but the ignored ones before they are added."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path):
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def documents():
    return [path for path in tracked() if path.suffix == ".md"]


@cache
def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def anchors(text):
    """The anchors of a document's headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_house_has_its_documents():
    names = {str(path.relative_to(ROOT)) for path in documents()}
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md"} <= names


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_in_a_document_leads_somewhere(document):
    for target in LINK.findall(FENCE.sub("", text_of(document))):
        if "://" in target:
            assert target.startswith("https://"), target
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), target
        assert path.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(text_of(path)), target


def code_in(text):
    """Its blocks and spans of code, each on a line of its own."""
    return "\n".join([*FENCE.findall(text), *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))])


def named(pattern):
    """What the code in documents names so, and where; the record of changes also names what is gone."""
    for path in documents():
        if path.name != "CHANGELOG.md":
            for found in re.findall(pattern, code_in(text_of(path)), re.MULTILINE):
                yield f"{path.relative_to(ROOT)}: {found}", found


def test_every_file_that_a_document_names_is_there():
    in_the_house = r"(?<![\w/.{}$<-])((?:stationd|tests|docs|config|systemd|\.ci)/[\w./*-]*[\w*])"
    assert [where for where, name in named(in_the_house) if not list(ROOT.glob(name))] == []


def test_every_command_that_a_document_names_is_there():
    from stationd.city.cli import _parser
    from stationd.cli import COMMANDS

    city = re.findall(r"^    ([a-z-]+)", _parser().format_help(), re.MULTILINE)
    there = {f"stationd {command.name}" for command in COMMANDS} | {f"stationd-city {name}" for name in city}
    told = named(r"^ *(?:sudo )?(stationd(?:-city)? [a-z][a-z-]+)")
    assert [where for where, command in told if command not in there] == []


def test_every_target_and_test_that_a_document_names_is_there():
    targets = re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert [where for where, target in named(r"^make ([a-z][a-z-]*)") if target not in targets] == []
    code = "".join(text_of(path) for path in tracked() if path.suffix == ".py" and path.is_relative_to(ROOT / "tests"))
    tests = named(r"\b(test_\w+)\b(?!\.py)")
    assert [where for where, test in tests if f"def {test}(" not in code] == []


def test_generated_parts_are_current():
    assert generator().main(["--check"]) == 0


def test_a_stale_part_is_noticed_and_written(tmp_path, monkeypatch, capsys):
    generate = generator()
    monkeypatch.setattr(generate, "DOCS", tmp_path)
    for name, (document, _) in generate.PARTS.items():
        (tmp_path / document).write_text(f"a\n<!-- generated: {name} -->\nold\n<!-- end: {name} -->\nz\n")
    assert generate.main(["--check"]) == 1
    assert "out of date" in capsys.readouterr().out
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    written = (tmp_path / "architecture.md").read_text()
    assert written.startswith("a\n")
    assert written.endswith("z\n")
    assert "printing --> uncertain: outcome_unknown" in written


def test_a_document_without_markers_is_refused():
    with pytest.raises(ValueError, match="markers"):
        generator().with_part("text", "job machine", "part")


def test_decisions_are_numbered_without_gaps_and_titled_with_their_number():
    found = sorted(path for path in documents() if path.parent.name == "decisions")
    assert [int(path.name[:4]) for path in found] == list(range(1, len(found) + 1))
    for path in found:
        assert text_of(path).startswith(f"# {int(path.name[:4])}. "), path.name


def test_no_tracked_file_holds_a_path_of_somebodys_machine_a_registry_or_a_key():
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}" for path in tracked() if (match := FORBIDDEN.search(text_of(path)))
    }
    assert found == set()


def test_no_module_is_named_after_nothing():
    assert [str(path) for path in tracked() if UNWANTED_NAMES.search(str(path.relative_to(ROOT)))] == []


def package(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def locked_in(text):
    return {package(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}


@pytest.mark.parametrize(
    ("lock", "group"),
    [("requirements.lock", None), ("requirements-build.lock", "build"), ("requirements-dev.lock", "dev")],
)
def test_every_dependency_is_locked_with_hashes(lock, group):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["dependency-groups"][group] if group else project["project"]["dependencies"]
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert {package(re.split(r"[<>=!~\[; ]", requirement)[0]) for requirement in wanted} <= locked_in(text)
    for block in re.split(r"^(?=\S)", text, flags=re.MULTILINE):
        if block.strip():
            assert "--hash=sha256:" in block, block[:60]


def test_the_example_of_a_problem_in_the_configuration_document_is_what_is_said(config_file, tmp_path):
    from stationd.config import ConfigError, load

    path = config_file("[queue]\nmax_tries = 0\nbacth = 5")
    with pytest.raises(ConfigError) as caught:
        load(path)
    said = {str(problem).replace(str(path), "/etc/stationd/stationd.toml") for problem in caught.value.problems}
    assert said <= set((ROOT / "docs" / "configuration.md").read_text(encoding="utf-8").splitlines())
