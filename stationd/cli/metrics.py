"""``stationd metrics``: the figures of the running station, printed, or as a file for a box without a network."""

import argparse
import http.client
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.figure_labels import add_label, labels_of
from stationd.cli.options import add_config, settings_of
from stationd.domain.errors import Faulted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stationd.cli.options import Subparsers
    from stationd.config import Settings

_ANSWER_WITHIN_S: Final = 10.0
_OK: Final = 200


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "metrics",
        help="print the figures for Prometheus, or write them to a file",
        description="Asks the running station for its figures. With --textfile they are written for the textfile "
        "collector of node_exporter, with station and kecamatan as labels: whole or not at all, so that the file can "
        "be read or carried away at any time.",
    )
    parser.add_argument("--textfile", type=Path, metavar="FILE", help="write there, under a name that ends in .prom")
    add_label(parser)
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """0 when they were told, 1 when the station did not answer or the file could not be written."""
    settings = settings_of(args)
    if settings is None:
        return EXIT_FAILED
    text = asked(settings)
    if args.textfile is None:
        sys.stdout.write(labelled(text, dict(args.label)))
        return EXIT_DONE
    if args.textfile.suffix != ".prom":
        raise Faulted("file-unwritable", f"cannot write {args.textfile}: the collector reads names in .prom only")
    from stationd.adapters.whole_file import whole  # noqa: PLC0415 - start-up time of other commands

    known = labels_of(settings)
    with whole(args.textfile) as file:
        file.write(labelled(text, {name: known[name] for name in ("station", "kecamatan")} | dict(args.label)).encode())
    return EXIT_DONE


def labelled(text: str, labels: "Mapping[str, str]") -> str:
    """The text format with more labels on every sample."""
    if not labels:
        return text
    from stationd.adapters.past_figures import written  # noqa: PLC0415 - start-up time of other commands

    more = written(labels.items())

    def line(sample: str) -> str:
        if not sample or sample.startswith("#"):
            return sample
        head, _, value = sample.rpartition(" ")
        return f"{head[:-1]},{more}}} {value}" if head.endswith("}") else f"{head}{{{more}}} {value}"

    return "".join(f"{line(each)}\n" for each in text.splitlines())


def asked(settings: "Settings") -> str:
    """What the station answers. Raises :class:`Faulted` (``station-silent``)."""
    places = sorted(map(str, settings.http.listen), key=lambda place: not place.startswith("unix:"))
    if settings.http.tls_cert:
        places = [place for place in places if place.startswith("unix:")]
    for place in places:
        connection = _UnixConnection(place) if place.startswith("unix:") else _connection(place)
        try:
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
        if answer.status == _OK:
            return text
    where = ", ".join(places) or "any unix socket"
    raise Faulted(
        "station-silent", f"cannot ask the station: nobody answers on {where}", fix="systemctl start stationd"
    )


def _connection(place: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(place, timeout=_ANSWER_WITHIN_S)


class _UnixConnection(http.client.HTTPConnection):
    """Over a unix socket."""

    def __init__(self, place: str) -> None:
        super().__init__("localhost", timeout=_ANSWER_WITHIN_S)
        self._path = place.removeprefix("unix:")

    def connect(self) -> None:
        """See :meth:`http.client.HTTPConnection.connect`."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
