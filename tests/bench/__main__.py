"""``python -m tests.bench [NAME …] [--json FILE]``: run benchmarks and print their figures."""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench.accept import accept, throughput
from tests.bench.box import box
from tests.bench.bulk import bulk
from tests.bench.city import city
from tests.bench.console import console
from tests.bench.devices import devices
from tests.bench.events import events
from tests.bench.figures import Figures
from tests.bench.footprint import footprint
from tests.bench.growth import growth
from tests.bench.latency import first_byte
from tests.bench.link import link
from tests.bench.metrics import metrics
from tests.bench.notices import notices
from tests.bench.peers.comparison import peers
from tests.bench.receipts import receipts
from tests.bench.sealing import sealing
from tests.bench.utilisation import utilisation

BENCHES: dict[str, tuple[str, Callable[[Path, Figures], Awaitable[None]]]] = {
    "accept": ("Durable accept over HTTP, beside a bare aiohttp handler that stores nothing", accept),
    "throughput": ("Accept to printed, every step durable", throughput),
    "utilisation": ("Utilisation: cards × nominal ÷ printer-seconds, every card drawn", utilisation),
    "bulk": ("Bulk intake, beside single requests", bulk),
    "growth": ("Cost of a job as history grows", growth),
    "latency": ("An idle station", first_byte),
    "console": ("The console in Chromium, while two printers print", console),
    "events": ("The stream of events", events),
    "receipts": ("Citizens who ask with a receipt", receipts),
    "devices": ("Devices that come and go, on a virtual USB bus", devices),
    "notices": ("Telling holders: the daily pass over a million cards", notices),
    "metrics": ("Prometheus: a scrape with a year of history, and while printing", metrics),
    "link": ("The link to the city", link),
    "sealing": ("Sealing personal data", sealing),
    "box": ("The box that nobody looks after", box),
    "peers": ("Other queues, when `make bench-peers` has installed them", peers),
    "city": ("One Prometheus for many stations; a quarter of an hour", city),
    "footprint": ("Memory and start", footprint),
}


def main() -> None:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of: {', '.join(BENCHES)}")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--full", action="store_true", help="the larger sizes (STATIOND_BENCH_FULL=1), an hour in all")
    parser.add_argument("--dir", type=Path, help="where the databases go (default: a temporary directory)")
    args = parser.parse_args()
    unknown = set(args.names) - set(BENCHES)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    if args.full:
        os.environ["STATIOND_BENCH_FULL"] = "1"
    figures = Figures()
    for name in args.names or BENCHES:
        heading, bench = BENCHES[name]
        figures.heading(heading)
        with tempfile.TemporaryDirectory(prefix=f"stationd-bench-{name}-", dir=args.dir) as folder:
            asyncio.run(_run(bench, Path(folder), figures))
    if args.json:
        figures.write(args.json)


async def _run(bench: Callable[[Path, Figures], Awaitable[None]], folder: Path, figures: Figures) -> None:
    await bench(folder, figures)


if __name__ == "__main__":
    main()
