"""Watching PC/SC readers in a thread: every call here blocks, and nothing here knows of a loop.

A watch lives as long as one connection to the PC/SC service: when the service goes, or is asked to stop, ``run``
returns. Facts of pcsc-lite that it relies on: an event counter in the upper 16 bits of a reader's state tells a card
that was swapped between two looks; a pseudo reader tells that readers came or went; ``SCardCancel`` ends a wait, but
is lost when there is none, so that waits are bounded.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

_PLUG_AND_PLAY = "\\\\?PnP?\\Notification"
_WAIT_MS = 2_000
_GET_UID = (0xFF, 0xCA, 0x00, 0x00, 0x00)
"""GET DATA for the UID (PC/SC part 3, 3.2.2.1.3); the answer is the UID and 90 00."""
_SUCCESS = (0x90, 0x00)
_MOST_UID = 64
_UID_TRIES = 5
_UID_RETRY_S = 0.05


@dataclass(frozen=True, slots=True)
class ReadersSeen:
    """The readers that are there and wanted, by the service's names."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card came onto a reader. ``atr`` is empty for a card that does not answer, ``uid`` for one that tells none."""

    reader: str
    atr: bytes = field(repr=False)
    uid: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardGone:
    """The card left a reader, or the reader left with it."""

    reader: str


Sighting = ReadersSeen | CardSeen | CardGone


class _ServiceError(Exception):
    pass


class Watch:
    """One connection to the service. ``scard`` is the module ``smartcard.scard``; ``post`` is called in the thread."""

    def __init__(self, scard: Any, wanted: str | None, post: Callable[[Sighting], None]) -> None:
        self._scard = scard
        self._wanted = wanted
        self._post = post
        self._stopped = threading.Event()
        self._context: int | None = None
        self._names: tuple[str, ...] | None = None
        self._states: dict[str, int] = {}
        self._cards: dict[str, int] = {}
        """The readers with a card, and the event counter at which it came."""

    def stop(self) -> None:
        """Let ``run`` return soon. May be called from any thread."""
        self._stopped.set()
        context = self._context
        if context is not None:
            with suppress(self._scard.error):
                self._scard.SCardCancel(context)

    def run(self) -> str:
        """Watch until stopped or until the service goes; says in one line why it ended. Cards are then gone."""
        try:
            result, context = self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_USER)
            self._check(result)
            self._context = context
            try:
                while not self._stopped.is_set():
                    self._list_readers()
                    self._wait()
            finally:
                self._context = None
                self._scard.SCardReleaseContext(context)
        except _ServiceError as ended:
            return str(ended)
        finally:
            for reader in list(self._cards):
                self._forget(reader)
        return "stopped"

    def _check(self, result: int) -> None:
        if result != self._scard.SCARD_S_SUCCESS:
            raise _ServiceError(" ".join(self._scard.SCardGetErrorMessage(result).split()))

    def _list_readers(self) -> None:
        result, found = self._scard.SCardListReaders(self._context, [])
        if result == self._scard.SCARD_E_NO_READERS_AVAILABLE:
            found = []
        else:
            self._check(result)
        names = tuple(sorted(name for name in found if self._wanted is None or self._wanted in name))
        if names == self._names:
            return
        for reader in set(self._states) - set(names):
            self._forget(reader)
        self._names = names
        self._post(ReadersSeen(names))

    def _forget(self, reader: str) -> None:
        self._states.pop(reader, None)
        if self._cards.pop(reader, None) is not None:
            self._post(CardGone(reader))

    def _wait(self) -> None:
        scard = self._scard
        names = self._names or ()
        asked = [(name, self._states.get(name, scard.SCARD_STATE_UNAWARE)) for name in names]
        asked.append((_PLUG_AND_PLAY, scard.SCARD_STATE_UNAWARE))
        result, told = scard.SCardGetStatusChange(self._context, _WAIT_MS, asked)
        if result in {scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED}:
            return
        if result in {scard.SCARD_E_UNKNOWN_READER, scard.SCARD_E_READER_UNAVAILABLE}:
            self._names = None
            return
        self._check(result)
        for name, state, atr in told:
            if name != _PLUG_AND_PLAY and state & scard.SCARD_STATE_CHANGED:
                self._states[name] = state & ~scard.SCARD_STATE_CHANGED
                self._note(name, state, atr)

    def _note(self, reader: str, state: int, atr: Sequence[int]) -> None:
        counter = state >> 16
        has_card = bool(state & self._scard.SCARD_STATE_PRESENT)
        if reader in self._cards and not (has_card and self._cards[reader] == counter):
            del self._cards[reader]
            self._post(CardGone(reader))
        if has_card and reader not in self._cards:
            self._cards[reader] = counter
            is_mute = bool(state & self._scard.SCARD_STATE_MUTE)
            self._post(CardSeen(reader, bytes(atr), b"" if is_mute else self._read_uid(reader)))

    def _read_uid(self, reader: str) -> bytes:
        """The card's UID; empty when it has none, is gone already, or is held by somebody else for long."""
        scard = self._scard
        for _ in range(_UID_TRIES):
            protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
            result, card, protocol = scard.SCardConnect(self._context, reader, scard.SCARD_SHARE_SHARED, protocols)
            if result == scard.SCARD_S_SUCCESS:
                break
            if result != scard.SCARD_E_SHARING_VIOLATION:
                return b""
            time.sleep(_UID_RETRY_S)
        else:
            return b""
        try:
            pci = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
            result, answer = scard.SCardTransmit(card, pci, list(_GET_UID))
        finally:
            scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
        if result != scard.SCARD_S_SUCCESS or tuple(answer[-2:]) != _SUCCESS or len(answer) > _MOST_UID:
            return b""
        return bytes(answer[:-2])
