"""A card goes through a genuine cupsd at most once, whatever dies and when."""

import itertools
import subprocess

import pytest

from tests.campaign.cups import CARD_S, Cut, Death, Moment, kill_cupsd
from tests.rigs.cupsd import QUEUE, Cupsd
from tests.rigs.documents import png

CUTS = [Cut(death=death, moment=moment) for death, moment in itertools.product(Death, Moment)]
CUTS += [Cut(death=Death.POWER, moment=Moment.ACCEPTED, after_s=step / 50) for step in range(1, 8)]
CUTS += [Cut(death=Death.CUPSD, moment=Moment.BEGUN, after_s=CARD_S / 2)]


async def test_a_card_goes_through_cups_at_most_once_whenever_cupsd_dies(tmp_path):
    result = await kill_cupsd(tmp_path, CUTS)
    assert sum(result.outcomes.values()) == len(CUTS)
    assert result.reckoning.uncertain, "a death in mid-card leaves nobody who could tell"
    assert result.outcomes["backend", "uncertain"], "a killed backend is no printed card, whatever cupsd calls it"


@pytest.mark.parametrize(("is_once", "begun"), [(False, 2), (True, 1)])
def test_it_is_the_wrapper_that_keeps_a_restarted_cupsd_from_printing_a_card_again(tmp_path, is_once, begun):
    """The same death with the bare backend, which CUPS starts again: without the wrapper there are two cards."""
    document = tmp_path / "card.png"
    document.write_bytes(png(1))
    with Cupsd(tmp_path / "cups", is_once=is_once) as rig:
        rig.behave("sleep 30")
        server = f"127.0.0.1:{rig.port}"
        subprocess.run(["lp", "-h", server, "-d", QUEUE, "-t", "one-card", document], check=True, capture_output=True)
        rig.wait_for_begun(1)
        rig.behave("")
        rig.restart()
        # a second job behind it: when that one is out, cupsd has done with the first whatever it wanted
        subprocess.run(["lp", "-h", server, "-d", QUEUE, "-t", "another", document], check=True, capture_output=True)
        rig.wait_for_cards(begun)
        names = [card.name for card in rig.begun()]
        assert names == [*["one-card"] * begun, "another"]
