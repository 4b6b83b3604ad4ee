"""Every key of the configuration file: its rule, its default and what it means.

The reading, the messages and the documentation all come from these tables.
"""

import ipaddress
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from stationd.config_cards import CARD_TABLES
from stationd.config_city import CITY_TABLE
from stationd.config_gate import GATE_TABLES
from stationd.config_notices import NOTICE_TABLES
from stationd.config_office import OFFICE_TABLE
from stationd.config_retention import RETENTION_TABLE
from stationd.config_schema import YES_OR_NO, Key, Rule, Table, UnfitError, many, matching, number, one_of, whole
from stationd.domain.profile import KTP_EL

_MOST_PORT = 65_535
_MOST_PORT_DIGITS = 5
_MOST_SOCKET_PATH = 107
"""Bytes in ``sockaddr_un.sun_path`` on Linux, less the final zero."""


class Mode(StrEnum):
    """``attended`` prints only while an appointed officer is on duty, ``unattended`` only orders the city signed."""

    ATTENDED = "attended"
    UNATTENDED = "unattended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpListen:
    """A loopback address to listen on; port 0 takes a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixListen:
    """A unix socket to listen on."""

    path: Path

    def __str__(self) -> str:
        return f"unix:{self.path}"


Listen = TcpListen | UnixListen


def _listen(value: object) -> Listen:
    if not isinstance(value, str):
        raise UnfitError
    scheme, colon, rest = value.partition(":")
    if colon and scheme == "unix":
        if not rest.startswith("/") or "\0" in rest or len(rest.encode()) > _MOST_SOCKET_PATH:
            raise UnfitError
        return UnixListen(path=Path(rest))
    host, colon, port = value.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise UnfitError
    if not (port.isascii() and port.isdigit() and len(port) <= _MOST_PORT_DIGITS) or int(port) > _MOST_PORT:
        raise UnfitError
    try:
        address = ipaddress.ip_address(host)
    except ValueError as wrong:
        raise UnfitError from wrong
    if not address.is_loopback:
        raise UnfitError
    return TcpListen(host=str(address), port=int(port))


def _uri(value: object) -> str:
    if not isinstance(value, str) or any(char.isspace() or not char.isprintable() for char in value):
        raise UnfitError
    try:
        parts = urlsplit(value)
        has_user = parts.username is not None or parts.password is not None
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError as wrong:
        raise UnfitError from wrong
    if not parts.scheme or has_user or not (parts.netloc or parts.path):
        raise UnfitError
    if parts.scheme in {"ipp", "ipps", "http", "https"} and not has_host:
        raise UnfitError
    return value


def _directory(value: object) -> Path:
    if not isinstance(value, str) or not value.startswith("/") or "\0" in value:
        raise UnfitError
    return Path(value)


def _supplies(value: object) -> Mapping[str, float]:
    amount = number(0, 1000)
    if not isinstance(value, dict) or not all(value):
        raise UnfitError
    return MappingProxyType({name: amount.convert(units) for name, units in value.items()})


_NAME = matching(r"[a-z0-9][a-z0-9-]{0,62}", "a name of lower-case letters, digits and hyphens, at most 63")
_REGION = matching(r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}", 'a region code such as "16.71.07"')
_PRINTABLE = matching(r"(?=.*\S)[^\x00-\x1f\x7f]{1,100}", "one line of 1 to 100 characters")
_PORT = matching(
    r"(?=.*\S)[^\x00-\x1f\x7f]{1,255}", 'a port such as "/dev/serial/by-id/usb-…", one line of 1 to 255 characters'
)
_HOST = matching(
    r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?", 'a host name without a port, such as "kiosk-1.local"'
)
_ORIGIN = matching(
    r"https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?",
    'an origin such as "http://kiosk-1.local:8080", without a path',
)
LISTEN = Rule(
    allowed='a loopback address with its port, such as "127.0.0.1:8631" or "[::1]:8631" '
    '(other addresses are not served yet), or a socket such as "unix:/run/stationd/api.sock"',
    convert=_listen,
)
_PEM = matching(
    r"|/[^\x00]{1,4095}|[A-Za-z0-9][A-Za-z0-9._-]{0,254}",
    'the absolute path of a file, the name of a systemd credential, or "" for none',
)
_URI = Rule(
    allowed='a URI such as "ipp://127.0.0.1:631/printers/kartu-1", without a user or password in it', convert=_uri
)


def _zone(value: object) -> str:
    if not isinstance(value, str):
        raise UnfitError
    if value:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as wrong:
            raise UnfitError from wrong
    return value


TABLES: Final[tuple[Table, ...]] = (
    Table(
        name="station",
        help="Which station this is.",
        keys=(
            Key(
                name="id",
                rule=matching(
                    r"[0-9]{4}-[0-9]{2}(-[a-z0-9]{1,16})?",
                    'city and kecamatan such as "1671-07", with a suffix such as "1671-07-kiosk2" for a second station',
                ),
                help="The station's identifier, unique in the country.",
            ),
            Key(name="name", rule=_PRINTABLE, help="What people call it; shown on screens and in minutes."),
            Key(
                name="serves",
                rule=many(_REGION),
                default=(),
                note="the kecamatan of `id`",
                help="The region codes served here; a parent's station may serve several.",
            ),
            Key(
                name="mode",
                rule=one_of(*Mode),
                default=Mode.ATTENDED.value,
                help="`attended` prints only while an appointed officer is on duty; "
                "`unattended` prints only orders that the city signed.",
            ),
            Key(
                name="time_zone",
                rule=Rule(
                    allowed='a time zone such as "Asia/Jakarta" or "Asia/Jayapura", or "" for the machine\'s own',
                    convert=_zone,
                ),
                default="",
                note="the machine's",
                help="By which clock days begin and end here: decrees, notices, counts, figures.",
            ),
            Key(
                name="state_dir",
                rule=Rule(allowed="the absolute path of a directory", convert=_directory),
                default=Path("/var/lib/stationd"),
                help="Where the station keeps its database.",
            ),
        ),
    ),
    Table(
        name="http",
        help="The local API.",
        keys=(
            Key(
                name="listen",
                rule=many(LISTEN),
                default=(
                    TcpListen(host="127.0.0.1", port=8631),
                    UnixListen(path=Path("/run/stationd/api.sock")),
                ),
                note='`["127.0.0.1:8631", "unix:/run/stationd/api.sock"]`',
                help="Where to listen. Port 0 takes a free one.",
            ),
            Key(
                name="hosts",
                rule=many(_HOST),
                default=(),
                help="Names accepted in the Host header besides `localhost` and the addresses listened on.",
            ),
            Key(name="origins", rule=many(_ORIGIN), default=(), help="Origins whose pages may call the API."),
            Key(name="max_body_mb", rule=whole(1, 64), default=8, help="The largest request body, in megabytes."),
            Key(name="body_timeout_s", rule=whole(1, 600), default=30, help="How long a body may take to arrive."),
            Key(
                name="kiosk_rate",
                rule=whole(0, 10_000),
                default=50,
                help="Calls a second that each kiosk's token may make, four times as many at once; 0: without limit.",
            ),
            Key(
                name="local_admin",
                rule=YES_OR_NO,
                default=False,
                help="Let root and the user that runs the station administer it over the unix socket without a token. "
                "Not where a proxy of theirs hands on what others ask.",
            ),
            Key(
                name="tls_cert",
                rule=_PEM,
                default="",
                help="Certificate and chain (PEM) with which addresses, not the unix socket, speak TLS.",
            ),
            Key(name="tls_key", rule=_PEM, default="", help="Its private key (PEM)."),
        ),
    ),
    Table(
        name="blanks",
        help="When blanks are scarce.",
        keys=(
            Key(
                name="reserve_for_first",
                rule=whole(0, 100_000),
                default=50,
                help="Blanks kept for people never recorded before; re-prints wait when only these are left "
                "besides those promised to first-timers in line.",
            ),
            Key(
                name="reserve_days",
                rule=whole(0, 365),
                default=0,
                help="Keep blanks for the first-timers of so many days as well, as the last four weeks let expect "
                "them; the greater of both counts.",
            ),
            Key(name="low", rule=whole(0, 100_000), default=200, help="At or below this it is time to order more."),
        ),
    ),
    Table(
        name="queue",
        help="The order of service.",
        keys=(
            Key(
                name="max_tries", rule=whole(1, 20), default=3, help="Tries of its own that a job has before it fails."
            ),
            Key(
                name="batch",
                rule=whole(1, 500),
                default=25,
                help="Cards of one profile that a printer takes in a row before it looks at the others.",
            ),
            Key(
                name="ageing",
                rule=whole(0, 100_000),
                default=500,
                help="How many later acceptances of a higher class may overtake a job.",
            ),
            Key(
                name="reach",
                rule=whole(0, 100_000),
                default=100,
                help="How many acceptances ahead a batch may reach past a waiting job of another profile.",
            ),
            Key(
                name="stop_after_spoils",
                rule=whole(0, 100),
                default=3,
                help="Blanks spoiled in a row after which a printer is stopped until an officer resumes it; 0: never.",
            ),
            Key(
                name="second_thoughts_s",
                rule=whole(0, 86_400),
                default=900,
                help="How long a verdict on a card may be changed, in seconds.",
            ),
        ),
    ),
    *GATE_TABLES,
    CITY_TABLE,
    OFFICE_TABLE,
    *CARD_TABLES,
    *NOTICE_TABLES,
    RETENTION_TABLE,
    Table(
        name="devices",
        help="Printers and readers that come and go on the USB bus; see [devices](devices.md).",
        keys=(
            Key(
                name="watch",
                rule=YES_OR_NO,
                default=True,
                help="Find them, and take those into use that a matcher knows. Without it, only what is configured is.",
            ),
        ),
    ),
    Table(
        name="printer",
        help="A printer. Further keys belong to its driver, which checks them.",
        is_many=True,
        is_open=True,
        keys=(
            Key(name="name", rule=_NAME, help="The station's name for it; each name once."),
            Key(name="driver", rule=_NAME, help="`ipp`, `simulator`, or the name of an installed vendor driver."),
            Key(
                name="uri", rule=_URI, default=None, note="none", help="Where it is, when its driver needs to be told."
            ),
            Key(
                name="profiles",
                rule=many(_NAME),
                default=(KTP_EL.name,),
                help="The profiles it prints: `ktp-el` or names of `[[profile]]` tables.",
            ),
        ),
    ),
    Table(
        name="reader",
        help="A reader of codes, badges or cards. Further keys belong to its driver, which checks them.",
        is_many=True,
        is_open=True,
        keys=(
            Key(name="name", rule=_NAME, help="The station's name for it; each name once, printers' names included."),
            Key(
                name="driver",
                rule=_NAME,
                help="`serial`, `pcsc`, `simulator`, or the name of an installed vendor driver.",
            ),
            Key(
                name="port",
                rule=_PORT,
                default=None,
                note="none",
                help="Where it is: the path of a serial port, or part of the name of a PC/SC reader.",
            ),
            Key(
                name="kiosks",
                rule=many(_PRINTABLE),
                default=(),
                note="all",
                help="The kiosks that hear what it reads, by the names of their tokens; officers always may.",
            ),
        ),
    ),
    Table(
        name="profile",
        help="A kind of card besides the built-in `ktp-el`, whose values are the defaults here; "
        "a profile named `ktp-el` changes the built-in one.",
        is_many=True,
        keys=(
            Key(name="name", rule=_NAME, help="The profile's name; each name once."),
            Key(
                name="media",
                rule=matching(r"[a-z0-9][a-z0-9_.-]{0,254}", "an IPP media keyword"),
                default=KTP_EL.media,
                help="The media as the printer calls it.",
                is_in_effect=False,
            ),
            Key(name="template", rule=_NAME, default=KTP_EL.template, help="The template for cards sent as fields."),
            Key(name="dpi", rule=whole(100, 1200), default=KTP_EL.dpi, help="Dots per inch."),
            Key(name="width_mm", rule=number(10, 500), default=KTP_EL.width_mm, help="Width of the card."),
            Key(name="height_mm", rule=number(10, 500), default=KTP_EL.height_mm, help="Height of the card."),
            Key(
                name="width_px",
                rule=whole(100, 10_000),
                default=KTP_EL.width_px,
                note="1013, or from `width_mm` and `dpi` when one of them is given",
                help="Width of the picture.",
            ),
            Key(
                name="height_px",
                rule=whole(100, 10_000),
                default=KTP_EL.height_px,
                note="638, or from `height_mm` and `dpi` when one of them is given",
                help="Height of the picture.",
            ),
            Key(name="nominal_s", rule=number(0, 3600), default=KTP_EL.nominal_s, help="Seconds a card takes."),
            Key(
                name="rest_after_cards",
                rule=whole(0, 100_000),
                default=100,
                help="Cards in a row after which the printer rests; 0: it never needs to.",
            ),
            Key(
                name="rest_s",
                rule=whole(1, 86_400),
                default=1800,
                help="How long it rests, in seconds; a simulated printer rests as much shorter as its cards take.",
            ),
            Key(
                name="supplies",
                rule=Rule(
                    allowed="a table of supply names with the units a card uses, from 0 to 1000, "
                    "such as { ribbon = 1, film = 1 }",
                    convert=_supplies,
                ),
                default=KTP_EL.supplies,
                note="`{ film = 1, ribbon = 1 }`",
                help="What one card uses up.",
            ),
        ),
    ),
)
