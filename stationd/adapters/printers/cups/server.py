"""What cupsd is asked besides printing: its queues, the devices it sees, its models, and a queue made or mended."""

import itertools
import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from stationd.adapters.printers.ipp.client import Client, ExchangeError
from stationd.adapters.printers.ipp.codec import encode
from stationd.adapters.printers.ipp.device import NOT_FOUND, Refusal, RefusedError
from stationd.adapters.printers.ipp.message import Attribute, Group, GroupTag, Message, Tag, attribute
from stationd.adapters.printers.ipp.settings import Endpoint

ONCE: Final = "stationd-once:"
"""Before a device URI: the backend that starts another one at most once a job."""
ERROR_POLICY: Final = "abort-job"
"""After a failure CUPS gives a job up: any other policy sends it again, or stops the queue with the job in it."""

_NETWORKED: Final = (
    "beh",
    "dnssd",
    "driverless",
    "http",
    "https",
    "ipp",
    "ipps",
    "lpd",
    "mdns",
    "smb",
    "snmp",
    "socket",
)
"""Backends that would look for printers in the network, for many seconds. All others are asked: besides ``usb`` there
are those of drivers, such as ``gutenprint53+usb``, which alone may see the printers that they are for."""

_FIRST_REFUSAL = 0x0100
_IDLE = 3
_DISCOVERY_S: Final = 10
_MAX_ANSWER: Final = 32 * 1024 * 1024
"""Bytes of an answer: a machine with every driver package lists some 10,000 models."""


