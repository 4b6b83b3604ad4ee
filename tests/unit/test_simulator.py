"""The simulated printer: a machine in pretended time, and a driver that trusts it as far as its counter agrees."""

import asyncio
import heapq
import random
import uuid
from dataclasses import replace
from itertools import count

import pytest

from stationd.adapters.printers.simulator import build
from stationd.adapters.printers.simulator.mechanism import Mechanism, Said
from stationd.adapters.printers.simulator.options import Fault, Options, Rate, read_options
from stationd.domain.errors import Faulted
from stationd.domain.job import Attempt, Evidence
from stationd.domain.order import Document
from stationd.domain.outcome import Cause, NothingPrinted, Printed, Spoiled, StillOpen, Unknown
from stationd.domain.printer import PrinterState
from stationd.ports.printers import PrinterSpec
from tests.rigs.documents import png

# --------------------------------------------------------------------------------------- the machine, in pretended time


class Time:
    """Calls put off, made when the test says so."""

    def __init__(self):
        self.now = 0.0
        self._turn = count()
        self._calls = []

    def later(self, seconds, call):
        entry = [self.now + seconds, next(self._turn), call]
        heapq.heappush(self._calls, entry)
        return _Call(entry)

    def pass_by(self, seconds):
        until = self.now + seconds
        while self._calls and self._calls[0][0] <= until:
            self.now, _, call = heapq.heappop(self._calls)
            if call is not None:
                call()
        self.now = until


class _Call:
    def __init__(self, entry):
        self._entry = entry

    def cancel(self):
        self._entry[2] = None


class MemoryTray:
    """A tray without a disk: cards land at once, in order."""

    def __init__(self):
        self.cards = []

    def land(self, name, document, landed):
        self.cards.append((name, document))
        landed(None)


class Hall:
    """A machine with its clock, its tray and what it reported."""

    def __init__(self, *, counter=0, seed=1, **options):
        self.time = Time()
        self.tray = MemoryTray()
        self.machine = Mechanism(
            Options(folder="unused", **{"seconds": 10.0, "window": 100} | options),
            tray=self.tray,
            later=self.time.later,
            chance=random.Random(seed),
            born="test",
            counter=counter,
        )
        self.reports = {}

    def give(self, name):
        job = self.machine.create(name)
        self.machine.receive(job, Document("image/png", name.encode()))
        self.machine.watch(job, lambda report: self.reports.__setitem__(name, report))
        return job

    @property
    def names(self):
        return [name for name, _ in self.tray.cards]


def test_cards_are_made_one_after_another_each_in_its_time():
    hall = Hall()
    for name in "abc":
        hall.give(name)
    hall.time.pass_by(9.9)
    assert hall.names == []
    hall.time.pass_by(10.2)
    assert hall.names == ["a", "b"]
    assert hall.machine.status().state is PrinterState.PROCESSING
    hall.time.pass_by(10)
    assert hall.names == ["a", "b", "c"]
    assert hall.machine.status().state is PrinterState.IDLE
    assert hall.machine.counter == 3
    assert [report.said for report in hall.reports.values()] == [Said.COMPLETED] * 3


def test_the_machine_holds_no_more_jobs_than_its_window():
    hall = Hall(window=2)
    assert hall.machine.create("a")
    assert hall.machine.create("b")
    assert hall.machine.create("c") is None
    hall.machine.cancel(hall.machine.job("a"), "job-canceled-by-user")
    assert hall.machine.create("c")


def test_a_name_and_a_document_are_given_once():
    hall = Hall()
    job = hall.give("a")
    with pytest.raises(ValueError, match="has a job named a"):
        hall.machine.create("a")
    with pytest.raises(ValueError, match="has a document"):
        hall.machine.receive(job, Document("image/png", b"again"))


def test_an_open_cover_holds_the_card_that_is_being_made():
    hall = Hall()
    hall.give("a")
    hall.time.pass_by(5)
    hall.machine.fault("cover-open")
    hall.time.pass_by(100)
    assert hall.names == []
    assert hall.machine.status().stopped_by == {"cover-open"}
    hall.machine.clear("cover-open")
    assert hall.names == ["a"]


def test_a_card_goes_on_only_when_the_last_reason_is_gone():
    hall = Hall(seconds=0)
    hall.machine.fault("cover-open")
    hall.machine.fault("media-empty")
    hall.give("a")
    hall.machine.clear("cover-open")
    assert hall.names == []
    hall.machine.clear("media-empty")
    assert hall.names == ["a"]


