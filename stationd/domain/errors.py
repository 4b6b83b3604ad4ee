"""Errors, sorted by who must act.

``Refused``: the caller asked for something that may not be. ``Faulted``: a device or the machine below us is in
trouble. Everything else that escapes is a defect of ours. Each carries a stable ``code`` (kebab-case, part of the HTTP
contract) and one line of text, "cannot X: why", that never contains a value of a person.
"""

from stationd.domain.words import Advice


class StationError(Exception):
    """The common shape: a stable code, one line of text, and what to do about it."""

    def __init__(self, code: str, detail: str, *, fix: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.fix = fix

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, {self.detail!r})"


class Refused(StationError):
    """The request may not be carried out; nothing was changed.

    It is returned as a value by the units that run in the database thread and raised once, at the door.

    ``field`` is the path of the value at fault in the caller's document, such as ``holder.nik``; ``see`` points to
    the thing that stands in the way, such as the id of the job that already holds the order; ``wait_s`` is given when
    the same request may be right after so many seconds; ``tell`` is for the citizen at the counter.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        see: str | None = None,
        fix: str | None = None,
        wait_s: int | None = None,
        tell: Advice | None = None,
    ) -> None:
        super().__init__(code, detail, fix=fix)
        self.field = field
        self.see = see
        self.wait_s = wait_s
        self.tell = tell


class Faulted(StationError):
    """A device, the disk or the network below us failed; the caller may try again when it is mended."""
