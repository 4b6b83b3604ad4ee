"""Why a job stands where it stands: stable codes, each with one line for people in two languages.

The lines carry names of printers and kinds, numbers and keywords; what an officer wrote comes after a colon. Nothing of
the holder is ever in them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from stationd.domain.dispatch import is_replacement
from stationd.domain.job import Job, JobKind, JobState
from stationd.domain.rationing import BLANKS_SHORT, SURRENDER_MISSING, Stock
from stationd.domain.retry import MOST_STOPS, STOPS_STATION
from stationd.domain.words import Words

NOBODY_ON_DUTY = "no-officer-on-duty"
"""Why a printer of an attended station takes no card."""

HELD = "held"
"""The reason of a deferred job that an officer holds back."""

FROM_BACKUP = "from-backup"
"""The reason of a job that a restored book had in line: its card may have been made after the backup."""

_KIND_WORDS = {
    JobKind.FIRST: Words("first cards", "kartu pertama"),
    JobKind.LOST: Words("replacements of lost cards", "pengganti kartu hilang"),
    JobKind.DAMAGED: Words("replacements of damaged cards", "pengganti kartu rusak"),
    JobKind.DATA_CHANGE: Words("cards with changed data", "kartu perubahan data"),
}


@dataclass(frozen=True, slots=True)
class Why:
    """One explanation: a stable ``code`` to program against, and words for people."""

    code: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What bears on a job besides itself.

    ``printers`` gives, for every printer of its profile, what holds it back now (nothing when it works); ``pauses``
    are the paused kinds, ``is_queue_paused`` the whole queue; ``next_try_s`` counts down for a job that waits for its
    next try; ``is_batch_elsewhere`` says that printers are at a batch of another profile; ``note`` is what the
    officer wrote who held it, ``known`` what is known of an uncertain card.

    Of a rationed job, ``stock`` is what its rationing goes by, ``before`` how many come back before it, and
    ``expected_on`` when blanks are expected for it. ``is_moved`` says that two officers changed its place, and
    ``overtaken_by`` how many they moved ahead of it.
    """

    printers: Mapping[str, Collection[str]] = field(default_factory=dict)
    pauses: Collection[JobKind] = ()
    is_queue_paused: bool = False
    has_blanks: bool = True
    next_try_s: float | None = None
    is_batch_elsewhere: bool = False
    position: int | None = None
    ageing: int = 0
    note: str = ""
    known: str | None = None
    stock: Stock | None = None
    before: int = 0
    expected_on: date | None = None
    is_moved: bool = False
    overtaken_by: int = 0


def explain(job: Job, around: Surroundings) -> tuple[Why, ...]:
    """Every explanation that applies, the weightiest first; none for a job that is at a printer or done."""
    match job.state:
        case JobState.QUEUED:
            return tuple(_of_waiting(job, around))
        case JobState.DEFERRED:
            return tuple(_of_deferred(job, around))
        case JobState.UNCERTAIN:
            known = around.known or "nothing"
            return (
                Why("uncertain", Words(f"Nobody knows whether it was printed: {known}", f"Hasil belum pasti: {known}")),
            )
        case JobState.FAILED if STOPS_STATION in job.reasons:
            return (
                Why(
                    STOPS_STATION,
                    Words(
                        f"The station died {MOST_STOPS} times in a row while it prepared this card; no card came of "
                        "any of them. Look at its document, then try again or cancel",
                        f"Stasiun mati {MOST_STOPS} kali berturut-turut saat menyiapkan kartu ini; tidak ada kartu "
                        "yang tercetak. Periksa dokumennya, lalu coba lagi atau batalkan",
                    ),
                ),
            )
        case JobState.FAILED if FROM_BACKUP in job.reasons:
            return (
                Why(
                    FROM_BACKUP,
                    Words(
                        "The station's book was restored from a backup: this card may have been made since. Look for "
                        "it; say so if it is there, else try again or cancel",
                        "Buku stasiun dipulihkan dari cadangan: kartu ini mungkin sudah dicetak sesudahnya. Cari "
                        "kartunya; nyatakan bila ada, kalau tidak coba lagi atau batalkan",
                    ),
                ),
            )
        case JobState.FAILED:
            reasons = " ".join(job.reasons)
            return (
                Why(
                    "failed", Words(f"It failed after its last try: {reasons}", f"Gagal pada upaya terakhir: {reasons}")
                ),
            )
        case _:
            return ()


