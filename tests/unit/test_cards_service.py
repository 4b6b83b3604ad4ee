"""The counter and the citizen's answer as services, over the real store."""

from dataclasses import replace
from datetime import date

import pytest

from stationd.domain.answer import Stage
from stationd.domain.custody import Custody, CustodyEvent, Place
from stationd.domain.errors import Refused
from stationd.domain.handover import CheckResult, IdentityCheck, IdentityDocument
from stationd.domain.ids import CROCKFORD
from stationd.domain.job import Evidence
from stationd.domain.outcome import Printed
from stationd.domain.rate import Allowance
from stationd.services.answers import Answers
from stationd.services.cards import Cards, Search
from stationd.services.jobs import Jobs
from stationd.services.line import Line
from tests.unit.card_shelf import OFFICER, SHOWN, open_shelf


class Finger:
    """The port for fingerprints, by hand."""

    said: bool | None = None

    async def result(self, card_id, document):
        assert document is IdentityDocument.FINGERPRINT
        return self.said


@pytest.fixture
async def shelf(tmp_path):
    async with open_shelf(tmp_path) as opened:
        yield opened


def counter(shelf, finger=None) -> Cards:
    return Cards(shelf.cards, None, fingerprints=finger)


def answers(shelf, per_minute=120) -> Answers:
    return Answers(
        shelf.cards,
        Jobs(shelf.jobs, Line()),
        clock=shelf.clock,
        day_in=lambda seconds: date(2026, 6, 1),
        here="Kecamatan Contoh",
        allowance=Allowance(burst=per_minute, per_minute=per_minute, miss_cost=10),
    )


async def refused(awaitable) -> Refused:
    with pytest.raises(Refused) as caught:
        await awaitable
    return caught.value


async def test_a_card_goes_from_the_tray_to_the_hand(shelf):
    desk = counter(shelf)
    card = await shelf.printed()
    assert (await desk.check(card.id, chip=None, actor=OFFICER)).card.custody is Custody.CHECKED
    view = await desk.shelve(card.id, Place(box="A3", slot=17), actor=OFFICER)
    assert str(view.card.place) == "A3/17"
    (found,) = await desk.find(Search(receipt=card.receipt.lower()))
    assert (found.card.id, found.name) == (card.id, "Contoh Rekaan")
    await desk.call(card.id, "2", actor=OFFICER)
    view = await desk.hand_over(card.id, SHOWN, actor=OFFICER)
    assert (view.card.custody, len(view.hand_overs)) == (Custody.HANDED_OVER, 1)
    assert (await refused(desk.hand_over(card.id, SHOWN, actor=OFFICER))).code == "card-handed-over"


async def test_a_card_is_set_aside_and_comes_back(shelf):
    desk = counter(shelf)
    card = await shelf.printed()
    assert (await desk.quarantine(card.id, "bent", actor=OFFICER)).card.custody is Custody.QUARANTINED
    assert (await desk.release(card.id, "straight", actor=OFFICER)).card.custody is Custody.CHECKED
    assert (await refused(desk.found(card.id, "here", actor=OFFICER))).code == "card-state"


async def test_what_needs_two_officers_is_not_asked_for_in_vain(shelf):
    desk = counter(shelf)
    card = await shelf.printed()
    assert (await refused(desk.undo(card.id, "x", actor=OFFICER, second=None))).code == "card-state"
    assert (await refused(desk.destroy(card.id, "x", actor=OFFICER, second=None))).code == "card-state"
    nobody = "01890000-0000-7000-8000-000000000001"
    assert (await refused(desk.undo(nobody, "x", actor=OFFICER, second=None))).code == "card-unknown"
    assert (await refused(desk.call(nobody, "2", actor=OFFICER))).code == "card-unknown"


@pytest.mark.parametrize(
    ("said", "code"), [(None, "identity-unavailable"), (False, "identity-not-shown"), (True, None)]
)
async def test_a_fingerprint_counts_only_as_its_port_reports_it(shelf, said, code):
    finger = Finger()
    finger.said = said
    card = await shelf.shelved()
    claimed = replace(SHOWN, identity=IdentityCheck(document=IdentityDocument.FINGERPRINT, result=CheckResult.MATCH))
    desk = counter(shelf, finger)
    if code is None:
        assert (await desk.hand_over(card.id, claimed, actor=OFFICER)).card.custody is Custody.HANDED_OVER
    else:
        assert (await refused(desk.hand_over(card.id, claimed, actor=OFFICER))).code == code


