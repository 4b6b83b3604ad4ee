"""What is kept of persons goes when its time is over, traces and all, and the books stay whole."""

from dataclasses import replace

import pytest

from stationd.adapters.sqlite.card_door import FORGOTTEN
from stationd.adapters.sqlite.forgetting import SqliteForgetting
from stationd.domain.custody import Card
from stationd.domain.handover import Proxy, Relation
from stationd.domain.retention import Retention
from stationd.services.housekeeping import Housekeeping
from tests.unit.card_shelf import OFFICER, SHOWN, Shelf, open_shelf

DAY_S = 86_400
RETENTION = Retention(documents_hours=24, holders_days=90, proxies_days=30, traces_days=10)


@pytest.fixture
async def shelf(tmp_path):
    async with open_shelf(tmp_path) as shelf:
        yield shelf


def housekeeping(shelf: Shelf) -> Housekeeping:
    return Housekeeping(shelf.jobs, SqliteForgetting(shelf.database), shelf.clock.now_ms, RETENTION)


async def handed_over(shelf: Shelf) -> Card:
    proxy = Proxy(relation=Relation.SPOUSE, is_family_card_checked=True, name="Wakil Rekaan")
    card = await shelf.shelved()
    after = await shelf.cards.hand_over(card.id, replace(SHOWN, proxy=proxy), OFFICER)
    assert isinstance(after, Card)
    return after


async def test_each_class_goes_when_its_time_is_over_and_not_before(shelf: Shelf):
    await shelf.database.writer.once(
        lambda transaction: transaction.run(
            "INSERT INTO sign_in (who, failures, is_known, at) VALUES (x'01', 1, 0, ?)", (shelf.clock.now_ms(),)
        )
    )
    given, kept = await handed_over(shelf), await shelf.shelved()
    keeper = housekeeping(shelf)

    async def left() -> list[tuple[object, ...]]:
        await keeper.sweep()
        await shelf.check_books()
        return await shelf.rows(
            "SELECT (SELECT count(*) FROM document), (SELECT count(*) FROM sign_in), "
            "(SELECT count(*) FROM hand_over WHERE proxy IS NOT NULL), (SELECT count(*) FROM holder)"
        )

    assert await left() == [(2, 1, 1, 2)]
    for days, expected in ((2, (0, 1, 1, 2)), (11, (0, 0, 1, 2)), (31, (0, 0, 0, 2)), (91, (0, 0, 0, 1))):
        shelf.clock.wall_ms += 1000 * (days * DAY_S)
        assert await left() == [expected], days
        shelf.clock.wall_ms += 1000 * (-days * DAY_S)
    assert await shelf.cards.name_of(given) == FORGOTTEN.name
    assert await shelf.cards.name_of(kept) == "Contoh Rekaan"
    told = await shelf.rows("SELECT data FROM event WHERE type = 'retention.applied'")
    assert len(told) == 2
    assert not any("Rekaan" in str(row) for row in told)


async def test_what_was_forgotten_is_nowhere_in_the_files_any_more(shelf: Shelf):
    cards = [await handed_over(shelf) for _ in range(40)]
    wrappings = [bytes(row[0]) for row in await shelf.rows("SELECT substr(sealed, 1, 68) FROM holder")]
    wrappings += [bytes(row[0]) for row in await shelf.rows("SELECT substr(sealed, 1, 68) FROM document")]
    wrappings += [bytes(row[0]) for row in await shelf.rows("SELECT substr(proxy, 1, 68) FROM hand_over")]
    assert len(wrappings) == 3 * len(cards)

    def found() -> int:
        files = b"".join(path.read_bytes() for path in sorted(shelf.database.path.parent.iterdir()))
        return sum(wrapping in files for wrapping in wrappings)

    assert found() == len(wrappings)
    shelf.clock.wall_ms += 1000 * (100 * DAY_S)
    assert await housekeeping(shelf).sweep() >= len(wrappings)
    assert found() == 0
    wal = shelf.database.path.with_name(shelf.database.path.name + "-wal")
    assert wal.stat().st_size == 0


async def test_nothing_goes_while_nobody_knows_what_time_it_is(shelf: Shelf):
    await handed_over(shelf)
    shelf.clock.wall_ms += 1000 * (1000 * DAY_S)
    keeper = Housekeeping(shelf.jobs, SqliteForgetting(shelf.database), lambda: None, RETENTION)
    assert await keeper.sweep() == 0
    assert await shelf.rows("SELECT count(*) FROM holder") == [(1,)]


async def test_the_person_stays_known_by_the_keyed_hash_so_that_one_card_stays_one(shelf: Shelf):
    card = await handed_over(shelf)
    shelf.clock.wall_ms += 1000 * (100 * DAY_S)
    await housekeeping(shelf).sweep()
    assert await shelf.rows(f"SELECT identity IS NOT NULL FROM job WHERE seq = {card.seq}") == [(1,)]


async def test_what_officers_wrote_goes_and_the_books_tell_it_from_a_reason_wiped_out(shelf: Shelf):
    def write(transaction) -> None:
        now = transaction.now_ms
        transaction.run(
            "INSERT INTO decision (job, at, decision, actor, note) "
            "SELECT seq, ?, 'verdict', 'x', 'Tulisan Rekaan' FROM job",
            (now,),
        )
        transaction.run("UPDATE attempt SET evidence = 'officer', reason = 'Tulisan Rekaan'")
        transaction.run(
            "INSERT INTO surrender (job, at, actor, card, note) SELECT seq, ?, 'x', 'c', 'Tulisan Rekaan' FROM job",
            (now,),
        )

    await shelf.shelved()
    await shelf.database.writer.once(write)
    keeper = housekeeping(shelf)
    assert await keeper.sweep() == 0

    async def left() -> list[tuple[object, ...]]:
        return await shelf.rows(
            "SELECT (SELECT count(*) FROM decision WHERE note <> ''), (SELECT count(*) FROM surrender WHERE note <> '')"
        )

    assert await left() == [(1, 1)]
    shelf.clock.wall_ms += 1000 * (366 * DAY_S)
    await keeper.sweep()
    assert await left() == [(0, 0)]
    files = b"".join(path.read_bytes() for path in sorted(shelf.database.path.parent.iterdir()))
    assert b"Tulisan Rekaan" not in files
    await shelf.check_books()
