"""A file that is there whole or not at all: written beside its place, brought to the disk, then given its name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from stationd.domain.errors import Faulted


@contextmanager
def whole(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """The file to write into; on leaving without trouble it takes the place of ``path``, which readers see at once.

    The name in between begins with a dot, so that who reads a folder by pattern passes it by. Raises :class:`Faulted`
    (``file-unwritable``).
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(mode)
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Faulted("file-unwritable", f"cannot write {path}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            beside.unlink()
