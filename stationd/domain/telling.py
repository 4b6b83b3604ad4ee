"""What is told of an event, and to whom: one table, by the noun of the event and the role of who listens.

Events hold nothing of a person, but not everybody may know everything: who acted is the officers' business, a job's
id is its order's, and a kiosk stands before strangers. Whoever is not named in a row is told nothing at all; a field
that is not named is left out; where a row hides the subject, the listener learns *that* it happened and not to what.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from stationd.domain.authority import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a role is told: these fields of the data, or all of them (``None``), and the subject or not."""

    fields: frozenset[str] | None = None
    has_subject: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event as one role may know it. ``at_ms`` is Unix milliseconds."""

    at_ms: int
    type: str
    subject: str | None
    data: Mapping[str, object]


Row = Mapping[Role, Share]

_ALL: Final = Share()


def _only(*fields: str) -> Share:
    return Share(fields=frozenset(fields))


def _unnamed(*fields: str) -> Share:
    return Share(fields=frozenset(fields), has_subject=False)


def _row(*, officer: Share | None = _ALL, monitor: Share | None = None, kiosk: Share | None = None) -> Row:
    shares = {Role.ADMIN: _ALL, Role.OFFICER: officer, Role.MONITOR: monitor, Role.KIOSK: kiosk}
    return MappingProxyType({role: share for role, share in shares.items() if share is not None})


TOPICS: Final[Mapping[str, Row]] = MappingProxyType(
    {
        # what anybody in the room can see
        "job": _row(
            monitor=_only("state", "from", "kind", "profile", "printer", "evidence", "reasons"),
            kiosk=_unnamed("state", "from"),
        ),
        "printer": _row(
            monitor=_only("state", "reasons", "is_paused", "reason", "spoils", "outcome"),
            kiosk=_only("state", "reasons"),
        ),
        "reader": _row(monitor=_only("state", "reasons", "kind"), kiosk=_only("state", "reasons", "kind", "receipt")),
        "queue": _row(monitor=_only("kind"), kiosk=_only("kind")),
        "station": _row(monitor=_ALL, kiosk=_ALL),
        "card": _row(
            monitor=_unnamed("custody", "from", "kind", "held_ms", "document", "by_proxy", "counter"),
            kiosk=_unnamed("custody", "from", "counter", "ticket"),
        ),
        # the work of the office
        "hand_over": _row(monitor=_unnamed("code")),
        "transfer": _row(monitor=_only("state", "from", "direction", "peer", "cards", "arrived", "missing", "extra")),
        "approval": _row(),
        "surrender": _row(),
        "pairing": _row(),
        "notice": _row(monitor=_unnamed("way", "state", "from", "reason")),
        "blanks": _row(monitor=_only("quantity", "difference", "at_hand")),
        "count": _row(),
        "book": _row(monitor=_only("set_aside", "in_question")),
        "minutes": _row(monitor=_unnamed("kind")),
        "device": _row(monitor=_only("title", "port", "matcher", "is_new", "is_reset")),
        "signature": _row(monitor=_unnamed("code")),
        "duty": _row(monitor=_unnamed("reason")),
        # who may do what
        "officer": _row(officer=None),
        "session": _row(officer=None),
        "sign_in": _row(officer=None),
        "key": _row(officer=None),
        "retention": _row(officer=None, monitor=_unnamed("class", "count")),
        "token": _row(officer=None),
    }
)
"""Every noun of an event, with what each role is told; a noun that is not here is told to nobody."""


def topic_of(kind: str) -> str:
    """The noun of an event's type: ``job`` of ``job.claimed``."""
    return kind.partition(".")[0]


def audience(role: Role, topics: Collection[str] | None = None) -> frozenset[str]:
    """The topics that this role is told something of, of those that it asked for (``None``: of all)."""
    return frozenset(topic for topic, row in TOPICS.items() if role in row and (topics is None or topic in topics))


def told_to(role: Role, at_ms: int, kind: str, subject: str, data: Mapping[str, object]) -> Told | None:
    """What this role is told of an event, or ``None``: nothing."""
    share = TOPICS.get(topic_of(kind), {}).get(role)
    if share is None:
        return None
    fields = share.fields
    shown = data if fields is None else {name: value for name, value in data.items() if name in fields}
    return Told(at_ms=at_ms, type=kind, subject=subject if share.has_subject else None, data=shown)
