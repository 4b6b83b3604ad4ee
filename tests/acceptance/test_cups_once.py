"""A card goes through a genuine cupsd at most once, whatever dies and when."""

import itertools

from tests.campaign.cups import CARD_S, Cut, Death, Moment, kill_cupsd

CUTS = [Cut(death=death, moment=moment) for death, moment in itertools.product(Death, Moment)]
CUTS += [Cut(death=Death.POWER, moment=Moment.ACCEPTED, after_s=step / 50) for step in range(1, 8)]
CUTS += [Cut(death=Death.CUPSD, moment=Moment.BEGUN, after_s=CARD_S / 2)]


async def test_a_card_goes_through_cups_at_most_once_whenever_cupsd_dies(tmp_path):
    result = await kill_cupsd(tmp_path, CUTS)
    assert sum(result.outcomes.values()) == len(CUTS)
    assert result.reckoning.uncertain, "a death in mid-card leaves nobody who could tell"
    assert result.outcomes["backend", "uncertain"], "a killed backend is no printed card, whatever cupsd calls it"
