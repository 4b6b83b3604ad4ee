"""Transfers: packets to other kecamatan and from them, their files, and their minutes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.ids import read_receipt
from stationd.domain.minutes import Minutes
from stationd.domain.signers import Desk, Signer
from stationd.domain.transfer import (
    DueGroup,
    ListedCard,
    Manifest,
    Partner,
    Transfer,
    TransferItem,
    TransferState,
)
from stationd.domain.transfer_papers import hand_over_minutes, receipt_minutes
from stationd.ports.transfers import (
    Packing,
    Scanned,
    Scanning,
    Settling,
    TransferFiles,
    TransferStore,
)
from stationd.services.jobs import malformed
from stationd.services.minutes import Register

_LONGEST_CURSOR = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cards go to station ``to``: those named; else what is due on the shelf; else all that lies there for it."""

    to: str
    card_ids: tuple[str, ...] | None = None
    is_due_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A card out of a packet as an officer or a reader tells it; exactly one is given."""

    receipt: str | None = None
    nik: str | None = field(default=None, repr=False)
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferView:
    """A transfer; its cards in the order of the pack list and the receipts not listed where one is asked for."""

    transfer: Transfer
    items: Sequence[TransferItem] = ()
    extra: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Whose paper it is, who signs, on which day."""

    desk: Desk
    signer: Callable[[str], Signer]
    today: Callable[[], date]

    def by(self, actor: Actor) -> Signer:
        """The officer behind an actor; a bare token signs by hand."""
        return Signer() if actor.officer is None else self.signer(actor.officer)


