"""The folder that stands for ``/sys`` and ``/dev`` in a process with umockdev's preload.

========================  ==================================================================================
``sys/…``                 stands for ``/sys``; ``uevent`` holds the udev properties of a device
``event<fd>``             a unix socket for each udev monitor of the process; a message here is an event there
``dev/<node>``            a link to a pty; ``dev/.node/<node>`` links to its ``major:minor``
``dev/.ptymap/<pty>``     links to ``major:minor`` so that the node is not taken for a terminal
``ioctl/dev/<node>``      a socket that answers every read, write and ioctl on the node
========================  ==================================================================================
"""

import os
import shutil
import tty
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.vusb_node import NodeServer

Attributes = Mapping[str, str | bytes]


@dataclass(slots=True)
class Entry:
    """One directory of the fake ``/sys``, with its node if it has one; ``path`` begins with ``/sys``."""

    path: str
    subsystem: str
    properties: dict[str, str]
    node: str | None = None
    number: str | None = None
    master: int | None = None
    pty_map: Path | None = None
    server: NodeServer | None = None

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


class DeviceTree:
    """The folder; entries are added from the bus down and removed from the leaves up."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.entries: dict[str, Entry] = {}
        for folder in ("sys/class", "sys/bus", "sys/dev/char", "dev/.node", "dev/.ptymap", "ioctl"):
            (root / folder).mkdir(parents=True)
        self._default = NodeServer(root / "ioctl/_default", passes_through=True)

    def add(
        self,
        path: str,
        subsystem: str,
        properties: Mapping[str, str],
        attributes: Attributes | None = None,
        *,
        node: str | None = None,
        number: str | None = None,
        serves: bool = False,
    ) -> Entry:
        """A new entry, with a pty behind its ``node``; with ``serves`` a :class:`NodeServer` answers for it instead."""
        entry = Entry(path, subsystem, dict(properties), node, number)
        folder = self._real(path)
        folder.mkdir(parents=True)
        if node is not None and number is not None:
            major, minor = number.split(":")
            entry.properties |= {"DEVNAME": node, "MAJOR": major, "MINOR": minor}
            self._add_node(entry, node, number, serves=serves)
        self.write(entry, attributes or {})
        (folder / "uevent").write_text("".join(f"{key}={value}\n" for key, value in entry.properties.items()))
        listing = self._listing(subsystem)
        listing.mkdir(parents=True, exist_ok=True)
        home = listing.parent if listing.name == "devices" else listing
        (folder / "subsystem").symlink_to(os.path.relpath(home, folder))
        (listing / entry.name).symlink_to(os.path.relpath(folder, listing))
        self.entries[path] = entry
        return entry

    def write(self, entry: Entry, attributes: Attributes) -> None:
        """Give an entry attributes, as the kernel writes them: with a line break at the end."""
        for name, value in attributes.items():
            raw = value if isinstance(value, bytes) else value.encode()
            (self._real(entry.path) / name).write_bytes(raw + b"\n")

    def remove(self, entry: Entry) -> None:
        """Take an entry away; whoever has its node open gets ENODEV, EIO or the end of the file."""
        (self._listing(entry.subsystem) / entry.name).unlink(missing_ok=True)
        if entry.node is not None:
            self._real(entry.node).unlink(missing_ok=True)
            (self.root / "dev/.node" / entry.node[5:].replace("/", "_")).unlink(missing_ok=True)
            (self.root / f"sys/dev/char/{entry.number}").unlink(missing_ok=True)
        if entry.pty_map is not None:
            entry.pty_map.unlink(missing_ok=True)
        shutil.rmtree(self._real(entry.path), ignore_errors=True)
        if entry.server is not None:
            entry.server.close()
        if entry.master is not None:
            os.close(entry.master)
            entry.master = None
        self.entries.pop(entry.path, None)

    def close(self) -> None:
        """Take everything away, the folder too."""
        for entry in reversed(list(self.entries.values())):
            self.remove(entry)
        self._default.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def _add_node(self, entry: Entry, node: str, number: str, *, serves: bool) -> None:
        entry.master, slave = os.openpty()
        tty.setraw(slave)
        name = os.ttyname(slave)
        os.close(slave)
        file = self._real(node)
        file.parent.mkdir(parents=True, exist_ok=True)
        if serves:
            entry.server = NodeServer(self.root / f"ioctl{node}")
        file.symlink_to(name)
        entry.pty_map = self.root / "dev/.ptymap" / name.replace("/", "_")
        entry.pty_map.unlink(missing_ok=True)
        if entry.subsystem != "tty":
            entry.pty_map.symlink_to(number)
        (self.root / "dev/.node" / node[5:].replace("/", "_")).symlink_to(number)
        by_number = self.root / "sys/dev/char"
        (by_number / number).symlink_to(os.path.relpath(self._real(entry.path), by_number))
        self.write(entry, {"dev": number})

    def _listing(self, subsystem: str) -> Path:
        if subsystem in {"usb", "usb-serial"}:
            return self.root / f"sys/bus/{subsystem}/devices"
        return self.root / f"sys/class/{subsystem}"

    def _real(self, path: str) -> Path:
        return self.root / path.lstrip("/")
