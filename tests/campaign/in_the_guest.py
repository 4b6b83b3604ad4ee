"""What happens inside the guest: the daemon, genuine drivers of the kernel, and hands that plug and pull.

``python -m tests.campaign.in_the_guest``, as :mod:`tests.campaign.kernel` has it run. Each step says in one line what
was seen; the first that is not as promised ends it with a traceback and exit status 1.
"""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stationd.adapters.printers import drivers
from tests.rigs import gadget, station
from tests.rigs.documents import png
from tests.rigs.gadget import Gadget, Mechanism
from tests.rigs.station import StationProcess
from tests.rigs.uevents import Recorder

OUT = Path("/mnt/out")
VENDOR = Path(__file__).parents[1] / "rigs" / "vendor"
DRIVER = "usblp" if "usblp" in drivers.names() else "direct"
WITHIN_S = 30.0
PRINTER = "usb-0f49-0c12-10000123456"
MATCHER = """
[[device]]
name = "direct"
title = "Evolis, written to directly"
kind = "printer"
driver = "{driver}"
vendor = "0f49"
products = ["0c12", "2001"]
interface_class = 7
profiles = ["ktp-el"]
"""
READER = '[[reader]]\nname = "pemindai-1"\ndriver = "serial"\nport = "/dev/ttyUSB0"\n'
CARDS = 3
CYCLES = 5
OPENED_ONCE = 3
"""Files of the connection that reads the books through, opened some time after a start: within the cycles or before."""
BIG = 400_000
"""Bytes of a document that does not fit between the daemon and a slow printer."""

Shown = dict[str, Any]


class Bench:
    """The station under test and the hands around it."""

    def __init__(self, running: StationProcess) -> None:
        self.station = running
        self.orders = 0
        self.began = time.monotonic()

    def say(self, text: str) -> None:
        """Tell the host what was seen."""
        print(f"SEEN {time.monotonic() - self.began:5.1f} s  {text}", flush=True)

    def ask_host(self, **what: object) -> None:
        """Have the host plug, pull or say something at the far end of QEMU's devices."""
        print(f"HOST {json.dumps(what)}", flush=True)

    async def until(self, device: str, is_so: Callable[[Shown], bool]) -> tuple[Shown, float]:
        """Wait until the API shows a device so; what it shows, and after how many seconds."""
        began = time.monotonic()
        shown: Any = None
        while time.monotonic() - began < WITHIN_S:
            status, shown = await self.station.call("GET", f"/v1/devices/{device}")
            if status == 200 and is_so(shown):
                return shown, time.monotonic() - began
            await asyncio.sleep(0.02)
        raise AssertionError(f"{device} is not so: {shown}\n{self.station.tail()}")

    async def submit(self, size: int = 20_000) -> tuple[str, bytes]:
        """Submit a card; the job's id and its document."""
        self.orders += 1
        document = png(self.orders, size=size)
        status, job = await self.station.submit(self.orders, document)
        assert status == 201, job
        return job["id"], document

    async def job(self, job_id: str, *states: str) -> Shown:
        """Wait until a job is in one of the states."""
        began = time.monotonic()
        job: Any = None
        while time.monotonic() - began < WITHIN_S:
            _, job = await self.station.call("GET", f"/v1/jobs/{job_id}")
            if job["state"] in states:
                return dict(job)
            await asyncio.sleep(0.05)
        tried = self.station.rows("SELECT number, outcome, reason FROM attempt ORDER BY job, number")
        raise AssertionError(f"the job is not {states}: {job}\n{tried}\n{self.station.tail()}")


