"""Server-sent events on the wire (HTML Living Standard, 9.2): pure, and encoded once for all who are told the same."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from stationd.domain.authority import Role
from stationd.domain.events import Event
from stationd.domain.position import Loss, Position
from stationd.domain.telling import Told, told_to, topic_of
from stationd.http.schemas import moment
from stationd.services.stream import Passing

MEDIA_TYPE: Final = "text/event-stream"
_RETRY_MS = 2000
_KEPT = 128
_encode = msgspec.json.Encoder().encode


class EventAnswer(msgspec.Struct, frozen=True):
    """The JSON in `data:` of one event, as far as the role may know it."""

    type: Annotated[str, Meta(description="noun.past_participle", examples=["job.claimed"])]
    at: datetime
    subject: Annotated[str, Meta(description="What it happened to; null where the role may not know.")] | None
    data: Mapping[str, Any]


class ResetAnswer(msgspec.Struct, frozen=True):
    """The JSON in `data:` of `event: reset`: read the state anew, the events since are not to be had."""

    reason: Loss


def opening(position: Position) -> bytes:
    """The beginning of a stream: how soon to come back, and the position to come back with."""
    return b"retry: %d\nid: %s\n\n" % (_RETRY_MS, str(position).encode())


def heartbeat(position: Position) -> bytes:
    """A comment that keeps the connection alive, with the position: events that were filtered out are behind it."""
    return b": heartbeat\nid: %s\n\n" % str(position).encode()


def reset(loss: Loss, position: Position) -> bytes:
    """The event that says: something was missed."""
    return b"id: %s\nevent: reset\ndata: %s\n\n" % (str(position).encode(), _encode(ResetAnswer(loss)))


class Frames:
    """Encodes events for a role and its topics, and keeps the last encodings: most listeners are told the same."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Role, frozenset[str], int, int], bytes] = {}
        self.encoded = 0
        """How many batches were encoded and not taken from what was kept."""

    def recorded(self, role: Role, topics: frozenset[str], events: Sequence[Event]) -> bytes:
        """The recorded events that this role is told of these topics; empty when none is."""
        if not events:
            return b""
        key = (role, topics, events[0].seq, events[-1].seq)
        known = self._kept.get(key)
        if known is None:
            known = b"".join(_frames(events, role, topics, lambda event: Position.of(event.seq, event.hash)))
            self.encoded += 1
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = known
        return known

    @staticmethod
    def passing(role: Role, topics: frozenset[str], events: Sequence[Passing]) -> bytes:
        """The passing events that this role is told of these topics: without an id, so that none is resumed at."""
        return b"".join(_frames(events, role, topics, None))


def _frames(
    events: Iterable[Event] | Iterable[Passing],
    role: Role,
    topics: frozenset[str],
    position: Callable[[Event], Position] | None,
) -> Iterable[bytes]:
    for event in events:
        if topic_of(event.type) not in topics:
            continue
        at_ms = event.at if isinstance(event, Event) else event.at_ms
        told = told_to(role, at_ms, event.type, event.subject, event.data)
        if told is not None:
            if isinstance(event, Event) and position is not None:
                yield b"id: %s\n" % str(position(event)).encode()
            yield _frame(told)


def _frame(told: Told) -> bytes:
    answer = EventAnswer(type=told.type, at=moment(told.at_ms), subject=told.subject, data=told.data)
    return b"event: %s\ndata: %s\n\n" % (told.type.encode(), _encode(answer))
