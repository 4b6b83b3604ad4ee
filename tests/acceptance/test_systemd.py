"""What systemd is told and asks for: readiness, the watchdog, sockets that outlive the process, reload by SIGHUP.

Here systemd is a datagram socket and ``systemd-socket-activate``; the campaign boots a genuine one.
"""

import asyncio
import signal
import socket
from contextlib import contextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from tests.rigs.documents import png

WITHIN_S = 60
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "-m", "stationd", *sys.argv[2:]])
"""


class Listener:
    """The end of ``$NOTIFY_SOCKET``."""

    def __init__(self, bound: socket.socket) -> None:
        self.bound = bound
        self.said: list[str] = []

    async def until(self, word: str) -> str:
        """Wait for an assignment that begins with ``word``, skipping others; it is taken from what was said."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(WITHIN_S):
            while True:
                for number, line in enumerate(self.said):
                    if line.startswith(word):
                        del self.said[: number + 1]
                        return line
                self.said += (await loop.sock_recv(self.bound, 4096)).decode().splitlines()

    def forget(self) -> None:
        """Drop what was said, also what was not read yet."""
        self.said.clear()
        with suppress(BlockingIOError):
            while True:
                self.bound.recv(4096)


async def halted(pid: int) -> None:
    """Wait until none of its threads moves any more."""
    async with asyncio.timeout(WITHIN_S):
        while any(
            (thread / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "T"
            for thread in Path(f"/proc/{pid}/task").iterdir()
        ):
            await asyncio.sleep(0.01)


async def said(systemd: Listener, *, within_s: float) -> int:
    """How often the watchdog is fed in some time."""
    count = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while True:
                await systemd.until("WATCHDOG=1")
                count += 1
    return count


@contextmanager
def listener(folder):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(folder / "notify"))
        bound.setblocking(False)
        yield Listener(bound)


@pytest.fixture
def printer(tmp_path):
    return {"name": "kartu-1", "driver": "simulator", "seconds": 0.05, "folder": str(tmp_path / "cards")}


async def test_systemd_is_told_of_readiness_in_words_of_progress_and_of_the_stop(stocked, printer, tmp_path):
    with listener(tmp_path) as systemd:
        async with stocked(printer) as station:
            station.environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"}
            await station.start()
            await systemd.until("READY=1")
            await systemd.until("STATUS=")
            for _ in range(5):
                await systemd.until("WATCHDOG=1")
            station.terminate()
            await systemd.until("STOPPING=1")


async def test_a_process_that_does_not_move_is_not_said_to_be_alive(stocked, printer, tmp_path):
    with listener(tmp_path) as systemd:
        async with stocked(printer) as station:
            station.environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
            await station.start()
            await systemd.until("WATCHDOG=1")
            assert station.process is not None
            station.process.send_signal(signal.SIGSTOP)
            await halted(station.process.pid)
            systemd.forget()
            assert await said(systemd, within_s=1) == 0
            station.process.send_signal(signal.SIGCONT)
            await systemd.until("WATCHDOG=1")


async def test_no_request_is_refused_while_the_configuration_is_reloaded(stocked, printer, tmp_path):
    """Requests keep coming over three reloads; each is answered, and the new printer prints afterwards."""
    answers: list[int] = []
    has_finished = asyncio.Event()

    async def ask(station) -> None:
        while not has_finished.is_set():
            try:
                async with station.session.get("http://localhost/healthz") as answer:
                    answers.append(answer.status)
            except aiohttp.ServerDisconnectedError:
                continue  # a connection that was open and idle may be closed; one that was made is answered
            await asyncio.sleep(0.005)

    with listener(tmp_path) as systemd:
        async with stocked(printer) as station:
            station.environment = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
            await station.start()
            await systemd.until("READY=1")
            asking = asyncio.create_task(ask(station))
            for number in range(2, 5):
                other = {**printer, "name": f"kartu-{number}", "folder": str(tmp_path / f"cards-{number}")}
                station.configure([other])
                station.process.send_signal(signal.SIGHUP)
                await systemd.until("RELOADING=1")
                await systemd.until("READY=1")
            status, _ = await station.submit(1, png(64))
            assert status == 201
            await station.settled()
            has_finished.set()
            await asking
            assert set(answers) == {200}
            assert len(list((tmp_path / "cards-4").glob("*.png"))) == 1
            assert station.socket.exists()
            station.terminate()
            assert not station.socket.exists()
            station.check_books()


async def test_a_configuration_with_problems_changes_nothing(stocked, printer, tmp_path):
    with listener(tmp_path) as systemd:
        async with stocked(printer) as station:
            station.environment = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
            await station.start()
            await systemd.until("READY=1")
            good = station.config.read_text(encoding="utf-8")
            for bad, told in [
                ("[station]\nnonsense = 1\n", "nonsense"),
                (good.replace('"1671-07"', '"1671-08"'), "station.id = 1671-08: allowed is 1671-07"),
                (good.replace('driver = "simulator"', 'driver = "ipp"'), "driver"),
            ]:
                station.config.write_text(bad, encoding="utf-8")
                station.process.send_signal(signal.SIGHUP)
                await systemd.until("RELOADING=1")
                await systemd.until("READY=1")
                assert "cannot reload, nothing is changed" in station.tail()
                assert told in station.tail()
            status, _ = await station.submit(1, png(64))
            assert status == 201
            await station.settled()
            assert len(list((tmp_path / "cards").glob("*.png"))) == 1


async def test_a_station_that_cannot_start_anew_goes_on_as_before(stocked, printer, tmp_path):
    """The new address is taken by somebody else: only starting tells, so the former configuration comes back."""
    with listener(tmp_path) as systemd, socket.create_server(("127.0.0.1", 0)) as taken:
        async with stocked(printer) as station:
            station.environment = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
            await station.start()
            await systemd.until("READY=1")
            good = station.config.read_text(encoding="utf-8")
            port = taken.getsockname()[1]
            station.config.write_text(good.replace("listen = [", f'listen = ["127.0.0.1:{port}", '), encoding="utf-8")
            station.process.send_signal(signal.SIGHUP)
            await systemd.until("RELOADING=1")
            await systemd.until("READY=1")
            assert "the former one goes on" in station.tail()
            status, _ = await station.submit(1, png(64))
            assert status == 201


async def test_sockets_held_by_systemd_refuse_nobody_over_a_sigkill(stocked, printer, tmp_path):
    """As with the socket units: the process is killed again and again, and every request is answered in the end."""
    async with stocked(printer) as station:
        held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        held.bind(str(station.socket))
        held.listen(64)
        station.wrapper = ("-c", ACTIVATE, str(held.fileno()))
        with held:
            answered = 0
            for _ in range(3):
                station.spawn(pass_fds=(held.fileno(),))
                async with station.session.get("http://localhost/healthz") as answer:
                    answered += answer.status == 200
                station.kill()
            assert answered == 3
            station.spawn(pass_fds=(held.fileno(),))
            await station.until_up()
            station.terminate()
            assert station.socket.exists(), "the socket is systemd's to remove"
