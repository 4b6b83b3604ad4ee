"""The power fails at any write: nothing acknowledged is lost, no book is torn, and no card comes out twice."""

import asyncio
import random
from collections.abc import Sequence

import pytest

from tests.campaign.powercuts import JOBS, SIZE, cut, record
from tests.rigs.documents import png
from tests.rigs.powercut import Act, Change, Recorder
from tests.rigs.reckoning import digests_in, reckon
from tests.rigs.station import StationProcess

CUTS = 20
SEED = 20_161_101


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> tuple[Recorder, Sequence[Change]]:
    return asyncio.run(record(tmp_path_factory.mktemp("cuts") / "station"))


async def test_twenty_power_cuts_lose_nothing_acknowledged_and_tear_no_book(recorded, tmp_path):
    recorder, changes = recorded
    tally = await cut(tmp_path, recorder, changes, CUTS, SEED)
    assert tally.wrong == {}
    assert tally.cuts == CUTS
    assert tally.acknowledged == JOBS + 1
    assert tally.lost_writes > CUTS
    assert tally.torn_writes > CUTS


async def test_the_same_cuts_do_harm_where_nobody_waits_for_the_disk(recorded, tmp_path):
    recorder, changes = recorded
    unwaited = [change for change in changes if change.act is not Act.SYNC]
    tally = await cut(tmp_path, recorder, unwaited, 5, SEED)
    assert tally.wrong, "the rig would not notice a lost transaction"


async def test_after_a_power_cut_the_station_starts_and_prints_the_rest_once(recorded, tmp_path):
    recorder, changes = recorded
    disk = recorder.cut(changes, len(changes) // 2, random.Random(SEED))
    state = tmp_path / "station" / "state"
    recorder.restore(disk, state)
    tray = state / "tray"
    table = {"name": "kartu-1", "driver": "simulator", "folder": str(tray), "seconds": 0.02}
    station = StationProcess(tmp_path / "station", [table], extra="[readiness]\nstop_printing = []\n")
    station.token = "unused"
    try:
        await station.start()
        await station.settled()
        station.check_books()
        accepted = {int(order[-6:]) for (order,) in station.rows("SELECT order_ref FROM job")}
        assert len(accepted) >= len(disk.acknowledged) - 1 > 0
        documents = {number: png(number, size=SIZE) for number in accepted}
        reckon(station, documents, digests_in(tray)).check()
    finally:
        await station.aclose()
