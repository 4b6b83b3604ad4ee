"""The watcher's own promises, with a bus that the test holds: off the loop, cancellable, never giving up."""

import asyncio
import sys
import threading

import pytest
import pyudev

from stationd.adapters import udev
from stationd.adapters.udev import Timing, UdevWatcher
from stationd.domain.errors import Faulted
from stationd.domain.inventory import Sighting, Subsystem

QUICK = Timing(vanish_s=0.05, quiet_s=0.01, latest_s=0.03, rescan_s=60)


def seen(serial: str) -> Sighting:
    return Sighting(
        subsystem=Subsystem.USB,
        sys_path=f"/sys/devices/{serial}",
        vendor="0f49",
        product="0c12",
        port=f"c-usb2-{serial}",
        function="00",
        serial=serial,
        serial_key=serial,
    )


class Bus:
    """What a look finds; a look can be made to fail or to hang."""

    def __init__(self) -> None:
        self.holds: tuple[Sighting, ...] = ()
        self.trouble: OSError | None = None
        self.threads: set[str] = set()
        self.is_looked_at = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.most_at_once = 0
        self._at_once = 0

    def __call__(self) -> tuple[Sighting, ...]:
        self.threads.add(threading.current_thread().name)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        self.is_looked_at.set()
        assert self.may_answer.wait(5)
        self._at_once -= 1
        if self.trouble is not None:
            raise self.trouble
        return self.holds


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def watcher(bus: Bus):
    running = UdevWatcher(timing=QUICK, scan=bus)
    yield running
    bus.may_answer.set()
    await running.aclose()


async def test_the_bus_is_looked_at_off_the_loop(watcher: UdevWatcher, bus: Bus) -> None:
    bus.holds = (seen("A1"),)
    inventory = await watcher.start()
    assert list(inventory.devices) == ["usb:0f49:0c12:A1:00"]
    assert all(name.startswith("udev-look") for name in bus.threads)


async def test_a_bus_that_cannot_be_read_at_the_start_is_a_fault_and_may_be_tried_again(
    watcher: UdevWatcher, bus: Bus
) -> None:
    bus.trouble = PermissionError(13, "Permission denied")
    with pytest.raises(Faulted) as fault:
        await watcher.start()
    assert fault.value.code == "devices-unreadable"
    bus.trouble = None
    assert await watcher.start() is watcher.inventory


async def test_a_look_that_fails_changes_nothing_and_is_repeated(
    watcher: UdevWatcher, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udev, "_DEAF_RESCAN_S", 0.05)
    bus.holds = (seen("A1"),)
    await watcher.start()
    bus.trouble = OSError(5, "Input/output error")
    waiting = asyncio.create_task(watcher.next_changes())
    watcher.look_again()
    while watcher.counters.failed_looks < 2:
        await asyncio.sleep(0.01)
    assert list(watcher.inventory.devices) == ["usb:0f49:0c12:A1:00"]
    bus.holds, bus.trouble = (seen("A1"), seen("B2")), None
    changes = await asyncio.wait_for(waiting, 60)
    assert [record.identity for record in changes.added] == ["usb:0f49:0c12:B2:00"]


async def test_cancelling_in_the_middle_of_a_look_loses_nothing(watcher: UdevWatcher, bus: Bus) -> None:
    await watcher.start()
    bus.is_looked_at.clear()
    bus.may_answer.clear()
    bus.holds = (seen("A1"),)
    watcher.look_again()
    waiting = asyncio.create_task(watcher.next_changes())
    assert await asyncio.to_thread(bus.is_looked_at.wait, 60)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    bus.may_answer.set()
    changes = await asyncio.wait_for(watcher.next_changes(), 60)
    assert [record.identity for record in changes.added] == ["usb:0f49:0c12:A1:00"]


async def test_a_look_that_hangs_does_not_hold_up_the_end_of_the_program() -> None:
    program = """
import asyncio, time
from stationd.adapters.udev import UdevWatcher

async def main():
    watcher = UdevWatcher(scan=lambda: time.sleep(600))
    try:
        await asyncio.wait_for(watcher.start(), 0.3)
    except TimeoutError:
        print("given up", flush=True)
    await watcher.aclose()

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (out, process.returncode) == (b"given up\n", 0)


async def test_looks_do_not_overlap(watcher: UdevWatcher, bus: Bus) -> None:
    await watcher.start()
    bus.may_answer.clear()
    for _ in range(5):
        watcher.look_again()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watcher.next_changes(), 0.05)
    assert bus.most_at_once == 1
    assert sum(thread.name == "udev-look" for thread in threading.enumerate()) == 1


async def test_a_missing_device_is_told_gone_without_any_further_event(watcher: UdevWatcher, bus: Bus) -> None:
    bus.holds = (seen("A1"),)
    await watcher.start()
    bus.holds = ()
    watcher.look_again()
    changes = await asyncio.wait_for(watcher.next_changes(), 60)
    assert [record.identity for record in changes.removed] == ["usb:0f49:0c12:A1:00"]


async def test_hints_without_end_do_not_put_the_look_off_without_end(bus: Bus) -> None:
    watcher = UdevWatcher(timing=Timing(quiet_s=0.2, latest_s=0.4), scan=bus)
    await watcher.start()

    async def hint() -> None:
        while True:
            watcher.look_again()
            await asyncio.sleep(0.02)

    hinting = asyncio.create_task(hint())
    bus.holds = (seen("A1"),)
    await asyncio.wait_for(watcher.next_changes(), 60)
    hinting.cancel()
    await asyncio.gather(hinting, return_exceptions=True)
    await watcher.aclose()


async def test_without_udev_s_socket_the_bus_is_looked_at_more_often_until_it_opens(
    watcher: UdevWatcher, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udev, "_DEAF_RESCAN_S", 0.05)
    watcher._pause_s = 30.0
    with monkeypatch.context() as broken:

        def refuse(*_: object, **__: object) -> None:
            raise OSError("Could not create udev monitor")

        broken.setattr(pyudev.Monitor, "from_netlink", refuse)
        await watcher.start()
        assert not watcher.is_listening
    bus.holds = (seen("A1"),)
    changes = await asyncio.wait_for(watcher.next_changes(), 60)
    assert changes.added
    assert not watcher.is_listening
    watcher._reopen_at = 0
    waiting = asyncio.create_task(watcher.next_changes())
    while not watcher.is_listening:
        await asyncio.sleep(0.02)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_without_libudev_the_station_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ImportError("No library named udev")

    monkeypatch.setattr(pyudev, "Context", missing)
    watcher = UdevWatcher(timing=QUICK)
    with pytest.raises(Faulted, match="cannot read the USB bus"):
        await watcher.start()
    await watcher.aclose()


async def test_nothing_happens_after_closing(watcher: UdevWatcher, bus: Bus) -> None:
    await watcher.start()
    looks = watcher.counters.looks
    await watcher.aclose()
    watcher.look_again()
    await asyncio.sleep(0.1)
    assert (watcher.counters.looks, watcher.is_listening) == (looks, False)
