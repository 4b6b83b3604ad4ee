"""What the offices sign about a transfer: the hand-over of a packet by name and address, and what was found in it.

Uncollected cards are handed to the kecamatan of residence with minutes by name and address (the rule of the
civil-registry service, Palembang 2016). A NIK is shown masked: name and address tell who is meant, and paper travels.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from stationd.domain.minutes import (
    CUSTOMARY_CLOSING,
    Align,
    Column,
    Minutes,
    MinutesTable,
    Total,
    numbered,
)
from stationd.domain.signers import Desk, Signer, decrees, parties, signatures
from stationd.domain.transfer import ListedCard, Manifest, Transfer


class PaperKind(StrEnum):
    """The kinds of minutes about transfers."""

    TRANSFER = "transfer"
    RECEIPT = "receipt"


_NUMBER = Column(title="No.", share=0.8, align=Align.RIGHT)


def masked(nik: str) -> str:
    """A NIK as paper and screens show it: ``1671••••••••0001``."""
    return f"{nik[:4]}{'•' * 8}{nik[-4:]}"


def hand_over_minutes(desk: Desk, on: date, manifest: Manifest, *, signer: Signer, receiver: str) -> Minutes:
    """Minutes of a packet that leaves, by name and address; the receiver's officer signs by hand. No number yet."""
    table = MinutesTable(
        title="Daftar KTP-el yang diserahkan",
        columns=(
            _NUMBER,
            Column(title="Nama", share=2.6),
            Column(title="NIK", share=2.4),
            Column(title="Alamat", share=3.0),
            Column(title="Kelurahan", share=2.2),
            Column(title="Resi", share=2.7),
        ),
        rows=numbered(
            [
                (
                    card.holder.name,
                    masked(card.holder.nik),
                    card.holder.address or "",
                    card.village or card.district or "",
                    card.receipt,
                )
                for card in manifest.cards
            ]
        ),
    )
    body = (
        f"PIHAK PERTAMA menyerahkan kepada PIHAK KEDUA KTP-el yang tidak diambil oleh pemiliknya di {desk.place}, "
        f"untuk disampaikan kepada pemiliknya melalui {receiver}, sebagaimana tercantum dalam lampiran, nama demi nama."
    )
    return Minutes(
        kind=PaperKind.TRANSFER,
        number="",
        title="Berita Acara Serah Terima KTP-el",
        on=on,
        place=desk.place,
        office=desk.office,
        parties=parties([signer], here=desk.place, there=receiver),
        decrees=decrees([signer]),
        paragraphs=(body,),
        totals=(Total(what="Jumlah yang diserahkan", quantity=len(manifest.cards)),),
        annexes=(table,),
        closing=CUSTOMARY_CLOSING,
        signatures=signatures([signer]),
    )


def receipt_minutes(
    desk: Desk,
    on: date,
    transfer: Transfer,
    listed: Sequence[ListedCard],
    extra: Sequence[str],
    *,
    signer: Signer,
) -> Minutes:
    """Minutes of what was found in a packet: what has arrived, what was missing, what was not listed. No number yet."""
    columns = (
        _NUMBER,
        Column(title="Nama", share=2.6),
        Column(title="NIK", share=2.5),
        Column(title="Alamat", share=3.4),
        Column(title="Resi", share=2.3),
    )

    def table(title: str, cards: Sequence[ListedCard]) -> MinutesTable:
        rows = [(card.name, masked(card.nik), card.address or "", card.receipt) for card in cards]
        return MinutesTable(title=title, columns=columns, rows=numbered(rows))

    arrived = [card for card in listed if card.has_arrived]
    missing = [card for card in listed if not card.has_arrived]
    annexes = [table("Daftar KTP-el yang diterima", arrived)] if arrived else []
    if missing:
        annexes.append(table("Daftar KTP-el yang tidak ditemukan dalam kiriman", missing))
    if extra:
        annexes.append(
            MinutesTable(
                title="Daftar KTP-el di luar daftar pengiriman",
                columns=(_NUMBER, Column(title="Resi", share=6)),
                rows=numbered([(receipt,) for receipt in extra]),
            )
        )
    totals = [Total(what="Jumlah menurut daftar", quantity=transfer.cards)]
    totals.append(Total(what="Jumlah yang diterima", quantity=len(arrived)))
    if missing:
        totals.append(Total(what="Jumlah yang tidak ditemukan", quantity=len(missing)))
    if extra:
        totals.append(Total(what="Jumlah di luar daftar", quantity=len(extra)))
    body = (
        f"Telah diterima dan diperiksa satu demi satu KTP-el yang dikirim oleh {transfer.peer_name} dengan Berita "
        f"Acara Nomor {transfer.number}, dengan hasil sebagai berikut:"
    )
    return Minutes(
        kind=PaperKind.RECEIPT,
        number="",
        title="Berita Acara Penerimaan KTP-el",
        on=on,
        place=desk.place,
        office=desk.office,
        parties=parties([signer], here=desk.place, there=transfer.peer_name),
        decrees=decrees([signer]),
        paragraphs=(body,),
        totals=tuple(totals),
        annexes=tuple(annexes),
        closing=CUSTOMARY_CLOSING,
        signatures=signatures([signer]),
    )
