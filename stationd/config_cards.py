"""The keys for finished cards: the counter, and those who ask with a receipt."""

from dataclasses import dataclass
from typing import Final

from stationd.config_schema import Key, Table, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupSettings:
    """The counter: how long a hand-over can be undone, how many receipts one caller may ask for."""

    undo_minutes: int
    lookups_per_minute: int


CARD_TABLES: Final[tuple[Table, ...]] = (
    Table(
        name="pickup",
        help="Finished cards at the counter; see [custody](custody.md).",
        keys=(
            Key(
                name="undo_minutes",
                rule=whole(0, 1440),
                default=15,
                help="How long two officers can undo a hand-over.",
            ),
            Key(
                name="lookups_per_minute",
                rule=whole(1, 1_000_000),
                default=120,
                help="How many receipts one caller may ask for; one that is not known counts as ten.",
            ),
        ),
    ),
)
