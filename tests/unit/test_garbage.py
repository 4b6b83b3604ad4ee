"""Dead objects are looked for seldom, and those of a station that stopped are found all the same."""

import gc
import weakref

from stationd.adapters import garbage


class _Station:
    """Holds itself alive, as a station's parts do each other."""

    def __init__(self) -> None:
        self.me = self


def test_a_stopped_station_is_forgotten_although_nothing_looked_at_it_while_it_ran() -> None:
    thresholds = gc.get_threshold()
    try:
        garbage.look_seldom()
        station = _Station()
        remembered = weakref.ref(station)
        garbage.leave_alone()
        del station
        gc.collect()
        assert remembered() is not None, "it is looked at while it runs"
        garbage.look_again()
        gc.collect()
        assert remembered() is None
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
