"""The printer drivers that are installed: ours and vendors', by entry point (group ``stationd.printers``)."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from stationd.adapters import entry_points
from stationd.ports.printers import Printer, PrinterDriver, PrinterSpec

GROUP = "stationd.printers"

_KEEPERS: Final = {"usblp": "progress"}
"""The drivers that keep files of their own, with the option that says where."""


def names() -> Sequence[str]:
    """The names of the installed drivers, in order of the alphabet."""
    return entry_points.names(GROUP)


def build(spec: PrinterSpec, *, home: Path | None = None) -> Printer:
    """The printer of a specification, not asked yet. Raises ``ValueError`` with one line.

    ``home``: the station's state directory, below which a driver keeps what it must not forget.

    The reason is a driver that is not installed or cannot be loaded, or an option that the driver does not take.
    Reads the installed packages' metadata: build printers before the loop serves, or in a thread.
    """
    option = _KEEPERS.get(spec.driver)
    if home is not None and option is not None and option not in spec.options:
        spec = replace(spec, options={**spec.options, option: str(home / spec.driver)})
    driver: PrinterDriver = entry_points.load(GROUP, spec.driver)
    return driver(spec)