async def main() -> None:
    """Every step in order."""
    station.START_WITHIN_S = 90.0
    folder = Path(tempfile.mkdtemp()) / "station"
    (folder / "devices.d").mkdir(parents=True)
    (folder / "devices.d" / "own.toml").write_text(MATCHER.format(driver=DRIVER), encoding="utf-8")
    # Made outside, where programs start faster.
    shutil.copytree(OUT / "station" / "state", folder / "state")
    running = StationProcess(folder, extra=READER, is_watching=True, environment={"PYTHONPATH": str(VENDOR)})
    running.token = (OUT / "token").read_text(encoding="ascii")
    with Recorder(OUT / "events.jsonl") as recorder:
        async with running:
            bench = Bench(running)
            bench.say("the daemon is up")
            card = gadget.printer("one", serial="10000123456")
            await identity(bench, card)
            await readers(bench)
            await twins(bench)
            with Mechanism(Path("/dev/g_printer0")) as mechanism:
                await prints(bench, mechanism)
                await pulled_in_mid_write(bench, card, mechanism)
                await restarted(bench)
                await cycles(bench, card)
            running.check_books()
            took = running.terminate()
            bench.say(f"the books agree; the daemon stopped in {took:.1f} s; {recorder.count} events of udev recorded")
            assert "Traceback" not in running.log.read_text(encoding="utf-8"), running.tail()
    print("ALL WELL", flush=True)


async def identity(bench: Bench, card: Gadget) -> None:
    """A printer comes: known by its serial, at its node, with what usblp and udevd say of it."""
    card.plug(gadget.sockets()[0])
    shown, took = await bench.until(PRINTER, lambda each: each["usb"]["is_present"])
    usb = shown["usb"]
    assert (usb["identity"], usb["node"]) == ("usb:0f49:0c12:10000123456:00", "/dev/usb/lp0"), usb
    assert (usb["matcher"], usb["title"]) == ("direct", "Evolis Primacy 2"), usb
    bench.say(f"plugged a printer: {usb['identity']} at {usb['node']}, port {usb['port']}, after {took:.2f} s")


async def readers(bench: Bench) -> None:
    """Serial lines through cdc_acm and ftdi_sio: shown; the configured one reads, and is lost in mid-line."""
    badge = gadget.serial_line("badge", serial="SCAN0001")
    badge.plug(gadget.sockets()[1])
    shown, took = await bench.until(
        "usb-2341-0043-scan0001-" + _hash("SCAN0001"), lambda each: each["usb"]["is_present"]
    )
    bench.say(f"cdc_acm: {shown['usb']['node']} is {shown['state']} {shown['reasons']} after {took:.2f} s")
    badge.pull()
    plug = {"driver": "usb-serial", "id": "scanner", "chardev": "line", "bus": "xhci.0", "port": "1"}
    for number in (1, 2):
        bench.ask_host(plug=plug)
        shown, took = await bench.until("pemindai-1", lambda each: each["state"] == "ready")
        bench.ask_host(say="2XK7-9QF4-M3TP\r\n")
        await _metric(bench, 'stationd_reader_frames_total{fate="scanned",reader="pemindai-1"}', number)
        bench.ask_host(say="2XK7-9QF4")
        bench.ask_host(pull="scanner")
        _, gone = await bench.until("pemindai-1", lambda each: each["state"] == "absent")
        bench.say(
            f"ftdi_sio: ready after {took:.2f} s, read a line, pulled in the middle of one: {gone:.2f} s to absent"
        )


async def twins(bench: Bench) -> None:
    """Two printers of one model that tell no serial: two identities, by their ports."""
    pair = [gadget.printer(name, serial=None, product="2001", model="Tango") for name in ("left", "right")]
    for each, socket in zip(pair, gadget.sockets()[1:3], strict=True):
        each.plug(socket)
    began = time.monotonic()
    found: list[Shown] = []
    while len(found) < 2 and time.monotonic() - began < WITHIN_S:
        _, answer = await bench.station.call("GET", "/v1/devices")
        found = [item for item in answer["items"] if item["usb"] and item["usb"]["product"] == "2001"]
        await asyncio.sleep(0.05)
    assert len({item["usb"]["port"] for item in found}) == 2, found
    assert all(item["usb"]["is_by_port"] and item["usb"]["port"] in item["usb"]["title"] for item in found), found
    bench.say(f"twins without serials: {' and '.join(item['usb']['title'] for item in found)}")
    for each in pair:
        each.pull()
    for item in found:
        await bench.until(item["id"], lambda each: not each["usb"]["is_present"])


