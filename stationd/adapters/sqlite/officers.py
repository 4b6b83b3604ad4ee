"""Officers, sessions and duty over SQLite: fulfils :class:`stationd.ports.officers.OfficerStore`."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, TypeVar

import msgspec

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.officer import Officer
from stationd.domain.session import SessionEnd
from stationd.ports.officers import Credential, StoredDuty, StoredSession
from stationd.ports.seal import Seal

_Q = load("officers")
_BOOKS = load("books")
_TRUSTED: Final = "trusted_ms"

STRANGERS_KEPT: Final = 1000
"""Numbers that are nobody's whose wrong PINs are remembered: guessing at many must not fill the disk."""

NOBODY: Final = "unknown"
"""The subject of events about a number that is nobody's: what was typed may be anything."""

R = TypeVar("R")


class _Sealed(msgspec.Struct, array_like=True):
    name: str
    pin_hash: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Sealed).decode


class SqliteOfficers:
    """The register; the hash of a PIN is sealed, so that a stolen database is of no use without the station's key."""

    def __init__(self, writer: Writer, reader: UnitConnection, seal: Seal) -> None:
        self._writer = writer
        self._reader = reader
        self._seal = seal

    async def all(self) -> Sequence[Officer]:
        """See :meth:`stationd.ports.officers.OfficerStore.all`."""

        def unit(connection: sqlite3.Connection) -> list[Officer]:
            return [self._officer(row) for row in connection.execute(_Q["officers"])]

        return await self._reader.run(unit)

    async def add(self, officer: Officer, pin_hash: str, actor: Actor) -> Refused | None:
        """See :meth:`stationd.ports.officers.OfficerStore.add`."""
        sealed = self._seal.seal(_encode(_Sealed(officer.name, pin_hash)), place=_place(officer.number))
        dates = (officer.valid_from.isoformat(), officer.valid_until.isoformat(), officer.added_on.isoformat())

        def act(transaction: Transaction) -> Refused | None:
            row = (officer.number, sealed, officer.decree, officer.region, *dates)
            if transaction.run(_Q["insert_officer"], row) != 1:
                return Refused("officer-known", field="number")
            transaction.run(_Q["forget_failures"], (self._who(officer.number),))
            facts = {"from": dates[0], "until": dates[1], "region": officer.region, "actor": actor.name}
            transaction.event("officer.added", officer.number, facts)
            return None

        return await self._apply(act)

    async def revoke(self, number: str, actor: Actor) -> Refused | None:
        """See :meth:`stationd.ports.officers.OfficerStore.revoke`."""

        def act(transaction: Transaction) -> Refused | None:
            if transaction.run(_Q["revoke_officer"], (transaction.now_ms, number)) != 1:
                return Refused("officer-unknown")
            transaction.event("officer.revoked", number, {"actor": actor.name})
            for (hash_,) in transaction.rows(_Q["sessions_of"], (number,)):
                close_session(transaction, hash_, SessionEnd.REVOKED)
            return None

        return await self._apply(act)

    async def begin_try(self, number: str) -> Credential:
        """See :meth:`stationd.ports.officers.OfficerStore.begin_try`."""
        who = self._who(number)

        def act(transaction: Transaction) -> Credential:
            row = transaction.row(_Q["officer"], (number,))
            is_known = row is not None and row[1] is None
            before = transaction.row(_Q["failures"], (who,))
            transaction.run(_Q["count_failure"], (who, int(is_known), transaction.now_ms))
            transaction.run(_Q["forget_strangers"], (STRANGERS_KEPT,))
            pin_hash = self._opened(number, row[0]).pin_hash if row is not None and is_known else None
            return Credential(pin_hash=pin_hash, failures=0 if before is None else before[0])

        return await self._apply(act)

    async def refuse_try(self, number: str, *, wait_s: int, is_told: bool) -> None:
        """See :meth:`stationd.ports.officers.OfficerStore.refuse_try`."""

        def act(transaction: Transaction) -> None:
            row = transaction.row(_Q["officer"], (number,))
            is_known = row is not None and row[1] is None
            if is_known or is_told:
                subject = number if is_known else NOBODY
                transaction.event("sign_in.refused", subject, {"wait_s": wait_s})
                if wait_s:
                    transaction.event("sign_in.locked", subject, {"wait_s": wait_s})

        await self._apply(act)

    async def pass_try(self, number: str) -> None:
        """See :meth:`stationd.ports.officers.OfficerStore.pass_try`."""
        who = self._who(number)
        await self._apply(lambda transaction: transaction.run(_Q["forget_failures"], (who,)))

    async def failures(self, number: str) -> int:
        """See :meth:`stationd.ports.officers.OfficerStore.failures`."""
        who = self._who(number)

        def unit(connection: sqlite3.Connection) -> int:
            row = connection.execute(_Q["failures"], (who,)).fetchone()
            return 0 if row is None else int(row[0])

        return await self._reader.run(unit)

    async def open_session(self, session: StoredSession) -> None:
        """See :meth:`stationd.ports.officers.OfficerStore.open_session`."""

        def act(transaction: Transaction) -> None:
            transaction.run(_Q["forget_failures"], (self._who(session.officer),))
            transaction.run(_Q["insert_session"], (session.hash, session.officer, session.expires_at))
            transaction.event("session.opened", session.officer, {"expires_at": session.expires_at})

        await self._apply(act)

    async def close_session(self, hash_: bytes, reason: str) -> None:
        """See :meth:`stationd.ports.officers.OfficerStore.close_session`."""
        await self._apply(lambda transaction: close_session(transaction, hash_, reason))

    async def sessions(self) -> Sequence[StoredSession]:
        """See :meth:`stationd.ports.officers.OfficerStore.sessions`."""

        def unit(connection: sqlite3.Connection) -> list[StoredSession]:
            return [StoredSession(hash=h, officer=o, expires_at=e) for h, o, e in connection.execute(_Q["sessions"])]

        return await self._reader.run(unit)

    async def begin_duty(self, duty: StoredDuty) -> None:
        """See :meth:`stationd.ports.officers.OfficerStore.begin_duty`."""

        def act(transaction: Transaction) -> None:
            if transaction.run(_Q["insert_duty"], (duty.officer, duty.session, duty.since)):
                transaction.event("duty.begun", duty.officer, {})

        await self._apply(act)

    async def end_duty(self, number: str, reason: str) -> None:
        """See :meth:`stationd.ports.officers.OfficerStore.end_duty`."""
        await self._apply(lambda transaction: _end_duty(transaction, number, reason))

    async def on_duty(self) -> Sequence[StoredDuty]:
        """See :meth:`stationd.ports.officers.OfficerStore.on_duty`."""

        def unit(connection: sqlite3.Connection) -> list[StoredDuty]:
            return [StoredDuty(officer=o, session=s, since=at) for o, s, at in connection.execute(_Q["on_duty"])]

        return await self._reader.run(unit)

    async def trusted_ms(self) -> int | None:
        """See :meth:`stationd.ports.officers.OfficerStore.trusted_ms`."""

        def unit(connection: sqlite3.Connection) -> int | None:
            row = connection.execute(_BOOKS["read_meta"], (_TRUSTED,)).fetchone()
            return None if row is None else int(row[0])

        return await self._reader.run(unit)

    async def remember_trusted(self, unix_ms: int) -> None:
        """See :meth:`stationd.ports.officers.OfficerStore.remember_trusted`."""
        value = str(unix_ms).encode()
        await self._apply(lambda transaction: transaction.run(_BOOKS["write_meta"], (_TRUSTED, value)))

    async def unsigned_jobs(self) -> int:
        """See :meth:`stationd.ports.officers.OfficerStore.unsigned_jobs`."""
        return await self._reader.run(lambda connection: int(connection.execute(_Q["unsigned_jobs"]).fetchone()[0]))

    async def _apply(self, act: Callable[[Transaction], R]) -> R:
        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[R]:
            return [act(transaction) for _ in arguments]

        return await self._writer.apply(operation, None)

    def _who(self, number: str) -> bytes:
        return self._seal.fingerprint(f"sign-in {number}")

    def _opened(self, number: str, sealed: bytes) -> _Sealed:
        return _decode(self._seal.open(sealed, place=_place(number)))

    def _officer(self, row: Sequence[object]) -> Officer:
        number, sealed, decree, region, valid_from, valid_until, added_on, revoked_at = row
        return Officer(
            number=str(number),
            name=self._opened(str(number), sealed).name,  # type: ignore[arg-type]  # STRICT table
            decree=str(decree),
            region=str(region),
            valid_from=date.fromisoformat(str(valid_from)),
            valid_until=date.fromisoformat(str(valid_until)),
            added_on=date.fromisoformat(str(added_on)),
            is_revoked=revoked_at is not None,
        )


def _place(number: str) -> str:
    return f"officer:sealed:{number}"


def close_session(transaction: Transaction, hash_: bytes, reason: str) -> None:
    """End a session inside a transaction, and the duty that it began; nothing happens to one that is over."""
    row = transaction.row(_Q["session"], (hash_,))
    if row is None:
        return
    for (officer,) in transaction.rows(_Q["duty_of_session"], (hash_,)):
        _end_duty(transaction, officer, reason)
    transaction.run(_Q["delete_session"], (hash_,))
    transaction.event("session.closed", row[0], {"reason": reason})


def _end_duty(transaction: Transaction, number: str, reason: str) -> None:
    if transaction.run(_Q["delete_duty"], (number,)):
        transaction.event("duty.ended", number, {"reason": reason})
