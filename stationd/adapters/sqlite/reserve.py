"""Space kept back on the disk, so that what a printer did can be written down when nothing else can."""

import errno
import logging
import os
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

RESERVE_BYTES: Final = 2 * 1024 * 1024
"""Settling a card writes under 100 kB of the log, and no card is begun on a full disk: enough for twenty at once."""

RESERVE_FILE: Final = "reserve"


class Reserve:
    """A file of that size beside the database; removed in need, made again as soon as it fits."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size = size

    @property
    def is_kept(self) -> bool:
        """Whether the space is there to be given."""
        try:
            return self._path.stat().st_size >= self._size
        except OSError:
            return False

    def make(self) -> bool:
        """Keep the space back; whether it could be had."""
        if self.is_kept:
            return True
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            _log.warning("cannot keep space back on the disk: %s", error.strerror)
            return False
        try:
            os.posix_fallocate(descriptor, 0, self._size)
        except OSError:
            self.give()
            return False
        finally:
            os.close(descriptor)
        return True

    @property
    def is_read_only(self) -> bool:
        """Whether the file system takes no writes at all, as the kernel leaves it after an error of the disk."""
        try:
            os.close(os.open(self._path, os.O_WRONLY | os.O_CLOEXEC))
        except OSError as error:
            return error.errno == errno.EROFS
        return False

    def give(self) -> bool:
        """Let the space be used; whether there was any to give."""
        had = self.is_kept
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return False
        return had
