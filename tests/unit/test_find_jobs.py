"""Finding a job by the paper in somebody's hand."""

import pytest

from stationd.domain.errors import Refused
from stationd.services.jobs import Jobs
from stationd.services.line import Line


class Store:
    def __init__(self):
        self.asked = []

    async def find(self, *, receipt=None, order=None):
        self.asked.append((receipt, order))


@pytest.mark.parametrize("typed", ["2XK7-9QF4-M3TK", "2xk7 9qf4 m3tk", "2XK79QF4M3TK"])
async def test_a_receipt_is_found_however_it_is_typed(typed):
    store = Store()
    assert await Jobs(store, Line()).find(receipt=typed, order=None) == []
    assert store.asked == [("2XK7-9QF4-M3TK", None)]


async def test_a_mistyped_receipt_is_told_and_not_looked_for():
    store = Store()
    with pytest.raises(Refused) as refusal:
        await Jobs(store, Line()).find(receipt="2XK7-9QF4-M3TP", order=None)
    assert (refusal.value.code, store.asked) == ("receipt-malformed", [])


async def test_an_order_is_looked_for_as_it_is_written():
    store = Store()
    await Jobs(store, Line()).find(receipt=None, order="PRR-16711-000123")
    assert store.asked == [(None, "PRR-16711-000123")]
