"""How much of the printers' time is printing: cards × nominal seconds ÷ printer-seconds, with real rendering."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

from tests.bench.figures import Figures
from tests.rigs.station import StationProcess, job

SECONDS = 0.2
CARDS_A_PRINTER = 60
WINDOWS = ((1, 2), (1, 1), (2, 2), (8, 2))
"""How many printers, and how many jobs each may hold."""

Beside = AbstractAsyncContextManager[object]


async def utilisation(folder: Path, figures: Figures) -> None:
    """Printers at 0.2 s a card, each card drawn from the template; from the first claim to the last card."""
    for printers, window in WINDOWS:
        name = f"{printers} printer{'s' if printers > 1 else ''}, window {window}"
        figures.row(name, **await print_all(folder / f"{printers}-{window}", printers, window))


async def print_all(
    folder: Path, printers: int, window: int, beside: Callable[[StationProcess], Beside] = lambda _: nullcontext()
) -> dict[str, str]:
    """Print so many cards a printer; ``beside`` gives what goes on meanwhile."""
    tables = [
        {
            "name": f"kartu-{n}",
            "driver": "simulator",
            "seconds": SECONDS,
            "window": window,
            "folder": str(folder / f"c{n}"),
        }
        for n in range(1, printers + 1)
    ]
    count = CARDS_A_PRINTER * printers
    async with StationProcess(folder / "station", tables) as station:
        await station.receive(count)
        await station.call("POST", "/v1/queue/pause", {})
        for number in range(count):
            body = job(number, b"x") | {"document": {"template": "specimen", "fields": {"name": f"CONTOH {number}"}}}
            status, answer = await station.call("POST", "/v1/jobs", body, Idempotency_Key=f"key-{number}")
            assert status == 201, answer
        async with beside(station):
            cpu_before = _cpu_s()
            await station.call("POST", "/v1/queue/resume", {})
            began = time.perf_counter()
            while station.counts().get("printed", 0) < count:
                await asyncio.sleep(0.1)
            elapsed = time.perf_counter() - began
        # As the books saw it, free of the 0.1 s with which this looks: from the first claim to the last card.
        ((first, last),) = station.rows(
            "SELECT min(at), max(at) FROM event WHERE type IN ('job.claimed', 'job.card_printed')"
        )
        station.check_books()
    busy_s = count * SECONDS
    return {
        "cards": str(count),
        "utilisation": f"{busy_s / (printers * (last - first) / 1000):.3f}",
        "elapsed": f"{elapsed:.1f} s",
        "cores": f"{(_cpu_s() - cpu_before) / elapsed:.2f}",
    }


def _cpu_s() -> float:
    """Processor seconds that this machine has spent on anything but idling."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, irq, softirq = map(int, fields[:7])
    return (user + nice + system + irq + softirq) / 100
