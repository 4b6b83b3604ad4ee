"""Errors, sorted by who must act.

``Refused``: the caller asked for something that may not be. ``Faulted``: a device or the machine below us is in
trouble. Everything else that escapes is a defect of ours. Each carries a stable ``code`` (kebab-case, part of the HTTP
contract) and one line of text, "cannot X: why", that never contains a value of a person.

What is refused is named, not worded: ``Refused("job-state", state=job.state)``, or ``"code/case"`` where one code has
several lines. The words stand in :mod:`stationd.domain.sentences`, in both languages, with what to do about it. What
only the log or the command line tells, and what a printer's driver says of its device, is worded in English where it
is raised: ``Faulted("key-unusable", "cannot …", fix="…")``.
"""

from stationd.domain.sentences import SENTENCES
from stationd.domain.words import Advice, Line, Value, Words


class StationError(Exception):
    """The common shape: a stable code, one line of text in two languages, and what to do about it."""

    def __init__(
        self, name: str | Line, detail: str | None = None, /, *, fix: str | None = None, **values: Value
    ) -> None:
        line = name if isinstance(name, Line) else Line(name, values)
        self.code = line.name.partition("/")[0]
        if detail is None:
            sentence = SENTENCES[line.name]
            self.words = sentence.detail.filled(line.values)
            self.remedy = None if sentence.fix is None else sentence.fix.filled(line.values)
        else:
            self.words = Words(detail, detail)
            self.remedy = None if fix is None else Words(fix, fix)
        super().__init__(self.words.en)

    @property
    def detail(self) -> str:
        """What is wrong, in English."""
        return self.words.en

    @property
    def fix(self) -> str | None:
        """What to do about it, in English."""
        return None if self.remedy is None else self.remedy.en

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
        name: str | Line,
        detail: str | None = None,
        /,
        *,
        field: str | None = None,
        see: str | None = None,
        fix: str | None = None,
        wait_s: int | None = None,
        tell: Advice | None = None,
        **values: Value,
    ) -> None:
        super().__init__(name, detail, fix=fix, **values)
        self.field = field
        self.see = see
        self.wait_s = wait_s
        self.tell = tell


class Faulted(StationError):
    """A device, the disk or the network below us failed; the caller may try again when it is mended."""
