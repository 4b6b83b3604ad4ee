"""The daily count: two people count blind, and the book follows only where they agree.

The second does not see the first one's figure. They agree when both find the same difference from the book, each at
its own time: cards that were printed between the two counts then do not matter. Where they differ nothing is booked
and both count again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stationd.domain.blanks import Account, Movement, counted_movement
from stationd.domain.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How many blanks lie in the safe, and in the hoppers by printer."""

    safe: int
    hoppers: Mapping[str, int] = field(default_factory=dict)

    def minus(self, book: "Figures") -> "Figures":
        """The difference at each place that was counted; below zero where blanks are missing."""
        return Figures(
            safe=self.safe - book.safe,
            hoppers={printer: found - book.hoppers.get(printer, 0) for printer, found in self.hoppers.items()},
        )

    @property
    def sum(self) -> int:
        """All places together."""
        return self.safe + sum(self.hoppers.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A count as one person made it, and what the book said then. ``day`` is an ISO date."""

    seq: int
    day: str
    counted: Figures
    book: Figures
    actor: str
    officer: str | None

    @property
    def difference(self) -> Figures:
        """What it found beside the book."""
        return self.counted.minus(self.book)


@dataclass(frozen=True, slots=True)
class PlacedMovement:
    """A movement, and the printer whose hopper it is about."""

    movement: Movement
    printer: str | None = None


def agree(first: Count, second: Count) -> bool:
    """Whether two counts say the same."""
    return first.difference == second.difference


def count_movements(
    counted: Figures, book: Figures, balances: Mapping[Account, int]
) -> tuple[PlacedMovement, ...] | Refused:
    """What brings the book to what was counted: first what is missing, then what came back.

    Refused (``blanks-not-there``) when more blanks lie there than were ever missed.
    """
    lacking: list[PlacedMovement] = []
    surplus: list[PlacedMovement] = []
    places: list[tuple[Account, str | None, int, int]] = [(Account.SAFE, None, counted.safe, book.safe)]
    places += [(Account.LOADED, name, found, book.hoppers.get(name, 0)) for name, found in counted.hoppers.items()]
    left = dict(balances)
    for account, printer, found, booked in sorted(places, key=lambda place: place[2] - place[3]):
        movement = counted_movement(account, found, booked, left)
        if isinstance(movement, Refused):
            return movement
        if movement is None:
            continue
        left[movement.source] -= movement.quantity
        left[movement.target] = left.get(movement.target, 0) + movement.quantity
        (lacking if movement.target is Account.MISSING else surplus).append(PlacedMovement(movement, printer))
    return (*lacking, *surplus)
