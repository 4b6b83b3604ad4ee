"""What is plugged in: sightings of one scan, devices with an identity that lasts, and what changed between two scans.

A *sighting* is one thing that the kernel shows (a USB interface, a printer node, a serial line). Sightings of one
function of one USB device are one *device*: when CUPS detaches ``usblp`` the node goes and the device stays.

Identity, by the first rule that holds:

1. A device that has not left its place keeps the identity it had.
2. Vendor, product and USB serial, where the serial is plausible and no other device of the model carries the same.
3. Vendor, product and the place: host controller, bus generation and chain of hub ports. Never a node number, never a
   bus number, for both are given in the order of discovery. Twins are told apart this way, and say so.

The serial in the IEEE 1284 string is not used: some models carry the same one in every printer.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

TEXT_LIMIT = 64
"""Characters kept of a string that a device says of itself (a USB string descriptor holds at most 126)."""

DEVICE_ID_LIMIT = 1024
"""Characters kept of an IEEE 1284 device id before it is taken apart."""

DEVICES_LIMIT = 512
"""Devices in one inventory; a bus has 127, and a liar could claim any number."""

CLASS_PRINTER = 0x07
CLASS_SMART_CARD = 0x0B

_SAFE_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,47}")
_NO_SERIALS = frozenset(
    {
        "0123456789",
        "0123456789ABCDEF",
        "12345",
        "123456",
        "1234567",
        "12345678",
        "123456789",
        "1234567890",
        "DEFAULT",
        "N/A",
        "NA",
        "NONE",
        "NOT AVAILABLE",
        "NULL",
        "SERIAL",
        "SERIAL NUMBER",
        "SN",
        "UNKNOWN",
    }
)


class Subsystem(StrEnum):
    """Where the kernel shows it."""

    USB = "usb"
    """A USB interface itself: no node of its own, for libusb, CUPS and pcscd."""
    USBMISC = "usbmisc"
    """``/dev/usb/lpN``, from usblp."""
    TTY = "tty"
    """``/dev/ttyUSBN`` and ``/dev/ttyACMN``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One thing that the kernel showed in one scan; texts are as :func:`clean` leaves them.

    ``vendor`` and ``product`` are four lower-case hex digits. ``serial_key`` is :func:`serial_key_of` the bytes that
    the device gave, ``None`` where they tell nothing. ``port`` is the place as :func:`port_of` writes it,
    ``function`` the interface number (and line) within the device, ``address`` the bus and device number: new at every
    plug, so that a reset shows.
    """

    subsystem: Subsystem
    sys_path: str
    vendor: str
    product: str
    port: str
    function: str
    node: str | None = None
    serial: str = ""
    serial_key: str | None = None
    address: str = ""
    interface_class: int | None = None
    interface_subclass: int | None = None
    interface_protocol: int | None = None
    ieee1284: Mapping[str, str] = field(default_factory=dict)
    manufacturer: str = ""
    model: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Port and function: where it is, whatever it is."""
        return self.port, self.function


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRecord:
    """One device as present: its lasting identity and what it says of itself.

    ``is_by_port``: the identity names the place, because no serial could be trusted. ``is_twin``: another device of
    the same vendor and product is present, so that a person needs the port to tell them apart.
    """

    identity: str
    seen: Sighting
    is_by_port: bool = False
    is_twin: bool = False

    @property
    def label(self) -> str:
        """What to call it: maker and model, and the port when it has a twin or is known by its port."""
        name = self.seen.model or self.seen.ieee1284.get("MDL", "")
        maker = self.seen.manufacturer or self.seen.ieee1284.get("MFG", "")
        if maker and not name.lower().startswith(maker.lower()):
            name = f"{maker} {name}".strip()
        name = name or f"USB {self.seen.vendor}:{self.seen.product}"
        return f"{name} (port {self.seen.port})" if self.is_twin or self.is_by_port else name


