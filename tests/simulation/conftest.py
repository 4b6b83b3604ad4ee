"""Nothing here runs on a real loop: the store works inline, in virtual time, so what blocks may block."""

import pytest


@pytest.fixture(autouse=True)
def _virtual_time_blocks_nobody(nothing_blocks_the_loop):
    nothing_blocks_the_loop.deactivate()
    yield
    nothing_blocks_the_loop.activate()
