"""Small documents that are what they say they are: PNG pictures and one-page PDFs, each different from all others."""

import struct
import zlib


def png(number: int, *, size: int = 0, width: int = 16, height: int = 16) -> bytes:
    """A grey PNG whose first pixels spell ``number``; a private chunk pads it to about ``size`` bytes."""
    pixels = bytearray(width * height)
    pixels[:8] = number.to_bytes(8, "big")
    raw = b"".join(b"\0" + bytes(pixels[row * width : (row + 1) * width]) for row in range(height))
    chunks = [_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))]
    padding = size - 100 - len(raw)
    if padding > 0:
        chunks.append(_chunk(b"paDd", bytes(i * 37 % 251 for i in range(251)) * (padding // 251 + 1)))
    return b"".join((b"\x89PNG\r\n\x1a\n", *chunks, _chunk(b"IDAT", zlib.compress(raw)), _chunk(b"IEND", b"")))


def pdf(number: int, *, size: int = 0) -> bytes:
    """A one-page PDF that shows ``number``; a comment pads it to about ``size`` bytes."""
    text = b"BT /F1 24 Tf 20 60 Td (SPECIMEN %d) Tj ET" % number
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 243 153] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    padding = size - 700
    if padding > 0:
        out += b"%" + b"x" * padding + b"\n"
    offsets = []
    for index, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (index, content)
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, at)
    return bytes(out)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
