"""The daemon before pretended machines that cost nothing: ``python -m tests.bench.weightless run --config FILE``.

Their cards come out at once and are counted, not written, as the workers of the other queues do nothing. What is
left is the station: claimed, opened, sent, settled, every step on the disk.
"""

import sys

from stationd.adapters.printers.simulator.tray import FolderTray, Landed
from stationd.cli import main
from stationd.domain.order import Document


def land(_tray: FolderTray, _name: str, _document: Document, landed: Landed) -> None:
    """Count the card."""
    landed(None)


if __name__ == "__main__":
    FolderTray.land = land  # type: ignore[method-assign]
    sys.exit(main())
