"""Cards drawn from templates: whole or refused, and no drawing process outlives its card."""

import asyncio
import os
import struct
import time
import zlib
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from stationd.adapters.card_template import MAX_PHOTO_BYTES, MAX_TEXT, Template, fitted
from stationd.adapters.font import FILES, load_fonts
from stationd.adapters.render import TEMPLATES, SvgRenderer
from stationd.domain.document import check_document
from stationd.domain.errors import Faulted, Refused
from stationd.domain.profile import KTP_EL
from tests.rigs.documents import png

FIELDS = {"name": "CONTOH SATU REKAAN", "address": "Jalan Tidak Ada No. 1", "order": "PRR-999999-000001"}
FONTS = load_fonts()
SPECIMEN = Template("specimen", (TEMPLATES / "specimen.svg").read_bytes(), FONTS)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def renderer():
    return SvgRenderer([KTP_EL])


def picture(document):
    return Image.open(BytesIO(document.data)).convert("RGB")


def differs(one, other, box):
    return ImageChops.difference(picture(one).crop(box), picture(other).crop(box)).getbbox() is not None


def texts(svg: bytes) -> dict[str, str]:
    return {
        element.get("data-field"): "".join(element.itertext()).strip()
        for element in ET.fromstring(svg).iter(f"{SVG}text")
        if element.get("data-field")
    }


async def test_a_card_is_a_whole_png_of_the_profiles_size_and_resolution(renderer):
    document = await renderer.render("specimen", FIELDS, None)
    assert document.media_type == "image/png"
    assert check_document("image/png", document.data) is None
    image = Image.open(BytesIO(document.data))
    assert image.size == (1013, 638)
    assert [round(dpi) for dpi in image.info["dpi"]] == [300, 300]


async def test_the_same_fields_give_the_same_card_and_others_another(renderer):
    one, again, other = await asyncio.gather(
        renderer.render("specimen", FIELDS, None),
        renderer.render("specimen", FIELDS, None),
        renderer.render("specimen", FIELDS | {"name": "CONTOH DUA UMPAMA"}, None),
    )
    assert one == again
    name, address = (360, 200, 970, 250), (360, 350, 970, 460)
    assert differs(one, other, name)
    assert not differs(one, other, address)


async def test_a_photo_takes_the_place_of_the_silhouette(renderer):
    red = BytesIO()
    Image.new("RGB", (60, 80), (200, 10, 10)).save(red, "JPEG")
    document = await renderer.render("specimen", FIELDS, red.getvalue())
    pixel = picture(document).getpixel((184, 352))
    assert all(abs(got - want) < 12 for got, want in zip(pixel, (200, 10, 10), strict=True))


async def test_another_size_is_another_profiles(tmp_path):
    small = replace(KTP_EL, width_px=506, height_px=319, dpi=150)
    document = await SvgRenderer([small]).render("specimen", FIELDS, None)
    assert picture(document).size == (506, 319)


def test_one_template_at_two_sizes_is_refused_at_once():
    with pytest.raises(ValueError, match="ktp-el and half want the template specimen"):
        SvgRenderer([KTP_EL, replace(KTP_EL, name="half", width_px=506)])


@pytest.mark.parametrize(
    ("fields", "photo", "field"),
    [
        ({}, None, "document.fields.name"),
        ({"name": "  "}, None, "document.fields.name"),
        (FIELDS | {"faith": "RAHASIA"}, None, "document.fields.faith"),
        (FIELDS | {"Budi Rekaan": "x"}, None, "document.fields"),
        (FIELDS | {"name": "RAHASIA\nDUA"}, None, "document.fields.name"),
        (FIELDS | {"name": "RAHASIA\x00"}, None, "document.fields.name"),
        (FIELDS | {"name": "RAHASIA\ud800"}, None, "document.fields.name"),
        (FIELDS | {"name": "RAHASIA\u202eDUA"}, None, "document.fields.name"),
        (FIELDS | {"name": "RAHASIA 名"}, None, "document.fields.name"),
        (FIELDS | {"address": "R" * (MAX_TEXT + 1)}, None, "document.fields.address"),
        (FIELDS, b"GIF89a RAHASIA", "document.photo"),
        (FIELDS, png(1)[:-1], "document.photo"),
        (FIELDS, png(1, size=MAX_PHOTO_BYTES + 1000), "document.photo"),
    ],
)
async def test_what_cannot_be_printed_is_refused_by_its_field_and_never_by_its_value(renderer, fields, photo, field):
    for call in (renderer.check, renderer.render):
        with pytest.raises(Refused) as refused:
            await call("specimen", fields, photo)
        assert refused.value.code == "document-invalid"
        assert refused.value.field == field
        assert "RAHASIA" not in f"{refused.value!r}{refused.value.fix}"
        assert "Budi" not in f"{refused.value!r}"


