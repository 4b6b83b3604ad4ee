"""A genuine ``ippeveprinter`` (Debian: cups-ipp-utils) on a loopback port, whose power can be cut.

Facts about it that tests rely on: one job at a time (``server-error-busy``), also while a job waits for its document;
a failed or killed print command means *aborted*; a cancelled job's command runs to its end; history is kept for 60 s
in memory; after a restart it knows no jobs, and ids start at 1 again.
"""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Self

from tests.rigs.cardlog import CardLog, PrintedCard
from tests.rigs.ports import free_port

PROGRAM = "ippeveprinter"
_SHIM_SOURCE = Path(__file__).with_name("noavahi.c")
_START_S = 60.0


def shim() -> Path:
    """The library that lets it run without avahi; compiled once for each text of its source."""
    digest = hashlib.sha256(_SHIM_SOURCE.read_bytes()).hexdigest()[:16]
    library = Path(tempfile.gettempdir()) / f"stationd-noavahi-{os.getuid()}-{digest}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory() as scratch:
            built = Path(scratch) / "noavahi.so"
            subprocess.run(
                ["cc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", built, _SHIM_SOURCE, "-ldl"], check=True
            )
            fresh = library.with_suffix(f".{os.getpid()}")
            shutil.copy(built, fresh)
            fresh.replace(library)
    return library


class IppEvePrinter:
    """The printer as a context manager: running inside, dead outside.

    Args:
        folder: Its own; holds the spool (documents are kept), the log and the behaviour.
        formats: What ``document-format-supported`` shall be, besides octet-stream.
        port: Fixed over restarts; a free one by default.
    """

    def __init__(
        self, folder: Path, *, formats: tuple[str, ...] = ("application/pdf", "image/png"), port: int | None = None
    ) -> None:
        self.port = free_port() if port is None else port
        self.spool = folder / "spool"
        self.spool.mkdir(parents=True, exist_ok=True)
        self._log = CardLog(folder)
        self._output = folder / "output.log"
        self._command = folder / "print-card"
        self._log.write_step(self._command, job_id='"$IPP_JOB_ID"', name='"$IPP_JOB_NAME"', file='"$1"')
        self._formats = formats
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """For the configuration of a printer with the ``ipp`` driver."""
        return f"ipp://127.0.0.1:{self.port}/ipp/print"

    @property
    def pid(self) -> int:
        """Its process and process group. Raises ``RuntimeError`` when it is off."""
        if self._process is None:
            raise RuntimeError("the printer is off")
        return self._process.pid

    def start(self) -> Self:
        """Power on; returns when it answers. Raises ``RuntimeError`` with its output when it does not."""
        command = [PROGRAM, "-p", str(self.port), "-n", "localhost", "-d", str(self.spool), "-k", "-v"]
        command += ["-f", ",".join(self._formats), "-c", str(self._command), "kartu"]
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, "LD_PRELOAD": str(shim())},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_S
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self
            time.sleep(0.01)
        self.kill()
        raise RuntimeError(f"ippeveprinter does not answer: {self._output.read_text()[-2000:]}")

    def kill(self) -> None:
        """Cut its power: SIGKILL to it and to a card being printed."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Cut its power and switch it on again, on the same port."""
        self.kill()
        self.start()

    def load(self, sheets: int) -> None:
        """Put sheets into its tray, on its own web page; with none it says ``media-empty`` until it has some again."""
        form = f"size1=na_letter_8.5x11in&type1=stationery&level1={sheets}&size3=&type3=&level3=-2"
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/media?{form}", timeout=60) as page:
            page.read()

    def behave(self, shell: str) -> None:
        """What every further card does; see :meth:`tests.rigs.cardlog.CardLog.behave`."""
        self._log.behave(shell)

    def begun(self) -> list[PrintedCard]:
        """Cards whose bytes reached the print command."""
        return self._log.begun()

    def cards(self) -> list[PrintedCard]:
        """Cards that came out."""
        return self._log.cards()

    def wait_for_cards(self, count: int) -> list[PrintedCard]:
        """The cards that came out, once there are ``count``."""
        return self._log.wait_for(count)

    def wait_for_begun(self, count: int) -> list[PrintedCard]:
        """The cards begun, once there are ``count``."""
        return self._log.wait_for(count, begun=True)

    def kept(self, card: PrintedCard) -> bytes:
        """The document that the printer kept for a card."""
        stem = f"{card.job_id}-" + re.sub(r"[^A-Za-z0-9]+", "*", card.name)
        (path,) = [path for path in self.spool.glob(f"{stem}*") if path.suffix != ".prn"]
        return path.read_bytes()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
