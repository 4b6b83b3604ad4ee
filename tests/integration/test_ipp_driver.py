"""The ipp driver against a genuine ippeveprinter: what it prints, and what it says when things break."""

import asyncio
import io
import itertools
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import uvloop
from PIL import Image

from stationd.adapters.printers.ipp import build
from stationd.adapters.printers.ipp.driver import name_of
from stationd.domain.errors import Faulted
from stationd.domain.ids import uuid7
from stationd.domain.job import Attempt, Evidence
from stationd.domain.order import Document
from stationd.domain.outcome import PERHAPS_CUT_OFF, Cause, NothingPrinted, Printed, StillOpen, Unknown
from stationd.ports.printers import Opened, PrinterSpec
from tests.rigs.ippeveprinter import IppEvePrinter
from tests.rigs.relay import Relay

_numbers = itertools.count(1)


def attempt() -> Attempt:
    number = next(_numbers)
    return Attempt(
        id=uuid7(1_700_000_000_000 + number, number),
        job=uuid7(1_700_000_000_000, number),
        number=1,
        printer="kartu-1",
        remote_id=None,
        incarnation=None,
        counter=None,
        opened_at=0,
    )


def opened(one: Attempt, answer: Opened) -> Attempt:
    return replace(one, remote_id=answer.remote_id, incarnation=answer.incarnation, counter=answer.counter)


def driver(uri: str, **options):
    return build(PrinterSpec(name="kartu-1", driver="ipp", uri=uri, options={"poll_s": 0.1, **options}))


def through(relay: Relay) -> str:
    return f"ipp://127.0.0.1:{relay.port}/ipp/print"


def picture(kind: str) -> bytes:
    """A genuine card-sized picture with enough noise to be a few hundred kilobytes."""
    out = io.BytesIO()
    Image.effect_noise((1013, 638), 90).convert("RGB").save(out, kind, resolution=300)
    return out.getvalue()


PNG = Document("image/png", picture("PNG"))
PDF = Document("application/pdf", picture("PDF"))


async def open_job(printer) -> Attempt:
    one = attempt()
    answer = await printer.open(one)
    assert isinstance(answer, Opened), answer
    return opened(one, answer)


async def send(printer, one: Attempt, document: Document = PNG) -> Attempt:
    """The attempt with its document sent whole, as the books have it then."""
    assert await printer.send(one, document) is None
    return replace(one, sent_at=0)


async def send_whole(printer, document: Document = PNG) -> Attempt:
    """A new attempt whose document the device has."""
    return await send(printer, await open_job(printer), document)


async def print_card(printer, document: Document = PNG):
    one = await send_whole(printer, document)
    return one, await printer.watch(one)


@pytest.fixture
def rig(tmp_path):
    with IppEvePrinter(tmp_path / "printer") as running:
        yield running


@pytest.fixture
def printer(rig):
    return driver(rig.uri)


# ------------------------------------------------------------------------------------------------------------ printing


@pytest.mark.parametrize("document", [PNG, PDF], ids=["png", "pdf"])
async def test_the_printer_keeps_the_submitted_document_byte_for_byte(rig, printer, document):
    one, outcome = await print_card(printer, document)
    assert outcome == Printed(Evidence.PRINTER)
    (card,) = rig.cards()
    assert card.name == name_of(one)
    assert card.is_of(document.data)
    assert rig.kept(card) == document.data


async def test_cards_follow_each_other_without_a_pause(rig, printer):
    documents = [replace(PNG, data=PNG.data + bytes([number])) for number in range(5)]
    for document in documents:
        assert (await print_card(printer, document))[1] == Printed(Evidence.PRINTER)
    assert [card.is_of(document.data) for card, document in zip(rig.cards(), documents, strict=True)] == [True] * 5


async def test_a_printer_says_how_it_is_and_what_it_can(rig, printer):
    status = await printer.status()
    assert status.model == "Example Printer"
    assert status.incarnation.startswith("urn:uuid:")
    assert status.stopped_by == frozenset()
    assert [(supply.name, supply.level) for supply in status.supplies] == [("Black Toner", 75)]
    assert printer.capabilities.window == 1
    assert printer.capabilities.evidence is Evidence.PRINTER
    assert printer.capabilities.media_types == {"application/pdf", "image/png"}
    assert printer.capabilities.can_cancel
    assert not printer.capabilities.has_counter
    assert (await printer.status()).incarnation == status.incarnation


async def test_an_empty_tray_shows_and_no_job_is_opened(rig, printer):
    rig.behave('echo "STATE: +media-empty" >&2')
    await print_card(printer)
    status = await printer.status()
    assert status.stopped_by == {"media-empty"}
    assert await printer.open(attempt()) == NothingPrinted(Cause.PRINTER, "media-empty")


async def test_a_tray_filled_again_lets_cards_come(rig, printer):
    await asyncio.to_thread(rig.load, 0)
    assert (await printer.status()).stopped_by == {"media-empty"}
    await asyncio.to_thread(rig.load, 250)
    assert (await print_card(printer))[1] == Printed(Evidence.PRINTER)


async def test_a_printer_with_a_job_is_busy_and_that_is_not_the_jobs_fault(rig, printer):
    await open_job(printer)
    assert await driver(rig.uri).open(attempt()) == NothingPrinted(Cause.PRINTER, "busy")


async def test_a_document_it_cannot_print_is_refused_and_leaves_the_printer_free(rig, printer):
    one = await open_job(printer)
    outcome = await printer.send(one, replace(PNG, media_type="image/jpeg"))
    assert isinstance(outcome, NothingPrinted)
    assert outcome.cause is Cause.DOCUMENT
    assert (await print_card(printer))[1] == Printed(Evidence.PRINTER)
    assert len(rig.begun()) == 1


async def test_a_card_that_failed_after_it_was_begun_is_unknown(rig, printer):
    rig.behave("exit 1")
    assert isinstance((await print_card(printer))[1], Unknown)


# ---------------------------------------------------------------------------------------------------------- taking back


async def test_a_job_without_its_document_is_withdrawn_and_the_printer_is_free(rig, printer):
    one = await open_job(printer)
    assert await printer.withdraw(one) == NothingPrinted(Cause.WITHDRAWN, "withdrawn")
    assert (await print_card(printer))[1] == Printed(Evidence.PRINTER)


async def test_a_card_in_the_machine_is_left_to_finish(rig, printer):
    rig.behave("sleep 0.5")
    one = await send_whole(printer)
    await asyncio.to_thread(rig.wait_for_begun, 1)
    assert await printer.withdraw(one) == StillOpen(one.remote_id)
    assert await printer.watch(one) == Printed(Evidence.PRINTER)
    assert await printer.withdraw(one) == Printed(Evidence.PRINTER)
    assert len(rig.cards()) == 1


# ------------------------------------------------------------------------------------------------------- found at start


async def test_a_job_opened_and_never_sent_is_certainly_not_printed(rig, printer):
    one = await open_job(printer)
    again = driver(rig.uri)
    finding = await again.find(one)
    assert isinstance(finding, NothingPrinted)
    assert finding.cause is Cause.TRANSIENT
    assert (await print_card(again))[1] == Printed(Evidence.PRINTER)
    assert len(rig.begun()) == 1


async def test_a_job_whose_id_was_never_written_down_is_cleared_away(rig, printer):
    one = await open_job(printer)
    again = driver(rig.uri)
    assert await again.find(replace(one, remote_id=None)) == NothingPrinted(Cause.TRANSIENT, "never-sent")
    assert (await print_card(again))[1] == Printed(Evidence.PRINTER)


