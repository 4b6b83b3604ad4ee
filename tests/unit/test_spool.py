"""The spooler against simulated printers and the real store."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stationd.adapters.printers.simulator import build
from stationd.adapters.printers.simulator.driver import SimulatedPrinter
from stationd.adapters.sqlite.database import Database
from stationd.adapters.system import SystemClock
from stationd.domain.authority import STATION, Actor, Role
from stationd.domain.errors import Faulted, Refused
from stationd.domain.job import Attempt, Evidence, JobState, Verdict
from stationd.domain.job_machine import JobEvent
from stationd.domain.order import Document
from stationd.domain.outcome import CUT_OFF, Cause, NothingPrinted, Printed, Unknown
from stationd.domain.retry import MOST_STOPS, STOPS_STATION
from stationd.ports.jobs import Claiming, Control, Turn, Turned
from stationd.ports.printers import Opened, PrinterSpec
from stationd.services import patience, supervise
from stationd.services.bell import Bell
from stationd.services.line import Line
from stationd.services.pace import Pace
from stationd.services.spool import Spooler
from stationd.services.supervise import Supervisor
from tests.unit.test_store import Store

PNG = b"\x89PNG\r\n\x1a\n"


class NoRenderer:
    async def check(self, template: str, fields: object, photo: bytes | None, otherwise: object) -> dict[str, str]:
        raise Refused("document-invalid", "cannot render in this test")

    async def render(self, template: str, fields: object, photo: bytes | None) -> Document:
        raise Refused("document-invalid", "cannot render in this test")


class Floor:
    """A store, some simulated printers, and the bell between them."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.store = Store(database)
        self.folder = folder
        self.bell = Bell()
        self.line = Line()
        self.supervisor = Supervisor()
        self.spoolers: list[Spooler] = []

    def follow(self, events) -> None:
        self.line.follow(events)
        self.bell.ring_all()

    def printer(self, name: str = "kartu-1", **options: object) -> SimulatedPrinter:
        spec = PrinterSpec(
            name=name, driver="simulator", options={"folder": str(self.folder / name), "seconds": 0.01, **options}
        )
        printer = build(spec)
        assert isinstance(printer, SimulatedPrinter)
        spooler = Spooler(
            printer,
            spec,
            store=self.store.jobs,
            bell=self.bell,
            clock=SystemClock(),
            renderer=NoRenderer(),
            pace=Pace({"ktp-el": 0.01}),
        )
        self.spoolers.append(spooler)
        self.supervisor.start(name, spooler.run)
        return printer

    async def accept(self, number: int) -> None:
        for _ in range(number):
            acceptance = self.store.acceptance()
            object.__setattr__(acceptance.order.document, "data", PNG + acceptance.order.document.data)
            await self.store.jobs.accept(acceptance)

    def cards(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*/*.png") if path.stat().st_size)

    async def until(self, condition: Callable[[dict[JobState, int]], bool], timeout_s: float = 60) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition(dict(await self.store.jobs.counts())):
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        for spooler in self.spoolers:
            spooler.stop()
        await self.supervisor.settle(2)
        await self.supervisor.stop()
        for spooler in self.spoolers:
            await spooler.printer.aclose()
        self.spoolers.clear()


@asynccontextmanager
async def open_floor(path: Path) -> AsyncIterator[Floor]:
    floor: Floor | None = None

    def follow(events) -> None:
        if floor is not None:
            floor.follow(events)

    database = await Database.open(path / "station.db", SystemClock(), follow)
    floor = Floor(database, path / "cards")
    try:
        yield floor
    finally:
        await floor.stop()
        await database.aclose()


@pytest.fixture
async def floor(tmp_path: Path):
    async with open_floor(tmp_path) as opened:
        yield opened


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def test_every_job_becomes_exactly_one_card(floor: Floor):
    await floor.store.receive(100)
    floor.printer("kartu-1")
    floor.printer("kartu-2")
    await floor.accept(30)
    await floor.until(lambda counts: counts[JobState.PRINTED] == 30)
    assert len(floor.cards()) == 30
    assert len({card.read_bytes() for card in floor.cards()}) == 30
    balances = await floor.store.blanks.balances()
    assert (balances.issued, balances.safe, balances.printer) == (30, 70, 0)
    (first, *_) = await floor.store.jobs.page(JobState.PRINTED, 0, 1)
    assert first.evidence in {Evidence.PRINTER, Evidence.COUNTER}


async def test_a_job_is_taken_up_as_soon_as_it_is_there(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "LOOK_AGAIN_S", 60.0)
    await floor.store.receive(1)
    floor.printer(seconds=0)
    await asyncio.sleep(0.2)
    started = asyncio.get_running_loop().time()
    await floor.accept(1)
    await floor.until(lambda counts: counts[JobState.PRINTED] == 1)
    assert asyncio.get_running_loop().time() - started < 30


async def test_an_order_committed_together_with_a_claim_that_found_nothing_is_not_slept_through(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    await floor.store.receive(1)
    turn = floor.store.jobs.turn
    is_idle = has_accepted = False

    async def turn_and_accept(one: Turn) -> Turned:
        nonlocal has_accepted
        turned = await turn(one)
        if is_idle and not has_accepted:
            has_accepted = True
            await floor.accept(1)  # the bell rings for it while the lane still carries the news of an empty line
        return turned

    monkeypatch.setattr(floor.store.jobs, "turn", turn_and_accept)
    monkeypatch.setattr(patience, "ASK_EVERY_S", 3600)  # nothing else shall wake the lane
    floor.printer(seconds=0, window=1)
    await asyncio.sleep(0.3)
    is_idle = True
    floor.bell.ring_all()
    await floor.until(lambda counts: counts[JobState.PRINTED] == 1)
    assert has_accepted


async def test_nothing_is_printed_without_blanks_and_printing_goes_on_when_they_arrive(floor: Floor):
    floor.printer()
    await floor.accept(3)
    await asyncio.sleep(0.1)
    assert floor.cards() == []
    await floor.store.receive(2)
    await floor.until(lambda counts: counts[JobState.PRINTED] == 2)
    await asyncio.sleep(0.1)
    assert len(floor.cards()) == 2
    await floor.store.receive(1)
    await floor.until(lambda counts: counts[JobState.PRINTED] == 3)


async def test_an_unplugged_printer_makes_its_card_uncertain_and_the_counter_settles_it_on_return(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.02)
    await floor.store.receive(5)
    printer = floor.printer(seconds=0.3, window=1)
    await floor.accept(1)
    await floor.until(lambda counts: counts[JobState.PRINTING] == 1)
    await asyncio.sleep(0.1)
    printer.unplug()
    await floor.until(lambda counts: counts[JobState.UNCERTAIN] == 1)
    assert (await floor.store.blanks.balances()).printer == 1
    await asyncio.sleep(0.3)
    printer.plug()
    await floor.until(lambda counts: counts[JobState.PRINTED] == 1)
    assert len(floor.cards()) == 1


async def test_a_card_that_only_we_saw_go_wrong_is_left_to_a_person_when_the_printer_returns(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.02)
    await floor.store.receive(5)
    printer = floor.printer(window=1)
    asked = []

    async def cut_off(attempt):
        return Unknown(CUT_OFF)

    async def find(attempt):
        asked.append(attempt)
        return Printed(Evidence.PRINTER)

    monkeypatch.setattr(printer, "watch", cut_off)
    monkeypatch.setattr(printer, "find", find)
    await floor.accept(1)
    await floor.until(lambda counts: counts[JobState.UNCERTAIN] == 1)
    printer.unplug()
    await _until(lambda: "connecting-to-device" in floor.spoolers[0].reasons)
    printer.plug()
    await _until(lambda: floor.spoolers[0].is_open)
    await asyncio.sleep(0.1)
    assert asked == []
    assert (await floor.store.jobs.counts())[JobState.UNCERTAIN] == 1


async def test_a_printer_that_falls_silent_while_it_is_sent_a_document_holds_no_lane_for_ever(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.02)
    monkeypatch.setattr(patience, "CUT_AFTER_S", 0.1)
    await floor.store.receive(5)
    printer = floor.printer(window=1)
    sending = asyncio.Event()

    async def never(attempt, document):
        sending.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(printer, "send", never)
    await floor.accept(1)
    await sending.wait()
    printer.unplug()
    await floor.until(lambda counts: counts[JobState.UNCERTAIN] == 1)


async def test_a_printer_that_was_pulled_out_begins_no_card_though_its_spooler_says_that_it_is_well(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.02)
    await floor.store.receive(5)
    floor.printer("kartu-1")
    (spooler,) = floor.spoolers
    await _until(lambda: spooler.is_open)
    spooler.set_plugged(is_plugged=False)
    assert not spooler.is_open, "at once, before anybody is asked"
    await floor.accept(1)
    await asyncio.sleep(0.2)
    assert spooler.reasons == {"connecting-to-device"}
    assert floor.cards() == []
    spooler.set_plugged(is_plugged=True)
    await floor.until(lambda counts: counts[JobState.PRINTED] == 1)


async def test_a_card_left_in_a_spooler_of_a_printer_that_was_pulled_out_is_given_up_there_and_uncertain_here(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.02)
    monkeypatch.setattr(patience, "LOST_AFTER_S", 0.1)
    await floor.store.receive(5)
    printer = floor.printer(seconds=60, window=1)
    given_up = []

    async def give_up(attempt):
        given_up.append(attempt.id)

    monkeypatch.setattr(printer, "give_up", give_up, raising=False)
    await floor.accept(1)
    await floor.until(lambda counts: counts[JobState.PRINTING] == 1)
    await _until(lambda: bool(floor.spoolers[0].printing))
    await asyncio.sleep(0.1)
    floor.spoolers[0].set_plugged(is_plugged=False)
    await floor.until(lambda counts: counts[JobState.UNCERTAIN] == 1)
    assert len(given_up) == 1


async def judged_while_away(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> tuple[Attempt, list[str]]:
    """An uncertain card that a person judges; from then on what the next printer is told to give up is written down."""
    await floor.store.receive(5)
    floor.printer(faults={"unknown": 1}, seed=1, window=1)
    await floor.accept(1)
    await floor.until(lambda counts: counts[JobState.UNCERTAIN] == 1)
    (found,) = await floor.store.jobs.open_attempts()
    actor = Actor(name="counter-1", role=Role.OFFICER)
    event = JobEvent.CARD_SPOILED
    control = Control(job_id=found.job.id, event=event, actor=actor, verdict=Verdict.SPOILED, note="")
    given_up: list[str] = []
    printer = floor.spoolers[0].printer

    async def give_up(attempt: Attempt) -> None:
        given_up.append(attempt.id)

    async def unfinished() -> list[str]:
        return [] if found.attempt.id in given_up else [found.attempt.id, "a job of others"]

    monkeypatch.setattr(type(printer), "give_up", staticmethod(give_up), raising=False)
    monkeypatch.setattr(type(printer), "unfinished", staticmethod(unfinished), raising=False)
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.02)
    printer.unplug()
    await _until(lambda: floor.spoolers[0].status.stopped_by)
    assert not isinstance(await floor.store.jobs.control(control), Refused)
    return found.attempt, given_up


async def test_a_card_that_was_judged_while_its_printer_was_away_is_given_up_there_when_it_is_back(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    attempt, given_up = await judged_while_away(floor, monkeypatch)
    assert given_up == []
    floor.spoolers[0].printer.plug()
    await _until(lambda: bool(given_up))
    assert set(given_up) == {attempt.id}


async def test_it_is_given_up_too_when_the_station_was_restarted_and_the_printer_has_another_name_by_then(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    attempt, given_up = await judged_while_away(floor, monkeypatch)
    await floor.stop()
    floor.printer("kartu-2", window=1)
    await floor.until(lambda counts: counts[JobState.PRINTED] == 1)
    assert given_up == [attempt.id]


async def test_a_printer_that_has_long_been_idle_is_asked_seldom_and_at_once_when_it_has_a_card(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.02)
    monkeypatch.setattr(patience, "QUIET_AFTER_S", 0.1)
    monkeypatch.setattr(patience, "QUIET_EVERY_S", 60.0)
    await floor.store.receive(5)
    printer = floor.printer(seconds=0.3, window=1)
    asked = []
    status = printer.status

    async def counted():
        asked.append(None)
        return await status()

    monkeypatch.setattr(printer, "status", counted)
    await asyncio.sleep(0.3)
    quiet = len(asked)
    await asyncio.sleep(0.3)
    assert len(asked) == quiet > 2
    await floor.accept(1)
    await floor.until(lambda counts: counts[JobState.PRINTING] == 1)
    await asyncio.sleep(0.1)
    assert len(asked) > quiet + 1
    await floor.until(lambda counts: counts[JobState.PRINTED] == 1)
    floor.spoolers[0].nudge()


async def test_a_stopped_printer_gives_its_waiting_card_to_another(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.02)
    monkeypatch.setattr(patience, "WITHDRAW_AFTER_S", 0.1)
    await floor.store.receive(5)
    empty = floor.printer("kartu-1", hopper=0)
    await floor.accept(2)
    floor.printer("kartu-2")
    await floor.until(lambda counts: counts[JobState.PRINTED] == 2)
    assert {card.parent.name for card in floor.cards()} == {"kartu-2"}
    assert "media-empty" in (await empty.status()).reasons


async def test_a_document_that_no_printer_takes_fails_at_once_and_gives_its_blank_back(floor: Floor):
    await floor.store.receive(1)
    floor.printer()
    await floor.store.jobs.accept(floor.store.acceptance())  # no PNG signature
    await floor.until(lambda counts: counts[JobState.FAILED] == 1)
    assert (await floor.store.blanks.balances()).safe == 1


async def test_a_paused_printer_finishes_its_card_and_starts_no_other(floor: Floor):
    await floor.store.receive(10)
    floor.printer(seconds=0.05, window=1)
    await floor.accept(5)
    await floor.until(lambda counts: counts[JobState.PRINTING] == 1)
    floor.spoolers[0].set_paused(is_paused=True)
    await floor.until(lambda counts: counts[JobState.PRINTING] == 0)
    made = len(floor.cards())
    await asyncio.sleep(0.15)
    assert len(floor.cards()) == made < 5
    floor.spoolers[0].set_paused(is_paused=False)
    await floor.until(lambda counts: counts[JobState.PRINTED] == 5)


async def test_a_stop_in_the_middle_of_the_work_loses_nothing_and_prints_nothing_twice(tmp_path: Path):
    async with open_floor(tmp_path) as floor:
        await floor.store.receive(50)
        floor.printer(seconds=0.02)
        await floor.accept(20)
        await floor.until(lambda counts: counts[JobState.PRINTED] >= 3)
    async with open_floor(tmp_path) as floor:
        floor.printer(seconds=0.001)
        await floor.until(lambda counts: counts[JobState.PRINTED] == 20)
        assert len(floor.cards()) == 20
        balances = await floor.store.blanks.balances()
        assert (balances.issued, balances.printer, balances.spoiled) == (20, 0, 0)


async def test_cancelled_lanes_leave_attempts_that_the_next_start_settles(tmp_path: Path):
    async with open_floor(tmp_path) as floor:
        await floor.store.receive(50)
        floor.printer(seconds=5, window=2)
        await floor.accept(4)
        await floor.until(lambda counts: counts[JobState.PRINTING] == 2)
        await floor.supervisor.stop()
        counts = await floor.store.jobs.counts()
        assert counts[JobState.PRINTING] == 2
    async with open_floor(tmp_path) as floor:
        floor.printer(seconds=0.001)
        await floor.until(lambda counts: counts[JobState.PRINTED] == 4)
        assert len(floor.cards()) == 4


async def test_that_a_document_left_whole_is_in_the_books_while_its_card_is_made(floor: Floor):
    await floor.store.receive(1)
    floor.printer(seconds=1, window=1)
    await floor.accept(1)
    async with asyncio.timeout(60):
        while not [each for each in await floor.store.jobs.open_attempts() if each.attempt.sent_at is not None]:
            await asyncio.sleep(0.01)
    (found,) = await floor.store.jobs.open_attempts()
    assert found.attempt.remote_id is not None
    assert found.job.state is JobState.PRINTING


async def test_no_note_of_a_whole_document_is_made_while_it_is_on_its_way(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    await floor.store.receive(1)
    printer = floor.printer(window=1)
    sending, enough = asyncio.Event(), asyncio.Event()

    async def slowly(attempt, document):
        sending.set()
        await enough.wait()
        return NothingPrinted(Cause.PRINTER, "busy")

    monkeypatch.setattr(printer, "send", slowly)
    await floor.accept(1)
    await sending.wait()
    await asyncio.sleep(0.1)
    (found,) = await floor.store.jobs.open_attempts()
    assert found.attempt.remote_id is not None
    assert found.attempt.sent_at is None
    enough.set()


async def test_a_card_is_made_and_settled_while_the_disk_does_not_take_the_note_of_its_document(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "RETRY_STORAGE_S", 0.01)
    tries = []

    def failing(attempt):
        tries.append(attempt.id)
        if len(tries) % 2:
            raise Faulted("storage-closed", "cannot write")
        answer = asyncio.get_running_loop().create_future()
        answer.set_exception(Faulted("storage-full", "cannot write"))
        return answer

    monkeypatch.setattr(floor.store.jobs, "sent", failing)
    await floor.store.receive(1)
    printer = floor.printer(seconds=0.5, window=1)
    await floor.accept(1)
    await _until(lambda: len(tries) > 4)
    await floor.until(lambda counts: counts[JobState.PRINTED] == 1)
    assert len(set(tries)) == 1
    assert len(floor.cards()) == printer.mechanism.counter == 1
    (noted,) = await floor.store.database.reader.run(
        lambda connection: connection.execute("SELECT sent_at FROM attempt").fetchall()
    )
    assert noted[0] is not None  # the settlement says it as well
    seen = len(tries)
    await asyncio.sleep(0.1)
    assert len(tries) == seen  # nobody wants the note any more


@pytest.mark.parametrize("is_opened", [False, True])
async def test_our_own_deaths_before_the_document_use_up_no_try(tmp_path: Path, is_opened: bool):
    async with open_floor(tmp_path) as floor:
        await floor.store.receive(5)
        await floor.accept(1)
        for _ in range(MOST_STOPS - 1):  # more often than a job may fail
            (claimed,) = (
                await floor.store.jobs.turn(Turn(claiming=Claiming(printer="kartu-1", profiles=("ktp-el",))))
            ).claimed
            if is_opened:
                await floor.store.jobs.opened(claimed.attempt, Opened(remote_id="1"))
            printer = floor.printer("kartu-1")  # the next run asks it, and begins nothing
            floor.spoolers[-1].set_paused(is_paused=True)

            async def find(attempt):
                return NothingPrinted(Cause.TRANSIENT, "document-never-arrived")

            printer.find = find
            await floor.until(lambda counts: counts[JobState.QUEUED] == 1)
            await floor.stop()
        (job,) = await floor.store.jobs.page(JobState.QUEUED, 0, 5)
        assert job.tries == 0
        floor.printer("kartu-1")
        await floor.until(lambda counts: counts[JobState.PRINTED] == 1)
        assert len(floor.cards()) == 1


async def test_a_document_that_kills_the_task_whenever_it_is_prepared_is_set_aside_and_the_others_are_printed(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(supervise, "_FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(supervise, "_LONGEST_DELAY_S", 0.02)
    await floor.store.receive(10)
    await floor.accept(4)
    culprit = (await floor.store.jobs.page(None, 0, 5))[1].id
    printer = floor.printer(seconds=0.001)
    original, deaths = printer.open, []

    async def fatal(attempt):
        if attempt.job == culprit and len(deaths) < MOST_STOPS:
            deaths.append(attempt.number)
            raise ZeroDivisionError
        return await original(attempt)

    monkeypatch.setattr(printer, "open", fatal)
    await floor.until(lambda counts: (counts[JobState.PRINTED], counts[JobState.FAILED]) == (3, 1))
    job = await floor.store.jobs.read(culprit)
    assert job is not None
    assert (job.reasons, job.tries, job.attempts) == ((STOPS_STATION,), 0, MOST_STOPS)
    assert len(floor.cards()) == 3
    assert (await floor.store.blanks.balances()).at_hand == 7
    answer = await floor.store.jobs.control(Control(job_id=culprit, event=JobEvent.RETRIED, actor=STATION))
    assert not isinstance(answer, Refused)
    await floor.until(lambda counts: counts[JobState.PRINTED] == 4)
    assert len(floor.cards()) == 4


async def test_orderly_stops_in_the_middle_of_a_preparation_set_no_job_aside(tmp_path: Path):
    async with open_floor(tmp_path) as floor:
        await floor.store.receive(5)
        await floor.accept(1)
        printer = floor.printer("kartu-1", window=1)
        original, opening = printer.open, asyncio.Event()

        async def never(attempt):
            opening.set()
            await asyncio.Event().wait()

        printer.open = never
        for _ in range(MOST_STOPS + 2):
            await asyncio.wait_for(opening.wait(), 60)
            opening.clear()
            await floor.supervisor.stop("kartu-1")
            floor.supervisor.start("kartu-1", floor.spoolers[0].run)
        await asyncio.wait_for(opening.wait(), 60)
        await floor.supervisor.stop("kartu-1")
        printer.open = original
        floor.supervisor.start("kartu-1", floor.spoolers[0].run)
        await floor.until(lambda counts: counts[JobState.PRINTED] == 1)


async def test_a_card_that_the_device_cannot_account_for_is_not_given_back_to_whoever_cancels_it(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    await floor.store.receive(5)
    printer = floor.printer(seconds=60, window=1)
    await floor.accept(1)

    async def sent() -> list[str]:
        return [each.job.id for each in await floor.store.jobs.open_attempts() if each.attempt.sent_at is not None]

    async with asyncio.timeout(60):
        while not await sent():
            await asyncio.sleep(0.01)
    (job,) = await sent()

    async def withdraw(_: Attempt) -> Unknown:
        return Unknown("no idea")

    monkeypatch.setattr(printer, "withdraw", withdraw)
    answer = await floor.spoolers[0].cancel(job, Actor(name="counter-1", role=Role.OFFICER))
    assert isinstance(answer, Refused)
    assert answer.code == "card-under-way"
    assert (await floor.store.jobs.counts())[JobState.PRINTING] == 1


async def test_of_a_printer_that_stays_silent_only_what_may_have_left_is_shown_to_a_person(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.02)
    monkeypatch.setattr(patience, "LOST_AFTER_S", 0.1)
    await floor.store.receive(5)
    await floor.accept(2)
    opened, unsent = await floor.store.claim("kartu-1", number=2)
    await floor.store.jobs.opened(opened.attempt, Opened(remote_id="7"))
    printer = floor.printer(window=1)
    printer.unplug()
    await floor.until(lambda counts: counts[JobState.UNCERTAIN] == 1)
    await asyncio.sleep(0.1)
    job = await floor.store.jobs.read(unsent.job.id)
    assert job is not None
    assert job.state is JobState.PRINTING, "nothing of it can have left: nobody need look"


async def test_a_claim_that_its_lane_does_not_know_of_yet_is_left_alone_when_a_printer_answers_again(floor: Floor):
    await floor.store.receive(5)
    floor.printer(window=1)
    (spooler,) = floor.spoolers
    await _until(lambda: spooler.is_open)
    spooler.set_paused(is_paused=True)
    await floor.accept(1)
    (claimed,) = await floor.store.claim("kartu-1")
    await spooler._reconciliation.now()
    job = await floor.store.jobs.read(claimed.job.id)
    assert job is not None
    assert job.state is JobState.PRINTING