def test_an_empty_hopper_stops_the_machine_and_loading_it_lets_it_go_on():
    hall = Hall(seconds=0, hopper=2)
    for name in "abc":
        hall.give(name)
    assert hall.names == ["a", "b"]
    status = hall.machine.status()
    assert status.stopped_by == {"media-empty"}
    assert [(supply.name, supply.level, supply.cards) for supply in status.supplies] == [("hopper", 0, 0)]
    hall.machine.clear("media-empty")
    assert hall.names == ["a", "b", "c"]


def test_a_ribbon_runs_low_before_it_is_empty():
    hall = Hall(seconds=0, ribbon=10)
    for number in range(9):
        hall.give(str(number))
    status = hall.machine.status()
    assert "marker-supply-low" in status.reasons
    assert not status.stopped_by
    hall.give("last")
    hall.give("waits")
    assert hall.machine.status().stopped_by == {"marker-supply-empty"}
    assert len(hall.names) == 10


def test_a_hopper_that_was_never_loaded_is_empty():
    hall = Hall(seconds=0, hopper=0)
    hall.give("a")
    assert hall.machine.status().stopped_by == {"media-empty"}


def test_a_jam_in_the_middle_ruins_the_card_and_the_next_one_waits():
    hall = Hall()
    hall.give("a")
    hall.give("b")
    hall.time.pass_by(3)
    hall.machine.fault("media-jam")
    assert hall.reports["a"].said is Said.SPOILED
    hall.time.pass_by(100)
    assert hall.names == []
    hall.machine.clear("media-jam")
    hall.time.pass_by(10)
    assert hall.names == ["b"]
    assert hall.machine.counter == 1


def test_somebody_mends_the_machine_after_the_repair_time():
    hall = Hall(seconds=1.0, repair=60.0, faults={Fault.JAM: Rate(every=2)})
    for name in "abc":
        hall.give(name)
    hall.time.pass_by(10)
    assert hall.names == ["a"]
    assert hall.reports["b"].said is Said.SPOILED
    hall.time.pass_by(60)
    assert hall.names == ["a", "c"]


@pytest.mark.parametrize(
    ("fault", "said", "cards", "moved"),
    [
        (Fault.ABORT, Said.ABORTED, 0, 0),
        (Fault.JAM, Said.SPOILED, 0, 0),
        (Fault.SPOIL, Said.SPOILED, 0, 0),
        (Fault.SLOW, Said.COMPLETED, 1, 1),
        (Fault.FALSE_COMPLETED, Said.COMPLETED, 0, 0),
        (Fault.FALSE_ABORTED, Said.ABORTED, 1, 1),
    ],
)
def test_each_fault_does_what_it_says(fault, said, cards, moved):
    hall = Hall(faults={fault: Rate(every=1)})
    hall.give("a")
    hall.time.pass_by(100)
    report = hall.reports["a"]
    assert (report.said, len(hall.names), report.counter_after - report.counter_before) == (said, cards, moved)


def test_a_slow_card_takes_ten_times_as_long():
    hall = Hall(faults={Fault.SLOW: Rate(every=1)})
    hall.give("a")
    hall.time.pass_by(99)
    assert hall.names == []
    hall.time.pass_by(1)
    assert hall.names == ["a"]


def test_of_the_cards_that_the_machine_does_not_know_about_some_came_out():
    hall = Hall(seconds=0, faults={Fault.UNKNOWN: Rate(every=1)})
    for number in range(50):
        hall.give(str(number))
    assert [report.said for report in hall.reports.values()] == [Said.UNKNOWN] * 50
    assert 0 < len(hall.names) < 50
    assert hall.machine.counter == len(hall.names)


def test_every_nth_card_is_struck():
    hall = Hall(seconds=0, faults={Fault.SPOIL: Rate(every=3)})
    for number in range(1, 10):
        hall.give(str(number))
    assert hall.names == ["1", "2", "4", "5", "7", "8"]


def test_the_same_seed_strikes_the_same_cards():
    def spoiled(seed):
        hall = Hall(seconds=0, seed=seed, faults={Fault.SPOIL: Rate(chance=0.3)})
        for number in range(60):
            hall.give(str(number))
        return hall.names

    assert spoiled(5) == spoiled(5)
    assert spoiled(5) != spoiled(6)


def test_a_restart_ruins_the_card_forgets_all_jobs_and_numbers_from_one_again():
    hall = Hall()
    first = hall.give("a")
    hall.give("b")
    before = hall.machine.incarnation
    hall.time.pass_by(5)
    hall.machine.restart()
    assert hall.reports == {"a": None, "b": None}
    assert hall.machine.job("a") is None
    assert hall.machine.incarnation != before
    assert before in hall.machine.forgotten
    assert hall.give("c").number == first.number
    hall.time.pass_by(100)
    assert hall.names == ["c"]


