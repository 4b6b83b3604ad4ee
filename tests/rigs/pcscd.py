"""A genuine ``pcscd`` (Debian: pcscd) with the virtual reader of ``vsmartcard-vpcd``, on a socket of its own.

The daemon's socket has a fixed place, but it takes one that it inherits (socket activation), and its clients take the
place from ``PCSCLITE_CSOCK_NAME``, which libpcsclite reads once a process: so there is one path a process. It makes
/run/pcscd and needs the right to do so; several run beside each other.
"""

import atexit
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from tests.rigs.ports import free_port

_LIBRARY = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_START_S = 60.0
_ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp("pcscd", ["pcscd", "-f", "-e", "-c", sys.argv[2]])
"""
_folder = Path(tempfile.mkdtemp(prefix="stationd-pcscd-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
SOCKET = _folder / "pcscd.sock"
os.environ["PCSCLITE_CSOCK_NAME"] = str(SOCKET)


class Pcscd:
    """The service as a context manager. ``ports``: where its two slots wait for a virtual card."""

    def __init__(self) -> None:
        first = free_port(neighbours=1)  # the driver's second slot takes the next one
        self.ports = (first, first + 1)
        self._output = _folder / "output.log"
        self._configuration = _folder / "reader.conf.d"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it; returns when its readers listen. Raises ``RuntimeError`` with its output when they do not."""
        self._configuration.mkdir(exist_ok=True)
        (self._configuration / "vpcd").write_text(
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{self.ports[0]:#x}\n'
            f"LIBPATH {_LIBRARY}\nCHANNELID {self.ports[0]:#x}\n",
            encoding="ascii",
        )
        with socket.socket(socket.AF_UNIX) as listening, self._output.open("ab") as output:
            listening.bind(str(SOCKET))
            listening.listen(64)
            self._process = subprocess.Popen(
                [sys.executable, "-c", _ACTIVATE, str(listening.fileno()), str(self._configuration)],
                pass_fds=(listening.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + _START_S
        while self._process.poll() is None and time.monotonic() < deadline:
            if all(_is_listening(port) for port in self.ports):
                return self
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"pcscd does not come up: {self._output.read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        """SIGKILL: the service crashes."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        SOCKET.unlink(missing_ok=True)

    def stop(self) -> None:
        """SIGTERM: it is stopped in order."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=30)
        self.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _is_listening(port: int) -> bool:
    """Whether somebody listens, without connecting: a connection would be a card."""
    wanted = f":{port:04X} "
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                local, state = line.split()[1], line.split()[3]
                if f"{local} ".endswith(wanted) and state == "0A":
                    return True
    return False
