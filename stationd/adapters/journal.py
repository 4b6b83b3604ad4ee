"""The log as systemd's journal keeps it: one entry a line, with fields (systemd.journal-fields(7)).

Entries go over the journal's own socket, so that they carry a priority and what they are about: the words of a message
before its values are the names of its fields. ``"printer %s does not answer: %s"`` has the field ``STATIOND_PRINTER``,
and ``journalctl STATIOND_PRINTER=kartu-1`` tells a printer's story.
"""

import logging
import os
import re
import socket
import sys
from collections.abc import Mapping
from typing import Final

JOURNAL_SOCKET: Final = "/run/systemd/journal/socket"

_SUBJECTS: Final = frozenset({"printer", "reader", "attempt", "job", "request", "station", "task", "device", "check"})
"""Words that name what a line is about. Never anything of a person: see CONTRIBUTING."""

_NAMED_VALUE = re.compile(r"(?:(\w+) )?%(?:\.\d)?([sdrfx])")
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7


def is_journal(stream_id: str | None, descriptor: int) -> bool:
    """Whether a file descriptor is the stream named by ``$JOURNAL_STREAM`` (``device:inode``)."""
    if not stream_id:
        return False
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return stream_id == f"{found.st_dev}:{found.st_ino}"


def fields_of(record: logging.LogRecord) -> Mapping[str, str]:
    """The fields of a record besides its text: ``STATIOND_PRINTER`` and the like, by the words of its message."""
    if not isinstance(record.args, tuple):
        return {}
    found: dict[str, str] = {}
    for match, value in zip(_NAMED_VALUE.finditer(str(record.msg)), record.args, strict=False):
        word = match[1]
        if word in _SUBJECTS:
            found[f"STATIOND_{word.upper()}"] = str(value)
    return found


def entry_of(record: logging.LogRecord, text: str) -> bytes:
    """The datagram for a record: ``FIELD=value`` lines, and the length-prefixed form for a value of several lines."""
    fields = {
        "MESSAGE": text,
        "PRIORITY": str(next((level for at, level in _PRIORITIES if record.levelno >= at), _DEBUG)),
        "SYSLOG_IDENTIFIER": "stationd",
        "LOGGER": record.name,
        "CODE_FUNC": record.funcName or "",
        "CODE_LINE": str(record.lineno),
        **fields_of(record),
    }
    return b"".join(_written(name, value) for name, value in fields.items())


def _written(name: str, value: str) -> bytes:
    data = value.encode(errors="replace")
    if b"\n" not in data:
        return name.encode() + b"=" + data + b"\n"
    return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"


class JournalHandler(logging.Handler):
    """Writes records to the journal; where it takes none (gone, or its queue is full), to standard error."""

    def __init__(self, address: str = JOURNAL_SOCKET) -> None:
        super().__init__()
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one entry."""
        text = self.format(record)
        try:
            self._socket.sendto(entry_of(record, text), self._address)
        except OSError:
            sys.stderr.write(f"{text}\n")

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        super().close()


class Repeats(logging.Filter):
    """Lets the same line through once in ``every_s``, then says how often it came meanwhile.

    Lines are the same when template and values are. What is remembered is bounded: beyond ``most`` different lines the
    oldest is forgotten.
    """

    def __init__(self, every_s: float = 60.0, most: int = 512) -> None:
        super().__init__()
        self._every_s = every_s
        self._most = most
        self._seen: dict[tuple[str, str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; one that is after others were kept back says how many."""
        key = (record.name, str(record.msg), repr(record.args))
        at, kept_back = self._seen.get(key, (None, 0))
        now = record.created
        if at is not None and 0 <= now - at < self._every_s:
            self._seen[key] = (at, kept_back + 1)
            return False
        self._seen.pop(key, None)
        while len(self._seen) >= self._most:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = (now, 0)
        if kept_back:
            record.msg = f"{record.msg} (and {kept_back} times more before)"
        return True
