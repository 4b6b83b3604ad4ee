"""A way that sends nothing, for the demonstration and for tests: it takes every message and reports it delivered."""

from collections.abc import Sequence
from typing import Final

from stationd.ports.notifier import Accepted, Asked, Message, Report, Reports, SendOutcome, WayStatus


class SimulatedNotifier:
    """Keeps the texts (never the numbers) of the last messages, to be looked at."""

    name: Final = "simulator"
    reports: Final = Reports.GIVEN
    status: Final = WayStatus(is_ready=True, signal=80, credit=50_000)

    def __init__(self, keep: int = 100) -> None:
        self._keep = keep
        self.texts: list[str] = []

    async def look(self) -> None:
        """See :meth:`stationd.ports.notifier.Notifier.look`."""

    async def send(self, message: Message) -> SendOutcome:
        """See :meth:`stationd.ports.notifier.Notifier.send`."""
        self.texts = [*self.texts, message.text][-self._keep :]
        return Accepted(reference=message.id)

    async def collect(self, asked: Sequence[Asked]) -> Sequence[Report]:
        """See :meth:`stationd.ports.notifier.Notifier.collect`."""
        return [Report(is_delivered=True, reason="simulated", id=each.id) for each in asked]

    async def aclose(self) -> None:
        """See :meth:`stationd.ports.notifier.Notifier.aclose`."""
