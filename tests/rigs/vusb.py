"""A USB bus that can be plugged and unplugged without hardware, root or a kernel module.

The only native part is Debian's ``libumockdev-preload.so.0`` (package ``umockdev``), only in the process under test:
:meth:`VirtualUsb.environment` gives the variables to start it with. The rig itself is plain Python: it keeps a fake
``/sys`` and ``/dev`` in a folder and sends udev's messages to whoever listens. umockdev's own testbed is not used: it
cannot bring back a node that was removed. One process under test a rig, for its sockets are named by fd number.

The order of events and the properties in them follow what a real kernel and udevd 252 sent (``tests/fixtures/udev``).
"""

import os
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.rigs.udev_message import udev_message
from tests.rigs.vusb_node import NodeServer
from tests.rigs.vusb_tree import DeviceTree, Entry

CONTROLLER = "/sys/devices/pci0000:00/0000:00:14.0"

_LOST_ON_REMOVAL = frozenset({"DRIVER", "ID_BUS", "ID_MODEL_ID", "ID_SERIAL_SHORT", "ID_VENDOR_ID"})
"""What the events of a removal no longer say of devices and interfaces (a tty keeps them)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """What a device says of itself."""

    vendor: str
    product: str
    serial: str | bytes | None
    maker: str | bytes = "Maker"
    model: str | bytes = "Model"

    @property
    def properties(self) -> dict[str, str]:
        """What udev makes of it."""
        ids = {"ID_VENDOR_ID": self.vendor, "ID_MODEL_ID": self.product, "ID_BUS": "usb"}
        if isinstance(self.serial, str):
            ids["ID_SERIAL_SHORT"] = "".join(c if c.isalnum() else "_" for c in self.serial)[:200]
        return ids


@dataclass(frozen=True, slots=True)
class Plugged:
    """A device in its port: its entries from the device down, the one with the node last."""

    entries: tuple[Entry, ...]

    @property
    def node(self) -> str | None:
        """The file that the process under test sees."""
        return self.entries[-1].node

    @property
    def server(self) -> NodeServer:
        """What stands behind a printer's node."""
        server = self.entries[-1].server
        assert server is not None, "only printers have one"
        return server

    @property
    def master(self) -> int:
        """The far end of a serial line."""
        master = self.entries[-1].master
        assert master is not None, "only nodes have one, while they are plugged in"
        return master


