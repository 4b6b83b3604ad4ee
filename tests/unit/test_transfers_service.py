"""Transfers as officers and kiosks meet them: the service over two real stores."""

import pytest

from stationd.domain.errors import Refused
from stationd.domain.transfer import ScanResult, TransferState
from stationd.services.transfers import Seen, Signing, Transfers, Wanted
from tests.unit.card_shelf import OFFICER
from tests.unit.two_stations import ON, SIGNER, Station, open_stations

THERE = {"district": "16.71.09", "village": "16.71.09.1001"}


class Papers:
    """The register's paper, without pages."""

    async def pdf(self, minutes_id: str) -> bytes:
        return f"pdf {minutes_id}".encode()

    async def csv(self, minutes_id: str) -> bytes:
        return f"csv {minutes_id}".encode()


def desk(station: Station) -> Transfers:
    signing = Signing(desk=station.desk, signer=lambda number: SIGNER, today=lambda: ON)
    return Transfers(station.store, station.files, Papers(), signing, here=station.id, partners=station.partners)


@pytest.fixture
async def stations(tmp_path):
    async with open_stations(tmp_path) as opened:
        yield opened


async def refused(awaitable) -> Refused:
    with pytest.raises(Refused) as caught:
        await awaitable
    return caught.value


async def test_a_packet_goes_from_desk_to_desk(stations):
    one, other = stations
    sender, receiver = desk(one), desk(other)
    cards = [await one.shelf.shelved(**THERE) for _ in range(2)]
    await one.shelf.due(*cards)
    assert [(group.district, group.cards) for group in await sender.due()] == [("16.71.09", 2)]
    view = await sender.pack(Wanted(to="1671-09"), actor=OFFICER)
    id_ = view.transfer.id
    assert [item.card for item in view.items] == [card.id for card in cards]
    assert (await sender.pdf(id_)).startswith(b"pdf ")
    assert (await sender.csv(id_)).startswith(b"csv ")
    await receiver.announce(await sender.file(id_), actor=OFFICER)
    assert (await refused(receiver.pdf(id_))).code == "transfer-unconfirmed"
    assert (await refused(receiver.confirmation(id_))).code == "transfer-unconfirmed"
    assert (await refused(receiver.file(id_))).code == "transfer-unknown"
    for card in cards:
        scanned = await receiver.scan(id_, Seen(receipt=card.receipt.lower()), actor=OFFICER)
        assert scanned.result is ScanResult.ARRIVED
    assert (await refused(receiver.scan(id_, Seen(receipt="2XK7"), actor=OFFICER))).code == "receipt-malformed"
    assert (await refused(receiver.scan(id_, Seen(place=9), actor=OFFICER))).code == "card-not-listed"
    await receiver.settle(id_, with_differences=False, actor=OFFICER)
    confirmed = await sender.take_confirmation(await receiver.confirmation(id_), actor=OFFICER)
    assert confirmed.transfer.state is TransferState.AGREED


async def test_what_is_asked_for_wrongly_is_refused_with_its_reason(stations):
    one, other = stations
    sender, receiver = desk(one), desk(other)
    answer = await refused(sender.pack(Wanted(to="1671-99"), actor=OFFICER))
    assert (answer.code, answer.fix) == ("partner-unknown", "partners are: 1671-09, 1671-10")
    assert (await refused(sender.pack(Wanted(to="1671-09"), actor=OFFICER))).code == "nothing-to-transfer"
    assert (await refused(receiver.announce(b"{", actor=OFFICER))).code == "transfer-malformed"
    assert (await refused(sender.take_confirmation(b"{", actor=OFFICER))).code == "transfer-malformed"
    for act in (
        sender.read("x"),
        sender.cancel("x", actor=OFFICER),
        receiver.settle("x", with_differences=True, actor=OFFICER),
        receiver.scan("x", Seen(place=1), actor=OFFICER),
        sender.pdf("x"),
    ):
        assert (await refused(act)).code == "transfer-unknown"


async def test_pages_of_transfers_follow_one_another(stations):
    one, _ = stations
    sender = desk(one)
    ids = []
    for _ in range(3):
        card = await one.shelf.shelved()
        one.shelf.clock.pass_s(1)
        ids.append((await sender.pack(Wanted(to="1671-09", card_ids=(card.id,)), actor=OFFICER)).transfer.id)
    await sender.cancel(ids[0], actor=OFFICER)
    first, after = await sender.page(state=None, after=None, limit=2)
    rest, end = await sender.page(state=None, after=after, limit=2)
    assert ([each.id for each in (*first, *rest)], end) == (ids, None)
    open_, _ = await sender.page(state=TransferState.SENT, after=None, limit=9)
    assert [each.id for each in open_] == ids[1:]
    for wrong in ("", "x", "~", "x~y", "²~y", "9" * 30 + "~y"):
        assert (await refused(sender.page(state=None, after=wrong, limit=2))).code == "cursor-malformed"
