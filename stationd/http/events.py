"""The stream of events: ``GET /v1/events``."""

import asyncio
import logging
from typing import Annotated, Final

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta

from stationd.domain.authority import Role
from stationd.domain.errors import Faulted, Refused
from stationd.domain.position import Position, read_position
from stationd.domain.telling import TOPICS, audience
from stationd.http.doors import Ask, Doors
from stationd.http.flow import Flow
from stationd.http.routing import EVERYBODY, Table
from stationd.http.schemas import Nothing
from stationd.http.sse import MEDIA_TYPE, EventAnswer, Frames, heartbeat, opening, reset
from stationd.services.stream import Listening

LAST_EVENT_ID: Final = "Last-Event-ID"
FRAMES = web.AppKey("frames", Frames)
"""Where the application keeps what was encoded last."""

_NEVER: Final = Position((1 << 62) - 1)
"""A position of no database: what a Last-Event-ID that is not ours stands for."""

table = Table("events")
_log = logging.getLogger(__name__)


class EventsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to listen to, and from where."""

    topics: (
        Annotated[
            str,
            Meta(
                max_length=200,
                pattern=r"^[a-z_]+(,[a-z_]+)*$(?!\n)",
                description=f"Only events of these nouns, separated by commas; known are {', '.join(TOPICS)}.",
                examples=["job,printer"],
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    after: (
        Annotated[
            str,
            Meta(
                max_length=64,
                description="Go on after this id, for clients that cannot set Last-Event-ID, which comes first; "
                "0 is from the beginning.",
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET


@table.route(
    "GET",
    "/v1/events",
    roles=EVERYBODY,
    says="A stream of events that does not end by itself.",
    problems=("cursor-malformed", "topic-unknown", "streams-full"),
    media_type=MEDIA_TYPE,
    headers={
        LAST_EVENT_ID: "Go on after this id: every event after it comes, once. Without it the stream begins now.",
    },
    streams=EventAnswer,
)
async def stream_events(doors: Doors, ask: Ask[Nothing, EventsQuery]) -> web.StreamResponse:
    """Everything that happens, as server-sent events.

    Each event has the role's share of it, and an `id` to go on after. Open the stream first, then read the state, then
    apply the events. `event: reset` says that events were missed and the state must be read anew. Events without an id
    (readers, a cover opened) are told only while they happen. A listener that does not read is cut off and goes on
    with its last id.
    """
    request, role = ask.request, ask.actor.role
    topics = _topics(ask.query)
    listened_to = audience(role, topics)
    with await doors.stream.listen(_after(request, ask.query)) as listening:
        flow = await Flow.begin(request, MEDIA_TYPE, doors.access)
        if request.method == hdrs.METH_HEAD:
            return flow.response
        try:
            await _tell(flow, request.app[FRAMES], role, listening, listened_to)
        except Faulted as fault:
            _log.warning("a stream of events was cut off: %s", fault.detail)
        except TimeoutError:
            doors.stream.cut_off += 1
            flow.abort()
        except ConnectionError:
            pass  # it went away
    return flow.response


async def _tell(flow: Flow, frames: Frames, role: Role, listening: Listening, topics: frozenset[str]) -> None:
    every_s = flow.heartbeat_s
    loop = asyncio.get_running_loop()
    await flow.send(opening(listening.position))
    told_at = loop.time()
    while (news := await listening.next(max(0.0, told_at + every_s - loop.time()))) is not None:
        if not await flow.is_allowed():
            break
        now = loop.time()
        if news.loss is not None:
            chunk = reset(news.loss, news.position)
        else:
            chunk = frames.recorded(role, topics, news.events) + frames.passing(role, topics, news.passing)
        if not chunk and now - told_at >= every_s:
            chunk = heartbeat(news.position)
        if chunk:
            told_at = now
            await flow.send(chunk)


def _topics(query: EventsQuery) -> frozenset[str] | None:
    if isinstance(query.topics, msgspec.UnsetType):
        return None
    topics = frozenset(query.topics.split(","))
    if not topics <= TOPICS.keys():
        raise Refused("topic-unknown", field="topics", known=tuple(TOPICS))
    return topics


def _after(request: web.Request, query: EventsQuery) -> Position | None:
    header = request.headers.get(LAST_EVENT_ID)
    if header:
        return read_position(header) or _NEVER
    if isinstance(query.after, msgspec.UnsetType):
        return None
    position = read_position(query.after)
    if position is None:
        raise Refused("cursor-malformed", field="after")
    return position
