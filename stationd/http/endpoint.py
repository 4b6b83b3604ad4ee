"""From a route to what aiohttp calls: one thin function a route, everything prepared beforehand.

The order of the checks is that of their cost and of what they may reveal: name and site, token, role, idempotency key,
media type, size, time, JSON, schema. Nothing of a body is read before the token is known.
"""

import itertools
import logging
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import hdrs, web
from multidict import CIMultiDict

from stationd.domain.authority import Actor
from stationd.domain.errors import Faulted, Refused, StationError
from stationd.http.bodies import decode_json, read_body, read_query, require_json, require_media_type
from stationd.http.doors import NOBODY, Ask, Doors, Reply
from stationd.http.guard import Guard, cors_headers, idempotency_key, preflight_headers
from stationd.http.limits import Limited, Limits, Rate
from stationd.http.policy import HttpPolicy
from stationd.http.problems import MEDIA_TYPE, encode, problem_of, wants_indonesian
from stationd.http.repeats import once
from stationd.http.routing import Handler, Route
from stationd.http.schemas import NoQuery
from stationd.http.tags import Changed, editing, tagged

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]

SHORTCUTS = web.AppKey("shortcuts", dict[tuple[str, str], Endpoint])
"""Endpoints by method and request target, for the server to call without a walk through the router."""

REQUEST_ID = "X-Request-Id"

