"""What a citizen is told who asks with a receipt: the stage, why it takes long, where the card is, what to bring.

The stages are those that people know from the centre's own answers, in plain words. Nothing of a person is in an
answer, and nothing that an officer wrote; whoever holds the receipt may read it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from stationd.domain.custody import Card, Custody
from stationd.domain.dispatch import RESTING
from stationd.domain.job import Job, JobKind, JobState
from stationd.domain.words import Words


class Stage(StrEnum):
    """Where a card is on its way, as a citizen sees it."""

    WAITING = "waiting"
    DEFERRED = "deferred"
    PRINTING = "printing"
    BEING_CHECKED = "being-checked"
    READY = "ready"
    HANDED_OVER = "handed-over"
    IN_TRANSIT = "in-transit"
    TRANSFERRED = "transferred"
    CLOSED = "closed"
    """There will be no card for this receipt; the counter knows more."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line of an answer: a stable ``code`` to program against, and words for people."""

    code: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a card that waits is printed, where that can be told.

    ``position`` counts those served before it, ``expected_s`` is in how many seconds and ``expected_on`` on which day.
    """

    position: int | None = None
    expected_s: float | None = None
    expected_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The whole answer. ``place`` names the office where the card is or will be; ``bring`` is empty before it is ready.

    ``turn`` has the day of one that is put off, where blanks are expected for it, and nothing once it is at a printer.
    ``since`` (Unix milliseconds): since when it is at this stage.
    """

    receipt: str
    stage: Stage
    words: Words
    reasons: tuple[Told, ...]
    place: str | None
    bring: tuple[Told, ...]
    turn: Turn
    since: int


_NO_TURN: Final = Turn()

STAGE_WORDS: Final = {
    Stage.WAITING: Words("Your card waits to be printed", "KTP-el Anda menunggu dicetak"),
    Stage.DEFERRED: Words("Printing your card is put off", "Pencetakan KTP-el Anda ditangguhkan"),
    Stage.PRINTING: Words("Your card is being printed", "KTP-el Anda sedang dicetak"),
    Stage.BEING_CHECKED: Words("Your card is being checked", "KTP-el Anda sedang diperiksa"),
    Stage.READY: Words("Your card is ready to be fetched", "KTP-el Anda siap diambil"),
    Stage.HANDED_OVER: Words("The card was handed over", "KTP-el sudah diserahkan"),
    Stage.IN_TRANSIT: Words("Your card is on its way to another office", "KTP-el Anda sedang dikirim ke kantor lain"),
    Stage.TRANSFERRED: Words("Your card is at another office", "KTP-el Anda berada di kantor lain"),
    Stage.CLOSED: Words(
        "There is no card for this receipt; please ask at the counter",
        "Tidak ada KTP-el untuk resi ini; silakan bertanya di loket",
    ),
}

_STAGE_OF_JOB = {
    JobState.QUEUED: Stage.WAITING,
    JobState.DEFERRED: Stage.DEFERRED,
    JobState.PRINTING: Stage.PRINTING,
    JobState.UNCERTAIN: Stage.BEING_CHECKED,
    JobState.PRINTED: Stage.BEING_CHECKED,
    JobState.FAILED: Stage.WAITING,
    JobState.CANCELLED: Stage.CLOSED,
}

_STAGE_OF_CARD = {
    Custody.PRINTED: Stage.BEING_CHECKED,
    Custody.CHECKED: Stage.BEING_CHECKED,
    Custody.RECEIVED: Stage.BEING_CHECKED,
    Custody.ON_SHELF: Stage.READY,
    Custody.IN_TRANSIT: Stage.IN_TRANSIT,
    Custody.HANDED_OVER: Stage.HANDED_OVER,
    Custody.TRANSFERRED: Stage.TRANSFERRED,
    Custody.MISSING: Stage.IN_TRANSIT,
    Custody.QUARANTINED: Stage.BEING_CHECKED,
    Custody.DESTROYED: Stage.CLOSED,
}

_BLANKS = Told(
    "blanks-short",
    Words("Blank cards are short; it goes on when some arrive", "Blangko sedang kosong; dilanjutkan setelah tersedia"),
)
_RESTING = Told("printer-resting", Words("The printer must cool down", "Mesin cetak sedang didinginkan"))
_NOT_READY = Told("station-not-ready", Words("The station cannot print now", "Stasiun belum dapat mencetak saat ini"))
_ORDER_CHANGED = Told(
    "order-changed",
    Words("An officer has changed the order of service", "Urutan pelayanan diubah oleh petugas"),
)
_HELD = Told("held", Words("An officer has put it off; please ask", "Ditahan oleh petugas; silakan bertanya di loket"))
_OLD_CARD_MISSING = Told(
    "surrender-missing",
    Words("Please bring the damaged card; it goes on then", "Harap serahkan kartu yang rusak; lalu dilanjutkan"),
)
_ASK = Told("ask", Words("Please ask at the counter", "Silakan bertanya di loket"))
_LOOKED_FOR = Told(
    "looked-for",
    Words("The two offices are looking for it; please ask", "Kedua kantor sedang mencarinya; silakan bertanya"),
)

