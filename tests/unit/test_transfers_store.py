"""Transfers between two real stores: whatever gets lost, altered or repeated, no card is held twice or by nobody."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stationd.adapters.transfer_files import StationKeys, TransferFiles
from stationd.domain.custody import Card, Custody, CustodyEvent
from stationd.domain.errors import Refused
from stationd.domain.transfer import Direction, ItemState, ScanResult, Transfer, TransferState
from tests.unit.card_shelf import OFFICER, SHOWN
from tests.unit.two_stations import open_stations, partner, seal_of

HELD = ("printed", "checked", "received", "on_shelf", "quarantined")
THERE = {"district": "16.71.09", "village": "16.71.09.1001"}


@pytest.fixture
async def stations(tmp_path):
    async with open_stations(tmp_path) as (one, other):
        yield one, other
        await one.shelf.check_books()
        await other.shelf.check_books()


def code(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.code


async def sent(one, count=3):
    """A packet of cards for the other station, and its file."""
    cards = [await one.shelf.shelved(name=f"Contoh Rekaan {n}", **THERE) for n in range(count)]
    await one.shelf.due(*cards)
    transfer = await one.packed("1671-09")
    return transfer, cards, await one.store.file(transfer.id)


async def test_what_is_due_is_told_by_kecamatan_of_residence(stations):
    one, _ = stations
    far = [await one.shelf.shelved(**THERE) for _ in range(2)]
    near = await one.shelf.shelved()
    lost = await one.shelf.shelved(district=None, village=None)
    await one.shelf.shelved(**THERE)
    await one.shelf.due(*far, near, lost)
    told = {group.district: (group.cards, group.partner) for group in await one.store.due()}
    assert told == {"16.71.09": (2, "1671-09"), "16.71.07": (1, None), "unknown": (1, None)}


async def test_a_transfer_goes_from_end_to_end_and_both_ends_agree(stations):
    one, other = stations
    transfer, cards, file = await sent(one)
    assert (transfer.direction, transfer.state, transfer.cards) == (Direction.OUT, TransferState.SENT, 3)
    assert {(await one.shelf.card(card.id)).custody for card in cards} == {Custody.IN_TRANSIT}
    announced = await other.announce(file)
    assert (announced.state, announced.number) == (TransferState.ANNOUNCED, transfer.number)
    assert await other.receipts(*HELD) == set()
    for card in cards:
        scanned = await other.scan(transfer.id, receipt=card.receipt)
        assert scanned.result is ScanResult.ARRIVED
    settled = await other.settle(transfer.id)
    assert (settled.state, settled.arrived) == (TransferState.AGREED, 3)
    confirmed = await one.take_confirmation(await other.store.confirmation(transfer.id))
    assert (confirmed.state, confirmed.arrived, confirmed.missing) == (TransferState.AGREED, 3, 0)
    assert await one.receipts("transferred") == await other.receipts("received") == {card.receipt for card in cards}
    standing = await one.shelf.cards.by_receipt(cards[0].receipt)
    assert standing.peer_name == "Kecamatan Umpama"


async def test_a_card_that_came_lives_the_same_life(stations):
    one, other = stations
    transfer, (card, *_), file = await sent(one)
    await other.announce(file)
    scanned = await other.scan(transfer.id, receipt=card.receipt)
    there = await other.shelf.card(scanned.card)
    assert (there.receipt, there.order, there.origin, there.village) == (
        card.receipt,
        card.order,
        "1671-07",
        THERE["village"],
    )
    standing = await other.shelf.cards.by_receipt(card.receipt)
    assert (standing.job, standing.card.id) == (None, there.id)
    assert [each.name for each in await other.shelf.cards.find(("name CONTOH",), 20)] == ["Contoh Rekaan 0"]
    handed = await other.shelf.cards.hand_over(there.id, SHOWN, OFFICER)
    assert isinstance(handed, Card)
    job = await other.shelf.accept()
    assert job.seq > there.seq


async def test_a_card_is_taken_out_of_the_packet_by_nik_or_by_its_line(stations):
    one, other = stations
    transfer, _, file = await sent(one)
    await other.announce(file)
    assert (await other.scan(transfer.id, nik="9999010101000002")).result is ScanResult.ARRIVED
    assert (await other.scan(transfer.id, place=1)).result is ScanResult.ARRIVED
    assert (await other.scan(transfer.id, place=1)).result is ScanResult.KNOWN
    assert code(await other.scan(transfer.id, nik="9999010101999999")) == "card-not-listed"
    assert code(await other.scan(transfer.id, place=99)) == "card-not-listed"


async def test_a_card_in_transit_is_not_handed_over(stations):
    one, _ = stations
    transfer, (card, *_), _ = await sent(one)
    refused = await one.shelf.cards.hand_over(card.id, SHOWN, OFFICER)
    assert (code(refused), refused.see) == ("card-not-here", transfer.id)


async def test_what_was_not_in_the_packet_is_missing_at_both_ends_until_it_is_found(stations):
    one, other = stations
    transfer, (first, second, third), file = await sent(one)
    await other.announce(file)
    await other.scan(transfer.id, receipt=first.receipt)
    assert code(await other.settle(transfer.id)) == "transfer-incomplete"
    settled = await other.settle(transfer.id, with_differences=True)
    assert (settled.state, settled.missing) == (TransferState.DIFFERING, 2)
    confirmed = await one.take_confirmation(await other.store.confirmation(transfer.id))
    assert (confirmed.state, confirmed.missing) == (TransferState.DIFFERING, 2)
    assert (await one.shelf.card(second.id)).custody is Custody.MISSING
    # one is found in the envelope, the other behind the sender's shelf
    assert (await other.scan(transfer.id, receipt=second.receipt)).result is ScanResult.ARRIVED
    await other.settle(transfer.id, with_differences=True)
    await one.shelf.move(third, CustodyEvent.FOUND)
    confirmed = await one.take_confirmation(await other.store.confirmation(transfer.id))
    assert (confirmed.revision, confirmed.arrived, confirmed.missing) == (2, 2, 1)
    assert (await one.shelf.card(second.id)).custody is Custody.TRANSFERRED
    assert (await one.shelf.card(third.id)).custody is Custody.CHECKED


async def test_a_card_that_was_not_listed_is_told_to_the_sender(stations):
    one, other = stations
    transfer, cards, file = await sent(one, 1)
    stray = await one.shelf.shelved(**THERE)
    await other.announce(file)
    await other.scan(transfer.id, receipt=cards[0].receipt)
    for _ in range(2):
        scanned = await other.scan(transfer.id, receipt=stray.receipt)
        assert (scanned.result, scanned.card, scanned.transfer.extra) == (ScanResult.NOT_LISTED, None, 1)
    assert code(await other.settle(transfer.id)) == "transfer-incomplete"
    assert (await other.settle(transfer.id, with_differences=True)).state is TransferState.DIFFERING
    confirmed = await one.take_confirmation(await other.store.confirmation(transfer.id))
    assert (confirmed.state, confirmed.extra) == (TransferState.DIFFERING, 1)
    _, _, extra = await one.store.read(transfer.id)
    assert extra == [stray.receipt]


async def test_a_file_is_read_in_once(stations):
    one, other = stations
    transfer, _, file = await sent(one)
    await other.announce(file)
    again = await other.announce(file)
    assert (code(again), again.see) == ("transfer-known", transfer.id)


async def test_a_confirmation_is_read_in_once_and_an_old_one_changes_nothing(stations):
    one, other = stations
    transfer, (card, *_), file = await sent(one)
    await other.announce(file)
    await other.settle(transfer.id, with_differences=True)
    old = await other.store.confirmation(transfer.id)
    await other.scan(transfer.id, receipt=card.receipt)
    await other.settle(transfer.id, with_differences=True)
    await one.take_confirmation(await other.store.confirmation(transfer.id))
    for _ in range(2):
        assert code(await one.take_confirmation(old)) == "confirmation-outdated"
    assert (await one.shelf.card(card.id)).custody is Custody.TRANSFERRED


async def test_a_card_comes_back_with_a_later_packet_even_before_its_confirmation(stations):
    one, other = stations
    transfer, (card, *_), file = await sent(one, 1)
    await other.announce(file)
    scanned = await other.scan(transfer.id, receipt=card.receipt)
    await other.settle(transfer.id)
    back = await other.packed("1671-07", card_ids=(scanned.card,))
    await one.announce(await other.store.file(back.id))
    returned = await one.scan(back.id, receipt=card.receipt)
    assert (returned.result, returned.card) == (ScanResult.ARRIVED, card.id)
    await one.take_confirmation(await other.store.confirmation(transfer.id))
    assert (await one.shelf.card(card.id)).custody is Custody.RECEIVED
    await one.settle(back.id)
    await other.take_confirmation(await one.store.confirmation(back.id))
    assert await other.receipts("transferred") == {card.receipt}


async def test_a_late_confirmation_says_nothing_of_a_card_that_is_on_its_way_again(stations):
    one, other = stations
    transfer, (card, *_), file = await sent(one, 1)
    await other.announce(file)
    scanned = await other.scan(transfer.id, receipt=card.receipt)
    await other.settle(transfer.id)
    back = await other.packed("1671-07", card_ids=(scanned.card,))
    await one.announce(await other.store.file(back.id))
    await one.scan(back.id, receipt=card.receipt)
    again = await one.packed("1671-09", card_ids=(card.id,))
    await one.take_confirmation(await other.store.confirmation(transfer.id))
    there = await one.shelf.card(card.id)
    assert (there.custody, there.transfer) == (Custody.IN_TRANSIT, again.id)


async def test_a_card_comes_back_after_its_holder_was_forgotten(stations):
    one, other = stations
    transfer, (card, *_), file = await sent(one, 1)
    await other.announce(file)
    scanned = await other.scan(transfer.id, receipt=card.receipt)
    await other.settle(transfer.id)
    await one.take_confirmation(await other.store.confirmation(transfer.id))
    back = await other.packed("1671-07", card_ids=(scanned.card,))
    await one.shelf.forget()
    await one.announce(await other.store.file(back.id))
    await one.scan(back.id, receipt=card.receipt)
    assert [each.name for each in await one.shelf.cards.find(("name CONTOH",), 20)] == ["Contoh Rekaan 0"]
    await one.settle(back.id)
    await other.take_confirmation(await one.store.confirmation(back.id))
    await other.shelf.forget()
    again = await one.packed("1671-09", card_ids=(card.id,))
    await other.announce(await one.store.file(again.id))
    assert (await other.scan(again.id, receipt=card.receipt)).card == scanned.card


async def test_a_list_is_forgotten_with_its_time_and_a_late_card_is_told_as_such(stations):
    one, other = stations
    transfer, (card, *_), file = await sent(one, 1)
    await other.announce(file)
    await other.shelf.forget()
    await other.settle(transfer.id, with_differences=True)
    await other.shelf.forget()
    assert await other.shelf.rows("SELECT count(*) FROM transfer_card WHERE sealed IS NOT NULL") == [(0,)]
    assert code(await other.scan(transfer.id, receipt=card.receipt)) == "card-forgotten"


async def test_a_packet_that_never_left_is_cancelled(stations):
    one, other = stations
    transfer, cards, file = await sent(one)
    cancelled = await one.store.cancel(transfer.id, OFFICER)
    assert cancelled.state is TransferState.CANCELLED
    assert {(await one.shelf.card(card.id)).custody for card in cards} == {Custody.CHECKED}
    assert code(await one.store.cancel(transfer.id, OFFICER)) == "transfer-state"
    await other.announce(file)
    await other.settle(transfer.id, with_differences=True)
    assert code(await one.take_confirmation(await other.store.confirmation(transfer.id))) == "transfer-state"
    assert code(await other.store.cancel(transfer.id, OFFICER)) == "transfer-state"
    assert code(await one.store.cancel("nothing", OFFICER)) == "transfer-unknown"


async def test_a_packet_holds_what_was_asked_for_or_nothing(stations):
    one, _ = stations
    assert code(await one.pack("1671-09")) == "nothing-to-transfer"
    shelved, unchecked = await one.shelf.shelved(), await one.shelf.printed()
    assert code(await one.pack("1671-09", card_ids=(shelved.id, unchecked.id))) == "card-state"
    assert (await one.shelf.card(shelved.id)).custody is Custody.ON_SHELF
    assert await one.register.page(None, None, 10) == []
    nobody = "01890000-0000-7000-8000-000000000001"
    assert code(await one.pack("1671-09", card_ids=(nobody,))) == "card-unknown"
    transfer = await one.packed("1671-09", card_ids=(shelved.id, shelved.id))
    assert transfer.cards == 1
    await one.shelf.shelved(**THERE)
    assert (await one.packed("1671-09", is_due_only=False)).cards == 1


async def test_minutes_name_every_card_by_name_and_address_and_mask_the_nik(stations):
    one, other = stations
    transfer, cards, file = await sent(one)
    minutes = await one.register.read(await one.store.minutes_of(transfer.id))
    (annex,) = minutes.annexes
    assert minutes.number == transfer.number
    assert [(row[1], row[2], row[3]) for row in annex.rows] == [
        (f"Contoh Rekaan {n}", f"9999••••••••000{n + 1}", "Jalan Rekaan 1") for n in range(3)
    ]
    assert "3 (tiga) keping" in minutes.totals[0].told
    await other.announce(file)
    await other.scan(transfer.id, receipt=cards[0].receipt)
    await other.scan(transfer.id, receipt="0000-0000-0000")
    await other.settle(transfer.id, with_differences=True)
    minutes = await other.register.read(await other.store.minutes_of(transfer.id))
    assert [(annex.title, len(annex.rows)) for annex in minutes.annexes] == [
        ("Daftar KTP-el yang diterima", 1),
        ("Daftar KTP-el yang tidak ditemukan dalam kiriman", 2),
        ("Daftar KTP-el di luar daftar pengiriman", 1),
    ]


async def test_transfers_are_listed_with_their_cards(stations):
    one, other = stations
    transfer, cards, file = await sent(one)
    (listed,) = await one.store.page(TransferState.SENT, (0, ""), 10)
    assert listed == transfer
    assert await one.store.page(TransferState.AGREED, (0, ""), 10) == []
    assert await one.store.page(None, (transfer.at, transfer.id), 10) == []
    _, items, _ = await one.store.read(transfer.id)
    assert [(item.place, item.card) for item in items] == [(n, card.id) for n, card in enumerate(cards, 1)]
    await other.announce(file)
    _, items, _ = await other.store.read(transfer.id)
    assert {item.state for item in items} == {ItemState.SENT}
    assert {item.card for item in items} == {None}
    assert await one.store.read("nothing") is None
    assert await one.store.file("nothing") is None
    assert await other.store.file(transfer.id) is None
    assert await one.store.counts() == {("out", "sent"): 1}


# --------------------------------------------------------------------------------------------------------------- files


async def test_nothing_of_a_person_is_readable_in_a_file(stations):
    one, other = stations
    transfer, cards, file = await sent(one)
    for secret in ("Contoh Rekaan", "9999010101", "Jalan", *(card.receipt for card in cards)):
        assert secret.encode() not in file
    await other.announce(file)
    await other.settle(transfer.id, with_differences=True)
    assert b"Contoh Rekaan" not in await other.store.confirmation(transfer.id)
    events = await other.shelf.rows("SELECT data FROM event")
    assert not any("Rekaan" in str(data) for (data,) in events)


async def test_a_file_for_another_station_or_of_a_stranger_is_refused(stations):
    one, other = stations
    card = await one.shelf.shelved(**THERE)
    transfer = await one.packed("1671-10", card_ids=(card.id,))
    assert code(await other.announce(await one.store.file(transfer.id))) == "transfer-for-another"
    stranger = TransferFiles(StationKeys(seal_of("1671-09").derived), {"1671-10": partner("1671-10")})
    assert code(stranger.read(await one.store.file(transfer.id), here="1671-09")) == "transfer-sender-unknown"


async def test_a_file_that_was_sealed_to_another_key_is_told_as_such(stations):
    one, other = stations
    _, _, file = await sent(one)
    impostor = TransferFiles(StationKeys(seal_of("1671-10").derived), {"1671-07": partner("1671-07")})
    assert code(impostor.read(file, here="1671-09")) == "transfer-unreadable"
    assert isinstance(other.files.read(file, here="1671-09"), object)


async def test_a_confirmation_that_does_not_fit_is_refused(stations):
    one, other = stations
    transfer, _, file = await sent(one)
    await other.announce(file)
    await other.settle(transfer.id, with_differences=True)
    raw = await other.store.confirmation(transfer.id)
    right = one.files.read_confirmation(raw, here="1671-07")
    for wrong, expected in (
        (replace(right, missing=right.missing[1:]), "confirmation-invalid"),
        (replace(right, missing=(*right.missing, right.missing[0])), "confirmation-invalid"),
        (replace(right, transfer="nothing"), "transfer-unknown"),
        (replace(right, sender="1671-10"), "transfer-for-another"),
    ):
        assert code(await one.take_confirmation(other.files.write_confirmation(wrong))) == expected
    assert code(await other.take_confirmation(raw)) == "transfer-sender-unknown"
    assert code(await one.take_confirmation(file)) == "transfer-malformed"
    assert code(await other.announce(raw)) == "transfer-malformed"


FILES = st.binary(max_size=40) | st.sampled_from([b"", b"{}", b"[]", b'{"format":"stationd-transfer/1"}'])


async def test_every_cut_and_every_changed_byte_of_a_file_is_refused(stations):
    one, other = stations
    _, _, file = await sent(one, 1)
    whole = json.loads(file)
    for cut in range(0, len(file) - 1, 7):
        assert isinstance(other.files.read(file[:cut], here="1671-09"), Refused)
    for place in range(0, len(file), 3):
        if file[place : place + 1] in {b" ", b"\n"}:
            continue
        changed = file[:place] + bytes([file[place] ^ 1]) + file[place + 1 :]
        answer = other.files.read(changed, here="1671-09")
        assert isinstance(answer, Refused) or json.loads(changed) == whole, place
    await other.announce(file)


# -------------------------------------------------------------------------------------------------------- conservation

STEPS = st.lists(
    st.sampled_from(
        [
            *("pack", "pack back", "carry", "carry back", "read in", "read in", "scan", "scan", "scan"),
            *("settle", "confirm", "lose a file", "repeat a file", "cut a file", "cancel", "lose a card", "find"),
        ]
    ),
    min_size=10,
    max_size=60,
)


class World:
    """Where the cards really are, besides what the two books say."""

    def __init__(self, one, other, cards) -> None:
        self.books = {"a": one, "b": other}
        self.at = {card.receipt: "a" for card in cards}
        self.packets: list[tuple[str, str, str, set[str]]] = []  # transfer, from, where the packet is, receipts
        self.files: list[tuple[str, bytes]] = []  # to whom, bytes
        self.lost: set[str] = set()

    async def check(self) -> None:
        held = {name: await book.receipts(*HELD) for name, book in self.books.items()}
        assert not held["a"] & held["b"], "a card is held by two stations"
        for name, receipts in held.items():
            for receipt in receipts:
                assert self.at[receipt] == name, "a book holds a card that is elsewhere"
        answered = {*held["a"], *held["b"]}
        for book in self.books.values():
            answered |= await book.receipts("in_transit", "missing")
        assert answered == set(self.at), "nobody answers for a card"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), STEPS)
async def test_files_may_be_lost_repeated_or_cut_and_every_card_is_held_once(tmp_path_factory, data, steps):
    async with open_stations(tmp_path_factory.mktemp("two")) as (one, other):
        cards = [await one.shelf.shelved(**THERE) for _ in range(4)]
        world = World(one, other, cards)
        for step in steps:
            await taken(world, step, data)
            await world.check()
        await finished(world)
        await one.shelf.check_books()
        await other.shelf.check_books()


async def taken(world: World, step: str, data) -> None:
    pick = lambda options: data.draw(st.sampled_from(options))  # noqa: E731 - one word for the draw
    if step in {"pack", "pack back"}:
        name, to = ("a", "1671-09") if step == "pack" else ("b", "1671-07")
        book = world.books[name]
        rows = await book.shelf.rows(
            "SELECT coalesce(j.id, f.id), coalesce(j.receipt, f.receipt) FROM card AS c LEFT JOIN job AS j "
            "ON j.seq = c.seq LEFT JOIN foreign_card AS f ON f.card = c.seq "
            "WHERE c.custody IN ('on_shelf', 'checked', 'received') ORDER BY c.seq"
        )
        if rows:
            chosen = data.draw(st.lists(st.sampled_from(rows), min_size=1, unique=True))
            transfer = await book.packed(to, card_ids=tuple(card_id for card_id, _ in chosen))
            packet = {receipt for _, receipt in chosen}
            for receipt in packet:
                world.at[receipt] = f"packet {transfer.id}"
            world.packets.append((transfer.id, name, name, packet))
            world.files.append(("b" if name == "a" else "a", await book.store.file(transfer.id)))
    elif step in {"carry", "carry back"}:
        here = [
            n for n, packet in enumerate(world.packets) if packet[1] == packet[2] == ("a" if step == "carry" else "b")
        ]
        if here:
            n = pick(here)
            transfer, sender, _, receipts = world.packets[n]
            world.packets[n] = (transfer, sender, "b" if sender == "a" else "a", receipts)
    elif step in {"lose a file", "repeat a file", "cut a file"} and world.files:
        n = pick(range(len(world.files)))
        to, raw = world.files[n]
        if step == "lose a file":
            del world.files[n]
        else:
            world.files.append(
                (to, raw if step == "repeat a file" else raw[: data.draw(st.integers(0, max(0, len(raw) - 2)))])
            )
    elif step in {"read in", "confirm"} and world.files:
        to, raw = pick(world.files)
        book = world.books[to]
        if b"stationd-transfer" in raw[:60]:
            await book.announce(raw)
        else:
            await book.take_confirmation(raw)
    elif step == "scan":
        there = [packet for packet in world.packets if packet[1] != packet[2] and packet[3]]
        if there:
            transfer, _, where, receipts = pick(there)
            receipt = pick(sorted(receipts))
            answer = await world.books[where].scan(transfer, receipt=receipt)
            if not isinstance(answer, Refused) and answer.result is ScanResult.ARRIVED:
                receipts.discard(receipt)
                world.at[receipt] = where
    elif step == "settle" and world.packets:
        transfer, sender, where, _ = pick(world.packets)
        if where != sender:
            answer = await world.books[where].settle(transfer, with_differences=True)
            if isinstance(answer, Transfer):
                world.files.append((sender, await world.books[where].store.confirmation(transfer)))
    elif step == "cancel" and world.packets:
        n = pick(range(len(world.packets)))
        transfer, sender, where, receipts = world.packets[n]
        if where == sender and not isinstance(await world.books[sender].store.cancel(transfer, OFFICER), Refused):
            for receipt in receipts:
                world.at[receipt] = sender
            del world.packets[n]
    elif step == "lose a card":
        full = [packet for packet in world.packets if packet[3] and packet[1] != packet[2]]
        if full:
            _, sender, _, receipts = pick(full)
            receipt = pick(sorted(receipts))
            receipts.discard(receipt)
            world.at[receipt] = f"under the table of {sender}"
    elif step == "find":
        under = [(receipt, where[-1]) for receipt, where in world.at.items() if where.startswith("under")]
        if under:
            receipt, name = pick(under)
            standing = await world.books[name].shelf.cards.by_receipt(receipt)
            answer = await world.books[name].shelf.move(standing.card, CustodyEvent.FOUND)
            if not isinstance(answer, Refused):
                world.at[receipt] = name


async def finished(world: World) -> None:
    """Everything arrives at last: both ends agree on every card that was not lost."""
    for n, (transfer, sender, _, receipts) in enumerate(world.packets):
        where = "b" if sender == "a" else "a"
        world.packets[n] = (transfer, sender, where, receipts)
        book = world.books[where]
        await book.announce(await world.books[sender].store.file(transfer))
        for receipt in sorted(receipts):
            answer = await book.scan(transfer, receipt=receipt)
            assert answer.result is ScanResult.ARRIVED
            world.at[receipt] = where
        answer = await book.settle(transfer, with_differences=True)
        raw = await book.store.confirmation(transfer)
        assert raw is not None, answer
        await world.books[sender].take_confirmation(raw)
        await world.check()
    in_transit = {name: await book.receipts("in_transit") for name, book in world.books.items()}
    assert in_transit == {"a": set(), "b": set()}


async def test_the_list_and_the_file_of_a_packet_go_with_the_holders_even_when_it_never_came(stations):
    one, other = stations
    transfer, _, file = await sent(one)
    await other.announce(file)
    await other.shelf.forget()
    kept = (
        "SELECT (SELECT count(*) FROM transfer_card WHERE sealed IS NOT NULL), (SELECT sum(length(file)) FROM transfer)"
    )
    assert await other.shelf.rows(kept) == [(0, 0)]
    assert code(await other.scan(transfer.id, place=1))
    await one.shelf.forget()
    assert await one.store.file(transfer.id) == file, "the sender must be able to send it again until it is agreed"
