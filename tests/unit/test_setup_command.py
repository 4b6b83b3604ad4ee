"""A machine becomes a station by one file, says in one go what is wrong with it, and overwrites nothing."""

import json
import os
import stat
import tomllib
from pathlib import Path

import pytest

from stationd.cli import main
from stationd.cli import ownership as ownership_module
from stationd.cli import setup as command
from stationd.config import load
from stationd.config_text import toml_text

ANSWERS = """
[station]
id = "1671-07"
name = "Kecamatan \\"Contoh\\""
state_dir = "{folder}/state"
[http]
listen = ["unix:{folder}/api.sock"]
[[printer]]
name = "kartu-1"
driver = "simulator"
seconds = 1
folder = "{folder}/cards"
faults = {{ jam = 0.1, spoil = 0.2 }}
[[profile]]
name = "ktp-el"
supplies = {{ ribbon = 1, "colour film" = 2 }}
[officer]
number = "199901012026011001"
name = "Petugas Contoh"
decree = "SK Contoh 1/2026"
from = 2026-01-01
until = 2026-12-31
pin = "rahasia-contoh"
"""


@pytest.fixture(autouse=True)
def nobody_special(monkeypatch):
    """As an ordinary user would: without the package's user and without the machine's systemd."""
    monkeypatch.setattr(command.os, "geteuid", lambda: 1000)


@pytest.fixture
def config(tmp_path):
    return tmp_path / "etc" / "stationd.toml"


def answers(tmp_path, *changes: tuple[str, str]):
    text = ANSWERS.format(folder=tmp_path)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "answers.toml"
    file.write_text(text, encoding="utf-8")
    return file


def set_up(config, file):
    return main(["setup", "--config", str(config), "--file", str(file), "--no-start"])


def test_one_file_makes_a_station(tmp_path, config, capfd):
    assert set_up(config, answers(tmp_path)) == 0
    settings = load(config)
    assert settings.station.name == 'Kecamatan "Contoh"'
    assert settings.printers[0].options["faults"] == {"jam": 0.1, "spoil": 0.2}
    assert "rahasia-contoh" not in config.read_text(encoding="utf-8"), "no secret stands in the configuration"
    assert stat.S_IMODE(settings.station.state_dir.stat().st_mode) == 0o700
    key = config.parent / "station.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o400
    assert len(key.read_bytes()) == 32
    capfd.readouterr()
    assert main(["officer", "list", "--json", "--config", str(config)]) == 0
    (officer,) = json.loads(capfd.readouterr().out)
    assert officer["number"] == "199901012026011001"


def test_the_books_are_sealed_with_the_key_that_setup_made(tmp_path, config):
    set_up(config, answers(tmp_path))
    assert not (tmp_path / "state" / "station.key").exists()


def test_nothing_is_overwritten(tmp_path, config, capsys):
    config.parent.mkdir()
    config.write_text("mine", encoding="utf-8")
    assert set_up(config, answers(tmp_path)) == 1
    assert config.read_text(encoding="utf-8") == "mine"
    assert "exists" in capsys.readouterr().err


def test_a_key_that_is_there_is_kept(tmp_path, config):
    config.parent.mkdir()
    (config.parent / "station.key").write_bytes(bytes(range(32)))
    assert set_up(config, answers(tmp_path)) == 0
    assert (config.parent / "station.key").read_bytes() == bytes(range(32))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "1671-07"', 'id = "?"', "station.id"),
        ('driver = "simulator"', 'driver = "nonsense"', "printer"),
        ("from = 2026-01-01", 'from = "soon"', "officer.from"),
        ('pin = "rahasia-contoh"', "pin = 123456", "officer.pin"),
        ('decree = "SK Contoh 1/2026"\n', "", "officer.decree is missing"),
        ("until = 2026-12-31", 'until = 2026-12-31\nnonsense = "x"', "officer.nonsense"),
    ],
)
def test_every_problem_is_told_and_nothing_is_made(tmp_path, config, capsys, old, new, told):
    assert set_up(config, answers(tmp_path, (old, new), ('name = "Petugas Contoh"\n', ""))) == 1
    err = capsys.readouterr().err
    assert "123456" not in err
    assert not config.exists()
    assert not (tmp_path / "state").exists()
    assert told in err or not told.startswith("officer")
    assert "officer.name is missing" in err or not told.startswith("officer")


def test_a_file_that_is_no_toml_is_refused(tmp_path, config, capsys):
    file = tmp_path / "answers.toml"
    file.write_text("station = [", encoding="utf-8")
    assert set_up(config, file) == 1
    assert "cannot take the answers" in capsys.readouterr().err


def test_without_a_terminal_it_does_not_ask(config, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(["setup", "--config", str(config)]) == 1
    assert "--file" in capsys.readouterr().err


def test_a_person_is_asked_only_what_must_be_known(monkeypatch):
    said = iter(
        ["1671-07", "Kecamatan Contoh", "", "199901012026011001", "Petugas", "SK 1", "2026-01-01", "2026-12-31"]
    )
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(command.getpass, "getpass", lambda _: "rahasia-contoh")
    tables = command._asked(lambda _: next(said))
    assert tables["station"] == {"id": "1671-07", "name": "Kecamatan Contoh", "mode": "attended"}
    assert set(tables["officer"]) == set(command._OFFICER_KEYS)


def test_what_is_written_reads_back(tmp_path):
    tables = tomllib.loads(ANSWERS.format(folder=tmp_path).split("[officer]")[0])
    assert tomllib.loads(toml_text(tables)) == tables
    assert tomllib.loads(toml_text({"a": {"b": "\x7f\n\"'é", "c d": [1, 2.5, True, []]}})) == {
        "a": {"b": "\x7f\n\"'é", "c d": [1, 2.5, True, []]}
    }
    with pytest.raises(TypeError):
        toml_text({"a": 1})
    with pytest.raises(TypeError):
        toml_text({"a": {"b": object()}})


def test_root_goes_on_as_the_owner_of_the_state_directory(tmp_path, config, monkeypatch):
    """The key of root is lent from memory, and the process gives its rights away for good."""
    set_up(config, answers(tmp_path))
    settings = load(config)
    done: list[tuple[str, object]] = []

    class Owner:
        pw_uid, pw_gid, pw_name = os.getuid(), os.getgid(), "stationd"

    class Root:
        """What the module sees of ``os`` when root calls and somebody else owns the state."""

        def __init__(self):
            self.environ: dict[str, str] = {}

        def geteuid(self):
            return 0

        def __getattr__(self, name):
            if name in {"initgroups", "setgid", "setuid"}:
                return lambda *args: done.append((name, args[-1]))
            return getattr(os, name)

    real = type(settings.station.state_dir).stat

    def owned_by_another(path, **options):
        found = real(path, **options)
        return os.stat_result((*found[:4], 995, *found[5:])) if path == settings.station.state_dir else found

    root = Root()
    monkeypatch.setattr(ownership_module, "os", root)
    monkeypatch.setattr(ownership_module.pwd, "getpwuid", lambda _: Owner)
    monkeypatch.setattr(type(settings.station.state_dir), "stat", owned_by_another)
    ownership_module.step_down(settings)
    assert [name for name, _ in done] == ["initgroups", "setgid", "setuid"], "groups first, the user last"
    lent = Path(root.environ["CREDENTIALS_DIRECTORY"])
    assert (lent / "station.key").read_bytes() == (config.parent / "station.key").read_bytes()
    assert stat.S_IMODE(lent.stat().st_mode) == 0o700
