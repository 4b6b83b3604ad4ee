"""Requests that may come twice: done once, and answered twice alike.

The key is claimed, durably, before the act and its answer kept after it. When the station dies in between, whether the
act was done is not known, and the same request again is told so: a person looks, as with a card. It is never done
again by itself. (draft-ietf-httpapi-idempotency-key-header; keys live for a week.)
"""

import asyncio
import logging
from collections.abc import Callable

from stationd.domain.errors import Faulted, Refused
from stationd.ports.answers import AnswerStore, KeptAnswer
from stationd.ports.clock import Clock

KEPT_MS = 7 * 24 * 3_600_000
_FORGET_EVERY_S = 600.0

_log = logging.getLogger(__name__)


class Repeats:
    """What was asked before, and what is being done."""

    def __init__(self, store: AnswerStore, clock: Clock, fingerprint: Callable[[str], bytes]) -> None:
        """``fingerprint`` is keyed: a request may hold a PIN, and its plain hash would let it be guessed."""
        self._store = store
        self._fingerprint = fingerprint
        self._clock = clock
        self._at_work: set[tuple[str, str]] = set()

    async def begin(self, caller: str, key: str, request: bytes) -> KeptAnswer | None:
        """What was answered to the request before; ``None`` when it is new and may be carried out.

        ``request`` tells one request from another: a hash of it.
        Raises :class:`Refused`: ``idempotency-key-reused``, ``request-under-way``, ``outcome-not-known``.
        """
        if (caller, key) in self._at_work:
            raise Refused("request-under-way", wait_s=1)
        self._at_work.add((caller, key))
        digest = self._fingerprint(request.hex())
        try:
            kept = await self._store.claim(caller, key, digest)
        except BaseException:
            self._at_work.discard((caller, key))
            raise
        if kept is None:
            return None
        self._at_work.discard((caller, key))
        if kept.digest != digest:
            raise Refused("idempotency-key-reused")
        if kept.status is None:
            raise Refused("outcome-not-known")
        return kept

    async def end(self, caller: str, key: str, status: int, body: bytes) -> None:
        """Keep the answer."""
        try:
            await self._store.keep(caller, key, status, body)
        finally:
            self._at_work.discard((caller, key))

    async def refused(self, caller: str, key: str) -> None:
        """Nothing was done: the same request may come again."""
        try:
            await self._store.release(caller, key)
        finally:
            self._at_work.discard((caller, key))

    def broken(self, caller: str, key: str) -> None:
        """It is not known what was done: the key stays claimed."""
        self._at_work.discard((caller, key))

    async def sweep(self) -> int:
        """Forget what is older than a week, in small steps; how many answers went."""
        gone = 0
        while some := await self._store.forget(self._clock.now_ms() - KEPT_MS):
            gone += some
        return gone

    async def run(self) -> None:
        """Forget what is old, now and then. For ever."""
        while True:
            try:
                await self.sweep()
            except Faulted as fault:
                _log.warning("cannot forget old answers: %s", fault.detail)
            await asyncio.sleep(_FORGET_EVERY_S)
