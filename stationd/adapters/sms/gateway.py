"""A message gateway over HTTP: fulfils :class:`stationd.ports.notifier.Notifier`.

What a status means is sorted by what is certain. A connection that was never made sent nothing. 429 and 503 say that
the gateway took nothing now, 401, 402 and 403 that it takes nothing from us, any other 4xx that it does not take this
one. Once the request has left, a time-out, a broken connection and every other 5xx mean that nobody can tell: the
gateway may have accepted before it failed.

Every request carries the notice's id where the fields say ``{id}``, so that a gateway that knows it can be asked about
a notice whose answer was lost.
"""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

import aiohttp

from stationd.ports.notifier import (
    Accepted,
    Asked,
    Lost,
    Message,
    NotSent,
    Rejected,
    Report,
    Reports,
    SendOutcome,
    WayStatus,
)

_FIELD: Final = re.compile(r"\{([a-z]+)\}")
_OK: Final = range(200, 300)
_REFUSED_NUMBER: Final = range(400, 500)
_TAKES_NOTHING: Final = frozenset({401, 402, 403, 404, 405, 408, 429, 503})
_MOST_ANSWER: Final = 1 << 20
CONNECT_S: Final = 10.0
"""How long a connection may take; one that was never made sent nothing."""

ASKED_AT_ONCE: Final = 50
"""The most notices about which the gateway is asked in one round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOptions:
    """How to speak to the gateway.

    ``fields`` are the request's, as JSON or as a form; ``{number}``, ``{text}`` and ``{id}`` in their values are filled
    in, ``number`` with its ``+`` unless ``has_plus`` is false. ``reference`` is where the answer holds the gateway's
    own id, as a path of names: ``data.id``. ``report_url`` is asked by GET, with ``{id}`` and ``{reference}`` filled
    in; ``report_state`` is where its answer holds the state, which ``delivered`` and ``failed`` list the words of.

    With ``auth`` ``header`` the secret is sent in ``auth_header`` behind ``auth_prefix``; with ``hmac`` the header
    holds the HMAC-SHA256 of the body in hex instead.
    """

    url: str
    method: str = "POST"
    form: str = "json"
    fields: Mapping[str, str] = field(default_factory=dict)
    has_plus: bool = True
    reference: str = "id"
    auth: str = "none"
    auth_header: str = "Authorization"
    auth_prefix: str = ""
    timeout_s: float = 30.0
    report_url: str | None = None
    report_state: str = "status"
    delivered: tuple[str, ...] = ("delivered",)
    failed: tuple[str, ...] = ("failed", "undelivered", "expired", "rejected")


class HttpGateway:
    """One gateway. ``secret`` reads the secret whenever it is needed, so that it can be changed while we run."""

    name: Final = "gateway"

    def __init__(self, options: GatewayOptions, secret: Callable[[], bytes]) -> None:
        self._options = options
        self._secret = secret
        self._session: aiohttp.ClientSession | None = None
        self._status = WayStatus(is_ready=True)

    @property
    def reports(self) -> Reports:
        """See :attr:`stationd.ports.notifier.Notifier.reports`."""
        return Reports.NONE if self._options.report_url is None else Reports.GIVEN

    @property
    def status(self) -> WayStatus:
        """See :attr:`stationd.ports.notifier.Notifier.status`."""
        return self._status

    async def look(self) -> None:
        """See :meth:`stationd.ports.notifier.Notifier.look`; only a message shows how the gateway is."""
        self._status = WayStatus(is_ready=True)

    async def send(self, message: Message) -> SendOutcome:
        """See :meth:`stationd.ports.notifier.Notifier.send`."""
        url, body, headers = await asyncio.to_thread(self._request, message)
        try:
            async with self._open().request(
                self._options.method, url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                raw = await answer.content.read(_MOST_ANSWER)
                outcome = self._judged(answer.status, raw)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            outcome = NotSent("gateway-unreachable")
        except TimeoutError:
            outcome = Lost("gateway-timed-out")
        except aiohttp.ClientError:
            outcome = Lost("gateway-broke-off")
        if isinstance(outcome, NotSent):
            self._status = WayStatus(is_ready=False, reasons=(outcome.reason,))
        return outcome

    async def collect(self, asked: Sequence[Asked]) -> Sequence[Report]:
        """See :meth:`stationd.ports.notifier.Notifier.collect`."""
        url = self._options.report_url
        if url is None:
            return ()
        found = []
        for each in asked[:ASKED_AT_ONCE]:
            if each.reference is None and "{reference}" in url:
                continue  # the answer that held it was lost, and this gateway knows no other name
            report = await self._asked_about(url, each)
            if report is not None:
                found.append(report)
        return found

    async def aclose(self) -> None:
        """See :meth:`stationd.ports.notifier.Notifier.aclose`."""
        if self._session is not None:
            await self._session.close()

    def _judged(self, status: int, raw: bytes) -> SendOutcome:
        if status in _OK:
            reference = _at(raw, self._options.reference)
            return Accepted(reference=None if reference is None else str(reference))
        if status in _TAKES_NOTHING:
            return NotSent(f"http-{status}")
        if status in _REFUSED_NUMBER:
            return Rejected(f"http-{status}")
        return Lost(f"http-{status}")

    def _request(self, message: Message) -> tuple[str, bytes | None, dict[str, str]]:
        options = self._options
        number = message.number if options.has_plus else message.number.removeprefix("+")
        values = {"number": number, "text": message.text, "id": message.id}
        fields = {name: _filled(value, values) for name, value in options.fields.items()}
        url, body, headers = options.url, None, {}
        if options.method == "GET":
            query = urlencode(fields)
            url += ("&" if "?" in url else "?") + query
            signed = query.encode()
        elif options.form == "form":
            signed = body = urlencode(fields).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        else:
            signed = body = json.dumps(fields, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        if options.auth != "none":
            secret = self._secret()
            value = hmac.new(secret, signed, hashlib.sha256).hexdigest() if options.auth == "hmac" else secret.decode()
            headers[options.auth_header] = options.auth_prefix + value
        return url, body, headers

    async def _asked_about(self, url: str, asked: Asked) -> Report | None:
        options = self._options
        values = {"id": quote(asked.id, safe=""), "reference": quote(asked.reference or "", safe="")}
        headers = {}
        if options.auth == "header":
            secret = await asyncio.to_thread(self._secret)
            headers[options.auth_header] = options.auth_prefix + secret.decode()
        try:
            async with self._open().get(_filled(url, values), headers=headers) as answer:
                raw = await answer.content.read(_MOST_ANSWER)
                state = _at(raw, options.report_state) if answer.status in _OK else None
        except (aiohttp.ClientError, TimeoutError):
            return None
        if not isinstance(state, str) or state not in {*options.delivered, *options.failed}:
            return None
        return Report(is_delivered=state in options.delivered, reason="reported", id=asked.id)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._options.timeout_s, sock_connect=CONNECT_S),
                auto_decompress=False,
            )
        return self._session


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its fields filled in at once: what was filled in is never looked at again."""
    return _FIELD.sub(lambda found: values.get(found[1], found[0]), template)


def _at(raw: bytes, path: str) -> Any:
    """What a JSON answer holds at a path of names; ``None`` where it does not."""
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
