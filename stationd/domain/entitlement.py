"""May this order become a card here? Each rule with its source; the answer is ``None`` or a refusal.

One person has one card: at most one in the making, and at most one that holds. A replacement takes the place of the
card before it when it is printed. A station knows only the cards that it printed itself; that a card was made elsewhere
is the centre's to know, which gives the order.
"""

from typing import Final

from stationd.domain.dispatch import ServiceClass
from stationd.domain.errors import Refused
from stationd.domain.job import JobKind
from stationd.domain.order import Order, is_nik_form
from stationd.domain.words import Advice, Words

KIND_CLASS = {
    JobKind.FIRST: ServiceClass.FIRST,
    JobKind.DAMAGED: ServiceClass.REPLACEMENT,
    JobKind.LOST: ServiceClass.REPLACEMENT,
}
"""The class of service: people never recorded before come first (Directorate-General's instruction of 2016)."""

REFERRAL: Final = Advice(
    Words(
        "Changes of data are made at the Dukcapil office of your city or regency, free of charge. "
        "Your card is printed after the change.",
        "Perubahan data dilayani di kantor Dinas Dukcapil kota atau kabupaten Anda, tanpa biaya. "
        "KTP-el dicetak setelah data diubah.",
    ),
    (
        Words("your present KTP-el", "KTP-el yang sekarang"),
        Words("the family card (KK)", "Kartu Keluarga (KK)"),
        Words(
            "proof of the change, such as a marriage certificate, a diploma or a court order",
            "bukti perubahan, misalnya akta nikah, ijazah, atau penetapan pengadilan",
        ),
    ),
)
"""Where data are changed and with what (Perpres 96/2018, art. 20-21; the Ministry's note of 29 April 2016)."""

POLICE_REPORT: Final = Advice(
    Words(
        "A lost card is replaced against a police report of the loss, free of charge.",
        "KTP-el yang hilang diganti dengan menunjukkan surat keterangan kehilangan dari kepolisian, tanpa biaya.",
    ),
    (
        Words("the police report of the loss", "surat keterangan kehilangan dari kepolisian"),
        Words("the family card (KK)", "Kartu Keluarga (KK)"),
    ),
)

SURRENDER: Final = Advice(
    Words(
        "A damaged card is replaced against the old card, free of charge.",
        "KTP-el yang rusak diganti dengan menyerahkan kartu yang lama, tanpa biaya.",
    ),
    (Words("the damaged card", "KTP-el yang rusak"), Words("the family card (KK)", "Kartu Keluarga (KK)")),
)

_UNDER_WAY: Final = Advice(
    Words(
        "There is an order for this card already; ask the officer with your receipt.",
        "Permohonan kartu ini sudah ada; tanyakan kepada petugas dengan membawa resi Anda.",
    )
)


def refusal_of(order: Order) -> Refused | None:
    """Why an order cannot be taken at this station, or ``None`` when it can.

    - A change of data elements belongs to the civil-registry office and is never printed at the kecamatan (the
      Ministry's note of 29 April 2016).
    - A lost card is replaced against a police report, a damaged one against the old card (Perpres 96/2018, art. 20).
      An old card that is still to come does not keep the order from being taken, see :func:`awaits_surrender`.
    - The NIK is checked for its form only.
    """
    if order.kind is JobKind.DATA_CHANGE:
        return Refused("data-change-belongs-to-the-office", field="kind", tell=REFERRAL)
    if order.kind is JobKind.LOST and not (order.police_report or "").strip():
        return Refused("police-report-missing", field="police_report", tell=POLICE_REPORT)
    if order.surrendered is not None:
        if order.kind is not JobKind.DAMAGED:
            return Refused("surrender-not-awaited/kind", field="surrendered", kind=order.kind)
        if is_nik_form(order.surrendered.card):
            return nik_as_card("surrendered.card")
    if not is_nik_form(order.holder.nik):
        return Refused("nik-malformed", field="holder.nik")
    return None


def awaits_surrender(order: Order) -> bool:
    """Whether the order waits until the damaged card has come back."""
    return order.kind is JobKind.DAMAGED and order.surrendered is None


def nik_as_card(field: str) -> Refused:
    """The refusal for a NIK where the old card is to be named: it would stand in the open."""
    return Refused("surrender-invalid", field=field)


def has_live_card(see: str, *, is_made: bool) -> Refused:
    """The refusal for who has a card (``is_made``) or one under way, the job ``see``; nothing of the person."""
    if is_made:
        return Refused("holder-has-a-live-card/made", field="kind", see=see, tell=_UNDER_WAY)
    return Refused("holder-has-a-live-card/under-way", field="holder.nik", see=see, tell=_UNDER_WAY)
