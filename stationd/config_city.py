"""The keys of the city: its signatures on orders, and the link to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from stationd.config_schema import Key, Reading, Row, Rule, Table, UnfitError, many, matching, whole
from stationd.domain.city_order import decoded

_KEY_BYTES: Final = 32
_PLAIN: Final = frozenset({"127.0.0.1", "localhost", "::1"})
REFERENCE_START: Final = r"[A-Za-z0-9][A-Za-z0-9._/-]{0,31}"
REFERENCE_START_TOLD: Final = "the beginning of an order's reference, up to 32 characters"
_PUBLIC_KEY: Final = "32 bytes in base64url without padding (43 characters)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySettings:
    """``keys`` are the city's Ed25519 public keys and ``seal_to`` its X25519 key, 32 bytes each.

    Without ``servers`` there is no link; ``seal_to`` is there whenever they are.
    """

    keys: tuple[bytes, ...]
    servers: tuple[str, ...] = ()
    ca_file: Path | None = None
    credentials_file: Path | None = None
    seal_to: bytes | None = None
    in_flight: int = 256
    late_after_hours: int = 24
    reserved: tuple[str, ...] = ()


def _public_key(value: object) -> bytes:
    raw = decoded(value) if isinstance(value, str) else None
    if raw is None or len(raw) != _KEY_BYTES:
        raise UnfitError
    return raw


def _public_key_or_none(value: object) -> bytes | None:
    return None if value == "" else _public_key(value)


def _path(value: object) -> Path | None:
    if not isinstance(value, str) or "\0" in value or (value and not value.startswith("/")):
        raise UnfitError
    return Path(value) if value else None


def _server(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise UnfitError
    try:
        parts = urlsplit(value)
        is_whole = bool(parts.hostname) and bool(parts.port) and not (parts.path or parts.query or parts.fragment)
    except ValueError as wrong:
        raise UnfitError from wrong
    is_safe = parts.scheme == "tls" or (parts.scheme == "nats" and parts.hostname in _PLAIN)
    if not is_whole or not is_safe or parts.username is not None or parts.password is not None:
        raise UnfitError
    return value


_FILE: Final = Rule(allowed='the absolute path of a file, or "" for none', convert=_path)

CITY_TABLE: Final = Table(
    name="city",
    help="The city's signatures on orders; an unattended station takes no order without one. And the link to the city, "
    "which needs the extra `stationd[city]`; see [the city link](city-link.md).",
    keys=(
        Key(
            name="keys",
            rule=many(Rule(allowed=f"an Ed25519 public key, {_PUBLIC_KEY}", convert=_public_key)),
            default=(),
            help="The city's public keys. A key is named by its thumbprint (RFC 7638) in the header `kid`.",
        ),
        Key(
            name="servers",
            rule=many(Rule(allowed='"tls://host:port", or "nats://127.0.0.1:port" on this machine', convert=_server)),
            default=(),
            note="`[]`: no link, the station works alone",
            help="The city's NATS servers; any one of them is enough.",
        ),
        Key(
            name="ca_file",
            rule=_FILE,
            default=None,
            note='`""`: the system\'s',
            help="The authority that signed their certificates, PEM.",
        ),
        Key(
            name="credentials_file",
            rule=_FILE,
            default=None,
            note='`""`: none',
            help="What the city gave this station at enrolment, such as a systemd credential. Read at each connection.",
        ),
        Key(
            name="seal_to",
            rule=Rule(allowed=f'an X25519 public key, {_PUBLIC_KEY}, or "" for none', convert=_public_key_or_none),
            default=None,
            note='`""`; must be given with `servers`',
            help="The city's key to which what it needs of a holder is sealed.",
        ),
        Key(
            name="in_flight",
            rule=whole(64, 4096),
            default=256,
            help="How many events may be under way to the city at once.",
        ),
        Key(
            name="late_after_hours",
            rule=whole(1, 24 * 90),
            default=24,
            help="When the readiness page says that the city has not got what happened here: hours.",
        ),
        Key(
            name="reserved",
            rule=many(matching(REFERENCE_START, REFERENCE_START_TOLD)),
            default=(),
            note="`[]`: none",
            help="What the references of the city's orders begin with, the same at all stations: no counter makes a "
            "job of such an order, with or without a link, so that it cannot become a card at two places.",
        ),
    ),
)


def check_city(reading: Reading, rows: Mapping[str, list[Row]], *, is_unattended: bool) -> None:
    """Note what only shows when the keys are seen together."""
    for city in rows["city"]:
        if is_unattended and city.values["keys"] == ():
            reading.miss(
                f"{city.where}.keys", "a public key of the city, for an unattended station prints on nothing else"
            )
        if city.values["servers"]:
            if city.values["seal_to"] is None and "seal_to" not in city.given:
                reading.miss(f"{city.where}.seal_to", f"the city's X25519 public key, {_PUBLIC_KEY}")
            if city.values["keys"] == () and not is_unattended:
                reading.miss(f"{city.where}.keys", "a public key of the city, by which its orders are known")
