"""What the ipp driver believes: each end of a job at the device, with a device that says exactly that."""

import asyncio
import time
from dataclasses import replace

import pytest

from stationd.adapters.printers.ipp import counter as counter_module
from stationd.adapters.printers.ipp import driver as driver_module
from stationd.adapters.printers.ipp import incarnation as incarnation_module
from stationd.adapters.printers.ipp.client import ExchangeError
from stationd.adapters.printers.ipp.counter import CardCounter
from stationd.adapters.printers.ipp.device import Refusal, RefusedError
from stationd.adapters.printers.ipp.driver import IppPrinter, name_of
from stationd.adapters.printers.ipp.incarnation import Incarnation, is_same_run
from stationd.adapters.printers.ipp.records import DeviceJobState, DeviceRecord, JobRecord
from stationd.adapters.printers.ipp.settings import read_settings
from stationd.domain.errors import Faulted
from stationd.domain.job import Attempt, Evidence
from stationd.domain.order import Document
from stationd.domain.outcome import (
    CUT_OFF,
    FOR_A_PERSON,
    PERHAPS_CUT_OFF,
    STRANDED,
    UNCOUNTED,
    Cause,
    NothingPrinted,
    Printed,
    StillOpen,
    Unknown,
)
from stationd.domain.printer import PrinterState
from stationd.ports.printers import Opened, PrinterSpec

S = DeviceJobState
DEVICE = DeviceRecord(
    state=PrinterState.IDLE,
    reasons=frozenset(),
    is_accepting=True,
    uuid="urn:uuid:0",
    up_time_s=1000,
    counter=None,
    model="M",
    supplies=(),
    media_types=frozenset({"image/png", "application/postscript"}),
    operations=frozenset({5, 6, 8}),
    is_spooler=False,
)
ONE = Attempt(
    id="a1",
    job="j1",
    number=1,
    printer="kartu-1",
    remote_id="7",
    incarnation=None,
    counter=None,
    opened_at=0,
    sent_at=0,
)
UNMARKED = replace(ONE, sent_at=None)
PNG = Document("image/png", b"x")


def job(state: DeviceJobState, **changes) -> JobRecord:
    begun = {"has_begun": state in {S.PROCESSING, S.STOPPED, S.COMPLETED}}
    facts = {"id": 7, "name": name_of(ONE), "reasons": frozenset(), "documents": 1}
    return JobRecord(state=state, **{**facts, **begun, **changes})


class SaidDevice:
    """Answers ``job`` from a list, the last for ever; an exception in it is raised. Remembers what was cancelled."""

    def __init__(self, *jobs, device=DEVICE, create=7, send=None, named=()):
        self.jobs, self.device, self.created, self.sent, self.named = list(jobs), device, create, send, list(named)
        self.cancelled = []
        self.sends = 0

    @staticmethod
    def _say(answer):
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def printer(self):
        if isinstance(self.device, list):
            return self._say(self.device.pop(0) if len(self.device) > 1 else self.device[0])
        return self._say(self.device)

    async def create(self, name):
        return self._say(self.created)

    async def send(self, number, document):
        self.sends += 1
        return self._say(self.sent)

    async def job(self, number):
        return self._say(self.jobs.pop(0) if len(self.jobs) > 1 else self.jobs[0])

    async def jobs_named(self, name):
        return [one for one in self.named if one.name == name]

    async def cancel(self, number):
        self.cancelled.append(number)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    async def at_once(_seconds):
        await real_sleep(0)

    real_sleep = asyncio.sleep
    monkeypatch.setattr(driver_module.asyncio, "sleep", at_once)
    monkeypatch.setattr(driver_module, "_EMPTY_GRACE_S", 0.0)


