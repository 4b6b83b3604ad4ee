"""The station's configuration: one TOML file, read into frozen records, with every problem told at once.

Nothing is silently replaced by a default: an unknown key, a wrong type or a value out of bounds is refused, with file,
key, value and what is allowed. Secrets never stand in this file; they come as systemd credentials.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from stationd.config_cards import PartnerSettings, PickupSettings, SlipSettings
from stationd.config_city import CitySettings, check_city
from stationd.config_keys import LISTEN, TABLES, Listen, Mode, TcpListen, UnixListen
from stationd.config_notices import GatewaySettings, NoticesSettings, SmsSettings, check_notices
from stationd.config_schema import Problem, Reading, Row, read_tables
from stationd.domain.minutes import Numbering
from stationd.domain.profile import BUILT_IN, Profile, RestRule, pixels
from stationd.domain.readiness import CheckName
from stationd.domain.retention import Retention
from stationd.ports.printers import PrinterSpec
from stationd.ports.readers import ReaderSpec

__all__ = [
    "DEFAULT_FILE",
    "BlanksSettings",
    "CentreSettings",
    "CitySettings",
    "ClockSettings",
    "ConfigError",
    "DevicesSettings",
    "DutySettings",
    "HttpSettings",
    "Listen",
    "Mode",
    "OfficeSettings",
    "PartnerSettings",
    "PickupSettings",
    "Problem",
    "QueueSettings",
    "ReadinessSettings",
    "Settings",
    "StationSettings",
    "TcpListen",
    "UnixListen",
    "load",
    "parse",
]

DEFAULT_FILE: Final = Path("/etc/stationd/stationd.toml")
_ONE_DEVICE_A_URI = frozenset({"ipp", "usblp"})
_PIXEL_TOLERANCE = 0.05
"""Pictures bleed over the edge of a card by a few pixels, never by a twentieth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSettings:
    """Which station this is; ``serves`` are region codes such as ``16.71.07``, ``time_zone`` empty the machine's."""

    id: str
    name: str
    serves: tuple[str, ...]
    mode: Mode
    time_zone: str
    state_dir: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """The local API. ``hosts`` are names accepted in ``Host`` besides the addresses listened on, without a port."""

    listen: tuple[Listen, ...]
    hosts: tuple[str, ...]
    origins: tuple[str, ...]
    max_body_mb: int
    body_timeout_s: int
    kiosk_rate: int
    local_admin: bool
    tls_cert: str
    tls_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlanksSettings:
    """When blanks are scarce: ``reserve_for_first`` are kept for people never recorded, below ``low`` order more."""

    reserve_for_first: int
    reserve_days: int
    low: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """``ageing``: how many later acceptances of a higher class may overtake a job; ``reach``: the same for a batch.

    After ``stop_after_spoils`` blanks spoiled in a row a printer is stopped (0: never); a verdict may be changed for
    ``second_thoughts_s``.
    """

    max_tries: int
    batch: int
    ageing: int
    reach: int
    stop_after_spoils: int
    second_thoughts_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DutySettings:
    """Officers: ``required`` says whether cards are printed only while one is on duty."""

    required: bool
    session_hours: int
    idle_minutes: int
    second_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettings:
    """``trust``: ``kernel``, or ``always`` where a person vouches for the clock."""

    trust: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreSettings:
    """The link to the centre; ``probe`` is ``None`` where it is not watched."""

    probe: str | None
    every_s: int
    timeout_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessSettings:
    """Which failed checks stop new orders, and which stop printing."""

    stop_orders: tuple[CheckName, ...]
    stop_printing: tuple[CheckName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeSettings:
    """The office's paper: ``head`` are the lines of its letterhead, the name last; ``paper`` is ``a4`` or ``f4``."""

    head: tuple[str, ...]
    address: tuple[str, ...]
    city: str
    numbers: Numbering
    paper: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesSettings:
    """``watch``: whether printers and readers on the USB bus are found and taken into use."""

    watch: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything in the file. ``profiles`` holds the built-in ones first, then the file's, each name once.

    ``file`` is where it was read; the station's own matchers stand in ``devices.d`` beside it.
    """

    station: StationSettings
    http: HttpSettings
    blanks: BlanksSettings
    queue: QueueSettings
    duty: DutySettings
    clock: ClockSettings
    city: CitySettings
    centre: CentreSettings
    readiness: ReadinessSettings
    office: OfficeSettings
    devices: DevicesSettings
    pickup: PickupSettings
    notices: NoticesSettings
    sms: SmsSettings
    gateway: GatewaySettings
    retention: Retention
    slip: SlipSettings
    partners: tuple[PartnerSettings, ...]
    printers: tuple[PrinterSpec, ...]
    readers: tuple[ReaderSpec, ...]
    profiles: tuple[Profile, ...]
    file: Path = field(compare=False)


class ConfigError(Exception):
    """The configuration cannot be used; ``problems`` holds every reason found.

    ``printers`` and ``readers`` are those whose own tables are sound, by their place in the file, so that their
    drivers can be asked for further problems.
    """

    def __init__(
        self,
        problems: tuple[Problem, ...],
        printers: Mapping[str, PrinterSpec] | None = None,
        readers: Mapping[str, ReaderSpec] | None = None,
    ) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
        self.printers = printers or {}
        self.readers = readers or {}


def load(path: Path) -> Settings:
    """The settings in a file. Raises ``ConfigError`` with every problem: of the file, of its TOML, of its values."""
    try:
        with path.open("rb") as file:
            raw = tomllib.load(file)
    except FileNotFoundError:
        found = "there is no such file"
    except IsADirectoryError:
        found = "is a directory"
    except OSError as trouble:
        found = f"cannot be read ({trouble.strerror})"
    except UnicodeDecodeError as wrong:
        found = f"not UTF-8 (at byte {wrong.start})"
    except tomllib.TOMLDecodeError as wrong:
        found = f"not TOML: {wrong}"
    else:
        return parse(raw, file=str(path))
    raise ConfigError((Problem(file=str(path), key="", value=found, allowed="a TOML file that stationd may read"),))


def parse(raw: Mapping[str, object], *, file: str) -> Settings:
    """The settings in parsed TOML; ``file`` is named in the problems. Raises ``ConfigError`` with every problem."""
    reading = Reading(file)
    rows = read_tables(reading, raw, TABLES)
    _refuse_duplicates(reading, [*rows["printer"], *rows["reader"]])
    _refuse_one_device_twice(reading, rows["printer"])
    _refuse_duplicates(reading, rows["profile"])
    _refuse_duplicates(reading, rows["partner"], key="id")
    _check_listen(reading, rows["http"])
    for row in rows["profile"]:
        _fit_pixels(reading, row)
    _check_profiles_known(reading, rows)
    is_unattended = any(row.values["mode"] == Mode.UNATTENDED for row in rows["station"])
    check_city(reading, rows, is_unattended=is_unattended)
    check_notices(reading, rows)
    if reading.problems:
        raise ConfigError(
            tuple(reading.problems),
            {row.where: _printer(row) for row in rows["printer"] if row.is_sound},
            {row.where: _reader(row) for row in rows["reader"] if row.is_sound},
        )
    station = rows["station"][0].values
    profiles = {**BUILT_IN, **{row.values["name"]: _profile(row.values) for row in rows["profile"]}}
    return Settings(
        station=StationSettings(
            **station | {"mode": Mode(station["mode"]), "serves": station["serves"] or (_region_of(station["id"]),)}
        ),
        http=HttpSettings(**rows["http"][0].values),
        blanks=BlanksSettings(**rows["blanks"][0].values),
        queue=QueueSettings(**rows["queue"][0].values),
        duty=_duty(rows["duty"][0].values, Mode(station["mode"])),
        clock=ClockSettings(**rows["clock"][0].values),
        city=CitySettings(**rows["city"][0].values),
        centre=CentreSettings(**rows["centre"][0].values),
        readiness=ReadinessSettings(
            **{key: tuple(map(CheckName, names)) for key, names in rows["readiness"][0].values.items()}
        ),
        office=_office(rows["office"][0].values, station["name"]),
        devices=DevicesSettings(**rows["devices"][0].values),
        pickup=PickupSettings(**rows["pickup"][0].values),
        notices=NoticesSettings(**rows["notices"][0].values),
        sms=SmsSettings(**rows["sms"][0].values),
        gateway=GatewaySettings(**rows["gateway"][0].values),
        retention=Retention(**rows["retention"][0].values),
        slip=SlipSettings(**rows["slip"][0].values),
        partners=tuple(PartnerSettings(**row.values) for row in rows["partner"]),
        printers=tuple(_printer(row) for row in rows["printer"]),
        readers=tuple(_reader(row) for row in rows["reader"]),
        profiles=tuple(profiles.values()),
        file=Path(file),
    )


def _duty(values: Mapping[str, Any], mode: Mode) -> DutySettings:
    required = values["required"]
    return DutySettings(**{**values, "required": mode is Mode.ATTENDED if required is None else required})


def _office(values: Mapping[str, Any], station: str) -> OfficeSettings:
    return OfficeSettings(
        head=(*values["above"], values["name"] or station),
        address=values["address"],
        city=values["city"] or station,
        numbers=values["numbers"],
        paper=values["paper"],
    )


def _region_of(station_id: str) -> str:
    return f"{station_id[:2]}.{station_id[2:4]}.{station_id[5:7]}"


def _printer(row: Row) -> PrinterSpec:
    return PrinterSpec(**row.values, options=MappingProxyType(row.rest))


def _reader(row: Row) -> ReaderSpec:
    return ReaderSpec(**row.values, options=MappingProxyType(row.rest))


def _profile(values: Mapping[str, Any]) -> Profile:
    fields = dict(values)
    cards, rest_s = fields.pop("rest_after_cards"), fields.pop("rest_s")
    return Profile(**fields, rest=RestRule(cards=cards, rest_s=rest_s) if cards else None)


def _refuse_duplicates(reading: Reading, rows: list[Row], *, key: str = "name") -> None:
    seen: dict[str, str] = {}
    for row in rows:
        name = row.values[key]
        if name is None:
            continue
        if name in seen:
            reading.refuse(f"{row.where}.{key}", name, f"a name of its own: {seen[name]} has this one")
        seen.setdefault(name, row.where)


def _refuse_one_device_twice(reading: Reading, rows: list[Row]) -> None:
    """Two printers at one place would each take the other's cards for its own counter's; CUPS is a place of many."""
    seen: dict[str, str] = {}
    for row in rows:
        uri = row.values["uri"]
        if uri is None or row.values["driver"] not in _ONE_DEVICE_A_URI:
            continue
        if uri in seen:
            reading.refuse(f"{row.where}.uri", uri, f"a printer of its own: {seen[uri]} is this one")
        seen.setdefault(uri, row.where)


def _check_listen(reading: Reading, rows: list[Row]) -> None:
    for row in rows:
        if (row.values["tls_cert"] == "") != (row.values["tls_key"] == ""):
            missing = "tls_key" if row.values["tls_key"] == "" else "tls_cert"
            reading.miss(f"{row.where}.{missing}", "tls_cert and tls_key together, or neither")
        listen = row.values["listen"]
        if listen == ():
            reading.refuse(f"{row.where}.listen", [], f"at least one of: {LISTEN.allowed}")
        elif listen and len(set(listen)) < len(listen) and None not in listen:
            reading.refuse(f"{row.where}.listen", len(listen), "each address once")


def _check_profiles_known(reading: Reading, rows: dict[str, list[Row]]) -> None:
    known = sorted({*BUILT_IN, *(row.values["name"] for row in rows["profile"] if row.values["name"])})
    for row in rows["printer"]:
        profiles = row.values["profiles"]
        if profiles == ():
            reading.refuse(f"{row.where}.profiles", [], f"at least one of: {', '.join(known)}")
        for place, name in enumerate(profiles or ()):
            if name is not None and name not in known:
                reading.refuse(f"{row.where}.profiles[{place}]", name, f"a known profile: {', '.join(known)}")


def _fit_pixels(reading: Reading, row: Row) -> None:
    """Derive the picture's size where only the card's is given, and refuse a picture that does not fit its card."""
    values = row.values
    for side in ("width", "height"):
        size_mm, dpi, size_px = values[f"{side}_mm"], values["dpi"], values[f"{side}_px"]
        if size_mm is None or dpi is None or size_px is None:
            continue
        exact = pixels(size_mm, dpi)
        if f"{side}_px" not in row.given and not row.given.isdisjoint({f"{side}_mm", "dpi"}):
            values[f"{side}_px"] = exact
        elif abs(size_px - exact) > exact * _PIXEL_TOLERANCE:
            reading.refuse(f"{row.where}.{side}_px", size_px, f"near {exact}, which is {size_mm:g} mm at {dpi} dpi")
