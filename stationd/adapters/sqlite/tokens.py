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
from stationd.ports.tokens import NewToken, StoredToken

_Q = load("people")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token as listed. Times are Unix milliseconds; a revoked one keeps its name for ever."""

    name: str
    role: Role
    created_at: int
    revoked_at: int | None
    expires_at: int | None
    paths: tuple[str, ...]


class SqliteTokens:
    """Tokens by hash."""

    def __init__(self, writer: Writer, reader: UnitConnection) -> None:
        self._writer = writer
        self._reader = reader

    async def find(self, hash_: bytes) -> StoredToken | None:
        """See :meth:`stationd.ports.tokens.TokenStore.find`."""

        def unit(connection: sqlite3.Connection) -> StoredToken | None:
            row = connection.execute(_Q["token_by_hash"], (hash_,)).fetchone()
            if row is None:
                return None
            name, role, paths, expires_at = row
            return StoredToken(
                actor=Actor(name=name, role=Role(role), paths=tuple(paths.split())), expires_at=expires_at
            )

        return await self._reader.run(unit)

    async def create(self, token: NewToken) -> Refused | None:
        """See :meth:`stationd.ports.tokens.TokenStore.create`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[Refused | None]:
            row = (token.name, token.role, token.hash, transaction.now_ms, token.expires_at, " ".join(token.paths))
            if transaction.run(_Q["insert_token"], row) != 1:
                return [Refused("token-name-taken", name=token.name)]
            facts: dict[str, object] = {"role": token.role, "actor": token.made_by}
            if token.expires_at is not None:
                facts["expires_at"] = token.expires_at
            if token.paths:
                facts["paths"] = token.paths
            transaction.event("token.created", token.name, facts)
            return [None for _ in arguments]

        return await self._writer.apply(operation, None)

    async def revoke(self, name: str) -> Refused | None:
        """See :meth:`stationd.ports.tokens.TokenStore.revoke`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[Refused | None]:
            if transaction.run(_Q["revoke_token"], (transaction.now_ms, name)) != 1:
                return [Refused("token-name-unknown", name=name)]
            transaction.event("token.revoked", name, {})
            return [None for _ in arguments]

        return await self._writer.apply(operation, None)

    async def all(self) -> Sequence[TokenRow]:
        """Every token, oldest first."""

        def unit(connection: sqlite3.Connection) -> list[TokenRow]:
            return [
                TokenRow(
                    name=name,
                    role=Role(role),
                    created_at=created_at,
                    revoked_at=revoked_at,
                    expires_at=expires_at,
                    paths=tuple(paths.split()),
                )
                for name, role, created_at, revoked_at, expires_at, paths in connection.execute(_Q["tokens"])
            ]

        return await self._reader.run(unit)
