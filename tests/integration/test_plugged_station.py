"""Devices that come and go in the running daemon: found, used, named, pulled out with a card in them, and back."""

import asyncio
import re
import shutil
import time

import pytest

from tests.rigs.documents import png
from tests.rigs.plugged_station import NAME, PluggedStation, is_gone, is_ready
from tests.rigs.vusb import VirtualUsb

CYCLES = 20
BOOKS_READ_THROUGH = 2
"""The database and its log, opened once more by the reading through in the background, whenever that begins."""
THREADS = 6
"""The pool of threads fills up one by one; a thread lost at each cycle would be many more."""
WARM_CYCLES = 8
SOONER_THAN_A_LOOK_S = 30.0
"""Half of the time after which the bus is looked at without any event."""
WITHOUT_LIBUDEV = """
import pyudev, sys
from stationd.cli import main
def none(*_): raise ImportError("No library named udev")
pyudev.Context = none
sys.argv[0] = "stationd"
sys.exit(main())
"""
DOCUMENT = png(1, size=60_000)


@pytest.fixture
def usb():
    assert shutil.which("umockdev-run"), "install Debian's package umockdev"
    with VirtualUsb() as bus:
        yield bus


@pytest.fixture
async def station(tmp_path, usb):
    async with PluggedStation(tmp_path / "station", usb) as running:
        await running.receive(20)
        yield running
        assert running.terminate() < 30
        running.check_books()
        assert "Traceback" not in running.log.read_text(encoding="utf-8")


async def until_taken(plugged, size):
    async with asyncio.timeout(60):
        while len(plugged.server.received) < size:
            await asyncio.sleep(0.01)


async def test_a_printer_is_ready_once_it_is_plugged_in_and_prints(station, usb):
    """Its event is enough, without the periodic look around; how soon it is ready is measured by ``make bench``."""
    plugged = usb.plug_printer()
    shown = await station.until(is_ready, within_s=SOONER_THAN_A_LOOK_S)
    assert (shown["kind"], shown["evidence"], shown["profiles"]) == ("printer", "spooler", ["ktp-el"])
    assert shown["usb"]["matcher"] == "on-the-rig"
    _, job = await station.submit(1, DOCUMENT)
    job = await station.job(job["id"], "printed")
    assert (job["printer"], job["evidence"]) == (NAME, "spooler")
    await until_taken(plugged, len(DOCUMENT))
    assert plugged.server.received == DOCUMENT


async def test_a_printer_pulled_in_mid_write_leaves_its_card_uncertain_until_a_person_looks(station, usb):
    plugged = usb.plug_printer()
    await station.until(is_ready)
    plugged.server.delay_s = 0.1
    _, job = await station.submit(1, DOCUMENT)
    await until_taken(plugged, 8192)
    usb.unplug(plugged)
    held = await station.job(job["id"], "uncertain")
    assert held["reasons"] == ["outcome-unknown"]
    await station.until(is_gone)

    again = usb.plug_printer(lp=3)
    back = await station.until(is_ready)
    assert (back["usb"]["node"], back["usb"]["plugs"]) == ("/dev/usb/lp3", 2)
    await asyncio.sleep(1.5)  # longer than the spooler takes to ask again: nothing may be sent a second time
    assert (await station.job(job["id"], "uncertain", "queued", "printing", "printed"))["state"] == "uncertain"
    assert again.server.received == b""

    verdict = {"outcome": "not_printed", "note": "no card came out"}
    assert (await station.call("POST", f"/v1/jobs/{job['id']}/verdict", verdict))[0] == 200
    await station.job(job["id"], "printed")
    await until_taken(again, len(DOCUMENT))
    assert again.server.received == DOCUMENT


async def test_a_job_waits_while_no_printer_is_there_and_is_printed_when_one_comes(station, usb):
    usb.unplug(usb.plug_printer())
    _, job = await station.submit(1, DOCUMENT)
    assert (await station.job(job["id"], "queued", "printed"))["state"] == "queued"
    usb.plug_printer()
    await station.job(job["id"], "printed")


