"""Which run of a device this is: its ``printer-uuid`` and the moment it started, as far as it tells.

``printer-up-time`` starts again at every restart, so *now* less the up-time is the moment of the start. It wobbles by
the truncated second and by the way's delay, and our own wall clock may jump; so one process keeps the string it formed
first for as long as the monotonic clock agrees with it, and strings of two processes are compared with a tolerance. A
wrong "it restarted" costs a search by name, no more: whether a job is ours is always decided by its name.
"""

import re
import time

from stationd.adapters.printers.ipp.records import DeviceRecord

TOLERANCE_S = 5
"""How far two derived starts of the same run may be apart."""

_FORM = re.compile(r"(?P<uuid>.*);start=(?P<start>-?\d+)")


class Incarnation:
    """The current run of one device, followed from answer to answer."""

    def __init__(self) -> None:
        self._text: str | None = None
        self._uuid: str | None = None
        self._start = 0.0
        self._up_time = 0

    def follow(self, device: DeviceRecord) -> str | None:
        """The run's name, such as ``urn:uuid:…;start=1767000000``; the same until the device restarts.

        Only the uuid for a device without an honest up-time, ``None`` for one that gives neither.
        """
        if device.up_time_s is None:
            self._text, self._uuid = device.uuid, device.uuid
            return self._text
        start = time.monotonic() - device.up_time_s
        is_same = (
            self._text is not None
            and self._text != self._uuid
            and self._uuid == device.uuid
            and device.up_time_s >= self._up_time
            and abs(start - self._start) <= TOLERANCE_S
        )
        if not is_same:
            self._uuid, self._start = device.uuid, start
            self._text = f"{device.uuid or ''};start={int(time.time()) - device.up_time_s}"
        self._up_time = device.up_time_s
        return self._text


def is_same_run(one: str | None, other: str | None) -> bool:
    """Whether two names stand for the same run; ``False`` when either says too little to tell."""
    first, second = _FORM.fullmatch(one or ""), _FORM.fullmatch(other or "")
    if first is None or second is None:
        return False
    return first["uuid"] == second["uuid"] and abs(int(first["start"]) - int(second["start"])) <= TOLERANCE_S
