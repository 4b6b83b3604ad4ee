"""The files that hold a station's key: which one it is, and what is in it."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stationd.adapters.seal import KEY_FILE
from stationd.cli.ownership import SEALED_KEY_FILE, unsealed
from stationd.domain.errors import Faulted

if TYPE_CHECKING:
    from stationd.config import Settings

PREVIOUS: Final = ".previous"
"""Behind the name of a key that was changed."""


def key_file(settings: "Settings") -> Path | None:
    """Where the station key is: beside the configuration, sealed or in clear, else in the state directory."""
    beside, state_dir = settings.file.absolute().parent, settings.station.state_dir
    places = (beside / SEALED_KEY_FILE, beside / KEY_FILE, state_dir / KEY_FILE)
    return next((file for file in places if file.exists()), None)


def read_key(file: Path) -> bytes:
    """The key in a file. Raises :class:`Faulted` (``key-unusable``)."""
    try:
        return unsealed(file) if SEALED_KEY_FILE in file.name else file.read_bytes()
    except (OSError, subprocess.SubprocessError) as error:
        raise unusable(file, error) from error


def previous_of(file: Path) -> Path:
    """Where the key is kept that the one in ``file`` has replaced."""
    return file.with_name(file.name + PREVIOUS)


def unusable(file: Path, error: Exception) -> Faulted:
    """The fault of a file whose key cannot be read or written."""
    return Faulted(
        "key-unusable",
        f"cannot use {file}: {type(error).__name__}",
        fix="run this as root, on the machine that the key is for",
    )
