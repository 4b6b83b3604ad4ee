"""Bearer tokens over SQLite: fulfils :class:`stationd.ports.tokens.TokenStore`. Only hashes are stored."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused

_Q = load("people")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token as listed. Times are Unix milliseconds; a revoked one keeps its name for ever."""

    name: str
    role: Role
    created_at: int
    revoked_at: int | None


class SqliteTokens:
    """Tokens by hash."""

    def __init__(self, writer: Writer, reader: UnitConnection) -> None:
        self._writer = writer
        self._reader = reader

    async def actor_of(self, hash_: bytes) -> Actor | None:
        """See :meth:`stationd.ports.tokens.TokenStore.actor_of`."""

        def unit(connection: sqlite3.Connection) -> Actor | None:
            row = connection.execute(_Q["token_by_hash"], (hash_,)).fetchone()
            return Actor(name=row[0], role=Role(row[1])) if row is not None else None

        return await self._reader.run(unit)

    async def create(self, name: str, role: Role, hash_: bytes) -> Refused | None:
        """See :meth:`stationd.ports.tokens.TokenStore.create`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[Refused | None]:
            if transaction.run(_Q["insert_token"], (name, role, hash_, transaction.now_ms)) != 1:
                return [Refused("token-name-taken", f"cannot create the token: the name {name!r} is taken")]
            transaction.event("token.created", name, {"role": role})
            return [None for _ in arguments]

        return await self._writer.apply(operation, None)

    async def revoke(self, name: str) -> Refused | None:
        """See :meth:`stationd.ports.tokens.TokenStore.revoke`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[Refused | None]:
            if transaction.run(_Q["revoke_token"], (transaction.now_ms, name)) != 1:
                return [Refused("token-name-unknown", f"cannot revoke the token: there is none named {name!r}")]
            transaction.event("token.revoked", name, {})
            return [None for _ in arguments]

        return await self._writer.apply(operation, None)

    async def all(self) -> Sequence[TokenRow]:
        """Every token, oldest first."""

        def unit(connection: sqlite3.Connection) -> list[TokenRow]:
            return [
                TokenRow(name=name, role=Role(role), created_at=created_at, revoked_at=revoked_at)
                for name, role, created_at, revoked_at in connection.execute(_Q["tokens"])
            ]

        return await self._reader.run(unit)