@dataclass(frozen=True, slots=True)
class Change:
    """A device that stayed and differs: another node, another address after a reset, a twin that came or went."""

    before: DeviceRecord
    after: DeviceRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What lies between two inventories, each tuple ordered by identity; false when nothing does."""

    added: tuple[DeviceRecord, ...] = ()
    removed: tuple[DeviceRecord, ...] = ()
    changed: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The devices present, by identity, and the serials known to be carried by more than one device.

    ``shared`` holds ``vendor:product:serial``; keep it over restarts, so that identities stay what they were.
    """

    devices: Mapping[str, DeviceRecord] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()


def clean(raw: bytes | str | None, *, limit: int = TEXT_LIMIT) -> str:
    """A text of a device made fit to show: printable, on one line, single-spaced, at most ``limit`` characters."""
    if raw is None:
        return ""
    text = raw[: 4 * limit].decode("utf-8", "replace") if isinstance(raw, bytes) else raw[: 4 * limit]
    printable = "".join(
        " " if unicodedata.category(c)[0] in "CZ" else c for c in text if c != "\N{REPLACEMENT CHARACTER}"
    )
    return " ".join(printable.split())[:limit].rstrip()


def device_id(raw: bytes | str | None) -> dict[str, str]:
    """The keys and values of an IEEE 1284 device id (``MFG:…;MDL:…;``), under their short names, cleaned.

    Keeps the known keys only (MFG, MDL, CMD, CLS, DES, SN), the first of each; anything else is left out.
    """
    names = {"MANUFACTURER": "MFG", "MODEL": "MDL", "COMMAND SET": "CMD", "CLASS": "CLS", "DESCRIPTION": "DES"}
    names |= {"SERN": "SN", "SERIALNUMBER": "SN"}
    found: dict[str, str] = {}
    for pair in clean(raw, limit=DEVICE_ID_LIMIT).split(";"):
        key, colon, value = pair.partition(":")
        name = names.get(key.strip().upper(), key.strip().upper())
        if colon and name in {"MFG", "MDL", "CMD", "CLS", "DES", "SN"} and name not in found:
            found[name] = clean(value)
    return found


def serial_key_of(raw: bytes | None) -> str | None:
    """A serial as it stands in an identity, or ``None`` when it tells nothing.

    Not plausible: empty, a single character, one character repeated (``0000``), a well-known placeholder. A serial
    with anything but letters, digits, ``.``, ``_``, ``-``, or longer than 48, is stood for by a hash of all its bytes,
    so that no device can write a path, a separator or kilobytes into an identity.
    """
    stripped = (raw or b"").strip(b"\0 \t\r\n")
    text = stripped.decode("utf-8", "replace")
    if len(set(text)) <= 1 or text.upper() in _NO_SERIALS:
        return None
    if _SAFE_SERIAL.fullmatch(text):
        return text
    return "~" + hashlib.sha256(stripped).hexdigest()[:16]


def port_of(sys_path: str, *, generation: str) -> str | None:
    """The place of a USB device (``…/0000:00:14.0/usb1/1-1/1-1.2``), as ``0000.00.14.0-usb2-1.2``.

    Host controller, generation of the bus (a controller has a bus for USB 2 and one for USB 3, with ports of the same
    numbers) and the chain of hub ports: all fixed in the hardware. ``None`` when the path is not of a USB device.
    """
    found = re.search(r"/([^/]+)/usb\d+(?:/[^/]+)*/\d+-([\d.]+)$", sys_path)
    if found is None:
        return None
    controller = re.sub(r"[^A-Za-z0-9._]", ".", found[1])[:48]
    return f"{controller}-usb{clean(generation, limit=1) or '2'}-{found[2][:32]}"


def identity_of(sighting: Sighting, *, shared: frozenset[str] = frozenset()) -> str:
    """The lasting name: ``usb:0f49:0c12:SERIAL:00``, or ``usb:0f49:0c12:@PORT:00`` without a serial of its own."""
    model = f"usb:{sighting.vendor}:{sighting.product}"
    if sighting.serial_key is None or _serial_of(sighting) in shared:
        return f"{model}:@{sighting.port}:{sighting.function}"
    return f"{model}:{sighting.serial_key}:{sighting.function}"


def is_by_port(identity: str) -> bool:
    """Whether an identity names the place, because the device has no serial that could be trusted."""
    return ":@" in identity


