"""What happens to a task that ends with an error."""

import asyncio
import logging

import pytest

from stationd.domain.errors import Faulted
from stationd.services.supervise import Supervisor


@pytest.mark.parametrize(
    ("error", "is_defect"),
    [(Faulted("storage-full", "cannot write: the disk is full"), False), (ValueError("no such thing"), True)],
)
async def test_trouble_of_the_disk_is_told_in_one_line_and_a_defect_with_its_place(
    caplog, error: Exception, is_defect: bool
):
    runs = 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise error

    supervisor = Supervisor()
    with caplog.at_level(logging.WARNING):
        supervisor.start("days", run)
        async with asyncio.timeout(60):
            while supervisor.is_running("days"):
                await asyncio.sleep(0.01)
    assert runs == 2
    assert supervisor.restarts == int(is_defect)
    (record,) = caplog.records
    assert "days" in record.getMessage()
    assert (record.exc_info is not None) is is_defect
    assert is_defect or "the disk is full" in record.getMessage()
