"""Take one precaution out of the station, and the simulation notices: it would notice if we lost it by mistake."""

import pytest

from tests.simulation.mutations import ALL
from tests.simulation.world import run_seed

ENOUGH_SEEDS = 300


@pytest.mark.parametrize("what", ALL)
def test_a_station_without_a_precaution_breaks_a_promise(what):
    mutation, words = ALL[what]
    seen = []
    with mutation():
        for seed in range(ENOUGH_SEEDS):
            broken = run_seed(seed).broken
            if broken is not None:
                seen.append((seed, broken))
                if any(word in broken for word in words):
                    return
    pytest.fail(f"when {what}, {ENOUGH_SEEDS} seeds notice nothing of the kind {words}: {seen[:5]}")
