"""The real store over a connection that lives in this thread and in virtual time, and outlives the daemon.

What a unit of work commits is on the disk: a kill may come before the commit or before its answer, never within it,
as SQLite promises. The disk may be slow or full for a while.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TypeVar

from stationd.adapters.sqlite.connection import translate
from stationd.adapters.sqlite.migrate import migrate
from stationd.domain.errors import Faulted
from tests.simulation.loop import VirtualLoop

T = TypeVar("T")

_COMMIT_S = 0.004


class Disk:
    """The database file, and how its disk is doing."""

    def __init__(self, loop: VirtualLoop, rng: Random) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=512)
        for pragma in ("foreign_keys=ON", "trusted_schema=OFF"):
            self.connection.execute(f"PRAGMA {pragma}")
        migrate(self.connection, Path("station.db"))
        self._loop = loop
        self._rng = rng
        self.is_full = False
        self.slow_s = 0.0
        """Seconds added to each commit."""
        self.on_commit: Callable[[], None] = lambda: None
        """Called when something may have been committed, before its answer goes out."""

    def delay_s(self) -> float:
        """How long the disk takes now."""
        return self._rng.random() * (_COMMIT_S + self.slow_s)

    def do(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """Carry out a unit of work at once."""
        if self.is_full:
            raise Faulted("storage-full", "cannot write: the disk is full")
        try:
            return unit(self.connection)
        except sqlite3.Error as error:
            raise translate(error) from error
        finally:
            self.on_commit()

    def sleep(self) -> "asyncio.Future[None]":
        """A future of this loop that is done after the disk's delay."""
        done = self._loop.create_future()
        self._loop.call_later(self.delay_s(), _finish, done)
        return done


class InlineConnection:
    """Stands for :class:`stationd.adapters.sqlite.connection.UnitConnection`."""

    def __init__(self, disk: Disk, *, is_reader: bool = False) -> None:
        self._disk = disk
        self._is_reader = is_reader

    def begin(self, unit: Callable[[sqlite3.Connection], T]) -> "asyncio.Task[T]":
        """As :meth:`run`."""
        return asyncio.get_running_loop().create_task(self.run(unit))

    async def run(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """What the unit returns; the daemon may die before the commit and before the answer."""
        await self._disk.sleep()
        if self._is_reader:
            return unit(self._disk.connection)
        try:
            return self._disk.do(unit)
        finally:
            await self._disk.sleep()


class PlainSeal:
    """Seals nothing, but holds every value to its place; fulfils :class:`stationd.ports.seal.Seal`."""

    def seal(self, plain: bytes, *, place: str) -> bytes:
        return place.encode() + b"\0" + plain

    def open(self, sealed: bytes, *, place: str) -> bytes:
        where, _, plain = sealed.partition(b"\0")
        if where != place.encode():
            raise Faulted("seal-broken", f"cannot open sealed data at {place}")
        return plain

    def fingerprint(self, value: str) -> bytes:
        return value.encode().rjust(16)[:16]


class SeededEntropy:
    """Fulfils :class:`stationd.ports.clock.Entropy`."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def bits(self, count: int) -> int:
        return self._rng.getrandbits(count)


class VirtualClock:
    """Fulfils ``Clock``: wall time that may jump, monotonic time that starts anew with the box."""

    EPOCH_MS = 1_767_225_600_000

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._booted = -1000.0
        self.skew_ms = 0

    def now_ms(self) -> int:
        return self.EPOCH_MS + self.skew_ms + int(self._loop.time() * 1000)

    def monotonic(self) -> float:
        return self._loop.time() - self._booted

    def reboot(self) -> None:
        """The box lost its power and starts."""
        self._booted = self._loop.time()

    def time(self) -> float:
        """As :func:`time.time`."""
        return self.now_ms() / 1000


def _finish(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)
