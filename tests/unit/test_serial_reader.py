"""Readers on real pseudo-terminals: plugged, pulled in mid-frame, stalled, flooding."""

import asyncio
import logging
import time
import tracemalloc
from contextlib import aclosing
from pathlib import Path

import pytest

from stationd.adapters import entry_points
from stationd.adapters.readers import drivers
from stationd.adapters.readers.desk import MOST_WAITING
from stationd.adapters.readers.serial import SerialReader, build
from stationd.adapters.readers.serial.options import options_of
from stationd.adapters.readers.serial.transport import Line, connect
from stationd.adapters.system import SystemClock
from stationd.domain.scan import ReaderState, ScanKind
from stationd.ports.readers import ReaderSpec
from tests.rigs.serial_line import SerialDevice

SECRET = b"1671010101900001"
WITHIN_S = 60.0


@pytest.fixture
def device(tmp_path):
    device = SerialDevice(tmp_path)
    yield device
    device.pull()


def reader_at(port, **options):
    spec = ReaderSpec(name="pemindai-1", driver="serial", port=str(port), options=options)
    return SerialReader(spec.name, options_of(spec), connect, SystemClock())


class Watched:
    """A reader at work, whose scans and states can be waited for."""

    def __init__(self, reader):
        self.reader = reader
        self.statuses = []
        self._changed = asyncio.Event()
        reader.follow(self._note)
        self._scans = reader.scans()

    def _note(self, status):
        self.statuses.append(status)
        self._changed.set()

    async def becomes(self, state, reason=None):
        """Start it if need be, and wait until it is so."""
        if not hasattr(self, "_next"):
            self._next = asyncio.ensure_future(anext(self._scans))
        async with asyncio.timeout(WITHIN_S):
            while not self._is(state, reason):
                self._changed.clear()
                await self._changed.wait()

    def _is(self, state, reason):
        status = self.reader.status
        return status.state is state and (reason is None or reason in status.reasons)

    async def scan(self):
        async with asyncio.timeout(WITHIN_S):
            scan = await self._next
        self._next = asyncio.ensure_future(anext(self._scans))
        return scan

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        if hasattr(self, "_next"):
            self._next.cancel()
            await asyncio.wait({self._next})
        await self._scans.aclose()
        await self.reader.aclose()


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


# ----------------------------------------------------------------------------------------------------------- reading


async def test_lines_become_scans_also_one_byte_at_a_time(device):
    device.plug()
    async with Watched(reader_at(device.port)) as watched:
        await watched.becomes(ReaderState.READY)
        for byte in b"2XK7-9QF4\r\n":
            device.send(bytes((byte,)))
            await asyncio.sleep(0)
        device.send(b"\xff\xfe\n")
        first, second = await watched.scan(), await watched.scan()
        assert (first.kind, first.text) == (ScanKind.TEXT, "2XK7-9QF4")
        assert (second.kind, second.data, second.text) == (ScanKind.BYTES, b"\xff\xfe", None)
        assert first.at_ms == pytest.approx(time.time() * 1000, abs=60_000)
        assert watched.reader.status.scans == 2


async def test_frames_with_marks_and_checksum_are_read(device):
    device.plug()
    reader = reader_at(device.port, framing="stx-etx", checksum="xor", baud=115200, parity="even", data_bits=7)
    async with Watched(reader) as watched:
        await watched.becomes(ReaderState.READY)
        device.send(b"\x02A\x03\x00\x02A\x03\x42")
        assert (await watched.scan()).data == b"A"
        assert reader.status.garbled == 1


async def test_a_pause_on_the_wire_begins_a_new_frame(device):
    device.plug()
    async with Watched(reader_at(device.port, framing="length", length_bytes=1, gap_s=0.05)) as watched:
        await watched.becomes(ReaderState.READY)
        device.send(b"\xf0half")
        await asyncio.sleep(0.2)
        device.send(b"\x05whole")
        assert (await watched.scan()).data == b"whole"
        assert watched.reader.status.garbled == 1


async def test_a_reader_is_greeted_each_time_it_comes(device):
    device.plug()
    async with Watched(reader_at(device.port, greeting="hex:160d")) as watched:
        for _ in range(2):
            await watched.becomes(ReaderState.READY)
            async with asyncio.timeout(WITHIN_S):
                while device.sent_to_it() != b"\x16\x0d":
                    await asyncio.sleep(0.01)
            device.pull()
            await watched.becomes(ReaderState.ABSENT)
            device.plug()
            watched.reader.nudge()


# ---------------------------------------------------------------------------------------------------- coming and going


