"""A connection to NATS JetStream: fulfils :class:`stationd.ports.city.CitySession`.

The library is asked not to reconnect by itself: it would keep what is under way in a buffer of which nobody knows
whether it was sent. A lost connection is a lost session; whoever needs the answer sends again over the next one.

A publish that the servers refuse for want of rights is answered by no answer at all, and by an error that goes to the
connection's error callback and names the subject; that is how the two are told apart here.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error, MaxPayloadError

from stationd.domain.city_link import ORDERS
from stationd.domain.errors import Faulted
from stationd.ports.city import Delivery, Fate, Letter, Posted

_log = logging.getLogger(__name__)

_DENIED = re.compile(r'permissions violation for publish to "([^"]+)"', re.IGNORECASE)
_FETCH_FOR_S: Final = 5.0
_NO_MORE_AFTER_S: Final = 0.05
"""Messages that are there come together; what is left of the request then is answered to the next one."""
_NOTHING_CAME: Final = frozenset({"404", "408"})
"""How a request ends that found nothing. Others end at once, while the consumer has no leader, or is not made yet."""
_ASK_AGAIN_AFTER_S: Final = 2.0
_MOST_BYTES: Final = 16 << 20
"""What may come at once: two of the largest messages, so that orders with large documents fill no small machine."""
_SERVER_TROUBLE: Final = 500
"""As in HTTP: codes from here on are the servers' own trouble, such as a stream without a leader."""
_ACK: Final = b"+ACK"
_ACK_WORDS: Final = 9

CLOSE_WITHIN_S: Final = 0.5


class _Error(msgspec.Struct):
    code: int = 0
    description: str = ""


class _Answer(msgspec.Struct):
    """What JetStream answers to a publish."""

    stream: str = ""
    duplicate: bool = False
    error: _Error | None = None


class _Asking(msgspec.Struct, omit_defaults=True):
    batch: int
    expires: int
    max_bytes: int


_decode = msgspec.json.Decoder(_Answer).decode
_encode = msgspec.json.Encoder().encode


async def _nobody() -> None:
    """Nobody waits for the connection yet."""


class Callbacks:
    """What the library tells beside answers: what was refused for want of rights, and that the connection is gone."""

    def __init__(self) -> None:
        self.topics: set[str] = set()
        """Subjects that may not be published."""
        self.lost: Callable[[], Awaitable[None]] = _nobody
        self.last: Exception | None = None
        """What it told last that was no matter of rights."""

    async def hang_up(self) -> None:
        """The connection is closed."""
        await self.lost()

    async def hear(self, error: Exception) -> None:
        """An error that belongs to no request."""
        found = _DENIED.search(str(error))
        if found is not None:
            self.topics.add(found[1])
        else:
            self.last = error
            _log.debug("the city's server says: %s", error)


