"""May this order become a card here? Each rule with its source; the answer is ``None`` or a refusal."""

from stationd.domain.errors import Refused
from stationd.domain.job import JobKind
from stationd.domain.order import Order, is_nik_form

KIND_CLASS = {JobKind.FIRST: 0, JobKind.DAMAGED: 1, JobKind.LOST: 1}
"""The class of service: people never recorded before come first (Directorate-General's instruction of 2016)."""


def refusal_of(order: Order) -> Refused | None:
    """Why an order cannot be taken at this station, or ``None`` when it can.

    - A change of data elements belongs to the civil-registry office and is never printed at the kecamatan (the
      Ministry's note of 29 April 2016).
    - A lost card is replaced against a police report (Perpres 96/2018, art. 20).
    - The NIK is checked for its form only.
    """
    if order.kind is JobKind.DATA_CHANGE:
        return Refused(
            "data-change-belongs-to-the-office",
            "cannot print a card with changed data here: data changes are made at the Dukcapil office",
            field="kind",
            fix="send the holder to the Dukcapil office with the family card (KK) and proof of the change",
        )
    if order.kind is JobKind.LOST and not (order.police_report or "").strip():
        return Refused(
            "police-report-missing",
            "cannot replace a lost card: the number of the police report is missing",
            field="police_report",
            fix="enter the number of the police report (surat keterangan kehilangan)",
        )
    if not is_nik_form(order.holder.nik):
        return Refused("nik-malformed", "cannot take the order: a NIK has 16 digits", field="holder.nik")
    return None
