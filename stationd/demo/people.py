"""Invented applicants, visibly so: names such as *Contoh Satu*, NIK of no province, streets of no town.

Seeded: the same seed gives the same people in the same order, on every machine.
"""

import base64
import math
import random
import struct
import zlib
from collections.abc import Iterator

_FIRST = ("Budi", "Siti", "Contoh", "Dewi", "Agus", "Rina", "Joko", "Wati", "Andi", "Lestari", "Tono", "Melati")
_LAST = ("Rekaan", "Umpama", "Contoh", "Khayalan", "Misalnya", "Andaikan", "Percobaan", "Peraga", "Spesimen")
_NUMBERS = ("Satu", "Dua", "Tiga", "Empat", "Lima", "Enam", "Tujuh", "Delapan", "Sembilan", "Sepuluh")
_STREETS = ("Jalan Tidak Ada", "Jalan Khayal", "Lorong Umpama", "Jalan Contoh Kartu", "Gang Andaikata", "Jalan Peraga")
_SURRENDERED = 0.9
"""How many bring the damaged card when they order; the others bring it later, and their orders wait for it."""

_KECAMATAN = {
    "Ilir Barat Dua": "16.71.01",
    "Seberang Ulu Satu": "16.71.02",
    "Sukarami": "16.71.07",
    "Sako": "16.71.08",
    "Kemuning": "16.71.09",
    "Kalidoni": "16.71.10",
    "Gandus": "16.71.12",
    "Kertapati": "16.71.13",
    "Plaju": "16.71.14",
    "Alang-alang Lebar": "16.71.15",
    "Sematangborang": "16.71.16",
    "Jakabaring": "16.71.17",
}
"""Kecamatan with their region codes."""
_KINDS = ("first",) * 7 + ("damaged",) * 2 + ("lost",)
_WOMEN = 40
_COLOURS = ((226, 114, 91), (240, 179, 90), (127, 183, 163), (74, 124, 140), (140, 120, 160), (120, 140, 90))
_FACES = 8
_PHOTO_WIDTH, _PHOTO_HEIGHT = 264, 352


class People:
    """A crowd of invented applicants.

    ``region`` is the six digits in the middle of their order references; ``photos`` the share who bring a photo.
    """

    def __init__(self, seed: int, *, region: str = "999999", photos: float = 0.75) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - invented people, no secret
        self._region = region
        self._photos = photos
        self._number = 0
        self._album = [base64.b64encode(silhouette(self._chance)).decode() for _ in range(_FACES)]

    def applications(self, count: int) -> Iterator[dict[str, object]]:
        """``count`` bodies for ``POST /v1/jobs``, each with an order reference of its own."""
        for _ in range(count):
            yield self.application()

    def application(self) -> dict[str, object]:
        """The body of the next applicant's ``POST /v1/jobs``: a specimen card, mostly of the kind ``first``."""
        self._number += 1
        chance = self._chance
        kind = chance.choice(_KINDS)
        order = f"PRR-{self._region}-{self._number:06d}"
        name = f"{chance.choice(_FIRST)} {chance.choice(_LAST)} {chance.choice(_NUMBERS)}"
        kecamatan = chance.choice(tuple(_KECAMATAN))
        address = (
            f"{chance.choice(_STREETS)} No. {chance.randint(1, 999)}, RT 000 RW 000, "
            f"Kelurahan Rekaan, Kecamatan {kecamatan}"
        )
        document: dict[str, object] = {
            "template": "specimen",
            "fields": {"name": name, "address": address, "order": order, "place": f"Kecamatan {kecamatan}"},
        }
        if chance.random() < self._photos:
            document["photo"] = chance.choice(self._album)
        body: dict[str, object] = {
            "order": order,
            "kind": kind,
            "holder": {
                "nik": self._nik(),
                "name": name,
                "address": address,
                "phone": self._phone(),
                "village": f"{_KECAMATAN[kecamatan]}.{chance.randint(1001, 1004)}",
            },
            "document": document,
        }
        if kind == "lost":
            body["police_report"] = f"LP/CONTOH/{chance.randint(1, 999):03d}"
        if kind == "damaged" and chance.random() < _SURRENDERED:
            body["surrendered"] = {"card": f"AMPLOP-{self._number:06d}"}
        return body

    def _nik(self) -> str:
        """Sixteen digits of the right form, of the region 99.99.99, which is nowhere."""
        chance = self._chance
        day = chance.randint(1, 28) + chance.choice((0, _WOMEN))
        return f"999999{day:02d}{chance.randint(1, 12):02d}{chance.randint(0, 99):02d}{chance.randint(1, 9999):04d}"

    def _phone(self) -> str:
        return f"+62 000 {self._chance.randint(0, 999):03d} {self._chance.randint(0, 999):03d}"


def silhouette(chance: random.Random) -> bytes:
    """A photo of nobody: head and shoulders in flat colours, a PNG of about a kilobyte."""
    back, figure = chance.sample(_COLOURS, 2)
    palette = bytes(channel for colour in (_lighter(back), figure, _lighter(figure)) for channel in colour)
    head = chance.randint(54, 66)
    shoulders = chance.randint(92, 116)
    rows = bytearray()
    for y in range(_PHOTO_HEIGHT):
        half = _half_width(y - 136, head, head * 1.25) or _half_width(y - _PHOTO_HEIGHT, shoulders, 126)
        colour = b"\2" if y < 136 + head * 1.25 else b"\1"
        margin = bytes(_PHOTO_WIDTH // 2 - half)
        rows += b"\0" + margin + colour * (2 * half) + margin  # the first byte: no filter
    header = struct.pack(">IIBBBBB", _PHOTO_WIDTH, _PHOTO_HEIGHT, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _half_width(y: int, width: float, height: float) -> int:
    """Half the width of an ellipse at a height from its centre; 0 outside it."""
    return round(width * math.sqrt(1 - (y / height) ** 2)) if abs(y) < height else 0


def _lighter(colour: tuple[int, int, int]) -> tuple[int, ...]:
    return tuple(channel + (255 - channel) * 6 // 10 for channel in colour)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
