"""SIGTERM ends the station within five seconds, whatever it is doing, and loses nothing."""

import asyncio
import contextlib
import socket

import aiohttp
import pytest

from tests.rigs.documents import png
from tests.rigs.press import GenuinePress, press
from tests.rigs.reckoning import reckon
from tests.rigs.relay import Relay
from tests.rigs.station import StationProcess

WITHIN_S = 30.0
"""Half of what it would wait for a caller or a printer that says nothing."""
LARGE = 5_000_000
CLIENTS = 50


async def terminated(station: StationProcess) -> None:
    """Send SIGTERM; the daemon must end by itself, in time and in order."""
    took_s = await asyncio.to_thread(station.terminate)
    assert took_s < WITHIN_S
    assert station.process is not None
    assert station.process.returncode == 0, station.tail()
    assert "Traceback" not in station.tail()
    assert not station.socket.exists()


async def until_printing(station: StationProcess) -> None:
    """Wait until a card is in the printer."""
    async with asyncio.timeout(60):
        while not station.rows("SELECT 1 FROM attempt WHERE remote_id IS NOT NULL"):
            await asyncio.sleep(0.01)


@pytest.fixture
def printer(tmp_path):
    with press("ippeve", tmp_path) as running:
        assert isinstance(running, GenuinePress)
        yield running


@pytest.fixture
def gate(printer, tmp_path):
    """Every card takes until the gate is opened: a printer as slow as a test wants it."""
    path = tmp_path / "gate"
    printer.rig.behave(f'while [ ! -e "{path}" ]; do sleep 0.02; done')
    return path


async def test_an_idle_station_stops_at_once(stocked, printer):
    async with stocked(printer.table) as station:
        await station.start()
        await terminated(station)
        assert "cards in the printers" not in station.tail(), "something that goes on for ever was waited for"
        station.check_books()


async def test_a_card_that_is_being_printed_is_found_again(stocked, printer, gate):
    documents = {number: png(number) for number in (1, 2)}
    async with stocked(printer.table) as station:
        await station.start()
        for number, document in documents.items():
            await station.submit(number, document)
        await asyncio.to_thread(printer.rig.wait_for_begun, 1)
        await terminated(station)
        assert station.counts() == {"printing": 1, "queued": 1}
        station.check_books()
        gate.touch()
        await station.start()
        assert await station.settled() == {"printed": 2}
        station.check_books()
        reckon(station, documents, printer.printed(), printer.begun()).check()


async def test_a_card_that_ends_in_time_is_settled_before_the_stop(stocked, printer, gate):
    async with stocked(printer.table) as station:
        await station.start()
        await station.submit(1, png(1))
        await asyncio.to_thread(printer.rig.wait_for_begun, 1)
        asyncio.get_running_loop().call_later(0.3, gate.touch)
        await terminated(station)
        assert station.counts() == {"printed": 1}
        station.check_books()


async def test_a_document_on_its_way_to_a_slow_printer_is_cut_off_and_sent_again(stocked, printer):
    document = png(1, size=LARGE)
    async with Relay(printer.rig.port, pace_s=0.05) as relay:
        table = {**printer.table, "uri": f"ipp://127.0.0.1:{relay.port}/ipp/print"}
        async with stocked(table) as station:
            await station.start()
            await station.submit(1, document)
            await until_printing(station)
            async with asyncio.timeout(60):
                await relay.passing.wait()
            await terminated(station)
            assert station.counts() == {"printing": 1}
            assert not printer.begun()
            relay.pace_s = 0
            await station.start()
            assert await station.settled() == {"printed": 1}
            station.check_books()
            reckon(station, {1: document}, printer.printed(), printer.begun()).check()


async def test_a_printer_that_never_answers_does_not_hold_up_the_stop(stocked, printer):
    silent = asyncio.Event()

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while await reader.read(65_536):
                silent.set()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        table = {**printer.table, "uri": f"ipp://127.0.0.1:{port}/ipp/print", "timeout_s": 60}
        async with stocked(table) as station:
            await station.start()
            await station.submit(1, png(1))
            await silent.wait()
            await terminated(station)
            assert station.counts() == {"queued": 1}
            station.check_books()
            station.configure([printer.table])
            await station.start()
            assert await station.settled() == {"printed": 1}
    assert len(printer.printed()) == 1


async def test_a_document_whose_answer_never_came_is_found_and_shown_to_a_person(stocked, printer):
    """The device calls it completed, and would also say so of a piece: only its answer tells that it has the whole."""
    document = png(1, size=100_000)
    async with Relay(printer.rig.port, lose_answers=True) as relay:
        table = {**printer.table, "uri": f"ipp://127.0.0.1:{relay.port}/ipp/print", "timeout_s": 60}
        async with stocked(table) as station:
            await station.start()
            await station.submit(1, document)
            await asyncio.to_thread(printer.rig.wait_for_cards, 1)
            await terminated(station)
            assert station.counts() == {"printing": 1}
            station.configure([printer.table])
            await station.start()
            assert await station.settled() == {"uncertain": 1}
            station.check_books()
            reckon(station, {1: document}, printer.printed(), printer.begun()).check()


async def test_a_slow_caller_and_a_slow_card_together_are_not_waited_for(stocked, printer, gate):
    async with stocked(printer.table) as station:
        await station.start()
        await station.submit(1, png(1))
        await asyncio.to_thread(printer.rig.wait_for_begun, 1)
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(station.socket))
            caller.sendall(
                b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: slow\r\n"
                b"Authorization: Bearer " + station.token.encode() + b"\r\n"
                b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
            )
            await station.call("GET", "/healthz")
            await terminated(station)
        gate.touch()


async def test_every_201_given_to_fifty_clients_survives_the_stop(stocked, printer):
    table = {**printer.table, "name": "kartu-1"}
    async with stocked(table) as station:
        await station.start()
        answered: dict[int, int] = {}

        async def client(first: int) -> None:
            for number in range(first, 1_000_000, CLIENTS):
                try:
                    status, _ = await station.submit(number, png(number))
                except aiohttp.ClientError:
                    return
                answered[number] = status
                if status != 201:
                    return

        async with asyncio.TaskGroup() as clients:
            for each in range(CLIENTS):
                clients.create_task(client(each + 1))
            while len(answered) < 4 * CLIENTS:
                await asyncio.sleep(0.01)
            await terminated(station)
        assert set(answered.values()) <= {201, 503}
        stored = {int(order[-6:]) for (order,) in station.rows("SELECT order_ref FROM job")}
        assert {number for number, status in answered.items() if status == 201} <= stored
        station.check_books()
