"""``stationd minutes``: the register, the book of a day, and paper."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stationd.cli import main


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "station.toml"
    path.write_text(
        f'[station]\nid = "1671-07"\nname = "Kecamatan Contoh"\nstate_dir = "{tmp_path}/state"\n'
        '[office]\nnumbers = "BB-{number}/{year}"\npaper = "f4"\n'
    )
    return str(path)


def test_the_book_of_a_day_is_drawn_up_listed_and_printed(config: str, tmp_path: Path, capsys):
    assert main(["minutes", "book", "--on", "2026-01-05", "--config", config]) == 0
    assert capsys.readouterr().out == "BB-1/2026\n"
    assert main(["minutes", "book", "--on", "2026-01-05", "--config", config]) == 0
    assert capsys.readouterr().out == "BB-1/2026\n"
    assert main(["minutes", "book", "--on", "2026-01-06", "--json", "--config", config]) == 0
    assert json.loads(capsys.readouterr().out)["number"] == "BB-2/2026"
    assert main(["minutes", "list", "--kind", "blank-book", "--config", config]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["BB-2/2026", "BB-1/2026"]
    assert main(["minutes", "list", "--json", "--limit", "1", "--config", config]) == 0
    (line,) = json.loads(capsys.readouterr().out)
    assert (line["day"], datetime.fromisoformat(line["at"]).tzinfo) == ("2026-01-06", UTC)
    for name, begin in (("book.pdf", b"%PDF-"), ("book.csv", "\ufeffBuku".encode())):
        assert main(["minutes", "print", "BB-1/2026", str(tmp_path / name), "--config", config]) == 0
        assert (tmp_path / name).read_bytes().startswith(begin)
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_minutes_overwrite_no_file_and_are_printed_only_as_what_they_can_be(config: str, tmp_path: Path, capsys):
    assert main(["minutes", "book", "--on", "2026-01-05", "--config", config]) == 0
    (tmp_path / "taken.pdf").write_text("precious")
    assert main(["minutes", "print", "BB-1/2026", str(tmp_path / "taken.pdf"), "--config", config]) == 1
    assert (tmp_path / "taken.pdf").read_text() == "precious"
    assert main(["minutes", "print", "BB-1/2026", str(tmp_path / "book.docx"), "--config", config]) == 1
    assert main(["minutes", "print", "BB-9/2026", str(tmp_path / "book.pdf"), "--config", config]) == 1
    assert main(["minutes", "book", "--on", "2999-01-01", "--config", config]) == 1
    said = capsys.readouterr().err
    assert "still to come" in said
    assert "none with this number" in said
