"""Which driver takes a device: matchers are data, and the most specific one wins.

A matcher names criteria; it fits a device when every one of them holds. Of those that fit, the more specific wins,
compared criterion by criterion in this order, the first difference deciding:

1. serial, 2. port, 3. products, 4. model (whole before beginning, longer beginning before shorter), 5. manufacturer
(likewise), 6. vendor, 7. interface class, 8. interface subclass, 9. interface protocol, 10. subsystem.

Two matchers that are equally specific and could fit the same device are a *tie*; a set with a tie is refused when it
is loaded, so that a device is never taken by the order of files.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from stationd.domain.inventory import CLASS_PRINTER, CLASS_SMART_CARD, Sighting, Subsystem
from stationd.domain.profile import Profile, RestRule


class DeviceKind(StrEnum):
    """What a device is to the station."""

    PRINTER = "printer"
    READER = "reader"
    MODEM = "modem"


class Start(StrEnum):
    """Whether a matched device is taken into use by itself."""

    AUTOMATIC = "automatic"
    ASKED = "asked"
    """Only once a person has configured it: what is behind a serial adapter cannot be known from the adapter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What a device must be; ``None`` and empty mean anything.

    ``manufacturer`` and ``model`` are held against the IEEE 1284 id (MFG, MDL), else against the USB strings, without
    regard to case; a ``*`` at the end stands for any ending. ``vendor`` and ``products``: four lower-case hex digits.
    """

    serial: str | None = None
    port: str | None = None
    products: tuple[str, ...] = ()
    model: str | None = None
    manufacturer: str | None = None
    vendor: str | None = None
    interface_class: int | None = None
    interface_subclass: int | None = None
    interface_protocol: int | None = None
    subsystem: Subsystem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """A rule from a file: which device, and what to do with it.

    ``nominal_s`` (seconds a card), ``rest`` and ``supplies`` (units a card) tell the profile's values for this printer;
    ``None`` and empty leave them as the profile has them. ``uri`` and ``options`` are for the driver, as in a
    ``[[printer]]`` or ``[[reader]]`` table. ``source`` says where the ids were found.
    """

    name: str
    title: str
    kind: DeviceKind
    driver: str
    criteria: Criteria
    start: Start = Start.AUTOMATIC
    uri: str | None = None
    options: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    profiles: tuple[str, ...] = ()
    nominal_s: float | None = None
    rest: RestRule | None = None
    supplies: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""
    file: str = ""

    def fitted(self, profile: Profile) -> Profile:
        """The profile as it is on this printer."""
        return replace(
            profile,
            nominal_s=profile.nominal_s if self.nominal_s is None else self.nominal_s,
            rest=self.rest or profile.rest,
            supplies=self.supplies or profile.supplies,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The matcher that took a device, why, and the names of those that fit too but say less."""

    matcher: Matcher
    reasons: tuple[str, ...]
    outdone: tuple[str, ...] = ()


def match(device: Sighting, matchers: Iterable[Matcher]) -> Match | None:
    """The most specific matcher that fits, or ``None``."""
    fitting = sorted(
        (matcher for matcher in matchers if not failings(device, matcher.criteria)),
        key=lambda matcher: specificity(matcher.criteria),
        reverse=True,
    )
    if not fitting:
        return None
    best, *others = fitting
    return Match(matcher=best, reasons=_said(best.criteria), outdone=tuple(other.name for other in others))


def failings(device: Sighting, criteria: Criteria) -> tuple[str, ...]:
    """The criteria that a device does not meet, each as "vendor is 0403, not 0f49"; empty when it fits."""
    made_by = device.ieee1284.get("MFG") or device.manufacturer
    model = device.ieee1284.get("MDL") or device.model
    checks: tuple[tuple[str, object, object, bool], ...] = (
        ("serial", criteria.serial, device.serial, device.serial == criteria.serial),
        ("port", criteria.port, device.port, device.port == criteria.port),
        ("products", criteria.products or None, device.product, device.product in criteria.products),
        ("model", criteria.model, model, _is_like(model, criteria.model)),
        ("manufacturer", criteria.manufacturer, made_by, _is_like(made_by, criteria.manufacturer)),
        ("vendor", criteria.vendor, device.vendor, device.vendor == criteria.vendor),
        *(
            (name, wanted, found, wanted == found)
            for name, wanted, found in (
                ("interface_class", criteria.interface_class, device.interface_class),
                ("interface_subclass", criteria.interface_subclass, device.interface_subclass),
                ("interface_protocol", criteria.interface_protocol, device.interface_protocol),
                ("subsystem", criteria.subsystem, device.subsystem),
            )
        ),
    )
    return tuple(
        f"{name} is {_shown(found)}, not {_shown(wanted)}"
        for name, wanted, found, holds in checks
        if wanted is not None and not holds
    )


