"""Transfers between stations, and the records that cross their door."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.minutes import Minutes
from stationd.domain.transfer import (
    Confirmation,
    DueGroup,
    ListedCard,
    Manifest,
    Partner,
    ScanResult,
    Transfer,
    TransferItem,
    TransferState,
)

Drafts = Callable[[Manifest], Minutes]
"""Minutes about a packet, without their number yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """Which cards go into a packet for ``to``: those named, else what is on the shelf for its kecamatan.

    ``is_due_only`` takes of the shelf only what is due. ``draft`` makes the minutes.
    """

    to: Partner
    actor: Actor
    draft: Drafts
    card_ids: tuple[str, ...] | None = None
    is_due_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanning:
    """A card taken out of a packet, told by one of its receipt, its holder's NIK, and its line in the pack list."""

    transfer_id: str
    actor: Actor
    receipt: str | None = None
    nik: str | None = field(default=None, repr=False)
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What the card is; ``card`` is its id here, now that it is in hand."""

    result: ScanResult
    card: str | None
    transfer: Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """The packet is empty; ``with_differences``: what was not scanned is missing. ``draft`` makes the minutes."""

    transfer_id: str
    actor: Actor
    draft: Callable[[Transfer, Sequence[ListedCard], Sequence[str]], Minutes]
    with_differences: bool = False


class TransferFiles(Protocol):
    """The files that go between stations."""

    def write(self, manifest: Manifest) -> bytes:
        """The signed file, its cards sealed to the receiver, which is a partner."""
        ...

    def read(self, raw: bytes, *, here: str) -> Manifest | Refused:
        """What a file says that was signed by a partner for station ``here``.

        Refused: ``transfer-malformed`` (truncated, another kind of file), ``transfer-altered``,
        ``transfer-sender-unknown``, ``transfer-for-another``, ``transfer-unreadable``.
        """
        ...

    def write_confirmation(self, confirmation: Confirmation) -> bytes:
        """The signed confirmation; nothing of a person is in it."""
        ...

    def read_confirmation(self, raw: bytes, *, here: str) -> Confirmation | Refused:
        """What a confirmation says that was signed by its receiver for sender ``here``. Refused as :meth:`read`."""
        ...


class TransferStore(Protocol):
    """Transfers. Every method that changes something returns after the change is on the disk."""

    async def due(self) -> Sequence[DueGroup]:
        """What is due, by kecamatan of residence."""
        ...

    async def pack(self, packing: Packing) -> Transfer | Refused:
        """Put cards in a packet: ``card-unknown``, ``card-state``, ``nothing-to-transfer``, ``transfer-too-large``."""
        ...

    async def cancel(self, transfer_id: str, actor: Actor) -> Transfer | Refused:
        """The packet never left: ``transfer-unknown``, ``transfer-state``."""
        ...

    async def take_confirmation(self, confirmation: Confirmation, raw: bytes, actor: Actor) -> Transfer | Refused:
        """At the sender: ``transfer-unknown``, ``transfer-state``, ``confirmation-outdated`` or ``-invalid``."""
        ...

    async def announce(self, manifest: Manifest, raw: bytes, actor: Actor) -> Transfer | Refused:
        """At the receiver: ``transfer-known``, ``transfer-invalid``."""
        ...

    async def scan(self, scanning: Scanning) -> Scanned | Refused:
        """At the receiver: ``transfer-unknown``, ``transfer-state``, ``card-not-listed``, ``card-state``."""
        ...

    async def settle(self, settling: Settling) -> Transfer | Refused:
        """At the receiver: ``transfer-unknown``, ``transfer-state``, ``transfer-incomplete``."""
        ...

    async def read(self, transfer_id: str) -> tuple[Transfer, Sequence[TransferItem], Sequence[str]] | None:
        """The transfer, its cards in the order of the list, and the receipts that were not listed; or ``None``."""
        ...

    async def page(self, state: TransferState | None, after: tuple[int, str], limit: int) -> Sequence[Transfer]:
        """Transfers, the oldest first; ``after`` is time and id of the last one of the former page."""
        ...

    async def minutes_of(self, transfer_id: str) -> str | None:
        """The id of its last minutes in the register."""
        ...

    async def file(self, transfer_id: str) -> bytes | None:
        """The file that goes with the packet, as made here."""
        ...

    async def confirmation(self, transfer_id: str) -> bytes | None:
        """The last confirmation, as made or read in here."""
        ...

    async def counts(self) -> dict[tuple[str, str], int]:
        """How many transfers by direction and state."""
        ...
