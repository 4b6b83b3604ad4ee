"""Entity tags of what officers edit, so that nobody writes over what another has just written (RFC 9110, 13.1.1).

A tag stands for the facts that an edit must not be blind to, not for the whole answer: a job's place in the line and
the time that its card is expected move by themselves. ``If-Match`` is optional. Edits that bring one are carried out
one after another for each thing, so that of two who have read the same only the first writes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec
from aiohttp import hdrs, web

from stationd.domain.errors import Refused
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.schemas import NoQuery, Nothing

Handler = Callable[[Doors, Any], Awaitable[Reply[Any] | web.StreamResponse]]
Facts = Callable[[Any], object]

IF_MATCH_SAYS: Final = "The ETag with which it was read: carried out only if nobody changed it since."

_SYMBOLS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """A thing that officers edit: the handler that reads it, the facts of its answer, the types of answer and query."""

    read: Handler
    facts: Facts
    answer: type[msgspec.Struct]
    query: type[msgspec.Struct] = NoQuery
    turns: WeakValueDictionary[tuple[str, ...], asyncio.Lock] = field(default_factory=WeakValueDictionary)


class Changed(Refused):
    """Somebody changed it meanwhile; ``headers`` have the tag of what stands there now."""

    def __init__(self, current: str) -> None:
        super().__init__("changed-meanwhile")
        self.headers = {hdrs.ETAG: current}


def tag_of(facts: object) -> str:
    """The strong entity tag of what a thing is now."""
    return f'"{sha256(msgspec.json.encode(facts)).hexdigest()[:_SYMBOLS]}"'


def require_match(request: web.Request, current: str) -> None:
    """Let the edit pass when its ``If-Match`` names what stands there now, or is not given.

    Raises ``Refused`` (``changed-meanwhile``).
    """
    given = request.headers.get(hdrs.IF_MATCH)
    if given is None or given.strip() == "*":
        return
    if current not in {each.strip() for each in given.split(",")}:
        raise Changed(current)


def tagged(handler: Handler, facts: Facts) -> Handler:
    """The handler of a reading, its answer with the tag."""

    async def read(doors: Doors, ask: Ask[Any, Any]) -> Reply[Any] | web.StreamResponse:
        answer = await handler(doors, ask)
        if isinstance(answer, Reply):
            answer.headers = {**(answer.headers or {}), hdrs.ETAG: tag_of(facts(answer.body))}
        return answer

    return read


def editing(handler: Handler, edited: Edited) -> Handler:
    """The handler of an edit, carried out only while ``If-Match`` holds; its answer has the new tag where it can."""

    async def edit(doors: Doors, ask: Ask[Any, Any]) -> Reply[Any] | web.StreamResponse:
        if hdrs.IF_MATCH not in ask.request.headers:
            return _with_tag(await handler(doors, ask), edited)
        key = tuple(ask.path.values())
        turn = edited.turns.setdefault(key, asyncio.Lock())
        async with turn:
            before = await edited.read(doors, Ask(ask.request, ask.actor, Nothing(), edited.query(), b"", ""))
            if isinstance(before, Reply):
                require_match(ask.request, tag_of(edited.facts(before.body)))
            return _with_tag(await handler(doors, ask), edited)

    return edit


def _with_tag(answer: Reply[Any] | web.StreamResponse, edited: Edited) -> Reply[Any] | web.StreamResponse:
    if isinstance(answer, Reply) and type(answer.body) is edited.answer:
        answer.headers = {**(answer.headers or {}), hdrs.ETAG: tag_of(edited.facts(answer.body))}
    return answer
