"""The circuit breaker of a printer: after so many spoiled blanks in a row it is stopped, before it eats the stock.

Only a printed card shows that the machine is well again. What printed nothing, and what nobody knows, says nothing
about that and leaves the count as it is. A person resumes a stopped printer, and the count starts afresh.
"""

from stationd.domain.outcome import Outcome, Printed, Spoiled

TOO_MANY_SPOILED = "too-many-spoiled"
"""The reason of a printer that the breaker has stopped."""


def spoils_after(outcome: Outcome, spoils: int) -> int:
    """Blanks spoiled in a row after an outcome."""
    match outcome:
        case Spoiled():
            return spoils + 1
        case Printed():
            return 0
        case _:
            return spoils


def is_tripped(spoils: int, *, limit: int) -> bool:
    """Whether the printer must be stopped; a ``limit`` of 0 never stops it."""
    return 0 < limit <= spoils
