"""Where a printer is now: from what lasts to ``/dev/usb/lpN``, by a look at sysfs at every opening."""

import errno
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from stationd.adapters.printers.usblp.settings import Settings
from stationd.adapters.udev_sightings import Scanner
from stationd.domain.inventory import Sighting, Subsystem, serial_key_of


@dataclass(frozen=True, slots=True)
class Place:
    """A node, and the address on the bus behind it: new at every plug, so that a replug shows."""

    node: str
    address: str


Finder = Callable[[], Place]
"""Looks for the printer. Blocks; raises ``OSError``: ``ENODEV`` when it is not there, ``ENOTUNIQ`` when two are."""


def finder(settings: Settings) -> Finder:
    """A finder for the printer that the settings name."""

    def find() -> Place:
        # A scanner a look: libudev's context may not be shared between threads.
        places = [
            Place(sighting.node, sighting.address)
            for sighting in Scanner()()
            if sighting.subsystem is Subsystem.USBMISC and sighting.node and _is_meant(sighting, settings)
        ]
        return only(places)

    return find


def is_still_at(place: Place) -> bool:
    """Whether the device behind the node is the one that was found there: an address is new at every plug. Blocks."""
    node = Path("/sys/class/usbmisc") / Path(place.node).name
    try:
        device = node.resolve(strict=True).parents[2]  # …/1-1/1-1:1.0/usbmisc/lp0
        numbers = [(device / name).read_text(encoding="ascii").strip() for name in ("busnum", "devnum")]
    except (OSError, IndexError, UnicodeDecodeError):
        return False
    return ":".join(numbers) == place.address


def only(places: Iterable[Place]) -> Place:
    """The one place. Raises ``OSError`` when there is none, or more than one: a card must not go to the wrong twin."""
    first, *others = (*places, None)
    if first is None:
        raise OSError(errno.ENODEV, "it is not plugged in")
    if others != [None]:
        raise OSError(errno.ENOTUNIQ, "two devices answer to it: name it by its identity")
    return first


def _is_meant(sighting: Sighting, settings: Settings) -> bool:
    if settings.identity is not None:
        _, vendor, product, who, function = settings.identity.split(":")
        if (sighting.vendor, sighting.product, sighting.function) != (vendor, product, function):
            return False
        return sighting.port == who[1:] if who.startswith("@") else sighting.serial_key == who
    if settings.serial is not None:
        key = serial_key_of(settings.serial.encode())
        return sighting.serial == settings.serial or (key is not None and sighting.serial_key == key)
    return sighting.node == settings.node
