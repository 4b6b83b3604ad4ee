"""Scans: what a reader read, and what may be said of it.

A scan may be personal (a badge, a number typed on a card, a chip's id). It is handed on in memory, shown to nobody:
its ``repr`` hides it, and what is told of it is a receipt that anybody may ask for, or else only kind and length.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from stationd.domain.ids import read_receipt

_LONGEST_RECEIPT = 32
"""A receipt of 12 symbols with whatever hyphens and spaces a printed code carries."""


class ScanKind(StrEnum):
    """What was read."""

    TEXT = "text"
    """A frame of printable UTF-8: a barcode, a QR code, a badge number."""
    BYTES = "bytes"
    """A frame of anything else."""
    CARD = "card"
    """A card came onto the reader; the data are its UID, empty when the card tells none."""
    CARD_REMOVED = "card-removed"
    """The card left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One thing read. ``at_ms``: Unix milliseconds. ``atr``: a card's answer to reset, its type and not its holder."""

    kind: ScanKind
    at_ms: int
    data: bytes = field(default=b"", repr=False)
    atr: bytes = field(default=b"", repr=False)

    @classmethod
    def of_frame(cls, frame: bytes, at_ms: int) -> Self:
        """A frame of a line reader: text when all of it is printable, bytes otherwise."""
        try:
            is_text = frame.decode().isprintable()
        except UnicodeDecodeError:
            is_text = False
        return cls(kind=ScanKind.TEXT if is_text else ScanKind.BYTES, data=frame, at_ms=at_ms)

    @property
    def text(self) -> str | None:
        """The text of a ``TEXT`` scan; ``None`` for the others."""
        return self.data.decode() if self.kind is ScanKind.TEXT else None

    @property
    def receipt(self) -> str | None:
        """The canonical receipt, when it is one (its check symbol says so)."""
        text = self.text
        return read_receipt(text) if text is not None and len(text) <= _LONGEST_RECEIPT else None


class ReaderState(StrEnum):
    """Whether scans can come."""

    READY = "ready"
    ABSENT = "absent"
    """Unplugged, refused or its service is down; it comes back by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderStatus:
    """How a reader is. ``reasons`` are keywords such as ``port-missing``; ``fault`` is the last one, in words.

    ``scans`` were handed on, ``dropped`` were not because nobody took them in time; ``garbled`` counts frames that
    were thrown away (cut off, too long, wrong checksum), ``noise`` bytes outside of frames; all since the start.
    """

    state: ReaderState
    reasons: tuple[str, ...]
    since_ms: int
    scans: int = 0
    dropped: int = 0
    garbled: int = 0
    noise: int = 0
    model: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderEvent:
    """What is told to those who listen now, and kept for nobody: ``reader.scanned``, ``reader.changed`` and the like.

    ``subject`` is the reader's name; ``data`` never holds what was read, except a receipt.
    """

    at_ms: int
    type: str
    subject: str
    data: Mapping[str, object]


def told_of_scan(reader: str, scan: Scan) -> ReaderEvent:
    """What may be said of a scan: ``reader.scanned`` with kind, length in bytes and, for a receipt, the receipt.

    A card that left is ``reader.card_removed``.
    """
    if scan.kind is ScanKind.CARD_REMOVED:
        return ReaderEvent(at_ms=scan.at_ms, type="reader.card_removed", subject=reader, data=MappingProxyType({}))
    data: dict[str, object] = {"kind": scan.kind.value, "length": len(scan.data)}
    if (receipt := scan.receipt) is not None:
        data = {"kind": "receipt", "length": len(scan.data), "receipt": receipt}
    return ReaderEvent(at_ms=scan.at_ms, type="reader.scanned", subject=reader, data=MappingProxyType(data))


def told_of_status(reader: str, status: ReaderStatus) -> ReaderEvent:
    """``reader.changed`` with the state and its reasons."""
    data = {"state": status.state.value, "reasons": status.reasons}
    return ReaderEvent(at_ms=status.since_ms, type="reader.changed", subject=reader, data=MappingProxyType(data))
