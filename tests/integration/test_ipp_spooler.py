"""The ipp driver against a genuine cupsd: the main paths over TCP and over its unix socket, and its habits."""

import asyncio
from dataclasses import replace

import pytest

from stationd.domain.job import Evidence
from stationd.domain.outcome import Cause, NothingPrinted, Printed, StillOpen, Unknown
from tests.integration.test_ipp_driver import PDF, PNG, attempt, driver, open_job, print_card, send, send_whole
from tests.rigs.cupsd import Cupsd
from tests.rigs.relay import Relay


@pytest.fixture
def rig(tmp_path):
    with Cupsd(tmp_path / "cups") as running:
        yield running


@pytest.fixture(params=["tcp", "unix"])
def uri(rig, request):
    return rig.uri if request.param == "tcp" else rig.socket_uri


@pytest.fixture
def printer(uri):
    return driver(uri)


@pytest.mark.parametrize("document", [PNG, PDF], ids=["png", "pdf"])
async def test_the_backend_is_given_the_submitted_document_byte_for_byte(rig, printer, document):
    _, outcome = await print_card(printer, document)
    assert outcome == Printed(Evidence.SPOOLER), "a spooler's word is that it handed the card over"
    (card,) = rig.cards()
    assert card.is_of(document.data)


async def test_a_spooler_holds_two_jobs_at_once(rig, printer):
    rig.behave("sleep 0.2")
    first, second = await open_job(printer), await open_job(printer)
    assert printer.capabilities.window == 2
    first, second = await send(printer, first), await send(printer, second, PDF)
    outcomes = await asyncio.gather(printer.watch(first), printer.watch(second))
    assert outcomes == [Printed(Evidence.SPOOLER)] * 2
    assert [card.is_of(document.data) for card, document in zip(rig.cards(), (PNG, PDF), strict=True)] == [True] * 2


async def test_a_job_opened_and_never_sent_is_certainly_not_printed(rig, printer, uri):
    one = await open_job(printer)
    finding = await driver(uri).find(one)
    assert isinstance(finding, NothingPrinted)
    assert finding.cause is Cause.TRANSIENT
    other = await open_job(printer)
    assert await driver(uri).find(replace(other, remote_id=None)) == NothingPrinted(Cause.TRANSIENT, "never-sent")
    assert rig.begun() == []


async def test_a_job_behind_another_is_withdrawn_and_the_one_in_the_machine_is_not(rig, printer):
    rig.behave("sleep 0.5")
    first, second = await open_job(printer), await open_job(printer)
    first, second = await send(printer, first), await send(printer, second)
    await asyncio.to_thread(rig.wait_for_begun, 1)
    assert await printer.withdraw(second) == NothingPrinted(Cause.WITHDRAWN, "withdrawn")
    assert await printer.withdraw(first) == StillOpen(first.remote_id)
    assert await printer.watch(first) == Printed(Evidence.SPOOLER)
    assert len(rig.begun()) == 1


async def test_a_transfer_cancelled_in_mid_body_prints_nothing(rig, printer, uri):
    one = await open_job(printer)
    sending = asyncio.ensure_future(printer.send(one, replace(PNG, data=PNG.data * 100)))
    await asyncio.sleep(0.01)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert isinstance(await driver(uri).find(one), NothingPrinted)
    assert (await print_card(printer))[1] == Printed(Evidence.SPOOLER)
    assert len(rig.begun()) == 1


async def test_a_transfer_that_stalls_is_reset_and_prints_nothing(rig):
    async with Relay(rig.port, stall_after=100_000) as relay:
        slow = driver(rig.uri.replace(str(rig.port), str(relay.port)), timeout_s=0.3)
        one = await open_job(slow)
        outcome = await slow.send(one, PNG) or await slow.watch(one)
    assert isinstance(outcome, NothingPrinted)
    assert rig.begun() == []


async def test_a_lost_answer_does_not_print_a_second_card(rig):
    async with Relay(rig.port, lose_answers=True) as relay:
        deaf = driver(rig.uri.replace(str(rig.port), str(relay.port)), timeout_s=0.5)
        one = await send_whole(deaf)
        assert await deaf.watch(one) == Printed(Evidence.SPOOLER)
    assert len(rig.begun()) == 1


async def test_a_card_printed_before_the_spooler_was_killed_is_found_afterwards(rig, printer, uri):
    one, _ = await print_card(printer)
    rig.restart()
    assert await driver(uri).find(one) == Printed(Evidence.SPOOLER)
    assert isinstance(await driver(uri).find(replace(one, id=attempt().id)), Unknown), "the name is not ours"


async def test_a_spooler_killed_in_the_middle_of_a_card_never_counts_as_nothing_printed(rig, printer, uri):
    rig.behave("sleep 1")
    one = await send_whole(printer)
    await asyncio.to_thread(rig.wait_for_begun, 1)
    rig.restart()
    assert not isinstance(await driver(uri).find(one), NothingPrinted)


async def test_a_card_that_the_spooler_begins_a_second_time_is_unknown(rig, printer):
    rig.behave("sleep 3")
    one = await send_whole(printer)
    await asyncio.to_thread(rig.wait_for_begun, 1)
    watching = asyncio.ensure_future(printer.watch(one))
    await asyncio.sleep(1.1)  # its clock counts in seconds
    await asyncio.to_thread(rig.restart)
    outcome = await watching
    assert isinstance(outcome, Unknown)
    assert "again" in outcome.reason
    assert rig.cards() == [], "the repetition was stopped"


async def test_a_job_that_the_spooler_put_back_is_stopped_and_unknown(rig, printer):
    rig.behave("exit 3")  # CUPS_BACKEND_HOLD: held after it had begun, to be sent again when released
    one, outcome = await print_card(printer)
    assert isinstance(outcome, Unknown)
    assert "again" in outcome.reason
    await asyncio.sleep(0.2)
    assert len(rig.begun()) == 1
    assert isinstance(await printer.find(one), Unknown)


async def test_a_failed_backend_is_unknown(rig, printer):
    rig.behave("exit 1")
    assert isinstance((await print_card(printer))[1], Unknown)


async def test_a_job_of_another_user_is_not_seen(rig, printer, uri):
    one, _ = await print_card(printer)
    assert isinstance(await driver(uri, user="somebody-else").find(one), Unknown)
