"""The keys for finished cards: the counter, those who ask with a receipt, other stations, the receipt printer."""

from dataclasses import dataclass
from typing import Final

from stationd.config_schema import Key, Rule, Table, UnfitError, many, matching, whole
from stationd.domain.city_order import decoded
from stationd.domain.slip import COLUMNS

_IDENTITY_BYTES: Final = 64
_WAYS: Final = ("tcp", "usblp", "serial")


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupSettings:
    """The counter: how long a hand-over can be undone, how many receipts one caller may ask for."""

    undo_minutes: int
    lookups_per_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipSettings:
    """The receipt printer: ``printer`` is way and place, ``None`` where there is none."""

    printer: tuple[str, str] | None
    columns: int
    baud: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSettings:
    """Another station; ``identity`` are its two public keys, 32 bytes each: Ed25519, then X25519."""

    id: str
    name: str
    serves: tuple[str, ...]
    identity: bytes


def _identity(value: object) -> bytes:
    raw = decoded(value) if isinstance(value, str) else None
    if raw is None or len(raw) != _IDENTITY_BYTES:
        raise UnfitError
    return raw


def _printer(value: object) -> tuple[str, str] | None:
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise UnfitError
    if not value:
        return None
    way, colon, place = value.partition(":")
    if not colon or way not in _WAYS:
        raise UnfitError
    if way == "tcp":
        host, colon, port = place.rpartition(":")
        if not host or not (port.isascii() and port.isdigit() and 0 < int(port) <= 65_535):  # noqa: PLR2004 - ports
            raise UnfitError
    elif not place.startswith("/"):
        raise UnfitError
    return way, place


def _columns(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in COLUMNS:
        raise UnfitError
    return value


_REGION: Final = matching(r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}", 'a region code such as "16.71.09"')

CARD_TABLES: Final[tuple[Table, ...]] = (
    Table(
        name="pickup",
        help="Finished cards at the counter; see [custody](custody.md).",
        keys=(
            Key(
                name="undo_minutes",
                rule=whole(0, 1440),
                default=15,
                help="How long two officers can undo a hand-over.",
            ),
            Key(
                name="lookups_per_minute",
                rule=whole(1, 1_000_000),
                default=120,
                help="How many receipts one caller may ask for; one that is not known counts as ten.",
            ),
        ),
    ),
    Table(
        name="slip",
        help="The receipt printer, which prints the slips that citizens take home; it needs the extra `escpos`.",
        keys=(
            Key(
                name="printer",
                rule=Rule(
                    allowed='"tcp:192.168.1.50:9100", "usblp:/dev/usb/lp1", "serial:/dev/ttyUSB0", or "" for none',
                    convert=_printer,
                ),
                default=None,
                note='`""`: none',
                help="How it is connected and where it is.",
            ),
            Key(
                name="columns",
                rule=Rule(allowed=" or ".join(map(str, COLUMNS)), convert=_columns),
                default=32,
                help="Characters in a line: 32 on paper of 58 mm, 42 or 48 on 80 mm.",
            ),
            Key(name="baud", rule=whole(300, 4_000_000), default=9600, help="The speed of a serial line."),
        ),
    ),
    Table(
        name="partner",
        help="Another station, to which cards go and from which they come; see [transfers](transfers.md).",
        is_many=True,
        keys=(
            Key(
                name="id",
                rule=matching(r"[0-9]{4}-[0-9]{2}(-[a-z0-9]{1,16})?", 'a station such as "1671-09"'),
                help="The station's identifier; each once.",
            ),
            Key(
                name="name",
                rule=matching(r"(?=.*\S)[^\x00-\x1f\x7f]{1,100}", "one line of 1 to 100 characters"),
                help="What people call it; shown to citizens and in minutes.",
            ),
            Key(name="serves", rule=many(_REGION), default=(), help="Region codes of the kecamatan that it serves."),
            Key(
                name="identity",
                rule=Rule(
                    allowed="what `stationd transfer identity` prints there: 64 bytes in base64url (86 characters)",
                    convert=_identity,
                ),
                help="Its public keys, by which its files are known and to which ours are sealed.",
            ),
        ),
    ),
)
