"""Framing: bytes in, frames out. Nothing here awaits, reads a clock or keeps more than one frame.

Three framings, each with an optional checksum:

- ``Lines``: ``payload [checksum in hexadecimal] terminator``;
- ``Bracketed``: ``start payload end [checksum]``, the checksum over payload and ``end`` as is usual for STX/ETX;
- ``Prefixed``: ``[start] length payload [checksum]``, the length and the checksum being those of the payload.

A framer never raises for what a device sends. It throws away what cannot be a frame, counts it in its tally, and finds
the next frame again: lines at the next terminator, the others at the next start; a length prefix without a start mark
cannot be found again before a pause on the wire, which the owner of the clock tells with ``gap``. Empty frames are
passed over. Memory stays below one frame and one call's data, whatever comes.
"""

import re
from dataclasses import dataclass, field
from typing import Literal, Protocol

from stationd.adapters.readers.checksum import NONE, Checksum

_MOST_RETRIES = 8
"""How many bad candidates in a row are searched for a frame inside them, so that hostile data cost a bounded time."""

DEFAULT_LONGEST = 4296
"""Characters in the largest QR code (ISO/IEC 18004, version 40-L, alphanumeric)."""


@dataclass(slots=True)
class Tally:
    """What was made of the bytes. All in frames, but ``noise``: bytes outside of frames."""

    frames: int = 0
    overlong: int = 0
    mismatched: int = 0
    cut: int = 0
    """Begun, and ended by a pause or by the start of another."""
    noise: int = 0

    @property
    def garbled(self) -> int:
        """Frames thrown away."""
        return self.overlong + self.mismatched + self.cut


