"""Readers behind their drivers."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from stationd.domain.scan import ReaderStatus, Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSpec:
    """One reader as configured or as matched by a device record; ``options`` are the driver's own keys.

    ``port``: where it is, as its driver understands it: the path of a serial port, (part of) a PC/SC reader's name.
    ``kiosks``: the names of the kiosk tokens that hear what it reads; empty: all.
    """

    name: str
    driver: str
    port: str | None = None
    kiosks: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)


class Reader(Protocol):
    """One reader behind a driver. Trouble of the device is a status, never an exception."""

    @property
    def name(self) -> str:
        """The station's name for it."""
        ...

    @property
    def kind(self) -> str:
        """What it is: ``serial``, ``pcsc``, ``simulator`` or a vendor's word."""
        ...

    @property
    def status(self) -> ReaderStatus:
        """How it is, as far as known; asks nothing."""
        ...

    def follow(self, changed: Callable[[ReaderStatus], None]) -> None:
        """Call ``changed`` on the loop whenever state or reasons change."""
        ...

    def scans(self) -> AsyncGenerator[Scan, None]:
        """Every scan from now on, in order; for one consumer, which closes it. It connects, and again when lost.

        A consumer that is late loses the oldest scans, counted in the status.
        """
        ...

    def nudge(self) -> None:
        """Try to connect now, if it waits to: something was plugged in."""
        ...

    async def aclose(self) -> None:
        """Let go of the device, for good."""
        ...


class ReaderDriver(Protocol):
    """The entry point of a driver (group ``stationd.readers``)."""

    def __call__(self, spec: ReaderSpec) -> Reader:
        """Build a reader without touching the device. Raises ``ValueError`` with one line for a wrong option."""
        ...