async def test_what_the_caller_left_out_comes_from_the_order_and_what_it_gave_stays(renderer):
    told = FIELDS | {"address": "Jalan 名", "unknown": "x"}
    assert await renderer.check("specimen", {}, None, told) == {"name": FIELDS["name"], "order": FIELDS["order"]}
    given_fields = {"name": "CONTOH DUA", "order": "", "nik": "9999990101900001"}
    assert await renderer.check("specimen", given_fields, None, FIELDS) == given_fields | {"address": FIELDS["address"]}
    with pytest.raises(Refused) as refused:
        await renderer.check("specimen", {}, None, FIELDS | {"name": "名"})
    assert refused.value.field == "document.fields.name"


async def test_a_photo_that_is_whole_and_yet_no_picture_is_refused_instead_of_left_out(renderer):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 10, 10, 8, 2, 0, 0, 0)
    photo = png(1)[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", b"no stream of zlib") + chunk(b"IEND", b"")
    await renderer.check("specimen", FIELDS, photo)
    with pytest.raises(Refused) as refused:
        await renderer.render("specimen", FIELDS, photo)
    assert refused.value.field == "document.photo"


async def test_an_unknown_template_is_refused_and_the_known_are_named(renderer):
    with pytest.raises(Refused, match="there are specimen") as refused:
        await renderer.render("../../etc/passwd", FIELDS, None)
    assert refused.value.field == "document.template"


def test_markup_in_a_field_is_printed_as_text():
    name = '</text><image href="file:///etc/passwd"/>&amp;<script>'
    svg = SPECIMEN.fill(FIELDS | {"name": name}, None)
    assert not list(ET.fromstring(svg).iter(f"{SVG}image"))
    shown = texts(svg)["name"]
    assert shown.startswith("</text><image")


def test_captions_stand_only_over_fields_that_are_given():
    svg = SPECIMEN.fill({"name": "CONTOH"}, None).decode()
    assert "Nama" in svg
    assert "Alamat" not in svg
    assert "Tanggal" not in svg


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), min_size=1, max_size=MAX_TEXT))
def test_no_text_leaves_its_place_on_the_card(value):
    font = FONTS["Liberation Sans", "bold"]
    size, lines = fitted(" ".join(value.split()), font, size=46, smallest=28, width=601, lines=2)
    assert 28 <= size <= 46
    assert 1 <= len(lines) <= 2
    assert all(font.width(line, size) <= 601 for line in lines)


def test_a_long_name_is_set_smaller_before_it_is_cut():
    font = FONTS["Liberation Sans", "bold"]
    size, lines = fitted(
        "RADEN AYU SITI UMPAMA PERMATASARI KUSUMANINGRUM", font, size=46, smallest=28, width=601, lines=2
    )
    assert 28 <= size < 46
    assert " ".join(lines) == "RADEN AYU SITI UMPAMA PERMATASARI KUSUMANINGRUM"
    size, lines = fitted("SANGAT " * 40, font, size=46, smallest=28, width=601, lines=2)
    assert size == 28
    assert lines[-1].endswith("SANGAT…")


@pytest.mark.parametrize("face", FILES)
def test_the_widths_we_read_are_those_of_the_font(face):
    from PIL import ImageFont

    other = ImageFont.truetype(str(FONTS[face].path), 1000, layout_engine=ImageFont.Layout.BASIC)
    for text in ("CONTOH", "Jl. Rekaan 12/A", "é…—ß", "iiii", "WWWW"):
        spaced = sum(other.getlength(character) for character in text)  # without kerning
        assert FONTS[face].width(text, 1000) == pytest.approx(spaced, abs=len(text))


def test_a_font_knows_what_it_lacks():
    font = FONTS["Liberation Sans", "normal"]
    assert not font.lacks("Żółć Ñandú Ελλάδα Привет")
    assert font.lacks("名")
    assert font.lacks("😀")


async def test_missing_fonts_are_told_with_the_package_to_install(tmp_path):
    renderer = SvgRenderer([KTP_EL], font_folders=[tmp_path])
    with pytest.raises(Faulted) as fault:
        await renderer.prepare()
    assert fault.value.code == "fonts-missing"
    assert "fonts-liberation2" in fault.value.fix


