"""IPP 2.0 messages to bytes and back; pure, never awaits (RFC 8010).

What follows the end tag is the document and is handed back untouched. Bytes from a device are hostile until proven
otherwise: every length is checked before it is used, nesting is bounded, and the one error that decoding raises is
:class:`MalformedIppError`.
"""

import struct

from stationd.adapters.printers.ipp.message import (
    Attribute,
    Content,
    DateAndTime,
    Group,
    GroupTag,
    IntRange,
    LocalText,
    Message,
    Resolution,
    Tag,
    Value,
)

MAX_DEPTH = 16
"""How deep collections may nest; the deepest registered one is three deep."""

_MAX_LENGTH = 0x7FFF
_HEADER = struct.Struct(">BBHI")
_LENGTH = struct.Struct(">H")
_INTEGER = struct.Struct(">i")
_RANGE = struct.Struct(">ii")
_RESOLUTION = struct.Struct(">iib")
_DATE = struct.Struct(">HBBBBBBcBB")


class MalformedIppError(ValueError):
    """The bytes are not an IPP message; one line says where and why."""


# ------------------------------------------------------------------------------------------------------- encoding


def encode(message: Message) -> bytes:
    """The bytes of a message, without a document. Raises ``ValueError`` when a content does not suit its tag."""
    out = bytearray(_HEADER.pack(*message.version, message.code, message.request_id))
    for group in message.groups:
        out.append(group.tag)
        for item in group.attributes:
            _put_attribute(out, item.name, item.values)
    out.append(GroupTag.END)
    return bytes(out)


def _put_attribute(out: bytearray, name: str, values: tuple[Value, ...]) -> None:
    if not name or not values:
        raise ValueError(f"cannot encode attribute {name!r}: it needs a name and a value")
    for index, value in enumerate(values):
        _put_value(out, name if index == 0 else "", value)


def _put_value(out: bytearray, name: str, value: Value) -> None:
    out.append(value.tag)
    _put_string(out, name.encode())
    if value.tag == Tag.BEGIN_COLLECTION:
        _put_string(out, b"")
        if not isinstance(value.content, tuple) or isinstance(value.content, _RECORDS):
            raise ValueError(f"cannot encode {name or 'a value'}: a collection holds attributes")
        for member in value.content:
            out.append(Tag.MEMBER_NAME)
            _put_string(out, b"")
            _put_string(out, member.name.encode())
            if not member.values:
                raise ValueError(f"cannot encode member {member.name!r}: it needs a value")
            for item in member.values:
                _put_value(out, "", item)
        out.append(Tag.END_COLLECTION)
        out += b"\0\0\0\0"
        return
    try:
        _put_string(out, _content_bytes(value))
    except (struct.error, TypeError, AttributeError) as error:
        raise ValueError(f"cannot encode {name or 'a value'} with tag {value.tag:#04x}: {error}") from None


_RECORDS = (IntRange, Resolution, LocalText, DateAndTime)


def _content_bytes(value: Value) -> bytes:
    content = value.content
    match value.tag, content:
        case ((Tag.INTEGER | Tag.ENUM), int()):
            return _INTEGER.pack(content)
        case Tag.BOOLEAN, bool():
            return b"\1" if content else b"\0"
        case Tag.RANGE, IntRange():
            return _RANGE.pack(*content)
        case Tag.RESOLUTION, Resolution():
            return _RESOLUTION.pack(*content)
        case Tag.DATE_TIME, DateAndTime():
            return _DATE.pack(*content[:7], content.direction.encode(), *content[8:])
        case ((Tag.TEXT_WITH_LANGUAGE | Tag.NAME_WITH_LANGUAGE), LocalText()):
            inner = bytearray()
            _put_string(inner, content.language.encode())
            _put_string(inner, content.text.encode())
            return bytes(inner)
        case tag, None if _is_out_of_band(tag):
            return b""
        case tag, str() if _is_text(tag):
            return content.encode()
        case tag, bytes() if _is_opaque(tag):
            return content
        case _:
            raise ValueError(f"cannot encode tag {value.tag:#04x}: {type(content).__name__} does not suit it")


def _put_string(out: bytearray, data: bytes) -> None:
    if len(data) > _MAX_LENGTH:
        raise ValueError(f"cannot encode {len(data)} bytes: a field holds at most {_MAX_LENGTH}")
    out += _LENGTH.pack(len(data))
    out += data


def _is_out_of_band(tag: int) -> bool:
    return 0x10 <= tag <= 0x1F  # noqa: PLR2004 # RFC 8010, 3.5.2


def _is_text(tag: int) -> bool:
    return 0x40 <= tag <= 0x5F and tag != Tag.MEMBER_NAME  # noqa: PLR2004 # RFC 8010, 3.5.2


_TYPED = frozenset(set(Tag) - {Tag.OCTET_STRING})


def _is_opaque(tag: int) -> bool:
    return tag not in _TYPED and not _is_out_of_band(tag) and not _is_text(tag)


# ------------------------------------------------------------------------------------------------------- decoding


def decode(data: bytes) -> tuple[Message, bytes]:
    """A message and the bytes behind it. Raises :class:`MalformedIppError` for anything that is not a whole message."""
    return _Decoder(data).message()


