"""A device's count of the cards that it has made, and what it proves of one of them.

A counter is believed over the device's word: a job called completed must have moved it. Counters lag, so a card is
given some seconds to be counted; and while an earlier card may still be owed, a later one is not measured. Nothing is
owed only by a card that was sent and watched in this run without a stop, and counted by exactly one: a jammed blank is
counted, too, and may hide that its card is not counted yet.
"""

import time

from stationd.adapters.printers.ipp.incarnation import is_same_run
from stationd.domain.job import Attempt, Evidence
from stationd.domain.outcome import UNCOUNTED, Printed, Unknown
from stationd.domain.printer import Capabilities, PrinterState, PrinterStatus

GRACE_S = 5.0
"""How long a card counter may lag behind the card: devices write it down at the end of a cycle, or when they rest."""


class CardCounter:
    """What the counter of one device has told, as far as it matters for the next card."""

    def __init__(self) -> None:
        self._owes_until = 0.0
        self._plain: set[str] = set()
        self.owes()  # a former run's last card

    def began(self, attempt: Attempt) -> None:
        """The card's document is sent in this run."""
        self._plain.add(attempt.id)

    def stopped(self, attempt: Attempt) -> None:
        """The device stopped in the middle of the card."""
        self._plain.discard(attempt.id)

    def ended(self, attempt: Attempt) -> None:
        """The card has its outcome."""
        self._plain.discard(attempt.id)

    def before(self, status: PrinterStatus) -> int | None:
        """The count before a card; ``None`` while another card may still move it."""
        is_still = status.state is PrinterState.IDLE and time.monotonic() >= self._owes_until
        return status.counter if is_still else None

    def owes(self) -> None:
        """A card may be out that is not counted yet: no later one is measured by the counter for a while."""
        self._owes_until = time.monotonic() + GRACE_S

    def uncounted(self) -> Unknown:
        """The outcome of a card that the counter never told of."""
        self.owes()
        return Unknown(UNCOUNTED)

    def judged(self, attempt: Attempt, status: PrinterStatus, capabilities: Capabilities) -> Printed | None:
        """What is proved of a card that the device calls finished; ``None`` while the counter has not moved."""
        if attempt.counter is None or status.counter is None:
            return self.unmeasured(capabilities, status.counter)
        moved = status.counter - attempt.counter
        if moved and (moved != 1 or attempt.id not in self._plain):
            self.owes()
        if moved == 1 and capabilities.evidence is Evidence.COUNTER:
            is_same = is_same_run(attempt.incarnation, status.incarnation)
            return Printed(Evidence.COUNTER if is_same else Evidence.PRINTER, status.counter)
        # spoiled blanks count, too, and the counter of a mended machine may begin anew
        return Printed(_word(capabilities), status.counter) if moved else None

    def unmeasured(self, capabilities: Capabilities, counter: int | None = None) -> Printed:
        """The device's word for a finished card, where no counter can bear it out."""
        self.owes()
        return Printed(_word(capabilities), counter)


def _word(capabilities: Capabilities) -> Evidence:
    return min(capabilities.evidence, Evidence.PRINTER, key=lambda word: word.strength)
