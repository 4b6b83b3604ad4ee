"""The files of ``devices.d``: TOML into matchers, with every problem of every file told at once."""

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from stationd.config_schema import (
    Key,
    Problem,
    Reading,
    Row,
    Rule,
    Table,
    UnfitError,
    many,
    matching,
    number,
    one_of,
    read_tables,
    whole,
)
from stationd.domain.inventory import Subsystem
from stationd.domain.matcher import Criteria, DeviceKind, Matcher, Start, ties
from stationd.domain.profile import RestRule

_MOST_BYTES = 1_000_000


class MatchersError(Exception):
    """The matchers cannot be used; ``problems`` holds every reason found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def _supplies(value: object) -> Mapping[str, float]:
    if not isinstance(value, dict) or not all(value):
        raise UnfitError
    amount = number(0, 1000)
    return MappingProxyType({name: amount.convert(units) for name, units in value.items()})


def _options(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict) or not value.keys().isdisjoint(_OF_THE_DEVICE):
        raise UnfitError
    return MappingProxyType(value)


_OF_THE_DEVICE = frozenset({"identity", "node", "serial"})
"""Options that a driver is told from what was seen."""

_NAME = matching(r"[a-z0-9][a-z0-9-]{0,62}", "a name of lower-case letters, digits and hyphens, at most 63")
_HEX = matching(r"[0-9a-f]{4}", 'four lower-case hex digits, such as "0f49"')
_LINE = matching(r"(?=.*\S)[^\x00-\x1f\x7f]{1,200}", "one line of 1 to 200 characters")
_LIKE = matching(r"(?=[^*])[^\x00-\x1f\x7f*]{1,64}\*?", 'a text, or the beginning of one followed by "*"')
_BYTE = whole(0, 255)

DEVICE: Final = Table(
    name="device",
    help="A matcher: which device, and what to do with it.",
    is_many=True,
    keys=(
        Key(name="name", rule=_NAME, help="The matcher's name; a station's own replaces a packaged one of its name."),
        Key(name="title", rule=_LINE, help="What to call such a device."),
        Key(name="kind", rule=one_of(*DeviceKind), help="What it is to the station."),
        Key(name="driver", rule=_NAME, help="The driver that takes it."),
        Key(
            name="start",
            rule=one_of(*Start),
            default=Start.AUTOMATIC.value,
            help="`automatic`: taken into use when plugged in; `asked`: only once it is configured.",
        ),
        Key(name="uri", rule=_LINE, default=None, note="the driver's", help="The driver's address, such as CUPS's."),
        Key(
            name="options",
            rule=Rule(
                allowed="a table of the driver's own options, but for identity, node and serial, which the device "
                'tells; such as { model = "drv:///fargo.drv/hdp5000.ppd" }',
                convert=_options,
            ),
            default=MappingProxyType({}),
            note="none",
            help="What the driver is told, as in a `[[printer]]` or `[[reader]]` table.",
        ),
        Key(name="source", rule=_LINE, default="", note="none", help="Where the ids were found."),
        Key(name="vendor", rule=_HEX, default=None, note="any", help="USB vendor id."),
        Key(name="products", rule=many(_HEX), default=(), note="any", help="USB product ids, any of them."),
        Key(name="serial", rule=_LINE, default=None, note="any", help="USB serial of one single device."),
        Key(name="port", rule=_LINE, default=None, note="any", help="The port as `stationd devices` shows it."),
        Key(
            name="manufacturer", rule=_LIKE, default=None, note="any", help="Maker, by the 1284 id or the USB strings."
        ),
        Key(name="model", rule=_LIKE, default=None, note="any", help="Model, by the 1284 id or the USB strings."),
        Key(name="interface_class", rule=_BYTE, default=None, note="any", help="7 printer, 11 smart card."),
        Key(name="interface_subclass", rule=_BYTE, default=None, note="any", help="USB interface subclass."),
        Key(name="interface_protocol", rule=_BYTE, default=None, note="any", help="USB interface protocol."),
        Key(
            name="subsystem",
            rule=one_of(*Subsystem),
            default=None,
            note="any",
            help="`usbmisc`: `/dev/usb/lpN`; `tty`: a serial line; `usb`: an interface without a node.",
        ),
        Key(name="profiles", rule=many(_NAME), default=(), note="none", help="The profiles that a printer prints."),
        Key(name="nominal_s", rule=number(0, 3600), default=None, note="the profile's", help="Seconds a card takes."),
        Key(
            name="rest_after_cards",
            rule=whole(1, 100_000),
            default=None,
            note="the profile's",
            help="Cards in a row after which the printer rests; together with `rest_s`.",
        ),
        Key(name="rest_s", rule=whole(1, 86_400), default=None, note="the profile's", help="How long it rests."),
        Key(
            name="supplies",
            rule=Rule(
                allowed="a table of supply names with the units a card uses, from 0 to 1000, such as { ribbon = 1 }",
                convert=_supplies,
            ),
            default=MappingProxyType({}),
            note="the profile's",
            help="What one card uses up.",
        ),
    ),
)

_CRITERIA: Final = tuple(Criteria.__dataclass_fields__)


def packaged_directory() -> Path:
    """The matchers that come with the program."""
    installed = Path(str(resources.files("stationd"))) / "devices.d"
    return installed if installed.is_dir() else installed.parents[1] / "config" / "devices.d"


def directories(config: Path) -> tuple[Path, ...]:
    """Where matchers are read: the packaged ones, then ``devices.d`` beside the station's configuration file."""
    return (packaged_directory(), config.parent / "devices.d")


