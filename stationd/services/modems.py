"""The lines of modems that are plugged in."""

from collections.abc import Callable

from stationd.services.watch_devices import DeviceUse


class Modems:
    """Which ports a modem may answer at; asked whenever one is opened."""

    def __init__(self) -> None:
        self._nodes: dict[str, str] = {}
        self._followers: list[Callable[[], None]] = []

    def follow(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` when a line came."""
        self._followers.append(changed)

    def came(self, use: DeviceUse) -> None:
        """A line of a modem is there."""
        node = use.record.seen.node
        if node is not None and self._nodes.get(use.name) != node:
            self._nodes[use.name] = node
            for follower in self._followers:
                follower()

    def went(self, name: str) -> None:
        """It was pulled out."""
        self._nodes.pop(name, None)

    def holds(self, name: str) -> bool:
        """Whether the device of that name is in use as a modem."""
        return name in self._nodes

    def nodes(self) -> tuple[str, ...]:
        """The ports, in a lasting order."""
        return tuple(sorted(self._nodes.values()))
