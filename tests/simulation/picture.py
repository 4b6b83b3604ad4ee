"""The smallest picture that the station takes, with the order it is for written in it."""

import struct
import zlib

_TEXT = b"order\0"


def picture_for(order: str) -> bytes:
    """A PNG of one pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"tEXt", _TEXT + order.encode()), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def order_in(picture: bytes) -> str:
    """The order that a picture of :func:`picture_for` is for."""
    start = picture.index(_TEXT) + len(_TEXT)
    return picture[start : picture.index(b"IDAT") - 8].decode()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
