"""The doctor finds what keeps a station from working, says what to do, and changes nothing."""

import asyncio
import json
import sqlite3
import sys
import time

import pytest

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.database import Database
from stationd.adapters.system import SystemClock
from stationd.cli import main
from stationd.cli.examination import examine_station
from stationd.cli.findings import Level

KEY = bytes(range(32))


@pytest.fixture
def station(tmp_path):
    """A configuration and a state directory with a key and books that belong together; nothing runs."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    config = tmp_path / "stationd.toml"
    config.write_text(
        f'[station]\nid = "1671-07"\nname = "Kecamatan Contoh"\nstate_dir = "{state}"\n'
        f'[http]\nlisten = ["unix:{tmp_path}/api.sock"]\n[clock]\ntrust = "always"\n'
        f'[[printer]]\nname = "kartu-1"\ndriver = "simulator"\nseconds = 1\nfolder = "{tmp_path}/cards"\n',
        encoding="utf-8",
    )
    (state / "station.key").write_bytes(KEY)
    (state / "station.key").chmod(0o400)

    async def begin_books() -> None:
        database = await Database.open(state / "station.db", SystemClock())
        await database.remember("seal_check", StationSeal(KEY).check_value())
        await database.aclose()

    asyncio.run(begin_books())
    return config


def looked_at(config, what):
    return [finding for finding in asyncio.run(examine_station(config)) if finding.what == what]


def levels(config, what):
    return {finding.level for finding in looked_at(config, what)}


@pytest.mark.parametrize("what", ["configuration", "key", "books", "disk", "clock", "printer"])
def test_a_sound_station_is_good(station, what):
    assert levels(station, what) == {Level.GOOD}


@pytest.mark.parametrize(("words", "level"), [("quiet fsck.repair=yes ro", Level.GOOD), ("quiet ro", Level.NOTICE)])
def test_a_boot_that_would_wait_for_a_keyboard_is_told(station, tmp_path, monkeypatch, words, level):
    file = tmp_path / "cmdline"
    file.write_text(words, encoding="ascii")
    monkeypatch.setattr("stationd.cli.examination.KERNEL_WORDS", file)
    (found,) = looked_at(station, "repair")
    assert found.level is level
    assert (found.fix is None) is (level is Level.GOOD)


def test_a_machine_that_goes_by_utc_is_told_unless_the_station_says_where_it_stands(station, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    try:
        (found,) = looked_at(station, "zone")
        assert (found.level, "Asia/Jakarta" in found.fix) == (Level.NOTICE, True)
        text = station.read_text(encoding="utf-8")
        station.write_text(text.replace("[http]", 'time_zone = "Asia/Makassar"\n[http]'), encoding="utf-8")
        (found,) = looked_at(station, "zone")
        assert (found.level, "Asia/Makassar" in found.found) == (Level.GOOD, True)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_station_that_does_not_run_is_wrong_and_the_exit_code_says_so(station, capsys):
    assert main(["doctor", "--config", str(station)]) == 1
    said = capsys.readouterr()
    assert "nobody answers" in said.out
    assert "systemctl start stationd" in said.out
    assert " wrong" in said.err


def test_programs_get_json(station, capsys):
    main(["doctor", "--json", "--config", str(station)])
    found = json.loads(capsys.readouterr().out)
    assert {"what", "level", "found", "fix"} == set(found[0])


def test_problems_of_the_configuration_come_first_and_alone(station):
    station.write_text("nonsense = 1", encoding="utf-8")
    findings = asyncio.run(examine_station(station))
    assert {finding.what for finding in findings} == {"configuration"}
    assert {finding.level for finding in findings} == {Level.WRONG}


def test_a_state_directory_that_others_can_read_is_told(station):
    (station.parent / "state").chmod(0o755)
    assert "chmod 700" in str([finding.fix for finding in looked_at(station, "rights")])


def test_a_missing_state_directory_is_told(station, tmp_path):
    (tmp_path / "state").rename(tmp_path / "elsewhere")
    assert levels(station, "rights") == {Level.WRONG}


def test_the_wrong_key_is_known_from_the_right_one(station):
    key = station.parent / "state" / "station.key"
    key.chmod(0o600)
    key.write_bytes(bytes(32))
    key.chmod(0o400)
    assert "not the key" in looked_at(station, "key")[0].found


def test_a_missing_key_is_told(station):
    (station.parent / "state" / "station.key").unlink()
    assert levels(station, "key") == {Level.WRONG}


def test_a_key_that_others_can_read_is_told(station):
    (station.parent / "state" / "station.key").chmod(0o644)
    assert Level.WRONG in levels(station, "key")


def test_damaged_books_are_told_with_the_way_out(station):
    database = station.parent / "state" / "station.db"
    content = bytearray(database.read_bytes())
    content[4096:12288] = b"x" * 8192
    database.write_bytes(content)
    (finding,) = looked_at(station, "books")
    assert finding.level is Level.WRONG
    assert "stationd restore" in (finding.fix or "")


def test_books_of_a_newer_program_are_told(station):
    connection = sqlite3.connect(station.parent / "state" / "station.db")
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    (finding,) = looked_at(station, "books")
    assert "newer" in finding.found


def test_nobody_appointed_is_wrong(station):
    assert levels(station, "officers") == {Level.WRONG}


def test_a_printer_that_does_not_answer_is_told(station):
    text = station.read_text(encoding="utf-8")
    printer = '[[printer]]\nname = "kartu-1"\ndriver = "ipp"\nuri = "ipp://127.0.0.1:1/ipp/print"\n'
    station.write_text(text[: text.index("[[printer]]")] + printer, encoding="utf-8")
    assert levels(station, "printer") == {Level.WRONG}


def test_a_centre_that_does_not_answer_is_told(station):
    text = station.read_text(encoding="utf-8")
    station.write_text(f'{text}[centre]\nprobe = "tcp://127.0.0.1:1"\n', encoding="utf-8")
    assert levels(station, "network") == {Level.WRONG}


def test_devices_files_with_problems_are_told(station):
    folder = station.parent / "devices.d"
    folder.mkdir()
    (folder / "x.toml").write_text("nonsense = 1", encoding="utf-8")
    (finding,) = looked_at(station, "configuration")
    assert finding.level is Level.WRONG
    assert finding.fix == f"correct {folder}/x.toml"


def test_without_a_link_to_the_city_nothing_is_said_of_one(station):
    assert looked_at(station, "city") == []


def linked(station, **more):
    keys = f'keys = ["{"A" * 43}"]\nseal_to = "{"A" * 43}"\nservers = ["nats://127.0.0.1:1"]\n'
    station.write_text(f"{station.read_text(encoding='utf-8')}\n[city]\n{keys}", encoding="utf-8")
    return station


def test_a_city_that_cannot_be_reached_is_a_notice_with_what_it_has_not_got(station):
    pytest.importorskip("nats")
    (found,) = looked_at(linked(station), "city")
    assert (found.level, found.fix) == (Level.NOTICE, "look whether the server runs, and at the port")
    assert "events that it has not got yet: 0" in found.found


def test_a_link_without_its_extra_is_told_with_what_to_install(station, monkeypatch):
    monkeypatch.setitem(sys.modules, "stationd.adapters.nats.engine", None)
    (found,) = looked_at(linked(station), "city")
    assert (found.level, "stationd[city]" in found.fix) == (Level.WRONG, True)