async def test_a_reader_pulled_in_mid_frame_comes_back_and_its_half_frame_does_not(device):
    device.plug()
    async with Watched(reader_at(device.port)) as watched:
        await watched.becomes(ReaderState.READY)
        device.send(b"half of a li")
        async with asyncio.timeout(WITHIN_S):
            while watched.reader._framer.pending < len(b"half of a li"):
                await asyncio.sleep(0.001)
        device.pull()
        await watched.becomes(ReaderState.ABSENT)
        device.plug()
        watched.reader.nudge()
        await watched.becomes(ReaderState.READY)
        device.send(b"ne\n")
        assert (await watched.scan()).text == "ne"
        assert watched.reader.status.garbled == 1


async def test_twenty_unplugs_leave_no_descriptor_and_no_task(device):
    device.plug()
    async with Watched(reader_at(device.port)) as watched:
        await watched.becomes(ReaderState.READY)
        before = open_descriptors(), len(asyncio.all_tasks())
        for _ in range(20):
            device.pull()
            await watched.becomes(ReaderState.ABSENT)
            device.plug()
            watched.reader.nudge()
            await watched.becomes(ReaderState.READY)
            device.send(b"here\n")
            assert (await watched.scan()).text == "here"
        assert (open_descriptors(), len(asyncio.all_tasks())) == before


async def test_a_reader_that_was_not_there_at_the_start_is_used_as_soon_as_it_is(device):
    async with Watched(reader_at(device.port)) as watched:
        await watched.becomes(ReaderState.ABSENT, "port-missing")
        device.plug()
        watched.reader.nudge()
        await watched.becomes(ReaderState.READY)


async def test_it_tries_again_by_itself(device):
    async with Watched(reader_at(device.port)) as watched:
        await watched.becomes(ReaderState.ABSENT, "port-missing")
        device.plug()
        await watched.becomes(ReaderState.READY)


async def test_a_port_that_somebody_else_holds_is_told(device):
    device.plug()
    async with Watched(reader_at(device.port)) as first, Watched(reader_at(device.port)) as second:
        await first.becomes(ReaderState.READY)
        await second.becomes(ReaderState.ABSENT, "port-busy")


async def test_what_is_no_serial_port_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    async with Watched(reader_at(tmp_path / "file")) as watched:
        await watched.becomes(ReaderState.ABSENT, "port-failed")
        assert watched.reader.status.fault


async def test_only_the_first_failure_is_a_warning_and_nothing_read_is_logged(device, caplog):
    caplog.set_level(logging.DEBUG)
    async with Watched(reader_at(device.port)) as watched:
        await watched.becomes(ReaderState.ABSENT, "port-missing")
        for _ in range(2):
            device.plug()
            watched.reader.nudge()
            await watched.becomes(ReaderState.READY)
            device.send(SECRET + b"\n" + SECRET)
            assert SECRET.decode() not in repr(await watched.scan())
            device.pull()
            await watched.becomes(ReaderState.ABSENT)
    told = [record for record in caplog.records if record.name.startswith("stationd.")]
    assert [record.levelname for record in told if record.levelno >= logging.WARNING] == ["WARNING"]
    assert [record.levelname for record in told].count("DEBUG") == 2
    assert [record for record in caplog.records if record.name == "asyncio" and record.levelno >= logging.ERROR] == []
    assert SECRET.decode() not in caplog.text


async def test_a_reader_let_go_ends_its_scans(device):
    device.plug()
    reader = reader_at(device.port)
    async with aclosing(reader.scans()) as scans:
        waiting = asyncio.ensure_future(anext(scans, None))
        await asyncio.sleep(0.05)
        await reader.aclose()
        async with asyncio.timeout(WITHIN_S):
            assert await waiting is None


# ------------------------------------------------------------------------------------------------------------ floods


async def test_megabytes_without_a_terminator_cost_no_memory_and_the_next_line_is_read(device):
    device.plug()
    async with Watched(reader_at(device.port)) as watched:
        await watched.becomes(ReaderState.READY)
        tracemalloc.start()
        try:
            await flood(device, b"x" * 4096, 4 * 1024 * 1024)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        await flood(device, b"\nafter\n", 7)
        assert (await watched.scan()).text == "after"
        assert watched.reader.status.garbled == 1
        assert peak < 1024 * 1024


async def test_scans_that_nobody_takes_drop_the_oldest_and_are_counted(device):
    device.plug()
    reader = reader_at(device.port)
    async with Watched(reader) as watched:
        await watched.becomes(ReaderState.READY)
        count = MOST_WAITING + 20
        await flood(device, b"".join(b"%d\n" % number for number in range(count)), None)
        numbers = [int((await watched.scan()).text)]
        while numbers[-1] != count - 1:
            numbers.append(int((await watched.scan()).text))
        assert numbers == sorted(numbers)
        assert len(numbers) in {MOST_WAITING, MOST_WAITING + 1}
        assert reader.status.dropped == count - len(numbers)


async def flood(device, piece, total):
    """Send ``piece`` again and again, as the line takes it, until ``total`` bytes are on it (``None``: once)."""
    left = len(piece) if total is None else total
    at = 0
    async with asyncio.timeout(60):
        while left > 0:
            try:
                sent = device.send(piece[at : at + left])
            except BlockingIOError:
                sent = 0
            at = (at + sent) % len(piece)
            left -= sent
            await asyncio.sleep(0)


