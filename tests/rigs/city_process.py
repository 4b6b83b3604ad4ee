"""`stationd-city` as a process of its own, killed at will."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path


class CityProcess:
    """`stationd-city` in a folder: commands, and the program itself.

    ``servers`` are their addresses, ``pem`` the authority that signed their certificates.
    """

    def __init__(
        self,
        folder: Path,
        servers: Sequence[str],
        pem: Path,
        database: str,
        *,
        replicas: int = 1,
        leave_ahead: int = 200,
        mib: int = 64,
    ) -> None:
        self.folder, self.log = folder, folder / "city.log"
        self.config = folder / "city.toml"
        folder.mkdir()
        token = folder / "door.token"
        token.write_text("0123456789abcdef" * 4)
        token.chmod(0o600)
        self.config.write_text(
            f'[city]\nid = "1671"\nkey_file = "{folder}/city.key"\nleave_ahead = {leave_ahead}\n'
            f'[books]\ndatabase = "{database}"\n'
            f'[nats]\nservers = {json.dumps(list(servers))}\nca_file = "{pem}"\nreplicas = {replicas}\n'
            f'events_mib = {mib}\norders_mib = {mib}\n[http]\nport = 0\ntoken_file = "{token}"\n'
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}
        """More of the environment, from the next start on."""
        self.before = ""
        """Statements before the program itself."""

    def command(self, *arguments, given=b"", exits=(0,)):
        """What a command printed."""
        done = subprocess.run(
            [sys.executable, "-m", "stationd.city", "--config", str(self.config), *arguments],
            input=given,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode in exits, done.stderr.decode()
        return done.stdout.decode()

    def lines(self, *arguments, **more):
        """The lines of JSON that a command printed."""
        return [json.loads(line) for line in self.command(*arguments, **more).splitlines()]

    def start(self):
        """Run it."""
        with self.log.open("ab") as log:
            program = ["-c", f"{self.before}\nimport sys\nfrom stationd.city.cli import main\nsys.exit(main())"]
            command = [sys.executable, *(program if self.before else ["-m", "stationd.city"])]
            self.process = subprocess.Popen(
                [*command, "--config", str(self.config), "run"],
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
            )

    def end(self, with_signal=signal.SIGKILL):
        """Make an end of it."""
        if self.process is not None:
            self.process.send_signal(with_signal)
            self.process.wait()
            self.process = None

    def is_connected(self) -> bool:
        """Whether it says at its door that it is connected to the servers."""
        found = re.findall(r"http://127\.0\.0\.1:\d+", self.log.read_text(encoding="utf-8"))
        if not found:
            return False
        try:
            with urllib.request.urlopen(f"{found[-1]}/metrics", timeout=10) as answer:
                return b"stationd_books_connected 1.0" in answer.read()
        except OSError:
            return False