class NatsSession:
    """One connection. Everything that comes back comes to one inbox of its own."""

    def __init__(
        self, client: Client, station: str, callbacks: Callbacks, *, timeout_s: float, election_s: float
    ) -> None:
        self._client = client
        self._callbacks = callbacks
        self._timeout_s = timeout_s
        self._election_s = election_s
        self._untaken_since: float | None = None
        """Since when no stream takes anything."""
        self._asking = f"$JS.API.CONSUMER.MSG.NEXT.{ORDERS}.{station}"
        self._inbox = client.new_inbox()
        self._pulling = f"{self._inbox}.pull"
        self._numbers = count(1)
        self._answers: dict[str, asyncio.Future[Msg | None]] = {}
        self._come: asyncio.Queue[Msg | None] = asyncio.Queue()
        self._is_lost = False

    async def open(self) -> None:
        """Listen to the inbox."""
        await self._client.subscribe(f"{self._inbox}.>", cb=self._hear)

    async def lose(self) -> None:
        """The connection is gone: whoever waits need not wait any longer."""
        self._is_lost = True
        for answer in self._answers.values():
            if not answer.done():
                answer.set_result(None)
        self._come.put_nowait(None)

    @property
    def is_open(self) -> bool:
        """See :attr:`stationd.ports.city.CitySession.is_open`."""
        return not self._is_lost and self._client.is_connected

    async def post(self, letter: Letter) -> Posted:
        """See :meth:`stationd.ports.city.CitySession.post`."""
        if self._is_lost:
            return Posted(Fate.UNKNOWN)
        inbox = f"{self._inbox}.{next(self._numbers)}"
        waiting = self._answers[inbox] = asyncio.get_running_loop().create_future()
        try:
            await self._client.publish(letter.topic, letter.body, reply=inbox, headers=dict(letter.headers))
            async with asyncio.timeout(self._timeout_s):
                message = await waiting
        except TimeoutError:
            return self._unanswered(letter.topic)
        except MaxPayloadError:
            return Posted(Fate.REFUSED, "it is larger than the city's servers take; raise their max_payload")
        except (Error, OSError):
            return Posted(Fate.UNKNOWN)
        finally:
            del self._answers[inbox]
        if message is None:
            return Posted(Fate.UNKNOWN)
        if _status(message):
            return self._untaken()
        self._untaken_since = None
        return _fate(message)

    async def fetch(self, most: int) -> Sequence[Delivery]:
        """See :meth:`stationd.ports.city.CitySession.fetch`."""
        found: list[Delivery] = []
        try:
            asked = _encode(_Asking(batch=most, expires=int(_FETCH_FOR_S * 1e9), max_bytes=_MOST_BYTES))
            await self._client.publish(self._asking, asked, reply=self._pulling)
            async with asyncio.timeout(_FETCH_FOR_S + self._timeout_s) as limit:
                while len(found) < most:
                    message = await self._come.get()
                    status = None if message is None else _status(message)
                    if message is None or status in _NOTHING_CAME or (status and found):
                        break
                    if status:
                        limit.reschedule(asyncio.get_running_loop().time() + _ASK_AGAIN_AFTER_S)
                        continue
                    found.append(_delivery(message))
                    limit.reschedule(asyncio.get_running_loop().time() + _NO_MORE_AFTER_S)
        except TimeoutError:
            pass  # the servers are busy among themselves, or all that there was has come
        except (Error, OSError) as error:
            raise _lost() from error
        if not found and not self.is_open:
            raise _lost()
        return found

    async def acknowledge(self, delivery: Delivery) -> None:
        """See :meth:`stationd.ports.city.CitySession.acknowledge`."""
        try:
            await self._client.publish(str(delivery.token), _ACK)
        except (Error, OSError) as error:
            raise _lost() from error

    async def aclose(self) -> None:
        """See :meth:`stationd.ports.city.CitySession.aclose`."""
        with suppress(Error, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                if self._client.is_connected:
                    await self._client.flush()
                await self._client.close()

    async def _hear(self, message: Msg) -> None:
        answer = self._answers.get(message.subject)
        if answer is not None:
            if not answer.done():
                answer.set_result(message)
        elif message.subject == self._pulling or not message.subject.startswith(self._inbox):
            self._come.put_nowait(message)  # a message of the stream bears the subject that it was published on

    def _unanswered(self, topic: str) -> Posted:
        if topic in self._callbacks.topics:
            self._callbacks.topics.discard(topic)
            return Posted(Fate.REFUSED, f"this station may not publish {topic}")
        return Posted(Fate.UNKNOWN)

    def _untaken(self) -> Posted:
        now = asyncio.get_running_loop().time()
        if self._untaken_since is None:
            self._untaken_since = now
        is_election = now - self._untaken_since < self._election_s
        return Posted(
            Fate.UNKNOWN if is_election else Fate.REFUSED, "no stream takes this subject; the city has to make it"
        )


def _fate(message: Msg) -> Posted:
    try:
        answer = _decode(message.data)
    except msgspec.MsgspecError:
        return Posted(Fate.UNKNOWN)
    if answer.error is not None:
        is_full = "maximum" in answer.error.description
        is_busy = answer.error.code >= _SERVER_TROUBLE and not is_full
        return Posted(Fate.UNKNOWN if is_busy else Fate.REFUSED, answer.error.description)
    return Posted(Fate.REPEATED if answer.duplicate else Fate.TAKEN)


def _status(message: Msg) -> str | None:
    """The status of a message that is none, such as ``408``: nothing came; ``503``: nobody listens."""
    return None if message.headers is None or message.data else message.headers.get("Status")


def _delivery(message: Msg) -> Delivery:
    # $JS.ACK.<stream>.<consumer>.<delivered>.… or, of servers with domains, $JS.ACK.<domain>.<account>.<stream>. …
    parts = message.reply.split(".")
    delivered = parts[4] if len(parts) == _ACK_WORDS else parts[6] if len(parts) > _ACK_WORDS else "1"
    return Delivery(body=message.data, token=message.reply, is_again=delivered != "1")


def _lost() -> Faulted:
    return Faulted("city-lost", "cannot go on: the connection to the city was lost")