def take_stock(sightings: Iterable[Sighting], *, before: Inventory | None = None) -> Inventory:
    """The inventory that the sightings of one scan make, given the one before."""
    before = before or Inventory()
    seen = list(_functions(sightings).values())[:DEVICES_LIMIT]
    bodies = {(s.port, s.vendor, s.product, s.serial_key) for s in seen}
    carried = Counter(f"{vendor}:{product}:{key}" for _, vendor, product, key in bodies if key is not None)
    models = Counter((vendor, product) for _, vendor, product, _ in bodies)
    shared = before.shared | {serial for serial, count in carried.items() if count > 1}
    kept = {_standing(record.seen): identity for identity, record in before.devices.items()}
    devices: dict[str, DeviceRecord] = {}
    for sighting in seen:
        identity = kept.get(_standing(sighting)) or identity_of(sighting, shared=shared)
        devices[identity] = DeviceRecord(
            identity=identity,
            seen=sighting,
            is_by_port=is_by_port(identity),
            is_twin=models[sighting.vendor, sighting.product] > 1,
        )
    return Inventory(devices=devices, shared=shared)


def diff(before: Mapping[str, DeviceRecord], after: Mapping[str, DeviceRecord]) -> Changes:
    """What must be added, removed and changed to come from ``before`` to ``after``."""
    return Changes(
        added=tuple(after[i] for i in sorted(after.keys() - before.keys())),
        removed=tuple(before[i] for i in sorted(before.keys() - after.keys())),
        changed=tuple(
            Change(before[i], after[i]) for i in sorted(before.keys() & after.keys()) if before[i] != after[i]
        ),
    )


def applied(before: Mapping[str, DeviceRecord], changes: Changes) -> dict[str, DeviceRecord]:
    """``before`` with the changes made: the inverse of :func:`diff`."""
    after = {identity: record for identity, record in before.items() if record not in changes.removed}
    after.update({record.identity: record for record in changes.added})
    after.update({change.after.identity: change.after for change in changes.changed})
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What counts as present: the inventory last seen plus the devices that vanished too recently to be called gone."""

    inventory: Inventory = field(default_factory=Inventory)
    vanished_at: Mapping[str, float] = field(default_factory=dict)


def settle(
    before: Settled, sightings: Iterable[Sighting], *, at: float, vanish_s: float
) -> tuple[Settled, Changes, float | None]:
    """What a scan at ``at`` (seconds, monotonic) settles: the new state, the changes, and when to look again.

    A device counts as present from its first scan and as gone once it has been missing for ``vanish_s``: one that
    comes back sooner was never gone (with another address it has *changed*). The last value is the time at which the
    next missing device will be gone, ``None`` when none is missing.
    """
    present = take_stock(sightings, before=before.inventory)
    vanished: dict[str, float] = {}
    devices = dict(present.devices)
    for identity, record in before.inventory.devices.items():
        if identity in present.devices:
            continue
        since = before.vanished_at.get(identity, at)
        if at - since < vanish_s:
            vanished[identity] = since
            devices[identity] = record
    after = Settled(inventory=replace(present, devices=devices), vanished_at=vanished)
    due = min(vanished.values()) + vanish_s if vanished else None
    return after, diff(before.inventory.devices, devices), due


def _functions(sightings: Iterable[Sighting]) -> dict[tuple[str, str], Sighting]:
    """One sighting a place: the node where there is one, with what only the interface knew."""
    merged: dict[tuple[str, str], Sighting] = {}
    for sighting in sorted(sightings, key=lambda s: (s.place, s.node is not None, s.sys_path)):
        known = merged.get(sighting.place)
        if known is not None and not sighting.ieee1284:
            merged[sighting.place] = replace(sighting, ieee1284=known.ieee1284)
        else:
            merged[sighting.place] = sighting
    return merged


def _standing(sighting: Sighting) -> tuple[str, str, str, str, str | None]:
    """What must be the same for a device to be the one that stood there before."""
    return (*sighting.place, sighting.vendor, sighting.product, sighting.serial_key)


def _serial_of(sighting: Sighting) -> str:
    return f"{sighting.vendor}:{sighting.product}:{sighting.serial_key}"
