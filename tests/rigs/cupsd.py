"""A genuine ``cupsd`` (Debian: cups-daemon) on a loopback port and a unix socket, with one queue and its backend.

The backend writes down what it was given. It runs as root, because that is what cupsd is started as.

Facts about it that tests rely on: a job without its document is held (``job-incoming``, no documents); a transfer cut
short is forgotten; with ``DirtyCleanInterval 0`` acknowledged jobs survive SIGKILL, and **it sends an interrupted job
again by itself** at the next start.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.rigs.cardlog import CardLog, PrintedCard
from tests.rigs.ports import free_port

QUEUE = "kartu-1"
DEVICE_URI = "cardlog:/one"
ONCE = Path(__file__).parents[2] / "config/cups/stationd-once"
"""The backend of the project that starts another one at most once a job."""
_SYSTEM_BIN = Path("/usr/lib/cups")
_START_S = 60.0

_CUPSD_CONF = """
LogLevel debug
Listen 127.0.0.1:{port}
Listen {socket}
Browsing Off
DefaultAuthType None
WebInterface No
PreserveJobHistory Yes
PreserveJobFiles Yes
MaxJobs 500
MaxJobTime 0
DirtyCleanInterval 0
SyncOnClose Yes
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  JobPrivateAccess default
  JobPrivateValues default
  SubscriptionPrivateAccess default
  SubscriptionPrivateValues default
{strict}
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""

_STRICT = """
  <Limit CUPS-Add-Modify-Printer CUPS-Delete-Printer CUPS-Get-Devices>
    AuthType Basic
    Require user @SYSTEM
    Order deny,allow
  </Limit>
"""

_FILES_CONF = """
ServerRoot {folder}/root
ServerBin {folder}/bin
DataDir /usr/share/cups
DocumentRoot /usr/share/cups/doc-root
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/state
TempDir {folder}/spool/tmp
AccessLog {folder}/log/access_log
ErrorLog {folder}/log/error_log
PageLog {folder}/log/page_log
User lp
Group lp
SystemGroup root
"""

_PRINTERS_CONF = """
<Printer {queue}>
UUID urn:uuid:{uuid}
Info {queue}
DeviceURI {device_uri}
State Idle
Accepting Yes
Shared No
JobSheets none none
QuotaPeriod 0
PageLimit 0
KLimit 0
OpPolicy default
ErrorPolicy {error_policy}
</Printer>
"""