def load(places: Sequence[Path]) -> tuple[Matcher, ...]:
    """The matchers of every ``*.toml`` in the places, by name; a later directory replaces names of an earlier.

    A directory that does not exist holds none. Raises ``MatchersError`` with every problem of every file: unknown
    keys, wrong values, a name given twice in one directory, and matchers that tie.
    """
    problems: list[Problem] = []
    matchers: dict[str, Matcher] = {}
    for directory in places:
        here: dict[str, Matcher] = {}
        for path in sorted(directory.glob("*.toml")):
            reading = Reading(str(path))
            for where, matcher in _read(reading, path):
                if matcher.name in here:
                    reading.refuse(
                        f"{where}.name", matcher.name, f"a name of its own: {here[matcher.name].file} has it"
                    )
                here.setdefault(matcher.name, matcher)
            problems += reading.problems
        matchers |= here
    problems += _ties(matchers.values())
    if problems:
        raise MatchersError(tuple(problems))
    return tuple(matchers[name] for name in sorted(matchers))


def parse(text: str, *, file: str) -> tuple[Matcher, ...]:
    """The matchers in one TOML text; ``file`` is named in the problems. Raises ``MatchersError`` with every problem."""
    reading = Reading(file)
    found = [matcher for _, matcher in _matchers(reading, text)]
    problems = [*reading.problems, *_ties(found)]
    if problems:
        raise MatchersError(tuple(problems))
    return tuple(found)


def strange_profiles(matchers: Iterable[Matcher], profiles: Collection[str]) -> tuple[Problem, ...]:
    """A problem for each matcher that names a profile which the station does not have."""
    return tuple(
        Problem(
            file=matcher.file,
            key=f"device {matcher.name}.profiles",
            value=f'"{strange[0]}"',
            allowed=f"the station's profiles: {', '.join(sorted(profiles))}",
        )
        for matcher in matchers
        if (strange := [name for name in matcher.profiles if name not in profiles])
    )


def _read(reading: Reading, path: Path) -> list[tuple[str, Matcher]]:
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
        if len(raw) > _MOST_BYTES:
            trouble = "too large"
        else:
            return _matchers(reading, raw.decode())
    except OSError as wrong:
        trouble = f"cannot be read ({wrong.strerror})"
    except UnicodeDecodeError as wrong:
        trouble = f"not UTF-8 (at byte {wrong.start})"
    reading.problems.append(_of_file(reading.file, trouble))
    return []


def _matchers(reading: Reading, text: str) -> list[tuple[str, Matcher]]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        reading.problems.append(_of_file(reading.file, f"not TOML: {wrong}"))
        return []
    rows = read_tables(reading, raw, (DEVICE,))["device"]
    return [(row.where, _matcher(row, reading.file)) for row in rows if _is_whole(reading, row)]


def _is_whole(reading: Reading, row: Row) -> bool:
    """Whether a row can become a matcher; notes what only shows when its keys are seen together."""
    before = len(reading.problems)
    if row.is_sound and row.given.isdisjoint(_CRITERIA):
        reading.miss(f"{row.where}.vendor", f"at least one of: {', '.join(sorted(_CRITERIA))}")
    if "products" in row.given and "vendor" not in row.given:
        reading.miss(f"{row.where}.vendor", "given wherever products are: their numbers are the vendor's own")
    if len(row.given & {"rest_after_cards", "rest_s"}) == 1:
        missing = "rest_s" if "rest_after_cards" in row.given else "rest_after_cards"
        reading.miss(f"{row.where}.{missing}", "given together with the other half of the rest rule")
    if row.values["kind"] == DeviceKind.PRINTER and row.values["profiles"] == ():
        reading.miss(f"{row.where}.profiles", "at least one profile, for a printer")
    return row.is_sound and len(reading.problems) == before


def _matcher(row: Row, file: str) -> Matcher:
    values: dict[str, Any] = dict(row.values)
    criteria = {name: values.pop(name) for name in _CRITERIA}
    if criteria["subsystem"] is not None:
        criteria["subsystem"] = Subsystem(criteria["subsystem"])
    cards, rest_s = values.pop("rest_after_cards"), values.pop("rest_s")
    values["kind"], values["start"] = DeviceKind(values["kind"]), Start(values["start"])
    return Matcher(
        **values,
        criteria=Criteria(**criteria),
        rest=RestRule(cards=cards, rest_s=rest_s) if cards is not None else None,
        file=file,
    )


def _ties(matchers: Iterable[Matcher]) -> list[Problem]:
    return [
        Problem(
            file=other.file,
            key="device",
            value=f'"{other.name}"',
            allowed=f"more or less specific than {one.name} ({one.file}), which fits the same devices as closely",
        )
        for one, other in ties(tuple(matchers))
    ]


def _of_file(file: str, trouble: str) -> Problem:
    return Problem(file=file, key="", value=trouble, allowed="a TOML file of [[device]] tables, in UTF-8, up to 1 MB")
