"""The command line: ``stationd COMMAND``, one module a command, loaded only when its command is called.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stationd import __version__
from stationd.domain.errors import StationError

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, the module that has it, and one line of help.

    The module has ``register(subparsers)``, which adds the command's parser under the same name, and ``run(args)``,
    which answers the exit code. It may let ``Refused`` and ``Faulted`` through: they are told in one line.
    """

    name: str
    module: str
    help: str


COMMANDS: tuple[Command, ...] = (
    Command("run", "stationd.cli.run", "run the station until SIGTERM"),
    Command("demo", "stationd.cli.demo", "run a station with simulated printers and invented applicants"),
    Command("city-demo", "stationd.cli.city_demo", "run a whole city of 18 stations with its link, and let it break"),
    Command("city-report", "stationd.cli.city_report", "write a page for the head of the office from Prometheus"),
    Command("check", "stationd.cli.check", "tell every problem of the configuration"),
    Command("setup", "stationd.cli.setup", "make this machine a station: configuration, key, first officer"),
    Command("doctor", "stationd.cli.doctor", "look over machine and station as a technician would, and say what to do"),
    Command("devices", "stationd.cli.devices", "list printers and readers, and what takes them"),
    Command("sms", "stationd.cli.sms", "show the messages and their length, or ask the modem how it is"),
    Command("openapi", "stationd.cli.openapi", "print the description of the API (OpenAPI 3.1, JSON)"),
    Command("verify", "stationd.cli.verify", "check every book of the station: file, chains, ledger, jobs, seals"),
    Command("policy", "stationd.cli.policy", "explain what the rationing policy says of a job"),
    Command("backup", "stationd.cli.backup", "copy the database to a new file, beside a running station"),
    Command("restore", "stationd.cli.restore", "put a backup in the place of the database of a stopped station"),
    Command("upgrade-check", "stationd.cli.upgrade_check", "see whether this version takes configuration and books"),
    Command("key", "stationd.cli.key", "change the station key while the station works"),
    Command("token", "stationd.cli.token", "create, list and revoke bearer tokens"),
    Command("transfer", "stationd.cli.transfer", "exchange packets of cards with other stations by files"),
    Command("officer", "stationd.cli.officer", "enter, list and revoke officers appointed by decree"),
    Command("metrics", "stationd.cli.metrics", "print the figures for Prometheus, or write them to a file"),
    Command("history", "stationd.cli.history", "tell the figures of past days, also for Prometheus"),
    Command("minutes", "stationd.cli.minutes", "list minutes, print them as PDF or CSV, draw up a day's book"),
)
"""Every command, in the order in which the help lists them. A new command is one line here and one module."""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code of a command line, after carrying it out; raises ``SystemExit`` for ``--help`` and wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    parser = argparse.ArgumentParser(prog="stationd", description="The card-print station daemon.")
    parser.add_argument("--version", action="version", version=f"stationd {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    run: Callable[[argparse.Namespace], int] | None = None
    for command in COMMANDS:
        if command.name == chosen:
            module = importlib.import_module(command.module)
            module.register(subparsers)
            run = module.run
        else:
            subparsers.add_parser(command.name, help=command.help)
    args = parser.parse_args(arguments)
    if run is None:
        parser.error(f"unknown command {args.command}")
    try:
        return run(args)
    except StationError as trouble:
        print(f"stationd: {trouble.detail}", file=sys.stderr)
        if trouble.fix:
            print(f"stationd: {trouble.fix}", file=sys.stderr)
        return EXIT_FAILED
