"""From bytes to checked values: the body within its bounds, JSON into records, and errors that never echo a value."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import msgspec
from aiohttp import hdrs, web
from multidict import MultiMapping

from stationd.domain.errors import Refused
from stationd.http.guard import Headers

_JSON = "application/json"
_PATH = re.compile(r" - at (?:`key` in )?`\$\.?([^`]*)`$")
_SAFE = re.compile(r"Expected `[a-z]+(?: \| [a-z]+)*`(?:, got `[a-z]+`| (?:<=|>=|<|>|of length) .+)?")
_CONTAINERS = frozenset({dict, list})
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _DuplicateKeyError(ValueError):
    pass


def require_json(headers: Headers) -> None:
    """Let pass only a body of ``application/json`` in UTF-8, not compressed.

    Raises ``Refused``: ``media-type-unsupported``, ``encoding-unsupported``.
    """
    require_media_type(headers, _JSON)


def require_media_type(headers: Headers, wanted: str) -> None:
    """Let pass only a body of this media type in UTF-8, not compressed.

    Raises ``Refused``: ``media-type-unsupported``, ``encoding-unsupported``.
    """
    value = headers.get(hdrs.CONTENT_TYPE)
    if value != wanted:
        media_type, _, parameters = (value or "").partition(";")
        charset = parameters.replace(" ", "").replace('"', "").lower()
        if media_type.strip().lower() != wanted or charset not in {"", "charset=utf-8", "charset=utf8"}:
            raise Refused(
                "media-type-unsupported",
                f"cannot read the body: its media type must be {wanted}",
                fix=f"send the header Content-Type: {wanted}",
            )
    if headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise Refused("encoding-unsupported", "cannot read the body: it must not be compressed")


async def read_lines(
    request: web.Request, *, limit: int, most: int, timeout_s: float
) -> AsyncIterator[list[tuple[int, bytes]]]:
    """The lines of a body as they arrive, numbered from 1, in groups of at most ``most``; blank ones are left out.

    A line has at most ``limit`` bytes; between two pieces of the body at most ``timeout_s`` pass. Raises ``Refused``:
    ``body-too-large``, ``body-too-slow``, ``body-malformed``.
    """
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(_CONTINUE)
        request.writer.output_size = 0  # aiohttp counts from here whether an answer has begun
    content, rest, number = request.content, b"", 0
    while True:
        try:
            async with asyncio.timeout(timeout_s):
                piece = await content.readany()
        except TimeoutError:
            raise Refused("body-too-slow", f"cannot read the body: nothing came for {timeout_s:g} s") from None
        except web.RequestPayloadError:
            raise Refused("body-malformed", "cannot read the body: its transfer encoding is broken") from None
        *lines, rest = (rest + piece).split(b"\n") if piece else (rest, b"")
        if max(map(len, (*lines, rest))) > limit:
            raise _too_large(limit)
        group = []
        for line in lines:
            number += 1
            if line.strip():
                group.append((number, line))
        for start in range(0, len(group), most):
            yield group[start : start + most]
        if not piece:
            return


async def read_body(request: web.Request, *, limit: int, timeout_s: float) -> bytes:
    """The whole body, of at most ``limit`` bytes, received within ``timeout_s``.

    A length announced beyond the limit is refused before a byte is read; a body in chunks as soon as it passes it.
    Raises ``Refused``: ``body-too-large``, ``body-too-slow``, ``body-malformed``.
    """
    announced = request.content_length
    if announced is not None and announced > limit:
        raise _too_large(limit)
    content = request.content
    if content.is_eof():
        body = content.read_nowait()
        if len(body) > limit:
            raise _too_large(limit)
        return body
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(_CONTINUE)
        request.writer.output_size = 0  # aiohttp counts from here whether an answer has begun
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(timeout_s):
            while not content.at_eof():
                part = await content.readany()
                size += len(part)
                if size > limit:
                    raise _too_large(limit)
                parts.append(part)
    except TimeoutError:
        raise Refused("body-too-slow", f"cannot read the body: not complete after {timeout_s:g} s") from None
    except web.RequestPayloadError:
        raise Refused("body-malformed", "cannot read the body: its transfer encoding is broken") from None
    return b"".join(parts)


def decode_json(decoder: msgspec.json.Decoder[Any], raw: bytes) -> Any:
    """The record in a JSON body.

    A name that stands twice in one object is refused, for two readers of it could see two different orders (RFC 8259,
    section 4). Raises ``Refused``: ``json-malformed``, ``body-invalid`` with the field at fault and never its value.
    """
    try:
        record = decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise invalid(error, decoder.type, code="body-invalid", what="the body") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused("json-malformed", "cannot read the body: it is not valid JSON in UTF-8") from None
    if _may_repeat_a_key(raw):
        _refuse_duplicates(raw)
    return record


def read_query(query: MultiMapping[str], model: type[Any]) -> Any:
    """The record in the query string. Raises ``Refused`` (``query-invalid``) with the parameter at fault."""
    if not query:
        return msgspec.convert({}, model)
    values = dict(query)
    if len(values) != len(query):
        raise Refused("query-invalid", "cannot read the query: a parameter stands there twice")
    try:
        return msgspec.convert(values, model, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error, model, code="query-invalid", what="the query") from None


def invalid(error: msgspec.ValidationError, model: Any, *, code: str, what: str) -> Refused:
    """The refusal for a value that does not fit ``model``: where it stands and what is allowed, never what it was."""
    message = str(error)
    found = _PATH.search(message)
    path = found[1] if found is not None else ""
    reason = message[: found.start()] if found is not None else message
    place = path.replace("[...]", "")
    fix = None
    if reason.startswith("Object missing required field `"):
        missing = reason.split("`")[1]
        place = f"{place}.{missing}" if place else missing
        why = "it is missing"
    elif reason.startswith("Object contains unknown field `"):
        why = "it has a field that is not known here"
        fix = _listed(_fields_at(model, place))
    elif reason.startswith("Invalid enum value"):
        why = "it is not one of the allowed values"
        fix = _listed(_values_at(model, place))
    elif " matching regex " in reason:
        why = "it does not have the right form"
    elif reason == "Invalid base64 encoded string":
        why = "it is not base64"
    elif _SAFE.fullmatch(reason):
        why = reason[0].lower() + reason[1:].replace("`", "")
    elif isinstance(error.__cause__, ValueError):
        why = str(error.__cause__)  # a rule of our own schemas, worded there
    else:
        why = "it is not valid"
    return Refused(code, f"cannot read {place or what}: {why}", field=place or None, fix=fix)


def _listed(allowed: Iterable[str]) -> str | None:
    return f"allowed: {', '.join(allowed)}" if allowed else None


def _fields_at(model: Any, path: str) -> list[str]:
    node = _node_at(model, path)
    return [field.encode_name for field in node.fields] if isinstance(node, msgspec.inspect.StructType) else []


def _values_at(model: Any, path: str) -> list[str]:
    node = _node_at(model, path)
    if isinstance(node, msgspec.inspect.EnumType):
        return [str(member.value) for member in node.cls]
    if isinstance(node, msgspec.inspect.LiteralType):
        return [str(value) for value in node.values]
    return []


def _node_at(model: Any, path: str) -> msgspec.inspect.Type | None:
    node: msgspec.inspect.Type | None = _plain(msgspec.inspect.type_info(model))
    for name in path.split(".") if path else ():
        if not isinstance(node, msgspec.inspect.StructType):
            return None
        types = {field.encode_name: field.type for field in node.fields}
        node = _plain(types[name]) if name in types else None
    return node


def _plain(node: msgspec.inspect.Type) -> msgspec.inspect.Type:
    while isinstance(node, msgspec.inspect.Metadata):
        node = node.type
    if isinstance(node, msgspec.inspect.UnionType):
        return next((_plain(part) for part in node.types if not isinstance(part, msgspec.inspect.NoneType)), node)
    return node


def _may_repeat_a_key(raw: bytes) -> bool:
    """Whether some name may stand twice; cheap, and wrong only towards suspicion.

    Every name is followed by a colon, so an object in which names were lost has more colons than names; a colon inside
    a string raises the suspicion too.
    """
    return raw.count(b":") != _count_names(msgspec.json.decode(raw))


def _count_names(value: object) -> int:
    if type(value) is dict:
        return len(value) + sum([_count_names(each) for each in value.values() if type(each) in _CONTAINERS])
    if type(value) is list:
        return sum([_count_names(each) for each in value if type(each) in _CONTAINERS])
    return 0


def _refuse_duplicates(raw: bytes) -> None:
    try:
        json.loads(raw, object_pairs_hook=_unique)
    except _DuplicateKeyError:
        raise Refused("json-malformed", "cannot read the body: a name stands twice in one object") from None


def _unique(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise _DuplicateKeyError
    return values


def _too_large(limit: int) -> Refused:
    return Refused("body-too-large", f"cannot read the body: it is larger than {limit} bytes")
