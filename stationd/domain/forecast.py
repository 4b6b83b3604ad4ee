"""When a card will be there, and which printer should make it, from measured seconds a card.

Every printer is a *server*: free in so many seconds, then so many seconds a card, with its rests. Two questions are
answered by the same arithmetic: *may this printer begin the next card?* (not when faster ones would have finished all
that waits before it is done: the last card is to be finished as early as possible) and *when is the n-th card done?*
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

from stationd.domain.profile import RestRule

_LEAST_S = 1e-6
"""A card that takes no time is taken to last this long."""

_GRAIN_S = 0.02
"""A card that is done so soon is never left to another printer."""

_SPECK = 1e-9
_HALVINGS = 40
_FEW_HALVINGS = 12
_MANY_A_SERVER = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A printer that takes cards now or after its rest.

    ``seconds`` a card by profile; ``free_in_s`` until the cards that it has are out and its rest is over;
    ``until_rest`` is how many cards it makes before it rests, as ``rest`` says; ``None`` when it never does.
    """

    name: str
    seconds: Mapping[str, float]
    free_in_s: float = 0.0
    until_rest: int | None = None
    rest: RestRule | None = None

    def finish_s(self, profile: str, count: int = 1) -> float:
        """When the ``count``-th further card of the profile is out."""
        rests_s = 0.0
        if self.rest is not None and self.until_rest is not None and count > self.until_rest:
            rests_s = self.rest.rest_s * (1 + (count - self.until_rest - 1) // self.rest.cards)
        return self.free_in_s + count * self.seconds[profile] + rests_s

    def made_by(self, at_s: float, card_s: float) -> int:
        """How many cards of ``card_s`` seconds are out at ``at_s``."""
        left_s, card_s = at_s - self.free_in_s, max(card_s, _LEAST_S)
        if left_s < 0:
            return 0
        if self.rest is None or self.until_rest is None:
            return floor(left_s / card_s + _SPECK)
        first = min(self.until_rest, floor(left_s / card_s + _SPECK))
        left_s -= self.until_rest * card_s + self.rest.rest_s
        if left_s < 0:
            return first
        stint_s = self.rest.cards * card_s + self.rest.rest_s
        stints = floor(left_s / stint_s)
        return (
            self.until_rest
            + stints * self.rest.cards
            + min(self.rest.cards, floor((left_s - stints * stint_s) / card_s + _SPECK))
        )


def may_begin(me: Server, others: Sequence[Server], profile: str, waiting: int) -> bool:
    """Whether ``me`` should begin one of the ``waiting`` cards.

    Not when the other printers of the profile would have finished all of them strictly before ``me`` its one. The
    printer that would be done first of all always may, so a waiting card never stays because each leaves it to another.
    """
    done_s = me.finish_s(profile)
    if done_s <= _GRAIN_S:
        return True
    earlier = 0
    for other in others:
        if earlier >= waiting:
            break
        if (card_s := other.seconds.get(profile)) is not None:
            earlier += other.made_by(done_s * (1 - _SPECK) - _LEAST_S, card_s)
    return waiting > earlier


def expected_s(servers: Sequence[Server], profile: str, ahead: Mapping[str, int]) -> float | None:
    """Seconds until a job is printed that has so many jobs of each profile ``ahead``; ``None`` when nobody prints it.

    Jobs of other profiles count as far as they are made by the same printers.
    """
    ours = [server for server in servers if profile in server.seconds]
    if not ours:
        return None
    before = float(ahead.get(profile, 0))
    for other, count in ahead.items():
        if other != profile and count:
            before += count * _share(servers, ours, other)
    cards_s = [_mixed_s(server, profile, ahead) for server in ours]
    return _when(ours, cards_s, ceil(before - _SPECK) + 1)


def _share(servers: Sequence[Server], ours: Sequence[Server], profile: str) -> float:
    """Which part of a profile's jobs is made by ``ours``, by their speed."""
    whole = sum(1 / max(server.seconds[profile], _LEAST_S) for server in servers if profile in server.seconds)
    part = sum(1 / max(server.seconds[profile], _LEAST_S) for server in ours if profile in server.seconds)
    return part / whole if whole else 0.0


def _mixed_s(server: Server, profile: str, ahead: Mapping[str, int]) -> float:
    """Mean seconds a card over what a server has to make of all that is ahead."""
    cards, total_s = 1, server.seconds[profile]
    for each, count in ahead.items():
        if each in server.seconds:
            cards += count
            total_s += count * server.seconds[each]
    return max(total_s / cards, _LEAST_S)


def _when(servers: Sequence[Server], cards_s: Sequence[float], count: int) -> float:
    """The earliest time at which all servers together have made ``count`` cards.

    Without rests the answer lies between the times at which ``count`` and, for the cards begun and not finished, as
    many more as there are servers would be made if cards could be divided; far ahead the middle of them is near enough.
    """
    rate = sum(1 / card_s for card_s in cards_s)
    begun = sum(server.free_in_s / card_s for server, card_s in zip(servers, cards_s, strict=True))
    low, high = (count + begun) / rate, (count + begun + len(servers)) / rate
    halvings = _FEW_HALVINGS
    if any(server.rest is not None or server.free_in_s > low for server in servers):
        low, halvings = 0.0, _HALVINGS
    elif count > _MANY_A_SERVER * len(servers):
        return (low + high) / 2
    while _made(servers, cards_s, high) < count:
        low, high = high, high * 2
    for _ in range(halvings):
        middle = (low + high) / 2
        if _made(servers, cards_s, middle) < count:
            low = middle
        else:
            high = middle
    return high


def _made(servers: Sequence[Server], cards_s: Sequence[float], at_s: float) -> int:
    return sum(server.made_by(at_s, card_s) for server, card_s in zip(servers, cards_s, strict=True))