def printer(device: SaidDevice, **options) -> IppPrinter:
    options = {"timeout_s": 0.05, **options}
    made = IppPrinter("kartu-1", read_settings(PrinterSpec(name="k", driver="ipp", uri="ipp://x", options=options)))
    made._device = device
    return made


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        (job(S.COMPLETED), Printed(Evidence.PRINTER)),
        (job(S.ABORTED, has_begun=False), NothingPrinted(Cause.TRANSIENT, "aborted-before-processing")),
        (job(S.CANCELED, has_begun=False), NothingPrinted(Cause.TRANSIENT, "canceled-before-processing")),
        (
            job(S.ABORTED, has_begun=False, reasons=frozenset({"document-format-error"})),
            NothingPrinted(Cause.DOCUMENT, "document-format-error"),
        ),
    ],
)
async def test_an_end_that_proves_something_is_believed(last, outcome):
    assert await printer(SaidDevice(job(S.PENDING), job(S.PENDING), last)).watch(ONE) == outcome


@pytest.mark.parametrize(
    "last",
    [
        job(S.ABORTED, has_begun=True),
        job(S.ABORTED, has_begun=None),
        job(S.CANCELED, has_begun=True),
        job(S.CANCELED, has_begun=None),
        job(S.ABORTED, has_begun=True, reasons=frozenset({"document-format-error"})),
        None,
        job(S.COMPLETED, name="stationd-other"),
        job(S.COMPLETED, name=None),
        RefusedError(Refusal(0x0403)),
        job(S.HELD, has_begun=True),
        job(S.PENDING, has_begun=True),
    ],
)
async def test_anything_else_is_unknown(last):
    assert isinstance(await printer(SaidDevice(job(S.PROCESSING), last)).watch(ONE), Unknown)


async def test_silence_and_a_servers_own_trouble_are_waited_out():
    trouble = [ExchangeError("connection-refused"), RefusedError(Refusal(0x0505)), ExchangeError("no-answer-in-time")]
    assert await printer(SaidDevice(*trouble * 5, job(S.COMPLETED))).watch(ONE) == Printed(Evidence.PRINTER)


async def test_a_job_put_back_in_the_queue_is_cancelled():
    device = SaidDevice(job(S.PROCESSING), job(S.PENDING, has_begun=True))
    await printer(device).watch(ONE)
    assert device.cancelled == [7]


async def test_a_job_begun_a_second_time_is_cancelled_and_unknown():
    device = SaidDevice(job(S.PROCESSING, begun_at=10), job(S.PROCESSING, begun_at=10), job(S.PROCESSING, begun_at=12))
    assert isinstance(await printer(device).watch(ONE), Unknown)
    assert device.cancelled == [7]


async def test_a_job_that_has_no_document_after_all_is_cancelled_and_then_believed():
    empty = job(S.HELD, documents=0, has_begun=False)
    device = SaidDevice(empty, empty, job(S.CANCELED, documents=0, has_begun=False))
    assert isinstance(await printer(device).watch(ONE), NothingPrinted)
    assert device.cancelled


@pytest.mark.parametrize("attempt", [ONE, UNMARKED])
async def test_a_job_that_a_dead_spooler_left_held_with_its_document_is_a_persons_to_judge(attempt):
    """It starts its backend before it writes down that it did, and the backend may live on and print."""
    stranded = job(S.HELD, documents=1, has_begun=False)
    device = SaidDevice(stranded, stranded, job(S.CANCELED, documents=1, has_begun=False))
    assert await printer(device).find(attempt) == StillOpen("7")
    assert await printer(device).watch(attempt) == Unknown(STRANDED)
    assert STRANDED in FOR_A_PERSON
    assert not device.cancelled, "a run that comes after this one must find it as it is"


async def test_a_job_that_a_printer_holds_is_cancelled_and_then_believed():
    held = job(S.HELD, documents=1, has_begun=False)
    device = SaidDevice(held, held, job(S.CANCELED, documents=1, has_begun=False))
    known = printer(device)
    await known.status()
    assert isinstance(await known.watch(ONE), NothingPrinted)
    assert device.cancelled


