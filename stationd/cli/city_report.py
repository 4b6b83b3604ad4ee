"""``stationd city-report``: the page for the head of the office, from the city's Prometheus."""

import argparse
import asyncio
import importlib.util
import ssl
import sys
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.domain.errors import Refused

if TYPE_CHECKING:
    from stationd.city_report.city import City
    from stationd.cli.options import Subparsers

_DAY_S = 86_400.0


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "city-report",
        help="write a page for the head of the office from the city's Prometheus",
        description="Asks the city's Prometheus and writes one HTML file to read or print. It needs stationd[report].",
    )
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090", metavar="URL", help="%(default)s")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where the page goes (default: standard output)")
    parser.add_argument("--language", choices=("id", "en"), default="id", help="%(default)s")
    parser.add_argument("--city", default="Kota Palembang", metavar="NAME", help="the heading (%(default)s)")
    parser.add_argument("--zone", default="Asia/Jakarta", metavar="NAME", help="the time zone (%(default)s)")
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="the authority that signed the certificate of Prometheus"
    )
    parser.add_argument("--cert", type=Path, metavar="FILE", help="a certificate that Prometheus takes")
    parser.add_argument("--key", type=Path, metavar="FILE", help="its key, where it is not in the same file")
    parser.add_argument(
        "--day", type=float, default=_DAY_S, metavar="SECONDS", help="how long a day of stationd city-demo takes"
    )


def run(args: argparse.Namespace) -> int:
    """Write the page. Raises ``Refused`` and ``Faulted``."""
    if importlib.util.find_spec("matplotlib") is None:
        raise Refused(
            "report-missing", "cannot draw: matplotlib is not installed", fix="pip install 'stationd[report]'"
        )
    from stationd.city_report.page import page  # noqa: PLC0415 - an extra, and slow to load
    from stationd.city_report.prometheus import Papers  # noqa: PLC0415 - see above
    from stationd.city_report.words import Speech  # noqa: PLC0415 - see above

    try:
        zone = zoneinfo.ZoneInfo(args.zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as wrong:
        raise Refused("zone-unknown", f"cannot tell the time of {args.zone}: no such time zone") from wrong
    try:
        tls = Papers(ca=args.ca, certificate=args.cert, key=args.key).context()
    except OSError as wrong:
        raise Refused("certificate-unreadable", f"cannot use the certificates: {wrong}") from wrong
    city = asyncio.run(_asked(args.prometheus, tls, args.day))
    if not city.rows:
        print(f"stationd: {args.prometheus} knows no station; is it the city's Prometheus?", file=sys.stderr)
        return EXIT_FAILED
    text = page(city, Speech(args.language), name=args.city, zone=zone)
    if args.output is None:
        print(text)
    else:
        args.output.write_text(text, encoding="utf-8")
    return EXIT_DONE


async def _asked(url: str, tls: ssl.SSLContext, day_s: float) -> "City":
    from stationd.city_report.city import asked  # noqa: PLC0415 - as in run
    from stationd.city_report.prometheus import Prometheus  # noqa: PLC0415 - as in run

    async with Prometheus(url, tls) as prometheus:
        return await asked(prometheus, day_s)
