"""Notices as read: pages, the officer's list, the board's list, the figures."""

import sqlite3
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.notice_clock import NoticeClock, about_of, clock_of
from stationd.adapters.sqlite.notices import read_notice
from stationd.adapters.sqlite.queries import load
from stationd.domain.custody import Place
from stationd.domain.errors import Refused
from stationd.domain.ids import seq_of
from stationd.domain.notice_machine import NoticeState
from stationd.domain.notices import Trouble
from stationd.ports.notices import CardClock, Notice, Outbox, Unreachable, Waiting
from stationd.ports.notifier import NumberReader
from stationd.ports.seal import Seal

_Q = load("notices")
_CARDS = load("cards")

UNCONFIRMED_AFTER: Final = timedelta(days=7)
"""How long a delivery report may take before a notice without one is an officer's business."""


class NoticeLists:
    """Fulfils :class:`stationd.ports.notices.NoticeLists`."""

    def __init__(self, reader: UnitConnection, seal: Seal, read_number: NumberReader) -> None:
        self._reader = reader
        self._clock = NoticeClock(seal, read_number)

    async def outbox(self, today: date) -> Outbox:
        """See :meth:`stationd.ports.notices.NoticeLists.outbox`."""

        def unit(connection: sqlite3.Connection) -> Outbox:
            (shelved,) = connection.execute(_Q["count_clocks"]).fetchone()
            (due,) = connection.execute(_Q["count_due"], (today.toordinal(),)).fetchone()
            troubles = connection.execute(_Q["count_trouble"], (_unconfirmed(today),)).fetchall()
            return Outbox(shelved=shelved, due=due, troubles={Trouble(name): count for name, count in troubles})

        return await self._reader.run(unit)

    async def page(self, state: NoticeState | None, after: int, limit: int) -> Sequence[Notice]:
        """See :meth:`stationd.ports.notices.NoticeLists.page`."""
        query, values = ("page", (after, limit)) if state is None else ("page_in_state", (state, after, limit))
        return await self._reader.run(
            lambda connection: [read_notice(row) for row in connection.execute(_Q[query], values)]
        )

    async def of_card(self, card_id: str) -> tuple[Sequence[Notice], CardClock | None] | Refused:
        """See :meth:`stationd.ports.notices.NoticeLists.of_card`."""

        def unit(connection: sqlite3.Connection) -> tuple[Sequence[Notice], CardClock | None] | Refused:
            card = connection.execute(_CARDS["by_id"], (seq_of(card_id), card_id)).fetchone()
            if card is None:
                return Refused("card-unknown")
            clock = connection.execute(_Q["clock"], (card[0],)).fetchone()
            notices = [read_notice(row) for row in connection.execute(_Q["of_card"], (card[0],))]
            return notices, None if clock is None else clock_of(clock)

        return await self._reader.run(unit)

    async def unreachable(self, today: date, after: int, limit: int) -> Sequence[Unreachable]:
        """See :meth:`stationd.ports.notices.NoticeLists.unreachable`."""

        def unit(connection: sqlite3.Connection) -> list[Unreachable]:
            def rows(sql: str, values: Sequence[object]) -> list[tuple[object, ...]]:
                return connection.execute(sql, values).fetchall()

            found = []
            for row in connection.execute(_Q["unreachable"], (after, _unconfirmed(today), limit)).fetchall():
                about = about_of(row[0], (None, *row[1:4]))
                found.append(
                    Unreachable(
                        seq=about.seq,
                        card=about.id,
                        receipt=about.receipt,
                        place=None if row[6] is None else Place(box=row[6], slot=row[7]),
                        trouble=Trouble(row[4]),
                        told=row[5],
                        name=self._clock.holder(rows, about).name,
                        number=self._clock.written_number(rows, about),
                    )
                )
            return found

        return await self._reader.run(unit)

    async def waiting(self, limit: int) -> Sequence[Waiting]:
        """See :meth:`stationd.ports.notices.NoticeLists.waiting`."""

        def unit(connection: sqlite3.Connection) -> list[Waiting]:
            def rows(sql: str, values: Sequence[object]) -> list[tuple[object, ...]]:
                return connection.execute(sql, values).fetchall()

            found = connection.execute(_Q["waiting"], (limit,)).fetchall()
            abouts = [about_of(row[0], (None, *row[1:4])) for row in found]
            return [Waiting(receipt=about.receipt, name=self._clock.holder(rows, about).name) for about in abouts]

        return await self._reader.run(unit)


def _unconfirmed(today: date) -> int:
    return (today - UNCONFIRMED_AFTER).toordinal()