SECURITY_HEADERS: Mapping[str, str] = {
    hdrs.SERVER: "stationd",
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer of the API, errors included."""

JSON_HEADERS = CIMultiDict({**SECURITY_HEADERS, hdrs.CONTENT_TYPE: "application/json"})
_PROBLEM_HEADERS = CIMultiDict({**SECURITY_HEADERS, hdrs.CONTENT_TYPE: MEDIA_TYPE})
_RETRY_AFTER_S = "5"

_FOREIGN = web.RequestKey("foreign origin", str)
_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode
_run = secrets.token_hex(4)
_numbers = itertools.count(1)


def request_id() -> str:
    """A name for one request, unique across restarts; it appears in the answer and in the log."""
    return f"{_run}-{next(_numbers):x}"


Who = Callable[[web.Request], Awaitable[tuple[Actor, Mapping[str, str] | None]]]


def endpoint(route: Route, doors: Doors, policy: HttpPolicy, guard: Guard, limits: Limits) -> Endpoint:
    """The function that serves a route. It raises nothing but what means that the caller is gone."""
    handler = _handler(route)
    who = _who(route, guard, limits)
    decoder = msgspec.json.Decoder(route.body) if route.has_body else None
    nothing = route.empty
    query_model = route.query
    no_query = NoQuery() if query_model is NoQuery else None
    status = int(route.status)

    async def serve(request: web.Request) -> web.StreamResponse:
        name = request_id()
        origin: str | None = None
        rate: Mapping[str, str] | None = None
        try:
            headers = request.headers
            origin = _admitted(request, guard)
            actor, rate = await who(request)
            key = idempotency_key(headers) if route.is_keyed else ""
            if route.takes is not None:
                require_media_type(headers, route.takes)
            raw, body = b"", nothing
            if decoder is not None and (nothing is None or request.can_read_body):
                require_json(headers)
                raw = await read_body(request, limit=policy.max_body, timeout_s=policy.body_timeout_s)
                if raw or nothing is None:
                    body = decode_json(decoder, raw)
            query = no_query
            if no_query is None or request.query_string:
                query = read_query(request.query, query_model)
            answer = await handler(doors, Ask(request, actor, body, query, raw, key))
            if not isinstance(answer, (Reply, web.Response)):
                return answer  # a stream, begun and ended by the handler
            response = _response(answer, status)
        except StationError as error:
            response = problem(request, error, name)
        except Exception as error:  # noqa: BLE001 - the one place where a defect becomes an answer
            response = mistake(request, error, name)
        return _completed(response, name, rate, origin)

    return serve if doors.observe is None else _observed(serve, route, doors.observe)


def _handler(route: Route) -> Handler:
    """The handler with what comes around it: a repeated request is answered as before, whatever was changed since."""
    handler = route.handler
    if route.tagged is not None:
        handler = tagged(handler, route.tagged)
    if route.edits is not None:
        handler = editing(handler, route.edits)
    return once(handler, int(route.status)) if route.is_repeatable else handler


def _completed(response: web.Response, name: str, rate: Mapping[str, str] | None, origin: str | None) -> web.Response:
    response.headers[REQUEST_ID] = name
    for name_, field_ in (rate or {}).items():
        told = response.headers.get(name_)
        response.headers[name_] = field_ if told in {None, field_} else f"{told}, {field_}"
    if origin is not None:
        response.headers.update(cors_headers(origin))
    return response


def _who(route: Route, guard: Guard, limits: Limits) -> Who:
    """The function that tells who asks, and the header fields of the limit that counts for them."""
    roles, rate = route.roles, route.rate

    async def nobody(_request: web.Request) -> tuple[Actor, Mapping[str, str] | None]:
        return NOBODY, None

    async def stranger(request: web.Request) -> tuple[Actor, Mapping[str, str] | None]:
        return NOBODY, limits.stranger(request, rate or Rate.KNOCK)

    async def known(request: web.Request) -> tuple[Actor, Mapping[str, str] | None]:
        try:
            actor = await guard.actor(request, roles or frozenset())
        except Refused as refused:
            if refused.code == "token-unknown":
                limits.wrong_token(request)
            raise
        return actor, limits.caller(actor)

    if roles is not None:
        return known
    return nobody if rate is None else stranger


def problem(request: web.BaseRequest, error: StationError, name: str) -> web.Response:
    """The answer for a refusal or a fault; the connection ends with it when a body is still on its way."""
    is_indonesian = wants_indonesian(request.headers.get(hdrs.ACCEPT_LANGUAGE))
    document = problem_of(error, request_id=name, is_indonesian=is_indonesian)
    response = web.Response(body=encode(document), status=document.status, headers=_PROBLEM_HEADERS)
    response.headers[REQUEST_ID] = name
    response.headers[hdrs.CONTENT_LANGUAGE] = "id" if is_indonesian else "en"
    response.headers[hdrs.VARY] = hdrs.ACCEPT_LANGUAGE
    if document.status == HTTPStatus.UNAUTHORIZED:
        reason = ', error="invalid_token"' if document.code == "token-unknown" else ""
        response.headers[hdrs.WWW_AUTHENTICATE] = f'Bearer realm="stationd"{reason}'
    if isinstance(error, Faulted):
        response.headers[hdrs.RETRY_AFTER] = _RETRY_AFTER_S
    elif isinstance(error, Refused) and error.wait_s is not None:
        response.headers[hdrs.RETRY_AFTER] = str(error.wait_s)
    if isinstance(error, Limited | Changed):
        response.headers.update(error.headers)
    if not request.content.is_eof():
        response.force_close()
    return response


def mistake(request: web.BaseRequest, error: Exception, name: str) -> web.Response:
    """The answer for a defect of ours, logged by its type and place only: its text may hold what was sent.

    Raises the error again when the caller is gone.
    """
    if isinstance(error, ConnectionError) and request.transport is None:
        raise error
    frames = traceback.extract_tb(error.__traceback__)
    place = " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in reversed(frames[-6:]))
    _log.error("request %s: cannot answer: %s at %s", name, type(error).__name__, place)
    return problem(request, Refused("internal"), name)


def _response(answer: Reply[Any] | web.Response, status: int) -> web.Response:
    if isinstance(answer, Reply):
        response = web.Response(
            body=_encode(answer.body),
            status=status if answer.status is None else answer.status,
            headers=JSON_HEADERS,
        )
        if answer.headers is not None:
            response.headers.update(answer.headers)
        return response
    for header, value in SECURITY_HEADERS.items():
        answer.headers.setdefault(header, value)
    return answer


def _admitted(request: web.Request, guard: Guard) -> str | None:
    origin = guard.admit(request.headers)
    if origin is not None:
        request[_FOREIGN] = origin  # for an answer that begins before the handler ends
    return origin


async def begin_stream(
    request: web.Request, media_type: str, headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """An answer of that media type that has begun and is written piece by piece, with the headers that all have."""
    response = web.StreamResponse(headers={**SECURITY_HEADERS, hdrs.CONTENT_TYPE: media_type, **(headers or {})})
    response.headers[REQUEST_ID] = request_id()
    if _FOREIGN in request:
        response.headers.update(cors_headers(request[_FOREIGN]))
    await response.prepare(request)
    return response


def _observed(serve: Endpoint, route: Route, observe: Callable[[str, str, int, float], None]) -> Endpoint:
    method, path = route.method, route.path

    async def observed(request: web.Request) -> web.StreamResponse:
        begun = time.perf_counter()
        response = await serve(request)
        observe(method, path, response.status, time.perf_counter() - begun)
        return response

    return observed


def not_found(guard: Guard) -> Endpoint:
    """The answer where the table has no path."""

    async def serve(request: web.Request) -> web.StreamResponse:
        is_slashed = len(request.path) > 1 and request.path.endswith("/")
        return _refuse(request, guard, Refused("path-unknown/slash" if is_slashed else "path-unknown"))

    return serve


def not_allowed(guard: Guard, methods: str) -> Endpoint:
    """The answer where the table has the path and not the method; ``OPTIONS`` learns the methods."""

    async def serve(request: web.Request) -> web.StreamResponse:
        if request.method == hdrs.METH_OPTIONS:
            try:
                origin = guard.admit(request.headers)
            except Refused as refusal:
                return problem(request, refusal, request_id())
            extra = preflight_headers(origin, methods) if origin is not None else {}
            known = {hdrs.ALLOW: methods, REQUEST_ID: request_id()}
            return web.Response(status=204, headers={**SECURITY_HEADERS, **known, **extra})
        response = _refuse(request, guard, Refused("method-not-allowed", methods=methods))
        response.headers[hdrs.ALLOW] = methods
        return response

    return serve


async def expect(_request: web.Request) -> None:
    """Leave ``Expect: 100-continue`` to the reading of the body, so that a refused caller never sends it."""


def _refuse(request: web.Request, guard: Guard, refusal: Refused) -> web.Response:
    name = request_id()
    try:
        origin = guard.admit(request.headers)
    except Refused as stranger:
        return problem(request, stranger, name)
    response = problem(request, refusal, name)
    if origin is not None:
        response.headers.update(cors_headers(origin))
    return response
