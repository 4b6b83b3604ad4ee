"""``stationd openapi``: the description of the API, made from the code."""

import argparse
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    subparsers.add_parser("openapi", help="print the description of the API (OpenAPI 3.1, JSON)")


def run(args: argparse.Namespace) -> int:  # noqa: ARG001 - every command is called alike
    """Print the document that the running station serves at /openapi.json."""
    from stationd.http.app import ROUTES  # noqa: PLC0415 - start-up time of other commands
    from stationd.http.openapi import render  # noqa: PLC0415

    print(render(ROUTES).decode())
    return EXIT_DONE
