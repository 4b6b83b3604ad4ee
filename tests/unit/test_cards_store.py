"""Finished cards in the real store: what it promises to the counter."""

import sqlite3
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stationd.adapters.sqlite.blanks import SqliteBlanks
from stationd.adapters.sqlite.migrate import migrations
from stationd.domain.authority import STATION
from stationd.domain.blank_entry import NewEntry
from stationd.domain.blanks import EntryKind
from stationd.domain.custody import Card, Custody, CustodyEvent, Place
from stationd.domain.errors import Refused
from stationd.domain.finding import word_of_chip, word_of_nik, words_of_name
from stationd.domain.handover import CheckResult, IdentityCheck, IdentityDocument, Proxy, Relation
from stationd.domain.job import Evidence, Job, JobKind, JobState, Verdict
from stationd.domain.job_machine import VERDICT_EVENTS
from stationd.domain.outcome import Printed, Unknown
from stationd.ports.cards import CardMove, CardsPage
from stationd.ports.jobs import Control
from tests.unit.card_shelf import OFFICER, SHOWN, open_shelf


@pytest.fixture
async def shelf(tmp_path):
    async with open_shelf(tmp_path) as opened:
        yield opened
        await opened.check_books()


def judged(job: Job, verdict: Verdict) -> Control:
    return Control(job_id=job.id, event=VERDICT_EVENTS[verdict], actor=STATION, verdict=verdict)


