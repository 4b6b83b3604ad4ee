"""A driver as a vendor would ship it: a package of its own, found by its entry point, that writes to the node.

Put this folder on the daemon's ``PYTHONPATH`` and name the driver ``direct`` in a matcher.
"""

import asyncio
import os
import select
from pathlib import Path

from stationd.domain.errors import Faulted
from stationd.domain.job import Attempt, Evidence
from stationd.domain.order import Document
from stationd.domain.outcome import Cause, Finding, NothingPrinted, Outcome, Printed, Unknown
from stationd.domain.printer import Capabilities, PrinterState, PrinterStatus
from stationd.ports.printers import Opened, PrinterSpec


def build(spec: PrinterSpec) -> "DirectPrinter":
    """The printer at the node of a plugged-in device."""
    node = str(spec.options.get("node") or "")
    if not node:
        raise ValueError("node is missing: this driver takes printers that are plugged in")
    return DirectPrinter(spec.name, Path(node))


class DirectPrinter:
    """Fulfils :class:`stationd.ports.printers.Printer` as far as an honest driver without status can."""

    def __init__(self, name: str, node: Path) -> None:
        self.name = name
        self.capabilities = Capabilities(evidence=Evidence.SPOOLER)
        self._node = node

    async def status(self) -> PrinterStatus:
        try:
            self._node.stat()
        except OSError as trouble:
            raise Faulted("printer-unreachable", "cannot reach the printer: there is no such node") from trouble
        return PrinterStatus(state=PrinterState.IDLE)

    async def open(self, attempt: Attempt) -> Opened | NothingPrinted:
        return Opened(remote_id=attempt.id)

    async def send(self, attempt: Attempt, document: Document) -> Outcome | None:
        return await asyncio.to_thread(self._write, document.data)

    async def watch(self, attempt: Attempt) -> Outcome:
        return Unknown("this printer tells nothing")

    async def find(self, attempt: Attempt) -> Finding:
        await self.status()
        if attempt.remote_id is None:
            return NothingPrinted(Cause.WITHDRAWN, "the document was never sent")
        return Unknown("this printer remembers nothing")

    async def withdraw(self, attempt: Attempt) -> Finding:
        return Unknown("this printer takes nothing back")

    async def aclose(self) -> None:
        pass

    def _write(self, data: bytes) -> Outcome:
        sent = 0
        try:
            file = os.open(self._node, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError:
            return NothingPrinted(Cause.PRINTER, "busy")
        try:
            while sent < len(data):
                select.select([], [file], [], 0.1)
                try:
                    sent += os.write(file, data[sent : sent + 8192])
                except BlockingIOError:
                    continue
        except OSError as trouble:
            return Unknown(f"the cable was pulled after {sent} of {len(data)} bytes: {trouble.strerror}")
        finally:
            os.close(file)
        return Printed(Evidence.SPOOLER)
