"""The city's configuration: a TOML file, every problem at once, secrets in files that it names."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stationd.config_city import REFERENCE_START, REFERENCE_START_TOLD
from stationd.config_schema import Key, Problem, Reading, Row, Table, many, matching, read_tables, whole
from stationd.domain.errors import Faulted

DEFAULT_FILE: Final = Path("/etc/stationd-city/city.toml")
_DAY_S: Final = 86_400

_FILE: Final = matching(r"/[^\0]*", "the absolute path of a file")
_FILE_OR_NONE: Final = matching(r"(?:/[^\0]*)?", 'the absolute path of a file, or "" for none')
_SERVER: Final = matching(
    r"tls://[^\s/@]+:[0-9]{1,5}|nats://(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}",
    '"tls://host:port", or "nats://127.0.0.1:port" on this machine',
)

CITY_TABLES: Final = (
    Table(
        name="city",
        help="Who the city is, and how it deals with its stations.",
        keys=(
            Key(
                name="id",
                rule=matching(r"[0-9]{4}", 'four digits, province and city, such as "1671"'),
                help="The city's code.",
            ),
            Key(
                name="key_file",
                rule=_FILE,
                default="/etc/stationd-city/city.key",
                help="The city's key of 32 bytes, from which everything that it signs and seals with is made; "
                "`stationd-city init` makes it. The systemd credential `city.key` goes before it.",
            ),
            Key(
                name="leave_ahead",
                rule=whole(1, 100_000),
                default=200,
                help="How many orders a station may have leave for ahead of its printers: many make it last longer "
                "alone, few leave more to its neighbours.",
            ),
            Key(
                name="order_days",
                rule=whole(1, 31),
                default=31,
                help="How long a station may take to print an order before the city must sign it anew.",
            ),
            Key(
                name="reserved",
                rule=many(matching(REFERENCE_START, REFERENCE_START_TOLD)),
                default=(),
                note="`[]`: any",
                help="What the references of the orders begin with that the city gives out. It files no others, and "
                "stations that know them (`stationd-city identity`) make no job of one at their counters.",
            ),
        ),
    ),
    Table(
        name="books",
        help="The city's books.",
        keys=(
            Key(
                name="database",
                rule=matching(
                    r"sqlite:/[^\0]*|postgres(?:ql)?://[^\s:@]*(?:@[^\s]*)?|postgres(?:ql)?:///[^\s]*",
                    '"postgresql://user@host/name" without a password, or "sqlite:/path" for a trial',
                ),
                default="postgresql:///stationd-city",
                help="PostgreSQL, through its local socket by default; a password comes from `~/.pgpass` "
                "(`PGPASSFILE`). Needs the extra `stationd[books]`.",
            ),
            Key(
                name="backup_dir",
                rule=_FILE,
                default="/var/backups/stationd-city",
                help="Where `stationd-city backup` puts its copies, and where the metrics look for the newest.",
            ),
        ),
    ),
    Table(
        name="nats",
        help="The servers of the link.",
        keys=(
            Key(name="servers", rule=many(_SERVER), help="All of them; any one is enough to begin with."),
            Key(
                name="ca_file",
                rule=_FILE_OR_NONE,
                default="",
                note='`""`: the system\'s',
                help="The authority that signed their certificates, PEM.",
            ),
            Key(
                name="replicas",
                rule=whole(1, 5),
                default=3,
                help="On how many servers each message is kept: 3, or 1 for a trial with one server.",
            ),
            Key(name="events_mib", rule=whole(16, 1 << 20), default=8192, help="Room for facts: MiB on each server."),
            Key(name="orders_mib", rule=whole(16, 1 << 20), default=4096, help="Room for orders: MiB on each server."),
        ),
    ),
    Table(
        name="http",
        help="The door: orders, receipts, differences, metrics. Loopback only; put a proxy with TLS before it.",
        keys=(
            Key(
                name="port",
                rule=whole(0, 65535),
                default=8641,
                help="The port on 127.0.0.1; 0 takes any that is free.",
            ),
            Key(
                name="token_file",
                rule=_FILE,
                default="/etc/stationd-city/door.token",
                help="The bearer token of who may call, at least 32 characters in one line; `stationd-city init` makes "
                "it. The systemd credential `door.token` goes before it. `/metrics` and `/healthz` need none.",
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Where the servers are; ``ca`` signs their certificates; sizes of the streams are in MiB."""

    urls: tuple[str, ...]
    ca: Path | None
    replicas: int
    events_mib: int
    orders_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySettings:
    """What the file says; see the help of each key."""

    city: str
    key_file: Path
    leave_ahead: int
    life_s: int
    reserved: tuple[str, ...] = ()
    database: str
    backup_dir: Path
    servers: Servers
    port: int
    token_file: Path


class SettingsError(Exception):
    """The configuration has problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))


def load(path: Path) -> CitySettings:
    """The settings in a file. Raises ``SettingsError`` with every problem, ``Faulted`` (``settings-unreadable``)."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Faulted("settings-unreadable", f"cannot read {path}: {type(error).__name__}") from error
    return parse(raw, file=str(path))


def parse(raw: Mapping[str, object], *, file: str) -> CitySettings:
    """The settings in parsed TOML. Raises ``SettingsError``."""
    reading = Reading(file)
    rows = read_tables(reading, raw, CITY_TABLES)
    if reading.problems:
        raise SettingsError(tuple(reading.problems))
    city, books, nats, http = (_values(rows[table.name]) for table in CITY_TABLES)
    return CitySettings(
        city=city["id"],
        key_file=Path(city["key_file"]),
        leave_ahead=city["leave_ahead"],
        life_s=city["order_days"] * _DAY_S,
        reserved=tuple(city["reserved"]),
        database=books["database"],
        backup_dir=Path(books["backup_dir"]),
        servers=Servers(
            urls=tuple(nats["servers"]),
            ca=Path(nats["ca_file"]) if nats["ca_file"] else None,
            replicas=nats["replicas"],
            events_mib=nats["events_mib"],
            orders_mib=nats["orders_mib"],
        ),
        port=http["port"],
        token_file=Path(http["token_file"]),
    )


def _values(rows: list[Row]) -> dict[str, Any]:
    return rows[0].values
