"""Font files: where they are, which characters they have and how wide each is.

Only what fitting a line of text needs is read (OpenType 1.9: tables head, hhea, hmtx and the Unicode cmap).
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stationd.domain.errors import Faulted

FOLDERS = (
    Path("/usr/share/fonts/truetype/liberation2"),
    Path("/usr/share/fonts/truetype/liberation"),
)
"""Where Debian's packages fonts-liberation2 (12) and fonts-liberation (13) put them."""

FILES: Mapping[tuple[str, str], str] = {
    ("Liberation Sans", "normal"): "LiberationSans-Regular.ttf",
    ("Liberation Sans", "bold"): "LiberationSans-Bold.ttf",
    ("Liberation Mono", "normal"): "LiberationMono-Regular.ttf",
}
"""The faces that a template may use, by family and weight."""

_BASIC_PLANE = 4


@dataclass(frozen=True, slots=True)
class Font:
    """One face: its file, and the advance of each character it has, in fractions of the font size."""

    path: Path
    advances: Mapping[int, float]

    def width(self, text: str, size: float) -> float:
        """How wide a line is, in the unit of ``size``; characters that the face lacks count nothing."""
        return size * sum(self.advances.get(ord(character), 0.0) for character in text)

    def lacks(self, text: str) -> bool:
        """Whether a character of the text would be missing on the card."""
        return not self.advances.keys() >= set(map(ord, text))


def load_fonts(folders: Sequence[Path] = FOLDERS) -> Mapping[tuple[str, str], Font]:
    """Every face in ``FILES``. Raises ``Faulted`` (``fonts-missing``) naming the package to install."""
    fonts = {}
    for face in FILES:
        path = find(face, folders)
        try:
            fonts[face] = Font(path, _advances(path.read_bytes()))
        except (OSError, struct.error, KeyError) as trouble:
            raise Faulted("fonts-missing/unreadable", path=str(path)) from trouble
    return fonts


def find(face: tuple[str, str], folders: Sequence[Path] = FOLDERS) -> Path:
    """The file of a face of ``FILES``. Raises ``Faulted`` (``fonts-missing``) naming the package to install."""
    name = FILES[face]
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        raise Faulted("fonts-missing", font=name, folders=tuple(map(str, folders)))
    return path


def _advances(data: bytes) -> Mapping[int, float]:
    tables = {}
    (count,) = struct.unpack_from(">H", data, 4)
    for index in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * index)
        tables[tag] = offset
    (units_per_em,) = struct.unpack_from(">H", data, tables[b"head"] + 18)
    (metrics,) = struct.unpack_from(">H", data, tables[b"hhea"] + 34)
    widths = [width for width, _ in struct.iter_unpack(">Hh", data[tables[b"hmtx"] : tables[b"hmtx"] + 4 * metrics])]
    glyphs = _glyphs(data, tables[b"cmap"])
    return {code: widths[min(glyph, metrics - 1)] / units_per_em for code, glyph in glyphs.items() if glyph}


def _glyphs(data: bytes, cmap: int) -> Mapping[int, int]:
    """The glyph of each character of the basic plane; names of people have no others."""
    found: dict[int, int] = {}
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    for index in range(count):
        platform, _, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * index)
        if platform not in {0, 3}:  # Unicode, Windows
            continue
        (form,) = struct.unpack_from(">H", data, cmap + offset)
        if form == _BASIC_PLANE:
            found |= _segments(data, cmap + offset)
    return found


def _segments(data: bytes, table: int) -> Mapping[int, int]:
    """A cmap subtable of format 4: segments of codes with a delta, or with an offset into a list of glyphs."""
    found = {}
    (doubled,) = struct.unpack_from(">H", data, table + 6)
    ends, starts = table + 14, table + 16 + doubled
    deltas, offsets = starts + doubled, starts + 2 * doubled
    for at in range(0, doubled, 2):
        (end,) = struct.unpack_from(">H", data, ends + at)
        (start,) = struct.unpack_from(">H", data, starts + at)
        (delta,) = struct.unpack_from(">H", data, deltas + at)
        (offset,) = struct.unpack_from(">H", data, offsets + at)
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if offset:
                (glyph,) = struct.unpack_from(">H", data, offsets + at + offset + 2 * (code - start))
            found[code] = (glyph + delta) & 0xFFFF if glyph or not offset else 0
    return found
