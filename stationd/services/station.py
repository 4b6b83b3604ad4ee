"""The station itself: who and where it is, and whether it can print."""

from collections.abc import Callable
from dataclasses import dataclass

from stationd.ports.clock import Clock
from stationd.services.gate import Gate
from stationd.services.printers import Printers


@dataclass(frozen=True, slots=True, kw_only=True)
class StationView:
    """The station as shown; ``reasons`` are keywords for what keeps it from printing now.

    ``time_zone`` is ``None`` where it is the machine's own.
    """

    id: str
    name: str
    mode: str
    serves: tuple[str, ...]
    time_zone: str | None
    version: str
    started_at_ms: int
    is_ready: bool
    reasons: tuple[str, ...]


class Station:
    """Describes the station."""

    def __init__(  # noqa: PLR0913 - its collaborators, each by its name
        self,
        *,
        id_: str,
        name: str,
        mode: str,
        serves: tuple[str, ...],
        version: str,
        clock: Clock,
        printers: Printers,
        at_hand: Callable[[], int],
        time_zone: str | None = None,
        gate: Gate | None = None,
        storage_trouble: Callable[[], str | None] = lambda: None,
    ) -> None:
        """``at_hand`` tells how many blanks can be printed now; ``gate`` whether the station may print.

        ``storage_trouble`` tells why nothing can be written, by the code of the fault.
        """
        self._id = id_
        self._name = name
        self._mode = mode
        self._serves = serves
        self._version = version
        self._time_zone = time_zone
        self._printers = printers
        self._started_at_ms = clock.now_ms()
        self._at_hand = at_hand
        self._gate = gate or Gate()
        self._storage_trouble = storage_trouble

    def describe(self) -> StationView:
        """Who, where, and what stands in the way of printing."""
        spoolers = self._printers.spoolers()
        reasons = []
        if not spoolers:
            reasons.append("no-printer")
        elif not any(spooler.is_able for spooler in spoolers):
            reasons.append("no-printer-ready")
        if self._at_hand() < 1:
            reasons.append("no-blanks")
        reasons.extend(self._gate.reasons)
        trouble = self._storage_trouble()
        if trouble is not None:
            reasons.append(trouble)
        return StationView(
            id=self._id,
            name=self._name,
            mode=self._mode,
            serves=self._serves,
            time_zone=self._time_zone,
            version=self._version,
            started_at_ms=self._started_at_ms,
            is_ready=not reasons,
            reasons=tuple(reasons),
        )
