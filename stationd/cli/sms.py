"""``stationd sms``: the messages as they would go out, and how the modem is. Nothing is sent."""

import argparse
import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from stationd.adapters.sms.gammu_modem import GammuModem, ModemOptions
from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, add_json, settings_of
from stationd.domain.sms import Wording, filled, measure
from stationd.ports.notifier import WayStatus

if TYPE_CHECKING:  # exists for type checkers only
    from stationd.cli.options import Subparsers
    from stationd.config import Settings

_RECEIPT: Final = "2XK7-9QF4-M3TP"
CREDIT_S: Final = 5.0
"""How long the network may take to tell the credit."""


def register(subparsers: "Subparsers") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser("sms", help="show the messages and their length, or ask the modem how it is")
    verbs = parser.add_subparsers(title="what", metavar="WHAT", dest="verb", required=True)
    texts = verbs.add_parser("texts", help="the messages as they would go out, with what they cost")
    modem = verbs.add_parser("modem", help="open the modem: signal, network, credit; nothing is sent")
    modem.add_argument("--port", help="the modem's port, where the configuration names none")
    for verb in (texts, modem):
        add_config(verb)
        add_json(verb)


def run(args: argparse.Namespace) -> int:
    """0 when every message fits into one SMS, or the modem is ready."""
    settings = settings_of(args)
    if settings is None:
        return EXIT_FAILED
    return _texts(settings, is_json=args.json) if args.verb == "texts" else _modem(settings, args)


def _texts(settings: "Settings", *, is_json: bool) -> int:
    wanted = settings.notices
    wording = Wording(first=wanted.first, reminder=wanted.reminder, last=wanted.last)
    office = wanted.office or settings.station.name
    fields = {"office": office, "hours": wanted.hours, "receipt": _RECEIPT}
    kinds = {"first": wording.first, "reminder": wording.reminder, "last": wording.last}
    made = {name: filled(texts, fields) for name, texts in kinds.items()}
    sizes = {name: measure(text) for name, text in made.items()}
    if is_json:
        print(json.dumps({name: {"text": made[name], **asdict(sizes[name])} for name in made}, ensure_ascii=False))
    else:
        for name, text in made.items():
            size = sizes[name]
            print(f"{name}: {size.segments} SMS, {size.places} places of {size.alphabet}\n    {text}")
    return EXIT_DONE if all(size.segments == 1 for size in sizes.values()) else EXIT_FAILED


def _modem(settings: "Settings", args: argparse.Namespace) -> int:
    port = args.port or settings.sms.device
    if port is None:
        print("cannot ask the modem: the configuration names no port; see stationd devices, and give one with --port")
        return EXIT_FAILED
    status = asyncio.run(_asked(port, ModemOptions(ussd=settings.sms.ussd)))
    if args.json:
        print(json.dumps(asdict(status)))
    else:
        print("ready" if status.is_ready else f"not ready: {', '.join(status.reasons)}")
        print(f"signal {'unknown' if status.signal is None else f'{status.signal} %'}")
        if settings.sms.ussd is not None:
            print(f"credit {'not told yet' if status.credit is None else f'Rp {status.credit}'}")
    return EXIT_DONE if status.is_ready else EXIT_FAILED


async def _asked(port: str, options: ModemOptions) -> WayStatus:
    modem = GammuModem(lambda: (port,), options)
    try:
        await modem.look()
        if options.ussd is not None and modem.status.credit is None:
            await asyncio.sleep(CREDIT_S)
        return modem.status
    finally:
        await modem.aclose()