class Cupsd:
    """The spooler as a context manager: running inside, dead outside.

    Args:
        folder: Its own; holds configuration, spool, logs and the behaviour of the backend.
        error_policy: What it does when the backend fails: ``abort-job``, ``retry-job``, ``stop-printer``.
        usb: Device URIs of USB printers that it sees (and a backend for them); a stand-in for ``cups-deviced`` tells.
        is_strict: Let only an administrator manage queues, as CUPS does by default.
        has_drivers: With the drivers that are installed on this machine, as an office has them. They run as the user
            ``lp``, who must be able to reach the folder.
        is_once: Put the project's ``stationd-once`` before the backend, which is then started at most once a job.
    """

    def __init__(
        self,
        folder: Path,
        *,
        error_policy: str = "abort-job",
        is_once: bool = False,
        usb: Sequence[str] = (),
        is_strict: bool = False,
        has_drivers: bool = False,
    ) -> None:
        self.port = free_port()
        self.folder = folder
        self._sockets = tempfile.TemporaryDirectory(prefix="cupsd-")  # tmp_path is too long for a socket's name
        self.socket = Path(self._sockets.name) / "cups.sock"
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("root", "bin/backend", "spool/tmp", "cache", "state", "log"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name in ("daemon", "notifier", "filter", "monitor"):
            link = folder / "bin" / name
            if (_SYSTEM_BIN / name).exists() and not link.is_symlink():
                link.symlink_to(_SYSTEM_BIN / name)
        if has_drivers:
            (folder / "bin/driver").symlink_to(_SYSTEM_BIN / "driver")
        if usb:
            self._see(usb)
        strict = _STRICT if is_strict else ""
        self._write("cupsd.conf", _CUPSD_CONF.format(port=self.port, socket=self.socket, strict=strict))
        self._write("cups-files.conf", _FILES_CONF.format(folder=folder))
        device_uri = f"{'stationd-once:' if is_once else ''}{DEVICE_URI}"
        printers = _PRINTERS_CONF.format(
            queue=QUEUE, uuid=uuid.uuid4(), error_policy=error_policy, device_uri=device_uri
        )
        self._write("root/printers.conf", printers)
        self._log = CardLog(folder / "cards")
        # mode 0700: cupsd runs such a backend as root, who may read the spool
        self._log.write_step(folder / "bin/backend/cardlog", job_id='"$1"', name='"$3"', file='"$6"')
        self._log.write_step(folder / "bin/backend/usb", job_id='"$1"', name='"$3"', file='"$6"')
        # behind a driver the card comes through filters, on the standard input
        data = f'"${{6:-$(cat > {folder}/card-$1; echo {folder}/card-$1)}}"'
        self._log.write_step(folder / "bin/backend/gutenprint53+usb", job_id='"$1"', name='"$3"', file=data)
        shutil.copy(ONCE, folder / "bin/backend/stationd-once")
        (folder / "bin/backend/stationd-once").chmod(0o700)

    def _see(self, uris: Sequence[str]) -> None:
        """A folder of programs of its own, with one that lists these devices (Debian's is in a package of its own)."""
        programs = self.folder / "bin/daemon"
        programs.unlink()
        programs.mkdir()
        for name in ("cups-exec", "cups-driverd"):
            (programs / name).symlink_to(_SYSTEM_BIN / "daemon" / name)
        (programs / "cups-deviced").write_text(
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
            "from stationd.adapters.printers.ipp.codec import encode\n"
            "from stationd.adapters.printers.ipp.message import Group, GroupTag, Message, Tag, attribute\n"
            "head = Group(GroupTag.OPERATION, (attribute('attributes-charset', Tag.CHARSET, 'utf-8'),\n"
            "    attribute('attributes-natural-language', Tag.NATURAL_LANGUAGE, 'en')))\n"
            f"seen = [Group(GroupTag.PRINTER, (attribute('device-uri', Tag.URI, uri),)) for uri in {list(uris)!r}]\n"
            "answer = encode(Message(0, int(sys.argv[1]), (head, *seen)))\n"
            "sys.stdout.buffer.write(b'Content-Type: application/ipp\\n\\n' + answer)\n"
        )
        (programs / "cups-deviced").chmod(0o700)

    @property
    def uri(self) -> str:
        """The queue over TCP."""
        return f"ipp://127.0.0.1:{self.port}/printers/{QUEUE}"

    @property
    def server_uri(self) -> str:
        """The server itself over its unix socket, where it knows who asks."""
        return f"ipp+unix://{self.socket}?path=/"

    @property
    def socket_uri(self) -> str:
        """The queue over the unix socket."""
        return f"ipp+unix://{self.socket}?path=/printers/{QUEUE}"

    def start(self) -> Self:
        """Start it; returns when it answers. Raises ``RuntimeError`` with its log when it does not."""
        command = ["cupsd", "-f", "-c", str(self.folder / "cupsd.conf"), "-s", str(self.folder / "cups-files.conf")]
        with (self.folder / "log/output").open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        deadline = time.monotonic() + _START_S
        while self._process.poll() is None and time.monotonic() < deadline:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), timeout=1),
                socket.socket(socket.AF_UNIX) as local,
            ):
                local.connect(str(self.socket))  # bound after the port, and not there yet for a moment
                return self
            time.sleep(0.01)
        self.kill()
        logs = [(self.folder / "log" / name) for name in ("output", "error_log")]
        told = "".join(path.read_text()[-2000:] for path in logs if path.exists())
        raise RuntimeError(f"cupsd does not answer: {told}")

    def kill(self) -> None:
        """SIGKILL to it and to a backend at work, as when the machine loses power."""
        process, self._process = self._process, None
        if process is None:
            return
        # a backend has a process group of its own: collect the children before their parent is gone
        children = _children(process.pid)
        process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        process.wait()

    def kill_alone(self) -> None:
        """SIGKILL to it only: a backend at work goes on, as an orphan."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def kill_backend(self) -> int:
        """SIGKILL to the real backends at work; how many there were."""
        killed = 0
        for child in _children(self._process.pid) if self._process is not None else ():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                if any(word.endswith(b"/backend/cardlog") for word in words[:2]):
                    os.kill(child, signal.SIGKILL)
                    killed += 1
        return killed

    def restart(self) -> None:
        """Kill it and start it again, on the same port and socket."""
        self.kill()
        self.start()

    def behave(self, shell: str) -> None:
        """What every further card does; see :meth:`tests.rigs.cardlog.CardLog.behave`."""
        self._log.behave(shell)

    def begun(self) -> list[PrintedCard]:
        """Cards whose bytes reached the backend."""
        return self._log.begun()

    def cards(self) -> list[PrintedCard]:
        """Cards that came out."""
        return self._log.cards()

    def data_of(self, card: PrintedCard) -> bytes:
        """What the backend of a driver was given for a card."""
        return (self.folder / f"card-{card.job_id}").read_bytes()

    def wait_for_cards(self, count: int) -> list[PrintedCard]:
        """The cards that came out, once there are ``count``."""
        return self._log.wait_for(count)

    def wait_for_begun(self, count: int) -> list[PrintedCard]:
        """The cards begun, once there are ``count``."""
        return self._log.wait_for(count, begun=True)

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._sockets.cleanup()


def _children(pid: int) -> list[int]:
    """The processes below one, all generations."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += [int(child), *_children(int(child))]
    return found
