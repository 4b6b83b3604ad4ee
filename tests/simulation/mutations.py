"""The station with one of its precautions taken out: what the simulation must notice.

Each is a context manager under which every world is built from broken parts.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from stationd.adapters.printers.ipp.driver import IppPrinter
from stationd.adapters.sqlite import restored
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.rows import attempt_of
from stationd.adapters.sqlite.turning import Turning
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.errors import Faulted
from stationd.domain.outcome import Printed
from stationd.domain.rationing import NO_RESERVE, Stock
from stationd.services.post import Post
from tests.simulation.world import World, run_seed


@contextmanager
def intent_written_late() -> Iterator[None]:
    """The claim comes into the books only with its outcome: a run that is killed leaves no trace of an open attempt."""
    retire = World._retire

    def without_open_attempts(world: World, station: Any) -> None:
        retire(world, station)
        book = world.disk.connection
        book.execute("BEGIN")
        for (seq,) in book.execute(
            "SELECT j.seq FROM attempt AS a JOIN job AS j ON j.seq = a.job"
            " WHERE a.outcome IS NULL AND j.state = 'printing'"
        ).fetchall():
            book.execute("DELETE FROM attempt WHERE job = ? AND outcome IS NULL", (seq,))
            book.execute("UPDATE job SET state = 'queued', attempts = attempts - 1 WHERE seq = ?", (seq,))
            book.execute("UPDATE blank_account SET balance = balance - 1 WHERE name = 'printer'")
            book.execute("UPDATE blank_account SET balance = balance + 1 WHERE name = 'safe'")
        book.execute("COMMIT")

    with patch.object(World, "_retire", without_open_attempts):
        yield


@contextmanager
def device_id_not_written() -> Iterator[None]:
    """What the device calls the job is not in the books when the document leaves."""

    async def only_in_memory(_store: SqliteJobs, attempt: Any, found: Any) -> Any:
        return replace(attempt, remote_id=found.remote_id, incarnation=found.incarnation, counter=found.counter)

    with patch.object(SqliteJobs, "opened", only_in_memory):
        yield


@contextmanager
def whole_body_taken_for_granted() -> Iterator[None]:
    """A run takes every document of a former one for whole, whether or not the books say so."""

    def always_whole(row: Any, job_id: str) -> Any:
        attempt = attempt_of(row, job_id)
        return attempt if attempt.remote_id is None else replace(attempt, sent_at=attempt.opened_at)

    with patch("stationd.adapters.sqlite.jobs.attempt_of", always_whole):
        yield


@contextmanager
def counter_not_asked() -> Iterator[None]:
    """A device is believed that calls a card finished, whatever its counter says."""

    async def believed(printer: IppPrinter, _attempt: Any) -> Any:
        return Printed(printer._capabilities.evidence)

    with patch.object(IppPrinter, "_printed", believed):
        yield


@contextmanager
def name_not_checked() -> Iterator[None]:
    """A job at the device is taken for ours by its number alone."""

    async def by_number(printer: IppPrinter, attempt: Any) -> Any:
        return await printer._device.job(int(attempt.remote_id)) if attempt.remote_id is not None else None

    with patch.object(IppPrinter, "_locate", by_number):
        yield


@contextmanager
def settling_not_shielded() -> Iterator[None]:
    """Cancelling a lane cancels what it was about to write down."""
    post = Writer.post

    async def bare(_post: Post, write: Any) -> Any:
        while True:
            try:
                return await write()
            except Faulted:
                await asyncio.sleep(1.0)

    def withdrawn_when_cancelled(writer: Writer, operation: Any, argument: Any, *, in_need: Any = None) -> Any:
        answer = post(writer, operation, argument, in_need=in_need)

        def withdraw(given: Any) -> None:
            if given.cancelled():
                writer._waiting[:] = [each for each in writer._waiting if each.argument is not argument]

        answer.add_done_callback(withdraw)
        return answer

    with patch.object(Post, "durably", bare), patch.object(Writer, "post", withdrawn_when_cancelled):
        yield


@contextmanager
def reserve_not_kept() -> Iterator[None]:
    """Printers claim whatever is next in line; only the steps of rationing know of the reserve."""
    build = Turning.__init__

    def generous(turning: Turning, *args: Any, **kwargs: Any) -> None:
        build(turning, *args, **kwargs | {"reserve": lambda: NO_RESERVE})

    with patch.object(Turning, "__init__", generous):
        yield


@contextmanager
def nobody_comes_back() -> Iterator[None]:
    """Replacements that were put off are forgotten."""
    with patch.object(Stock, "to_admit", 0):
        yield


@contextmanager
def restored_line_trusted() -> Iterator[None]:
    """What a restored book has in line is printed as if nothing had happened since the backup."""
    with patch.object(restored, "_set_aside", lambda _: 0):
        yield


ALL = {
    "the intent is written late": (intent_written_late, ("do not know", "has 2 cards")),
    "the device's id is not written": (device_id_not_written, ("has 2 cards", "nothing printed", "nothing_printed")),
    "a whole body is taken for granted": (whole_body_taken_for_granted, ("as printed",)),
    "the card counter is not asked": (counter_not_asked, ("as printed",)),
    "the name is not checked": (name_not_checked, ("as printed",)),
    "the reserve is not kept": (reserve_not_kept, ("kept for others",)),
    "nobody comes back": (nobody_comes_back, ("are forgotten",)),
    "the line of a restored book is trusted": (restored_line_trusted, ("has 2 cards",)),
    "settling is not shielded": (settling_not_shielded, ("was known and is not in the books",)),
}
"""What is broken, and with which words the auditor must notice it."""

FIRST_SEED = {"the reserve is not kept": 150}
"""Where to begin to look, when the worlds in which it shows are rare: one in 26."""


def caught(what: str, seeds: range) -> tuple[int, int]:
    """How many of the seeds notice a mutation by its words, and how many notice anything."""
    mutation, words = ALL[what]
    with mutation():
        broken = [found for seed in seeds if (found := run_seed(seed).broken) is not None]
    return sum(any(word in each for word in words) for each in broken), len(broken)