def test_a_restart_leaves_an_empty_hopper_empty():
    hall = Hall(seconds=0)
    hall.machine.fault("media-empty")
    hall.machine.fault("cover-open")
    hall.machine.restart()
    assert hall.machine.reasons == {"media-empty"}


def test_a_machine_without_its_cable_goes_on_with_what_it_has():
    hall = Hall()
    hall.give("a")
    empty = hall.machine.create("b")
    hall.machine.unplug()
    assert hall.reports["a"] is None
    assert empty.report.said is Said.ABORTED
    hall.time.pass_by(10)
    assert hall.names == ["a"]
    hall.machine.plug()
    assert hall.machine.job("a").report.said is Said.COMPLETED


def test_nothing_comes_out_of_a_machine_that_is_switched_off():
    hall = Hall()
    hall.give("a")
    hall.give("b")
    hall.time.pass_by(5)
    hall.machine.power_off()
    hall.time.pass_by(100)
    assert hall.names == []


def test_a_cancelled_job_is_never_made_and_one_being_made_cannot_be_cancelled():
    hall = Hall()
    made, waiting = hall.give("a"), hall.give("b")
    assert hall.machine.cancel(waiting, "job-canceled-by-user")
    assert not hall.machine.cancel(made, "job-canceled-by-user")
    hall.time.pass_by(100)
    assert hall.names == ["a"]


def test_the_machine_remembers_its_last_thousand_jobs_and_no_more():
    hall = Hall(seconds=0)
    for number in range(1_005):
        hall.give(str(number))
    assert hall.machine.job("4") is None
    assert hall.machine.job("5") is not None


def test_a_card_that_does_not_fit_into_the_tray_stays_in_the_machine():
    hall = Hall(seconds=0)

    class Full:
        def __init__(self, tray):
            self.is_full = True
            self.tray = tray

        def land(self, name, document, landed):
            if self.is_full:
                landed(OSError(28, "No space left on device"))
            else:
                self.tray.land(name, document, landed)

    full = hall.machine._tray = Full(hall.tray)
    hall.give("a")
    hall.give("b")
    hall.time.pass_by(3)
    assert hall.machine.status().stopped_by == {"output-area-full"}
    assert hall.machine.counter == 0
    full.is_full = False
    hall.time.pass_by(2)
    assert hall.names == ["a", "b"]
    assert hall.machine.status().state is PrinterState.IDLE


# ---------------------------------------------------------------------------------------------------------- the options


def test_options_left_out_have_their_defaults(tmp_path):
    options = read_options({"folder": str(tmp_path)})
    assert (options.window, options.hopper, options.ribbon, options.repair) == (2, None, None, None)
    assert options.seconds == 30.0


def test_a_fault_strikes_by_number_or_by_chance():
    faults = read_options({"folder": "x", "faults": {"jam": 50, "false-aborted": 0.01}}).faults
    assert faults == {Fault.JAM: Rate(every=50), Fault.FALSE_ABORTED: Rate(chance=0.01)}


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "folder is missing"),
        ({"folder": ""}, "folder = ''"),
        ({"folder": 7}, "folder = 7"),
        ({"folder": "a\0b"}, "folder = "),
        ({"folder": "x", "seconds": -1}, "seconds = -1"),
        ({"folder": "x", "seconds": True}, "seconds = True"),
        ({"folder": "x", "seconds": float("nan")}, "seconds = nan"),
        ({"folder": "x", "seconds": "12"}, "seconds = '12'"),
        ({"folder": "x", "window": 0}, "window = 0"),
        ({"folder": "x", "window": 2.0}, "window = 2.0"),
        ({"folder": "x", "hopper": -1}, "hopper = -1"),
        ({"folder": "x", "ribbon": "full"}, "ribbon = 'full'"),
        ({"folder": "x", "seed": -5}, "seed = -5"),
        ({"folder": "x", "repair": "soon"}, "repair = 'soon'"),
        ({"folder": "x", "faults": ["jam"]}, "faults = ['jam']"),
        ({"folder": "x", "faults": {"fire": 2}}, "faults.fire = 2"),
        ({"folder": "x", "faults": {"jam": 0}}, "faults.jam = 0"),
        ({"folder": "x", "faults": {"jam": 1.5}}, "faults.jam = 1.5"),
        ({"folder": "x", "faults": {"jam": True}}, "faults.jam = True"),
        ({"folder": "x", "speed": 3}, "speed: there is no such option"),
    ],
)
def test_a_wrong_option_is_told_in_one_line_with_what_is_allowed(options, line):
    with pytest.raises(ValueError, match="allowed") as told:
        build(PrinterSpec(name="kartu-1", driver="simulator", options=options))
    assert str(told.value).startswith(line)
    assert "\n" not in str(told.value)


