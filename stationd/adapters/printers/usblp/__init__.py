"""The usblp driver: printers at ``/dev/usb/lpN`` that take a document's bytes as they are, without a spooler."""

from stationd.adapters.printers.usblp.driver import UsblpPrinter
from stationd.adapters.printers.usblp.place import finder
from stationd.adapters.printers.usblp.settings import read_settings
from stationd.ports.printers import Printer, PrinterSpec

__all__ = ["build"]


def build(spec: PrinterSpec) -> Printer:
    """A printer for a spec; nothing is opened. Raises ``ValueError`` with one line for a wrong place or option."""
    settings = read_settings(spec)
    return UsblpPrinter(spec.name, settings, finder(settings))