async def test_an_attempt_that_never_reached_the_printer_is_certainly_not_printed(printer):
    assert await printer.find(attempt()) == NothingPrinted(Cause.TRANSIENT, "never-sent")


async def test_a_card_printed_while_nobody_watched_is_found(rig, printer):
    one = await send_whole(printer)
    await asyncio.to_thread(rig.wait_for_cards, 1)
    await printer.watch(one)
    assert await driver(rig.uri).find(one) == Printed(Evidence.PRINTER)
    assert await driver(rig.uri).find(replace(one, remote_id=None)) == Printed(Evidence.PRINTER)


async def test_a_card_of_which_no_note_says_that_its_document_went_whole_is_a_persons_to_judge(rig, printer):
    one = await send_whole(printer)
    await printer.watch(one)
    assert await driver(rig.uri).find(replace(one, sent_at=None)) == Unknown(PERHAPS_CUT_OFF)
    assert await driver(rig.uri).find(replace(one, sent_at=None, remote_id=None)) == Unknown(PERHAPS_CUT_OFF)


async def test_a_card_being_printed_is_still_open(rig, printer):
    rig.behave("sleep 0.5")
    one = await send_whole(printer)
    again = driver(rig.uri)
    assert await again.find(one) == StillOpen(one.remote_id)
    assert list(await again.unfinished()) == [one.id]
    assert await again.watch(one) == Printed(Evidence.PRINTER)
    assert list(await again.unfinished()) == []


async def test_another_job_under_the_same_id_is_not_ours(rig, printer):
    ours, _ = await print_card(printer)
    rig.restart()
    again = driver(rig.uri)
    theirs, _ = await print_card(again)
    assert theirs.remote_id == ours.remote_id, "ids start again"
    assert theirs.incarnation is not None
    assert isinstance(await again.find(ours), Unknown)
    assert await again.find(theirs) == Printed(Evidence.PRINTER)
    assert isinstance(await again.withdraw(ours), Unknown)


# ------------------------------------------------------------------------------------------------------ power failures


async def test_a_dead_printer_is_unreachable_and_opens_nothing(rig, printer):
    rig.kill()
    with pytest.raises(Faulted) as caught:
        await printer.status()
    assert caught.value.code == "printer-unreachable"
    with pytest.raises(Faulted):
        await printer.find(attempt())
    answer = await printer.open(attempt())
    assert isinstance(answer, NothingPrinted)
    assert answer.cause is Cause.PRINTER


async def test_a_printer_that_died_before_the_document_has_printed_nothing(rig, printer):
    one = await open_job(printer)
    rig.kill()
    outcome = await printer.send(one, PNG)
    assert isinstance(outcome, NothingPrinted)
    assert outcome.cause is Cause.PRINTER
    assert await printer.withdraw(one) == StillOpen(one.remote_id), "it has not given the job back"


async def test_a_printer_restarted_before_the_document_refuses_it_and_has_printed_nothing(rig, printer):
    one = await open_job(printer)
    rig.restart()
    outcome = await printer.send(one, PNG)
    assert isinstance(outcome, NothingPrinted)
    assert outcome.cause is Cause.TRANSIENT
    assert rig.begun() == []


async def test_a_power_cut_in_the_middle_of_a_card_is_unknown_however_long_it_lasts(rig, printer):
    rig.behave("sleep 60")
    one = await send_whole(printer)
    await asyncio.to_thread(rig.wait_for_begun, 1)
    watching = asyncio.ensure_future(printer.watch(one))
    rig.kill()
    done, _ = await asyncio.wait({watching}, timeout=0.5)
    assert not done, "a dead printer says nothing, and nothing follows from it"
    rig.start()
    outcome = await watching
    assert isinstance(outcome, Unknown)
    assert "no longer knows" in outcome.reason
    assert isinstance(await driver(rig.uri).find(one), Unknown)


# ------------------------------------------------------------------------------------------------------- cut transfers


