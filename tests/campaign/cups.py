"""cupsd killed at every moment of a card's path through a queue of ``stationd-once``.

What must hold, whatever died and when: the real backend was started at most once for each job, and the station calls
each job printed or uncertain.
"""

import asyncio
import enum
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.cupsd import Cupsd
from tests.rigs.documents import png
from tests.rigs.reckoning import Reckoning, digests_of, reckon
from tests.rigs.station import StationProcess

CARD_S = 0.3
"""How long a card takes in the real backend."""


class Death(enum.Enum):
    """Who dies."""

    POWER = "power"
    """cupsd and its backends, at once."""
    CUPSD = "cupsd"
    """cupsd alone: a backend at work goes on as an orphan, while the new cupsd takes up the queue."""
    BACKEND = "backend"
    """The real backend alone; cupsd would call its job completed."""


class Moment(enum.Enum):
    """When."""

    ACCEPTED = "accepted"
    """As soon as the station has taken the order."""
    BEGUN = "begun"
    """The real backend has begun the card."""
    PRINTED = "printed"
    """The card is out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One death: ``after_s`` seconds after its moment."""

    death: Death
    moment: Moment
    after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a series of cuts; ``outcomes`` counts the jobs by who died and how they ended."""

    reckoning: Reckoning
    outcomes: Mapping[tuple[str, str], int]


async def kill_cupsd(folder: Path, cuts: Iterable[Cut]) -> Result:
    """One card a cut, on a station and a genuine cupsd of their own. Raises ``AssertionError`` for a broken promise."""
    cuts = list(cuts)
    rig = Cupsd(folder / "cups", is_once=True)
    rig.behave(f"sleep {CARD_S}")
    with rig:
        table = {"name": "kartu-1", "driver": "ipp", "uri": rig.uri, "poll_s": 0.2, "timeout_s": 3}
        async with StationProcess(folder / "station", [table]) as station:
            await station.receive(len(cuts))
            documents = {number: png(number, size=50_000) for number in range(1, len(cuts) + 1)}
            outcomes: Counter[tuple[str, str]] = Counter()
            for number, cut in enumerate(cuts, 1):
                await _one(station, rig, number, documents[number], cut)
                state = _states(station)[number]
                assert state in {"printed", "uncertain"}, f"{cut}: {state}\n{station.tail()}"
                outcomes[cut.death.value, state] += 1
            rig.behave("")
            await asyncio.sleep(2 * CARD_S)  # an orphan among the backends may still be at its card
            station.check_books()
            reckoning = reckon(station, documents, digests_of(rig.cards()), digests_of(rig.begun()))
            reckoning.check()
            assert len(rig.begun()) <= len(cuts)
    shutil.rmtree(folder / "cups" / "spool", ignore_errors=True)
    return Result(reckoning=reckoning, outcomes=outcomes)


async def _one(station: StationProcess, rig: Cupsd, number: int, document: bytes, cut: Cut) -> None:
    """One card and one death; returns when the job is settled."""
    begun, out = len(rig.begun()), len(rig.cards())
    status, answer = await station.submit(number, document)
    assert status == 201, answer
    match cut.moment:
        case Moment.BEGUN:
            await asyncio.to_thread(rig.wait_for_begun, begun + 1)
        case Moment.PRINTED:
            await asyncio.to_thread(rig.wait_for_cards, out + 1)
        case Moment.ACCEPTED:
            pass
    await asyncio.sleep(cut.after_s)
    match cut.death:
        case Death.POWER:
            await asyncio.to_thread(rig.restart)
        case Death.CUPSD:
            await asyncio.to_thread(rig.kill_alone)
            await asyncio.to_thread(rig.start)
        case Death.BACKEND:
            rig.kill_backend()
    await station.settled()


def _states(station: StationProcess) -> dict[int, str]:
    return {int(order[-6:]): state for order, state in station.rows("SELECT order_ref, state FROM job")}
