"""Two daemons over one book would each take the other's open cards for those of a dead one."""

from pathlib import Path

import pytest

from stationd.adapters.sqlite.backup import restore
from stationd.adapters.station_lock import LOCK_FILE, held
from stationd.app import App
from stationd.config import parse
from stationd.domain.errors import Faulted
from tests.unit.test_attending import station


def the_same_state(folder: Path) -> App:
    """A second station with a door and a printer of its own, on the same state directory."""
    raw = {
        "station": {"id": "1671-07", "name": "Kecamatan Contoh", "state_dir": str(folder / "state")},
        "http": {"listen": [f"unix:{folder}/other.sock"]},
        "printer": [{"name": "kartu-2", "driver": "simulator", "seconds": 0.01, "folder": str(folder / "others")}],
    }
    return App(parse(raw, file="test"), environment={})


async def test_a_second_daemon_on_the_same_books_is_refused_and_the_first_goes_on(tmp_path: Path):
    async with station(tmp_path, duty={"required": False}) as first:
        await first.receive(2)
        second = the_same_state(tmp_path)
        with pytest.raises(Faulted) as fault:
            await second.start()
        assert fault.value.code == "station-running"
        assert (await first.submit(1))[0] == 201
        await first.until(lambda: first.cards() == 1)
    async with the_same_state(tmp_path):
        pass
    assert not (tmp_path / "others").exists() or not list((tmp_path / "others").glob("*.png"))


def test_nothing_is_restored_under_a_daemon_nor_started_under_a_restore(tmp_path: Path):
    state = tmp_path / "state"
    state.mkdir()
    backup = tmp_path / "backup.db"
    backup.write_bytes(b"whatever")
    with held(state), pytest.raises(Faulted) as fault:
        restore(backup, state / "station.db")
    assert fault.value.code == "station-running"
    with held(state):
        assert [each.name for each in state.iterdir()] == [LOCK_FILE]


def test_a_directory_that_cannot_be_locked_is_told_in_words(tmp_path: Path):
    with pytest.raises(Faulted) as fault, held(tmp_path / "nothing-here"):
        pass
    assert fault.value.code == "storage-failed"
