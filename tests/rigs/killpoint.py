"""The daemon with a death at a chosen point: ``python killpoint.py POINT COUNT run --config FILE``.

It wraps methods of the adapters from outside and then runs the command line as it is; the daemon itself carries no
hook. When the point is reached for the ``COUNT``-th time the process kills itself with SIGKILL: nothing is flushed,
nothing closed, no handler runs. ``KILLPOINT_ALSO`` may name process groups that die in the same moment, just before it:
the printer on the same mains.
"""

import array
import asyncio
import contextlib
import fcntl
import itertools
import os
import signal
import sys
import termios
import time
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from stationd.adapters.printers.ipp.driver import IppPrinter
from stationd.adapters.printers.simulator.driver import SimulatedPrinter
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.cli import main
from stationd.domain.job import Attempt
from stationd.domain.outcome import Printed
from stationd.ports.printers import Opened

ALSO = "KILLPOINT_ALSO"
MID_DOCUMENT_BYTES = 130_000
"""A document of twice as much is cut in its middle."""
_SMALL = 20_000
_PRINTERS = (IppPrinter, SimulatedPrinter)

Reached = Callable[[], None]


def _after(owner: type, method: str, is_it: Callable[[Any, tuple[Any, ...]], bool], reached: Reached) -> None:
    """Call ``reached`` when a method has returned something that ``is_it`` (given result and arguments)."""
    original: Callable[..., Awaitable[Any]] = getattr(owner, method)

    async def wrapped(self: object, *args: Any, **kwargs: Any) -> Any:
        result = await original(self, *args, **kwargs)
        if is_it(result, args):
            reached()
        return result

    setattr(owner, method, wrapped)


def _printers(method: str, is_it: Callable[[Any, tuple[Any, ...]], bool]) -> Callable[[Reached], None]:
    def arm(reached: Reached) -> None:
        for owner in _PRINTERS:
            _after(owner, method, is_it, reached)

    return arm


def _store(method: str, is_it: Callable[[Any, tuple[Any, ...]], bool]) -> Callable[[Reached], None]:
    return lambda reached: _after(SqliteJobs, method, is_it, reached)


def _written(is_it: Callable[[asyncio.StreamWriter, int, int], bool]) -> Callable[[Reached], None]:
    """A point on the wire: ``is_it`` sees the writer, the bytes that the kernel has of a document's exchange, and all.

    The connections of the daemon's own API do not use asyncio's streams, so only exchanges with printers come here.
    """

    def arm(reached: Reached) -> None:
        written: dict[asyncio.StreamWriter, tuple[int, int]] = {}
        write, drain = asyncio.StreamWriter.write, asyncio.StreamWriter.drain

        def counting_write(self: asyncio.StreamWriter, data: bytes) -> None:
            have, whole = written.get(self, (0, 0))
            if not have:
                head, _, _ = bytes(data).partition(b"\r\n\r\n")
                whole = len(head) + 4 + int(head.lower().partition(b"content-length:")[2].split()[0])
            written[self] = (have + len(data), whole)
            write(self, data)

        async def counting_drain(self: asyncio.StreamWriter) -> None:
            await drain(self)
            have, whole = written.get(self, (0, 0))
            if whole > _SMALL and is_it(self, have, whole):
                reached()

        asyncio.StreamWriter.write = counting_write  # type: ignore[method-assign] # that is what this file is for
        asyncio.StreamWriter.drain = counting_drain  # type: ignore[method-assign]

    return arm


def _is_taken(writer: asyncio.StreamWriter, have: int, whole: int) -> bool:
    """Whether the other side's kernel has acknowledged every byte; waits for it, up to a second."""
    if have < whole:
        return False
    unacknowledged = array.array("i", [1])
    deadline = time.monotonic() + 1
    while unacknowledged[0] and time.monotonic() < deadline:
        fcntl.ioctl(writer.get_extra_info("socket").fileno(), termios.TIOCOUTQ, unacknowledged)
    return not unacknowledged[0]


async def _is_noted(store: SqliteJobs, attempt: Attempt) -> bool:
    row = await store._reader.run(
        lambda connection: connection.execute("SELECT sent_at FROM attempt WHERE id = ?", (attempt.id,)).fetchone()
    )
    return row[0] is not None


def _noted(reached: Reached) -> None:
    """The note is in the books; one that gave way to the settlement, which says the same, comes there with it."""
    original = SqliteJobs.sent

    async def sent(self: SqliteJobs, attempt: Attempt) -> None:
        await original(self, attempt)
        while not await _is_noted(self, attempt):
            await asyncio.sleep(0.005)
        reached()

    SqliteJobs.sent = sent  # type: ignore[method-assign] # that is what this file is for


def _printed(reached: Reached) -> None:
    """The card is out and the note in the books, which are written beside the watch and may be slower than the card."""
    original, notes = SqliteJobs.sent, dict[str, Awaitable[None]]()

    def sent(self: SqliteJobs, attempt: Attempt) -> Awaitable[None]:
        notes[attempt.id] = original(self, attempt)
        return notes[attempt.id]

    SqliteJobs.sent = sent  # type: ignore[method-assign] # that is what this file is for
    for owner in _PRINTERS:
        _after_noted(owner, notes, reached)


def _after_noted(owner: type, notes: dict[str, Awaitable[None]], reached: Reached) -> None:
    original: Callable[..., Awaitable[Any]] = owner.watch

    async def watch(self: object, attempt: Attempt, *args: Any, **kwargs: Any) -> Any:
        result = await original(self, attempt, *args, **kwargs)
        if isinstance(result, Printed):
            if attempt.id in notes:
                await notes[attempt.id]
            reached()
        return result

    owner.watch = watch


POINTS: dict[str, Callable[[Reached], None]] = {
    "accepted": _store("accept", lambda _result, _args: True),
    "claimed": _store("turn", lambda result, _args: bool(result.claimed)),
    "created": _printers("open", lambda result, _args: isinstance(result, Opened)),
    "opened": _store("opened", lambda _result, _args: True),
    "mid-document": _written(lambda _writer, have, whole: MID_DOCUMENT_BYTES < have < whole),
    "sent": _written(lambda _writer, have, whole: have == whole),
    "taken": _written(_is_taken),
    "answered": _printers("send", lambda result, _args: result is None),
    "noted": _noted,
    "printed": _printed,
    "settled": _store("turn", lambda _result, args: args[0].settling is not None),
}
"""Where it can die, in the order of a card's path.

``accepted``: the job is committed, the 201 has not left. ``claimed``: the attempt is committed. ``created``: the device
has answered Create-Job, its id is not committed. ``opened``: the id is committed. ``mid-document``: half the body is
with the kernel. ``sent``: all of it is with our kernel. ``taken``: all of it is with the device's kernel, the answer is
not read. ``answered``: the device said that it has it. ``noted``: that it left whole is committed. ``printed``: the
card is out, that it left whole is committed, the outcome is not. ``settled``: committed.
"""


def _die(also: list[int]) -> NoReturn:
    for group in also:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL cannot be survived")


def run(point: str, count: int, arguments: list[str]) -> int:
    """Arm the point and run the command line."""
    also = [int(group) for group in os.environ.pop(ALSO, "").split()]
    times = itertools.count(1)

    def reached() -> None:
        if next(times) == count:
            _die(also)

    POINTS[point](reached)
    return main(arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
