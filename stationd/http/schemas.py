r"""The bodies of the API: what is taken, checked to the letter, and what is answered.

These records validate requests and are the source of the OpenAPI document. Text is one line without control
characters; a pattern ends in ``$(?!\n)`` because Python's ``$`` also matches before a final newline. Times are
RFC 3339 in UTC.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from stationd.domain.job import Evidence, JobKind, JobState, Verdict
from stationd.http.unfit import BrokenRuleError

Item = TypeVar("Item")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LINE = r"^[^\u0000-\u001f\u007f]*$(?!\n)"
_WORDS = r"^(?=.*\S)[^\u0000-\u001f\u007f]*$(?!\n)"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$(?!\n)"
MAX_FIELDS = 64

Line = Annotated[str, Meta(max_length=500, pattern=LINE)]
Note = Annotated[str, Meta(max_length=1000, description="Free text for the book; no personal data belongs here.")]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=_NAME)]
OrderReference = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$(?!\n)",
        description="The order at the centre or the counter; one live card each.",
        examples=["PRR-16711-000123"],
    ),
]
Nik = Annotated[
    str,
    Meta(min_length=16, max_length=16, pattern="^[0-9]{16}$", description="16 digits.", examples=["9999990101900001"]),
]
Phone = Annotated[
    str,
    Meta(
        max_length=32,
        pattern=r"^(?:[+(]?[0-9][0-9 ()./-]{3,30})?$(?!\n)",
        description="In any local form; empty where there is none.",
        examples=["+62 000 000 000"],
    ),
]

# ------------------------------------------------------------------------------------------------------- taken


class HolderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The person whose card it is."""

    nik: Nik
    name: Annotated[str, Meta(max_length=200, pattern=_WORDS, examples=["CONTOH SPESIMEN"])]
    address: Line | None = None
    phone: Phone | None = None
    district: (
        Annotated[
            str,
            Meta(
                pattern=r"^[0-9]{2}\.[0-9]{2}\.[0-9]{2}$(?!\n)",
                description="Region code of the kecamatan of residence, from the address; never from the NIK.",
                examples=["16.71.09"],
            ),
        ]
        | None
    ) = None
    village: (
        Annotated[
            str,
            Meta(
                pattern=r"^[0-9]{2}\.[0-9]{2}\.[0-9]{2}\.[0-9]{4}$(?!\n)",
                description="Region code of the kelurahan of residence; it begins with the district's.",
                examples=["16.71.09.1003"],
            ),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        """Hold the two codes together."""
        if self.village is not None and self.district is not None and not self.village.startswith(self.district):
            raise BrokenRuleError("village")


class SurrenderedBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The damaged card that came back."""

    card: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=64,
            pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/:-]*$(?!\n)",
            description="How it is found again: its chip's number, or the label of its envelope; never the NIK.",
            examples=["AMPLOP-2026-0012"],
        ),
    ]
    note: Note = ""


class DocumentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ready document (``media_type`` and ``data``), or a template to fill (``template``, ``fields``, ``photo``)."""

    media_type: Literal["application/pdf", "image/png", "image/jpeg"] | None = None
    data: Annotated[bytes, Meta(min_length=1, description="The document in base64.")] | None = None
    template: Name | None = None
    fields: (
        Annotated[
            dict[Annotated[str, Meta(min_length=1, max_length=64, pattern=LINE)], Line],
            Meta(
                max_length=MAX_FIELDS,
                description="What stands on the card. Left out, name, address and order come from the order itself.",
            ),
        ]
        | None
    ) = None
    photo: Annotated[bytes, Meta(min_length=1, description="PNG or JPEG in base64.")] | None = None

    def __post_init__(self) -> None:
        """Hold the two forms apart."""
        is_ready = self.media_type is not None or self.data is not None
        is_template = self.template is not None
        if is_ready == is_template or (is_ready and (self.fields is not None or self.photo is not None)):
            raise BrokenRuleError("document")
        if is_ready and (self.media_type is None or self.data is None):
            raise BrokenRuleError("document-halves")


_READY_OR_TEMPLATE = {
    "oneOf": [
        {
            "required": ["media_type", "data"],
            "properties": {
                "media_type": {"type": "string"},
                "data": {"type": "string"},
                "template": {"type": "null"},
                "fields": {"type": "null"},
                "photo": {"type": "null"},
            },
        },
        {
            "required": ["template"],
            "properties": {"template": {"type": "string"}, "media_type": {"type": "null"}, "data": {"type": "null"}},
        },
    ]
}


class NewJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One order for one card."""

    order: OrderReference
    kind: Annotated[JobKind, Meta(description="data_change is always refused, with a referral to the office.")]
    holder: HolderBody
    document: Annotated[DocumentBody, Meta(extra_json_schema=_READY_OR_TEMPLATE)]
    police_report: Annotated[Line, Meta(description="Number of the police report; needed for a lost card.")] | None = (
        None
    )
    surrendered: (
        Annotated[SurrenderedBody, Meta(description="The damaged card; without it the order waits until it comes.")]
        | None
    ) = None
    profile: Name = "ktp-el"
    signature: (
        Annotated[
            str,
            Meta(
                max_length=4096,
                pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$(?!\n)",
                description="The city's signature on this order, as a compact JWS; an unattended station needs it.",
            ),
        ]
        | None
    ) = None


class BulkJob(NewJob, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of a bulk submission: an order with its own idempotency key."""

    idempotency_key: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=128,
            pattern=r"^[!-~]+$(?!\n)",
            description="A fresh key for every order; the same key when the line is sent again.",
        ),
    ]


class VerdictBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person says who went and looked."""

    outcome: Verdict
    note: Note = ""
    attempt: (
        Annotated[int, Meta(ge=1, le=2**62, description="The attempt that the card is of, as `known` names it.")] | None
    ) = None


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No body, or ``{}``."""


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No query parameters."""


class JobsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which jobs, and from where."""

    state: Annotated[JobState, Meta(description="Only jobs in this state.")] | msgspec.UnsetType = msgspec.UNSET
    after: Annotated[str, Meta(max_length=200, description="The cursor of the former page.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    receipt: (
        Annotated[str, Meta(max_length=32, pattern=LINE, description="Only the job of this receipt, however typed.")]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    order: (
        Annotated[str, Meta(max_length=64, pattern=LINE, description="Only the job of this order, not cancelled.")]
        | msgspec.UnsetType
    ) = msgspec.UNSET


# ---------------------------------------------------------------------------------------------------- answered


class WhyAnswer(msgspec.Struct, frozen=True):
    """One reason why a job stands where it stands: a stable code, and a line for people in English and Indonesian."""

    code: Annotated[str, Meta(examples=["printer-stopped"])]
    en: Annotated[str, Meta(examples=["kartu-1 takes no card: media-empty"])]
    id: Annotated[str, Meta(examples=["kartu-1 berhenti: media-empty"])]


class KnownAnswer(msgspec.Struct, frozen=True):
    """What is known of a card whose outcome nobody knows, for the person who looks and judges."""

    attempt: Annotated[int, Meta(description="Which try of the job it was.")]
    printer: str
    remote_job: Annotated[str, Meta(description="What the device calls the job.")] | None
    counter_before: Annotated[int, Meta(description="The device's card counter when the job was opened.")] | None
    counter_now: Annotated[int, Meta(description="The same when the device was last asked.")] | None
    opened_at: datetime
    sent_at: (
        Annotated[datetime, Meta(description="When the document had left whole; null: nobody knows that it did.")]
        | None
    )
    said: Annotated[str, Meta(description="What the device, or watching it, said last.")]


class JobAnswer(msgspec.Struct, frozen=True):
    """A print job. It holds nothing of the person: the order and the receipt are how people find it."""

    id: str
    receipt: Annotated[str, Meta(description="What the citizen holds.", examples=["2XK7-9QF4-M3TP"])]
    order: str
    kind: JobKind
    profile: str
    state: JobState
    reasons: Annotated[tuple[str, ...], Meta(description="Keywords: why it is in this state.")]
    why: Annotated[
        tuple[WhyAnswer, ...],
        Meta(description="Why it stands where it stands, the weightiest first; empty in lists and at once after POST."),
    ]
    position: Annotated[int, Meta(ge=0, description="How many are served before it; 0 is next.")] | None
    expected_s: Annotated[float, Meta(ge=0, description="Seconds until it is expected to be printed.")] | None
    printer: str | None
    expected_on: (
        Annotated[date, Meta(description="When blanks are expected for a rationed job, by past deliveries.")] | None
    )
    order_changed: Annotated[
        bool, Meta(description="Two officers changed its place, or moved others ahead of it (the latter not in lists).")
    ]
    approval: Annotated[str, Meta(description="The id of the request about it that waits for a second officer.")] | None
    attempts: int
    evidence: Annotated[Evidence, Meta(description="How it is known that the card was printed.")] | None
    known: Annotated[KnownAnswer, Meta(description="Of an uncertain card, where one job is asked for.")] | None
    created_at: datetime
    updated_at: datetime


class JobPage(msgspec.Struct, frozen=True):
    """A page of jobs; ``next`` is the cursor for the following one."""

    items: tuple[JobAnswer, ...]
    next: str | None


class StationAnswer(msgspec.Struct, frozen=True):
    """Which station this is, and whether it can print."""

    id: str
    name: str
    mode: str
    serves: tuple[str, ...]
    time_zone: (
        Annotated[
            str, Meta(description="By which days begin and end; null: the machine's own.", examples=["Asia/Jakarta"])
        ]
        | None
    )
    version: str
    started_at: datetime
    is_ready: bool
    reasons: tuple[str, ...]


class Health(msgspec.Struct, frozen=True):
    """The process is alive."""

    status: Literal["alive"] = "alive"


class Readiness(msgspec.Struct, frozen=True):
    """Whether the station can print now, and why not."""

    is_ready: bool
    reasons: tuple[str, ...]


def moment(unix_ms: int) -> datetime:
    """A time in Unix milliseconds as a UTC time."""
    return _EPOCH + timedelta(milliseconds=unix_ms)


def fields_of(body: DocumentBody) -> Mapping[str, str]:
    """The fields of a template; empty when none were sent."""
    return body.fields or {}