async def test_agreement_to_cancel_proves_nothing():
    empty = job(S.HELD, documents=None, reasons=frozenset({"job-incoming"}), has_begun=False)
    assert await printer(SaidDevice(empty, empty, job(S.PROCESSING))).find(ONE) == StillOpen("7")
    assert await printer(SaidDevice(empty)).find(ONE) == StillOpen("7")
    assert isinstance(await printer(SaidDevice(empty, job(S.CANCELED, has_begun=True))).find(ONE), Unknown)


# ------------------------------------------------------------------------------------------------------------- sending


async def test_a_document_is_sent_once_whatever_happens():
    for trouble in (
        ExchangeError("connection-reset"),
        ExchangeError("no-answer-in-time", whole_body=True),
        ExchangeError("http-500", whole_body=True, refused=True),
        Refusal(0x0505),
        Refusal(0x040A),
        None,
    ):
        device = SaidDevice(job(S.ABORTED, has_begun=False), send=trouble)
        outcome = await printer(device).send(ONE, PNG)
        assert outcome is None or isinstance(outcome, NothingPrinted)
        assert device.sends == 1


async def test_an_answer_lost_after_the_whole_body_is_left_to_the_watch():
    device = SaidDevice(job(S.ABORTED), send=ExchangeError("no-answer-in-time", whole_body=True))
    assert await printer(device).send(ONE, PNG) is None


async def test_a_document_known_to_be_cut_short_is_never_a_good_card():
    device = SaidDevice(job(S.PROCESSING), job(S.COMPLETED), send=ExchangeError("connection-reset"))
    assert isinstance(await printer(device).send(ONE, PNG), Unknown)


async def test_a_card_begun_from_a_piece_is_called_unknown_at_once_while_it_is_known_that_it_was_cut():
    device = SaidDevice(job(S.PROCESSING), send=ExchangeError("connection-reset"))
    assert await printer(device).send(ONE, PNG) == Unknown(CUT_OFF)


async def test_a_piece_that_waits_to_be_printed_is_cancelled():
    device = SaidDevice(
        job(S.PENDING, has_begun=False),
        job(S.CANCELED, has_begun=False),
        send=ExchangeError("connection-reset"),
    )
    assert isinstance(await printer(device).send(ONE, PNG), NothingPrinted)
    assert device.cancelled == [7]


# ---------------------------------------------------------------------------- attempts without the note of a whole body


@pytest.mark.parametrize("state", [S.COMPLETED, S.PROCESSING, S.STOPPED])
async def test_a_card_whose_document_may_have_been_cut_by_our_death_is_never_found_printed(state):
    device = SaidDevice(job(state))
    found = await printer(device).find(UNMARKED)
    if isinstance(found, StillOpen):
        found = await printer(device).watch(UNMARKED)
    assert found == Unknown(PERHAPS_CUT_OFF)
    assert not device.cancelled, "what is being printed is left to its end"


async def test_a_document_that_may_be_a_piece_is_taken_back_while_it_waits():
    waiting = job(S.PENDING, has_begun=False)
    device = SaidDevice(waiting, waiting, job(S.CANCELED, has_begun=False))
    assert isinstance(await printer(device).find(UNMARKED), NothingPrinted)
    assert set(device.cancelled) == {7}
    device = SaidDevice(waiting)
    assert await printer(device).find(ONE) == StillOpen("7")
    assert not device.cancelled, "a whole document is left to be printed"


@pytest.mark.parametrize("refusal", [Refusal(0x040A), Refusal(0x0411), Refusal(0x040B, frozenset({"document-format"}))])
async def test_a_refused_document_fails_the_job_and_frees_the_printer(refusal):
    empty = job(S.HELD, documents=0, has_begun=False)
    device = SaidDevice(empty, job(S.CANCELED, documents=0, has_begun=False), send=refusal)
    assert await printer(device).send(ONE, PNG) == NothingPrinted(Cause.DOCUMENT, refusal.keyword)
    assert device.cancelled == [7]


