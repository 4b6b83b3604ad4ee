"""The ledger of blanks over SQLite: fulfils :class:`stationd.ports.blanks.BlankStore`."""

import sqlite3
from collections.abc import Mapping, Sequence

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import Actor
from stationd.domain.blanks import Account, Balances, EntryKind, movement_for
from stationd.domain.errors import Refused

_Q = load("books")


class SqliteBlanks:
    """Balances and entries; the movements of jobs are booked where jobs change (:mod:`.advance`)."""

    def __init__(self, writer: Writer, reader: UnitConnection, *, low: int) -> None:
        self._writer = writer
        self._reader = reader
        self._low = low

    async def balances(self) -> Balances:
        """See :meth:`stationd.ports.blanks.BlankStore.balances`."""

        def unit(connection: sqlite3.Connection) -> Balances:
            return self._balances({Account(name): n for name, n in connection.execute(_Q["balances"])})

        return await self._reader.run(unit)

    async def enter(self, kind: EntryKind, quantity: int, note: str, actor: Actor) -> Balances | Refused:
        """See :meth:`stationd.ports.blanks.BlankStore.enter`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[Balances | Refused]:
            movement = movement_for(kind, quantity, transaction.balances())
            if isinstance(movement, Refused):
                return [movement]
            moved = 0
            if movement is not None:
                transaction.move(movement, cause=kind, actor=actor.name, note=note)
                moved = movement.quantity
            facts: dict[str, object] = {"quantity": quantity, "actor": actor.name}
            if kind is EntryKind.COUNTED:
                facts["difference"] = 0 if movement is None else moved * (-1 if movement.source is Account.SAFE else 1)
            facts["at_hand"] = transaction.balance(Account.SAFE)
            transaction.event(f"blanks.{kind}", "blanks", facts)
            return [self._balances(transaction.balances()) for _ in arguments]

        return await self._writer.apply(operation, None)

    def _balances(self, accounts: Mapping[Account, int]) -> Balances:
        return Balances(
            received=-accounts[Account.CENTRE],
            safe=accounts[Account.SAFE],
            printer=accounts[Account.PRINTER],
            issued=accounts[Account.ISSUED],
            spoiled=accounts[Account.SPOILED],
            quarantined=accounts[Account.QUARANTINED],
            returned=accounts[Account.RETURNED],
            destroyed=accounts[Account.DESTROYED],
            missing=accounts[Account.MISSING],
            is_low=accounts[Account.SAFE] <= self._low,
        )