class _Decoder:
    """A cursor over bytes; every read checks what is left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def message(self) -> tuple[Message, bytes]:
        major, minor, code, request_id = _HEADER.unpack(self._take(_HEADER.size, "header"))
        groups: list[Group] = []
        tag = self._byte("group tag")
        while tag != GroupTag.END:
            if tag == 0 or tag >= Tag.UNSUPPORTED:
                raise self._error(f"value tag {tag:#04x} outside a group")
            attributes, following = self._group()
            groups.append(Group(tag, attributes))
            tag = following
        return Message(code, request_id, tuple(groups), (major, minor)), self._data[self._at :]

    def _group(self) -> tuple[tuple[Attribute, ...], int]:
        """The attributes up to the next delimiter, and that delimiter."""
        found: list[tuple[str, list[Value]]] = []
        while True:
            tag = self._byte("tag")
            if tag < Tag.UNSUPPORTED:
                return tuple(Attribute(name, tuple(values)) for name, values in found), tag
            name = self._text(self._string("attribute name"))
            value = self._value(tag, 0)
            if name:
                found.append((name, [value]))
            elif found:
                found[-1][1].append(value)
            else:
                raise self._error("a further value without an attribute")

    def _value(self, tag: int, depth: int) -> Value:
        """The value behind a tag and a name that have been read."""
        raw = self._string("value")
        if tag == Tag.BEGIN_COLLECTION:
            return Value(tag, self._collection(depth + 1))
        if tag in {Tag.END_COLLECTION, Tag.MEMBER_NAME}:
            raise self._error(f"tag {tag:#04x} outside a collection")
        return Value(tag, self._content(tag, raw))

    def _collection(self, depth: int) -> tuple[Attribute, ...]:
        if depth > MAX_DEPTH:
            raise self._error(f"collections nested deeper than {MAX_DEPTH}")
        members: list[tuple[str, list[Value]]] = []
        while True:
            tag = self._byte("member tag")
            if tag < Tag.UNSUPPORTED:
                raise self._error("a collection that does not end")
            self._string("member's empty name")  # devices that fill it in do no harm
            if tag == Tag.MEMBER_NAME:
                members.append((self._text(self._string("member name")), []))
                continue
            if members and not members[-1][1] and tag == Tag.END_COLLECTION:
                raise self._error(f"member {members[-1][0]!r} without a value")
            if tag == Tag.END_COLLECTION:
                self._string("end of collection")
                return tuple(Attribute(name, tuple(values)) for name, values in members)
            if not members:
                raise self._error("a member value without a member name")
            members[-1][1].append(self._value(tag, depth))

    def _content(self, tag: int, raw: bytes) -> Content:
        if _is_out_of_band(tag):
            return None
        if _is_text(tag):
            return self._text(raw)
        match tag:
            case Tag.INTEGER | Tag.ENUM:
                number: int = _INTEGER.unpack(self._sized(raw, _INTEGER.size, "integer"))[0]
                return number
            case Tag.BOOLEAN:
                return self._sized(raw, 1, "boolean") != b"\0"
            case Tag.RANGE:
                return IntRange(*_RANGE.unpack(self._sized(raw, _RANGE.size, "range")))
            case Tag.RESOLUTION:
                return Resolution(*_RESOLUTION.unpack(self._sized(raw, _RESOLUTION.size, "resolution")))
            case Tag.DATE_TIME:
                fields = _DATE.unpack(self._sized(raw, _DATE.size, "dateTime"))
                if fields[7] not in {b"+", b"-"}:
                    raise self._error("a dateTime without the direction of its offset")
                year, month, day, hour, minute, second, tenths, sign, hours, minutes = fields
                return DateAndTime(year, month, day, hour, minute, second, tenths, sign.decode(), hours, minutes)
            case Tag.TEXT_WITH_LANGUAGE | Tag.NAME_WITH_LANGUAGE:
                return self._local_text(raw)
            case _:
                return raw

    def _local_text(self, raw: bytes) -> LocalText:
        inner = _Decoder(raw)
        language, text = inner._string("language"), inner._string("text")
        if inner._at != len(raw):
            raise self._error("bytes behind a text with language")
        return LocalText(self._text(language), self._text(text))

    def _sized(self, raw: bytes, size: int, what: str) -> bytes:
        if len(raw) != size:
            raise self._error(f"{what} of {len(raw)} bytes, not {size}")
        return raw

    @staticmethod
    def _text(raw: bytes) -> str:
        """Text as UTF-8; what is not becomes U+FFFD, so that it can be shown and stored."""
        return raw.decode("utf-8", "replace")

    def _string(self, what: str) -> bytes:
        (length,) = _LENGTH.unpack(self._take(_LENGTH.size, f"length of {what}"))
        return self._take(length, what)

    def _byte(self, what: str) -> int:
        return self._take(1, what)[0]

    def _take(self, count: int, what: str) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise self._error(f"{what} of {count} bytes, {len(self._data) - self._at} left")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def _error(self, why: str) -> MalformedIppError:
        return MalformedIppError(f"cannot read IPP at byte {self._at}: {why}")