def code(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.code


async def test_a_card_is_in_the_books_from_the_moment_its_job_is_printed(shelf):
    job = await shelf.accept()
    assert await shelf.cards.read(job.id) is None
    await shelf.settle(Printed(evidence=Evidence.PRINTER))
    card = await shelf.card(job.id)
    assert (card.custody, card.receipt, card.order, card.place) == (Custody.PRINTED, job.receipt, job.order, None)


async def test_a_verdict_is_revoked_with_its_card_while_nobody_has_seen_it(shelf):
    job = await shelf.accept()
    await shelf.settle(Unknown(reason="silence"))
    await shelf.jobs.control(judged(job, Verdict.PRINTED))
    assert (await shelf.card(job.id)).custody is Custody.PRINTED
    await shelf.jobs.control(judged(job, Verdict.NOT_PRINTED))
    assert await shelf.cards.read(job.id) is None
    await shelf.check_books()
    await shelf.settle(Printed(evidence=Evidence.PRINTER))
    assert (await shelf.card(job.id)).custody is Custody.PRINTED


async def test_a_verdict_is_final_once_somebody_has_seen_the_card(shelf):
    job = await shelf.accept()
    await shelf.settle(Unknown(reason="silence"))
    await shelf.jobs.control(judged(job, Verdict.PRINTED))
    await shelf.move(await shelf.card(job.id), CustodyEvent.CHECKED)
    assert code(await shelf.jobs.control(judged(job, Verdict.SPOILED))) == "verdict-final"
    assert (await shelf.jobs.read(job.id)).state is JobState.PRINTED
    assert (await shelf.card(job.id)).custody is Custody.CHECKED


async def test_residence_is_known_once_the_card_is_in_hand(shelf):
    card = await shelf.printed()
    assert card.village is None
    checked = await shelf.move(card, CustodyEvent.CHECKED)
    assert (checked.district, checked.village) == ("16.71.07", "16.71.07.1001")


async def test_a_slot_holds_one_card_and_a_box_many(shelf):
    one, two = await shelf.shelved(slot=17), await shelf.shelved()
    assert (str(one.place), str(two.place)) == ("A/17", "A")
    assert code(await shelf.move(two, CustodyEvent.SHELVED, Place(box="A", slot=17))) == "place-taken"
    moved = await shelf.move(one, CustodyEvent.SHELVED, Place(box="B", slot=1))
    assert (str(moved.place), moved.since) == ("B/1", one.since)
    assert isinstance(await shelf.move(two, CustodyEvent.SHELVED, Place(box="A", slot=17)), Card)
    again = await shelf.move(two, CustodyEvent.SHELVED, Place(box="A", slot=17))
    assert isinstance(again, Card)


async def test_the_database_itself_keeps_a_slot_for_one_card_and_a_hand_over_for_one_holder(shelf):
    one, two = await shelf.shelved(slot=1), await shelf.shelved(slot=2)
    for sql in (
        f"UPDATE card SET slot = 1 WHERE seq = {two.seq}",
        f"UPDATE card SET box = NULL WHERE seq = {one.seq}",
        f"UPDATE card SET custody = 'in_transit' WHERE seq = {one.seq}",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            await shelf.database.writer.once(lambda transaction, sql=sql: transaction.run(sql))
    await shelf.cards.hand_over(one.id, SHOWN, OFFICER)
    columns = "card, at, actor, document, is_old_card_given"
    copy = f"INSERT INTO hand_over ({columns}) SELECT {columns} FROM hand_over"
    with pytest.raises(sqlite3.IntegrityError):
        await shelf.database.writer.once(lambda transaction: transaction.run(copy))


async def test_a_card_is_handed_over_once(shelf):
    card = await shelf.shelved(slot=1)
    after = await shelf.cards.hand_over(card.id, SHOWN, OFFICER)
    assert (after.custody, after.place) == (Custody.HANDED_OVER, None)
    assert code(await shelf.cards.hand_over(card.id, SHOWN, OFFICER)) == "card-handed-over"
    (written,) = await shelf.cards.hand_overs(card.id)
    assert (written.document, written.relation, written.actor) == (IdentityDocument.KK, None, OFFICER.name)


async def test_a_proxys_name_is_sealed(shelf):
    card = await shelf.shelved()
    proxy = Proxy(relation=Relation.PARENT, is_family_card_checked=True, name="Wali Rekaan")
    await shelf.cards.hand_over(card.id, replace(SHOWN, proxy=proxy), OFFICER)
    ((sealed,),) = await shelf.rows("SELECT proxy FROM hand_over")
    assert b"Wali" not in sealed
    assert shelf.seal.open(sealed, place="hand_over:proxy:1") == b"Wali Rekaan"
    events = await shelf.rows("SELECT data FROM event")
    assert not any("Wali" in data for (data,) in events)


async def test_who_cannot_show_who_they_are_gets_no_card_and_is_in_the_book(shelf):
    card = await shelf.shelved()
    wrong = replace(SHOWN, identity=IdentityCheck(document=IdentityDocument.KTP, result=CheckResult.NO_MATCH))
    assert code(await shelf.cards.hand_over(card.id, wrong, OFFICER)) == "identity-not-shown"
    assert (await shelf.card(card.id)).custody is Custody.ON_SHELF
    assert ("hand_over.refused",) in await shelf.rows("SELECT type FROM event")


async def test_a_damaged_card_is_replaced_against_the_old_one(shelf):
    card = await shelf.shelved(kind=JobKind.DAMAGED)
    assert isinstance(await shelf.cards.hand_over(card.id, SHOWN, OFFICER), Card)
    (handed,) = await shelf.cards.hand_overs(card.id)
    assert handed.is_old_card_surrendered  # it came back with the order


async def test_an_old_card_that_nobody_has_recorded_is_asked_for_at_the_hand_over(shelf):
    card = await shelf.shelved(kind=JobKind.DAMAGED)
    await shelf.database.writer.once(lambda transaction: transaction.run("DELETE FROM surrender"))
    assert code(await shelf.cards.hand_over(card.id, SHOWN, OFFICER)) == "old-card-missing"
    given = replace(SHOWN, is_old_card_surrendered=True)
    assert isinstance(await shelf.cards.hand_over(card.id, given, OFFICER), Card)


async def test_two_officers_undo_a_hand_over_within_minutes(shelf):
    card = await shelf.shelved(slot=1)
    await shelf.cards.hand_over(card.id, SHOWN, OFFICER)
    shelf.clock.pass_s(899)
    undone = await shelf.undo(card)
    assert (undone.custody, undone.place) == (Custody.CHECKED, None)
    assert code(await shelf.undo(card)) == "card-state"
    await shelf.cards.hand_over(card.id, SHOWN, OFFICER)
    shelf.clock.pass_s(901)
    assert code(await shelf.undo(card)) == "hand-over-final"
    last, first = await shelf.cards.hand_overs(card.id)
    assert (last.undone_at, first.undone_at is None) == (None, False)


async def test_a_card_is_destroyed_only_out_of_quarantine(shelf):
    card = await shelf.shelved(slot=1)
    assert code(await shelf.destroy(card)) == "card-state"
    await shelf.move(card, CustodyEvent.QUARANTINED)
    balances = "SELECT name, balance FROM blank_account WHERE name IN ('issued', 'destroyed') ORDER BY name"
    assert await shelf.rows(balances) == [("destroyed", 0), ("issued", 1)]
    assert (await shelf.destroy(card)).custody is Custody.DESTROYED
    assert await shelf.rows(balances) == [("destroyed", 1), ("issued", 0)], "the blank is burnt with the card"
    assert await shelf.rows(
        f"SELECT quantity FROM blank_entry WHERE cause = 'card_destroyed' AND job = {card.seq}"
    ) == [(1,)]
    assert code(await shelf.cards.hand_over(card.id, SHOWN, OFFICER)) == "card-state"


async def test_the_blank_of_a_card_is_known_by_its_chip_and_stands_nowhere_in_clear(shelf):
    blanks = SqliteBlanks(shelf.database.writer, shelf.database.reader, low=5, seal=shelf.seal)
    chip = bytes.fromhex("0426af9a2b5c80")
    first, second = await shelf.printed(), await shelf.printed()
    assert await blanks.serial("0426AF9A2B5C80") is None
    check = CardMove(card_id=first.id, event=CustodyEvent.CHECKED, actor=OFFICER, chip=chip)
    assert isinstance(await shelf.cards.move(check), Card)
    assert await blanks.serial("0426AF9A2B5C80") == await blanks.serial("0426af9a2b5c80") == "issued"
    refused = await shelf.cards.move(replace(check, card_id=second.id))
    assert (code(refused), refused.see) == ("chip-elsewhere", first.id)
    await shelf.move(first, CustodyEvent.QUARANTINED)
    await shelf.destroy(first)
    assert await blanks.serial("0426AF9A2B5C80") == "destroyed"
    kept = await shelf.rows("SELECT serial FROM card_blank")
    assert chip not in kept[0][0]
    assert not any(chip.hex() in str(row).lower() for row in await shelf.rows("SELECT data FROM event"))


@pytest.mark.parametrize("kind", ["spoiled", "returned"])
async def test_a_card_whose_blank_the_book_has_elsewhere_is_not_taken_for_good(shelf, kind):
    blanks = SqliteBlanks(shelf.database.writer, shelf.database.reader, low=5, seal=shelf.seal)
    card = await shelf.printed()
    entry = NewEntry(kind=EntryKind(kind), quantity=1, serials=("0426AF9A2B5C80",))
    assert not isinstance(await blanks.enter(entry, OFFICER), Refused)
    check = CardMove(card_id=card.id, event=CustodyEvent.CHECKED, actor=OFFICER, chip=bytes.fromhex("0426af9a2b5c80"))
    assert code(await shelf.cards.move(check)) == "chip-elsewhere"
    assert isinstance(await shelf.cards.move(replace(check, chip=b"\1\2\3\4")), Card)


async def test_a_holder_is_called_with_a_ticket_that_does_not_give_the_receipt_away(shelf):
    card = await shelf.shelved()
    await shelf.cards.call(card.id, "2", OFFICER)
    ((data,),) = await shelf.rows("SELECT data FROM event WHERE type = 'card.called'")
    assert '"counter":"2"' in data
    assert card.receipt[-4:] in data
    assert card.receipt not in data
    await shelf.cards.hand_over(card.id, SHOWN, OFFICER)
    assert code(await shelf.cards.call(card.id, "2", OFFICER)) == "card-state"


async def test_an_unknown_card_is_told_as_one(shelf):
    nobody = "01890000-0000-7000-8000-000000000001"
    assert code(await shelf.cards.hand_over(nobody, SHOWN, OFFICER)) == "card-unknown"
    assert code(await shelf.cards.call(nobody, "2", OFFICER)) == "card-unknown"
    stranger = replace(await shelf.shelved(), id=nobody)
    for answer in (await shelf.move(stranger, CustodyEvent.CHECKED), await shelf.undo(stranger)):
        assert code(answer) == "card-unknown"
    assert code(await shelf.destroy(stranger)) == "card-unknown"
    assert await shelf.cards.by_receipt("0000-0000-0000") is None


async def test_a_card_at_hand_is_found_by_name_nik_and_chip_and_no_longer_when_it_has_left(shelf):
    card = await shelf.printed(name="Siti Contoh Rekaan")
    await shelf.shelved(name="Budi Contoh Rekaan")
    assert await shelf.cards.find(words_of_name("siti"), 20) == []
    await shelf.move(card, CustodyEvent.CHECKED, chip=b"\x04\xa1\xb2\xc3")
    nik = word_of_nik("9999010101000001")
    for words in (words_of_name("rekaan SITI"), words_of_name("contoh siti rekaan"), (nik,)):
        assert [(each.card.id, each.name) for each in await shelf.cards.find(words, 20)] == [
            (card.id, "Siti Contoh Rekaan")
        ]
    assert len(await shelf.cards.find((word_of_chip(b"\x04\xa1\xb2\xc3"),), 20)) == 1
    assert len(await shelf.cards.find(words_of_name("contoh"), 20)) == 2
    assert len(await shelf.cards.find(words_of_name("contoh"), 1)) == 1
    await shelf.cards.hand_over(card.id, SHOWN, OFFICER)
    assert await shelf.cards.find((nik,), 20) == []


async def test_the_shelf_is_listed_by_age_and_by_kelurahan(shelf):
    cards = []
    for number in range(5):
        shelf.clock.pass_s(60)
        cards.append(await shelf.shelved(village=f"16.71.07.100{number % 2}"))
    await shelf.printed()

    async def page(custody, village=None, after=(0, 0), limit=10):
        return await shelf.cards.page(CardsPage(custody=custody, village=village, after=after, limit=limit))

    ids = [card.id for card in cards]
    assert [card.id for card in await page(Custody.ON_SHELF)] == ids
    assert [card.id for card in await page(Custody.ON_SHELF, after=(cards[1].since, cards[1].seq))] == ids[2:]
    assert [card.id for card in await page(Custody.ON_SHELF, village="16.71.07.1001")] == [ids[1], ids[3]]
    assert len(await page(Custody.PRINTED)) == 1
    assert len(await page(None, limit=4)) == 4
    await shelf.cards.hand_over(ids[0], SHOWN, OFFICER)
    assert [card.id for card in await page(Custody.HANDED_OVER)] == [ids[0]]


async def test_a_receipt_tells_job_and_card(shelf):
    waiting = await shelf.accept()
    found = await shelf.cards.by_receipt(waiting.receipt)
    assert (found.job.id, found.card) == (waiting.id, None)
    await shelf.settle(Printed(evidence=Evidence.PRINTER))
    found = await shelf.cards.by_receipt(waiting.receipt)
    assert (found.card.id, found.peer_name) == (waiting.id, None)
    assert await shelf.cards.name_of(found.card) == "Contoh Rekaan"


def test_cards_of_the_time_before_are_taken_into_the_books(tmp_path):
    connection = sqlite3.connect(tmp_path / "old.db")
    steps = migrations()
    (custody,) = (number for number, sql in steps.items() if "CREATE TABLE card " in sql)
    for number, sql in steps.items():
        if number < custody:
            connection.executescript(sql)
    insert = "INSERT INTO job (seq, id, receipt, order_ref, kind, profile, state, rank, created_at, updated_at) VALUES "
    for seq, state in ((1, "printed"), (2, "queued"), (3, "printed")):
        connection.execute(
            f"{insert} ({seq}, 'i{seq}', 'r{seq}', 'o{seq}', 'first', 'ktp-el', '{state}', {seq}, 1, {seq})"
        )
    connection.commit()
    connection.executescript(steps[custody])
    assert connection.execute("SELECT seq, custody, since FROM card").fetchall() == [
        (1, "printed", 1),
        (3, "printed", 3),
    ]
    assert connection.execute("SELECT value FROM tally WHERE name = 'card_custody'").fetchall() == [(2,)]
    connection.close()


ACTS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(
            [
                *(each for each in CustodyEvent if each not in {CustodyEvent.TAKEN_BACK, CustodyEvent.PACKED}),
                "hand over",
                "undo",
                "destroy",
            ]
        ),
        st.integers(1, 2),
    ),
    max_size=25,
)
WITH_A_RECORD_OF_THEIR_OWN = {
    CustodyEvent.HANDED_OVER,
    CustodyEvent.HAND_OVER_UNDONE,
    CustodyEvent.DESTROYED,
}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
async def test_whatever_people_do_every_card_is_in_exactly_one_place(tmp_path_factory, acts):
    async with open_shelf(tmp_path_factory.mktemp("shelf")) as shelf:
        cards = [await shelf.printed() for _ in range(3)]
        for number, act, slot in acts:
            card = cards[number]
            if act == "hand over":
                await shelf.cards.hand_over(card.id, SHOWN, OFFICER)
            elif act == "undo":
                await shelf.undo(card)
            elif act == "destroy":
                await shelf.destroy(card)
            elif act not in WITH_A_RECORD_OF_THEIR_OWN:
                place = Place(box="A", slot=slot) if act is CustodyEvent.SHELVED else None
                await shelf.move(card, act, place)
        await shelf.check_books()
        places = await shelf.rows("SELECT box, slot FROM card WHERE custody = 'on_shelf'")
        assert len(set(places)) == len(places)
