"""The hand-over of a finished card: who may take it, on what proof, and what is written down of that.

Each rule names its source; the answer is ``None`` or a refusal. The station keeps which document was looked at and by
whom, never the document's number; a proxy's name is personal data and is sealed.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from stationd.domain.errors import Refused
from stationd.domain.job import JobKind


class IdentityDocument(StrEnum):
    """What the person at the counter showed."""

    KTP = "ktp"
    """The old identity card."""
    KK = "kk"
    """The family card."""
    BIRTH_CERTIFICATE = "birth-certificate"
    PASSPORT = "passport"
    DRIVING_LICENCE = "driving-licence"
    SCHOOL_CARD = "school-card"
    TEMPORARY_LETTER = "temporary-letter"
    """*Surat keterangan* in place of the card."""
    FINGERPRINT = "fingerprint"
    """A match that the port for it has reported; never what somebody types."""


class CheckResult(StrEnum):
    """What came of looking."""

    MATCH = "match"
    NO_MATCH = "no-match"


class Relation(StrEnum):
    """What a proxy is to the holder, within one family card (KK)."""

    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    IN_LAW = "in-law"
    OTHER_FAMILY = "other-family"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCheck:
    """Which document an officer looked at, and whether person and document belong together."""

    document: IdentityDocument
    result: CheckResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Who takes the card for its holder; the name is personal data."""

    relation: Relation
    is_family_card_checked: bool
    name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """What the officer at the counter says about a hand-over."""

    identity: IdentityCheck
    proxy: Proxy | None = None
    is_old_card_surrendered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A hand-over as written down; ``undone_at`` when two persons have undone it. Times are Unix milliseconds."""

    at: int
    actor: str
    document: IdentityDocument
    relation: Relation | None
    is_old_card_surrendered: bool
    undone_at: int | None = None


UNDO_WITHIN_S: Final = 900
"""How long a hand-over can be undone by default: as long as the holder may still stand at the counter."""


def hand_over_refusal(kind: JobKind, hand_over: HandOver) -> Refused | None:
    """Why the card may not be given out like this, or ``None``.

    - The holder shows who they are (the offices' own rule of pickup).
    - A proxy comes from the same family card (KK), and an officer has looked at it.
    - The card that a damaged one replaces is surrendered.
    """
    if hand_over.identity.result is not CheckResult.MATCH:
        return Refused("identity-not-shown", field="identity.result")
    if hand_over.proxy is not None and not hand_over.proxy.is_family_card_checked:
        return Refused("proxy-not-allowed", field="proxy.family_card_checked")
    if kind is JobKind.DAMAGED and not hand_over.is_old_card_surrendered:
        return Refused("old-card-missing", field="old_card_surrendered")
    return None


def undo_refusal(handed_over_at: int, now_ms: int, *, within_s: int) -> Refused | None:
    """Why a hand-over cannot be undone any more, or ``None``. A clock that was set back ends the time as well."""
    if 0 <= now_ms - handed_over_at <= within_s * 1000:
        return None
    return Refused("hand-over-final", minutes=within_s // 60)
