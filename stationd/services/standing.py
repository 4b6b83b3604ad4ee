"""How one printer stands: what it said last, what people and rules hold it back for, and what it may begin now."""

from collections.abc import Mapping
from dataclasses import dataclass

from stationd.domain.dispatch import RESTING, SHORT, TOO_COLD, Batch, Stint, can_finish, is_too_cold
from stationd.domain.forecast import Server
from stationd.domain.outcome import NothingPrinted, Outcome
from stationd.domain.printer import OFFLINE, PrinterState, PrinterStatus
from stationd.domain.profile import Profile, RestRule
from stationd.ports.printers import PrinterMark
from stationd.services.pace import Pace

PAUSED = "paused"
MAINTENANCE = "maintenance"


@dataclass(slots=True)
class InHand:
    """A card in question at the printer: its profile, and when its lane took it up (monotonic seconds)."""

    profile: str
    started: float


class Standing:
    """Kept by the spooler; asks nothing of the device and waits for nothing."""

    def __init__(
        self,
        profiles: tuple[str, ...],
        known: Mapping[str, Profile],
        pace: Pace,
        *,
        batch: int,
        mark: PrinterMark,
        now: float,
    ) -> None:
        """``known`` are the rules of the profiles; one without rules can always be finished and never needs a rest."""
        self.profiles = profiles
        self.mark = mark
        self.status = PrinterStatus(state=PrinterState.STOPPED, reasons=frozenset({OFFLINE}))
        self.offline_since: float | None = now
        self.stopped_since: float | None = now
        self.in_hand: dict[str, InHand] = {}
        """By attempt id."""
        self._known = known
        self._pace = pace
        self._size = batch
        self._batch = Batch()
        self._stint = Stint(last_at=now)
        self._not_deducted = 0
        """Cards that the supplies, as last told, may not have been lessened by."""

    # ---------------------------------------------------------------------------------------------- what happens

    def take_in(self, status: PrinterStatus, now: float) -> None:
        """What the device says of itself now."""
        self.status = status
        self.offline_since = (self.offline_since or now) if OFFLINE in status.reasons else None
        self.stopped_since = (self.stopped_since or now) if status.stopped_by else None
        self._not_deducted = len(self.in_hand)

    def begun(self, attempt_id: str, profile: str, now: float) -> None:
        """A card was claimed for it."""
        self.in_hand[attempt_id] = InHand(profile, now)
        self._batch = self._batch.after(profile, self._size)
        self._not_deducted += 1

    def ended(self, attempt_id: str, outcome: Outcome | None, now: float) -> None:
        """A card in hand has come to its outcome, or was let go without one."""
        card = self.in_hand.pop(attempt_id, None)
        if card is None:
            return
        rule, others = self._rule(card.profile), len(self.in_hand)
        if outcome is None or isinstance(outcome, NothingPrinted):
            self._stint = self._stint.still(rule, in_hand=others, now=now)
            if isinstance(outcome, NothingPrinted):
                self._not_deducted = max(0, self._not_deducted - 1)
        else:
            self._stint = self._stint.made(rule, in_hand=others, now=now)

    # ------------------------------------------------------------------------------------------- what follows of it

    def reasons(self, now: float) -> frozenset[str]:
        """Why it takes no card now, besides what is in hand: keywords; empty when it does."""
        found = set(self.status.stopped_by)
        if self.mark.is_paused:
            found.add(MAINTENANCE if self.mark.is_drained else PAUSED)
        if self.mark.stopped_by is not None:
            found.add(self.mark.stopped_by)
        if self.rest_left_s(now) > 0:
            found.add(RESTING)
        if is_too_cold(self.status):
            found.add(TOO_COLD)
        if not self.in_hand and not any(self._can_finish(profile) for profile in self.profiles):
            found.add(SHORT)
        return frozenset(found)

    def fit(self, now: float) -> tuple[str, ...]:
        """The profiles of which it may begin one more card now, by rules and supplies."""
        if is_too_cold(self.status):
            return ()
        return tuple(profile for profile in self.profiles if self._can_finish(profile) and self._has_room(profile, now))

    @property
    def preferred(self) -> str | None:
        """The profile of the batch that it is at, while that goes on."""
        return self._batch.preferred(self._size)

    def rest_left_s(self, now: float) -> float:
        """Seconds until its rest is over; 0 when it does not rest."""
        return self._stint.rest_left_s(now)

    def server(self, name: str, now: float) -> Server:
        """The printer as the forecast sees it, if nothing but a rest holds it back."""
        rule = self._rule(self._batch.profile or self.profiles[0])
        until_rest, free_s = None, self._in_hand_s(now)
        if rule is not None:
            resting_s = self.rest_left_s(now)
            until_rest = rule.cards if resting_s else self._stint.room(rule, in_hand=len(self.in_hand), now=now)
            free_s += resting_s
        return Server(
            name=name,
            seconds={profile: self._pace.seconds(profile) for profile in self.profiles},
            free_in_s=free_s,
            until_rest=until_rest,
            rest=rule,
        )

    # ---------------------------------------------------------------------------------------------------- inside

    def _rule(self, profile: str) -> RestRule | None:
        known = self._known.get(profile)
        return None if known is None else known.rest

    def _can_finish(self, profile: str) -> bool:
        known = self._known.get(profile)
        uses = {} if known is None else known.supplies
        return can_finish(self.status.supplies, uses, under_way=self._not_deducted)

    def _has_room(self, profile: str, now: float) -> bool:
        room = self._stint.room(self._rule(profile), in_hand=len(self.in_hand), now=now)
        return room is None or room > 0

    def _in_hand_s(self, now: float) -> float:
        """Seconds until the cards in hand are out: one after another, the first since it was begun.

        One that is overdue is taken to need as long again as it has been overdue, so that others do not wait for a
        printer that got stuck.
        """
        if not self.in_hand:
            return 0.0
        cards = sorted(self.in_hand.values(), key=lambda card: card.started)
        whole_s = sum(self._pace.seconds(card.profile) for card in cards)
        first_s = self._pace.seconds(cards[0].profile)
        begun_at = max(cards[0].started, self._pace.last)
        return whole_s - first_s + abs(first_s - max(0.0, now - begun_at))
