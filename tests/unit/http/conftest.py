"""Doors for the tests of the HTTP API."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from http_door import NIK, PIXEL, Door, OpenDoor, doors


@pytest.fixture
async def open_door() -> AsyncIterator[OpenDoor]:
    """Opens doors with a policy of one's own."""
    async with doors() as open_:
        yield open_


@pytest.fixture
async def door(open_door: OpenDoor) -> Door:
    """A door with the usual limits."""
    return await open_door()


@pytest.fixture
def order() -> dict[str, Any]:
    """A good order; change what you like."""
    return {
        "order": "PRR-16711-000123",
        "kind": "first",
        "holder": {"nik": NIK, "name": "CONTOH SPESIMEN", "address": "Jl. Contoh: RT 01", "phone": "+62 000 0000"},
        "document": {"media_type": "image/png", "data": PIXEL},
    }