async def test_twins_without_serials_are_two_printers_told_apart_by_their_ports(station, usb):
    usb.plug_printer(port="1.1", serial=None, lp=0)
    second = usb.plug_printer(port="1.2", serial=None, lp=1)
    async with asyncio.timeout(60):
        while len([each for each in (await station.devices()).values() if is_ready(each)]) < 2:
            await asyncio.sleep(0.01)
    twins = {shown["usb"]["port"]: shown for shown in (await station.devices()).values()}
    assert set(twins) == {"0000.00.14.0-usb2-1.1", "0000.00.14.0-usb2-1.2"}
    assert all(shown["usb"]["is_by_port"] and port in shown["usb"]["title"] for port, shown in twins.items())
    left = twins["0000.00.14.0-usb2-1.1"]["id"]
    assert (await station.call("PUT", f"/v1/devices/{left}/label", {"label": "Loket 1"}))[1]["label"] == "Loket 1"
    usb.unplug(second)
    await station.until(is_gone, twins["0000.00.14.0-usb2-1.2"]["id"])
    assert is_ready((await station.devices())[left])


async def test_a_restart_with_the_printer_in_is_no_plug_and_keeps_label_and_pause(station, usb):
    usb.plug_printer()
    await station.until(is_ready)
    await station.call("PUT", f"/v1/devices/{NAME}/label", {"label": "Loket 2"})
    await station.call("POST", f"/v1/devices/{NAME}/pause")
    station.terminate()
    await station.start()
    shown = await station.until(lambda each: each["is_paused"] and each["usb"]["is_present"])
    assert (shown["label"], shown["usb"]["plugs"]) == ("Loket 2", 1)
    await station.call("POST", f"/v1/devices/{NAME}/resume")
    _, job = await station.submit(1, DOCUMENT)
    await station.job(job["id"], "printed")
    _, history = await station.call("GET", f"/v1/devices/{NAME}/history?limit=3")
    assert [each["type"] for each in history["items"]] == ["printer.resumed", "printer.paused", "device.labelled"]
    _, older = await station.call("GET", f"/v1/devices/{NAME}/history?after={history['next']}")
    assert [each["type"] for each in older["items"]] == ["device.plugged"]
    assert older["next"] is None


async def test_a_card_in_a_plugged_in_printer_is_no_orphan_at_a_restart(station, usb):
    plugged = usb.plug_printer()
    await station.until(is_ready)
    plugged.server.delay_s = 0.5
    _, job = await station.submit(1, DOCUMENT)
    await until_taken(plugged, 1)
    station.kill()
    plugged.server.delay_s = 0.0
    taken = len(plugged.server.received)
    await station.start()
    await station.until(is_ready)
    held = await station.job(job["id"], "uncertain")
    assert held["printer"] == NAME
    events = station.rows("SELECT data FROM event WHERE type = 'job.outcome_unknown'")
    assert "not configured" not in str(events)
    assert len(plugged.server.received) <= taken + 8192  # what was under way when it was killed, and no second copy


async def test_twenty_plugs_and_pulls_leave_nothing_open(station, usb):
    async def used():
        usage = await station.usage()
        return usage.files, usage.tasks, usage.threads

    before = (0, 0, 0)
    for number in range(CYCLES):
        plugged = usb.plug_printer(lp=number % 3)
        await station.until(is_ready)
        usb.unplug(plugged)
        await station.until(is_gone)
        if number < WARM_CYCLES:  # the pool of threads fills up as two things happen at once
            before = tuple(map(max, before, await used()))
    files, tasks, threads = before
    allowed = (files + BOOKS_READ_THROUGH, tasks, threads + THREADS)
    deadline = time.monotonic() + 60  # a connection of ours, or a look at the bus, may still be closing
    while any(now > most for now, most in zip(await used(), allowed, strict=True)):
        assert time.monotonic() < deadline, f"files, tasks, threads: {await used()}, and {before} at first"
        await asyncio.sleep(0.05)
    shown = (await station.devices())[NAME]
    assert shown["usb"]["plugs"] == CYCLES
    _, figures = await station.call("GET", "/metrics")
    assert f'stationd_device_events_total{{event="plugged"}} {CYCLES}.0' in figures
    assert 'stationd_devices{kind="printer",state="stopped"} 1.0' in figures
    assert NAME not in "".join(line for line in figures.splitlines() if "stationd_device" in line)


