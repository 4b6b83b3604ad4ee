"""The benchmarks can be started, and their straight lines go through what lies on one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.__main__ import BENCHES
from tests.bench.processes import line

SIZE = st.integers(1, 10_000)
VALUE = st.integers(-1_000, 1_000)


def test_every_benchmark_has_a_name_and_can_be_called():
    assert all(callable(bench) and heading for heading, bench in BENCHES.values())


@given(sizes=st.lists(SIZE, min_size=2, max_size=5, unique=True), base=VALUE, slope=VALUE, off=st.integers(0, 1_000))
def test_a_line_goes_through_points_that_lie_on_it_and_says_how_far_off_others_are(sizes, base, slope, off):
    through = line([(size, base + slope * size) for size in sizes])
    assert through.at(7_285) == pytest.approx(base + slope * 7_285, abs=1e-3)
    assert through.off == pytest.approx(0, abs=1e-3)
    beside = line([(0, 0), (1, off), (2, 0)])
    assert beside.slope == pytest.approx(0, abs=1e-9)
    assert beside.off == pytest.approx(off * 2 / 3)
