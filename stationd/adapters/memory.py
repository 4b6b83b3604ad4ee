"""What lies in the process's memory stays there: no core dump, and no look into it by others."""

import ctypes
import logging
import resource
from typing import Final

_log = logging.getLogger(__name__)

_PR_SET_DUMPABLE: Final = 4
"""``prctl(2)``; with 0 the kernel writes no core dump, and only root may attach to the process or read its memory."""


def refuse_dumps() -> None:
    """Keep keys and holders out of core dumps, whatever the system does with them."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        _log.warning("cannot switch core dumps off: errno %d", ctypes.get_errno())
