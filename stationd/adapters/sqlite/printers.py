"""What is remembered of printers and of the queue's pauses over restarts.

:class:`SqlitePrinters` fulfils ``PrinterStore`` and ``PauseStore``.
"""

from collections.abc import Mapping, Sequence

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.turning import KIND, QUEUE
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import STATION, Actor
from stationd.domain.blanks import Account, Movement
from stationd.domain.errors import Refused
from stationd.domain.ids import ID_RANDOM_BITS, attempt_id, uuid7
from stationd.domain.job import Attempt, JobKind
from stationd.domain.outcome import NothingPrinted, Outcome, Printed, Spoiled, Unknown
from stationd.ports.clock import Entropy
from stationd.ports.printers import PrinterMark

_Q = load("people")
_TEST = "test"


class SqlitePrinters:
    """Marks of printers, test cards, and pauses of the queue."""

    def __init__(self, writer: Writer, reader: UnitConnection, entropy: Entropy) -> None:
        self._writer = writer
        self._reader = reader
        self._entropy = entropy

    async def marks(self) -> Mapping[str, PrinterMark]:
        """See :meth:`stationd.ports.printers.PrinterStore.marks`."""
        rows = await self._reader.run(lambda connection: connection.execute(_Q["printer_marks"]).fetchall())
        return {
            name: PrinterMark(is_paused=bool(is_paused), is_drained=bool(is_drained), stopped_by=stopped_by)
            for name, is_paused, is_drained, stopped_by in rows
        }

    async def set_paused(self, name: str, actor: Actor, *, is_paused: bool, is_drained: bool = False) -> None:
        """See :meth:`stationd.ports.printers.PrinterStore.set_paused`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[None]:
            who = actor.name if is_paused else None
            transaction.run(_Q["set_paused"], (name, int(is_paused), int(is_drained), who))
            if not is_paused:
                transaction.run(_Q["mend_printer"], (name,))
            event = "drained" if is_drained else "paused" if is_paused else "resumed"
            transaction.event(f"printer.{event}", name, {"actor": actor.name})
            return [None for _ in arguments]

        await self._writer.apply(operation, None)

    # ------------------------------------------------------------------------------------------------ test cards

    async def begin_test(self, name: str, actor: Actor) -> Attempt | Refused:
        """See :meth:`stationd.ports.printers.PrinterStore.begin_test`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[Attempt | Refused]:
            return [self._begin_test(transaction, name, actor) for _ in arguments]

        return await self._writer.apply(operation, None)

    def _begin_test(self, transaction: Transaction, name: str, actor: Actor) -> Attempt | Refused:
        source = Account.LOADED if transaction.hopper(name) else Account.SAFE
        if transaction.balance(source) < 1:
            return Refused("blanks-not-there/test")
        now, bits = transaction.now_ms, self._entropy.bits(ID_RANDOM_BITS)
        attempt = Attempt(
            id=attempt_id(now, 0, 0, bits),
            job=uuid7(now, bits),
            number=0,
            printer=name,
            remote_id=None,
            incarnation=None,
            counter=None,
            opened_at=now,
        )
        note = f"test card {attempt.id} on {name}"
        consumed = Movement(source, Account.SPOILED, 1)
        transaction.move(consumed, cause=_TEST, actor=actor.name, note=note, printer=name)
        transaction.event("printer.test_begun", name, {"test": attempt.id, "actor": actor.name})
        return attempt

    async def end_test(self, attempt: Attempt, outcome: Outcome) -> None:
        """See :meth:`stationd.ports.printers.PrinterStore.end_test`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[None]:
            facts: dict[str, object] = {"test": attempt.id, "outcome": _word(outcome), "actor": STATION.name}
            if isinstance(outcome, NothingPrinted) and transaction.balance(Account.SPOILED) > 0:
                note = f"test card {attempt.id} on {attempt.printer}: nothing was printed"
                place = Account.SAFE if transaction.hopper(attempt.printer) is None else Account.LOADED
                given_back = Movement(Account.SPOILED, place, 1)
                transaction.move(given_back, cause=_TEST, actor=STATION.name, note=note, printer=attempt.printer)
            if not isinstance(outcome, Printed):
                facts["reason"] = outcome.reason
            transaction.event("printer.test_ended", attempt.printer, facts)
            return [None for _ in arguments]

        await self._writer.apply(operation, None)

    # ---------------------------------------------------------------------------------------------------- pauses

    async def pauses(self) -> frozenset[JobKind | None]:
        """See :meth:`stationd.ports.jobs.PauseStore.pauses`."""
        rows = await self._reader.run(lambda connection: connection.execute(_Q["pauses"]).fetchall())
        return frozenset(None if scope == QUEUE else JobKind(scope.removeprefix(KIND)) for (scope,) in rows)

    async def set_pause(self, kind: JobKind | None, actor: Actor, *, is_paused: bool) -> None:
        """See :meth:`stationd.ports.jobs.PauseStore.set_pause`."""
        scope = QUEUE if kind is None else f"{KIND}{kind}"

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[None]:
            if is_paused:
                changed = transaction.run(_Q["pause"], (scope, actor.name, transaction.now_ms))
            else:
                changed = transaction.run(_Q["resume"], (scope,))
            if changed:
                facts: dict[str, object] = {"actor": actor.name}
                if kind is not None:
                    facts["kind"] = kind
                transaction.event("queue.paused" if is_paused else "queue.resumed", "queue", facts)
            return [None for _ in arguments]

        await self._writer.apply(operation, None)


def _word(outcome: Outcome) -> str:
    match outcome:
        case Printed():
            return "printed"
        case NothingPrinted():
            return "nothing_printed"
        case Spoiled():
            return "spoiled"
        case Unknown():
            return "unknown"
