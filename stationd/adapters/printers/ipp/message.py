"""IPP messages as values: tags, groups, attributes (RFC 8010).

A message is a version, a code (operation or status), a request id and groups of attributes. Every value carries its
tag, because one attribute may mix them (``1setOf (keyword | name)``) and because *no value* and *unknown* are tags, not
contents: a job that was never processed says ``time-at-processing`` *no-value*, and that is not the same as saying
nothing.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, TypeAlias


class Tag(IntEnum):
    """Value tags (RFC 8010, 3.5.2). Tags that are not listed are kept as bytes."""

    UNSUPPORTED = 0x10
    UNKNOWN = 0x12
    NO_VALUE = 0x13
    NOT_SETTABLE = 0x15
    DELETE_ATTRIBUTE = 0x16
    ADMIN_DEFINE = 0x17
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTET_STRING = 0x30
    DATE_TIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    NATURAL_LANGUAGE = 0x48
    MIME_MEDIA_TYPE = 0x49
    MEMBER_NAME = 0x4A


class GroupTag(IntEnum):
    """Delimiter tags that begin a group (RFC 8010, 3.5.1, and PWG 5100 registrations)."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05
    SUBSCRIPTION = 0x06
    EVENT = 0x07
    RESOURCE = 0x08
    DOCUMENT = 0x09
    SYSTEM = 0x0A


class IntRange(NamedTuple):
    """A ``rangeOfInteger``, both ends included."""

    lower: int
    upper: int


class Resolution(NamedTuple):
    """A ``resolution``; ``unit`` 3 is dots an inch, 4 dots a centimetre."""

    x: int
    y: int
    unit: int


class LocalText(NamedTuple):
    """A ``textWithLanguage`` or ``nameWithLanguage``."""

    language: str
    text: str


class DateAndTime(NamedTuple):
    """A ``dateTime`` as it stands (RFC 2579): no claim that such a moment exists."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    decisecond: int
    direction: str
    offset_hours: int
    offset_minutes: int


Content: TypeAlias = (
    "int | bool | str | bytes | IntRange | Resolution | LocalText | DateAndTime | tuple[Attribute, ...] | None"
)
"""What a value may hold: ``None`` for the out-of-band tags, attributes for a collection, bytes for unknown tags."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value with its tag."""

    tag: int
    content: "int | bool | str | bytes | IntRange | Resolution | LocalText | DateAndTime | tuple[Attribute, ...] | None"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name and its values; more than one is a ``1setOf``."""

    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Attributes behind one delimiter tag; an answer to Get-Jobs has one group a job."""

    tag: int
    attributes: tuple[Attribute, ...]

    def values(self, name: str) -> tuple[Value, ...]:
        """The values of an attribute; empty when the group does not have it."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute.values
        return ()


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer: ``code`` is the operation of the one and the status of the other."""

    code: int
    request_id: int
    groups: tuple[Group, ...]
    version: tuple[int, int] = (2, 0)

    def group(self, tag: int) -> Group | None:
        """The first group with a delimiter tag."""
        return next((group for group in self.groups if group.tag == tag), None)


def attribute(name: str, tag: int, *contents: object) -> Attribute:
    """An attribute whose values all have one tag; checked when it is encoded."""
    return Attribute(name, tuple(Value(tag, content) for content in contents))  # type: ignore[arg-type] # see encode
