"""A receipt printer that speaks ESC/POS: python-escpos builds the bytes, a transport of ours writes them."""

import asyncio

from stationd.adapters.slip.transport import Route, send
from stationd.domain.slip import Slip

__all__ = ["EscposSlips", "Route"]


class EscposSlips:
    """Fulfils :class:`stationd.ports.slips.SlipPrinter`; one slip at a time."""

    def __init__(self, route: Route, *, columns: int) -> None:
        """``columns`` is the width of the paper in characters."""
        self._route = route
        self._columns = columns
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """Load the builder now: it reads a table of printers for about a second, which no citizen should wait for.

        Raises ``Faulted`` (``slip-extra-missing``) when the extra ``escpos`` is not installed.
        """
        from stationd.adapters.slip.escpos import ready  # noqa: PLC0415 - only where there is such a printer

        await asyncio.to_thread(ready)

    async def print(self, slip: Slip) -> None:
        """See :meth:`stationd.ports.slips.SlipPrinter.print`."""
        from stationd.adapters.slip.escpos import built  # noqa: PLC0415

        data = await asyncio.to_thread(built, slip, self._columns)
        async with self._turn:
            await send(self._route, data)
