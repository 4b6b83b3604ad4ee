"""Take one precaution out of the station, and the simulation notices: it would notice if we lost it by mistake."""

import pytest

from tests.simulation.mutations import ALL, FIRST_SEED
from tests.simulation.world import run_seed

ENOUGH = 3
"""So many seeds must notice: one could be luck."""
MOST_SEEDS = 150


@pytest.mark.parametrize("what", ALL)
def test_a_station_without_a_precaution_breaks_a_promise(what):
    mutation, words = ALL[what]
    noticed, others = 0, []
    with mutation():
        first = FIRST_SEED.get(what, 0)
        for seed in range(first, first + MOST_SEEDS):
            broken = run_seed(seed).broken or ""
            if any(word in broken for word in words):
                noticed += 1
            elif broken:
                others.append((seed, broken))
            if noticed == ENOUGH:
                return
    pytest.fail(f"when {what}, {noticed} of {MOST_SEEDS} seeds notice anything of the kind {words}: {others[:5]}")
