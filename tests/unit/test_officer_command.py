"""``stationd officer``: entering, listing and revoking, beside a station or without one."""

import getpass
import json
import sys

import pytest

from stationd.cli import main

NUMBER, PIN = "199901012026011001", "rahasia-contoh"


@pytest.fixture
def config(config_file, tmp_path):
    return str(config_file(f'station.state_dir = "{tmp_path}/state"'))


@pytest.fixture
def add(config, tmp_path):
    """Runs ``officer add`` with a PIN file; keyword arguments change its options."""

    def run(pin: str = PIN, **changes: str) -> int:
        path = tmp_path / "pin"
        path.write_text(pin + "\n", encoding="utf-8")
        options = {
            "number": NUMBER,
            "name": "Petugas Contoh",
            "decree": "SK Contoh 1/2020",
            "from": "2020-01-01",
            "until": "2029-12-31",
            "pin-file": str(path),
            "config": config,
        } | changes
        return main(["officer", "add", *(part for name, value in options.items() for part in (f"--{name}", value))])

    return run


def listed(config, capsys):
    capsys.readouterr()
    assert main(["officer", "list", "--json", "--config", config]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_officer_is_entered_listed_and_revoked(add, config, capsys):
    assert add() == 0
    assert listed(config, capsys) == [
        {
            "number": NUMBER,
            "name": "Petugas Contoh",
            "decree": "SK Contoh 1/2020",
            "region": "16.71.07",
            "valid_from": "2020-01-01",
            "valid_until": "2029-12-31",
            "standing": "appointed",
            "days_left": None,
        }
    ]
    assert main(["officer", "list", "--config", config]) == 0
    assert "SK Contoh 1/2020  Petugas Contoh" in capsys.readouterr().out
    assert main(["officer", "revoke", NUMBER, "--config", config]) == 0
    assert listed(config, capsys)[0]["standing"] == "revoked"
    assert main(["officer", "revoke", NUMBER, "--config", config]) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "12"}, "18 digits"),
        ({"until": "2019-12-31"}, "ends before it begins"),
        ({"region": "16.71.99"}, "does not serve"),
        ({"pin": "111111"}, "repeated"),
        ({"pin-file": "/nowhere/pin"}, "cannot read the PIN"),
    ],
)
def test_what_cannot_be_entered_is_said_in_one_line_and_the_pin_never(add, config, capsys, changes, said):
    assert add(**changes) == 1
    err = capsys.readouterr().err
    assert said in err.splitlines()[0]
    assert "111111" not in err
    assert listed(config, capsys) == []


def test_a_date_that_is_none_is_wrong_usage(add):
    with pytest.raises(SystemExit) as left:
        add(until="next year")
    assert left.value.code == 2


def test_the_pin_is_asked_twice_on_a_terminal_and_nowhere_else(config, capsys, monkeypatch):
    about = ["--name", "Petugas Contoh", "--decree", "SK 1", "--from", "2020-01-01", "--until", "2029-12-31"]
    command = ["officer", "add", "--number", NUMBER, *about, "--config", config]
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    assert main(command) == 1
    assert "no terminal" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    typed = iter([PIN, "another", PIN, PIN])
    monkeypatch.setattr(getpass, "getpass", lambda _: next(typed))
    assert main(command) == 1
    assert "do not agree" in capsys.readouterr().err
    assert main(command) == 0
