"""A station that has received blanks and has a token, made once; every test gets a copy of its state."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.rigs.station import StationProcess

BLANKS = 200

Stocked = Callable[..., AbstractAsyncContextManager[StationProcess]]


@pytest.fixture(scope="session")
def template(tmp_path_factory) -> tuple[Path, str]:
    """The state directory of a stocked station, and its token."""

    async def make(folder: Path) -> str:
        async with StationProcess(folder) as station:
            await station.receive(BLANKS)
            station.terminate()
            return station.token

    folder = tmp_path_factory.mktemp("template")
    return folder / "state", asyncio.run(make(folder))


@pytest.fixture
def stocked(template, tmp_path) -> Stocked:
    """Gives a station with blanks and the given printers, not running yet, for ``async with``."""

    @asynccontextmanager
    async def make(
        *tables: Mapping[str, object], extra: str = "", state: Path | None = None
    ) -> AsyncIterator[StationProcess]:
        station = StationProcess(tmp_path / "station", tables, extra=extra)
        source, station.token = template
        shutil.copytree(source, state or station.folder / "state", dirs_exist_ok=True)
        try:
            yield station
        finally:
            await station.aclose()

    return make
