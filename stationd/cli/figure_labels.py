"""The labels under which the city has a station's figures, however they get there."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stationd.config import Settings

_USUAL = "127.0.0.1:8631"


def add_label(parser: argparse.ArgumentParser) -> None:
    """Give a command ``--label NAME=VALUE``, as often as wanted."""
    parser.add_argument(
        "--label",
        action="append",
        type=_label,
        default=[],
        metavar="NAME=VALUE",
        help="a label of every series, in addition or in place of what is made from the configuration",
    )


def labels_of(settings: "Settings") -> dict[str, str]:
    """Those of the agent of ``config/prometheus/agent.yml``, as far as the configuration of the station tells them."""
    places = [place for place in map(str, settings.http.listen) if not place.startswith("unix:")]
    return {
        "job": "stationd",
        "instance": places[0] if places else _USUAL,
        "station": settings.station.id,
        "kecamatan": settings.station.name.removeprefix("Kecamatan "),
    }


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not (name.isascii() and name.isidentifier()):
        raise argparse.ArgumentTypeError("it must be NAME=VALUE")
    return name, value