# ----------------------------------------------------------------------------------------------------------- stalling


async def test_closing_on_a_stalled_device_does_not_hang(device):
    device.plug()
    lost = asyncio.Event()
    link = await connect(Line(port=str(device.port)), lambda _: None, lambda _: lost.set())
    link.write(b"x" * 1_000_000)
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await link.close()
    assert time.monotonic() - began < 10
    assert lost.is_set()
    again = await connect(Line(port=str(device.port)), lambda _: None, lambda _: None)
    await again.close()


async def test_a_stalled_device_that_is_pulled_is_told_as_lost(device):
    device.plug()
    lost = asyncio.get_running_loop().create_future()
    link = await connect(Line(port=str(device.port)), lambda _: None, lost.set_result)
    link.write(b"x" * 1_000_000)
    await asyncio.sleep(0.05)
    device.pull()
    assert isinstance(await asyncio.wait_for(lost, WITHIN_S), OSError | None)
    await link.close()


async def test_a_connect_that_is_given_up_leaves_the_port_free(device):
    device.plug()
    for _ in range(20):
        giving_up = asyncio.ensure_future(connect(Line(port=str(device.port)), lambda _: None, lambda _: None))
        await asyncio.sleep(0)
        giving_up.cancel()
        await asyncio.wait({giving_up})
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                link = await connect(Line(port=str(device.port)), lambda _: None, lambda _: None)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                break
    await link.close()


# ------------------------------------------------------------------------------------------------------------ options


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"baud": 9601}, "baud = 9601: allowed is 1200 or 2400"),
        ({"baud": True}, "baud = True: allowed is"),
        ({"parity": "mark"}, "parity = 'mark': allowed is 'none' or 'even' or 'odd'"),
        ({"framing": "slip"}, "framing = 'slip': allowed is 'line' or 'stx-etx' or 'length'"),
        (
            {"terminator": "hex:0d0"},
            "terminator = 'hex:0d0': allowed is 'any' or 'cr' or 'lf' or 'crlf' or 1 to 8 bytes",
        ),
        ({"terminator": "\r"}, "terminator = '\\r': allowed is"),
        ({"terminator": 13}, "terminator = 13: allowed is"),
        ({"framing": "length", "terminator": "cr"}, "terminator: there is no such option; allowed are baud"),
        ({"longest": 0}, "longest = 0: allowed is a whole number from 1 to 16384"),
        ({"longest": 10**80}, "longest = 1000"),
        ({"gap_s": -1}, "gap_s = -1: allowed is a number of seconds from 0 to 60"),
        ({"gap_s": float("nan")}, "gap_s = nan: allowed is"),
        ({"gap_s": "1"}, "gap_s = '1': allowed is"),
        ({"speed": 1}, "speed: there is no such option; allowed are baud"),
        ({"transport": "none-such"}, "no serial transport named none-such is installed; there are pyserial-asyncio"),
    ],
)
def test_wrong_options_are_refused_in_one_line(options, told):
    with pytest.raises(ValueError) as caught:
        drivers.build(ReaderSpec(name="a", driver="serial", port="/dev/ttyUSB0", options=options))
    assert str(caught.value).startswith(told)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("port", [None, "ttyUSB0", "/dev/tty\0"])
def test_a_port_is_a_path(port):
    with pytest.raises(ValueError, match="port: allowed is the path of a serial port"):
        drivers.build(ReaderSpec(name="a", driver="serial", port=port))


async def test_another_transport_takes_its_place_by_configuration(monkeypatch):
    opened = []

    class Link:
        def write(self, data):
            opened.append(data)

        async def close(self):
            opened.append("closed")

    async def other(line, received, lost):
        opened.append(line.port)
        received(b"through the other\n")
        return Link()

    class Entry:
        value = "other:connect"

        def load(self):
            return other

    monkeypatch.setattr(entry_points, "entry_points", lambda group, name: [Entry()] if name == "other" else [])
    reader = build(
        ReaderSpec(name="a", driver="serial", port="/dev/ttyX", options={"transport": "other", "greeting": "hex:41"})
    )
    async with aclosing(reader.scans()) as scans:
        assert (await anext(scans)).text == "through the other"
        await asyncio.sleep(0)
    assert opened == ["/dev/ttyX", b"A", "closed"]


def test_every_framing_can_be_configured():
    for options in (
        {"terminator": "hex:1e"},
        {"framing": "stx-etx", "start": "hex:1b02", "end": "hex:03", "checksum": "sum"},
        {"framing": "length", "start": "hex:aa55", "length_bytes": 4, "length_order": "little"},
    ):
        reader = drivers.build(ReaderSpec(name="a", driver="serial", port="/dev/ttyUSB0", options=options))
        assert reader.status.state is ReaderState.ABSENT
