"""The ledger of blanks over SQLite: fulfils :class:`stationd.ports.blanks.BlankStore`."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from stationd.adapters.sqlite.approvals import CarryOut
from stationd.adapters.sqlite.blank_rows import balances_of, entry_of, pack_of
from stationd.adapters.sqlite.booking import Booking
from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.counting import Counting
from stationd.adapters.sqlite.papers import Papers
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import Actor, Role
from stationd.domain.blank_entry import DESTRUCTION, Entry, NewEntry, Pack
from stationd.domain.blank_papers import Day, DayEntry, DayLine
from stationd.domain.blanks import Account, Balances, EntryKind, at_hand
from stationd.domain.errors import Refused
from stationd.domain.finding import word_of_serial
from stationd.domain.second_person import Approval
from stationd.ports.blanks import Booked, Counted, CountState, CountView
from stationd.ports.seal import Seal

_Q = load("blanks")
_MINUTES = load("minutes")
_BOOKS = load("books")
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(NewEntry).decode
_payload = msgspec.json.Decoder(dict[str, object]).decode

USE_DAYS: Final = 14
"""Over how many days the use of blanks is reckoned."""

_DRAFTS_KEPT_MS: Final = 24 * 3600 * 1000


class SqliteBlanks:
    """Balances and entries; the movements of jobs are booked where jobs change (:mod:`.advance`)."""

    def __init__(
        self,
        writer: Writer,
        reader: UnitConnection,
        *,
        low: int,
        seal: Seal | None = None,
        papers: Papers | None = None,
    ) -> None:
        """``seal`` keeps drafts that wait for a second person; ``papers`` draw up minutes."""
        self._writer = writer
        self._reader = reader
        self._low = low
        self._seal = seal
        self._book = Booking(papers)
        self._count = Counting(papers)

    async def balances(self, day: date | None = None) -> Balances:
        """See :meth:`stationd.ports.blanks.BlankStore.balances`."""

        def unit(connection: sqlite3.Connection) -> Balances:
            if day is not None:
                row = connection.execute(_Q["closing"], (day.isoformat(),)).fetchone()
                return self._balances({} if row is None else balances_of(row[2]), {})
            accounts = {Account(name): balance for name, balance in connection.execute(_BOOKS["balances"])}
            hoppers = dict(connection.execute(_BOOKS["hoppers"]).fetchall())
            today = datetime.now().astimezone().date()
            first = connection.execute(_Q["closing"], ((today - timedelta(days=USE_DAYS)).isoformat(),)).fetchone()
            first = first or connection.execute(_Q["first_closing"]).fetchone()
            return self._balances(accounts, hoppers, _days_left(accounts, first, today))

        return await self._reader.run(unit)

    async def enter(self, entry: NewEntry, actor: Actor, *, second: str | None = None) -> Booked | Refused:
        """See :meth:`stationd.ports.blanks.BlankStore.enter`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[Booked | Refused]:
            if entry.kind is EntryKind.COUNTED:
                answer = self._counted(transaction, entry, actor, second)
            else:
                officers = () if actor.officer is None else (actor.officer,)
                answer = self._entered(transaction, entry, actor, officers)
            return [answer for _ in arguments]

        return await self._writer.apply(operation, None)

    async def keep_draft(self, entry: NewEntry) -> str:
        """See :meth:`stationd.ports.blanks.BlankStore.keep_draft`."""
        seal = self._sealing()
        plain = _encode(entry)
        key = seal.fingerprint(f"{DESTRUCTION}:{plain.decode()}").hex()
        sealed = seal.seal(plain, place=_draft_place(key))

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[str]:
            transaction.run(_MINUTES["keep_draft"], (key, transaction.now_ms, sealed))
            return [key for _ in arguments]

        return await self._writer.apply(operation, None)

    async def forget_drafts(self) -> None:
        """See :meth:`stationd.ports.blanks.BlankStore.forget_drafts`."""
        if not await self._reader.run(lambda connection: connection.execute(_MINUTES["drafts"]).fetchone()[0]):
            return

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[None]:
            transaction.run(_MINUTES["drop_old_drafts"], (transaction.now_ms - _DRAFTS_KEPT_MS,))
            return [None for _ in arguments]

        await self._writer.apply(operation, None)

    def carry_out(self) -> CarryOut:
        """How a destruction that two officers agreed to is booked, inside their transaction."""

        def act(transaction: Transaction, approval: Approval) -> Booked | Refused:
            key = str(_payload(approval.payload).get("draft"))
            row = transaction.row(_MINUTES["draft"], (key,))
            if row is None:
                return Refused("approval-settled/forgotten")
            entry = _decode(self._sealing().open(row[0], place=_draft_place(key)))
            transaction.run(_MINUTES["drop_draft"], (key,))
            actor = Actor(name=approval.asked_by, role=Role.OFFICER, officer=approval.first)
            officers = [number for number in (approval.first, approval.second) if number is not None]
            return self._entered(transaction, entry, actor, officers)

        return act

    async def counts(self) -> Counted:
        """See :meth:`stationd.ports.blanks.BlankStore.counts`."""

        def unit(connection: sqlite3.Connection) -> Counted:
            waiting = connection.execute(_Q["waiting_count"]).fetchone()
            last = connection.execute(_Q["last_count"]).fetchone()
            return Counted(
                waiting=None if waiting is None else CountView(state=CountState.WAITING, at=waiting[1], people=1),
                last=None
                if last is None
                else CountView(
                    state=CountState.BOOKED, at=last[0], difference=last[1], people=1 if last[2] is None else 2
                ),
            )

        return await self._reader.run(unit)

    async def entries(self, before: int | None, limit: int) -> Sequence[Entry]:
        """See :meth:`stationd.ports.blanks.BlankStore.entries`."""
        return await self._reader.run(
            lambda connection: [entry_of(row) for row in connection.execute(_Q["entries"], (before, limit))]
        )

    async def packs(self, after: str, limit: int, *, is_sealed: bool | None) -> Sequence[Pack]:
        """See :meth:`stationd.ports.blanks.BlankStore.packs`."""
        state = None if is_sealed is None else "sealed" if is_sealed else "opened"
        return await self._reader.run(
            lambda connection: [pack_of(row) for row in connection.execute(_Q["packs"], (after, state, limit))]
        )

    async def serial(self, serial: str) -> str | None:
        """See :meth:`stationd.ports.blanks.BlankStore.serial`."""
        hashed = None if self._seal is None else self._seal.fingerprint(word_of_serial(serial))
        row = await self._reader.run(
            lambda connection: connection.execute(_Q["serial_told"], (serial, hashed)).fetchone()
        )
        return None if row is None else str(row[0])

    async def day(self, day: date) -> Day:
        """See :meth:`stationd.ports.blanks.BlankStore.day`."""

        def unit(connection: sqlite3.Connection) -> Day:
            closing = connection.execute(_Q["closing"], (day.isoformat(),)).fetchone()
            former = connection.execute(_Q["closing"], ((day - timedelta(days=1)).isoformat(),)).fetchone()
            begin, end = (0 if row is None else row[1] for row in (former, closing))
            return Day(
                day=day,
                before={} if former is None else balances_of(former[2]),
                after={} if closing is None else balances_of(closing[2]),
                lines=[_line(*row) for row in connection.execute(_Q["day_lines"], (begin, end))],
                entries=[
                    DayEntry(
                        seq=seq,
                        time=f"{datetime.fromtimestamp(at / 1000).astimezone():%H.%M}",
                        line=_line(cause, source, target, quantity),
                        actor=actor,
                        note=note,
                    )
                    for seq, at, source, target, quantity, cause, actor, note in connection.execute(
                        _Q["day_entries"], (begin, end)
                    )
                ],
            )

        return await self._reader.run(unit)

    # ---------------------------------------------------------------------------------------------------- inside

    def _entered(
        self, transaction: Transaction, entry: NewEntry, actor: Actor, officers: Sequence[str]
    ) -> Booked | Refused:
        answer = self._book(transaction, entry, actor, officers)
        if isinstance(answer, Refused):
            return answer
        return Booked(balances=self._now(transaction), entry=answer.seq, minutes=answer.minutes)

    def _counted(self, transaction: Transaction, entry: NewEntry, actor: Actor, second: str | None) -> Booked | Refused:
        answer = self._count(transaction, entry, actor, second)
        if isinstance(answer, Refused):
            return answer
        return Booked(balances=self._now(transaction), entry=answer.entry, count=answer.view, minutes=answer.minutes)

    def _now(self, transaction: Transaction) -> Balances:
        return self._balances(transaction.balances(), transaction.hoppers())

    def _balances(
        self, accounts: Mapping[Account, int], hoppers: Mapping[str, int], days_left: float | None = None
    ) -> Balances:
        held = {account.value: accounts.get(account, 0) for account in Account if account is not Account.CENTRE}
        return Balances(
            received=-accounts.get(Account.CENTRE, 0),
            is_low=at_hand(accounts) <= self._low,
            hoppers={printer: balance for printer, balance in hoppers.items() if balance},
            days_left=days_left,
            **held,
        )

    def _sealing(self) -> Seal:
        if self._seal is None:
            raise AssertionError("drafts name people, so they are sealed")
        return self._seal


def _days_left(accounts: Mapping[Account, int], first: Sequence[object] | None, today: date) -> float | None:
    """How long the blanks at hand last at the pace since a former closing; ``None`` while nothing was used."""
    if first is None:
        return None
    then = balances_of(str(first[2]))
    days = min(USE_DAYS, (today - date.fromisoformat(str(first[0]))).days)
    used = sum(accounts[each] - then.get(each, 0) for each in (Account.ISSUED, Account.SPOILED, Account.DESTROYED))
    return at_hand(accounts) * days / used if days > 0 and used > 0 else None


def _line(cause: str, source: str, target: str, quantity: int) -> DayLine:
    return DayLine(cause=cause, source=Account(source), target=Account(target), quantity=quantity)


def _draft_place(key: str) -> str:
    return f"minutes_draft:sealed:{key}"