# ----------------------------------------------------------------------------------------------------------- the driver


@pytest.fixture
async def make(tmp_path):
    made = []

    def printer(**options):
        spec = PrinterSpec(
            name="kartu-1", driver="simulator", options={"folder": str(tmp_path / "cards"), "seconds": 0} | options
        )
        made.append(build(spec))
        return made[-1]

    yield printer
    for one in made:
        await one.aclose()


CARD = Document("image/png", png(1))


def new_attempt():
    return Attempt(
        id=str(uuid.uuid4()),
        job="job",
        number=1,
        printer="kartu-1",
        remote_id=None,
        incarnation=None,
        counter=None,
        opened_at=0,
    )


async def sent(printer, document=CARD):
    attempt = new_attempt()
    answer = await printer.open(attempt)
    attempt = replace(attempt, remote_id=answer.remote_id, incarnation=answer.incarnation, counter=answer.counter)
    assert await printer.send(attempt, document) is None
    return attempt


async def test_a_card_is_one_file_named_by_its_attempt(make, tmp_path):
    printer = make()
    attempt = await sent(printer)
    assert await printer.watch(attempt) == Printed(Evidence.COUNTER, 1)
    assert [path.name for path in (tmp_path / "cards").iterdir()] == [f"{attempt.id}.png"]
    assert (tmp_path / "cards" / f"{attempt.id}.png").read_bytes() == CARD.data


@pytest.mark.parametrize(
    ("media_type", "start", "suffix"), [("application/pdf", b"%PDF-1.4", "pdf"), ("image/jpeg", b"\xff\xd8\xff", "jpg")]
)
async def test_a_card_has_the_ending_of_its_document(make, tmp_path, media_type, start, suffix):
    printer = make()
    attempt = await sent(printer, Document(media_type, start))
    await printer.watch(attempt)
    assert (tmp_path / "cards" / f"{attempt.id}.{suffix}").exists()


async def test_a_second_card_of_one_attempt_shows_beside_the_first(make, tmp_path):
    attempt = new_attempt()
    for _ in range(3):  # a machine that has forgotten is given the same attempt again: what the daemon never may
        printer = make()
        answer = await printer.open(attempt)
        await printer.send(replace(attempt, remote_id=answer.remote_id), CARD)
        await printer.watch(attempt)
    names = sorted(path.name for path in (tmp_path / "cards").iterdir())
    assert names == [f"{attempt.id}.png", f"{attempt.id}~2.png", f"{attempt.id}~3.png"]


async def test_the_counter_goes_on_where_the_folder_stands(make, tmp_path):
    printer = make()
    for _ in range(5):
        await printer.watch(await sent(printer))
    (tmp_path / "cards" / ".half.part").write_bytes(b"cut off by a kill")
    (tmp_path / "cards" / "notes.txt").write_text("no card")
    again = make()
    assert (await again.status()).counter == 5
    assert not (tmp_path / "cards" / ".half.part").exists()
    assert await again.watch(await sent(again)) == Printed(Evidence.COUNTER, 6)


async def test_after_the_death_of_the_process_the_folder_tells_what_was_printed(make):
    before = make(seconds=3600)
    printed, waiting = await sent(make()), await sent(before)
    await asyncio.sleep(0)
    await before.aclose()
    after = make()
    async with asyncio.timeout(60):
        while not isinstance(await after.find(printed), Printed):
            await asyncio.sleep(0.01)
    assert await after.find(waiting) == NothingPrinted(Cause.PRINTER, "shutdown")


async def test_the_counter_proves_a_card_found_after_death_only_when_it_moved_by_one(make):
    printer = make()
    first = await sent(printer)
    await printer.watch(first)
    assert await make().find(first) == Printed(Evidence.COUNTER, 1)
    await printer.watch(await sent(printer))
    assert await make().find(first) == Printed(Evidence.PRINTER, 2)


async def test_pulling_the_cable_makes_the_card_unknown_and_putting_it_back_makes_it_known(make):
    printer = make(seconds=0.05)
    attempt = await sent(printer)
    watching = asyncio.create_task(printer.watch(attempt))
    await asyncio.sleep(0)
    printer.unplug()
    assert isinstance(await watching, Unknown)
    assert isinstance(await printer.watch(attempt), Unknown)
    for call in (printer.status(), printer.find(attempt)):
        with pytest.raises(Faulted) as fault:
            await call
        assert fault.value.code == "printer-unreachable"
    assert isinstance(await printer.withdraw(attempt), Unknown)
    assert await printer.open(new_attempt()) == NothingPrinted(Cause.PRINTER, "connecting-to-device")
    printer.plug()
    assert await printer.watch(attempt) == Printed(Evidence.COUNTER, 1)


