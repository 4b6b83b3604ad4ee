"""The list for the board, as a file to print."""

from stationd.domain.board import MOST_LISTED, board_list
from stationd.domain.minutes import Office
from stationd.ports.notices import NoticeLists
from stationd.ports.paper import Paper
from stationd.services.calendar import Calendar


class Board:
    """Whose cards can be fetched, with masked names."""

    def __init__(
        self, lists: NoticeLists, paper: Paper, calendar: Calendar, *, office: Office, place: str, hours: str
    ) -> None:
        self._lists = lists
        self._paper = paper
        self._calendar = calendar
        self._office = office
        self._place = place
        self._hours = hours

    async def pdf(self) -> bytes:
        """The pages. Raises ``Faulted`` (``fonts-missing``)."""
        waiting = [(each.receipt, each.name) for each in await self._lists.waiting(MOST_LISTED)]
        made = board_list(waiting, office=self._office, place=self._place, hours=self._hours, on=self._calendar.day)
        return await self._paper.pdf(made)
