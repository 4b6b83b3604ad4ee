"""What is remembered of printers over restarts: fulfils :class:`stationd.ports.PrinterStore`."""

from collections.abc import Sequence

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import Actor

_Q = load("people")


class SqlitePrinters:
    """Pauses."""

    def __init__(self, writer: Writer, reader: UnitConnection) -> None:
        self._writer = writer
        self._reader = reader

    async def paused(self) -> frozenset[str]:
        """See :meth:`stationd.ports.PrinterStore.paused`."""
        return await self._reader.run(
            lambda connection: frozenset(row[0] for row in connection.execute(_Q["paused_printers"]))
        )

    async def set_paused(self, name: str, actor: Actor, *, is_paused: bool) -> None:
        """See :meth:`stationd.ports.PrinterStore.set_paused`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[None]:
            transaction.run(_Q["set_paused"], (name, int(is_paused), actor.name if is_paused else None))
            transaction.event("printer.paused" if is_paused else "printer.resumed", name, {"actor": actor.name})
            return [None for _ in arguments]

        await self._writer.apply(operation, None)
