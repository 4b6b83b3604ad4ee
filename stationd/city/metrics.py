"""What the city's books say for their metrics."""

from collections.abc import Mapping

from stationd.adapters.books_metrics import Figures
from stationd.city.books import Transaction
from stationd.city.reconcile import STANDING, standing


def figures(transaction: Transaction) -> Figures:
    """The figures of now."""
    unsent, oldest = transaction.rows("unsent_figures")[0]
    return Figures(
        now_ms=transaction.now_ms,
        stations=transaction.rows("stations"),
        orders={hold: (count, since) for hold, count, since in transaction.rows("order_figures")},
        unsent=unsent,
        oldest_unsent_ms=oldest,
        troubles=transaction.rows("troubles"),
    )


def difference_counts(transaction: Transaction) -> Mapping[str, int]:
    """How many differences there are of each code that goes away by itself when the books agree again."""
    counts = dict.fromkeys(STANDING, 0)
    for each in standing(transaction):
        counts[each.code] = counts.get(each.code, 0) + 1
    return counts