async def test_a_refusal_by_a_device_that_tells_no_times_still_means_nothing():
    device = SaidDevice(job(S.ABORTED, has_begun=None), send=Refusal(0x0404))
    assert await printer(device).send(ONE, PNG) == NothingPrinted(Cause.TRANSIENT, "not-possible")


async def test_a_refusal_by_a_device_that_has_begun_is_unknown():
    assert isinstance(
        await printer(SaidDevice(job(S.ABORTED, has_begun=True), send=Refusal(0x0404))).send(ONE, PNG), Unknown
    )


async def test_an_internal_error_of_a_device_that_forgot_the_job_is_unknown():
    assert isinstance(await printer(SaidDevice(None, send=Refusal(0x0500))).send(ONE, PNG), Unknown)


# ------------------------------------------------------------------------------------------------------------- opening


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        (SaidDevice(device=ExchangeError("connection-refused", begun=False)), (Cause.PRINTER, "connecting-to-device")),
        (SaidDevice(device=ExchangeError("http-401", refused=True)), (Cause.PRINTER, "http-401")),
        (SaidDevice(device=RefusedError(Refusal(0x0403))), (Cause.PRINTER, "not-authorized")),
        (
            SaidDevice(device=replace(DEVICE, reasons=frozenset({"media-jam-error"}))),
            (Cause.PRINTER, "media-jam-error"),
        ),
        (SaidDevice(device=replace(DEVICE, state=PrinterState.STOPPED)), (Cause.PRINTER, "stopped")),
        (SaidDevice(device=replace(DEVICE, is_accepting=False)), (Cause.PRINTER, "paused")),
        (SaidDevice(create=Refusal(0x0507)), (Cause.PRINTER, "busy")),
        (SaidDevice(create=Refusal(0x0506)), (Cause.PRINTER, "not-accepting-jobs")),
        (SaidDevice(create=Refusal(0x0555)), (Cause.PRINTER, "status-0x0555")),
        (SaidDevice(create=ExchangeError("connection-reset", whole_body=True)), (Cause.TRANSIENT, "connection-reset")),
    ],
)
async def test_no_trouble_of_opening_raises(device, expected):
    assert await printer(device).open(ONE) == NothingPrinted(*expected)


async def test_a_job_whose_opening_was_never_answered_is_cleared_away_at_the_next():
    device = SaidDevice(create=ExchangeError("no-answer-in-time", whole_body=True))
    made = printer(device)
    await made.open(ONE)
    device.created = 8
    device.named = [job(S.HELD, documents=0, has_begun=False)]
    assert isinstance(await made.open(replace(ONE, id="a2")), Opened)
    assert device.cancelled == [7]
    await made.open(replace(ONE, id="a3"))
    assert device.cancelled == [7], "once is enough"


# ------------------------------------------------------------------------------------------------------------- counters


@pytest.fixture(autouse=True)
def _nothing_is_owed(monkeypatch):
    """As when a run is some seconds old."""
    monkeypatch.setattr(CardCounter, "__init__", _owing_nothing)


def _owing_nothing(counter):
    counter._owes_until, counter._plain = 0.0, set()


def _soon(monkeypatch):
    for module in (driver_module, counter_module):
        monkeypatch.setattr(module, "GRACE_S", 0.02)


def counted(before, after, **device):
    """A card whose counter read ``before`` when it was opened, on a device whose counter reads ``after`` now."""
    said = SaidDevice(job(S.COMPLETED), device=replace(DEVICE, counter=after, **device))
    made = printer(said)
    run = Incarnation().follow(DEVICE)
    return made.watch(replace(ONE, counter=before, incarnation=run))


async def test_a_counter_that_moved_by_exactly_one_is_the_stronger_evidence():
    assert await counted(41, 42) == Printed(Evidence.COUNTER, 42)


@pytest.mark.parametrize("after", [40, 43, 0])
async def test_a_counter_that_did_not_move_by_one_proves_no_more_than_the_printers_word(after):
    assert await counted(41, after) == Printed(Evidence.PRINTER, after)


