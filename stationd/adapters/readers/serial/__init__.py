"""The driver ``serial``: readers on serial ports, real or USB, that send lines or frames.

Options (keys of its ``[[reader]]`` table): see :class:`stationd.adapters.readers.serial.options.SerialOptions`.
"""

from stationd.adapters import entry_points
from stationd.adapters.readers.serial.options import options_of
from stationd.adapters.readers.serial.reader import SerialReader
from stationd.adapters.system import SystemClock
from stationd.ports.readers import ReaderSpec

__all__ = ["SerialReader", "build"]

TRANSPORTS = "stationd.serial"
"""The entry-point group of the packages that can open a serial port."""


def build(spec: ReaderSpec) -> SerialReader:
    """A serial reader, not opened yet. Raises ``ValueError`` with one line for a wrong option."""
    options = options_of(spec)
    connect = entry_points.load(TRANSPORTS, options.transport, noun="serial transport")
    return SerialReader(spec.name, options, connect, SystemClock())
