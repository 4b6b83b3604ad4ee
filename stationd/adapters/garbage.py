"""How often the interpreter looks for dead objects that hold each other alive: seldom, and never among what lasts.

Nearly everything here dies by its reference count. Looking through all young objects at every 700 new ones, as CPython
does by default, took a tenth of the processor time of a card.
"""

import gc
from typing import Final

_NEW_OBJECTS: Final = 20_000
"""So many more containers than have died cause a look through the young ones; a few megabytes at the most."""
_LOOKS: Final = 20
"""So many looks through the young cause one through the older, and so many of those one through all."""


def look_seldom() -> None:
    """Look through young objects only when there are many; from the very start, which makes many that stay."""
    gc.set_threshold(_NEW_OBJECTS, _LOOKS, _LOOKS)


def leave_alone() -> None:
    """Look no more at what there is now: modules, schemas, and a station that has started."""
    gc.collect()
    gc.freeze()


def look_again() -> None:
    """Look at everything again: a station has stopped, and another may begin in this process."""
    gc.unfreeze()
