"""What a caller asks for: one card for one holder."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stationd.domain.job import JobKind
from stationd.domain.printer import MediaType

_NIK = re.compile(r"[0-9]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The person whose card it is. Personal data: sealed at rest, never logged.

    ``district`` and ``village`` are the region codes of the kecamatan and the kelurahan of residence, from the address
    data of the order and never from the NIK; they tell where a card is fetched and are kept readable.
    """

    nik: str = field(repr=False)
    name: str = field(repr=False)
    address: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    district: str | None = None
    village: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes for one card. They are personal data: no driver logs, names or keeps them."""

    media_type: MediaType
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDocument:
    """A card still to be rendered: the template's name, its fields, and the photo as PNG or JPEG bytes."""

    template: str
    fields: Mapping[str, str] = field(repr=False)
    photo: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surrendered:
    """A damaged card that its holder has given back.

    ``card`` is how it is found again, such as its chip's number or the label of its envelope, and never the NIK.
    """

    card: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order for one card, as a print-ready record from the centre or a counter gives it.

    ``signature`` is the city's, as a compact JWS; an unattended station takes no order without one.
    """

    order: str
    kind: JobKind
    holder: Holder
    document: Document | TemplateDocument
    police_report: str | None = None
    surrendered: Surrendered | None = None
    profile: str = "ktp-el"
    signature: str | None = field(default=None, repr=False)


def told_by(order: Order) -> Mapping[str, str]:
    """What an order says by itself for a card's fields of these names; the NIK only stands where it is asked for."""
    address = order.holder.address
    return {"name": order.holder.name, "order": order.order} | ({} if address is None else {"address": address})


def is_nik_form(nik: str) -> bool:
    """Whether a NIK has the right form: 16 digits and a serial from 0001.

    Never its region or its date: they tell where a person was *first* registered, not where they live now
    (Permendagri 43/2010, the NIK is permanent).
    """
    return _NIK.fullmatch(nik) is not None and nik[12:] != "0000"
