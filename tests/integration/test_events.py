"""The stream of events of a running station: nothing missed and nothing twice, whatever ends the connection."""

import asyncio
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from tests.rigs.documents import png
from tests.rigs.listener import EventReader, Heard
from tests.rigs.station import StationProcess

PRINTER = {"name": "kartu-1", "driver": "simulator", "seconds": 0}


@pytest.fixture
def printer(tmp_path: Path) -> dict[str, object]:
    return PRINTER | {"folder": str(tmp_path / "cards")}


async def listen(client: EventReader, heard: list[Heard], **query: str) -> None:
    """Listen for ever; come back whenever the stream ends or the station is away."""
    while True:
        with suppress(aiohttp.ClientError, TimeoutError):
            async for event in client.events(**query):
                heard.append(event)  # noqa: PERF401 - what was heard before the stream broke counts
        await asyncio.sleep(0.02)


async def until_all(station: StationProcess, heard: list[Heard], since: int, where: str = "1") -> list[tuple]:
    """The recorded events after ``since``, once as many have been heard."""
    async with asyncio.timeout(60):
        while True:
            rows = station.rows(f"SELECT seq, type, subject FROM event WHERE seq > {since} AND {where} ORDER BY seq")
            if len([each for each in heard if each.id]) >= len(rows):
                return rows
            await asyncio.sleep(0.05)


def as_rows(heard: list[Heard]) -> list[tuple]:
    return [(int(each.id.partition("-")[0]), each.type, each.data["subject"]) for each in heard if each.id]


async def test_every_event_is_heard_once_across_kills_restarts_and_the_command_line(tmp_path, printer):
    async with StationProcess(tmp_path, [printer]) as station:
        await station.receive(100)
        since = station.rows("SELECT max(seq) FROM event")[0][0]
        heard: list[Heard] = []
        jobs: list[Heard] = []
        url = "http://localhost/v1/events"
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(station.socket))) as session:
            listeners = [
                asyncio.create_task(listen(EventReader(session, url, station.token), heard, after=str(since))),
                asyncio.create_task(listen(EventReader(session, url, station.token), jobs, after="0", topics="job")),
            ]
            for round_, end in enumerate((station.kill, station.terminate, station.kill)):
                for number in range(8):
                    await station.submit(8 * round_ + number, png(number))
                station.command("token", "create", "--role", "kiosk", "--name", f"kiosk-{round_}")
                await asyncio.to_thread(end)
                await station.start()
            await station.settled()
            rows = await until_all(station, heard, since)
            assert as_rows(heard) == rows
            assert [kind for _, kind, _ in rows].count("token.created") == 3
            assert as_rows(jobs) == await until_all(station, jobs, 0, "type LIKE 'job.%'")
            assert "reset" not in {each.type for each in heard + jobs}
            for listener in listeners:
                listener.cancel()
            await asyncio.wait(listeners)


async def test_a_restored_backup_resets_who_heard_what_it_does_not_have(tmp_path, printer):
    async with StationProcess(tmp_path, [printer]) as station:
        station.command("backup", str(tmp_path / "copy.db"))
        await station.receive(5)
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(station.socket))) as session:
            client = EventReader(session, "http://localhost/v1/events", station.token)
            async for event in client.events(after="0"):
                if event.type == "blanks.received":
                    break
            station.terminate()
            station.command("restore", str(tmp_path / "copy.db"))
            await station.start()
            await station.receive(7)  # under the number that the lost delivery had
            async for event in client.events():
                assert (event.type, event.data) == ("reset", {"reason": "other-history"})
                break


async def test_a_stop_does_not_wait_for_those_who_listen(tmp_path, printer):
    async with (
        StationProcess(tmp_path, [printer]) as station,
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(station.socket), limit=0)) as session,
    ):
        client = EventReader(session, "http://localhost/v1/events", station.token)
        listeners = [asyncio.create_task(listen(client, [])) for _ in range(20)]
        async with asyncio.timeout(60):
            while "stationd_event_listeners 20.0" not in (await station.call("GET", "/metrics"))[1]:
                await asyncio.sleep(0.05)
        assert await asyncio.to_thread(station.terminate) < 30
        for listener in listeners:
            listener.cancel()
        await asyncio.wait(listeners)
