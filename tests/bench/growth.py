"""Growth: what a job costs after a thousand and after a million finished ones, by turns; memory."""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from tests.bench.figures import Figures
from tests.bench.history import GROUPS, TOGETHER

SIZES = (1_000, 10_000, 100_000, 1_000_000)
FULL = (*SIZES, 5_000_000)
ROUNDS = 3


async def growth(folder: Path, figures: Figures) -> None:
    """Submit, and claim with settle, at each size of history, and the ratio of the ends.

    The ends are compared by CPU time, for the disk is shared; each round measures every size, the first is not counted.
    ``STATIOND_BENCH_FULL=1`` goes on to five million.
    """
    sizes = FULL if os.environ.get("STATIOND_BENCH_FULL") else SIZES
    paths = {size: folder / f"history-{size}.db" for size in sizes}
    before: Path | None = None
    for size, path in paths.items():
        if before is not None:
            shutil.copy(before, path)
        await _history("fill", path, size)
        before = path
    rounds: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for number in range(ROUNDS + 1):
        for size, path in paths.items():
            answer = json.loads(await _history("measure", path, 1 + number * GROUPS * TOGETHER))
            if number:
                rounds[size].append(answer)
    kept: dict[int, dict[str, float]] = {}
    for size, path in paths.items():
        median = {key: statistics.median(each[key] for each in rounds[size]) for key in rounds[size][0]}
        kept[size] = median
        figures.row(
            f"{size:,} finished jobs",
            submit=f"{median['submit_cpu']:.0f} µs CPU, {median['submit_wall']:.0f} µs",
            claim_and_settle=f"{median['claim_cpu']:.0f} µs CPU, {median['claim_wall']:.0f} µs",
            memory=f"{median['rss_mb']:.0f} MB",
            file=f"{path.stat().st_size // 1_000_000} MB",
            opened_in=f"{median['open_ms']:.0f} ms",
        )
    ends = kept[sizes[0]], kept[sizes[-1]]
    names = {"submit": "submit_cpu", "claim_and_settle": "claim_cpu", "memory": "rss_mb"}
    names |= {"submit_wall": "submit_wall", "claim_wall": "claim_wall"}
    ratios = {name: f"{ends[1][key] / ends[0][key]:.2f}" for name, key in names.items()}
    figures.row(f"{sizes[-1]:,} ÷ {sizes[0]:,}", **ratios)


async def _history(verb: str, path: Path, number: int) -> bytes:
    arguments = ["-m", "tests.bench.history", verb, str(path), str(number)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=subprocess.PIPE)
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{verb} failed at {number}, see above")
    return out
