"""What every printer driver promises (the docstrings of ``Printer``), against every driver there is."""

import asyncio
import uuid
from contextlib import suppress
from dataclasses import replace

import pytest

from stationd.domain.errors import Faulted
from stationd.domain.job import Attempt
from stationd.domain.order import Document
from stationd.domain.outcome import Cause, NothingPrinted, Printed, StillOpen, Unknown
from stationd.domain.printer import PrinterState
from stationd.ports.printers import Opened
from tests.contract.printer_factories import FACTORIES
from tests.rigs.documents import pdf, png

LONGEST_S = 60
"""No promise takes longer; a test that does hangs."""


@pytest.fixture(params=FACTORIES, ids=lambda factory: factory.name)
def factory(request):
    return request.param


@pytest.fixture
async def rig(factory, tmp_path):
    async with factory.make(tmp_path) as (printer, bench):
        yield printer, bench


def new_attempt(number: int = 1) -> Attempt:
    return Attempt(
        id=str(uuid.uuid4()),
        job=str(uuid.uuid4()),
        number=number,
        printer="kartu-1",
        remote_id=None,
        incarnation=None,
        counter=None,
        opened_at=1_700_000_000_000,
    )


async def opened(printer) -> Attempt:
    """An attempt as committed after ``open``."""
    attempt = new_attempt()
    answer = await asyncio.wait_for(printer.open(attempt), LONGEST_S)
    assert isinstance(answer, Opened), answer
    assert answer.remote_id
    return replace(attempt, remote_id=answer.remote_id, incarnation=answer.incarnation, counter=answer.counter)


async def sent(printer, document: Document) -> Attempt:
    """An attempt whose document the device has."""
    attempt = await opened(printer)
    assert await asyncio.wait_for(printer.send(attempt, document), LONGEST_S) is None
    return replace(attempt, sent_at=attempt.opened_at)


async def watched(printer, attempt):
    return await asyncio.wait_for(printer.watch(attempt), LONGEST_S)


async def until_reachable(printer):
    async with asyncio.timeout(LONGEST_S):
        while True:
            with suppress(Faulted):
                return await printer.status()
            await asyncio.sleep(0.05)


def card(number: int) -> Document:
    return Document("image/png", png(number))


async def test_a_printer_at_rest_is_idle_and_says_what_it_can(rig):
    printer, _ = rig
    status = await printer.status()
    assert status.state is PrinterState.IDLE
    assert not status.stopped_by
    assert printer.name == "kartu-1"
    assert printer.capabilities.window >= 1
    assert "image/png" in printer.capabilities.media_types


async def test_opening_a_job_prints_nothing(rig):
    printer, bench = rig
    attempt = await opened(printer)
    assert isinstance(await printer.find(attempt), NothingPrinted)
    assert bench.cards() == []


@pytest.mark.parametrize(
    "document", [Document("image/png", png(7)), Document("application/pdf", pdf(7))], ids=["png", "pdf"]
)
async def test_a_document_becomes_exactly_one_card_to_the_byte(rig, document):
    printer, bench = rig
    attempt = await sent(printer, document)
    outcome = await watched(printer, attempt)
    assert isinstance(outcome, Printed)
    assert bench.cards() == [document.data]


async def test_no_driver_claims_stronger_proof_than_it_announced(rig):
    printer, _ = rig
    await printer.status()
    outcome = await watched(printer, await sent(printer, card(1)))
    assert isinstance(outcome, Printed)
    assert outcome.evidence.strength <= printer.capabilities.evidence.strength


async def test_a_large_document_arrives_whole(rig):
    printer, bench = rig
    document = Document("image/png", png(1, size=3_000_000))
    assert isinstance(await watched(printer, await sent(printer, document)), Printed)
    assert bench.cards() == [document.data]


async def test_an_attempt_whose_id_was_never_committed_is_found_by_name_and_was_not_printed(rig):
    printer, bench = rig
    attempt = await opened(printer)
    again = await bench.reconnect()
    assert isinstance(
        await again.find(replace(attempt, remote_id=None, incarnation=None, counter=None)), NothingPrinted
    )
    for number in range(3):  # the empty job stands in nobody's way any more
        assert isinstance(await watched(again, await sent(again, card(number))), Printed)
    assert bench.cards() == [card(number).data for number in range(3)]


