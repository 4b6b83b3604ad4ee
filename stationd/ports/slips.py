"""Slips for citizens on a receipt printer."""

from typing import Protocol

from stationd.domain.slip import Slip


class SlipPrinter(Protocol):
    """A receipt printer."""

    async def print(self, slip: Slip) -> None:
        """Print one slip. Raises ``Faulted`` (``slip-printer-unreachable``); a torn slip is printed again by asking."""
        ...
