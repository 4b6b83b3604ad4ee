"""The watchdog is fed by progress and by nothing else."""

import asyncio

import pytest

from stationd.domain.errors import Faulted
from stationd.services.watchdog import SILENT_AFTER_S, Watchdog


class Hands:
    """A clock that stands where it is put, a writer that obeys, and printers that asked at given moments."""

    def __init__(self):
        self.now = 1000.0
        self.asked = {"kartu-1": 1000.0, "kartu-2": 1000.0}
        self.told = 0
        self.write = self.writes

    def monotonic(self):
        return self.now

    def now_ms(self):
        raise AssertionError("durations are monotonic")

    def tell(self):
        self.told += 1

    async def writes(self):
        return None

    async def hangs(self):
        await asyncio.sleep(60)

    async def finds_the_disk_full(self):
        raise Faulted("storage-full", "cannot write: the disk is full")

    def watchdog(self, every_s=0.05):
        async def write():
            await self.write()

        return Watchdog(self.tell, write, lambda: self.asked, self, every_s=every_s)


@pytest.fixture
def hands():
    return Hands()


async def test_the_word_is_given_while_everything_moves(hands):
    await hands.watchdog().beat()
    assert hands.told == 1


async def test_a_writer_that_hangs_ends_the_word_and_is_named(hands, caplog):
    watchdog = hands.watchdog()
    hands.write = hands.hangs
    await watchdog.beat()
    await watchdog.beat()
    assert hands.told == 0
    assert watchdog.silent == ("the writer",)
    assert [record.levelname for record in caplog.records] == ["ERROR"], "told once, not at every look"


async def test_a_full_disk_is_trouble_that_is_told_elsewhere_not_silence(hands):
    hands.write = hands.finds_the_disk_full
    await hands.watchdog().beat()
    assert hands.told == 1


async def test_a_printer_task_that_stopped_asking_ends_the_word(hands):
    watchdog = hands.watchdog()
    hands.now += SILENT_AFTER_S + 1
    hands.asked["kartu-1"] = hands.now
    await watchdog.beat()
    assert hands.told == 0
    assert watchdog.silent == ("printer kartu-2",)
    hands.asked["kartu-2"] = hands.now
    await watchdog.beat()
    assert hands.told == 1
    assert watchdog.silent == ()


async def test_it_goes_on_for_ever(hands):
    running = asyncio.create_task(hands.watchdog(every_s=0.001).run())
    async with asyncio.timeout(60):
        while hands.told < 5:
            await asyncio.sleep(0.001)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