_OF_WHY = {
    "no-blanks": _BLANKS,
    "blanks-short": _BLANKS,
    "surrender-missing": _OLD_CARD_MISSING,
    "queue-paused": _NOT_READY,
    "class-paused": _NOT_READY,
    "no-printer": _NOT_READY,
    "off-duty": _NOT_READY,
    "held": _HELD,
    "deferred": _BLANKS,
    "failed": _ASK,
    "uncertain": _ASK,
    "overtaken": _ORDER_CHANGED,
    "order-changed": _ORDER_CHANGED,
}
"""What a citizen is told for an explanation of the queue (:mod:`stationd.domain.why`); the others say nothing here."""

_RECEIPT = Told("receipt", Words("This receipt", "Resi ini"))
_IDENTITY = Told(
    "identity",
    Words(
        "Your family card (KK) or another document in your name", "Kartu Keluarga (KK) atau dokumen lain atas nama Anda"
    ),
)
_OLD_CARD = Told("old-card", Words("The damaged card", "KTP-el yang rusak"))
_PROXY = Told(
    "proxy",
    Words(
        "Somebody on the same family card may fetch it, with the family card",
        "Anggota dalam KK yang sama dapat mengambilkan dengan membawa KK",
    ),
)


def answer(
    job: Job | None,
    card: Card | None,
    *,
    here: str,
    peer: str | None = None,
    whys: Collection[str] = (),
    printers: Mapping[str, Collection[str]] | None = None,
    turn: Turn = _NO_TURN,
) -> Answer:
    """The answer for one receipt.

    ``here`` is this station's name and ``peer`` the one to which the card went; ``whys`` are the codes that explain a
    waiting job, ``printers`` what holds back each printer that could make its card. Raises ``ValueError`` when neither
    job nor card is given.
    """
    if card is not None:
        stage, receipt, kind, since = _STAGE_OF_CARD[card.custody], card.receipt, card.kind, card.since
    elif job is not None:
        stage, receipt, kind, since = _STAGE_OF_JOB[job.state], job.receipt, job.kind, job.updated_at
    else:
        raise ValueError("cannot answer about nothing")
    is_away = stage in {Stage.IN_TRANSIT, Stage.TRANSFERRED}
    can_fetch = stage in {Stage.READY, Stage.TRANSFERRED}
    return Answer(
        receipt=receipt,
        stage=stage,
        words=STAGE_WORDS[stage],
        reasons=_reasons_of_card(card) if card is not None else _reasons_of_job(stage, whys, printers or {}),
        place=None if stage in {Stage.CLOSED, Stage.HANDED_OVER} else peer if is_away else here,
        bring=_bring(kind) if can_fetch else (),
        turn=_turn(stage, turn),
        since=since,
    )


def _turn(stage: Stage, turn: Turn) -> Turn:
    match stage:
        case Stage.WAITING:
            return turn
        case Stage.DEFERRED:
            return Turn(expected_on=turn.expected_on)  # the day on which blanks are expected for it
        case _:
            return _NO_TURN


def _reasons_of_card(card: Card) -> tuple[Told, ...]:
    match card.custody:
        case Custody.MISSING:
            return (_LOOKED_FOR,)
        case Custody.QUARANTINED | Custody.DESTROYED:
            return (_ASK,)
        case _:
            return ()


def _reasons_of_job(stage: Stage, whys: Collection[str], printers: Mapping[str, Collection[str]]) -> tuple[Told, ...]:
    """What holds it up; one printer that works is enough for the others not to matter."""
    found = [_OF_WHY[code] for code in whys if code in _OF_WHY]
    if stage is Stage.WAITING and printers and all(printers.values()):
        is_resting = any(set(reasons) == {RESTING} for reasons in printers.values())
        found.append(_RESTING if is_resting else _NOT_READY)
    return tuple(dict.fromkeys(found))


def _bring(kind: JobKind) -> tuple[Told, ...]:
    old = (_OLD_CARD,) if kind is JobKind.DAMAGED else ()
    return (_RECEIPT, _IDENTITY, *old, _PROXY)
