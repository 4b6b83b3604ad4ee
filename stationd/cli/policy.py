"""``stationd policy``: what the rationing policy says of a job, now or with other figures; it changes nothing."""

import argparse
import asyncio
import json
import sys
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, add_json, settings_of

if TYPE_CHECKING:
    from stationd.adapters.sqlite.policy import Sight
    from stationd.cli.options import Subparsers
    from stationd.config import Settings
    from stationd.domain.rationing import RationRule

_EPOCH = date(1970, 1, 1)
_MOST = 1_000_000


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser("policy", help="explain what the rationing policy says of a job")
    acts = parser.add_subparsers(title="acts", metavar="ACT", dest="act", required=True)
    explain = acts.add_parser(
        "explain",
        help="a dry run of the policy for one job",
        description="Tells what rationing says of a job and why, by the books as they are or with other figures. "
        "It changes nothing, and runs beside a running station or without one.",
    )
    explain.add_argument("job", metavar="JOB", help="the job's id, its receipt, or the order reference")
    explain.add_argument("--reserve", type=_count, metavar="N", help="as if the reserve were N")
    explain.add_argument("--at-hand", type=_count, metavar="N", help="as if N blanks were in the safe")
    explain.add_argument("--delivery", type=_count, metavar="N", default=0, help="as if N more blanks had come")
    add_config(explain)
    add_json(explain)


def run(args: argparse.Namespace) -> int:
    """0 when the job was found, 1 otherwise."""
    settings = settings_of(args)
    if settings is None:
        return EXIT_FAILED
    sight = _look(settings, args.job)
    if sight is None:
        print("stationd: cannot explain the job: there is none with this id, receipt or order", file=sys.stderr)
        return EXIT_FAILED
    from stationd.ordering import rule_of  # noqa: PLC0415 - start-up time of other commands

    told = explained(sight, rule_of(settings), args)
    if args.json:
        print(json.dumps(told, indent=2))
    else:
        print("\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in told.items() if value is not None))
    return EXIT_DONE


def explained(sight: "Sight", rule: "RationRule", args: argparse.Namespace) -> dict[str, object]:
    """What is told, by name: the job, the figures that the policy goes by, and the ruling."""
    from stationd.domain.policy import RULING_WORDS, ruling_of  # noqa: PLC0415 - start-up time
    from stationd.domain.rationing import expected_day, reserve_of  # noqa: PLC0415

    job, stock = sight.job, sight.stock
    at_hand = (stock.at_hand if args.at_hand is None else args.at_hand) + args.delivery
    reserve = reserve_of(rule, sight.history) if args.reserve is None else args.reserve
    stock = replace(stock, at_hand=at_hand, reserve=reserve)
    found = ruling_of(job, stock, sight.before)
    words = RULING_WORDS[found.ruling]
    day = expected_day(stock, sight.before, sight.history) if found.wanting else None
    return {
        "job": job.id,
        "receipt": job.receipt,
        "order": job.order,
        "kind": job.kind.value,
        "state": job.state.value,
        "reasons": " ".join(job.reasons) or None,
        "at_hand": stock.at_hand,
        "promised_to_first_timers": stock.promised,
        "free": stock.free,
        "reserve": stock.reserve,
        "replacements_in_line": stock.replacements,
        "deferred_replacements": stock.rationed,
        "deferred_before_it": sight.before,
        "ruling": found.ruling.value,
        "en": words.en,
        "id": words.id,
        "blanks_wanting": found.wanting,
        "expected_on": None if day is None else (_EPOCH + timedelta(days=day)).isoformat(),
    }


def _look(settings: "Settings", name: str) -> "Sight | None":
    from stationd.adapters.sqlite.connection import open_reader  # noqa: PLC0415 - start-up time of other commands
    from stationd.adapters.sqlite.policy import look  # noqa: PLC0415
    from stationd.adapters.sqlite.transaction import DAY_MS  # noqa: PLC0415
    from stationd.adapters.system import SystemClock  # noqa: PLC0415
    from stationd.app import DATABASE_FILE  # noqa: PLC0415

    today = SystemClock().now_ms() // DAY_MS

    async def read() -> "Sight | None":
        reader = await open_reader(settings.station.state_dir / DATABASE_FILE)
        try:
            return await reader.run(lambda connection: look(connection, name, today))
        finally:
            await reader.close()

    return asyncio.run(read())


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST):
        raise argparse.ArgumentTypeError(f"it must be a whole number from 0 to {_MOST}")
    return int(text)
