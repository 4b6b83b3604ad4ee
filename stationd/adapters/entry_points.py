"""What is installed under a name: our own pieces and vendors', by entry point."""

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any


def names(group: str) -> Sequence[str]:
    """The names in a group, in order of the alphabet."""
    return sorted({entry.name for entry in entry_points(group=group)})


def load(group: str, name: str, *, noun: str = "driver") -> Any:
    """The object behind a name; ``noun`` is what the group holds, for the messages.

    Raises ``ValueError`` with one line when none is installed or it cannot be loaded. Reads the installed packages'
    metadata: to be called before the loop serves, or in a thread.
    """
    found = sorted(entry_points(group=group, name=name), key=lambda entry: entry.value)
    if not found:
        raise ValueError(f"no {noun} named {name} is installed; there are {', '.join(names(group)) or 'none'}")
    try:
        return found[0].load()
    except (ImportError, AttributeError) as trouble:
        raise ValueError(f"the {noun} {name} cannot be loaded: {trouble}") from trouble