def specificity(criteria: Criteria) -> tuple[int, ...]:
    """How specific the criteria are: compare two, the greater wins."""
    return (
        int(criteria.serial is not None),
        int(criteria.port is not None),
        int(bool(criteria.products)),
        *_weight(criteria.model),
        *_weight(criteria.manufacturer),
        int(criteria.vendor is not None),
        int(criteria.interface_class is not None),
        int(criteria.interface_subclass is not None),
        int(criteria.interface_protocol is not None),
        int(criteria.subsystem is not None),
    )


def ties(matchers: Sequence[Matcher]) -> tuple[tuple[Matcher, Matcher], ...]:
    """Every pair that is equally specific and could fit the same device."""
    return tuple(
        (one, other)
        for one, other in itertools.combinations(matchers, 2)
        if specificity(one.criteria) == specificity(other.criteria) and _overlap(one.criteria, other.criteria)
    )


def explain(device: Sighting, matchers: Sequence[Matcher]) -> tuple[str, ...]:
    """Why a device was taken, or by how little the matchers for its maker missed it: one line each, nearest first."""
    found = match(device, matchers)
    if found is not None:
        lines = [f"{found.matcher.name} fits: {', '.join(found.reasons)}"]
        lines += [f"{name} fits too, and says less" for name in found.outdone]
        return tuple(lines)
    of_its_maker = [m for m in matchers if m.criteria.vendor in {None, device.vendor}]
    near = sorted((len(missed), m.name, missed) for m in of_its_maker for missed in [failings(device, m.criteria)])
    return tuple(f"{name} does not fit: {'; '.join(missed)}" for count, name, missed in near[:3] if count == near[0][0])


def draft_for(device: Sighting) -> str:
    """A matcher for this device, as TOML ready for a file in ``devices.d``; what a person must decide is marked."""
    kind, driver, start = DeviceKind.PRINTER, "cups", Start.AUTOMATIC
    if device.subsystem is Subsystem.TTY:
        kind, driver, start = DeviceKind.READER, "serial", Start.ASKED
    elif device.interface_class == CLASS_SMART_CARD:
        kind, driver = DeviceKind.READER, "pcsc"
    comment = "  # or usblp, if it prints documents as they are" if kind is DeviceKind.PRINTER else ""
    title = " ".join(filter(None, (device.manufacturer, device.model))) or f"USB {device.vendor}:{device.product}"
    lines = [
        "[[device]]",
        f'name = "{kind}-{device.vendor}-{device.product}"',
        f"title = {_quoted(title)}",
        f'kind = "{kind}"',
        f'driver = "{driver}"{comment}',
        f'start = "{start}"',
        f'vendor = "{device.vendor}"',
        f'products = ["{device.product}"]',
    ]
    if device.interface_class in {CLASS_PRINTER, CLASS_SMART_CARD}:
        lines.append(f"interface_class = {device.interface_class}")
    if device.subsystem is Subsystem.TTY:
        lines.append('subsystem = "tty"')
    if (model := device.ieee1284.get("MDL", "")) and "*" not in model:
        lines.append(f"model = {_quoted(model)}")
    if kind is DeviceKind.PRINTER:
        lines.append('profiles = ["ktp-el"]  # decide: the cards that it prints')
        lines.append('# options = { model = "…" }  # for cups, where no queue leads to it: a name of lpinfo -m')
    return "\n".join(lines) + "\n"


def _is_like(text: str, pattern: str | None) -> bool:
    if pattern is None:
        return True
    text, pattern = text.casefold(), pattern.casefold()
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def _weight(pattern: str | None) -> tuple[int, int]:
    """A whole text outweighs a beginning, a longer beginning a shorter one."""
    if pattern is None:
        return (0, 0)
    return (1, len(pattern) - 1) if pattern.endswith("*") else (2, 0)


def _overlap(one: Criteria, other: Criteria) -> bool:
    if one.products and other.products and not set(one.products) & set(other.products):
        return False
    for a, b in ((one.model, other.model), (one.manufacturer, other.manufacturer)):
        if a is not None and b is not None and not _could_both_hold(a, b):
            return False
    exact = ("serial", "port", "vendor", "interface_class", "interface_subclass", "interface_protocol", "subsystem")
    for name in exact:
        a, b = getattr(one, name), getattr(other, name)
        if a is not None and b is not None and a != b:
            return False
    return True


def _could_both_hold(a: str, b: str) -> bool:
    """Whether a text can be like both patterns: one of them then begins as the other does."""
    if a.endswith("*"):
        return _is_like(b.removesuffix("*"), a) or (b.endswith("*") and _is_like(a[:-1], b))
    return _is_like(a, b)


def _said(criteria: Criteria) -> tuple[str, ...]:
    names = criteria.__dataclass_fields__
    return tuple(f"{n} {_shown(v)}" for n in names if (v := getattr(criteria, n)) not in {None, ()}) or ("anything",)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "/".join(value)
    return "not given" if value in {None, ""} else str(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
