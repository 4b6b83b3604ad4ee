"""The console's files: whole, offline, tagged, and under a policy that lets nothing in."""

import re

import pytest

from stationd.http.console import CONTENT_SECURITY_POLICY, FOLDER, PAGES, files

FILES = files()
BUDGET = 120_000
"""Bytes on the wire for each page, with everything that it needs."""


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_comes_without_a_token_under_a_policy_without_inline_code(door, path):
    async with door.session.get(f"http://127.0.0.1:{door.port}{path}") as answer:
        text = await answer.text()
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-cache"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", text))


async def test_every_file_is_served_packed_or_plain_and_not_sent_twice(door):
    for name, file in FILES.items():
        for encoding in ("gzip", "identity"):
            async with door.session.get(
                f"http://127.0.0.1:{door.port}/console/{name}", headers={"Accept-Encoding": encoding}
            ) as answer:
                data = await answer.read()
                assert answer.status == 200
                assert answer.headers["Content-Type"] == file.media_type
                is_packed = answer.headers.get("Content-Encoding") == "gzip"  # the client has unpacked it
                assert is_packed == (encoding == "gzip" and file.packed is not None)
                assert data == (FOLDER / name).read_bytes()
                tag = answer.headers["ETag"]
            async with door.session.get(
                f"http://127.0.0.1:{door.port}/console/{name}",
                headers={"Accept-Encoding": encoding, "If-None-Match": f'"other", W/{tag}'},
            ) as answer:
                assert (answer.status, await answer.read()) == (304, b"")
                assert answer.headers["ETag"] == tag


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fapp.py", "js", "fonts/", "%2e%2e/%2e%2e/pyproject.toml"])
async def test_nothing_but_the_files_is_there(door, name):
    async with door.session.get(f"http://127.0.0.1:{door.port}/console/{name}") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("path", [*PAGES, "/console/console.css"])
async def test_a_page_of_another_site_or_name_gets_nothing(door, path):
    async with door.session.get(f"http://127.0.0.1:{door.port}{path}", headers={"Host": "evil.test"}) as answer:
        assert answer.status == 421
    async with door.session.get(
        f"http://127.0.0.1:{door.port}{path}", headers={"Sec-Fetch-Site": "cross-site"}
    ) as answer:
        assert answer.status == 403
    async with door.session.post(f"http://127.0.0.1:{door.port}{path}") as answer:
        assert answer.status == 405


def test_the_console_needs_nothing_from_elsewhere():
    for path in FOLDER.rglob("*"):
        if path.suffix in {".html", ".css", ".js", ".svg"}:
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"https?:|//[a-z]+\.[a-z]", text), path


def test_every_import_and_every_reference_is_a_file_of_the_console():
    for path in FOLDER.rglob("*.js"):
        for name in re.findall(r"""(?:from|import)\(?\s*"(\.[^"]+)\"""", path.read_text(encoding="utf-8")):
            assert (path.parent / name).resolve().is_file(), (path, name)
    for path in FOLDER.glob("*.html"):
        for name in re.findall(r'(?:src|href)="/console/([^"]+)"', path.read_text(encoding="utf-8")):
            assert name in FILES, (path, name)


@pytest.mark.parametrize(("page", "others"), [("kiosk", "officer"), ("officer", "kiosk")])
def test_a_page_weighs_less_than_120_kilobytes_with_all_that_it_needs(page, others):
    weight = sum(
        len(file.packed or file.data)
        for name, file in FILES.items()
        if others not in name and not name.endswith(".txt")
    )
    assert weight < BUDGET, weight


def imported(path, found):
    """The modules that a module needs, itself included."""
    if path not in found:
        found.add(path)
        for name in re.findall(r"""from "(\.[^"]+)\"""", path.read_text(encoding="utf-8")):
            imported((path.parent / name).resolve(), found)
    return found


@pytest.mark.parametrize("page", ["kiosk", "officer"])
def test_a_page_names_all_its_modules_so_that_they_are_fetched_side_by_side(page):
    needed = imported((FOLDER / f"js/{page}/{page}.js").resolve(), set())
    text = (FOLDER / f"{page}.html").read_text(encoding="utf-8")
    named = set(re.findall(r'(?:modulepreload" href|module" src)="/console/([^"]+)"', text))
    assert named == {path.relative_to(FOLDER.resolve()).as_posix() for path in needed}


def test_modules_are_small():
    for path in FOLDER.rglob("*.js"):
        if path.name != "words.js":
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 250, path


def test_every_line_is_there_in_both_languages_and_every_key_that_the_code_asks_for():
    table = (FOLDER / "js/words.js").read_text(encoding="utf-8")
    lines = re.findall(r'^  "([^"]+)": \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\],$', table, re.MULTILINE)
    keys = {key for key, _, _ in lines}
    assert len(lines) == len(keys) > 300
    for key, indonesian, english in lines:
        assert indonesian, key
        assert english, key
        assert not key.endswith(".one") or key.removesuffix(".one") in keys
        assert set(re.findall(r"\{(\w+)\}", indonesian)) == set(re.findall(r"\{(\w+)\}", english)), key
    for path in FOLDER.rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        for key in re.findall(r'\b(?:t|fact)\("([^"]+)"', text):
            assert key in keys, (path.name, key)
        for beginning in re.findall(r"\b(?:t|fact)\(`([^`$]+)\$\{", text):
            assert any(key.startswith(beginning) for key in keys), (path.name, beginning)


def test_every_line_is_asked_for_somewhere():
    code = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.js") if path.name != "words.js")
    beginnings = tuple(re.findall(r"\bt\(\s*`([^`$]+)\$\{", code)) + tuple(re.findall(r"\b`([a-z-]+\.)\$\{", code))
    asked = set(re.findall(r'"([a-z][a-zA-Z0-9._-]*)"', code))
    table = (FOLDER / "js/words.js").read_text(encoding="utf-8")
    for key in re.findall(r'^  "([^"]+)": \[', table, re.MULTILINE):
        assert key.removesuffix(".one") in asked or key.startswith(beginnings), key
