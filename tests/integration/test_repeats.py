"""A delivery that is sent twice is booked once, also when the station died over it."""

import sqlite3
from contextlib import closing

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.answers import SqliteAnswers
from stationd.adapters.sqlite.database import Database
from stationd.adapters.system import SystemClock
from stationd.services.repeats import KEPT_MS, Repeats
from tests.rigs.station import StationProcess

ENTRY = {"kind": "received", "quantity": 50}


async def test_a_delivery_sent_again_after_a_restart_is_booked_once(tmp_path):
    async with StationProcess(tmp_path) as station:
        first = await station.call("POST", "/v1/blanks/entries", ENTRY, Idempotency_Key="delivery-1")
        station.kill()
        await station.start()
        assert await station.call("POST", "/v1/blanks/entries", ENTRY, Idempotency_Key="delivery-1") == first
        assert first[1]["received"] == 50
        station.kill()
        with closing(sqlite3.connect(station.database)) as database, database:  # as if it had died before the answer
            database.execute("UPDATE answer SET status = NULL, body = NULL")
        await station.start()
        status, problem = await station.call("POST", "/v1/blanks/entries", ENTRY, Idempotency_Key="delivery-1")
        assert (status, problem["code"]) == (409, "outcome-not-known")
        assert (await station.call("GET", "/v1/blanks"))[1]["received"] == 50


class Clock(SystemClock):
    ahead_ms = 0

    def now_ms(self):
        return super().now_ms() + self.ahead_ms


async def test_answers_are_kept_for_a_week(tmp_path):
    clock = Clock()
    database = await Database.open(tmp_path / "station.db", clock)
    try:
        repeats = Repeats(SqliteAnswers(database.writer, StationSeal(bytes(32))), clock, str.encode)
        for number in range(1200):
            assert await repeats.begin("caller", f"k-{number}", b"d") is None
            await repeats.end("caller", f"k-{number}", 200, b"{}")
        clock.ahead_ms = KEPT_MS - 60_000
        assert await repeats.sweep() == 0
        assert (await repeats.begin("caller", "k-7", b"d")).body == b"{}"
        kept = await database.reader.run(lambda connection: connection.execute("SELECT body FROM answer").fetchall())
        assert not any(body == b"{}" for (body,) in kept), "answers are sealed: they may name a person"
        clock.ahead_ms = KEPT_MS + 60_000
        assert await repeats.sweep() == 1200
        assert await repeats.begin("caller", "k-7", b"d") is None
    finally:
        await database.aclose()
