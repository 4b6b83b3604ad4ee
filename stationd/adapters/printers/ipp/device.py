"""The six IPP operations that printing one card takes, each a call with typed arguments and answers."""

import itertools
from dataclasses import dataclass
from enum import IntEnum

from stationd.adapters.printers.ipp.client import Client, ExchangeError
from stationd.adapters.printers.ipp.codec import encode
from stationd.adapters.printers.ipp.message import Attribute, Group, GroupTag, Message, Tag, attribute
from stationd.adapters.printers.ipp.records import (
    JOB_ATTRIBUTES,
    PRINTER_ATTRIBUTES,
    DeviceRecord,
    JobRecord,
    read_device,
    read_job,
)
from stationd.adapters.printers.ipp.settings import Settings
from stationd.domain.order import Document

_FIRST_REFUSAL = 0x0100
_FIRST_SERVER_ERROR = 0x0500
_MAX_REQUEST_ID = 0x7FFFFFFF


class Operation(IntEnum):
    """``operation-id`` (RFC 8011, 5.4.15)."""

    CREATE_JOB = 0x05
    SEND_DOCUMENT = 0x06
    CANCEL_JOB = 0x08
    GET_JOB_ATTRIBUTES = 0x09
    GET_JOBS = 0x0A
    GET_PRINTER_ATTRIBUTES = 0x0B


NOT_POSSIBLE = 0x0404
NOT_FOUND = 0x0406
GONE = 0x0407
VERSION_NOT_SUPPORTED = 0x0503

_KEYWORDS = {
    0x0400: "bad-request",
    0x0401: "forbidden",
    0x0402: "not-authenticated",
    0x0403: "not-authorized",
    NOT_POSSIBLE: "not-possible",
    0x0405: "timeout",
    NOT_FOUND: "not-found",
    GONE: "gone",
    0x0408: "request-entity-too-large",
    0x040A: "document-format-not-supported",
    0x040B: "attributes-or-values-not-supported",
    0x0410: "compression-error",
    0x0411: "document-format-error",
    0x0412: "document-access-error",
    0x0500: "internal-error",
    0x0501: "operation-not-supported",
    0x0502: "service-unavailable",
    VERSION_NOT_SUPPORTED: "version-not-supported",
    0x0504: "device-error",
    0x0505: "temporary-error",
    0x0506: "not-accepting-jobs",
    0x0507: "busy",
    0x0508: "job-canceled",
    0x0509: "multiple-document-jobs-not-supported",
    0x050A: "printer-is-deactivated",
}

_DOCUMENT_REFUSALS = frozenset({0x0408, 0x040A, 0x0411})


@dataclass(frozen=True, slots=True)
class Refusal:
    """The device understood and said no; ``unsupported`` are the attributes it named for it."""

    code: int
    unsupported: frozenset[str] = frozenset()

    @property
    def keyword(self) -> str:
        """The status in IPP's word."""
        return _KEYWORDS.get(self.code, f"status-{self.code:#06x}")

    @property
    def is_of_document(self) -> bool:
        """Whether it is the document it will not take: ippeveprinter names ``document-format`` as unsupported."""
        return self.code in _DOCUMENT_REFUSALS or "document-format" in self.unsupported

    @property
    def is_of_server(self) -> bool:
        """Whether it is the device's own trouble, which may pass."""
        return self.code >= _FIRST_SERVER_ERROR


