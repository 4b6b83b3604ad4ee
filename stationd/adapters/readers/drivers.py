"""The reader drivers that are installed: ours and vendors', by entry point (group ``stationd.readers``)."""

from collections.abc import Sequence

from stationd.adapters import entry_points
from stationd.ports.readers import Reader, ReaderDriver, ReaderSpec

GROUP = "stationd.readers"


def names() -> Sequence[str]:
    """The names of the installed drivers, in order of the alphabet."""
    return entry_points.names(GROUP)


def build(spec: ReaderSpec) -> Reader:
    """The reader of a specification, not asked yet. Raises ``ValueError`` with one line.

    The reason is a driver that is not installed or cannot be loaded, or an option that the driver does not take.
    Reads the installed packages' metadata: build readers before the loop serves, or in a thread.
    """
    driver: ReaderDriver = entry_points.load(GROUP, spec.driver)
    return driver(spec)
