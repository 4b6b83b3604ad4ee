"""What a device says of itself and of a job, as frozen records; pure translation of IPP groups."""

from dataclasses import dataclass
from enum import IntEnum

from stationd.adapters.printers.ipp.message import Group, LocalText, Tag
from stationd.domain.printer import PrinterState, Supply, reason_keyword

_PERCENT = range(101)
_EMPTY_REASONS = frozenset({"job-incoming", "job-data-insufficient"})
_LONGEST_UP_TIME_S = 20 * 365 * 86400
"""A longer ``printer-up-time`` is a wall clock: cupsd answers the Unix time, which says nothing of a restart."""

_STATES = {3: PrinterState.IDLE, 4: PrinterState.PROCESSING, 5: PrinterState.STOPPED}

PRINTER_ATTRIBUTES = (
    "cups-version",
    "document-format-supported",
    "marker-levels",
    "marker-names",
    "operations-supported",
    "printer-impressions-completed",
    "printer-is-accepting-jobs",
    "printer-make-and-model",
    "printer-media-sheets-completed",
    "printer-state",
    "printer-state-reasons",
    "printer-supply",
    "printer-supply-description",
    "printer-up-time",
    "printer-uuid",
)
"""What is asked of a printer."""

JOB_ATTRIBUTES = (
    "date-time-at-processing",
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "number-of-documents",
    "time-at-processing",
)
"""What is asked of a job."""


class DeviceJobState(IntEnum):
    """``job-state`` (RFC 8011, 5.3.7)."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRecord:
    """One answer to Get-Printer-Attributes.

    ``reasons`` are keywords without their severity: for a card a reported empty tray is as empty as a warned one.
    ``counter`` is its lifetime count of cards, if it keeps one.
    """

    state: PrinterState
    reasons: frozenset[str]
    is_accepting: bool
    uuid: str | None
    up_time_s: int | None
    counter: int | None
    model: str | None
    supplies: tuple[Supply, ...]
    media_types: frozenset[str]
    operations: frozenset[int]
    is_spooler: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """One job as the device tells it.

    ``has_begun`` is ``False`` only when the device says outright that processing never began (*no-value*), ``None``
    when it says nothing; ``begun_at`` is when it last did, in seconds on the device's own clock.
    """

    id: int
    name: str | None
    state: DeviceJobState
    reasons: frozenset[str]
    documents: int | None
    has_begun: bool | None
    begun_at: int | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the device is done with it: canceled, aborted or completed."""
        return self.state >= DeviceJobState.CANCELED

    @property
    def is_empty(self) -> bool:
        """Whether it waits for a document that never came (cupsd counts documents, ippeveprinter gives the reason)."""
        if self.state not in _WAITING or self.has_begun:
            return False
        if self.documents is not None:
            return self.documents == 0
        return bool(self.reasons & _EMPTY_REASONS)

    @property
    def is_stranded(self) -> bool:
        """Whether it is held with its document and said never to have begun: its spooler died after taking it.

        cupsd 2.4 keeps such a job held for ever after SIGKILL, without a reason. It does not know more: it starts the
        backend first and writes down afterwards that it did, and a backend that lives on prints the card.
        """
        return self.state is DeviceJobState.HELD and self.has_begun is False and not self.is_empty

    @property
    def is_interrupted(self) -> bool:
        """Whether it was being printed and is queued again: the device would print it a second time."""
        return self.state in _WAITING and self.has_begun is True


_WAITING = frozenset({DeviceJobState.PENDING, DeviceJobState.HELD})


def read_device(group: Group) -> DeviceRecord:
    """A printer's own account of itself; what it leaves out is ``None``, empty or, for its state, stopped."""
    up_time = _integer(group, "printer-up-time")
    sheets = _integer(group, "printer-media-sheets-completed")
    return DeviceRecord(
        state=_STATES.get(_integer(group, "printer-state") or 0, PrinterState.STOPPED),
        reasons=frozenset(map(reason_keyword, _texts(group, "printer-state-reasons"))) - {"none"},
        is_accepting=all(value.content is not False for value in group.values("printer-is-accepting-jobs")),
        uuid=_text(group, "printer-uuid"),
        up_time_s=None if up_time is None or not 0 <= up_time <= _LONGEST_UP_TIME_S else up_time,
        counter=sheets if sheets is not None else _integer(group, "printer-impressions-completed"),
        model=_text(group, "printer-make-and-model"),
        supplies=_supplies(group),
        media_types=frozenset(_texts(group, "document-format-supported")),
        operations=frozenset(
            value.content for value in group.values("operations-supported") if isinstance(value.content, int)
        ),
        is_spooler=bool(group.values("cups-version")),
    )


def read_job(group: Group) -> JobRecord | None:
    """A job's record; ``None`` for a group without an id or a state that IPP knows."""
    number, state = _integer(group, "job-id"), _integer(group, "job-state")
    if number is None or state is None or state not in set(DeviceJobState):
        return None
    has_begun = _has_begun(group)
    if has_begun and state in _WAITING and _integer(group, "time-at-processing") == 0:
        has_begun = None  # a zero for a job that waits is a device's way of saying nothing
    return JobRecord(
        id=number,
        name=_text(group, "job-name"),
        state=DeviceJobState(state),
        reasons=frozenset(_texts(group, "job-state-reasons")) - {"none"},
        documents=_integer(group, "number-of-documents"),
        has_begun=has_begun,
        begun_at=_integer(group, "time-at-processing") if has_begun else None,
    )


def _has_begun(group: Group) -> bool | None:
    """Whether either of the two times of processing is there; said to be absent by one of them at least."""
    values = group.values("time-at-processing") + group.values("date-time-at-processing")
    if any(value.content is not None for value in values):
        return True
    return False if any(value.tag == Tag.NO_VALUE for value in values) else None


def _supplies(group: Group) -> tuple[Supply, ...]:
    """``marker-names`` with ``marker-levels``, else the percentages of ``printer-supply`` (PWG 5100.13)."""
    names = _texts(group, "marker-names")
    if names:
        levels = [value.content for value in group.values("marker-levels")]
        levels += [None] * (len(names) - len(levels))
        return tuple(Supply(name=name, level=_level(level)) for name, level in zip(names, levels, strict=False))
    descriptions = _texts(group, "printer-supply-description")
    supplies = []
    for index, text in enumerate(_texts(group, "printer-supply")):
        fields = dict(field.partition("=")[::2] for field in text.split(";") if "=" in field)
        if fields.get("class") != "supplyThatIsConsumed":
            continue
        name = descriptions[index] if index < len(descriptions) else fields.get("colorantname", f"supply-{index + 1}")
        level = fields.get("level", "")
        is_percent = fields.get("unit") == "percent" and level.isascii() and level.isdigit()
        supplies.append(Supply(name=name, level=_level(int(level)) if is_percent else None))
    return tuple(supplies)


def _level(content: object) -> int | None:
    return content if isinstance(content, int) and content in _PERCENT else None


def _integer(group: Group, name: str) -> int | None:
    for value in group.values(name):
        if isinstance(value.content, int) and not isinstance(value.content, bool):
            return value.content
    return None


def _text(group: Group, name: str) -> str | None:
    return next(iter(_texts(group, name)), None)


def _texts(group: Group, name: str) -> list[str]:
    """The texts of an attribute in order; with a language of their own, or as octets (``printer-supply``), too."""
    texts = []
    for value in group.values(name):
        match value.content:
            case str(text) | LocalText(text=text):
                texts.append(text)
            case bytes(octets):
                texts.append(octets.decode("utf-8", "replace"))
            case _:
                pass
    return texts
