"""Whether the machine's clock is kept right: the kernel knows, and where it may not be asked, timesyncd's mark does."""

import asyncio
import ctypes
import os
from pathlib import Path
from typing import Final

_STA_UNSYNC: Final = 0x0040
_TIME_ERROR: Final = 5
_SPARE_BYTES: Final = 256
"""Room behind the fields of ``struct timex``: it has grown before."""

TIMESYNCD_MARK: Final = Path("/run/systemd/timesync/synchronized")


class _Timex(ctypes.Structure):
    """``struct timex`` (adjtimex(2)), as far as it is read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * _SPARE_BYTES),
    )


class KernelClock:
    """Fulfils :class:`stationd.ports.clock.TimeSource` with adjtimex(2), which any user may read.

    A sandbox that forbids the clock's system calls (systemd's ``ProtectClock=``) makes it fail with EPERM; then the
    file that systemd-timesyncd leaves tells, and without it the clock is not trusted.
    """

    def __init__(self, mark: Path = TIMESYNCD_MARK) -> None:
        self._mark = mark

    async def is_synchronised(self) -> bool:
        """Whether NTP or PTP keeps the clock right now."""
        return await asyncio.to_thread(self._is_synchronised)

    def _is_synchronised(self) -> bool:
        try:
            state, status = read_kernel()
        except OSError:
            return self._mark.exists()
        return state != _TIME_ERROR and not status & _STA_UNSYNC


class VouchedClock:
    """Fulfils ``TimeSource`` where a person vouches for the clock (``clock.trust = "always"``)."""

    async def is_synchronised(self) -> bool:
        """Always."""
        return True


def read_kernel() -> tuple[int, int]:
    """The clock's state and status bits. Raises ``OSError`` where the call is not allowed or not there."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "adjtimex"):
        raise OSError("there is no adjtimex")
    asked = _Timex(modes=0)
    state = int(library.adjtimex(ctypes.byref(asked)))
    if state < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return state, int(asked.status)