class Transfers:
    """What officers do with packets, at either end."""

    def __init__(
        self,
        store: TransferStore,
        files: TransferFiles,
        register: Register,
        signing: Signing,
        *,
        here: str,
        partners: Mapping[str, Partner],
    ) -> None:
        """``here`` is this station's id; ``partners`` by theirs."""
        self._store = store
        self._files = files
        self._register = register
        self._signing = signing
        self._here = here
        self._partners = partners

    async def due(self) -> Sequence[DueGroup]:
        """What is due, by kecamatan of residence."""
        return await self._store.due()

    async def page(
        self, *, state: TransferState | None, after: str | None, limit: int
    ) -> tuple[Sequence[Transfer], str | None]:
        """Up to ``limit`` transfers, the oldest first, and the next cursor. Raises (``cursor-malformed``)."""
        found = await self._store.page(state, _start(after), limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return found[:limit], None if last is None else f"{last.at}~{last.id}"

    async def read(self, transfer_id: str) -> TransferView:
        """The transfer with its cards. Raises :class:`Refused` (``transfer-unknown``)."""
        found = await self._store.read(transfer_id)
        if found is None:
            raise _unknown()
        transfer, items, extra = found
        return TransferView(transfer=transfer, items=items, extra=extra)

    # ------------------------------------------------------------------------------------------------- at the sender

    async def pack(self, wanted: Wanted, *, actor: Actor) -> TransferView:
        """Put cards in a packet: minutes, file, and every card in transit, in one step.

        Raises :class:`Refused`: ``partner-unknown``, ``nothing-to-transfer``, ``transfer-too-large``, ``card-unknown``,
        ``card-state``.
        """
        partner = self._partners.get(wanted.to)
        if partner is None:
            raise Refused("partner-unknown", field="to", partners=tuple(sorted(self._partners)) or "-")
        signing, on = self._signing, self._signing.today()

        def draft(manifest: Manifest) -> Minutes:
            return hand_over_minutes(signing.desk, on, manifest, signer=signing.by(actor), receiver=partner.name)

        return await self._told(
            await self._store.pack(
                Packing(to=partner, actor=actor, draft=draft, card_ids=wanted.card_ids, is_due_only=wanted.is_due_only)
            )
        )

    async def cancel(self, transfer_id: str, *, actor: Actor) -> TransferView:
        """The packet never left. Raises :class:`Refused` (``transfer-unknown``, ``transfer-state``)."""
        return await self._told(await self._store.cancel(transfer_id, actor))

    async def take_confirmation(self, raw: bytes, *, actor: Actor) -> TransferView:
        """Read in what the receiver has confirmed.

        Raises :class:`Refused`: those of :meth:`stationd.ports.transfers.TransferFiles.read_confirmation`,
        ``transfer-unknown``, ``transfer-state``, ``confirmation-outdated``, ``confirmation-invalid``.
        """
        confirmation = self._files.read_confirmation(raw, here=self._here)
        if isinstance(confirmation, Refused):
            raise confirmation
        return await self._told(await self._store.take_confirmation(confirmation, raw, actor))

    # ----------------------------------------------------------------------------------------------- at the receiver

    async def announce(self, raw: bytes, *, actor: Actor) -> TransferView:
        """Read in the file of a packet.

        Raises :class:`Refused`: those of :meth:`stationd.ports.transfers.TransferFiles.read`, ``transfer-known``,
        ``transfer-invalid``.
        """
        manifest = self._files.read(raw, here=self._here)
        if isinstance(manifest, Refused):
            raise manifest
        return await self._told(await self._store.announce(manifest, raw, actor))

    async def scan(self, transfer_id: str, seen: Seen, *, actor: Actor) -> Scanned:
        """Take a card out of the packet.

        Raises :class:`Refused`: ``receipt-malformed``, ``transfer-unknown``, ``transfer-state``, ``card-not-listed``,
        ``card-state``.
        """
        receipt = None
        if seen.receipt is not None and (receipt := read_receipt(seen.receipt)) is None:
            raise malformed()
        answer = await self._store.scan(
            Scanning(transfer_id=transfer_id, actor=actor, receipt=receipt, nik=seen.nik, place=seen.place)
        )
        if isinstance(answer, Refused):
            raise answer
        return answer

    async def settle(self, transfer_id: str, *, with_differences: bool, actor: Actor) -> TransferView:
        """The packet is empty: minutes, and the confirmation for the sender.

        Raises :class:`Refused`: ``transfer-unknown``, ``transfer-state``, ``transfer-incomplete``.
        """
        signing, on = self._signing, self._signing.today()

        def draft(transfer: Transfer, listed: Sequence[ListedCard], extra: Sequence[str]) -> Minutes:
            return receipt_minutes(signing.desk, on, transfer, listed, extra, signer=signing.by(actor))

        settling = Settling(transfer_id=transfer_id, actor=actor, draft=draft, with_differences=with_differences)
        return await self._told(await self._store.settle(settling))

    # --------------------------------------------------------------------------------------------------------- files

    async def file(self, transfer_id: str) -> bytes:
        """The file that goes with the packet. Raises :class:`Refused` (``transfer-unknown``)."""
        raw = await self._store.file(transfer_id)
        if raw is None:
            raise _unknown()
        return raw

    async def confirmation(self, transfer_id: str) -> bytes:
        """The last confirmation. Raises :class:`Refused` (``transfer-unknown``, ``transfer-unconfirmed``)."""
        await self.read(transfer_id)
        raw = await self._store.confirmation(transfer_id)
        if raw is None:
            raise Refused("transfer-unconfirmed/confirmation", see=transfer_id)
        return raw

    async def pdf(self, transfer_id: str) -> bytes:
        """Its last minutes as pages to sign. Raises as :meth:`confirmation`, and ``Faulted`` (``fonts-missing``)."""
        return await self._register.pdf(await self._minutes(transfer_id))

    async def csv(self, transfer_id: str) -> bytes:
        """The tables of its last minutes for a spreadsheet. Raises as :meth:`confirmation`."""
        return await self._register.csv(await self._minutes(transfer_id))

    async def _minutes(self, transfer_id: str) -> str:
        await self.read(transfer_id)
        minutes = await self._store.minutes_of(transfer_id)
        if minutes is None:
            raise Refused("transfer-unconfirmed/minutes", see=transfer_id)
        return minutes

    async def _told(self, answer: Transfer | Refused) -> TransferView:
        if isinstance(answer, Refused):
            raise answer
        return await self.read(answer.id)


def _unknown() -> Refused:
    return Refused("transfer-unknown")


def _start(after: str | None) -> tuple[int, str]:
    if after is None:
        return (0, "")
    at, tilde, id_ = after.partition("~")
    if not (after.isascii() and len(after) <= _LONGEST_CURSOR and tilde and at.isdigit() and int(at) < 1 << 63):
        raise Refused("cursor-malformed", field="after")
    return (int(at), id_)
