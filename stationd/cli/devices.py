"""``stationd devices``: what is plugged in, what takes it and why, and a ready matcher for what nothing takes.

It looks at the bus itself and needs no running station.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from stationd.adapters.udev_sightings import Scanner
from stationd.cli.options import add_config, add_json
from stationd.config_matchers import MatchersError, directories, load
from stationd.domain.errors import Faulted
from stationd.domain.inventory import DeviceRecord, take_stock
from stationd.domain.matcher import Matcher, Start, draft_for, explain, match

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
    if args.json:
        print(json.dumps([as_json(device, matchers) for device in devices], indent=2))
    elif not devices:
        print("no printer or reader is plugged in")
    else:
        for device in devices:
            print("\n".join(as_text(device, matchers)))
    return 0


def as_json(device: DeviceRecord, matchers: Sequence[Matcher]) -> dict[str, Any]:
    """A device for programs; ``draft`` is TOML, given when nothing matches."""
    seen, found = device.seen, match(device.seen, matchers)
    return {
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
        "match": None
        if found is None
        else {
            "name": found.matcher.name,
            "title": found.matcher.title,
            "file": found.matcher.file,
            "kind": found.matcher.kind,
            "driver": found.matcher.driver,
            "start": found.matcher.start,
            "profiles": list(found.matcher.profiles),
        },
        "why": list(explain(seen, matchers)),
        "draft": draft_for(seen) if found is None else None,
    }


def as_text(device: DeviceRecord, matchers: Sequence[Matcher]) -> Iterator[str]:
    """A device for people, line by line."""
    seen, found = device.seen, match(device.seen, matchers)
    yield device.label
    yield f"    identity  {device.identity}" + (
        "  (by its port: it has no serial of its own)" if device.is_by_port else ""
    )
    yield f"    at        {seen.node or 'no node'}, port {seen.port}, USB {seen.vendor}:{seen.product}"
    if found is not None:
        use = f"{found.matcher.kind}, driver {found.matcher.driver}"
        asked = ", once it is configured" if found.matcher.start is Start.ASKED else ""
        yield f"    taken as  {use}{asked}  ({found.matcher.file})"
    else:
        yield "    taken as  nothing: no matcher fits"
    for line in explain(seen, matchers):
        yield f"    why       {line}"
    if found is None:
        yield f"    To use it, put this into devices.d/{seen.vendor}-{seen.product}.toml beside the configuration file:"
        yield from (f"        {line}" for line in draft_for(seen).splitlines())