async def test_a_transfer_cancelled_in_mid_body_prints_nothing(rig, printer):
    async with Relay(rig.port, stall_after=100_000) as relay:
        slow = driver(through(relay))
        one = await open_job(slow)
        sending = asyncio.ensure_future(slow.send(one, replace(PNG, data=PNG.data * 40)))
        await relay.stalled.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        finding = await printer.find(one)
    assert isinstance(finding, NothingPrinted)
    assert (await print_card(printer))[1] == Printed(Evidence.PRINTER)
    assert len(rig.begun()) == 1


async def test_a_transfer_that_stalls_is_reset_and_prints_nothing(rig, printer):
    async with Relay(rig.port, stall_after=100_000) as relay:
        outcome = None
        slow = driver(through(relay), timeout_s=0.3)
        one = await open_job(slow)
        outcome = await slow.send(one, PNG) or await slow.watch(one)
    assert isinstance(outcome, NothingPrinted)
    assert outcome.cause is Cause.TRANSIENT
    assert (await print_card(printer))[1] == Printed(Evidence.PRINTER)
    assert len(rig.begun()) == 1


async def test_a_lost_answer_does_not_print_a_second_card(rig, printer):
    async with Relay(rig.port, lose_answers=True) as relay:
        deaf = driver(through(relay), timeout_s=0.5)
        one = await send_whole(deaf)
        assert await deaf.watch(one) == Printed(Evidence.PRINTER)
    (card,) = rig.begun()
    assert rig.kept(card) == PNG.data


SENDER = """
import asyncio, sys
from stationd.adapters.printers.ipp import build
from stationd.domain.job import Attempt
from stationd.domain.order import Document
from stationd.ports.printers import PrinterSpec

uri, name, remote_id = sys.argv[1:]
one = Attempt(id=name, job="j", number=1, printer="p", remote_id=remote_id, incarnation=None, counter=None, opened_at=0)
document = Document("image/png", b"\\x89PNG\\r\\n\\x1a\\n" + bytes(20_000_000))
asyncio.run(build(PrinterSpec(name="p", driver="ipp", uri=uri)).send(one, document))
"""


async def test_a_sender_killed_in_mid_body_resets_the_transfer_and_prints_nothing(rig, printer):
    async with Relay(rig.port, stall_after=100_000) as relay:
        one = await open_job(printer)
        sender = subprocess.Popen([sys.executable, "-c", SENDER, through(relay), one.id, one.remote_id])
        try:
            await asyncio.wait_for(relay.stalled.wait(), 60)
        finally:
            sender.send_signal(signal.SIGKILL)
            sender.wait()
        finding = await driver(rig.uri).find(one)
    assert isinstance(finding, NothingPrinted), finding
    assert (await print_card(printer))[1] == Printed(Evidence.PRINTER)
    assert len(rig.begun()) == 1, "the piece was not printed"


# ------------------------------------------------------------------------------------------------------------- uvloop


def test_the_same_holds_on_the_loop_that_the_daemon_runs_on(rig):
    async def scenario():
        printer = driver(rig.uri)
        assert (await print_card(printer, PDF))[1] == Printed(Evidence.PRINTER)
        async with Relay(rig.port, stall_after=100_000) as relay:
            slow = driver(through(relay))
            one = await open_job(slow)
            sending = asyncio.ensure_future(slow.send(one, replace(PNG, data=PNG.data * 40)))
            await relay.stalled.wait()
            sending.cancel()
            await asyncio.wait({sending})
            assert sending.cancelled()
            assert isinstance(await printer.find(one), NothingPrinted)
            impatient = driver(through(relay), timeout_s=0.3)
            one = await open_job(impatient)
            outcome = await impatient.send(one, PNG) or await impatient.watch(one)
            assert isinstance(outcome, NothingPrinted)

    uvloop.run(scenario())
    (card,) = rig.begun()
    assert rig.kept(card) == PDF.data
