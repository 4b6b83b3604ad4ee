"""A card template: an SVG with named fields, filled by XML and never by joining strings.

What a field may hold stands in the template's own elements (see ``templates/specimen.svg``).
"""

import base64
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from xml.etree import ElementTree as ET

from stationd.adapters.font import Font
from stationd.domain.document import JPEG, PNG, check_document, sniffed
from stationd.domain.errors import Refused
from stationd.domain.words import Line, Value

MAX_PHOTO_BYTES = 2_000_000
MAX_TEXT = 500
_SVG = "http://www.w3.org/2000/svg"
_LINE_HEIGHT = 1.16
_ELLIPSIS = "…"
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_PHOTO = "photo"
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of control, formatting (which could turn a name around), surrogates and line ends."""

ET.register_namespace("", _SVG)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TextField:
    font: Font
    size: float
    smallest: float
    width: float
    lines: int
    is_required: bool


class Template:
    """One template, read once and filled for every card."""

    def __init__(self, name: str, svg: bytes, fonts: Mapping[tuple[str, str], Font]) -> None:
        """Raises ``ValueError`` with one line for an SVG that is no template."""
        self.name = name
        self._svg = svg
        self._texts: dict[str, _TextField] = {}
        self._has_photo = False
        try:
            root = ET.fromstring(svg)  # noqa: S314 - a file of the station's own, never a caller's
        except ET.ParseError as wrong:
            raise ValueError(f"the template {name} is not XML: {wrong}") from wrong
        for element in root.iter():
            field = element.get("data-field")
            if field is None:
                continue
            if element.tag == f"{{{_SVG}}}image" and field == _PHOTO:
                self._has_photo = True
            elif element.tag == f"{{{_SVG}}}text" and _FIELD_NAME.fullmatch(field) and field not in self._texts:
                self._texts[field] = _text_field(name, field, element, fonts)
            else:
                raise ValueError(f"the template {name} has an element with data-field={field!r} that cannot be filled")

    def check(
        self, fields: Mapping[str, str], photo: bytes | None, otherwise: Mapping[str, str] | None = None
    ) -> Mapping[str, str]:
        """The fields as they will be printed. Raises ``Refused`` (``document-invalid``) naming the field at fault.

        ``otherwise`` says what stands in a field of this template that was not given; what of it cannot be printed is
        left off, unless the template must have it.
        """
        clean = {field: self._clean(field, value) for field, value in fields.items()}
        for field, value in (otherwise or {}).items():
            if field in self._texts and field not in fields:
                clean |= self._filled(field, value)
        for field, text in self._texts.items():
            if text.is_required and not clean.get(field):
                raise _refused(field, "document-invalid/field-missing")
        if photo is not None:
            self._check_photo(photo)
        return clean

    def fill(self, fields: Mapping[str, str], photo: bytes | None) -> bytes:
        """The SVG of one card. Raises ``Refused`` as ``check`` does."""
        clean = self.check(fields, photo)
        root = ET.fromstring(self._svg)  # noqa: S314 - a file of the station's own; parsing is cheaper than copying
        given = {field for field, value in clean.items() if value} | ({_PHOTO} if photo else set())
        for parent in list(root.iter()):
            for element in list(parent):
                field = element.get("data-field")
                wanted = element.get("data-with", field)
                if element.get("data-without") in given or (wanted is not None and wanted not in given):
                    parent.remove(element)
                elif field is not None and field in self._texts:
                    _fill_text(element, self._texts[field], clean[field])
                elif field is not None and photo is not None:
                    element.set("href", f"data:{sniffed(photo)};base64,{base64.b64encode(photo).decode()}")
        return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))

    def _filled(self, field: str, value: str) -> Mapping[str, str]:
        try:
            return {field: self._clean(field, value)}
        except Refused:
            if self._texts[field].is_required:
                raise
            return {}

    def _clean(self, field: str, value: str) -> str:
        text = self._texts.get(field)
        if text is None:
            known = ", ".join(self._texts)
            raise _refused(field, "document-invalid/field-unknown", template=self.name, known=known)
        if len(value) > MAX_TEXT:
            raise _refused(field, "document-invalid/field-long", most=MAX_TEXT)
        if not value.isprintable() and any(unicodedata.category(each) in _UNPRINTABLE for each in value):
            raise _refused(field, "document-invalid/field-line")
        line = " ".join(unicodedata.normalize("NFC", value).split())
        if text.font.lacks(line):
            raise _refused(field, "document-invalid/field-letter")
        return line

    def _check_photo(self, photo: bytes) -> None:
        if not self._has_photo:
            raise _photo_refused("document-invalid/photo-place", template=self.name)
        if len(photo) > MAX_PHOTO_BYTES:
            raise _photo_refused("document-invalid/photo-large", most=MAX_PHOTO_BYTES)
        media_type = sniffed(photo)
        if media_type not in {PNG, JPEG}:
            raise _photo_refused("document-invalid/photo-type")
        refused = check_document(media_type, photo, field="document.photo")
        if refused is not None:
            raise refused


def undecodable_photo() -> Refused:
    """The refusal for a photo that is whole and yet no picture."""
    return _photo_refused("document-invalid/photo-undecodable")


def _is_fitting(font: Font, size: float, width: float, line: str) -> bool:
    return font.width(line, size) <= width


def fitted(text: str, font: Font, *, size: float, smallest: float, width: float, lines: int) -> tuple[float, list[str]]:
    """The font size and the lines with which a text fits: shrunk as far as allowed, then cut with an ellipsis."""
    while True:
        broken = _broken(text, partial(_is_fitting, font, size, width))
        if len(broken) <= lines:
            return size, broken
        if size <= smallest:
            break
        size = max(size - 1, smallest)
    last = broken[lines - 1]
    while last and font.width(last + _ELLIPSIS, size) > width:
        last = last[:-1]
    return size, [*broken[: lines - 1], last.rstrip(" ,.;") + _ELLIPSIS]


def _broken(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The text in lines that fit, broken between words, and within a word that alone is too long."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if fits(joined):
            line = joined
            continue
        if line:
            lines.append(line)
        line = word
        while not fits(line) and len(line) > 1:
            part = next(count for count in range(len(line) - 1, 0, -1) if count == 1 or fits(line[:count]))
            lines.append(line[:part])
            line = line[part:]
    return [*lines, line]


def _text_field(template: str, field: str, element: ET.Element, fonts: Mapping[tuple[str, str], Font]) -> _TextField:
    face = (element.get("font-family", ""), element.get("font-weight", "normal"))
    if face not in fonts:
        known = ", ".join(f"{family} {weight}" for family, weight in fonts)
        raise ValueError(f"the template {template} sets {field} in {' '.join(face)}; there are {known}")
    try:
        size = float(element.attrib["font-size"])
        return _TextField(
            font=fonts[face],
            size=size,
            smallest=float(element.get("data-smallest", size)),
            width=float(element.attrib["data-width"]),
            lines=int(element.get("data-lines", "1")),
            is_required=element.get("data-required") == "yes",
        )
    except (KeyError, ValueError) as wrong:
        raise ValueError(f"the template {template} lacks a number in {field}: {wrong}") from wrong


def _fill_text(element: ET.Element, field: _TextField, value: str) -> None:
    size, lines = fitted(
        value, field.font, size=field.size, smallest=field.smallest, width=field.width, lines=field.lines
    )
    element.set("font-size", f"{size:g}")
    for place, line in enumerate(lines):
        span = ET.SubElement(element, f"{{{_SVG}}}tspan", {"x": element.get("x", "0")})
        if place:
            span.set("dy", f"{size * _LINE_HEIGHT:g}")
        span.text = line


def _refused(field: str, name: str, **values: Value) -> Refused:
    known_form = _FIELD_NAME.fullmatch(field) is not None
    return Refused(Line(name, values), field=f"document.fields.{field}" if known_form else "document.fields")


def _photo_refused(name: str, **values: Value) -> Refused:
    return Refused(Line(name, values), field="document.photo")
