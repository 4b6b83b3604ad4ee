"""Is a document what its media type says, whole, and of a size that fits a card?

The structure is checked, not the picture: enough that nothing cut short, mislabelled or absurdly large reaches a
printer, at well under a millisecond for 300 kB. Sources: PNG, third edition (W3C, 2025), clauses 5 and 11; ITU-T T.81
annex B (JPEG); ISO 32000-1, 7.5 (PDF).
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from stationd.domain.errors import Refused
from stationd.domain.words import Line

PNG = "image/png"
JPEG = "image/jpeg"
PDF = "application/pdf"

MAX_BYTES = 16_000_000
MAX_SIDE_PX = 8_000
MAX_AREA_PX = 24_000_000
"""A card at 1,200 dpi has 4,044 × 2,550 pixels; twice that is no card any more."""
MAX_PAGES = 2
"""A card has two sides."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_PALETTE = 3
_IHDR_BYTES = 13
_CHUNK = struct.Struct(">I4s")

_JPEG_START = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_JPEG_MARK = 0xFF
_JPEG_SCAN = 0xDA
_JPEG_SIZE = struct.Struct(">xHH")
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xDA)})

_PDF_HEADER = re.compile(rb"%PDF-[12]\.[0-9]")
_PDF_TAIL = re.compile(rb"startxref\s+([0-9]{1,10})\s+%%EOF\s*\Z")
_PDF_TAIL_BYTES = 64
_PDF_XREF = re.compile(rb"\s*(?:xref\b|[0-9]+\s+[0-9]+\s+obj\b)")
_PDF_PAGE = re.compile(rb"/Type\s*/Page\b")
_PDF_ENCRYPTED = re.compile(rb"/Encrypt\b")


class _WrongError(Exception):
    """What is wrong with the document: the line that tells it."""

    def __init__(self, name: str, **values: int) -> None:
        super().__init__(name)
        self.name = name
        self.values = values

    def line(self, media_type: str) -> Line:
        """The line about a document of this media type."""
        return Line(self.name, {"media_type": media_type, **self.values})


def check_document(media_type: str, data: bytes, *, field: str = "document.data") -> Refused | None:
    """Why these bytes cannot be a card's document of this media type (``document-invalid``), or ``None``.

    ``field`` is the path of the bytes in the caller's body. Of a PDF whose objects are compressed the pages cannot be
    counted here; the printer will say.
    """
    check = _CHECKS.get(media_type)
    if check is None:
        return Refused("document-invalid/media-type", field="document.media_type", known=tuple(sorted(_CHECKS)))
    if len(data) > MAX_BYTES:
        return Refused("document-invalid/large", field=field, most=MAX_BYTES)
    try:
        check(data)
    except _WrongError as wrong:
        return Refused(wrong.line(media_type), field=field)
    return None


def sniffed(data: bytes) -> str | None:
    """The media type that the first bytes announce, or ``None`` for any that is not a card's document."""
    if data.startswith(_PNG_SIGNATURE):
        return PNG
    if data.startswith(_JPEG_START):
        return JPEG
    return PDF if _PDF_HEADER.match(data) else None


def _check_png(data: bytes) -> None:
    if not data.startswith(_PNG_SIGNATURE):
        raise _WrongError("document-invalid/start")
    color = None
    seen: set[bytes] = set()
    for kind, body in _png_chunks(data):
        if (color is None) is not (kind == b"IHDR"):
            raise _WrongError("document-invalid/place")
        if color is None:
            color = _check_png_header(bytes(body))
        seen.add(kind)
    if b"IDAT" not in seen or (color == _PALETTE and b"PLTE" not in seen):
        raise _WrongError("document-invalid/no-picture")


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """The chunks, each whole and with the right checksum; the last is IEND and ends the data."""
    view = memoryview(data)
    at, kind = len(_PNG_SIGNATURE), b""
    while kind != b"IEND":
        if at + _CHUNK.size > len(data):
            raise _WrongError("document-invalid/short")
        length, kind = _CHUNK.unpack_from(data, at)
        end = at + _CHUNK.size + length
        if end + 4 > len(data):
            raise _WrongError("document-invalid/short")
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise _WrongError("document-invalid/checksum")
        yield kind, view[at + _CHUNK.size : end]
        at = end + 4
    if at != len(data):
        raise _WrongError("document-invalid/longer")


def _check_png_header(header: bytes) -> int:
    if len(header) != _IHDR_BYTES:
        raise _WrongError("document-invalid/header")
    width, height, depth, color, compression, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if depth not in _PNG_DEPTHS.get(color, ()) or compression or filtering or interlace > 1:
        raise _WrongError("document-invalid/header")
    _check_size(width, height)
    return int(color)


def _check_jpeg(data: bytes) -> None:
    if not data.startswith(_JPEG_START):
        raise _WrongError("document-invalid/start")
    if not data.endswith(_JPEG_END):
        raise _WrongError("document-invalid/short")
    has_frame = False
    for marker, body in _jpeg_segments(data):
        if marker in _JPEG_FRAMES and not has_frame:
            if len(body) < _JPEG_SIZE.size:
                raise _WrongError("document-invalid/header")
            height, width = _JPEG_SIZE.unpack_from(body)
            _check_size(width, height)
            has_frame = True
    if not has_frame:
        raise _WrongError("document-invalid/no-picture")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, memoryview]]:
    """The segments up to the first scan, which must be followed by some picture before the end."""
    view = memoryview(data)[: -len(_JPEG_END)]
    at, marker = 2, 0
    while marker != _JPEG_SCAN:
        if at + 4 > len(view) or view[at] != _JPEG_MARK:
            raise _WrongError("document-invalid/damaged")
        marker = view[at + 1]
        if marker == _JPEG_MARK:  # a fill byte
            at += 1
            continue
        end = at + 2 + int.from_bytes(view[at + 2 : at + 4], "big")
        if marker in _JPEG_WITHOUT_LENGTH or not at + 4 <= end < len(view):
            raise _WrongError("document-invalid/damaged")
        yield marker, view[at + 4 : end]
        at = end


def _check_pdf(data: bytes) -> None:
    if _PDF_HEADER.match(data) is None:
        raise _WrongError("document-invalid/start")
    tail = _PDF_TAIL.search(data, max(len(data) - _PDF_TAIL_BYTES, 0))
    if tail is None:
        raise _WrongError("document-invalid/short")
    if _PDF_XREF.match(data, int(tail[1])) is None:
        raise _WrongError("document-invalid/table")
    if _PDF_ENCRYPTED.search(data) is not None:
        raise _WrongError("document-invalid/encrypted")
    pages = sum(1 for _ in _PDF_PAGE.finditer(data))
    if not pages and b"/ObjStm" not in data:
        raise _WrongError("document-invalid/no-page")
    if pages > MAX_PAGES:
        raise _WrongError("document-invalid/pages", pages=pages, most=MAX_PAGES)


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX and width * height <= MAX_AREA_PX):
        raise _WrongError("document-invalid/size", width=width, height=height)


_CHECKS: Mapping[str, Callable[[bytes], None]] = MappingProxyType({PDF: _check_pdf, PNG: _check_png, JPEG: _check_jpeg})
