"""The gate before the printers: whether a card may be begun at all, whatever the printers could do."""

from collections.abc import Callable, Iterable

Source = Callable[[], Iterable[str]]


class Gate:
    """Open while no source gives a reason to keep it shut.

    Sources are asked each time, so that the answer is never older than the question; they must be cheap. Whoever
    follows the gate is told when its reasons have changed, at the next :meth:`look`.
    """

    def __init__(self) -> None:
        self._sources: list[Source] = []
        self._followers: list[Callable[[], None]] = []
        self._told: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether a card may be begun now."""
        return not any(True for source in self._sources for _ in source())

    @property
    def reasons(self) -> tuple[str, ...]:
        """Keywords for what keeps it shut, sorted; empty when it is open."""
        return tuple(sorted({reason for source in self._sources for reason in source()}))

    def add(self, source: Source) -> None:
        """Ask this source from now on; it gives the keywords of its reasons, none when it has none."""
        self._sources.append(source)

    def follow(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever the reasons have changed."""
        self._followers.append(changed)

    def unfollow(self, changed: Callable[[], None]) -> None:
        """Call it no more."""
        self._followers.remove(changed)

    def look(self) -> None:
        """Something may have changed: tell the followers if it did."""
        reasons = frozenset(self.reasons)
        if reasons != self._told:
            self._told = reasons
            for changed in tuple(self._followers):
                changed()
