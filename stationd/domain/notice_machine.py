"""One notice to the holder of a finished card: its states, and the table of what may become of it.

Sending a message cannot be undone and cannot be asked about twice, so a notice is treated as a card in a printer is. It
is written down as *intended* before a byte of it leaves. From then on it may have reached the holder, and only
knowledge leads on: the way took it (*sent*), a delivery report came (*delivered*, *failed*), the way refused it for
good (*failed*), or nobody can tell (*unknown*: the modem took the message and its answer was lost, the gateway timed
out after accepting, the station died in between). An unknown notice is never sent again; a late delivery report may
still settle it, and otherwise the next reminder follows in its own time.

Trouble of the way (no modem, no network, no credit) is not trouble of the notice: when it is certain that nothing left,
the notice is *withdrawn*, as if it had never been begun, and no try is used up.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class NoticeState(StrEnum):
    """What is known of a notice."""

    INTENDED = "intended"
    SENT = "sent"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class NoticeEvent(StrEnum):
    """What can happen to a notice."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    LOST = "lost"
    NOT_SENT = "not_sent"
    DELIVERY_REPORTED = "delivery_reported"
    FAILURE_REPORTED = "failure_reported"


OPEN: Final = frozenset({NoticeState.INTENDED, NoticeState.SENT, NoticeState.UNKNOWN})
"""States out of which a delivery report may still lead."""

PERHAPS: Final = OPEN | {NoticeState.DELIVERED}
"""States in which the holder may have got it: what the limits on notices are reckoned by."""

_S, _E = NoticeState, NoticeEvent

TABLE: Final[Mapping[tuple[NoticeState, NoticeEvent], NoticeState]] = MappingProxyType(
    {
        (_S.INTENDED, _E.ACCEPTED): _S.SENT,
        (_S.INTENDED, _E.REJECTED): _S.FAILED,
        (_S.INTENDED, _E.LOST): _S.UNKNOWN,
        (_S.INTENDED, _E.NOT_SENT): _S.WITHDRAWN,
        # A report may overtake the answer of the modem or the gateway.
        (_S.INTENDED, _E.DELIVERY_REPORTED): _S.DELIVERED,
        (_S.INTENDED, _E.FAILURE_REPORTED): _S.FAILED,
        (_S.SENT, _E.DELIVERY_REPORTED): _S.DELIVERED,
        (_S.SENT, _E.FAILURE_REPORTED): _S.FAILED,
        (_S.UNKNOWN, _E.DELIVERY_REPORTED): _S.DELIVERED,
        (_S.UNKNOWN, _E.FAILURE_REPORTED): _S.FAILED,
    }
)


def after(state: NoticeState, event: NoticeEvent) -> NoticeState | None:
    """The state after an event; ``None`` when it says nothing new: a report that comes twice, an answer too late."""
    return TABLE.get((state, event))
