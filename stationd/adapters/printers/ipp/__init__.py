"""The IPP driver: any printer or spooler that speaks IPP 2.0 (or 1.1) over TCP or a unix socket."""

from stationd.adapters.printers.ipp.driver import IppPrinter
from stationd.adapters.printers.ipp.settings import read_settings
from stationd.ports.printers import Printer, PrinterSpec

__all__ = ["build"]


def build(spec: PrinterSpec) -> Printer:
    """A printer for a spec with an IPP URI; nothing is sent. Raises ``ValueError`` with one line for a wrong option."""
    return IppPrinter(spec.name, read_settings(spec))