async def prints(bench: Bench, mechanism: Mechanism) -> None:
    """Cards go through usblp, byte for byte, each once; evidence: handed to the device."""
    await bench.station.receive(100)
    await bench.until(PRINTER, lambda each: each["state"] == "idle")
    sent = b""
    for _ in range(CARDS):
        job_id, document = await bench.submit()
        job = await bench.job(job_id, "printed")
        assert job["evidence"] == "spooler", job
        sent += document
    while len(mechanism.received) < len(sent):
        await asyncio.sleep(0.05)
    assert mechanism.received == sent, (len(mechanism.received), len(sent))
    bench.say(f"printed {CARDS} cards through usblp: {len(sent)} bytes arrived as they were sent")


async def pulled_in_mid_write(bench: Bench, card: Gadget, mechanism: Mechanism) -> None:
    """The cable goes in the middle of a card: uncertain; it comes back: still uncertain, until a person looks."""
    mechanism.received.clear()
    mechanism.seconds = 0.2
    job_id, document = await bench.submit(BIG)
    while len(mechanism.received) < BIG // 8:
        await asyncio.sleep(0.05)
    card.pull()
    job = await bench.job(job_id, "uncertain")
    await bench.until(PRINTER, lambda each: each["state"] == "stopped" and not each["usb"]["is_present"])
    taken = len(mechanism.received)
    assert 0 < taken < len(document), (taken, len(document))
    bench.say(f"pulled in mid-write: the printer had {taken} of {len(document)} bytes; {job['why'][0]['en']}")
    mechanism.seconds = 0.0
    card.plug(gadget.sockets()[0])
    shown, took = await bench.until(PRINTER, lambda each: each["usb"]["is_present"] and each["state"] == "idle")
    assert (await bench.job(job_id, "uncertain", "queued", "printed"))["state"] == "uncertain"
    assert shown["usb"]["plugs"] == 2, shown
    verdict = {"outcome": "not_printed", "note": "nobody saw a card"}
    status, answer = await bench.station.call("POST", f"/v1/jobs/{job_id}/verdict", verdict)
    assert status == 200, answer
    await bench.job(job_id, "printed")
    bench.say(
        f"back and idle after {took:.2f} s; still uncertain; printed once an officer had said that nothing came out"
    )


async def restarted(bench: Bench) -> None:
    """The daemon restarts with the printer in: the same device, and no new plug."""
    before, _ = await bench.until(PRINTER, lambda each: each["usb"]["is_present"])
    bench.station.terminate()
    bench.station.spawn()
    await bench.station.until_up()
    after, took = await bench.until(PRINTER, lambda each: each["usb"]["is_present"] and each["state"] == "idle")
    assert (after["usb"]["plugs"], after["usb"]["resets"]) == (before["usb"]["plugs"], before["usb"]["resets"])
    bench.say(f"restarted with the printer in: idle again {took:.2f} s after the API answered")


async def cycles(bench: Bench, card: Gadget) -> None:
    """In and out, again and again: nothing is left open."""

    def files() -> int:
        assert bench.station.process is not None
        return len(list(Path(f"/proc/{bench.station.process.pid}/fd").iterdir()))

    socket = gadget.sockets()[0]
    took = []
    before = 0
    for number in range(CYCLES + 1):
        card.pull()
        await bench.until(PRINTER, lambda each: not each["usb"]["is_present"])
        card.plug(socket)
        took.append((await bench.until(PRINTER, lambda each: each["usb"]["is_present"] and each["state"] == "idle"))[1])
        if number == 0:
            before = files()
    assert files() <= before + OPENED_ONCE, (before, files())
    bench.say(
        f"{CYCLES} plugs and pulls: idle after {min(took):.2f} to {max(took):.2f} s; open files {before} → {files()}"
    )


async def _metric(bench: Bench, name: str, value: float) -> None:
    began = time.monotonic()
    text: Any = ""
    while time.monotonic() - began < WITHIN_S:
        _, text = await bench.station.call("GET", "/metrics")
        if f"{name} {value:.1f}" in text:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(
        f"{name} is not {value}:\n" + "\n".join(line for line in text.splitlines() if "reader" in line)
    )


def _hash(serial: str) -> str:
    from stationd.services.watch_devices import name_of

    return name_of(f"usb:2341:0043:{serial}:00").rpartition("-")[2]


if __name__ == "__main__":
    asyncio.run(main())