class Framer(Protocol):
    """Finds frames in what a device sends, in pieces of any size."""

    @property
    def tally(self) -> Tally:
        """What was made of the bytes so far."""
        ...

    @property
    def pending(self) -> int:
        """Bytes kept for the frame that is not complete yet."""
        ...

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that are complete with these bytes, in order."""
        ...

    def gap(self) -> None:
        """The wire was idle: what is incomplete stays so, and the next byte begins afresh."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Frames that end with one of the ``terminators``."""

    terminators: tuple[bytes, ...] = (b"\r", b"\n")
    checksum: Checksum = NONE
    longest: int = DEFAULT_LONGEST

    def framer(self) -> Framer:
        """A framer at the beginning of a line."""
        return _LineFramer(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracketed:
    """Frames between a start and an end that do not occur in them."""

    start: bytes = b"\x02"
    end: bytes = b"\x03"
    checksum: Checksum = NONE
    longest: int = DEFAULT_LONGEST

    def framer(self) -> Framer:
        """A framer that waits for a start."""
        return _BracketFramer(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefixed:
    """Frames that tell their length in ``width`` bytes, behind a ``start`` mark or none (empty)."""

    start: bytes = b""
    width: int = 2
    order: Literal["big", "little"] = "big"
    checksum: Checksum = NONE
    longest: int = DEFAULT_LONGEST

    def framer(self) -> Framer:
        """A framer that waits for a start, or for a length."""
        return _LengthFramer(self)


Framing = Lines | Bracketed | Prefixed


@dataclass(slots=True)
class _Buffered:
    tally: Tally = field(default_factory=Tally)
    buffer: bytearray = field(default_factory=bytearray)

    @property
    def pending(self) -> int:
        return len(self.buffer)


class _LineFramer(_Buffered):
    def __init__(self, framing: Lines) -> None:
        super().__init__()
        self._framing = framing
        self._end = re.compile(b"|".join(re.escape(each) for each in framing.terminators))
        self._overlap = max(len(each) for each in framing.terminators) - 1
        self._longest = framing.longest + 2 * framing.checksum.width
        self._searched = 0
        self._is_skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        self.buffer += data
        lines = []
        while found := self._end.search(self.buffer, self._searched):
            line = bytes(self.buffer[: found.start()])
            del self.buffer[: found.end()]
            self._searched = 0
            if self._is_skipping:
                self._is_skipping = False
            elif line and (payload := self._checked(line)):
                lines.append(payload)
        if len(self.buffer) > self._longest + self._overlap:
            self._skip()
        self._searched = max(0, len(self.buffer) - self._overlap)
        return lines

    def gap(self) -> None:
        if self.buffer and not self._is_skipping:
            self.tally.cut += 1
        self.buffer.clear()
        self._searched = 0
        self._is_skipping = False

    def _skip(self) -> None:
        if not self._is_skipping:
            self._is_skipping = True
            self.tally.overlong += 1
        del self.buffer[: len(self.buffer) - self._overlap]

    def _checked(self, line: bytes) -> bytes:
        if len(line) > self._longest:
            self.tally.overlong += 1
            return b""
        checksum = self._framing.checksum
        split = len(line) - 2 * checksum.width
        payload, told = line[: max(split, 0)], line[max(split, 0) :]
        if split < 0 or checksum.compute(payload).hex().encode() != told.lower():
            self.tally.mismatched += 1
            return b""
        self.tally.frames += bool(payload)
        return payload


class _BracketFramer(_Buffered):
    def __init__(self, framing: Bracketed) -> None:
        super().__init__()
        self._framing = framing
        self._searched = 0
        """How much of the buffer behind the start is known to hold neither start nor end."""

    def feed(self, data: bytes) -> list[bytes]:
        self.buffer += data
        payloads = []
        while self._find_start():
            payload = self._read_frame()
            if payload is None:
                break
            if payload:
                payloads.append(payload)
        return payloads

    def gap(self) -> None:
        if self.buffer.startswith(self._framing.start):
            self.tally.cut += 1
        else:
            self.tally.noise += len(self.buffer)
        self._drop(len(self.buffer))

    def _drop(self, count: int) -> None:
        del self.buffer[:count]
        self._searched = 0

    def _find_start(self) -> bool:
        """Bring a start to the front of the buffer; what stands before it is noise."""
        start = self._framing.start
        if self.buffer.startswith(start):
            return True
        noise = _before(self.buffer, start)
        self.tally.noise += noise
        self._drop(noise)
        return self.buffer.startswith(start)

    def _read_frame(self) -> bytes | None:
        """The payload of the frame in front; empty when it was thrown away, ``None`` when it is not complete."""
        framing = self._framing
        body = len(framing.start)
        at = body + max(self._searched - max(len(framing.start), len(framing.end)), 0)
        end = self.buffer.find(framing.end, at)
        restart = self.buffer.find(framing.start, at, end if end >= 0 else len(self.buffer))
        if restart >= 0:
            self.tally.cut += 1
            self._drop(restart)
            return b""
        length = (end if end >= 0 else len(self.buffer) - len(framing.end)) - body
        if length > framing.longest:
            self.tally.overlong += 1
            self._drop(body + length)
            return b""
        behind = end + len(framing.end)
        if end < 0 or len(self.buffer) < behind + framing.checksum.width:
            self._searched = length if end >= 0 else len(self.buffer) - body
            return None
        payload = bytes(self.buffer[body:end])
        told = self.buffer[behind : behind + framing.checksum.width]
        if framing.checksum.compute(payload + framing.end) != told:
            self.tally.mismatched += 1
            self._drop(behind)
            return b""
        self.tally.frames += bool(payload)
        self._drop(behind + framing.checksum.width)
        return payload


class _LengthFramer(_Buffered):
    def __init__(self, framing: Prefixed) -> None:
        super().__init__()
        self._framing = framing
        self._is_lost = False
        self._retries = 0

    def feed(self, data: bytes) -> list[bytes]:
        if self._is_lost:
            self.tally.noise += len(data)
            return []
        self.buffer += data
        payloads = []
        while self._find_start():
            payload = self._read_frame()
            if payload is None:
                break
            if payload:
                payloads.append(payload)
        return payloads

    def gap(self) -> None:
        self.tally.cut += bool(self.buffer)
        self.buffer.clear()
        self._is_lost = False
        self._retries = 0

    def _find_start(self) -> bool:
        start = self._framing.start
        noise = _before(self.buffer, start)
        self.tally.noise += noise
        del self.buffer[:noise]
        return bool(self.buffer) and self.buffer.startswith(start)

    def _read_frame(self) -> bytes | None:
        framing = self._framing
        body = len(framing.start) + framing.width
        if len(self.buffer) < body:
            return None
        length = int.from_bytes(self.buffer[len(framing.start) : body], framing.order)
        if length > framing.longest:
            self.tally.overlong += 1
            return self._retry(body)
        whole = body + length + framing.checksum.width
        if len(self.buffer) < whole:
            return None
        payload = bytes(self.buffer[body : body + length])
        if framing.checksum.compute(payload) != self.buffer[body + length : whole]:
            self.tally.mismatched += 1
            return self._retry(whole)
        self.tally.frames += bool(payload)
        self._retries = 0
        del self.buffer[:whole]
        return payload

    def _retry(self, whole: int) -> bytes:
        """Look for a start inside a frame that was none; without start marks, wait for a pause on the wire."""
        if not self._framing.start:
            self._is_lost = True
            self.tally.noise += len(self.buffer)
            self.buffer.clear()
            return b""
        self._retries += 1
        if self._retries > _MOST_RETRIES:
            self._retries = 0
            del self.buffer[:whole]
        else:
            del self.buffer[:1]
        return b""


def _before(buffer: bytearray, mark: bytes) -> int:
    """How many bytes stand before the mark, or before what may become one."""
    found = buffer.find(mark)
    if found >= 0:
        return found
    for kept in range(min(len(mark) - 1, len(buffer)), 0, -1):
        if buffer.endswith(mark[:kept]):
            return len(buffer) - kept
    return len(buffer)
