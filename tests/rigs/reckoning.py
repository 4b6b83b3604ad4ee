"""The count after a disaster: what was submitted, held against what the printer really printed."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.cardlog import PrintedCard
from tests.rigs.station import StationProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """What became of every accepted job and of every card.

    ``duplicates``: numbers of documents that came out, or were begun, more than once. ``lost``: numbers that the
    station does not know, or calls printed with no card to show. ``strange``: cards of bytes that nobody submitted, as
    a truncated document would be. ``open``: jobs neither printed nor uncertain, by number.
    """

    jobs: int
    cards: int
    printed: int
    uncertain: int
    duplicates: tuple[int, ...]
    lost: tuple[int, ...]
    strange: int
    open: Mapping[int, str]

    def check(self) -> None:
        """Raise ``AssertionError`` unless every job is printed once or uncertain, and every card is one of ours."""
        assert not self.duplicates, f"printed twice: {self}"
        assert not self.lost, f"lost: {self}"
        assert not self.strange, f"printed what nobody submitted: {self}"
        assert not self.open, f"neither printed nor uncertain: {self}"
        assert self.jobs == self.printed + self.uncertain, self
        assert self.printed <= self.cards <= self.printed + self.uncertain, self


def reckon(
    station: StationProcess,
    documents: Mapping[int, bytes],
    printed: Iterable[str],
    begun: Iterable[str] | None = None,
) -> Reckoning:
    """The reckoning of submitted ``documents`` by number against the SHA-256 of the cards.

    ``begun`` are the cards whose bytes reached the print step, where a printer tells; else those that came out.
    """
    digests = {number: hashlib.sha256(data).hexdigest() for number, data in documents.items()}
    return reckon_digests(station, digests, printed, begun)


def reckon_digests(
    station: StationProcess, digests: Mapping[int, str], printed: Iterable[str], begun: Iterable[str] | None = None
) -> Reckoning:
    """The same for documents known by their SHA-256 only."""
    out = Counter(printed)
    touched = Counter(begun) if begun is not None else out
    states = {int(order[-6:]): state for order, state in station.rows("SELECT order_ref, state FROM job")}
    ours = set(digests.values())
    return Reckoning(
        jobs=len(digests),
        cards=out.total(),
        printed=sum(state == "printed" for state in states.values()),
        uncertain=sum(state == "uncertain" for state in states.values()),
        duplicates=tuple(n for n, digest in digests.items() if max(out[digest], touched[digest]) > 1),
        lost=tuple(
            n for n, digest in digests.items() if n not in states or (states[n] == "printed" and not out[digest])
        ),
        strange=sum(count for digest, count in (out | touched).items() if digest not in ours),
        open={n: state for n, state in states.items() if state not in {"printed", "uncertain"}},
    )


def digests_of(cards: Iterable[PrintedCard]) -> list[str]:
    """The SHA-256 of each card of a genuine printer."""
    return [card.sha256 for card in cards]


def digests_in(folder: Path) -> list[str]:
    """The SHA-256 of each card that a simulated printer has let out into its folder."""
    return [
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*"))
        if not path.name.startswith(".")
    ]
