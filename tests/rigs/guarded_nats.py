"""A nats-server that lets in whom the city's rights let in, and the city with its stations at it."""

import asyncio
import contextlib
from pathlib import Path

from stationd.adapters.nats.engine import NatsCity, Route
from stationd.city.identity import Identity
from stationd.city.rights import Rights
from stationd.city.run import City, end
from stationd.city.settings import CitySettings
from stationd.city.settings import Servers as Where
from tests.rigs.nats import UP_WITHIN_S, Servers
from tests.rigs.paper_city import CITY_KEY, PaperStation

CITY = "1671"


class GuardedServers(Servers):
    """One node in operator mode."""

    def __init__(self, folder: Path) -> None:
        rights = Rights(Identity(CITY_KEY), CITY)
        more = rights.server_config({}, at=1_764_000_000)
        super().__init__(folder, more=f'{more}resolver: {{type: full, dir: "{folder}/jwt"}}\n')

    async def _until_up(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.nodes[0].port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.05)


def settings_for(servers: Servers, folder: Path, *, database: str | None = None, leave_ahead: int = 100):
    """The city's settings at these servers."""
    token = folder / "door.token"
    token.write_text("invented-token-of-the-door-0123456789\n")
    token.chmod(0o600)
    return CitySettings(
        city=CITY,
        key_file=folder / "city.key",
        leave_ahead=leave_ahead,
        life_s=86_400,
        database=database or f"sqlite:{folder / 'city.db'}",
        backup_dir=folder,
        servers=Where(urls=tuple(servers.urls), ca=None, replicas=1, events_mib=64, orders_mib=64),
        port=0,
        token_file=token,
    )


@contextlib.asynccontextmanager
async def city_at(settings: CitySettings):
    """The city at work."""
    city = City(settings, Identity(CITY_KEY))
    await city.desk.books.open()
    work = asyncio.create_task(city.run())
    try:
        yield city
    finally:
        await end(work)
        await city.desk.books.aclose()


class WiredStation:
    """A paper station behind the genuine adapter of stations, with the credentials that the city has given it."""

    def __init__(self, station: PaperStation, servers: Servers, credentials: Path) -> None:
        self.paper = station
        self._engine = NatsCity(
            Route(servers=tuple(servers.urls), ca=None, credentials=credentials), station=station.id
        )

    @contextlib.asynccontextmanager
    async def connected(self):
        """Its session."""
        session = await self._engine.connect()
        try:
            yield session
        finally:
            await session.aclose()


async def until(condition, *, within_s: float = UP_WITHIN_S):
    """What a condition answers once it is true."""
    async with asyncio.timeout(within_s):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
        return found