class _Operation(IntEnum):
    GET_PRINTERS = 0x4002
    ADD_MODIFY_PRINTER = 0x4003
    GET_DEVICES = 0x400B
    GET_PPDS = 0x400C


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue of CUPS."""

    name: str
    device_uri: str
    error_policy: str | None

    @property
    def is_safe(self) -> bool:
        """Whether a job goes through it at most once, whatever happens to CUPS."""
        return self.device_uri.startswith(ONCE) and self.error_policy == ERROR_POLICY


class Server:
    """One cupsd. Every call raises :class:`ExchangeError` without an IPP answer, :class:`RefusedError` for a no."""

    def __init__(self, endpoint: Endpoint, *, timeout_s: float) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._request_ids = itertools.count(1)

    async def queues(self) -> list[Queue]:
        """Every queue, in order of their names."""
        asked = ("printer-name", "device-uri", "printer-error-policy")
        answer = await self._ask(_Operation.GET_PRINTERS, attribute("requested-attributes", Tag.KEYWORD, *asked))
        found = []
        for group in _printers(answer):
            name, uri = _text(group, "printer-name"), _text(group, "device-uri")
            if name and uri:
                found.append(Queue(name=name, device_uri=uri, error_policy=_text(group, "printer-error-policy")))
        return sorted(found, key=lambda queue: queue.name)

    async def devices(self) -> list[str]:
        """The device URIs of the printers that CUPS sees at this machine now; takes some seconds."""
        answer = await self._ask(
            _Operation.GET_DEVICES,
            attribute("exclude-schemes", Tag.NAME, *_NETWORKED),
            attribute("timeout", Tag.INTEGER, _DISCOVERY_S),
            attribute("requested-attributes", Tag.KEYWORD, "device-uri"),
            path="/admin/",
            patience_s=_DISCOVERY_S,
        )
        return [uri for group in _printers(answer) if (uri := _text(group, "device-uri")) is not None]

    async def has_model(self, model: str) -> bool:
        """Whether CUPS has a driver under this name (``lpinfo -m``)."""
        answer = await self._ask(
            _Operation.GET_PPDS,
            attribute("requested-attributes", Tag.KEYWORD, "ppd-name"),
            patience_s=_DISCOVERY_S,
        )
        return any(_text(group, "ppd-name") == model for group in _printers(answer))

    async def make(self, name: str, device_uri: str, *, model: str | None, ppd: bytes = b"") -> None:
        """Make a queue that accepts jobs at once, from a model or the bytes of a PPD file; neither makes a raw one."""
        ready = (
            attribute("printer-info", Tag.TEXT, name),
            attribute("printer-is-shared", Tag.BOOLEAN, False),
            attribute("printer-state", Tag.ENUM, _IDLE),
            attribute("printer-is-accepting-jobs", Tag.BOOLEAN, True),
        )
        driver = () if model is None else (attribute("ppd-name", Tag.NAME, model),)
        await self._set(name, device_uri, (*ready, *driver), ppd)

    async def make_safe(self, queue: Queue) -> None:
        """Put ``stationd-once`` before the queue's device and set its error policy; the rest stays as it is."""
        await self._set(queue.name, once(queue.device_uri), (), b"")

    async def _set(self, name: str, device_uri: str, more: Iterable[Attribute], document: bytes) -> None:
        values = (
            attribute("device-uri", Tag.URI, device_uri),
            attribute("printer-error-policy", Tag.NAME, ERROR_POLICY),
            *more,
        )
        target = replace(self._endpoint, path=f"/printers/{name}").printer_uri
        await self._ask(
            _Operation.ADD_MODIFY_PRINTER,
            attribute("printer-uri", Tag.URI, target),
            groups=(Group(GroupTag.PRINTER, values),),
            document=document,
            path="/admin/",
        )

    async def _ask(
        self,
        operation: _Operation,
        *attributes: Attribute,
        groups: tuple[Group, ...] = (),
        document: bytes = b"",
        path: str = "/",
        patience_s: float = 0.0,
    ) -> Message:
        user = _user()
        first = Group(
            GroupTag.OPERATION,
            (
                attribute("attributes-charset", Tag.CHARSET, "utf-8"),
                attribute("attributes-natural-language", Tag.NATURAL_LANGUAGE, "en"),
                *attributes,
                attribute("requesting-user-name", Tag.NAME, user),
            ),
        )
        client = Client(
            replace(self._endpoint, path=path),
            timeout_s=self._timeout_s + patience_s,
            max_answer=_MAX_ANSWER,
            authorization=f"PeerCred {user}" if self._endpoint.socket is not None else None,
        )
        request = Message(operation, next(self._request_ids), (first, *groups))
        answer = await client.exchange(encode(request), document)
        if answer.request_id != request.request_id:
            raise ExchangeError("answer-to-another-request", whole_body=True)
        if answer.code == NOT_FOUND and operation is not _Operation.ADD_MODIFY_PRINTER:
            return replace(answer, groups=())  # CUPS has none of what was asked for
        if answer.code >= _FIRST_REFUSAL:
            raise RefusedError(Refusal(answer.code))
        return answer


def once(device_uri: str) -> str:
    """The device URI behind ``stationd-once``."""
    return device_uri if device_uri.startswith(ONCE) else f"{ONCE}{device_uri}"


def serial_of(device_uri: str) -> str | None:
    """The USB serial in a device URI, wrapped or not.

    ``usb://HID/HDP5000?serial=A1``, as CUPS writes it, or ``gutenprint53+usb://tango2e/A1``, as gutenprint does.
    """
    try:
        parts = urlsplit(device_uri.removeprefix(ONCE))
        found = parse_qs(parts.query).get("serial")
    except ValueError:
        return None
    if parts.scheme in _NETWORKED:
        return None
    if found:
        return found[0]
    last = parts.path.rpartition("/")[2]
    return unquote(last) if last and parts.scheme.endswith("+usb") else None


def _printers(answer: Message) -> list[Group]:
    return [group for group in answer.groups if group.tag == GroupTag.PRINTER]


def _text(group: Group, name: str) -> str | None:
    return next((value.content for value in group.values(name) if isinstance(value.content, str)), None)


def _user() -> str:
    """The name under which this process is known; CUPS compares it with the peer of the socket."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