async def test_an_attempt_that_the_device_never_heard_of_was_not_printed(rig):
    printer, bench = rig
    assert isinstance(await printer.find(new_attempt()), NothingPrinted)
    assert bench.cards() == []


async def test_an_opened_attempt_without_its_document_was_not_printed(rig):
    printer, bench = rig
    attempt = await opened(printer)
    again = await bench.reconnect()
    assert isinstance(await again.find(attempt), NothingPrinted)
    assert isinstance(await watched(again, await sent(again, card(2))), Printed)
    assert bench.cards() == [card(2).data]


async def test_a_card_still_in_the_device_is_found_open_and_can_be_watched_to_its_end(rig):
    printer, bench = rig
    await bench.hold()
    attempt = await sent(printer, card(3))
    again = await bench.reconnect()
    found = await again.find(attempt)
    assert isinstance(found, StillOpen)
    assert found.remote_id == attempt.remote_id
    await bench.release()
    assert isinstance(await watched(again, attempt), Printed)
    assert bench.cards() == [card(3).data]


async def test_a_printed_card_is_found_printed_as_often_as_asked(rig):
    printer, bench = rig
    attempt = await sent(printer, card(4))
    await watched(printer, attempt)
    again = await bench.reconnect()
    for _ in range(3):
        assert isinstance(await again.find(attempt), Printed)
    assert isinstance(await watched(again, attempt), Printed)
    assert bench.cards() == [card(4).data]


async def test_a_cancelled_watch_leaves_the_card_to_be_found(rig):
    printer, bench = rig
    await bench.hold()
    attempt = await sent(printer, card(5))
    watching = asyncio.create_task(printer.watch(attempt))
    await asyncio.sleep(0.05)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    assert watching.cancelled()
    assert isinstance(await printer.find(attempt), StillOpen)
    await bench.release()
    assert isinstance(await watched(printer, attempt), Printed)
    assert bench.cards() == [card(5).data]


async def test_two_who_watch_one_card_learn_the_same(rig):
    printer, bench = rig
    await bench.hold()
    attempt = await sent(printer, card(6))
    watching = [asyncio.create_task(printer.watch(attempt)) for _ in range(2)]
    await bench.release()
    outcomes = await asyncio.wait_for(asyncio.gather(*watching), LONGEST_S)
    assert [type(outcome) for outcome in outcomes] == [Printed, Printed]
    assert len(bench.cards()) == 1


async def test_cards_come_out_in_the_order_in_which_they_were_sent(rig):
    printer, bench = rig
    await printer.status()
    window = printer.capabilities.window
    attempts, numbers = [], list(range(10, 16))
    for number in numbers:
        if len(attempts) == window:
            assert isinstance(await watched(printer, attempts.pop(0)), Printed)
        attempts.append(await sent(printer, card(number)))
    for attempt in attempts:
        assert isinstance(await watched(printer, attempt), Printed)
    assert bench.cards() == [card(number).data for number in numbers]


async def test_a_stopped_printer_says_why_and_goes_on_when_it_is_mended(rig):
    printer, bench = rig
    await bench.stop("media-empty")
    assert "media-empty" in (await printer.status()).stopped_by
    await bench.clear("media-empty")
    assert not (await printer.status()).stopped_by
    assert isinstance(await watched(printer, await sent(printer, card(8))), Printed)
    assert bench.cards() == [card(8).data]


async def test_an_unreachable_printer_faults_and_takes_no_job(rig):
    printer, bench = rig
    await bench.die()
    with pytest.raises(Faulted) as fault:
        await asyncio.wait_for(printer.status(), LONGEST_S)
    assert fault.value.code == "printer-unreachable"
    answer = await asyncio.wait_for(printer.open(new_attempt()), LONGEST_S)
    assert isinstance(answer, NothingPrinted)
    assert answer.cause is Cause.PRINTER
    await bench.revive()
    await until_reachable(printer)
    assert isinstance(await watched(printer, await sent(printer, card(9))), Printed)
    assert bench.cards() == [card(9).data]


