"""The watcher in a process of its own, on a virtual bus: plugging, pulling, bursts, twins, lies."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.rigs.device_reporter import DeviceReporter
from tests.rigs.vusb import CONTROLLER, VirtualUsb

EVOLIS = "usb:0f49:0c12:10000123456:00"


@pytest.fixture
def usb():
    assert shutil.which("umockdev-run"), "install Debian's package umockdev"
    with VirtualUsb() as bus:
        yield bus


@pytest.fixture(params=["asyncio", "uvloop"])
async def reporter(usb, request):
    arguments = ["--uvloop"] if request.param == "uvloop" else []
    async with DeviceReporter(usb.environment(), *arguments) as running:
        yield running


async def test_what_is_plugged_in_before_the_start_is_there_at_the_start(usb: VirtualUsb) -> None:
    usb.plug_printer()
    usb.plug_serial_line()
    usb.plug_card_reader()
    async with DeviceReporter(usb.environment()) as running:
        seen = {record["identity"]: record["seen"] for record in running.snapshot}
    assert {identity: s["node"] for identity, s in seen.items()} == {
        EVOLIS: "/dev/usb/lp0",
        "usb:0403:6001:FT0SCAN1:00": "/dev/ttyUSB0",
        "usb:076b:5422:@0000.00.14.0-usb2-3:00": None,
    }
    printer = seen[EVOLIS]
    assert printer["ieee1284"] == {"MFG": "Evolis", "CMD": "ESC", "MDL": "Primacy 2", "CLS": "PRINTER"}
    assert (printer["interface_class"], printer["manufacturer"], printer["model"]) == (7, "Evolis", "Primacy 2")


def has_nodes(nodes):
    """Whether these devices are present and no others, each under its node; a node may be told after its device."""
    return lambda present: {identity: each["seen"]["node"] for identity, each in present.items()} == nodes


async def test_a_printer_is_told_when_plugged_in_and_when_pulled(usb: VirtualUsb, reporter: DeviceReporter) -> None:
    plugged = usb.plug_printer()
    present = await reporter.follow({}, has_nodes({EVOLIS: "/dev/usb/lp0"}))
    usb.unplug(plugged)
    assert await reporter.follow(present, lambda p: not p) == {}


async def test_a_replug_under_another_node_number_is_the_same_device(usb: VirtualUsb, reporter: DeviceReporter) -> None:
    usb.unplug(usb.plug_printer(lp=0))
    usb.plug_printer(lp=7)
    present = await reporter.follow({}, lambda p: EVOLIS in p and p[EVOLIS]["seen"]["node"] == "/dev/usb/lp7")
    assert list(present) == [EVOLIS]


async def test_vanishing_for_less_than_the_debounce_is_not_a_removal(usb: VirtualUsb) -> None:
    async with DeviceReporter(usb.environment(), "--vanish", "2.0") as reporter:
        plugged = usb.plug_printer()
        await reporter.next()
        usb.unplug(plugged)
        assert await reporter.stays_silent(0.2)
        usb.plug_printer()
        told = await reporter.next()
        assert (told["added"], told["removed"]) == ([], [])
        assert told["changed"][0]["after"]["seen"]["address"] != told["changed"][0]["before"]["seen"]["address"]
        assert await reporter.stays_silent(2.2)


async def test_200_cycles_of_one_node_lose_nothing_and_leak_nothing(usb: VirtualUsb) -> None:
    async with DeviceReporter(usb.environment(), "--vanish", "0") as reporter:
        present: dict = {}
        usb.unplug(usb.plug_printer())
        await asyncio.sleep(0.3)
        before = await reporter.ask()
        for _ in range(200):
            usb.unplug(usb.plug_printer())
        usb.plug_printer(lp=3)
        await reporter.follow(present, lambda p: EVOLIS in p and p[EVOLIS]["seen"]["node"] == "/dev/usb/lp3")
        for _ in range(50):  # on a busy machine a look at the bus may still be under way
            after = await reporter.ask()
            if after["counters"]["events"] >= 200 * 8 and held(after) == held(before):
                break
            await asyncio.sleep(0.1)
    assert list(present) == [EVOLIS]
    assert after["counters"]["events"] >= 200 * 8
    assert held(after) == held(before)


def held(told: dict) -> tuple[int, int, int]:
    """What the watching process holds."""
    return told["files"], told["tasks"], told["threads"]


async def test_every_cycle_is_told_when_there_is_time_to_see_it(usb: VirtualUsb) -> None:
    async with DeviceReporter(usb.environment(), "--vanish", "0") as reporter:
        for cycle in range(20):
            plugged = usb.plug_printer(lp=cycle % 4)
            assert [r["identity"] for r in (await reporter.next())["added"]] == [EVOLIS]
            usb.unplug(plugged)
            assert [r["identity"] for r in (await reporter.next())["removed"]] == [EVOLIS]


async def test_50_devices_in_a_burst_are_all_seen(usb: VirtualUsb, reporter: DeviceReporter) -> None:
    all_of_them = [usb.plug_printer(port=f"1.{n}", serial=f"SN{n:04}", lp=n) for n in range(1, 51)]
    present = await reporter.follow({}, lambda p: len(p) == 50)
    assert set(present) == {f"usb:0f49:0c12:SN{n:04}:00" for n in range(1, 51)}
    for plugged in all_of_them:
        usb.unplug(plugged)
    assert await reporter.follow(present, lambda p: not p) == {}


async def test_twins_without_serials_are_told_apart_by_port(usb: VirtualUsb, reporter: DeviceReporter) -> None:
    first = usb.plug_printer(port="1", serial=None, lp=0)
    second = usb.plug_printer(port="2", serial="0", lp=1)
    one, other = (f"usb:0f49:0c12:@0000.00.14.0-usb2-{port}:00" for port in "12")
    present = await reporter.follow({}, has_nodes({one: "/dev/usb/lp0", other: "/dev/usb/lp1"}))
    present = await reporter.follow(present, lambda p: all(each["is_twin"] for each in p.values()))
    assert present[other]["label"] == "Evolis Primacy 2 (port 0000.00.14.0-usb2-2)"
    usb.unplug(first)
    usb.unplug(second)
    await reporter.follow(present, lambda p: not p)
    # Plugged in the other order the nodes change over, and the identities do not.
    usb.plug_printer(port="2", serial="0", lp=0)
    usb.plug_printer(port="1", serial=None, lp=1)
    await reporter.follow(present, has_nodes({one: "/dev/usb/lp1", other: "/dev/usb/lp0"}))


async def test_ports_of_the_same_number_on_usb_2_and_usb_3_are_two_places(usb: VirtualUsb) -> None:
    usb.plug_printer(port="1", serial=None, bus=1, lp=0)
    usb.plug_printer(port="1", serial=None, bus=2, lp=1)
    async with DeviceReporter(usb.environment()) as running:
        assert {record["seen"]["port"] for record in running.snapshot} == {
            "0000.00.14.0-usb2-1",
            "0000.00.14.0-usb3-1",
        }


async def test_devices_that_lie_are_shown_sanitised_and_bounded(usb: VirtualUsb, reporter: DeviceReporter) -> None:
    usb.plug_printer(port="1", lp=0, serial=b"../../../etc/passwd", maker=b"\x1b[31mEvil\x07", model=b"M" * 4000)
    usb.plug_printer(port="2", lp=1, serial=b"S" * 2000 + b"\xff\xfe", maker=b"\xc3\x28\xff", model="\u202edesrever")
    usb.plug_printer(port="3", lp=2, serial="a:b@c", model="/dev/sda", device_id=b"MDL:" + b"x;MDL:y;" * 400)
    usb.plug_printer(
        port="4", lp=3, vendor="0a5f", product="00ff", serial=b"\x01\x02", maker=b"", model=b"", device_id=b""
    )
    present = await reporter.follow({}, lambda p: len(p) == 4)
    for record in present.values():
        seen = record["seen"]
        texts = [record["label"], seen["serial"], seen["manufacturer"], seen["model"], *seen["ieee1284"].values()]
        assert all(text.isprintable() and len(text) <= 180 for text in texts)
        assert "/" not in record["identity"]
        assert ".." not in record["identity"]
        assert len(record["identity"]) < 80
    assert {r["label"] for r in present.values()} >= {"USB 0a5f:00ff"}


async def test_events_lost_while_udevd_was_away_are_made_good_by_the_next_look(usb: VirtualUsb) -> None:
    async with DeviceReporter(usb.environment(), "--rescan", "0.5", "--vanish", "0") as reporter:
        plugged = usb.plug_printer(emit=False)
        assert [r["identity"] for r in (await reporter.next())["added"]] == [EVOLIS]
        usb.unplug(plugged, emit=False)
        assert [r["identity"] for r in (await reporter.next())["removed"]] == [EVOLIS]
        assert (await reporter.ask())["counters"]["events"] == 0


async def test_what_the_station_does_not_use_is_not_seen(usb: VirtualUsb, reporter: DeviceReporter) -> None:
    usb._tree.add(f"{CONTROLLER}/usb1/1-9", "usb", {"DEVTYPE": "usb_device"}, {"idVendor": "046d", "idProduct": "c31c"})
    mouse = usb._tree.add(
        f"{CONTROLLER}/usb1/1-9/1-9:1.0",
        "usb",
        {"DEVTYPE": "usb_interface"},
        {"bInterfaceClass": "03", "bInterfaceNumber": "00"},
    )
    usb.emit(mouse, "add")
    assert await reporter.stays_silent(0.4)
    assert (await reporter.ask())["counters"]["looks"] == 2


async def test_an_idle_bus_costs_nothing(usb: VirtualUsb) -> None:
    for n in range(1, 21):
        usb.plug_printer(port=f"1.{n}", serial=f"SN{n}", lp=n)
    async with DeviceReporter(usb.environment()) as running:
        before = await running.ask()
        await asyncio.sleep(1.5)
        after = await running.ask()
    assert after["counters"]["looks"] == before["counters"]["looks"]
    assert after["cpu_s"] - before["cpu_s"] < 0.1


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_rig_leaves_nothing_behind() -> None:
    with VirtualUsb() as usb:
        usb.plug_printer()
        root: Path = usb.root
        files = open_files()
        usb.unplug(usb.plug_serial_line())
        assert open_files() == files
    assert not root.exists()


async def test_the_command_lists_the_bus_without_a_station(usb: VirtualUsb, tmp_path: Path) -> None:
    usb.plug_printer()
    usb.plug_card_reader()
    usb.plug_printer(port="4", vendor="1234", product="0001", serial=None, lp=1, maker="Acme", model="X1")
    command = ("-m", "stationd", "devices", "--json", "--config", str(tmp_path / "stationd.toml"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=usb.environment(), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    told = {device["identity"]: device for device in json.loads(out)}
    assert {i: d["match"] and d["match"]["name"] for i, d in told.items()} == {
        EVOLIS: "evolis",
        "usb:076b:5422:@0000.00.14.0-usb2-3:00": "omnikey",
        "usb:1234:0001:@0000.00.14.0-usb2-4:00": None,
    }
    assert 'products = ["0001"]' in told["usb:1234:0001:@0000.00.14.0-usb2-4:00"]["draft"]
