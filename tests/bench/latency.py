"""From the 201 to the first byte at an idle printer, as the printer sees it."""

import asyncio
import time
from pathlib import Path

from tests.bench.figures import Figures
from tests.rigs.documents import png
from tests.rigs.station import StationProcess

JOBS = 300


async def first_byte(folder: Path, figures: Figures) -> None:
    """Seconds from the answer to the card's landing in a simulator that takes no time; one job at a time."""
    cards = folder / "cards"
    printers = [{"name": "kartu-1", "driver": "simulator", "seconds": 0, "folder": str(cards)}]
    async with StationProcess(folder / "station", printers) as station:
        await station.receive(JOBS)
        took = []
        for number in range(JOBS):
            await station.submit(number, png(number))
            answered = time.time()
            while len(made := list(cards.glob("*.png"))) <= number:
                await asyncio.sleep(0.0005)
            took.append(max(0.0, made_at(made) - answered) * 1000)
            await asyncio.sleep(0.01)
        took.sort()
        figures.row(
            "201 to the card at an idle printer",
            p50=f"{took[JOBS // 2]:.1f} ms",
            p99=f"{took[int(JOBS * 0.99)]:.1f} ms",
        )


def made_at(paths: list[Path]) -> float:
    """When the newest of these files was made."""
    return max(path.stat().st_mtime for path in paths)
