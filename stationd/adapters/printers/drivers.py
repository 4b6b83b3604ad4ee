"""The printer drivers that are installed: ours and vendors', by entry point (group ``stationd.printers``)."""

from collections.abc import Sequence
from importlib.metadata import entry_points

from stationd.ports import Printer, PrinterDriver, PrinterSpec

GROUP = "stationd.printers"


def names() -> Sequence[str]:
    """The names of the installed drivers, in order of the alphabet."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def build(spec: PrinterSpec) -> Printer:
    """The printer of a specification, not asked yet. Raises ``ValueError`` with one line.

    The reason is a driver that is not installed or cannot be loaded, or an option that the driver does not take.
    Reads the installed packages' metadata: build printers before the loop serves, or in a thread.
    """
    found = sorted(entry_points(group=GROUP, name=spec.driver), key=lambda entry: entry.value)
    if not found:
        raise ValueError(f"no driver named {spec.driver} is installed; there are {', '.join(names())}")
    try:
        driver: PrinterDriver = found[0].load()
    except (ImportError, AttributeError) as trouble:
        raise ValueError(f"the driver {spec.driver} cannot be loaded: {trouble}") from trouble
    return driver(spec)
