"""The power fails below the file system: what the kernel's ext4 had flushed is there, of the rest any part may be."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.campaign.blockcuts import cut, record
from tests.campaign.powercuts import JOBS
from tests.rigs.powercut import Act, Change, Recorder

CUTS = 20
SEED = 20_161_101


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> tuple[Recorder, Sequence[Change]]:
    return asyncio.run(record(tmp_path_factory.mktemp("blocks") / "station"))


async def test_twenty_cuts_of_a_disk_lose_nothing_acknowledged_and_the_station_goes_on(recorded, tmp_path):
    recorder, changes = recorded
    tally = await cut(tmp_path, recorder, changes, CUTS, SEED)
    assert tally.wrong == {}
    assert tally.cuts == CUTS
    assert tally.acknowledged == JOBS + 1
    assert tally.lost_writes + tally.torn_writes


async def test_the_same_cuts_do_harm_on_a_disk_that_does_not_flush(recorded, tmp_path):
    recorder, changes = recorded
    unflushed = [change for change in changes if change.act is not Act.SYNC]
    tally = await cut(tmp_path, recorder, unflushed, 2, SEED)
    assert tally.wrong, "the rig would not notice a lost block"