@pytest.mark.parametrize("device", [{}, {"up_time_s": 10}])
async def test_a_card_called_finished_that_the_counter_does_not_know_is_in_doubt(monkeypatch, device):
    _soon(monkeypatch)
    assert await counted(41, 41, **device) == Unknown(UNCOUNTED)


async def test_a_counter_that_lags_is_waited_for():
    said = SaidDevice(job(S.COMPLETED), device=[replace(DEVICE, counter=each) for each in (41, 41, 41, 42)])
    one = replace(ONE, counter=41, incarnation=Incarnation().follow(DEVICE))
    assert await printer(said).watch(one) == Printed(Evidence.COUNTER, 42)


async def test_whether_the_counter_moved_is_not_guessed_while_the_device_is_silent():
    silence = ExchangeError("no-answer-in-time")
    device = [replace(DEVICE, counter=41), silence, silence, replace(DEVICE, counter=42)]
    one = replace(ONE, counter=41, incarnation=Incarnation().follow(DEVICE))
    assert await printer(SaidDevice(job(S.COMPLETED), device=device)).watch(one) == Printed(Evidence.COUNTER, 42)


async def next_counter(made: IppPrinter, said: SaidDevice) -> int | None:
    """The count that the next card would be measured by."""
    said.created = 8
    opened = await made.open(replace(ONE, id="a9"))
    assert isinstance(opened, Opened)
    return opened.counter


async def test_a_card_after_one_that_was_watched_without_a_stop_is_measured():
    said = SaidDevice(job(S.PROCESSING), job(S.COMPLETED), device=replace(DEVICE, counter=42))
    made = printer(said)
    assert await made.send(replace(ONE, counter=41), PNG) is None
    assert isinstance(await made.watch(replace(ONE, counter=41)), Printed)
    assert await next_counter(made, said) == 42


@pytest.mark.parametrize("hides", ["a stop", "another run", "two counts"])
async def test_a_card_after_one_that_may_not_be_counted_yet_is_not_measured(hides):
    middle = S.STOPPED if hides == "a stop" else S.PROCESSING
    said = SaidDevice(job(middle), job(middle), job(S.COMPLETED), device=replace(DEVICE, counter=42))
    made = printer(said)
    one = replace(ONE, counter=40 if hides == "two counts" else 41)
    if hides != "another run":
        assert await made.send(one, PNG) is None
    assert isinstance(await made.watch(one), Printed)
    assert await next_counter(made, said) is None


async def test_the_first_card_of_a_run_is_not_measured_while_the_last_of_the_former_may_be_owed(monkeypatch):
    monkeypatch.undo()
    assert await next_counter(printer(SaidDevice(device=replace(DEVICE, counter=5))), SaidDevice()) is None


async def test_a_counter_that_does_not_count_can_be_left_out_of_it():
    made = printer(SaidDevice(job(S.COMPLETED), device=replace(DEVICE, counter=41)), counter=False)
    opened = await made.open(ONE)
    assert isinstance(opened, Opened)
    assert opened.counter is None
    assert await made.watch(replace(ONE, counter=opened.counter)) == Printed(Evidence.PRINTER)


async def test_a_spoolers_counter_is_not_the_devices():
    assert await counted(41, 41, is_spooler=True) == Printed(Evidence.SPOOLER, 41)


async def test_no_card_is_measured_by_a_counter_that_may_still_owe_another_card(monkeypatch):
    _soon(monkeypatch)
    said = SaidDevice(job(S.COMPLETED), device=replace(DEVICE, counter=41))
    made = printer(said)
    assert isinstance(await made.watch(replace(ONE, counter=41)), Unknown)
    said.created = 8
    opened = await made.open(replace(ONE, id="a2"))
    assert isinstance(opened, Opened)
    assert opened.counter is None
    await asyncio.to_thread(time.sleep, 0.03)
    opened = await made.open(replace(ONE, id="a3"))
    assert isinstance(opened, Opened)
    assert opened.counter == 41


