"""The idempotency key of calls that need none but take one: an act is done once however often it is asked for."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import hdrs, web

from stationd.domain.errors import Refused
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.guard import IDEMPOTENCY_KEY, idempotency_key

Handler = Callable[[Doors, Any], Awaitable[Reply[Any] | web.StreamResponse]]

_encode = msgspec.json.Encoder().encode


def once(handler: Handler, status: int) -> Handler:
    """The handler, carried out once for each idempotency key; without a key as often as it is called.

    ``status`` is that of the route.
    """

    async def carry_out(doors: Doors, ask: Ask[Any, Any]) -> Reply[Any] | web.StreamResponse:
        request = ask.request
        if IDEMPOTENCY_KEY not in request.headers:
            return await handler(doors, ask)
        key, caller, repeats = idempotency_key(request.headers), ask.actor.name, doors.repeats
        digest = sha256(b"\n".join((request.method.encode(), request.raw_path.encode(), ask.raw))).digest()
        kept = await repeats.begin(caller, key, digest)
        if kept is not None:
            return _answer(kept.status or HTTPStatus.OK, kept.body)
        try:
            answer = await handler(doors, ask)
        except Refused:
            await repeats.refused(caller, key)
            raise
        except BaseException:
            repeats.broken(caller, key)
            raise
        if not isinstance(answer, Reply):
            raise TypeError("cannot keep an answer that is not JSON: the route must not be repeatable")
        code, body = status if answer.status is None else answer.status, _encode(answer.body)
        await repeats.end(caller, key, code, body)
        return _answer(code, body)

    return carry_out


def _answer(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, headers={hdrs.CONTENT_TYPE: "application/json"})