class RefusedError(Exception):
    """A question, not a card, was refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.keyword)
        self.refusal = refusal


class Device:
    """A printer or spooler by its operations.

    Every call raises :class:`ExchangeError` when no IPP answer comes; the questions raise :class:`RefusedError`.
    """

    def __init__(self, settings: Settings) -> None:
        self._uri = settings.endpoint.printer_uri
        self._user = settings.user
        self._client = Client(settings.endpoint, timeout_s=settings.timeout_s)
        self._version = (2, 0)
        self._request_ids = itertools.cycle(range(1, _MAX_REQUEST_ID))

    async def printer(self) -> DeviceRecord:
        """What the device says of itself. Falls back to IPP 1.1 once and for all when it knows no 2.0."""
        asked = attribute("requested-attributes", Tag.KEYWORD, *PRINTER_ATTRIBUTES)
        answer = await self._ask(Operation.GET_PRINTER_ATTRIBUTES, asked)
        if answer.code == VERSION_NOT_SUPPORTED and self._version != (1, 1):
            self._version = (1, 1)
            answer = await self._ask(Operation.GET_PRINTER_ATTRIBUTES, asked)
        _raise_for(answer)
        group = answer.group(GroupTag.PRINTER)
        if group is None:
            raise ExchangeError("answer-malformed", whole_body=True)
        return read_device(group)

    async def create(self, name: str) -> int | Refusal:
        """The id of a new job without a document: one copy, no banner sheets whatever the queue's defaults are."""
        template = Group(
            GroupTag.JOB, (attribute("copies", Tag.INTEGER, 1), attribute("job-sheets", Tag.KEYWORD, "none"))
        )
        answer = await self._ask(Operation.CREATE_JOB, attribute("job-name", Tag.NAME, name), groups=(template,))
        refusal = _refusal(answer)
        if refusal is not None:
            return refusal
        group = answer.group(GroupTag.JOB)
        job = None if group is None else read_job(group)
        if job is None:
            raise ExchangeError("answer-malformed", whole_body=True)
        return job.id

    async def send(self, job: int, document: Document) -> Refusal | None:
        """Hand over the one document of a job; ``None`` when the device says that it has it."""
        answer = await self._ask(
            Operation.SEND_DOCUMENT,
            attribute("document-format", Tag.MIME_MEDIA_TYPE, document.media_type),
            attribute("last-document", Tag.BOOLEAN, True),
            job=job,
            document=document.data,
        )
        return _refusal(answer)

    async def job(self, job: int) -> JobRecord | None:
        """A job by its id; ``None`` when the device does not know it (any more)."""
        answer = await self._ask(
            Operation.GET_JOB_ATTRIBUTES, attribute("requested-attributes", Tag.KEYWORD, *JOB_ATTRIBUTES), job=job
        )
        if answer.code in {NOT_FOUND, GONE}:
            return None
        _raise_for(answer)
        group = answer.group(GroupTag.JOB)
        record = None if group is None else read_job(group)
        if record is None:
            raise ExchangeError("answer-malformed", whole_body=True)
        return record

    async def jobs_named(self, name: str) -> list[JobRecord]:
        """The jobs under a name, finished or not, each asked afresh (a listing may leave attributes out)."""
        found: dict[int, None] = {}
        for which in ("not-completed", "completed"):
            answer = await self._ask(
                Operation.GET_JOBS,
                attribute("which-jobs", Tag.KEYWORD, which),
                attribute("requested-attributes", Tag.KEYWORD, *JOB_ATTRIBUTES),
            )
            _raise_for(answer)
            for group in answer.groups:
                record = read_job(group) if group.tag == GroupTag.JOB else None
                if record is not None and record.name == name:
                    found[record.id] = None
        records = [await self.job(job) for job in found]
        return [record for record in records if record is not None and record.name == name]

    async def unfinished(self) -> list[JobRecord]:
        """The jobs that the device has not ended, as far as its listing tells."""
        answer = await self._ask(
            Operation.GET_JOBS,
            attribute("which-jobs", Tag.KEYWORD, "not-completed"),
            attribute("requested-attributes", Tag.KEYWORD, *JOB_ATTRIBUTES),
        )
        _raise_for(answer)
        records = [read_job(group) for group in answer.groups if group.tag == GroupTag.JOB]
        return [record for record in records if record is not None and not record.is_settled]

    async def cancel(self, job: int) -> Refusal | None:
        """Ask for a job to be cancelled; ``None`` when the device agrees, which does not mean that it has done it."""
        return _refusal(await self._ask(Operation.CANCEL_JOB, job=job))

    async def _ask(
        self,
        operation: Operation,
        *attributes: Attribute,
        job: int | None = None,
        groups: tuple[Group, ...] = (),
        document: bytes = b"",
    ) -> Message:
        target = () if job is None else (attribute("job-id", Tag.INTEGER, job),)
        first = Group(
            GroupTag.OPERATION,
            (
                attribute("attributes-charset", Tag.CHARSET, "utf-8"),
                attribute("attributes-natural-language", Tag.NATURAL_LANGUAGE, "en"),
                attribute("printer-uri", Tag.URI, self._uri),
                *target,
                attribute("requesting-user-name", Tag.NAME, self._user),
                *attributes,
            ),
        )
        request = Message(operation, next(self._request_ids), (first, *groups), self._version)
        answer = await self._client.exchange(encode(request), document)
        if answer.request_id != request.request_id:
            raise ExchangeError("answer-to-another-request", whole_body=True)
        return answer


def _refusal(answer: Message) -> Refusal | None:
    if answer.code < _FIRST_REFUSAL:
        return None
    group = answer.group(GroupTag.UNSUPPORTED)
    return Refusal(answer.code, frozenset() if group is None else frozenset(item.name for item in group.attributes))


def _raise_for(answer: Message) -> None:
    refusal = _refusal(answer)
    if refusal is not None:
        raise RefusedError(refusal)
