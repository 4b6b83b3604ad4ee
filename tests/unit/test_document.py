"""A document is what its media type says, whole and card-sized; anything else is refused."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stationd.domain.document import MAX_BYTES, MAX_SIDE_PX, check_document, sniffed
from tests.rigs.documents import pdf, png

PNG, JPEG, PDF = "image/png", "image/jpeg", "application/pdf"


def jpeg(*, progressive: bool = False) -> bytes:
    import io

    out = io.BytesIO()
    Image.effect_noise((64, 40), 80).convert("RGB").save(out, "JPEG", progressive=progressive)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in chunks)


def header(width=16, height=16, depth=8, color=0, compression=0, filtering=0, interlace=0) -> bytes:
    return struct.pack(">IIBBBBB", width, height, depth, color, compression, filtering, interlace)


WHOLE = {PNG: png(1), JPEG: jpeg(), PDF: pdf(1)}
DATA = (b"IDAT", zlib.compress(bytes(17 * 16)))
END = (b"IEND", b"")


@pytest.mark.parametrize("media_type", WHOLE)
def test_a_whole_document_is_taken(media_type):
    assert check_document(media_type, WHOLE[media_type]) is None
    assert sniffed(WHOLE[media_type]) == media_type


def test_a_progressive_jpeg_is_taken():
    assert check_document(JPEG, jpeg(progressive=True)) is None


@pytest.mark.parametrize("media_type", WHOLE)
@given(data=st.data())
def test_every_truncation_is_refused(media_type, data):
    whole = WHOLE[media_type].rstrip()
    length = data.draw(st.integers(0, len(whole) - 1))
    refused = check_document(media_type, whole[:length])
    assert refused is not None
    assert refused.code == "document-invalid"
    assert refused.field == "document.data"


@given(data=st.data())
def test_every_damaged_byte_of_a_png_is_refused(data):
    whole = bytearray(WHOLE[PNG])
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    assert check_document(PNG, bytes(whole)) is not None


@pytest.mark.parametrize("media_type", WHOLE)
@pytest.mark.parametrize("other", WHOLE)
def test_a_document_of_another_type_is_refused(media_type, other):
    assert (check_document(media_type, WHOLE[other]) is None) is (media_type == other)


@given(st.binary(max_size=300))
def test_noise_is_refused_as_anything(noise):
    for media_type, start in ((PNG, b"\x89PNG\r\n\x1a\n"), (JPEG, b"\xff\xd8\xff"), (PDF, b"%PDF-1.4\n")):
        assert check_document(media_type, noise) is not None
        assert check_document(media_type, start + noise) is not None


def test_an_unknown_media_type_is_refused_and_the_known_are_named():
    refused = check_document("text/html", b"<p>")
    assert refused is not None
    assert refused.field == "document.media_type"
    assert "image/png" in refused.detail


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (png_of((b"IHDR", header(width=0)), DATA, END), "size"),
        (png_of((b"IHDR", header(width=MAX_SIDE_PX + 1)), DATA, END), "size"),
        (png_of((b"IHDR", header(MAX_SIDE_PX, MAX_SIDE_PX)), DATA, END), "size"),
        (png_of((b"IHDR", header(depth=3)), DATA, END), "makes no sense"),
        (png_of((b"IHDR", header(color=5)), DATA, END), "makes no sense"),
        (png_of((b"IHDR", header(interlace=2)), DATA, END), "makes no sense"),
        (png_of((b"IHDR", header()[:-1]), DATA, END), "makes no sense"),
        (png_of(DATA, (b"IHDR", header()), END), "where it belongs"),
        (png_of((b"IHDR", header()), (b"IHDR", header()), DATA, END), "where it belongs"),
        (png_of((b"IHDR", header()), END), "no picture"),
        (png_of((b"IHDR", header(color=3)), DATA, END), "no picture"),
        (png_of((b"IHDR", header()), DATA, END) + b"\0", "follows its end"),
    ],
)
def test_a_png_that_is_no_picture_of_a_card_is_refused(data, why):
    refused = check_document(PNG, data)
    assert refused is not None
    assert why in refused.detail


def test_a_jpeg_of_an_absurd_size_is_refused():
    whole = jpeg()
    place = whole.index(b"\xff\xc0") + 5
    huge = whole[:place] + struct.pack(">HH", 60_000, 60_000) + whole[place + 4 :]
    refused = check_document(JPEG, huge)
    assert refused is not None
    assert "60000" in refused.detail


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9",
        b"\xff\xd8\xff\xff\xff\xda\x00\x02pixels\xff\xd9",
        b"\xff\xd8\xff\xc0\x00\x04ab\xff\xda\x00\x02pixels\xff\xd9",
        b"\xff\xd8\xff\xd0\x00\x02ab\xff\xd9",
    ],
    ids=["nothing", "no-scan", "no-frame", "short-frame", "marker-without-length"],
)
def test_a_jpeg_without_a_picture_is_refused(data):
    assert check_document(JPEG, data) is not None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (pdf(1).replace(b"/Type /Page ", b"/Type /Pag_ "), "no page"),
        (pdf(1).replace(b"%PDF-1.4\n", b"%PDF-1.4\n%" + b"/Type/Page " * 2), "3 pages"),
        (pdf(1).replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 9 0 R"), "encrypted"),
        (pdf(1).replace(b"startxref\n", b"startxref\n1"), "table of objects"),
        (pdf(1) + b"trailing words", "cut short"),
    ],
)
def test_a_pdf_that_is_no_card_is_refused(data, why):
    if why == "3 pages":  # the objects have moved by the length of the comment
        at = data.rindex(b"xref\n0 ")
        data = data[: data.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % at
    refused = check_document(PDF, data)
    assert refused is not None
    assert why in refused.detail


def test_a_pdf_with_compressed_objects_is_taken_although_its_pages_cannot_be_counted():
    data = pdf(1).replace(b"/Type /Page ", b"/Type /ObjStm ")
    at = data.rindex(b"xref\n0 ")
    assert check_document(PDF, data[: data.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % at) is None


def test_what_is_too_large_is_refused_before_it_is_read():
    refused = check_document(PNG, bytes(MAX_BYTES + 1))
    assert refused is not None
    assert "larger" in refused.detail


def test_other_bytes_announce_nothing():
    assert sniffed(b"GIF89a") is None
    assert sniffed(b"") is None