async def test_a_document_that_never_left_is_certainly_not_printed(make):
    printer = make()
    attempt = new_attempt()
    answer = await printer.open(attempt)
    attempt = replace(attempt, remote_id=answer.remote_id, incarnation=answer.incarnation)
    printer.unplug()
    assert await printer.send(attempt, CARD) == NothingPrinted(Cause.PRINTER, "connecting-to-device")
    printer.plug()
    assert isinstance(await printer.send(attempt, CARD), NothingPrinted)
    assert isinstance(await printer.find(attempt), NothingPrinted)
    assert (await printer.status()).counter == 0


async def test_a_forgetful_machine_leaves_sent_cards_unknown_and_unsent_ones_unprinted(make):
    printer = make(seconds=3600)
    attempt = await sent(printer)
    unsent = new_attempt()
    await printer.open(unsent)
    watching = asyncio.create_task(printer.watch(attempt))
    await asyncio.sleep(0)
    printer.forget()
    assert isinstance(await watching, Unknown)
    assert isinstance(await printer.find(attempt), Unknown)
    assert isinstance(await printer.withdraw(attempt), Unknown)
    assert isinstance(await printer.find(unsent), NothingPrinted)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("false-completed", Unknown),
        ("false-aborted", Unknown),
        ("unknown", Unknown),
        ("restart", Unknown),
        ("spoil", Spoiled),
        ("jam", Spoiled),
        ("abort", NothingPrinted),
    ],
)
async def test_no_lie_of_the_machine_becomes_a_certainty(make, fault, outcome):
    printer = make(faults={fault: 1})
    attempt = await sent(printer)
    assert isinstance(await printer.watch(attempt), outcome)
    assert isinstance(await printer.find(attempt), outcome)


async def test_a_waiting_card_can_be_withdrawn_and_one_being_made_cannot(make):
    printer = make(seconds=3600)
    made, waiting = await sent(printer), await sent(printer)
    assert await printer.withdraw(made) == StillOpen(made.remote_id)
    assert await printer.withdraw(waiting) == NothingPrinted(Cause.WITHDRAWN, "job-canceled-by-user")
    assert await printer.find(waiting) == NothingPrinted(Cause.WITHDRAWN, "job-canceled-by-user")


async def test_a_full_machine_takes_no_job_and_uses_up_no_try(make):
    printer = make(seconds=3600)
    await sent(printer)
    await sent(printer)
    assert await printer.open(new_attempt()) == NothingPrinted(Cause.PRINTER, "busy")


async def test_a_document_mislabelled_is_refused_for_good(make):
    printer = make()
    attempt = new_attempt()
    await printer.open(attempt)
    assert await printer.send(attempt, Document("image/png", b"%PDF-1.4")) == NothingPrinted(
        Cause.DOCUMENT, "document-format-error"
    )


async def test_a_folder_that_cannot_be_used_makes_the_printer_unreachable(make, tmp_path):
    (tmp_path / "cards").write_text("a file where the folder should be")
    printer = make()
    with pytest.raises(Faulted) as fault:
        await printer.status()
    assert fault.value.code == "printer-unreachable"
    assert isinstance(await printer.open(new_attempt()), NothingPrinted)
    (tmp_path / "cards").unlink()
    assert await printer.watch(await sent(printer)) == Printed(Evidence.COUNTER, 1)


async def test_closing_waits_for_a_card_on_its_way_and_none_comes_after(make, tmp_path):
    printer = make()
    for _ in range(2):
        await sent(printer)
    await printer.aclose()
    cards = sorted((tmp_path / "cards").iterdir())
    await asyncio.sleep(0.05)
    assert sorted((tmp_path / "cards").iterdir()) == cards
    assert not [path for path in cards if path.name.endswith(".part")]


async def test_a_full_disk_stops_the_machine_until_there_is_room(make, tmp_path, monkeypatch):
    printer = make()
    await printer.status()
    (tmp_path / "cards").rmdir()  # any trouble with the folder is told in the same way
    attempt = await sent(printer)
    async with asyncio.timeout(60):
        while "output-area-full" not in (await printer.status()).stopped_by:
            await asyncio.sleep(0.005)
    (tmp_path / "cards").mkdir()
    printer.clear("output-area-full")
    assert await printer.watch(attempt) == Printed(Evidence.COUNTER, 1)
