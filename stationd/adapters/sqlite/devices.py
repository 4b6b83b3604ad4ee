"""What was ever plugged in, over SQLite: fulfils :class:`stationd.ports.devices.DeviceStore`."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.events import Event
from stationd.domain.inventory import Change, Changes, DeviceRecord, clean
from stationd.ports.devices import KnownDevice

_Q = load("devices")

KEPT_GONE: Final = 1000
"""Devices remembered after they went, unless labelled: one that renames itself at each plug must not fill the disk."""

_AFTER_ALL: Final = 2**63 - 1


class SqliteDevices:
    """Devices by identity."""

    def __init__(self, writer: Writer, reader: UnitConnection) -> None:
        self._writer = writer
        self._reader = reader

    async def known(self) -> Sequence[KnownDevice]:
        """See :meth:`stationd.ports.devices.DeviceStore.known`."""

        def unit(connection: sqlite3.Connection) -> Sequence[KnownDevice]:
            return tuple(_known(row) for row in connection.execute(_Q["devices"]))

        return await self._reader.run(unit)

    async def shared_serials(self) -> frozenset[str]:
        """See :meth:`stationd.ports.devices.DeviceStore.shared_serials`."""
        return await self._reader.run(
            lambda connection: frozenset(row[0] for row in connection.execute(_Q["shared_serials"]))
        )

    async def write(
        self,
        changes: Changes,
        *,
        matchers: Mapping[str, str],
        shared: frozenset[str],
        also_gone: Collection[str] = (),
    ) -> None:
        """See :meth:`stationd.ports.devices.DeviceStore.write`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[None]:
            for identity in (*sorted(also_gone), *(record.identity for record in changes.removed)):
                _gone(transaction, identity)
            for record in changes.added:
                _came(transaction, record, matchers.get(record.identity))
            for change in changes.changed:
                _changed(transaction, change, matchers.get(change.after.identity))
            transaction.run_many(_Q, "remember_shared", [(serial,) for serial in sorted(shared)])
            transaction.run(_Q["forget_devices"], (KEPT_GONE,))
            transaction.run(_Q["forget_shared"], (KEPT_GONE,))
            return [None for _ in arguments]

        await self._writer.apply(operation, None)

    async def history(self, subjects: Collection[str], before: int | None, limit: int) -> Sequence[Event]:
        """See :meth:`stationd.ports.devices.DeviceStore.history`."""
        before = _AFTER_ALL if before is None else before

        def unit(connection: sqlite3.Connection) -> list[Event]:
            # One subject at a time, so that each is a range of the index, however long the record is.
            rows = [row for name in subjects for row in connection.execute(_Q["device_history"], (name, before, limit))]
            rows.sort(reverse=True)
            return [
                Event(seq, at, kind, subject, msgspec.json.decode(data))
                for seq, at, kind, subject, data in rows[:limit]
            ]

        return await self._reader.run(unit)

    async def set_label(self, identity: str, label: str | None, actor: Actor) -> Refused | None:
        """See :meth:`stationd.ports.devices.DeviceStore.set_label`."""
        text = clean(label) or None

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[Refused | None]:
            if transaction.run(_Q["label_device"], (text, identity)) != 1:
                return [Refused("device-unknown")]
            transaction.event("device.labelled", identity, {"label": text, "actor": actor.name})
            return [None for _ in arguments]

        return await self._writer.apply(operation, None)


def _came(transaction: Transaction, record: DeviceRecord, matcher: str | None) -> None:
    seen = record.seen
    row = transaction.row(_Q["device_was_present"], (record.identity,))
    texts = (record.label, seen.vendor, seen.product, seen.serial, seen.port, seen.node, matcher)
    transaction.run(_Q["device_came"], (record.identity, *texts, transaction.now_ms, transaction.now_ms))
    if row is None or not row[0]:
        data = {"title": record.label, "port": seen.port, "matcher": matcher, "is_new": row is None}
        transaction.event("device.plugged", record.identity, data)


def _gone(transaction: Transaction, identity: str) -> None:
    if transaction.run(_Q["device_gone"], (transaction.now_ms, identity)):
        transaction.event("device.unplugged", identity, {})


def _changed(transaction: Transaction, change: Change, matcher: str | None) -> None:
    after = change.after
    is_reset = change.before.seen.address != after.seen.address
    values = (after.label, after.seen.port, after.seen.node, matcher, int(is_reset), transaction.now_ms)
    transaction.run(_Q["device_changed"], (*values, after.identity))
    data = {"title": after.label, "port": after.seen.port, "matcher": matcher, "is_reset": is_reset}
    transaction.event("device.changed", after.identity, data)


def _known(row: Sequence[object]) -> KnownDevice:
    names = KnownDevice.__dataclass_fields__
    values = dict(zip(names, row, strict=True))
    return KnownDevice(**{**values, "is_present": bool(values["is_present"])})  # type: ignore[arg-type]  # STRICT table
