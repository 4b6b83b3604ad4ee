"""Changing the station key: everything opens before, meanwhile, after a crash, and only with the new one in the end."""

import sqlite3
from pathlib import Path

import pytest

from stationd.adapters.seal import KEY_BYTES, StationSeal
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.keyring import SqliteKeyring, begin_rotation, seal_of
from stationd.adapters.sqlite.verify import verify
from stationd.adapters.system import SystemClock
from stationd.domain.errors import Faulted, Refused
from tests.unit.test_store import KEY, Store

NEXT = bytes(reversed(range(KEY_BYTES)))
JOBS = 130


class Station:
    """Books under a key, and the keyring of the station that keeps them."""

    def __init__(self, database: Database, key: bytes = KEY) -> None:
        self.database = database
        self.key = key

    @classmethod
    async def stocked(cls, path: Path) -> "Station":
        station = cls(await Database.open(path, SystemClock()))
        store = Store(station.database)
        for _ in range(JOBS):
            await store.accepted()
        return station

    async def keyring(self) -> tuple[StationSeal, SqliteKeyring]:
        seal = await self.seal(self.key)
        return seal, SqliteKeyring(self.database, seal, lambda: self.key)

    async def seal(self, key: bytes) -> StationSeal:
        return await self.database.reader.run(lambda connection: seal_of(connection, key))

    async def begin(self) -> Refused | None:
        return await self.database.writer.once(lambda transaction: begin_rotation(transaction, KEY, NEXT, "test"))

    async def findings(self, key: bytes) -> list[str]:
        def unit(connection: sqlite3.Connection) -> list[str]:
            return [str(finding) for finding in verify(connection, seal_of(connection, key))]

        return await self.database.reader.run(unit)


async def wrap_all(keyring: SqliteKeyring) -> int:
    steps = 0
    while await keyring.refresh():
        await keyring.step()
        steps += 1
        assert steps < 1000
    return steps


@pytest.fixture
async def station(tmp_path):
    station = await Station.stocked(tmp_path / "station.db")
    yield station
    await station.database.aclose()


async def test_the_station_key_is_changed_in_small_steps_while_all_stays_open(station: Station):
    _, keyring = await station.keyring()
    assert not await keyring.refresh()
    assert await station.begin() is None
    assert await station.findings(KEY) == []
    assert await station.findings(NEXT) == []
    await keyring.refresh()
    assert await station.findings(KEY) == []
    for _ in range(3):
        assert await keyring.step() <= 64
        assert await station.findings(KEY) == []
    station.key = NEXT
    assert await wrap_all(keyring) > 4
    assert await station.findings(NEXT) == []
    with pytest.raises(Faulted) as caught:
        await station.findings(KEY)
    assert caught.value.code == "key-wrong"
    rows = await station.database.reader.run(
        lambda connection: connection.execute("SELECT station_key, generation FROM seal_key").fetchall()
    )
    assert rows == [(StationSeal(NEXT).check_value(), 0), (StationSeal(NEXT).check_value(), 2)]


async def test_a_change_goes_on_after_a_crash_at_any_step_and_keyed_hashes_stay(station: Station):
    before = (await station.seal(KEY)).fingerprint("invented")
    await station.begin()
    steps = 0
    while True:  # a new life for each step
        _, keyring = await station.keyring()
        is_behind = await keyring.refresh()
        if not is_behind:
            break
        for _ in range(steps):
            await keyring.step()
        station.key = NEXT if steps > 2 else KEY
        steps += 1
        assert await station.findings(station.key) == []
    assert station.key == NEXT
    assert (await station.seal(NEXT)).fingerprint("invented") == before
    assert await station.findings(NEXT) == []


async def test_a_second_change_waits_for_the_first_and_then_goes_through(station: Station):
    await station.begin()
    refused = await station.begin()
    assert refused is not None
    assert refused.code == "key-rotating"
    station.key = NEXT
    _, keyring = await station.keyring()
    await wrap_all(keyring)
    again = await station.database.writer.once(lambda transaction: begin_rotation(transaction, NEXT, KEY, "test"))
    assert again is None
    station.key = KEY
    await wrap_all(keyring)
    assert await station.findings(KEY) == []


async def test_the_old_key_stays_of_use_until_the_station_has_the_new_one(station: Station):
    await station.begin()
    _, keyring = await station.keyring()
    await wrap_all(keyring)
    assert await station.findings(KEY) == []
    assert await station.findings(NEXT) == []


async def test_another_key_is_refused(station: Station):
    await station.database.remember("seal_check", StationSeal(KEY).check_value())
    with pytest.raises(Faulted):
        await station.seal(NEXT)
    await station.begin()
    with pytest.raises(Faulted):
        await station.seal(bytes(KEY_BYTES))