class VirtualUsb:
    """The bus; use it as a context manager, so that nothing of it stays behind.

    With ``emit=False`` things come and go without a word, as while udevd is being restarted.
    """

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="vusb."))
        self._tree = DeviceTree(self.root)
        self._sequence = 0
        self._address = 1
        for bus, version in (("usb1", " 2.00"), ("usb2", " 3.10")):
            self._tree.add(f"{CONTROLLER}/{bus}", "usb", {"DEVTYPE": "usb_device"}, {"version": version})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tree.close()

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment for the process under test."""
        preload = {"UMOCKDEV_DIR": str(self.root), "LD_PRELOAD": "libumockdev-preload.so.0"}
        return {**(os.environ if base is None else base), **preload}

    def plug_printer(
        self,
        port: str = "1",
        *,
        vendor: str = "0f49",
        product: str = "0c12",
        serial: str | bytes | None = "10000123456",
        lp: int = 0,
        maker: str | bytes = "Evolis",
        model: str | bytes = "Primacy 2",
        device_id: str | bytes = "MFG:Evolis;CMD:ESC;MDL:Primacy 2;CLS:PRINTER;",
        bus: int = 1,
        emit: bool = True,
    ) -> Plugged:
        """A card printer with its ``/dev/usb/lpN``."""
        ids = Ids(vendor=vendor, product=product, serial=serial, maker=maker, model=model)
        device, interface = self._plug(port, ids, (7, 1, 2), "usblp", bus=bus, emit=emit)
        self._tree.write(interface, {"ieee1284_id": device_id})
        path = f"{interface.path}/usbmisc/lp{lp}"
        node = self._tree.add(path, "usbmisc", {}, node=f"/dev/usb/lp{lp}", number=f"180:{lp}", serves=True)
        return self._tell(device, interface, node, emit=emit)

    def plug_serial_line(
        self,
        port: str = "2",
        *,
        vendor: str = "0403",
        product: str = "6001",
        serial: str | bytes | None = "FT0SCAN1",
        line: str = "ttyUSB0",
        emit: bool = True,
    ) -> Plugged:
        """A serial reader as ``/dev/ttyUSBN`` (behind an adapter) or ``/dev/ttyACMN``."""
        ids = Ids(vendor=vendor, product=product, serial=serial, model="Reader")
        is_adapter = line.startswith("ttyUSB")
        classes, driver, major = ((255, 255, 255), "ftdi_sio", 188) if is_adapter else ((2, 2, 1), "cdc_acm", 166)
        entries = list(self._plug(port, ids, classes, driver, emit=emit))
        if is_adapter:
            path = f"{entries[-1].path}/{line}"
            entries.append(self._tree.add(path, "usb-serial", {"DRIVER": driver}, {"port_number": "0"}))
        path, number = f"{entries[-1].path}/tty/{line}", f"{major}:{line[6:]}"
        entries.append(self._tree.add(path, "tty", ids.properties, node=f"/dev/{line}", number=number))
        return self._tell(*entries, emit=emit)

    def plug_card_reader(
        self,
        port: str = "3",
        *,
        vendor: str = "076b",
        product: str = "5422",
        serial: str | bytes | None = None,
        emit: bool = True,
    ) -> Plugged:
        """A smart card reader: an interface of class 11 and no node."""
        ids = Ids(vendor=vendor, product=product, serial=serial, model="Smart Card Reader")
        return self._tell(*self._plug(port, ids, (11, 0, 0), "", emit=emit), emit=emit)

    def unplug(self, plugged: Plugged, *, emit: bool = True) -> None:
        """Pull it out; nodes that are open hang up."""
        for entry in reversed(plugged.entries):
            self._tree.remove(entry)
            if entry.subsystem == "usb":
                entry.properties = {k: v for k, v in entry.properties.items() if k not in _LOST_ON_REMOVAL}
            if emit and entry.subsystem == "usb":
                self.emit(entry, "unbind")
            if emit:
                self.emit(entry, "remove")

    def emit(self, entry: Entry, action: str) -> int:
        """Send an event as udevd does; how many monitors got it."""
        self._sequence += 1
        where = {"ACTION": action, "DEVPATH": entry.path.removeprefix("/sys"), "SUBSYSTEM": entry.subsystem}
        message = udev_message(where | {"SEQNUM": str(self._sequence)} | entry.properties)
        got = 0
        for path in self.root.glob("event*"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_RAW) as sender:
                try:
                    sender.connect(str(path))
                except ConnectionRefusedError:
                    path.unlink()  # its process is gone
                else:
                    sender.send(message)
                    got += 1
        return got

    def _plug(
        self, port: str, ids: Ids, classes: tuple[int, int, int], driver: str, *, bus: int = 1, emit: bool
    ) -> tuple[Entry, Entry]:
        """A device and its only interface."""
        self._address += 1
        path = f"{CONTROLLER}/usb{bus}/{bus}-{port}"
        product = {"PRODUCT": f"{int(ids.vendor, 16):x}/{int(ids.product, 16):x}/601"}
        strings = {"serial": ids.serial, "manufacturer": ids.maker, "product": ids.model}
        numbers = {"idVendor": ids.vendor, "idProduct": ids.product, "busnum": str(bus), "devnum": str(self._address)}
        device = self._tree.add(
            path,
            "usb",
            {"DEVTYPE": "usb_device", "DEVNUM": f"{self._address:03}"} | product | ids.properties,
            numbers | {name: text for name, text in strings.items() if text is not None},
        )
        names = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
        interface = self._tree.add(
            f"{path}/{bus}-{port}:1.0",
            "usb",
            {"DEVTYPE": "usb_interface", "INTERFACE": "/".join(map(str, classes))} | product,
            {"bInterfaceNumber": "00"} | {name: f"{number:02x}" for name, number in zip(names, classes, strict=True)},
        )
        if driver:
            interface.properties["DRIVER"] = driver
        if emit:
            self.emit(device, "add")
            self.emit(interface, "add")
        return device, interface

    def _tell(self, device: Entry, interface: Entry, *below: Entry, emit: bool) -> Plugged:
        if emit:
            for entry in below:
                self.emit(entry, "add")
            self.emit(interface, "bind")
            self.emit(device, "bind")
        return Plugged((device, interface, *below))
