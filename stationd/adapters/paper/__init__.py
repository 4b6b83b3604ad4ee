"""Minutes on paper: fulfils :class:`stationd.ports.paper.Paper`.

Typesetting takes tens of milliseconds a page, so it is done in a thread, never on the loop.
"""

import asyncio

from stationd.adapters.paper.sheet import written
from stationd.adapters.paper.size import PageSize
from stationd.domain.minutes import Minutes


class OfficePaper:
    """PDF by fpdf2, CSV by the standard library."""

    def __init__(self, size: PageSize = PageSize.A4) -> None:
        self._size = size

    async def pdf(self, minutes: Minutes) -> bytes:
        """See :meth:`stationd.ports.paper.Paper.pdf`."""
        return await asyncio.to_thread(_typeset, minutes, self._size)

    async def csv(self, minutes: Minutes) -> bytes:
        """See :meth:`stationd.ports.paper.Paper.csv`."""
        return await asyncio.to_thread(written, minutes)


def _typeset(minutes: Minutes, size: PageSize) -> bytes:
    from stationd.adapters.paper.pages import typeset  # noqa: PLC0415 - half a second and 20 MB, for papers alone

    return typeset(minutes, size)
