"""Commands of root act as the user whose station it is: a file that root left behind would shut the daemon out.

The station key may be root's alone (systemd hands it to the daemon as a credential). It is read first, and lies for as
long as the command runs where systemd would have put it: in a folder in memory that only the station's user can read.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from stationd.adapters.seal import KEY_FILE
from stationd.config import Settings
from stationd.domain.errors import Faulted

SEALED_KEY_FILE: Final = f"{KEY_FILE}.cred"
"""The key as systemd-creds(1) sealed it to this machine, beside the configuration file."""


def key_beside(config: Path) -> bytes | None:
    """The station key that stands beside the configuration, in clear or sealed to this machine; ``None``: neither.

    Raises :class:`Faulted` (``key-unusable``) when it is there and cannot be opened.
    """
    plain, sealed = config.parent / KEY_FILE, config.parent / SEALED_KEY_FILE
    try:
        if sealed.exists():
            return unsealed(sealed)
        return plain.read_bytes() if plain.exists() else None
    except (OSError, subprocess.SubprocessError) as error:
        raise Faulted(
            "key-unusable",
            f"cannot open the station key beside {config}: {type(error).__name__}",
            fix="run this as root, on the machine that the key was sealed to",
        ) from error


def unsealed(file: Path) -> bytes:
    """A key that was sealed to this machine. Raises ``OSError`` or ``SubprocessError``."""
    done = subprocess.run(  # noqa: S603 - fixed words and the place of our own file
        ["systemd-creds", "decrypt", f"--name={KEY_FILE}", str(file), "-"],  # noqa: S607 - root's own path
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def seal_to_machine(key: bytes, file: Path) -> None:
    """Seal a key to this machine (its TPM where there is one). Raises ``OSError`` or ``SubprocessError``."""
    subprocess.run(  # noqa: S603 - fixed words and the place of our own file
        ["systemd-creds", "encrypt", f"--name={KEY_FILE}", "-", str(file)],  # noqa: S607 - root's own path
        input=key,
        capture_output=True,
        check=True,
        timeout=60,
    )
    file.chmod(0o400)


def step_down(settings: Settings) -> None:
    """Where root calls, go on as the owner of the state directory; nothing happens for anybody else."""
    state_dir = settings.station.state_dir
    if os.geteuid() != 0 or not state_dir.exists() or state_dir.stat().st_uid == 0:
        return
    owner = pwd.getpwuid(state_dir.stat().st_uid)
    key = key_beside(settings.file)
    if key is not None:
        os.environ["CREDENTIALS_DIRECTORY"] = str(_lent(key, owner))
    os.initgroups(owner.pw_name, owner.pw_gid)
    os.setgid(owner.pw_gid)
    os.setuid(owner.pw_uid)


def _lent(key: bytes, owner: pwd.struct_passwd) -> Path:
    memory = Path("/dev/shm")  # noqa: S108 - memory, never a disk; the folder in it is private
    folder = Path(tempfile.mkdtemp(prefix="stationd-", dir=memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / KEY_FILE
    file.touch(mode=0o400)
    file.write_bytes(key)
    os.chown(file, owner.pw_uid, owner.pw_gid)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder
