"""From bytes to checked values: the body within its bounds, JSON into records, and errors that never echo a value."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
from aiohttp import hdrs, web
from multidict import MultiMapping

from stationd.domain.errors import Refused
from stationd.domain.words import Words
from stationd.http.guard import Headers
from stationd.http.unfit import invalid

_JSON = "application/json"
_THE_BODY = Words("the body", "isi permintaan")
_THE_QUERY = Words("the query", "parameter permintaan")
_PLAIN_NAME = re.compile(rb'"([A-Za-z0-9_.-]{0,64}+)"[ \t\r\n]*:')
"""A name without escapes. It cannot begin at the end of a string: before the next one stands a comma or a colon."""
_FIELDS = b'"fields"'
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
            raise Refused("media-type-unsupported", wanted=wanted)
    if headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise Refused("encoding-unsupported")


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
            raise Refused("body-too-slow/nothing", seconds=timeout_s) from None
        except web.RequestPayloadError:
            raise Refused("body-malformed") from None
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
        raise Refused("body-too-slow", seconds=timeout_s) from None
    except web.RequestPayloadError:
        raise Refused("body-malformed") from None
    return b"".join(parts)


def decode_json(decoder: msgspec.json.Decoder[Any], raw: bytes) -> Any:
    """The record in a JSON body.

    A name that stands twice in one object is refused, for two readers of it could see two different orders (RFC 8259,
    section 4). Raises ``Refused``: ``json-malformed``, ``body-invalid`` with the field at fault and never its value.
    """
    try:
        record = decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise invalid(error, decoder.type, code="body-invalid", what=_THE_BODY) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused("json-malformed") from None
    if _may_repeat_a_key(raw):
        _refuse_duplicates(raw)
    return record


def read_query(query: MultiMapping[str], model: type[Any]) -> Any:
    """The record in the query string. Raises ``Refused`` (``query-invalid``) with the parameter at fault."""
    if not query:
        return msgspec.convert({}, model)
    values = dict(query)
    if len(values) != len(query):
        raise Refused("query-invalid/twice")
    try:
        return msgspec.convert(values, model, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error, model, code="query-invalid", what=_THE_QUERY) from None


def _may_repeat_a_key(raw: bytes) -> bool:
    """Whether some name may stand twice; cheap, and wrong only towards suspicion.

    Every name is followed by a colon, so an object in which names were lost has more colons than names; a colon inside
    a string raises the suspicion too. Where all names are plain words and no two are alike in the whole body, it need
    not be read a second time. The fields of a template have names of the order again: with them it is not tried.
    """
    if _FIELDS not in raw:
        names = _PLAIN_NAME.findall(raw)
        if len(names) == raw.count(b":") and len(set(names)) == len(names):
            return False
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
        raise Refused("json-malformed/twice") from None


def _unique(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise _DuplicateKeyError
    return values


def _too_large(limit: int) -> Refused:
    return Refused("body-too-large", limit=limit)
