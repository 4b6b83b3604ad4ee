"""The printer drivers that are installed: ours and vendors', by entry point (group ``stationd.printers``)."""

from collections.abc import Sequence

from stationd.adapters import entry_points
from stationd.ports import Printer, PrinterDriver, PrinterSpec

GROUP = "stationd.printers"


def names() -> Sequence[str]:
    """The names of the installed drivers, in order of the alphabet."""
    return entry_points.names(GROUP)


def build(spec: PrinterSpec) -> Printer:
    """The printer of a specification, not asked yet. Raises ``ValueError`` with one line.

    The reason is a driver that is not installed or cannot be loaded, or an option that the driver does not take.
    Reads the installed packages' metadata: build printers before the loop serves, or in a thread.
    """
    driver: PrinterDriver = entry_points.load(GROUP, spec.driver)
    return driver(spec)