async def test_a_counter_of_another_run_of_the_device_proves_no_more():
    assert await counted(41, 42, up_time_s=10) == Printed(Evidence.PRINTER, 42)


async def test_a_counter_that_is_gone_proves_no_more():
    assert await counted(41, None) == Printed(Evidence.PRINTER)


async def test_a_counter_shared_by_two_cards_under_way_is_no_evidence():
    said = SaidDevice(job(S.COMPLETED), device=replace(DEVICE, counter=42))
    made = printer(said, window=2)
    assert await made.watch(replace(ONE, counter=41, incarnation=Incarnation().follow(DEVICE))) == Printed(
        Evidence.PRINTER, 42
    )
    assert made.capabilities.evidence is Evidence.PRINTER
    assert made.capabilities.has_counter


async def test_a_counter_is_not_noted_while_another_card_may_move_it():
    busy = replace(DEVICE, counter=41, state=PrinterState.PROCESSING)
    answer = await printer(SaidDevice(device=busy)).open(ONE)
    assert isinstance(answer, Opened)
    assert answer.counter is None


async def test_a_printer_with_a_counter_says_that_it_can_prove_with_it():
    made = printer(SaidDevice(device=replace(DEVICE, counter=5)))
    assert (await made.status()).counter == 5
    assert made.capabilities.evidence is Evidence.COUNTER
    answer = await made.open(ONE)
    assert isinstance(answer, Opened)
    assert answer.counter == 5


async def test_a_document_type_the_station_does_not_know_is_not_offered():
    made = printer(SaidDevice())
    await made.status()
    assert made.capabilities.media_types == {"image/png"}


# -------------------------------------------------------------------------------------------------------- incarnations


def test_a_run_keeps_its_name_until_the_device_restarts(monkeypatch):
    now = [5000.0]
    wall = [1_700_000_000.0]
    monkeypatch.setattr(incarnation_module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(incarnation_module.time, "time", lambda: wall[0])
    run = Incarnation()
    first = run.follow(replace(DEVICE, up_time_s=100))
    assert first == "urn:uuid:0;start=1699999900"
    now[0] += 60.9
    wall[0] += 86_400  # somebody sets the clock
    assert run.follow(replace(DEVICE, up_time_s=160)) == first
    now[0] += 1
    assert run.follow(replace(DEVICE, up_time_s=2)) != first
    assert run.follow(replace(DEVICE, up_time_s=2, uuid="urn:uuid:1")).startswith("urn:uuid:1;")
    assert run.follow(replace(DEVICE, up_time_s=None)) == "urn:uuid:0"
    assert run.follow(replace(DEVICE, up_time_s=None, uuid=None)) is None


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("u;start=100", "u;start=104", True),
        ("u;start=100", "u;start=106", False),
        ("u;start=100", "v;start=100", False),
        ("u;start=-3", "u;start=0", True),
        ("u", "u", False),
        (None, "u;start=1", False),
        ("u;start=x", "u;start=x", False),
    ],
)
def test_two_names_of_runs_are_compared_with_a_tolerance(one, other, is_same):
    assert is_same_run(one, other) is is_same


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ([job(S.PENDING), job(S.HELD, name="somebody else's"), job(S.HELD, name=None)], [ONE.id]),
        (RefusedError(Refusal(0x0501)), []),
    ],
)
async def test_a_device_is_asked_which_of_our_jobs_it_has_not_ended(said, held):
    device = SaidDevice()

    async def unfinished():
        return device._say(said)

    device.unfinished = unfinished
    assert list(await printer(device).unfinished()) == held


async def test_a_device_that_does_not_answer_cannot_say_what_it_holds():
    device = SaidDevice()

    async def unfinished():
        return device._say(ExchangeError("connection-refused"))

    device.unfinished = unfinished
    with pytest.raises(Faulted):
        await printer(device).unfinished()