async def test_a_station_without_such_a_reader_takes_no_fingerprint(shelf):
    card = await shelf.shelved()
    claimed = replace(SHOWN, identity=IdentityCheck(document=IdentityDocument.FINGERPRINT, result=CheckResult.MATCH))
    assert (await refused(counter(shelf).hand_over(card.id, claimed, actor=OFFICER))).code == "identity-unavailable"


async def test_pages_of_the_shelf_follow_one_another(shelf):
    desk = counter(shelf)
    ids = [(await shelf.shelved()).id for _ in range(5)]
    seen, after = [], None
    while True:
        cards, after = await desk.page(custody=Custody.ON_SHELF, village=None, after=after, limit=2)
        seen += [card.id for card in cards]
        if after is None:
            break
    assert seen == ids
    cards, _ = await desk.page(custody=None, village="16.71.07.1001", after=None, limit=10)
    assert len(cards) == 5


@pytest.mark.parametrize("after", ["", "x", "1", "1-", "-1", "1-x", "1-99999999999999999999", "²-1"])
async def test_a_cursor_of_somebody_else_is_refused(shelf, after):
    answer = await refused(counter(shelf).page(custody=None, village=None, after=after, limit=2))
    assert answer.code == "cursor-malformed"


async def test_looking_for_a_card_by_what_it_is_not(shelf):
    desk = counter(shelf)
    job = await shelf.accept()
    assert await desk.find(Search(receipt=job.receipt)) == ()
    assert (await refused(desk.find(Search(receipt="2XK7")))).code == "receipt-malformed"
    assert (await refused(desk.find(Search(name="a")))).code == "search-too-wide"
    await shelf.settle(Printed(evidence=Evidence.PRINTER))
    await shelf.move(await shelf.card(job.id), CustodyEvent.CHECKED, chip=b"\x01\x02\x03\x04")
    for search in (Search(name="contoh"), Search(nik="9999010101000001"), Search(chip=b"\x01\x02\x03\x04")):
        assert [each.card.id for each in await desk.find(search)] == [job.id]


# ----------------------------------------------------------------------------------------------- the citizen's answer


async def test_the_answer_follows_the_card(shelf):
    desk = answers(shelf)
    job = await shelf.accept()
    assert (await desk.about(job.receipt, caller="kiosk")).stage is Stage.WAITING
    await shelf.settle(Printed(evidence=Evidence.PRINTER))
    assert (await desk.about(job.receipt, caller="kiosk")).stage is Stage.BEING_CHECKED
    card = await shelf.card(job.id)
    await shelf.move(card, CustodyEvent.CHECKED)
    await shelf.move(card, CustodyEvent.SHELVED, Place(box="A"))
    found = await desk.about(job.receipt.replace("-", " ").lower(), caller="kiosk")
    assert (found.stage, found.place) == (Stage.READY, "Kecamatan Contoh")
    await shelf.cards.hand_over(card.id, SHOWN, OFFICER)
    assert (await desk.about(job.receipt, caller="kiosk")).stage is Stage.HANDED_OVER


def mistyped(receipt: str) -> str:
    symbols = list(receipt)
    symbols[5] = CROCKFORD[(CROCKFORD.index(symbols[5]) + 1) % 32]
    return "".join(symbols)


async def test_a_typing_error_is_told_as_one(shelf):
    job = await shelf.accept()
    assert (await refused(answers(shelf).about(mistyped(job.receipt), caller="k"))).code == "receipt-malformed"


async def test_every_unknown_receipt_gets_the_same_answer(shelf):
    desk = answers(shelf)
    one = await refused(desk.about("0000-0000-0000", caller="k"))
    other = await refused(desk.about("000000000011", caller="k"))
    assert one.code == other.code == "receipt-unknown"
    assert (one.detail, one.fix, one.field) == (other.detail, other.fix, other.field)


async def test_who_guesses_sees_what_is_left(shelf):
    desk = answers(shelf, per_minute=60)
    assert (desk.quota, desk.left("guesser")) == (60, (60, 0))
    await refused(desk.about("0000-0000-0000", caller="guesser"))
    assert desk.left("guesser") == (50, 10)


async def test_who_guesses_is_slowed_down_and_others_are_not(shelf):
    desk = answers(shelf, per_minute=60)
    job = await shelf.accept()
    for _ in range(6):
        await refused(desk.about("0000-0000-0000", caller="guesser"))
    answer = await refused(desk.about(job.receipt, caller="guesser"))
    assert (answer.code, answer.wait_s) == ("rate-limited", 1)
    assert (await desk.about(job.receipt, caller="kiosk")).stage is Stage.WAITING
    shelf.clock.pass_s(1)
    assert (await desk.about(job.receipt, caller="guesser")).stage is Stage.WAITING
