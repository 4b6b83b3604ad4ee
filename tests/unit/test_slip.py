"""The slip: its words, its bytes, and their way to the printer."""

import asyncio
import logging
import os
from dataclasses import dataclass, field
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.adapters.slip import EscposSlips, Route
from stationd.adapters.slip.transport import Way, send
from stationd.domain.errors import Faulted, Refused
from stationd.domain.slip import COLUMNS, Slip, lines_above, lines_below, wrapped
from stationd.services.slips import Slips
from tests.unit.card_shelf import open_shelf

SLIP = Slip(station="Kecamatan Contoh", receipt="2XK7-9QF4-M3TP", taken_on=date(2026, 11, 26))


@pytest.fixture(autouse=True)
def root_logging_stays_as_it_is():
    """python-escpos configures the root logger when it is imported."""
    root = logging.getLogger()
    before = root.handlers[:]
    yield
    root.handlers[:] = before


@given(st.text("abc ", max_size=200), st.sampled_from([1, 7, *COLUMNS]))
def test_lines_fit_and_no_word_is_lost(text, columns):
    lines = wrapped(text, columns)
    assert all(0 < len(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_slip_says_what_to_do_in_two_languages_and_nothing_of_a_person():
    assert lines_above(SLIP)[0] == "Kecamatan Contoh"
    assert "26-11-2026" in lines_above(SLIP)
    assert len(lines_above(Slip(station="x", receipt="y", taken_on=None))) == 3
    assert any("kiosk" in line for line in lines_below())
    assert any("anjungan" in line for line in lines_below())


@pytest.mark.parametrize("columns", COLUMNS)
async def test_the_bytes_are_text_a_picture_and_a_cut(columns):
    from stationd.adapters.slip.escpos import built

    data = await asyncio.to_thread(built, SLIP, columns)
    assert data.startswith(b"\x1b@")
    assert b"2XK7-9QF4-M3TP" in data
    assert b"\x1dv0" in data
    assert data.rstrip(b"\x00").endswith(b"\x1dV\x00") or b"\x1dV" in data[-8:]


async def test_the_code_on_the_slip_is_the_receipt():
    """Read back as a picture: 21 modules a side with a border of four, each module eight dots."""
    import segno

    from stationd.adapters.slip.escpos import built

    data = await asyncio.to_thread(built, SLIP, 48)
    start = data.index(b"\x1dv0")
    width, height = (int.from_bytes(data[start + 4 + n : start + 6 + n], "little") for n in (0, 2))
    raster = data[start + 8 : start + 8 + width * height]
    rows = [
        [raster[y * width + x // 8] >> (7 - x % 8) & 1 for x in range(4, width * 8, 8)] for y in range(4, height, 8)
    ]
    expected = [list(row) for row in segno.make(SLIP.receipt, error="m", micro=False).matrix_iter(border=4)]
    assert rows == expected


async def test_a_printer_on_the_network_gets_the_whole_slip():
    got = asyncio.get_running_loop().create_future()

    async def take(reader, writer):
        got.set_result(await reader.read())
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = EscposSlips(Route(way=Way.TCP, place=f"127.0.0.1:{port}"), columns=32)
    await printer.load()
    await printer.print(SLIP)
    assert SLIP.receipt.encode() in await got
    server.close()


@pytest.mark.parametrize("way", [Way.USBLP, Way.SERIAL])
async def test_a_printer_at_a_node_gets_the_whole_slip(way):
    master, slave = os.openpty()
    import tty

    tty.setraw(slave)
    data = b"slip" * 500
    got = bytearray()
    loop = asyncio.get_running_loop()
    whole = asyncio.Event()

    def read():
        got.extend(os.read(master, 65536))
        if len(got) == len(data):
            whole.set()

    loop.add_reader(master, read)
    try:
        await send(Route(way=way, place=os.ttyname(slave)), data)
        async with asyncio.timeout(60):
            await whole.wait()
    finally:
        loop.remove_reader(master)
        os.close(master)
        os.close(slave)
    assert bytes(got) == data


@pytest.mark.parametrize(
    "route",
    [
        Route(way=Way.TCP, place="127.0.0.1:1"),
        Route(way=Way.USBLP, place="/nowhere/lp1"),
        Route(way=Way.SERIAL, place="/nowhere/ttyUSB0"),
    ],
)
async def test_a_printer_that_is_not_there_is_a_fault_with_a_name(route):
    with pytest.raises(Faulted) as caught:
        await send(route, b"x")
    assert caught.value.code == "slip-printer-unreachable"


async def test_a_printer_that_takes_no_bytes_is_given_up():
    master, slave = os.openpty()
    import tty

    tty.setraw(slave)
    with pytest.raises(Faulted) as caught:
        await send(Route(way=Way.USBLP, place=os.ttyname(slave)), bytes(1_000_000), within_s=0.2)
    assert "takes no bytes" in caught.value.detail
    os.close(master)
    os.close(slave)


@dataclass
class Tray:
    """A printer that keeps its slips."""

    slips: list[Slip] = field(default_factory=list)

    async def print(self, slip: Slip) -> None:
        self.slips.append(slip)


async def test_the_slip_of_a_job_is_printed_as_often_as_it_is_asked_for(tmp_path):
    async with open_shelf(tmp_path) as shelf:
        tray = Tray()
        desk = Slips(shelf.jobs, tray, station="Kecamatan Contoh", day_in=lambda seconds: date(2026, 11, 26))
        job = await shelf.accept()
        for _ in range(2):
            assert (await desk.print(job.id)).receipt == job.receipt
        assert tray.slips == [Slip(station="Kecamatan Contoh", receipt=job.receipt, taken_on=date(2026, 11, 26))] * 2
        with pytest.raises(Refused, match="none with this id"):
            await desk.print("01890000-0000-7000-8000-000000000001")
        without = Slips(shelf.jobs, None, station="x", day_in=lambda seconds: None)
        with pytest.raises(Refused, match="no receipt printer"):
            await without.print(job.id)
