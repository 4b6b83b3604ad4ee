"""The city's door: HTTP on loopback for the programs of the office, one bearer token."""

import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Final

from aiohttp import hdrs, web

from stationd.adapters.books_metrics import BooksMetrics
from stationd.city.desk import Desk
from stationd.domain.errors import Refused, StationError

_log = logging.getLogger(__name__)

_LARGEST: Final = 64 << 20
_MOST_LINES: Final = 10_000
_TOO_LARGE: Final = 413
_OPEN: Final = frozenset({"/healthz", "/metrics"})
_STATUS: Final = {
    "order-unknown": 404,
    "receipt-unknown": 404,
    "station-unknown": 404,
    "order-there": 409,
    "order-not-asked-back": 409,
    "blanks-issued": 409,
    "media-type-unsupported": 415,
    "too-many-lines": _TOO_LARGE,
}
_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build(desk: Desk, metrics: BooksMetrics, token: str) -> web.Application:
    """The door; ``token`` is what callers must show."""
    app = web.Application(client_max_size=_LARGEST, middlewares=[_guard(token)])
    door = _Door(desk, metrics)
    app.add_routes(
        [
            web.get("/healthz", door.health),
            web.get("/metrics", door.metrics),
            web.post("/v1/orders", door.file),
            web.get("/v1/orders/{order}", door.order),
            web.post("/v1/orders/{order}/move", door.move),
            web.post("/v1/orders/{order}/cancel", door.cancel),
            web.get("/v1/receipts/{receipt}", door.receipt),
            web.get("/v1/stations", door.stations),
            web.get("/v1/differences", door.differences),
        ]
    )
    return app


class _Door:
    def __init__(self, desk: Desk, metrics: BooksMetrics) -> None:
        self._desk = desk
        self._metrics = metrics

    async def health(self, _request: web.Request) -> web.Response:
        return web.json_response({"connected": self._metrics.is_connected})

    async def metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.text(), headers={hdrs.CONTENT_TYPE: "text/plain; version=0.0.4"})

    async def file(self, request: web.Request) -> web.Response:
        if request.content_type != "application/x-ndjson":
            raise Refused("media-type-unsupported", "cannot read the body: it must be application/x-ndjson")
        body = await request.read()
        if body.count(b"\n") > _MOST_LINES:
            raise Refused("too-many-lines", f"cannot read the body: it has more than {_MOST_LINES} lines")
        lines = await self._desk.file(body.split(b"\n"), to=request.query.get("station"))
        text = "".join(json.dumps(asdict(line)) + "\n" for line in lines)
        return web.Response(text=text, content_type="application/x-ndjson")

    async def order(self, request: web.Request) -> web.Response:
        return web.json_response(await self._desk.order(request.match_info["order"]))

    async def move(self, request: web.Request) -> web.Response:
        moved = await self._desk.move(request.match_info["order"], request.query.get("to", ""))
        return web.json_response({"result": moved})

    async def cancel(self, request: web.Request) -> web.Response:
        return web.json_response({"result": await self._desk.cancel(request.match_info["order"])})

    async def receipt(self, request: web.Request) -> web.Response:
        found = await self._desk.where(request.match_info["receipt"])
        return web.json_response({"items": [asdict(each) for each in found]})

    async def stations(self, _request: web.Request) -> web.Response:
        return web.json_response({"items": list(await self._desk.stations())})

    async def differences(self, _request: web.Request) -> web.Response:
        return web.json_response({"items": [asdict(each) for each in await self._desk.differences()]})


def _guard(token: str) -> Any:
    """Host, token and problems, before and after every call."""
    wanted = hashlib.sha256(f"Bearer {token}".encode()).digest()

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host.rpartition(":")[0] not in _HOSTS and request.host not in _HOSTS:
            return _problem(421, "host-not-allowed", "cannot answer: this name is not served here")
        if request.path not in _OPEN:
            given = hashlib.sha256(
                request.headers.get(hdrs.AUTHORIZATION, "").encode(errors="surrogateescape")
            ).digest()
            if not hmac.compare_digest(given, wanted):
                return _problem(401, "token-invalid", "cannot answer: the bearer token is missing or wrong")
        try:
            return await handler(request)
        except Refused as refused:
            return _problem(_STATUS.get(refused.code, 422), refused.code, refused.detail)
        except StationError as trouble:
            return _problem(503, trouble.code, trouble.detail)
        except web.HTTPException as answer:
            code = "body-too-large" if answer.status == _TOO_LARGE else f"http-{answer.status}"
            return _problem(answer.status, code, f"cannot answer: {answer.reason}")
        except Exception as defect:  # noqa: BLE001 - told without its text, which may repeat what was sent
            _log.error("the door: %s while answering", type(defect).__name__)
            return _problem(500, "internal", "cannot answer: a defect of this program")

    return guard


def _problem(status: int, code: str, detail: str) -> web.Response:
    body = {"type": f"urn:stationd:problem:{code}", "status": status, "code": code, "detail": detail}
    return web.json_response(body, status=status, content_type="application/problem+json")
