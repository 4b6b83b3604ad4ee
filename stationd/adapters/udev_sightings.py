"""The kernel's device tree into sightings: everything is read from sysfs, nothing from what an event carried.

A printer node (``usbmisc/lpN``) has no ``ID_*`` properties of its own and a removed device has lost most of them, so
that events cannot identify anything: they are hints. Identity comes from the attributes of the ``usb_device`` parent.
"""

import errno
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import pyudev

from stationd.domain.inventory import (
    CLASS_PRINTER,
    CLASS_SMART_CARD,
    DEVICE_ID_LIMIT,
    Sighting,
    Subsystem,
    clean,
    device_id,
    port_of,
    serial_key_of,
)

SUBSYSTEMS: Final = ("usb", "usbmisc", "tty")
"""Whose events can mean that a device came or went."""

_HEX4 = re.compile(r"[0-9a-f]{4}")
_HEX2 = re.compile(r"[0-9a-f]{2}")
_DEPARTURES = frozenset({"remove", "unbind"})
_CLASSES = frozenset({CLASS_PRINTER, CLASS_SMART_CARD})


class Attributes(Protocol):
    """The files of a device's directory."""

    def get(self, attribute: str) -> bytes | None:
        """The contents without the final line break, or ``None`` when there is no such file."""
        ...


class Node(Protocol):
    """The part of ``pyudev.Device`` that is used here, so that recorded trees can stand in for it."""

    @property
    def sys_path(self) -> str:
        """Its directory below ``/sys``."""
        ...

    @property
    def sys_name(self) -> str:
        """The last part of ``sys_path``."""
        ...

    @property
    def subsystem(self) -> str | None:
        """``usb``, ``usbmisc``, ``tty``."""
        ...

    @property
    def device_type(self) -> str | None:
        """``usb_device`` or ``usb_interface`` within ``usb``."""
        ...

    @property
    def device_node(self) -> str | None:
        """Its file below ``/dev``."""
        ...

    @property
    def attributes(self) -> Attributes:
        """The files of its directory."""
        ...

    def find_parent(self, subsystem: str, device_type: str | None = None) -> "Node | None":
        """The nearest device above it of that kind."""
        ...


@dataclass(frozen=True, slots=True)
class Hint:
    """An event that may mean something: ``identity`` names the known device that it is about, if it is about one."""

    action: str
    sys_path: str
    identity: str | None


class Scanner:
    """Lists what is on the bus. Keep to one thread: libudev's context may not be shared between threads.

    sysfs answers from the kernel's memory, except that the strings of a USB device wait for its lock while it is being
    reset: call this off the event loop.
    """

    def __init__(self) -> None:
        self._context: Any = None

    def __call__(self) -> tuple[Sighting, ...]:
        """Every sighting there is now. Raises ``OSError`` when sysfs cannot be read or libudev is not installed."""
        if self._context is None:
            self._context = open_context()
        nodes = (node for subsystem in SUBSYSTEMS for node in self._context.list_devices(subsystem=subsystem))
        return tuple(s for s in map(sighting_of, nodes) if s is not None and _is_still_there(s))


def open_context() -> Any:
    """A ``pyudev.Context``. Raises ``OSError`` when libudev is not installed."""
    try:
        return pyudev.Context()
    except ImportError as missing:
        raise OSError(errno.ENOSYS, "libudev is not installed (Debian: libudev1)") from missing


def sighting_of(node: Node) -> Sighting | None:
    """What a node of the device tree means to the station, or ``None`` when it means nothing or is half gone."""
    kind = _kind_of(node)
    if kind is None:
        return None
    interface = node if kind is Subsystem.USB else node.find_parent("usb", "usb_interface")
    device = interface.find_parent("usb", "usb_device") if interface is not None else None
    if interface is None or device is None:
        return None
    interface_class = _byte(interface, "bInterfaceClass")
    if kind is Subsystem.USB and interface_class not in _CLASSES:
        return None
    vendor, product = _text(device, "idVendor").lower(), _text(device, "idProduct").lower()
    port = port_of(device.sys_path, generation=_generation(device))
    if port is None or not _HEX4.fullmatch(vendor) or not _HEX4.fullmatch(product):
        return None
    serial = device.attributes.get("serial")
    return Sighting(
        subsystem=kind,
        sys_path=node.sys_path,
        node=node.device_node if kind is not Subsystem.USB else None,
        vendor=vendor,
        product=product,
        serial=clean(serial),
        serial_key=serial_key_of(serial),
        port=port,
        function=_function(interface, node if kind is Subsystem.TTY else None),
        address=f"{_text(device, 'busnum')}:{_text(device, 'devnum')}",
        interface_class=interface_class,
        interface_subclass=_byte(interface, "bInterfaceSubClass"),
        interface_protocol=_byte(interface, "bInterfaceProtocol"),
        ieee1284=device_id((interface.attributes.get("ieee1284_id") or b"")[:DEVICE_ID_LIMIT]),
        manufacturer=_text(device, "manufacturer"),
        model=_text(device, "product"),
    )


def hint_of(
    action: str, sys_path: str, subsystem: str | None, device_type: str | None, known: Mapping[str, str]
) -> Hint | None:
    """What an event hints at, or ``None`` when nothing can have changed for the station.

    ``known`` maps the sys_path of everything sighted so far to its device's identity: all that is left to say who went,
    for the event of a removal has lost its properties, and the parents are gone. What was never sighted cannot depart.
    """
    if subsystem not in SUBSYSTEMS or (subsystem == "usb" and device_type not in {"usb_device", "usb_interface"}):
        return None
    identity = known.get(sys_path) or next((i for path, i in known.items() if path.startswith(f"{sys_path}/")), None)
    if action in _DEPARTURES and identity is None:
        return None
    return Hint(action, sys_path, identity)


def _is_still_there(sighting: Sighting) -> bool:
    """Whether what was read was whole: the kernel takes nodes and interfaces away before their device's attributes.

    Otherwise a device that is just going could be sighted without its serial, as another one.
    """
    return Path(sighting.sys_path).exists()


def _kind_of(node: Node) -> Subsystem | None:
    match node.subsystem:
        case "usb" if node.device_type == "usb_interface":
            return Subsystem.USB
        case "usbmisc" if re.fullmatch(r"lp\d+", node.sys_name) and node.device_node:
            return Subsystem.USBMISC
        case "tty" if node.device_node:
            return Subsystem.TTY
        case _:
            return None


def _generation(device: Node) -> str:
    """The USB generation of the bus, from its root hub: 2 or 3."""
    hub = device
    while (above := hub.find_parent("usb", "usb_device")) is not None:
        hub = above
    return _text(hub, "version")[:1]


def _function(interface: Node, line: Node | None) -> str:
    """The interface number, and the line's number where one interface has several."""
    number = _text(interface, "bInterfaceNumber").lower()
    number = number if _HEX2.fullmatch(number) else "00"
    adapter = line.find_parent("usb-serial") if line is not None else None
    place = _text(adapter, "port_number") if adapter is not None else ""
    return f"{number}.{place}" if re.fullmatch(r"[1-9]\d?", place) else number


def _text(node: Node, attribute: str) -> str:
    return clean(node.attributes.get(attribute))


def _byte(node: Node, attribute: str) -> int | None:
    text = _text(node, attribute).lower()
    return int(text, 16) if _HEX2.fullmatch(text) else None
