"""The citizen's answer: everything that the station knows of a receipt, in words, and nothing of the person."""

from collections.abc import Callable, Hashable
from datetime import date
from typing import Final

from stationd.domain.answer import Answer, Turn, answer
from stationd.domain.errors import Refused
from stationd.domain.ids import read_receipt
from stationd.domain.rate import Allowance, Callers
from stationd.ports.cards import CardStore
from stationd.ports.clock import Clock
from stationd.services.jobs import Jobs, malformed

_FARTHEST_S: Final = 365 * 86_400
"""What is expected later than this is not expected, it is hoped for."""


class Answers:
    """Answers to those who hold a receipt, and slowness to those who guess at one."""

    def __init__(
        self,
        store: CardStore,
        jobs: Jobs,
        *,
        clock: Clock,
        day_in: Callable[[float], date | None],
        here: str,
        allowance: Allowance,
    ) -> None:
        """``day_in`` gives the date in so many seconds while the clock is trusted; ``here`` is the station's name."""
        self._store = store
        self._jobs = jobs
        self._clock = clock
        self._day_in = day_in
        self._here = here
        self._allowance = allowance
        self._callers = Callers(allowance)

    @property
    def quota(self) -> int:
        """How many one caller may ask for in a minute; one that is not known counts as several."""
        return self._allowance.burst

    def left(self, caller: Hashable) -> tuple[int, int]:
        """How many the caller may ask for now, and the whole seconds until it may ask for all again."""
        return self._callers.left(caller, self._clock.monotonic())

    async def about(self, text: str, *, caller: Hashable) -> Answer:
        """The answer for what was typed or scanned.

        An unknown receipt gets the same answer as every other unknown one, after the same look into the books. Raises
        :class:`Refused`: ``rate-limited``, ``receipt-malformed``, ``receipt-unknown``.
        """
        now = self._clock.monotonic()
        wait_s = self._callers.take(caller, now)
        if wait_s is not None:
            raise Refused("rate-limited/receipts", wait_s=wait_s)
        receipt = read_receipt(text)
        if receipt is None:
            raise malformed()
        standing = await self._store.by_receipt(receipt)
        if standing is None:
            self._callers.charge(caller, now, self._allowance.miss_cost - 1)
            raise Refused("receipt-unknown", field="receipt")
        job, card = standing.job, standing.card
        if job is None or card is not None:
            return answer(job, card, here=self._here, peer=standing.peer_name)
        view, around = await self._jobs.told(job)
        expected_s = view.expected_s if view.expected_s is None or view.expected_s <= _FARTHEST_S else None
        return answer(
            job,
            None,
            here=self._here,
            whys=[each.code for each in view.why],
            printers=around.printers,
            turn=Turn(
                position=view.position,
                expected_s=expected_s,
                expected_on=view.expected_on if expected_s is None else self._day_in(expected_s),
            ),
        )