async def test_a_broken_font_is_no_crash(tmp_path):
    for name in FILES.values():
        (tmp_path / name).write_bytes(b"\0\1\0\0\0\1no font")
    with pytest.raises(Faulted) as fault:
        await SvgRenderer([KTP_EL], font_folders=[tmp_path]).prepare()
    assert fault.value.code == "fonts-missing"


@pytest.mark.parametrize(
    "svg",
    [
        "<svg",
        "<svg xmlns='http://www.w3.org/2000/svg'><text data-field='name' font-family='Comic' font-size='9'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><text data-field='name' font-family='Liberation Sans'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><rect data-field='name'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><text data-field='Nama Lengkap'/></svg>",
    ],
)
async def test_a_broken_template_is_told_when_the_station_starts(tmp_path, svg):
    (tmp_path / "specimen.svg").write_text(svg)
    with pytest.raises(Faulted) as fault:
        await SvgRenderer([KTP_EL], folders=[tmp_path]).prepare()
    assert fault.value.code == "template-broken"
    assert "specimen" in fault.value.detail


async def test_a_template_that_is_not_there_is_told_with_where_it_was_sought(tmp_path):
    with pytest.raises(Faulted, match=r"no specimen\.svg in"):
        await SvgRenderer([KTP_EL], folders=[tmp_path]).prepare()


async def test_a_template_of_the_station_comes_before_ours(tmp_path):
    (tmp_path / "specimen.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1013 638'>"
        "<rect width='1013' height='638' fill='#00ff00'/></svg>"
    )
    document = await SvgRenderer([KTP_EL], folders=[tmp_path, TEMPLATES]).render("specimen", {}, None)
    assert picture(document).getpixel((500, 300)) == (0, 255, 0)


def program(tmp_path, shell):
    path = tmp_path / "resvg"
    path.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\n{shell}\n")
    path.chmod(0o700)
    return path


async def pid_of(tmp_path):
    async with asyncio.timeout(60):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            await asyncio.sleep(0.01)
    return int((tmp_path / "pid").read_text())


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_drawing_that_takes_too_long_is_ended_and_told(tmp_path):
    renderer = SvgRenderer([KTP_EL], resvg=program(tmp_path, "exec /bin/sleep 60"), timeout_s=0.3)
    before = time.monotonic()
    with pytest.raises(Faulted, match="not done after") as fault:
        await renderer.render("specimen", FIELDS, None)
    assert fault.value.code == "render-failed"
    assert time.monotonic() - before < 10
    assert not is_alive(await pid_of(tmp_path))


async def test_a_cancelled_card_takes_its_process_with_it(tmp_path):
    renderer = SvgRenderer([KTP_EL], resvg=program(tmp_path, "exec /bin/sleep 60"), processes=1)
    drawing = asyncio.create_task(renderer.render("specimen", FIELDS, None))
    pid = await pid_of(tmp_path)
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    assert not is_alive(pid)


@pytest.mark.parametrize("shell", ["exit 3", "kill -SEGV $$", "exit 0", "echo no picture"])
async def test_a_renderer_that_fails_is_a_fault_and_not_a_card(tmp_path, shell):
    renderer = SvgRenderer([KTP_EL], resvg=program(tmp_path, f"/bin/cat > /dev/null; {shell}"))
    with pytest.raises(Faulted) as fault:
        await renderer.render("specimen", FIELDS, None)
    assert fault.value.code == "render-failed"


async def test_a_renderer_that_does_not_start_is_a_fault(tmp_path):
    with pytest.raises(Faulted, match="does not start"):
        await SvgRenderer([KTP_EL], resvg=tmp_path / "nothing").render("specimen", FIELDS, None)


async def test_no_more_cards_are_drawn_at_a_time_than_allowed(tmp_path):
    log = tmp_path / "log"
    shell = f"echo + >> {log}; /bin/cat > /dev/null; /bin/sleep 0.1; echo - >> {log}; exit 1"
    renderer = SvgRenderer([KTP_EL], resvg=program(tmp_path, shell), processes=2)
    await asyncio.gather(*(renderer.render("specimen", FIELDS, None) for _ in range(6)), return_exceptions=True)
    running = most = 0
    for sign in log.read_text().split():
        running += 1 if sign == "+" else -1
        most = max(most, running)
    assert most == 2
    assert log.read_text().count("+") == 6
