"""What is plugged in, and what ever was."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.events import Event
from stationd.domain.inventory import Changes, Inventory


class DeviceWatcher(Protocol):
    """What is plugged in, and what comes and goes; for one consumer.

    Changes that nobody has asked for yet are not queued: they are told together at the next asking, so that a slow
    consumer costs no memory and never acts on what is over.
    """

    @property
    def inventory(self) -> Inventory:
        """What is present, as last told."""
        ...

    async def start(self) -> Inventory:
        """Begin to listen, then look: what is present. Raises ``Faulted`` (``devices-unreadable``) if it cannot."""
        ...

    async def next_changes(self) -> Changes:
        """Wait for something to change and tell it; never empty. May be cancelled at any point without loss."""
        ...

    def look_again(self) -> None:
        """Look at the bus soon, without waiting for an event."""
        ...

    async def aclose(self) -> None:
        """Stop listening."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A device as remembered: present, or gone with what was last known of it. Times are Unix milliseconds.

    ``label`` is what an officer called it, ``title`` what it calls itself; ``matcher`` names what takes it, ``None``
    when nothing does. ``plugs`` counts how often it came, ``resets`` how often it came back before it counted as gone.
    """

    identity: str
    label: str | None
    title: str
    vendor: str
    product: str
    serial: str
    port: str
    node: str | None
    matcher: str | None
    is_present: bool
    plugs: int
    resets: int
    first_seen_at: int
    last_seen_at: int


class DeviceStore(Protocol):
    """What was ever plugged in."""

    async def known(self) -> Sequence[KnownDevice]:
        """Every device remembered, those present first, then the last seen first."""
        ...

    async def shared_serials(self) -> frozenset[str]:
        """Serials that more than one device carries (:attr:`stationd.domain.inventory.Inventory.shared`)."""
        ...

    async def write(
        self,
        changes: Changes,
        *,
        matchers: Mapping[str, str],
        shared: frozenset[str],
        also_gone: Collection[str] = (),
    ) -> None:
        """Write down what came, went and changed; ``matchers`` names, by identity, what takes each device.

        A device that came and was present already (the station restarted) is refreshed without an event.
        ``also_gone`` are identities of devices that went while nobody looked.
        """
        ...

    async def history(self, subjects: Collection[str], before: int | None, limit: int) -> Sequence[Event]:
        """Up to ``limit`` events of devices and printers by identity or name, the last first, before a seq if given."""
        ...

    async def set_label(self, identity: str, label: str | None, actor: Actor) -> Refused | None:
        """Call a device something, or nothing again; ``device-unknown`` when it was never seen."""
        ...
