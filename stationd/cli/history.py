"""``stationd history``: the figures of past days, from the books; as a table, or as OpenMetrics for Prometheus."""

import argparse
import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.figure_labels import add_label, labels_of
from stationd.cli.options import add_config, settings_of

if TYPE_CHECKING:
    from prometheus_client import Metric

    from stationd.cli.options import Subparsers
    from stationd.config import Settings

_UNITS: Final = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_MOST: Final = 10_000
_DAY: Final = timedelta(days=1)
_NOT_YET: Final = timedelta(hours=3)
"""Of these Prometheus keeps its own samples in memory, and at a restart would drop them for a block of that time."""
_COLUMNS: Final = {
    "orders": "stationd_orders_taken_total",
    "printed": "stationd_cards_printed_total",
    "spoiled": "stationd_blanks_spoiled_total",
    "fetched": "stationd_hand_overs_total",
    "notices": "stationd_notices_total",
    "changes": "stationd_order_changes_total",
}
"""What the table tells of a day, and the counters whose growth it is."""


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "history",
        help="tell the figures of past days, also for Prometheus",
        description="Tells what was ordered, printed, spoiled and fetched each day, from the books, beside a running "
        "station or without one. With --openmetrics it writes every counter, histogram and balance as it stood at each "
        "moment, for: promtool tsdb create-blocks-from openmetrics FILE DIRECTORY",
    )
    parser.add_argument("--from", dest="since", type=_date, metavar="DATE", help="the first day (default: 7 days ago)")
    parser.add_argument(
        "--to", dest="until", type=_end, metavar="DATE", help="the last day, or a time (default: today, until now)"
    )
    parser.add_argument("--openmetrics", action="store_true", help="write OpenMetrics with times instead of a table")
    parser.add_argument(
        "--every", type=_span, metavar="SPAN", default="1h", help="between two samples, such as 5m, 1d (default: 1h)"
    )
    add_label(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there, whole or not at all")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """0 when it was told, 1 when it could not be read."""
    settings = settings_of(args)
    if settings is None:
        return EXIT_FAILED
    now = datetime.now(UTC).astimezone()
    since = args.since or _midnight(now) - 7 * _DAY
    until = min(args.until or now, now)
    if args.openmetrics and (args.until is None or args.until == _midnight(args.until)):
        until = min(until, now - _NOT_YET)
    if since >= until:
        print("stationd: cannot tell the history: it would begin after its end", file=sys.stderr)
        return EXIT_FAILED
    if args.output is None:
        _write(settings, args, since, until, sys.stdout)
        return EXIT_DONE
    from stationd.adapters.whole_file import whole  # noqa: PLC0415 - start-up time of other commands

    with whole(args.output) as file:
        text = io.TextIOWrapper(file, encoding="utf-8")
        _write(settings, args, since, until, text)
        text.detach()
    return EXIT_DONE


def moments(since: datetime, until: datetime, every: timedelta) -> Iterator[int]:
    """From one to the other in steps, both included, in Unix milliseconds."""
    at = since
    while at < until:
        yield int(at.timestamp() * 1000)
        at += every
    yield int(until.timestamp() * 1000)


def _write(settings: "Settings", args: argparse.Namespace, since: datetime, until: datetime, to: TextIO) -> None:
    from stationd.adapters.past_figures import Past, retell  # noqa: PLC0415 - start-up time of other commands
    from stationd.adapters.sqlite.connection import reading  # noqa: PLC0415
    from stationd.app import DATABASE_FILE  # noqa: PLC0415

    with reading(settings.station.state_dir / DATABASE_FILE) as connection:
        if not args.openmetrics:
            to.writelines(f"{line}\n" for line in _table(retell(connection, moments(since, until, _DAY))))
            return
        past = Past(labels_of(settings) | dict(args.label))
        for at_ms, families in retell(connection, moments(since, until, args.every)):
            past.note(at_ms, families)
        past.write(to)


def _table(told: "Iterable[tuple[int, Sequence[Metric]]]") -> Iterator[str]:
    yield f"{'day':12}{''.join(f'{name:>9}' for name in (*_COLUMNS, 'blanks'))}"
    last: Counter[str] | None = None
    began_ms = 0
    for at_ms, families in told:
        sums: Counter[str] = Counter()
        for family in families:
            for sample in family.samples:
                if sample.name != "stationd_blanks" or sample.labels["account"] in {"safe", "loaded"}:
                    sums[sample.name] += int(sample.value)
        if last is not None:
            day = datetime.fromtimestamp(began_ms / 1000, UTC).astimezone().date().isoformat()
            grown = [sums[name] - last[name] for name in _COLUMNS.values()]
            yield f"{day:12}{''.join(f'{value:9}' for value in (*grown, sums['stationd_blanks']))}"
        last, began_ms = sums, at_ms


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise argparse.ArgumentTypeError("it must be a date such as 2026-11-30") from None


def _end(text: str) -> datetime:
    """The end of a day, or a time."""
    end = _date(text)
    return end + _DAY if len(text) == len("2026-11-30") else end


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _span(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not (number.isascii() and number.isdigit() and 0 < int(number) <= _MOST):
        raise argparse.ArgumentTypeError("it must be a span such as 5m, 1h or 1d")
    return int(number) * _UNITS[unit]
