"""What udev says while devices come and go, written down line by line as fixtures for tests without a kernel."""

import json
import threading
from pathlib import Path
from typing import Self

import pyudev

_OWN_BUSINESS = frozenset({"SEQNUM", "USEC_INITIALIZED", "CURRENT_TAGS", "TAGS", "ACTION", "DEVPATH"})


class Recorder:
    """Writes each event to a file from a thread of its own; use it as a context manager."""

    def __init__(self, file: Path) -> None:
        self.count = 0
        self._file = file
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uevents", daemon=True)
        self._monitor = pyudev.Monitor.from_netlink(pyudev.Context())
        for subsystem in ("usb", "usbmisc", "tty"):
            self._monitor.filter_by(subsystem)
        self._monitor.start()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(5)

    def _run(self) -> None:
        with self._file.open("w", encoding="utf-8", buffering=1) as file:
            while not self._is_over.is_set():
                device = self._monitor.poll(timeout=0.2)
                if device is None:
                    continue
                self.count += 1
                properties = {key: text for key, text in device.properties.items() if key not in _OWN_BUSINESS}
                said = {"action": device.action, "sys_path": device.sys_path, "properties": properties}
                file.write(json.dumps(said) + "\n")
