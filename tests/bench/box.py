"""The box that nobody looks after: exposure, start, idle, a backup of a gigabyte, power cuts, hostile callers."""

import asyncio
import os
import re
import secrets
import socket
import subprocess
import time
from pathlib import Path

from tests.bench.figures import Figures
from tests.bench.footprint import rss_mb
from tests.bench.sealing import a_job_sealed
from tests.campaign import blockcuts, powercuts
from tests.rigs.documents import png
from tests.rigs.hostile import attacked, defects
from tests.rigs.station import StationProcess

UNIT = Path(__file__).parents[2] / "systemd" / "stationd.service"
STARTS = 7
IDLE_S = float(os.environ.get("BOX_IDLE_S", "120"))
"""An hour: ``BOX_IDLE_S=3600``."""
GIGABYTE = 1_000_000_000
DOCUMENT = 4_000_000
CUTS = 40
HOSTILE = 5_000
_LANES = 4


async def box(folder: Path, figures: Figures) -> None:
    """All figures, about six minutes of a quiet machine."""
    exposure(figures)
    await ready(folder / "ready", figures)
    await idle(folder / "idle", figures)
    figures.row("sealing a job, document of 40 kB", job=f"{a_job_sealed(40_000):.1f} µs")
    await hostile(folder / "hostile", figures)
    await backup(folder / "backup", figures)
    seed = secrets.randbelow(1 << 32)
    for name, campaign in (("writes", powercuts.campaign), ("blocks, ext4", blockcuts.campaign)):
        if name != "writes" and os.geteuid() != 0:
            figures.row(f"power cuts, {name}", left_out="only root mounts")
            continue
        tally = await campaign(folder / name[:6], CUTS, seed)
        survived = f"{tally.cuts - tally.wrong.total()} of {tally.cuts}"
        lost = f"{tally.lost_writes} writes, {tally.torn_writes} torn"
        figures.row(f"power cuts, {name}", survived=survived, lost=lost, seed=f"{seed}")


def exposure(figures: Figures) -> None:
    """What systemd says of the unit."""
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        figures.row("exposure", left_out="install systemd")
        return
    found = re.search(r"exposure level for \S+: (\S+)", said)
    figures.row("exposure, 0 (none) to 10", systemd_analyze=found[1] if found else "unknown")


def station_in(folder: Path) -> StationProcess:
    """A station with one simulated printer, that prints at once and never stops for a small disk."""
    table = {"name": "kartu-1", "driver": "simulator", "folder": str(folder / "tray"), "seconds": 0.01}
    return StationProcess(folder, [table], extra="[readiness]\nstop_printing = []\n")


async def ready(folder: Path, figures: Figures) -> None:
    """From exec to ``READY=1``, as systemd hears it."""
    station = station_in(folder)
    station.token = station.command("token", "create", "--role", "admin", "--name", "bench").strip()
    took = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        systemd.settimeout(60)
        station.environment["NOTIFY_SOCKET"] = str(folder / "notify")
        for _ in range(STARTS):
            began = time.perf_counter()
            station.spawn()
            while b"READY=1" not in await asyncio.to_thread(systemd.recv, 4096):
                pass
            took.append(time.perf_counter() - began)
            station.kill()
    figures.row("exec to READY=1", median=f"{sorted(took)[STARTS // 2]:.2f} s", slowest=f"{max(took):.2f} s")


async def idle(folder: Path, figures: Figures) -> None:
    """What an attended station with two printers costs that has nothing to do."""
    tables = [{"name": f"kartu-{n}", "driver": "simulator", "folder": str(folder / "tray")} for n in (1, 2)]
    async with StationProcess(folder, tables, is_watching=True, is_duty_required=True) as station:
        assert station.process is not None
        pid = station.process.pid
        await asyncio.sleep(10)
        before, memory = cpu_s(pid), rss_mb(pid)
        began = time.monotonic()
        await asyncio.sleep(IDLE_S)
        used = 100 * (cpu_s(pid) - before) / (time.monotonic() - began)
        grown = f"{memory:.1f} → {rss_mb(pid):.1f} MB"
        figures.row(f"idle for {IDLE_S:.0f} s", processor=f"{used:.2f} % of a core", memory=grown)


def cpu_s(pid: int) -> float:
    """Seconds of processor that a process has used."""
    user, system = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def hostile(folder: Path, figures: Figures) -> None:
    """Requests that no honest caller sends."""
    async with StationProcess(folder, extra="body_timeout_s = 1") as station:
        assert station.process is not None
        pid, seed = station.process.pid, secrets.randbelow(1 << 32)
        answers = await attacked(station.socket, station.token, HOSTILE, seed)
        is_up = station.process.poll() is None and (await station.call("GET", "/healthz"))[0] == 200
        told = ", ".join(f"{count} × {answer}" for answer, count in answers.most_common())
        figures.row(
            f"{HOSTILE} hostile requests",
            defects=f"{defects(answers)}",
            still_serving="yes" if is_up else "no",
            memory=f"{rss_mb(pid):.0f} MB",
            answers=told,
            seed=f"{seed}",
        )
        station.check_books()


async def backup(folder: Path, figures: Figures) -> None:
    """A gigabyte of books, copied and checked beside the working station, verified, and put back."""
    station = station_in(folder)
    try:
        await station.start()
        numbers = iter(range(1, GIGABYTE // DOCUMENT + 1))

        async def client() -> None:
            for number in numbers:
                status, answer = await station.submit(number, png(number, size=DOCUMENT))
                assert status == 201, answer

        async with asyncio.TaskGroup() as clients:
            for _ in range(_LANES):
                clients.create_task(client())
        copy = folder / "copy.db"
        waits: list[float] = []
        copying = asyncio.create_task(timed(station, "backup", str(copy)))
        while not copying.done():
            began = time.perf_counter()
            assert (await station.call("GET", "/healthz"))[0] == 200
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.05)
        took = copying.result()
        size = copy.stat().st_size
        verified = await timed(station, "verify")
        station.terminate()
        restored = await timed(station, "restore", str(copy))
        figures.row(
            f"backup of {size / 1e9:.2f} GB beside a working station",
            copied_and_checked=f"{took:.1f} s",
            rate=f"{size / 1e6 / took:.0f} MB/s",
            slowest_answer_meanwhile=f"{1000 * max(waits):.0f} ms",
            every_book_verified=f"{verified:.1f} s",
            restored=f"{restored:.1f} s",
        )
    finally:
        await station.aclose()


async def timed(station: StationProcess, *command: str) -> float:
    """How many seconds a command of ours takes, its own start included."""
    began = time.perf_counter()
    await asyncio.to_thread(station.command, *command)
    return time.perf_counter() - began
