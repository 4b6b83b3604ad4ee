"""``stationd devices``: what is plugged in, what takes it and why, and a ready matcher for what nothing takes.

It looks at the bus itself and needs no running station; the configuration is only asked what belongs to it.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stationd.adapters.printers import drivers
from stationd.adapters.readers import drivers as reader_drivers
from stationd.adapters.udev_sightings import Scanner
from stationd.cli.options import add_config, add_json
from stationd.config import ConfigError
from stationd.config import load as load_settings
from stationd.config_matchers import MatchersError, directories, load
from stationd.domain.errors import Faulted
from stationd.domain.inventory import DeviceRecord, take_stock
from stationd.domain.matcher import DeviceKind, Matcher, Start, draft_for, explain, match
from stationd.ports.printers import PrinterSpec
from stationd.ports.readers import ReaderSpec
from stationd.services.plug import owner_of
from stationd.services.watch_devices import DeviceUse, name_of

if TYPE_CHECKING:  # exists for type checkers only
    from stationd.cli.options import Subparsers


def register(subparsers: "Subparsers") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "devices",
        help="list printers and readers, and what takes them",
        description="Lists the printers and readers that are plugged in, which matcher takes each and why, and a ready "
        "matcher for what nothing takes. Needs no running station; nothing is opened or changed.",
    )
    add_config(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """0 after the list, 1 when the matchers have problems; raises ``Faulted`` when the bus cannot be read."""
    try:
        matchers = load(directories(args.config))
    except MatchersError as wrong:
        for problem in wrong.problems:
            print(problem, file=sys.stderr)
        return 1
    try:
        devices = list(take_stock(Scanner()()).devices.values())
    except OSError as trouble:
        raise Faulted("devices-unreadable", f"cannot read the USB bus: {trouble.strerror}") from trouble
    configured = _configured(args.config)
    shown = [Shown.of(device, matchers, configured) for device in devices]
    if args.json:
        print(json.dumps([each.as_json() for each in shown], indent=2))
    elif not shown:
        print("no printer or reader is plugged in")
    else:
        print("\n".join(line for each in shown for line in each.as_text()))
    return 0


def _configured(path: Path) -> tuple[PrinterSpec | ReaderSpec, ...]:
    """The printers and readers of the configuration; none where it has problems, which ``stationd check`` tells."""
    try:
        settings = load_settings(path)
    except ConfigError as wrong:
        return (*wrong.printers.values(), *wrong.readers.values())
    return (*settings.printers, *settings.readers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A device with what the station would do with it.

    ``owner`` is the configured printer or reader that it is; ``trouble`` why its driver would refuse it; ``draft`` is
    TOML, given when nothing takes it.
    """

    device: DeviceRecord
    matcher: Matcher | None
    owner: str | None
    trouble: str | None
    why: tuple[str, ...]
    draft: str | None

    @classmethod
    def of(
        cls, device: DeviceRecord, matchers: Sequence[Matcher], configured: Sequence[PrinterSpec | ReaderSpec]
    ) -> "Shown":
        """What the station would do with a device."""
        found = match(device.seen, matchers)
        matcher = found.matcher if found is not None else None
        owner = trouble = None
        if matcher is not None:
            use = DeviceUse(name=name_of(device.identity), record=device, matcher=matcher)
            owner = owner_of(use, configured)
            is_taken = owner is None and matcher.start is Start.AUTOMATIC
            trouble = _trouble(use) if is_taken else None
        return cls(
            device=device,
            matcher=matcher,
            owner=owner,
            trouble=trouble,
            why=explain(device.seen, matchers),
            draft=draft_for(device.seen) if matcher is None else None,
        )

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        device, seen, matcher = self.device, self.device.seen, self.matcher
        return {
            "id": self.owner or name_of(device.identity),
            "identity": device.identity,
            "label": device.label,
            "is_by_port": device.is_by_port,
            "is_twin": device.is_twin,
            "node": seen.node,
            "port": seen.port,
            "vendor": seen.vendor,
            "product": seen.product,
            "serial": seen.serial,
            "interface_class": seen.interface_class,
            "manufacturer": seen.manufacturer,
            "model": seen.model,
            "ieee1284": dict(seen.ieee1284),
            "configured_as": self.owner,
            "match": None
            if matcher is None
            else {
                "name": matcher.name,
                "title": matcher.title,
                "file": matcher.file,
                "kind": matcher.kind,
                "driver": matcher.driver,
                "start": matcher.start,
                "uri": matcher.uri,
                "options": dict(matcher.options),
                "profiles": list(matcher.profiles),
            },
            "trouble": self.trouble,
            "why": list(self.why),
            "draft": self.draft,
        }

    def as_text(self) -> Iterator[str]:
        """For people, line by line."""
        device, seen, matcher = self.device, self.device.seen, self.matcher
        yield device.label
        yield f"    identity  {device.identity}" + (
            "  (by its port: it has no serial of its own)" if device.is_by_port else ""
        )
        yield f"    at        {seen.node or 'no node'}, port {seen.port}, USB {seen.vendor}:{seen.product}"
        if self.owner is not None:
            yield f"    taken as  {self.owner}, as it is configured"
        elif matcher is None:
            yield "    taken as  nothing: no matcher fits"
        else:
            asked = ", once it is configured" if matcher.start is Start.ASKED else ""
            yield f"    taken as  {matcher.kind}, driver {matcher.driver}{asked}  ({matcher.file})"
            if matcher.options:
                yield f"    with      {', '.join(f'{key} = {value}' for key, value in matcher.options.items())}"
            if self.trouble is not None:
                yield f"    but       {self.trouble}"
        for line in self.why:
            yield f"    why       {line}"
        if self.draft is not None:
            file = f"{seen.vendor}-{seen.product}.toml"
            yield f"    To use it, put this into devices.d/{file} beside the configuration file:"
            yield from (f"        {line}" for line in self.draft.splitlines())


def _trouble(use: DeviceUse) -> str | None:
    """Why the driver refuses it; nothing is opened."""
    try:
        if use.matcher.kind is DeviceKind.PRINTER:
            drivers.build(use.spec)
        elif use.matcher.kind is DeviceKind.READER:
            reader_drivers.build(use.reader_spec)
    except ValueError as wrong:
        return str(wrong)
    return None