async def test_whether_a_card_exists_is_not_guessed_while_the_device_does_not_answer(rig):
    printer, bench = rig
    await bench.hold()
    attempt = await sent(printer, card(10))
    await bench.die()
    with pytest.raises(Faulted):
        await asyncio.wait_for(printer.find(attempt), LONGEST_S)
    assert not isinstance(await asyncio.wait_for(printer.withdraw(attempt), LONGEST_S), NothingPrinted)


async def test_a_device_that_forgot_leaves_a_sent_card_unknown(rig):
    printer, bench = rig
    await bench.hold()
    attempt = await sent(printer, card(11))
    watching = asyncio.create_task(printer.watch(attempt))
    await asyncio.sleep(0.05)
    await bench.die()
    await bench.release()
    await bench.revive()
    await until_reachable(printer)
    assert isinstance(await asyncio.wait_for(watching, LONGEST_S), Unknown)
    assert isinstance(await printer.find(attempt), Unknown)
    again = await bench.reconnect()
    assert isinstance(await again.find(attempt), Unknown)


async def test_a_device_that_forgot_a_printed_card_does_not_make_it_unprinted(rig):
    printer, bench = rig
    attempt = await sent(printer, card(12))
    await watched(printer, attempt)
    await bench.die()
    await bench.revive()
    await until_reachable(printer)
    assert isinstance(await printer.find(attempt), Unknown | Printed)
    assert bench.cards() == [card(12).data]


async def test_an_id_used_again_after_a_restart_is_not_taken_for_the_old_card(rig):
    printer, bench = rig
    await bench.hold()
    lost = await sent(printer, card(13))
    await bench.die()
    await bench.release()
    await bench.revive()
    await until_reachable(printer)
    for number in range(14, 17):  # devices number from 1 again
        assert isinstance(await watched(printer, await sent(printer, card(number))), Printed)
    assert not isinstance(await printer.find(lost), Printed | NothingPrinted)


async def test_a_job_without_its_document_can_be_withdrawn(rig):
    printer, bench = rig
    attempt = await opened(printer)
    answer = await asyncio.wait_for(printer.withdraw(attempt), LONGEST_S)
    assert isinstance(answer, NothingPrinted)
    assert answer.cause is Cause.WITHDRAWN
    assert isinstance(await watched(printer, await sent(printer, card(17))), Printed)
    assert bench.cards() == [card(17).data]


async def test_a_withdrawn_card_never_comes_out_and_one_that_cannot_be_is_not_called_unprinted(rig):
    printer, bench = rig
    await printer.status()
    await bench.hold()
    documents = [card(20 + place) for place in range(printer.capabilities.window)]
    attempts = [await sent(printer, document) for document in documents]
    answer = await asyncio.wait_for(printer.withdraw(attempts[-1]), LONGEST_S)
    await bench.release()
    for attempt in attempts[:-1]:
        assert isinstance(await watched(printer, attempt), Printed)
    if isinstance(answer, NothingPrinted):
        assert answer.cause is Cause.WITHDRAWN
        assert bench.cards() == [document.data for document in documents[:-1]]
    else:
        assert isinstance(answer, StillOpen | Unknown)


async def test_a_printed_card_cannot_be_withdrawn(rig):
    printer, bench = rig
    attempt = await sent(printer, card(30))
    await watched(printer, attempt)
    assert isinstance(await asyncio.wait_for(printer.withdraw(attempt), LONGEST_S), Printed)
    assert len(bench.cards()) == 1


async def test_a_document_of_another_kind_is_refused_for_good_and_blocks_nobody(rig, factory):
    printer, bench = rig
    attempt = await opened(printer)
    outcome = await asyncio.wait_for(printer.send(attempt, Document(factory.foreign, b"no card")), LONGEST_S)
    assert isinstance(outcome, NothingPrinted)
    assert outcome.cause is Cause.DOCUMENT
    assert isinstance(await watched(printer, await sent(printer, card(31))), Printed)
    assert bench.cards() == [card(31).data]


async def test_letting_go_of_a_device_twice_does_no_harm(rig):
    printer, _ = rig
    await printer.status()
    await printer.aclose()
    await printer.aclose()