def _of_waiting(job: Job, around: Surroundings) -> list[Why]:
    found = []
    if around.is_queue_paused:
        found.append(Why("queue-paused", Words("The whole queue is paused", "Seluruh antrean dijeda")))
    if job.kind in around.pauses:
        kind = _KIND_WORDS[job.kind]
        found.append(Why("class-paused", Words(f"Paused: {kind.en}", f"Dijeda: {kind.id}")))
    if not around.has_blanks:
        found.append(Why("no-blanks", Words("There are no blanks", "Tidak ada blangko")))
    found += _of_printers(job, around)
    if around.next_try_s is not None:
        seconds = max(1, round(around.next_try_s))
        found.append(
            Why("next-try", Words(f"The next try is in {seconds} s", f"Upaya berikutnya dalam {seconds} detik"))
        )
    if around.is_batch_elsewhere:
        found.append(
            Why(
                "batch",
                Words(
                    "The printers finish a batch of another kind of card first",
                    "Pencetak menyelesaikan dulu kelompok jenis kartu lain",
                ),
            )
        )
    return found + _of_place(job, around)


def _of_printers(job: Job, around: Surroundings) -> list[Why]:
    if not around.printers:
        text = Words(
            f"No printer makes cards of profile {job.profile}", f"Tidak ada pencetak untuk profil {job.profile}"
        )
        return [Why("no-printer", text)]
    found = []
    if all(NOBODY_ON_DUTY in reasons for reasons in around.printers.values()):
        return [Why("off-duty", Words("No appointed officer is on duty", "Tidak ada petugas yang bertugas"))]
    for name, reasons in around.printers.items():
        if reasons:
            words = " ".join(sorted(reasons))
            found.append(Why("printer-stopped", Words(f"{name} takes no card: {words}", f"{name} berhenti: {words}")))
    return found


def _of_place(job: Job, around: Surroundings) -> list[Why]:
    found = []
    if around.position == 0:
        found.append(Why("next", Words("It is next in line", "Giliran berikutnya")))
    elif around.position is not None:
        are = "is" if around.position == 1 else "are"
        words = Words(f"{around.position} {are} before it", f"Ada {around.position} antrean di depannya")
        found.append(Why("in-line", words))
    if is_replacement(job.rank):
        found.append(Why("class", Words("People who never had a card come first", "Pemohon kartu pertama didahulukan")))
        found.append(
            Why(
                "ageing",
                Words(
                    f"At most {around.ageing} later orders may go before it",
                    f"Paling banyak {around.ageing} pesanan sesudahnya dapat mendahuluinya",
                ),
            )
        )
    return found + _of_changes(around)


def _of_changes(around: Surroundings) -> list[Why]:
    """That people changed the order; never who."""
    found = []
    if around.is_moved:
        found.append(
            Why(
                "order-changed",
                Words("Two officers changed its place in the line", "Urutannya diubah atas persetujuan dua petugas"),
            )
        )
    if around.overtaken_by:
        count = around.overtaken_by
        found.append(
            Why(
                "overtaken",
                Words(
                    f"Two officers moved {count} ahead of it",
                    f"{count} antrean didahulukan atas persetujuan dua petugas",
                ),
            )
        )
    return found


def _of_deferred(job: Job, around: Surroundings) -> list[Why]:
    if HELD in job.reasons:
        return [Why("held", Words(f"An officer holds it: {around.note}", f"Ditahan petugas: {around.note}"))]
    if SURRENDER_MISSING in job.reasons:
        return [
            Why(
                SURRENDER_MISSING,
                Words("The damaged card has not come back yet", "Kartu lama yang rusak belum diserahkan"),
            )
        ]
    if BLANKS_SHORT in job.reasons:
        return [*_of_rationing(around), *_of_changes(around)]
    reasons = " ".join(job.reasons)
    return [Why("deferred", Words(f"It is put off: {reasons}", f"Ditangguhkan: {reasons}"))]


def _of_rationing(around: Surroundings) -> list[Why]:
    stock = around.stock
    if stock is None:
        return [Why(BLANKS_SHORT, Words("Blanks are short", "Blangko terbatas"))]
    found = [
        Why(
            BLANKS_SHORT,
            Words(
                f"Blanks are kept for people who never had a card: {stock.at_hand} at hand, {stock.promised} promised, "
                f"{stock.reserve} in reserve",
                f"Blangko diutamakan untuk pemohon kartu pertama: tersedia {stock.at_hand}, dijanjikan "
                f"{stock.promised}, cadangan {stock.reserve}",
            ),
        ),
        Why(
            "comes-back",
            Words(
                f"It comes back by itself when blanks arrive; {around.before} before it",
                f"Otomatis dilanjutkan bila blangko tiba; ada {around.before} sebelumnya",
            ),
        ),
    ]
    if around.expected_on is not None:
        day = around.expected_on
        found.append(
            Why(
                "blanks-expected",
                Words(
                    f"Blanks for it are expected about {day.isoformat()}, as deliveries usually came",
                    f"Blangko diperkirakan tersedia sekitar {day.isoformat()}, menurut kiriman yang lalu",
                ),
            )
        )
    return found
