"""``python -m tests.campaign``: kill the daemon at random moments, and see that nothing is printed twice or lost."""

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from tests.campaign.killing import Campaign, Plan, Tally
from tests.rigs.press import NAMES

KILLS = 200
OFFICE = "office"


def main() -> int:
    """Run one campaign; 0 when nothing was printed twice and nothing lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--kills", type=int, help=f"how many daemons to kill (default: {KILLS}, unless --minutes)")
    parser.add_argument("--minutes", type=float, help="how long to go on killing")
    parser.add_argument("--seed", type=int, help="the seed of another run, to do the like again")
    parser.add_argument("--jobs", type=int, help="how many jobs to submit, instead")
    parser.add_argument(
        "--printer",
        choices=(*NAMES, OFFICE),
        default="ippeve",
        help="a genuine printer, a spooler, a simulator; or an office, whose daemon, cupsd and printer die together",
    )
    args = parser.parse_args()
    kills = KILLS if args.kills is None and args.minutes is None and args.jobs is None else args.kills
    seed = secrets.randbelow(1 << 32) if args.seed is None else args.seed
    printers = ("ippeve", "cups-once") if args.printer == OFFICE else (args.printer,)
    plan = Plan(printers=printers, seed=seed, kills=kills, minutes=args.minutes, jobs=args.jobs)
    folder = Path(tempfile.mkdtemp(prefix="stationd-campaign-"))
    try:
        tally = asyncio.run(Campaign(folder, plan).run())
        is_good = told(tally, plan)
    except Exception:  # noqa: BLE001 - the seed and the folder must be told whatever broke
        traceback.print_exc()
        is_good = False
    if is_good:
        shutil.rmtree(folder)
        return 0
    print(f"failed: seed {seed}, printer {args.printer}; everything is kept in {folder}", file=sys.stderr)
    return 1


def told(tally: Tally, plan: Plan) -> bool:
    """Print the figures; whether they are as they must be."""
    found = tally.reckoning
    if found is None:
        return False
    print(f"printer     {' and '.join(plan.printers)}")
    print(f"seed        {plan.seed}")
    print(f"kills       daemon {tally.kills}" + "".join(f", {who} {n}" for who, n in tally.printer_kills.items()))
    if tally.blackouts:
        print(f"blackouts   {tally.blackouts} (all of them at one moment)")
    print(f"jobs        {found.jobs}")
    print(f"cards       {found.cards}")
    print(f"duplicates  {len(found.duplicates)}")
    print(f"lost        {len(found.lost)}")
    print(f"uncertain   {found.uncertain}")
    if tally.retried:
        print(f"retried     {tally.retried} (their tries were used up; an officer's retry printed them)")
    try:
        found.check()
    except AssertionError as error:
        print(error, file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
