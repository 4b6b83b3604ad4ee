"""Drawing up what is signed about blanks, in the transaction of the act itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from stationd.adapters.sqlite.minutes import SqliteMinutes
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain import blank_papers
from stationd.domain.blank_entry import NewEntry
from stationd.domain.count import Figures
from stationd.domain.signers import Desk, Signer
from stationd.ports.minutes import Drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What minutes about blanks are made with: ``signer`` knows an officer by the number, ``today`` is a safe date."""

    minutes: SqliteMinutes
    desk: Desk
    signer: Callable[[str], Signer]
    today: Callable[[], date]

    def destruction(self, transaction: Transaction, entry: NewEntry, seq: int, officers: Sequence[str]) -> Drawn:
        """Minutes of the destruction that is entry ``seq``."""
        draft = blank_papers.destruction(
            self.desk,
            self.today(),
            quantity=entry.quantity,
            items=entry.items,
            serials=entry.serials,
            note=entry.note,
            signers=[self.signer(number) for number in officers],
            witnesses=entry.witnesses,
        )
        return self.minutes.draw(transaction, draft, f"blanks:entry:{seq}")

    def count_difference(
        self, transaction: Transaction, counted: Figures, book: Figures, *, note: str, seq: int, officers: Sequence[str]
    ) -> Drawn:
        """Minutes of the difference whose last entry is ``seq``."""
        draft = blank_papers.count_difference(
            self.desk,
            self.today(),
            counted=counted,
            book=book,
            note=note,
            signers=[self.signer(number) for number in officers],
        )
        return self.minutes.draw(transaction, draft, f"blanks:entry:{seq}")
