"""Paper: minutes and lists as files that an office prints, signs and keeps."""

from typing import Protocol

from stationd.domain.minutes import Minutes


class Paper(Protocol):
    """Makes files from records; the same record gives the same bytes."""

    async def pdf(self, minutes: Minutes) -> bytes:
        """Pages to sign. Raises ``Faulted`` (``fonts-missing``) when the letters are not installed."""
        ...

    async def csv(self, minutes: Minutes) -> bytes:
        """The tables for a spreadsheet: UTF-8 with a byte order mark, RFC 4180; no cell is taken for a formula."""
        ...
