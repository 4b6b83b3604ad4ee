"""Transfers over SQLite: fulfils :class:`stationd.ports.transfers.TransferStore`."""

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from stationd.adapters.sqlite.card_door import CardDoor
from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.incoming import Incoming
from stationd.adapters.sqlite.minutes import Draw
from stationd.adapters.sqlite.packets import Packets
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transfer_rows import read_item, read_transfer
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.transfer import (
    UNKNOWN_DISTRICT,
    Confirmation,
    DueGroup,
    Manifest,
    Partner,
    Transfer,
    TransferItem,
    TransferState,
    partner_for,
)
from stationd.ports.clock import Entropy
from stationd.ports.seal import Seal
from stationd.ports.transfers import Packing, Scanned, Scanning, Settling, TransferFiles

_Q: Final = load("transfers")


class SqliteTransfers:
    """Packets that go out and come in; every card of them goes through the one door."""

    def __init__(  # noqa: PLR0913 - its collaborators, each by its name
        self,
        writer: Writer,
        reader: UnitConnection,
        seal: Seal,
        entropy: Entropy,
        files: TransferFiles,
        draw: Draw,
        *,
        station: str,
        name: str,
        partners: Sequence[Partner],
    ) -> None:
        """``draw`` draws minutes up; ``station`` and ``name`` are this end of every transfer."""
        self._writer = writer
        self._reader = reader
        self._partners = partners
        door = CardDoor(seal)
        self._packets = Packets(door, files, draw, entropy, station=station, name=name)
        self._incoming = Incoming(seal, door, files, draw, entropy, station=station)

    async def due(self) -> Sequence[DueGroup]:
        """See :meth:`stationd.ports.transfers.TransferStore.due`."""

        def group(district: str | None, cards: int, oldest: int) -> DueGroup:
            partner = None if district is None else partner_for(district, self._partners)
            return DueGroup(
                district=district or UNKNOWN_DISTRICT,
                partner=None if partner is None else partner.id,
                cards=cards,
                oldest=oldest,
            )

        return await self._reader.run(lambda connection: [group(*row) for row in connection.execute(_Q["due"])])

    async def pack(self, packing: Packing) -> Transfer | Refused:
        """See :meth:`stationd.ports.transfers.TransferStore.pack`."""
        try:
            return await self._writer.once(lambda transaction: self._packets.pack(transaction, packing))
        except Refused as refused:  # a card of many: the others were rolled back with it
            return refused

    async def cancel(self, transfer_id: str, actor: Actor) -> Transfer | Refused:
        """See :meth:`stationd.ports.transfers.TransferStore.cancel`."""
        return await self._writer.once(lambda transaction: self._packets.cancel(transaction, transfer_id, actor))

    async def take_confirmation(self, confirmation: Confirmation, raw: bytes, actor: Actor) -> Transfer | Refused:
        """See :meth:`stationd.ports.transfers.TransferStore.take_confirmation`."""
        return await self._writer.once(
            lambda transaction: self._packets.take_confirmation(transaction, confirmation, raw, actor)
        )

    async def announce(self, manifest: Manifest, raw: bytes, actor: Actor) -> Transfer | Refused:
        """See :meth:`stationd.ports.transfers.TransferStore.announce`."""
        return await self._writer.once(lambda transaction: self._incoming.announce(transaction, manifest, raw, actor))

    async def scan(self, scanning: Scanning) -> Scanned | Refused:
        """See :meth:`stationd.ports.transfers.TransferStore.scan`."""
        return await self._writer.once(lambda transaction: self._incoming.scan(transaction, scanning))

    async def settle(self, settling: Settling) -> Transfer | Refused:
        """See :meth:`stationd.ports.transfers.TransferStore.settle`."""
        return await self._writer.once(lambda transaction: self._incoming.settle(transaction, settling))

    async def read(self, transfer_id: str) -> tuple[Transfer, Sequence[TransferItem], Sequence[str]] | None:
        """See :meth:`stationd.ports.transfers.TransferStore.read`."""

        def unit(connection: sqlite3.Connection) -> tuple[Transfer, list[TransferItem], list[str]] | None:
            row = connection.execute(_Q["read"], (transfer_id,)).fetchone()
            if row is None:
                return None
            items = [read_item(each) for each in connection.execute(_Q["items_with_ids"], (transfer_id,))]
            extras = [receipt for (receipt,) in connection.execute(_Q["extras"], (transfer_id,))]
            return read_transfer(row), items, extras

        return await self._reader.run(unit)

    async def page(self, state: TransferState | None, after: tuple[int, str], limit: int) -> Sequence[Transfer]:
        """See :meth:`stationd.ports.transfers.TransferStore.page`."""
        return await self._reader.run(
            lambda connection: [read_transfer(row) for row in connection.execute(_Q["page"], (state, *after, limit))]
        )

    async def minutes_of(self, transfer_id: str) -> str | None:
        """See :meth:`stationd.ports.transfers.TransferStore.minutes_of`."""
        found: str | None = await self._one("minutes", transfer_id)
        return found

    async def file(self, transfer_id: str) -> bytes | None:
        """See :meth:`stationd.ports.transfers.TransferStore.file`."""
        found: bytes | None = await self._one("file", transfer_id)
        return found

    async def confirmation(self, transfer_id: str) -> bytes | None:
        """See :meth:`stationd.ports.transfers.TransferStore.confirmation`."""
        found: bytes | None = await self._one("confirmation", transfer_id)
        return found

    async def counts(self) -> dict[tuple[str, str], int]:
        """See :meth:`stationd.ports.transfers.TransferStore.counts`."""
        return await self._reader.run(
            lambda connection: {
                (direction, state): count for direction, state, count in connection.execute(_Q["counts"])
            }
        )

    async def _one(self, query: str, transfer_id: str) -> Any | None:
        row = await self._reader.run(lambda connection: connection.execute(_Q[query], (transfer_id,)).fetchone())
        return None if row is None else row[0]
