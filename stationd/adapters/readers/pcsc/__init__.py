"""The driver ``pcsc``: contactless and contact card readers through the PC/SC service (pcscd).

It needs pyscard, the extra ``stationd[pcsc]``. It takes no options; ``port`` is part of the reader's name as
``pcsc_scan`` or ``stationd devices`` shows it, and without one every reader of the service is taken.
"""

from importlib import import_module

from stationd.adapters.readers.options import read_options
from stationd.adapters.readers.pcsc.reader import PcscReader
from stationd.adapters.system import SystemClock
from stationd.ports.readers import ReaderSpec

__all__ = ["PcscReader", "build"]


def build(spec: ReaderSpec) -> PcscReader:
    """A PC/SC reader, not asked yet. Raises ``ValueError`` with one line: an option, or pyscard is not installed."""
    read_options(spec.options, {})
    try:
        scard = import_module("smartcard.scard")
    except ImportError as missing:
        raise ValueError(f"pyscard cannot be used; install stationd[pcsc] ({missing})") from missing
    return PcscReader(spec.name, scard, spec.port, SystemClock())
