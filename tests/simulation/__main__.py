"""``python -m tests.simulation --seeds 10000``: the campaign; ``--seed N --verbose`` tells the story of one seed."""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields

from tests.simulation.audit import Totals
from tests.simulation.world import run_seed

_TOLD = 20
"""Broken seeds that are printed one by one."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run one seed")
    parser.add_argument("--verbose", action="store_true", help="tell what happens")
    parser.add_argument("--seeds", type=int, default=1000, help="run so many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    if given.seed is not None:
        result = run_seed(given.seed, is_verbose=given.verbose)
        print(f"seed {given.seed}: {result.broken or 'every promise kept'}; {result.totals}")
        return int(result.broken is not None)
    return campaign(range(given.first, given.first + given.seeds), given.workers)


def campaign(seeds: range, workers: int) -> int:
    """Run all seeds; print those that broke a promise and the totals. 1 when any did."""
    began = time.monotonic()
    totals = Totals()
    broken = 0
    with ProcessPoolExecutor(workers) as pool:
        for result in pool.map(run_seed, seeds, chunksize=20):
            for each in fields(Totals):
                setattr(totals, each.name, getattr(totals, each.name) + getattr(result.totals, each.name))
            if result.broken is not None:
                broken += 1
                if broken > _TOLD:
                    continue
                print(f"seed {result.seed}: {result.broken}")
                print(f"  replay: python -m tests.simulation --seed {result.seed} --verbose", flush=True)
    figures = ", ".join(f"{each.name} {getattr(totals, each.name):,.0f}" for each in fields(Totals))
    print(f"{len(seeds)} seeds, {broken} broken, in {time.monotonic() - began:.0f} s: {figures}")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