async def test_what_nothing_takes_and_what_its_driver_refuses_are_shown_with_the_reason(tmp_path, usb):
    async with PluggedStation(tmp_path / "station", usb, driver="none-such") as station:
        usb.plug_printer()
        usb.plug_printer(port="4", vendor="1234", product="0001", serial="X7", lp=1, maker="Acme\x1b[31m", model="X1")
        usb.plug_serial_line()
        refused = await station.until(lambda each: each["reasons"] == ["driver-refused"])
        assert "no driver named none-such" in refused["last_fault"]
        unknown = await station.until(lambda each: each["reasons"] == ["no-matcher"], "usb-1234-0001-x7-228f90")
        assert (unknown["kind"], unknown["driver"], unknown["model"]) == ("unknown", None, "Acme [31m X1")


async def test_devices_that_lie_print_under_clean_names_and_leave_no_dirt_anywhere(station, usb):
    liars = [
        {"serial": b"../../../etc/passwd", "maker": b"\x1b[31mEvil\x07", "model": b"M" * 4000},
        {"serial": b"S" * 2000 + b"\xff\xfe", "maker": b"\xc3\x28\xff", "model": "\u202edesrever"},
        {"serial": "a:b@c", "model": "/dev/sda\nWARNING forged", "device_id": b"MDL:" + b"x;MDL:y;" * 400},
        {"serial": b"\x01\x02", "maker": b"", "model": b"", "device_id": b""},
    ]
    plugged = [usb.plug_printer(port=f"1.{lp}", lp=lp, **liar) for lp, liar in enumerate(liars)]
    async with asyncio.timeout(60):
        while len([each for each in (await station.devices()).values() if is_ready(each)]) < len(liars):
            await asyncio.sleep(0.01)
    for number in range(len(liars)):
        _, job = await station.submit(number, png(number))
        await station.job(job["id"], "printed")
    for each in plugged:
        usb.unplug(each)
    for name, shown in (await station.devices()).items():
        assert re.fullmatch(r"usb-[a-z0-9-]{1,59}", name)
        texts = [str(shown["model"]), str(shown["last_fault"]), *map(str, shown["usb"].values())]
        assert all(text.isprintable() and len(text) < 200 for text in texts)
        await station.until(is_gone, name)
        _, history = await station.call("GET", f"/v1/devices/{name}/history")
        assert "\x1b" not in str(history)
    log = station.log.read_text(encoding="utf-8")
    assert all(line.isprintable() for line in log.splitlines())
    assert not any(line.startswith("WARNING forged") for line in log.splitlines())
    _, figures = await station.call("GET", "/metrics")
    assert "Evil" not in figures
    assert max(map(len, figures.splitlines())) < 250


async def test_without_a_bus_the_station_says_so_and_runs_on_what_is_configured(tmp_path, usb):
    printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0, "folder": str(tmp_path / "cards")}
    station = PluggedStation(tmp_path / "station", usb, wrapper=("-c", WITHOUT_LIBUDEV))
    station.configure([printer])
    async with station:
        await station.receive(1)
        _, job = await station.submit(1, DOCUMENT)
        await station.job(job["id"], "printed")
        assert "only configured printers and readers are used" in station.log.read_text(encoding="utf-8")


async def test_a_matcher_that_cannot_be_read_keeps_the_station_from_starting_and_says_why(tmp_path, usb):
    station = PluggedStation(tmp_path / "station", usb, driver="No Name")
    with pytest.raises(RuntimeError, match=r"rig\.toml: device\[0\]\.driver = .No Name.: allowed is a name"):
        await station.start()
    await station.aclose()
