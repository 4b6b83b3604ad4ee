"""The daemon as a process of its own: started by its command line, spoken to over HTTP, killed at will."""

import asyncio
import atexit
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from stationd.domain.blanks import Account
from stationd.domain.events import GENESIS, linked

START_WITHIN_S = 60.0
OFFICER = "199901012026011001"
PIN = "rahasia-contoh"
_new_books: dict[str, tuple[Path, str]] = {}
"""By station: a state directory with its first token, and that token."""


class StationProcess:
    """One station in ``folder``: ``station.toml``, the state directory, and an API on a unix socket there.

    ``printers`` are the ``[[printer]]`` tables as dictionaries; ``wrapper`` replaces ``-m stationd`` as the arguments
    of the interpreter, so that a test can put a fault between the daemon and its adapters. It prints without an
    officer unless ``is_duty_required``, leaves the USB bus alone unless ``is_watching``, and listens on its unix socket
    alone unless ``is_on_tcp``.
    """

    def __init__(
        self,
        folder: Path,
        printers: Sequence[Mapping[str, object]] = (),
        *,
        extra: str = "",
        wrapper: Sequence[str] = ("-m", "stationd"),
        environment: Mapping[str, str] | None = None,
        is_duty_required: bool = False,
        is_watching: bool = False,
        is_on_tcp: bool = False,
        station: str = "1671-07",
        name: str = "Kecamatan Contoh",
    ) -> None:
        self.folder = folder
        self.socket = folder / "api.sock"
        self.config = folder / "station.toml"
        self.database = folder / "state" / "station.db"
        self.log = folder / "stationd.log"
        self.wrapper = tuple(wrapper)
        self.environment = dict(environment or {})
        self.process: subprocess.Popen[bytes] | None = None
        self.token = ""
        self.is_duty_required = is_duty_required
        self.is_watching = is_watching
        self.is_on_tcp = is_on_tcp
        self.station = station
        self.name = name
        self._session: aiohttp.ClientSession | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.configure(printers, extra)

    def configure(self, printers: Sequence[Mapping[str, object]], extra: str = "") -> None:
        """Write the configuration; it counts from the next start."""
        station = f'[station]\nid = "{self.station}"\nname = "{self.name}"\nstate_dir = "{self.folder}/state"\n'
        listen = [f"unix:{self.socket}", *(["127.0.0.1:0"] if self.is_on_tcp else [])]
        tables = [f"{station}[http]\nlisten = {_toml(listen)}\n{extra}\n"]
        if "[devices]" not in extra:
            tables.append(f"[devices]\nwatch = {_toml(self.is_watching)}\n")
        if "[duty]" not in extra:
            tables.append(f"[duty]\nrequired = {_toml(self.is_duty_required)}\n")
        if "[[profile]]" not in extra:  # hundreds of cards in a row, and no machine that gets hot
            tables.append('[[profile]]\nname = "ktp-el"\nrest_after_cards = 0\n')
        for printer in printers:
            lines = [f"{key} = {_toml(value)}" for key, value in printer.items()]
            tables.append("[[printer]]\n" + "\n".join(lines) + "\n")
        self.config.write_text("\n".join(tables), encoding="utf-8")

    def command(self, *arguments: str) -> str:
        """Run a command of ours beside the daemon; what it printed. Raises when it failed."""
        done = subprocess.run(
            [sys.executable, "-m", "stationd", *arguments, "--config", str(self.config)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(f"stationd {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def spawn(self, pass_fds: Sequence[int] = ()) -> subprocess.Popen[bytes]:
        """Start the process without waiting for it; it inherits ``pass_fds``."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.wrapper, "run", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,
                pass_fds=pass_fds,
            )
        return self.process

    async def start(self) -> Self:
        """Start it and wait until it answers; a token of role admin is made at the first start."""
        if not self.token:
            self.token = self._first_token()
        self.spawn()
        await self.until_up()
        return self

    def _first_token(self) -> str:
        """A token in new books. The command makes them once for each station's id; further stations get a copy."""
        create = ("token", "create", "--role", "admin", "--name", "test")
        if self.database.exists() or "CREDENTIALS_DIRECTORY" in os.environ:  # they are sealed already, or will be by it
            return self.command(*create).strip()
        state = self.folder / "state"
        if self.station not in _new_books:
            token = self.command(*create).strip()
            kept = Path(tempfile.mkdtemp(prefix="stationd-new-books-"))
            atexit.register(shutil.rmtree, kept, ignore_errors=True)
            _new_books[self.station] = shutil.copytree(state, kept / "state"), token
            return token
        kept, token = _new_books[self.station]
        shutil.copytree(kept, state, dirs_exist_ok=True)
        return token

    async def until_up(self) -> float:
        """Wait until the API answers; how many seconds that took. Raises when the process ended instead."""
        began = time.perf_counter()
        while time.perf_counter() - began < START_WITHIN_S:
            if self.process is None or self.process.poll() is not None:
                raise RuntimeError(f"the station ended at its start:\n{self.tail()}")
            try:
                async with self.session.get("http://localhost/healthz") as answer:
                    if answer.status == 200:
                        return time.perf_counter() - began
            except aiohttp.ClientError:
                await asyncio.sleep(0.01)
        raise RuntimeError(f"the station did not answer in time:\n{self.tail()}")

    @property
    def address(self) -> str:
        """Where it listens on the loopback interface, when it does: ``http://127.0.0.1:40123``."""
        return re.findall(r"https?://127\.0\.0\.1:\d+", self.log.read_text(encoding="utf-8"))[-1]

    @property
    def session(self) -> aiohttp.ClientSession:
        """A client session over the station's socket."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.socket), force_close=True))
        return self._session

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Status and decoded body of one call with the admin token; keyword arguments are headers with underscores."""
        sent = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        data = None if body is None else io.BytesIO(json.dumps(body).encode())
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(method, f"http://localhost{path}", data=data, headers=sent) as answer:
            kind = answer.content_type
            return answer.status, await answer.json(content_type=None) if kind.endswith("json") else await answer.text(
                errors="replace"
            )

    def appoint(self, number: str = OFFICER, pin: str = PIN, *, since: str = "2020-01-01", until: str = "2029-12-31"):
        """Enter an invented officer by the command line; the PIN comes from a file."""
        pin_file = self.folder / "pin"
        pin_file.write_text(pin, encoding="utf-8")
        about = ("--name", "Petugas Contoh", "--decree", "SK Contoh 1/2020", "--from", since, "--until", until)
        self.command("officer", "add", "--number", number, *about, "--pin-file", str(pin_file))

    async def sign_in(self, number: str = OFFICER, pin: str = PIN) -> str:
        """The token of a new session."""
        status, answer = await self.call("POST", "/v1/sessions", {"number": number, "pin": pin})
        assert status == 201, answer
        return answer["token"]

    async def go_on_duty(self, number: str = OFFICER, pin: str = PIN) -> str:
        """Sign an officer in and on duty; the token of the session."""
        token = await self.sign_in(number, pin)
        status, answer = await self.call("POST", "/v1/duty", Authorization=f"Bearer {token}")
        assert status == 204, answer
        return token

    async def submit(self, number: int, document: bytes, media_type: str = "image/png") -> tuple[int, Any]:
        """Submit the ``number``-th invented order; the same number is the same request."""
        return await self.call("POST", "/v1/jobs", job(number, document, media_type), Idempotency_Key=f"key-{number}")

    async def receive(self, quantity: int) -> None:
        """Enter a delivery of blanks."""
        status, answer = await self.call("POST", "/v1/blanks/entries", {"kind": "received", "quantity": quantity})
        assert status in {200, 201}, answer

    async def settled(self, *, timeout_s: float = 60) -> dict[str, int]:
        """Wait until no job is queued or printing; the counts by state."""
        deadline = time.monotonic() + timeout_s
        while True:
            counts = self.counts()
            if not counts.get("queued", 0) and not counts.get("printing", 0):
                return counts
            if time.monotonic() > deadline:
                raise TimeoutError(f"jobs are still at work: {counts}\n{self.tail()}")
            await asyncio.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL, now."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def terminate(self, timeout_s: float = 60) -> float:
        """SIGTERM, and wait; how many seconds it took to end."""
        if self.process is None or self.process.poll() is not None:
            return 0.0
        began = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout_s)
        return time.perf_counter() - began

    async def aclose(self) -> None:
        """End the process and the session."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        if self._session is not None:
            await self._session.close()

    async def __aenter__(self) -> Self:
        try:
            return await self.start()
        except BaseException:
            await self.aclose()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # --------------------------------------------------------------------------------- the books, read from outside

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the station's database, read beside it."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=60)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def counts(self) -> dict[str, int]:
        """Jobs by state, counted."""
        return dict(self.rows("SELECT state, count(*) FROM job GROUP BY state"))

    def check_books(self) -> None:
        """Every invariant that can be read from the database; raises ``AssertionError`` with the one that broke."""
        balances = dict(self.rows("SELECT name, balance FROM blank_account"))
        assert sum(balances.values()) == 0, balances
        assert all(balance >= 0 for name, balance in balances.items() if name != Account.CENTRE), balances
        for name, balance in balances.items():
            entered = self.rows(
                f"SELECT coalesce(sum(CASE target WHEN '{name}' THEN quantity ELSE -quantity END), 0) "
                f"FROM blank_entry WHERE '{name}' IN (source, target)"
            )
            assert entered == [(balance,)], (name, balance, entered)
        counts = self.counts()
        in_question = counts.get("printing", 0) + counts.get("uncertain", 0)
        assert balances["printer"] == in_question, (balances, counts)
        assert self.rows("SELECT count(*) FROM attempt WHERE outcome IS NULL") == [(in_question,)]
        ((gone,),) = self.rows(
            "SELECT coalesce(sum(quantity), 0) FROM blank_entry WHERE source = 'issued' AND target = 'destroyed'"
        )  # cards that were destroyed later
        assert balances["issued"] + gone == counts.get("printed", 0), (balances, counts)
        kept = dict(self.rows("SELECT label, value FROM tally WHERE name = 'job_state' AND value <> 0"))
        assert kept == counts, (kept, counts)
        previous = GENESIS
        for *row, hash_ in self.rows("SELECT * FROM event ORDER BY seq"):
            assert linked(previous, row) == hash_, f"the chain breaks at event {row[0]}"
            previous = hash_
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        assert self.rows("PRAGMA foreign_key_check") == []

    def tail(self) -> str:
        """The end of the log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:] if self.log.exists() else ""


def job(
    number: int, document: bytes, media_type: str = "image/png", *, phone: str = "+620000000000"
) -> dict[str, object]:
    """The body of an invented order."""
    import base64

    return {
        "order": f"PRR-16711-{number:06d}",
        "kind": "first",
        "holder": {
            "nik": f"9999{number // 9999:08d}{number % 9999 + 1:04d}",
            "name": "Contoh Rekaan",
            "address": "Jalan Umpama 1",
            "phone": phone,
        },
        "document": {"media_type": media_type, "data": base64.b64encode(document).decode()},
    }


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
