"""Telling holders, over the real store: who is told, when, how often, and what a lost answer leads to."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from stationd.adapters.sqlite.verify import verify
from stationd.domain.custody import CustodyEvent, Place
from stationd.domain.errors import Refused
from stationd.domain.notice_machine import NoticeEvent, NoticeState
from stationd.domain.notices import NoticeRules, SendingHours, Trouble
from stationd.domain.sms import measure
from stationd.ports.notices import ToldBy
from stationd.ports.notifier import Accepted, Lost, NotSent, Rejected, Report, Reports, WayStatus
from tests.unit.card_shelf import OFFICER, SHOWN
from tests.unit.notice_office import MONDAY, POLICY, Way, open_office, phone


@pytest.fixture
async def office(tmp_path):
    async with open_office(tmp_path) as opened:
        yield opened


async def refused(awaitable) -> Refused:
    with pytest.raises(Refused) as caught:
        await awaitable
    return caught.value


async def test_the_holder_of_a_card_on_the_shelf_is_told_once_with_the_receipt_and_without_anything_of_the_person(
    office,
):
    card = await office.shelve(7)
    await office.round()
    await office.round()
    (message,) = office.way.sent
    assert message.number == phone(7)
    assert card.receipt in message.text
    assert "Contoh Rekaan" not in message.text
    assert measure(message.text).segments == 1
    assert await office.states(card) == ["delivered"]
    events = await office.shelf.rows("SELECT type, subject, data FROM event WHERE type LIKE 'notice.%'")
    assert [(kind, subject) for kind, subject, _ in events] == [("notice.sent", card.id), ("notice.delivered", card.id)]
    assert phone(7).removeprefix("+62") not in "".join(data for *_, data in events)


async def test_only_cards_on_the_shelf_have_a_clock_and_it_ends_with_the_hand_over(office):
    card = await office.shelf.printed(phone=phone(1))
    await office.shelf.move(card, CustodyEvent.CHECKED)
    await office.round()
    assert office.way.sent == []
    assert await office.clock(card) is None
    card = await office.shelf.move(await office.shelf.card(card.id), CustodyEvent.SHELVED, Place(box="A"))
    await office.round()
    assert len(office.way.sent) == 1
    await office.shelf.cards.hand_over(card.id, SHOWN, OFFICER)
    assert await office.clock(card) is None
    await office.live(200)
    assert len(office.way.sent) == 1
    await office.shelf.check_books()


async def test_a_card_that_comes_back_to_the_shelf_goes_on_where_it_was(office):
    card = await office.shelve()
    await office.live(10)
    await office.shelf.cards.hand_over(card.id, SHOWN, OFFICER)
    await office.shelf.undo(card)
    await office.shelf.move(await office.shelf.card(card.id), CustodyEvent.SHELVED, Place(box="B"))
    await office.live(21)
    assert [day for _, day in await office.told()] == [0, 30]


async def test_after_three_delivered_the_card_is_due_for_transfer_and_nobody_is_told_again(office):
    card = await office.shelve()
    await office.live(74)
    assert [day for _, day in await office.told()] == [0, 30, 60]
    assert (await office.shelf.card(card.id)).due_since is None
    await office.live(200)
    assert len(office.way.sent) == 3
    assert (await office.shelf.card(card.id)).due_since is not None
    assert await office.shelf.rows("SELECT count(*) FROM event WHERE type = 'card.transfer_due'") == [(1,)]


async def test_the_messages_say_which_notice_it_is(office):
    await office.shelve()
    await office.live(61)
    first, second, last = [message.text for message in office.way.sent]
    assert "sudah jadi" in first
    assert "belum diambil" in second
    assert "erakhir" in last


# ---------------------------------------------------------------------------------------------------- never twice


async def test_a_lost_answer_is_not_sent_again_and_the_late_report_settles_it(office):
    card = await office.shelve(5)
    office.way.fate = lambda message: Lost("no-answer")
    await office.live(29)
    assert len(office.way.sent) == 1
    assert await office.states(card) == ["unknown"]
    report = Report(is_delivered=True, reason="delivered", reference="9", number=phone(5))
    office.way.waiting.append(report)
    await office.round()
    assert await office.states(card) == ["delivered"]
    office.way.waiting.append(report)
    await office.round()
    assert await office.states(card) == ["delivered"]


async def test_an_unknown_notice_without_a_report_is_followed_by_the_next_reminder_in_its_own_time(office):
    card = await office.shelve()
    office.way.fate = lambda message: Lost("no-answer") if len(office.way.sent) == 0 else Accepted(reference="1")
    await office.live(31)
    assert [day for _, day in await office.told()] == [0, 30]
    assert await office.states(card) == ["unknown", "delivered"]


async def test_a_report_of_the_network_finds_its_notice_by_reference_and_number(office):
    one, other = await office.shelve(1), await office.shelve(2)
    office.way.is_delivering = False
    office.way.fate = lambda message: Accepted(reference="77")
    await office.round()
    office.way.waiting.append(Report(is_delivered=True, reason="delivered", reference="77", number=phone(2)))
    office.way.waiting.append(Report(is_delivered=False, reason="status-70", reference="78", number=phone(1)))
    office.way.waiting.append(Report(is_delivered=False, reason="status-70", reference="77", number="TELKOMSEL"))
    office.way.waiting.append(Report(is_delivered=False, reason="status-70"))
    await office.round()
    assert await office.states(other) == ["delivered"]
    assert await office.states(one) == ["sent"]
    office.way.waiting.append(Report(is_delivered=False, reason="status-70", reference="77", number="0" + phone(1)[3:]))
    await office.round()
    assert (await office.states(one))[0] == "failed"


async def test_what_was_intended_when_the_station_died_is_unknown_and_never_sent_again(office, caplog):
    card = await office.shelve()

    async def die(message):
        office.way.sent.append(message)
        raise asyncio.CancelledError

    office.way.send = die
    with pytest.raises(asyncio.CancelledError):
        await office.notices.turn()
    assert await office.states(card) == ["intended"]
    office.ways = [Way()]
    office.start()
    with caplog.at_level(logging.WARNING):
        await office.notices.load()
    assert "1 notices" in caplog.text
    await office.live(29)
    assert office.ways[0].sent == []
    assert await office.states(card) == ["unknown"]


async def test_the_database_itself_refuses_a_second_message_on_one_day(office):
    card = await office.shelve()
    await office.round()

    def again(transaction):
        transaction.run(
            "INSERT INTO notice (id, card, day, way, state, actor, at) "
            "SELECT 'x', card, day, way, 'intended', actor, at FROM notice"
        )

    with pytest.raises(Exception, match="UNIQUE"):
        await office.shelf.database.writer.once(again)
    assert await office.states(card) == ["delivered"]


# ---------------------------------------------------------------------------------------------------- fair and even


async def test_one_bad_number_blocks_nobody_and_lands_on_the_officers_list(office):
    none = await office.shelve(None)
    bad = await office.shelve(phone="0812")
    land = await office.shelve(phone="(0711) 310001")
    refusing = await office.shelve(3)
    good = await office.shelve(4)
    office.way.fate = lambda m: Rejected("cms-28") if m.number == phone(3) else Accepted(reference=m.id)
    await office.round()
    assert await office.states(good) == ["delivered"]
    await office.live(10)
    found, cursor = await office.notices.unreachable(after=None, limit=10)
    assert [(each.card, each.trouble) for each in found] == [
        (none.id, Trouble.NO_NUMBER),
        (bad.id, Trouble.BAD_NUMBER),
        (land.id, Trouble.LANDLINE),
        (refusing.id, Trouble.FAILS),
    ]
    assert (found[1].number, found[1].name, str(found[1].place)) == ("0812", "Contoh Rekaan", "A")
    assert cursor is None
    assert (await office.notices.view()).outbox.troubles == {
        trouble: 1 for _, trouble in [(0, e.trouble) for e in found]
    }
    assert [m.number for m in office.way.sent].count(phone(3)) == 3
    first, cursor = await office.notices.unreachable(after=None, limit=1)
    assert [each.card for each in first] == [none.id]
    rest, _ = await office.notices.unreachable(after=cursor, limit=9)
    assert [each.card for each in rest] == [bad.id, land.id, refusing.id]


async def test_a_mended_number_is_told_at_once_and_its_failures_are_forgiven(office):
    card = await office.shelve(3)
    office.way.fate = lambda m: Rejected("cms-28") if m.number == phone(3) else Accepted(reference=m.id)
    await office.live(10)
    assert (await refused(office.notices.mend_number(card.id, "0711 310001", actor=OFFICER))).code == "number-unusable"
    await office.notices.mend_number(card.id, "0812-0000-0009", actor=OFFICER)
    await office.round()
    assert office.way.sent[-1].number == phone(9)
    assert await office.states(card) == ["failed", "failed", "failed", "delivered"]
    assert (await office.clock(card)).trouble is None
    await office.shelf.cards.hand_over(card.id, SHOWN, OFFICER)
    assert await office.shelf.rows("SELECT count(*) FROM notice_number") == [(0,)]


async def test_no_more_go_out_in_a_day_than_the_counter_can_serve_and_the_rest_follows_in_order(office):
    office.with_policy(hours=SendingHours(per_day=2, weekdays=frozenset(range(7))))
    cards = [await office.shelve(number) for number in range(5)]
    office.days.minute = 15 * 60
    await office.live(3)
    assert [(card, day) for card, day in await office.told()] == [
        (cards[0].seq, 0),
        (cards[1].seq, 0),
        (cards[2].seq, 1),
        (cards[3].seq, 1),
        (cards[4].seq, 2),
    ]


async def test_the_days_notices_are_spread_over_its_hours(office):
    office.with_policy(hours=SendingHours(per_day=8))
    for number in range(20):
        await office.shelve(number)
    sent = []
    for hour in range(7, 18):
        office.days.minute = hour * 60
        await office.round()
        sent.append(len(office.way.sent))
    assert sent == [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8]


async def test_a_failure_takes_nobodys_place_in_the_days_number(office):
    office.with_policy(hours=SendingHours(per_day=1))
    office.days.minute = 15 * 60
    await office.shelve(3)
    good = await office.shelve(4)
    office.way.fate = lambda m: Rejected("cms-28") if m.number == phone(3) else Accepted(reference=m.id)
    await office.round()
    assert await office.states(good) == ["delivered"]
    assert await office.store.begun_on(MONDAY) == 1


async def test_nothing_goes_out_in_quiet_hours_on_days_of_rest_or_while_paused(office):
    office.with_policy(hours=SendingHours())
    await office.shelve()
    office.days.minute = 20 * 60
    await office.round()
    office.days.day, office.days.minute = MONDAY - timedelta(days=1), 12 * 60
    await office.round()
    assert office.way.sent == []
    assert (await office.notices.view()).why_not == ("quiet-hours",)
    office.days.day = MONDAY
    await office.notices.pause(actor=OFFICER)
    await office.round()
    office.start()
    await office.notices.load()
    await office.round()
    assert office.way.sent == []
    assert (await office.notices.view()).why_not == ("paused",)
    await office.notices.resume(actor=OFFICER)
    await office.notices.resume(actor=OFFICER)
    await office.round()
    assert len(office.way.sent) == 1
    kinds = await office.shelf.rows("SELECT type FROM event WHERE type IN ('notice.paused', 'notice.resumed')")
    assert kinds == [("notice.paused",), ("notice.resumed",)]


async def test_nothing_falls_due_while_the_clock_is_not_trusted_but_reports_are_taken(office):
    card = await office.shelve()
    await office.round()
    other = await office.shelve(2)
    office.days.is_trusted = False
    office.days.day += timedelta(days=400)
    await office.round()
    assert len(office.way.sent) == 1
    assert await office.states(card) == ["delivered"]
    assert (await office.notices.view()).why_not == ("clock-untrusted",)
    assert (
        await refused(office.notices.record_told(card.id, ToldBy.BY_PHONE, actor=OFFICER))
    ).code == "clock-untrusted"
    office.days.is_trusted, office.days.day = True, MONDAY + timedelta(days=1)
    await office.round()
    assert await office.states(other) == ["delivered"]


# ----------------------------------------------------------------------------------------------------------- ways


async def test_trouble_of_the_way_uses_up_no_try_and_the_way_is_left_alone_longer_each_time(office):
    card = await office.shelve()
    office.way.fate = lambda message: NotSent("no-network")
    await office.round()
    assert len(office.way.sent) == 1
    assert await office.states(card) == []
    assert (await office.notices.view()).why_not == ("no-way-ready",)
    tries = [0]
    for second in range(1, 200):
        office.shelf.clock.pass_s(1)
        before = len(office.way.sent)
        await office.notices.turn()
        if len(office.way.sent) > before:
            tries.append(second)
    gaps = [b - a for a, b in pairwise(tries)]
    assert gaps[0] < gaps[1]
    office.way.fate = lambda message: Accepted(reference="1")
    office.shelf.clock.pass_s(900)
    await office.round()
    assert await office.states(card) == ["delivered"]
    assert await office.store.begun_on(MONDAY) == 1


async def test_when_the_first_way_is_not_ready_the_second_sends(office):
    second = Way(name="gateway", reports=Reports.NONE, is_delivering=False)
    office.ways.append(second)
    office.start()
    office.way.status = WayStatus(is_ready=False, reasons=("modem-missing",))
    card = await office.shelve()
    await office.round()
    assert len(second.sent) == 1
    assert await office.states(card) == ["sent"]
    assert office.way.looks == 1
    assert office.notices.ways()["modem"].reasons == ("modem-missing",)


async def test_without_a_way_cards_still_get_their_place_on_the_officers_list(office):
    office.ways = []
    office.start()
    await office.shelve(None)
    await office.round()
    view = await office.notices.view()
    assert view.why_not == ("no-way",)
    assert view.outbox.troubles == {Trouble.NO_NUMBER: 1}


# -------------------------------------------------------------------------------------------------- what officers do


async def test_an_officer_sends_a_reminder_out_of_turn_within_the_limits(office):
    card = await office.shelve()
    await office.notices.remind(card.id, actor=OFFICER)
    assert [message.number for message in office.way.sent] == [phone(1)]
    refusal = await refused(office.notices.remind(card.id, actor=OFFICER))
    assert refusal.code == "notice-too-soon"
    assert (MONDAY + timedelta(days=30)).isoformat() in refusal.detail
    away = await office.shelf.printed()
    assert (await refused(office.notices.remind(away.id, actor=OFFICER))).code == "card-state"
    assert (await refused(office.notices.remind("nothing", actor=OFFICER))).code == "card-unknown"
    assert (await refused(office.notices.of_card("nothing"))).code == "card-unknown"
    numberless = await office.shelve(None)
    assert (await refused(office.notices.remind(numberless.id, actor=OFFICER))).code == "number-unusable"
    await office.notices.pause(actor=OFFICER)
    assert (await refused(office.notices.remind(card.id, actor=OFFICER))).code == "notices-stopped"


async def test_told_in_person_counts_as_a_delivered_notice(office):
    card = await office.shelve(None)
    for _ in range(3):
        await office.notices.record_told(card.id, ToldBy.IN_PERSON, actor=OFFICER)
        await office.live(30)
    clock = await office.clock(card)
    assert clock.counted == 3
    assert (await office.shelf.card(card.id)).due_since is not None
    await office.round()
    assert office.way.sent == []
    assert (await refused(office.notices.record_told("nothing", ToldBy.BY_PHONE, actor=OFFICER))).code == "card-unknown"


async def test_notices_are_read_page_by_page_and_by_state(office):
    for number in range(3):
        await office.shelve(number)
    office.way.is_delivering = False
    await office.round()
    first, cursor = await office.notices.page(state=None, after=None, limit=2)
    rest, end = await office.notices.page(state=NoticeState.SENT, after=cursor, limit=2)
    assert len({notice.id for notice in (*first, *rest)}) == 3
    assert end is None
    assert (await office.notices.page(state=NoticeState.FAILED, after=None, limit=5))[0] == []
    assert (await refused(office.notices.page(state=None, after="x", limit=5))).code == "cursor-malformed"
    assert first[0].on == MONDAY
    assert first[0].way == "modem"


async def test_other_rules_plan_every_clock_anew(office):
    card = await office.shelve()
    await office.live(5)
    office.with_policy(rules=NoticeRules(reminders_days=(7,)))
    await office.live(3)
    assert [day for _, day in await office.told()] == [0, 7]
    assert (await office.clock(card)).notice_on == MONDAY + timedelta(days=14)


async def test_a_way_without_reports_counts_what_it_accepted_only_where_the_rules_say_so(office):
    office.ways = [Way(name="gateway", reports=Reports.NONE, is_delivering=False)]
    office.policy = replace(POLICY, rules=NoticeRules(has_accepted_count=True))
    office.start()
    card = await office.shelve()
    await office.live(80)
    assert (await office.shelf.card(card.id)).due_since is not None


async def test_notices_that_are_never_confirmed_become_an_officers_business_after_a_week(office):
    office.way.is_delivering = False
    card = await office.shelve()
    await office.live(64)
    assert (await office.clock(card)).trouble is Trouble.UNCONFIRMED
    assert (await office.notices.unreachable(after=None, limit=5))[0] == []
    await office.live(5)
    (found,), _ = await office.notices.unreachable(after=None, limit=5)
    assert found.trouble is Trouble.UNCONFIRMED
    assert {each.id for each in office.way.asked} <= {
        notice.id for notice in (await office.notices.of_card(card.id))[0]
    }


async def test_settling_what_is_not_there_changes_nothing(office):
    assert await office.store.settle("nothing", NoticeEvent.ACCEPTED, NoticeRules()) is None


async def test_the_list_for_the_board_holds_every_card_on_the_shelf(office):
    cards = [await office.shelve(number) for number in range(3)]
    found = await office.lists.waiting(10)
    assert [each.receipt for each in found] == [card.receipt for card in cards]
    assert "Contoh" not in repr(found)


async def test_verify_finds_a_card_without_its_clock_and_a_number_that_was_moved(office):
    card, other = await office.shelve(1), await office.shelve(2)
    for number, each in ((3, card), (4, other)):
        await office.notices.mend_number(each.id, phone(number), actor=OFFICER)
    await office.shelf.check_books()

    def spoil(transaction):
        transaction.run("DELETE FROM notice_clock WHERE card = ?", (card.seq,))
        transaction.run("UPDATE notice_number SET sealed = (SELECT sealed FROM notice_number WHERE card = 1)")

    await office.shelf.database.writer.once(spoil)
    found = await office.shelf.database.reader.run(lambda connection: verify(connection, office.shelf.seal))
    assert [finding.where for finding in found] == [f"card row {card.seq}", f"notice_number row {other.seq}"]


async def test_a_stop_waits_a_moment_for_the_message_that_is_on_its_way(office):
    card = await office.shelve()
    begun = asyncio.Event()

    async def slowly(message):
        begun.set()
        await asyncio.sleep(0.05)
        return Accepted(reference="1")

    office.way.send = slowly
    turning = asyncio.create_task(office.notices.turn())
    await begun.wait()
    turning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turning
    assert await office.states(card) == ["sent"]


async def test_a_way_that_stays_missing_is_looked_at_less_and_less_often_until_something_is_plugged_in(office):
    office.way.status = WayStatus(is_ready=False, reasons=("modem-missing",))
    for _ in range(600):
        office.shelf.clock.pass_s(1)
        await office.notices.turn()
    assert office.way.looks < 8
    looks = office.way.looks
    office.notices.look_soon()
    await office.notices.turn()
    assert office.way.looks == looks + 1
