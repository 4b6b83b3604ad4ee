"""The cups driver: a USB printer through a CUPS queue of its own, which it finds or makes, each job at most once."""

from stationd.adapters.printers.cups.driver import CupsPrinter
from stationd.adapters.printers.cups.settings import read_settings
from stationd.ports.printers import Printer, PrinterSpec

__all__ = ["build"]


def build(spec: PrinterSpec) -> Printer:
    """A printer for a spec; nothing is asked. Raises ``ValueError`` with one line for a wrong place or option."""
    return CupsPrinter(spec, read_settings(spec))
