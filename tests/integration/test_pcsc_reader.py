"""PC/SC readers against a genuine pcscd with virtual cards: insertion, removal, and a service that crashes."""

import asyncio
import logging
import sys
import threading
import time
from contextlib import asynccontextmanager

import pytest
from smartcard import scard

from stationd.adapters.readers import drivers
from stationd.adapters.readers.pcsc import PcscReader
from stationd.domain.scan import ReaderState, ScanKind
from stationd.ports.readers import ReaderSpec
from tests.rigs.pcscd import Pcscd
from tests.rigs.vcard import CLASSIC_ATR, GET_UID, VirtualCard

UID = bytes.fromhex("04A1B2C3D4E5F6")
WITHIN_S = 60.0


@pytest.fixture
def service():
    with Pcscd() as service:
        yield service


@asynccontextmanager
async def watching(wanted=None):
    """A reader at work: gives it and the coroutine function that waits for its next scan."""
    spec = ReaderSpec(name="kartu-chip", driver="pcsc", port=wanted)
    reader = await asyncio.to_thread(drivers.build, spec)
    scans = reader.scans()
    seen = asyncio.Queue()

    async def collect():
        async for scan in scans:
            seen.put_nowait(scan)

    async def next_scan():
        return await asyncio.wait_for(seen.get(), WITHIN_S)

    collecting = asyncio.create_task(collect())
    try:
        yield reader, next_scan
    finally:
        collecting.cancel()
        await asyncio.wait({collecting})
        await scans.aclose()
        await reader.aclose()


def hold_exclusively(reader):
    """Another program that keeps a card for itself; gives what lets it go."""
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    deadline = time.monotonic() + WITHIN_S
    while True:
        result, card, _ = scard.SCardConnect(
            context, reader, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        )
        if result == scard.SCARD_S_SUCCESS:
            break
        assert time.monotonic() < deadline
        time.sleep(0.02)

    def let_go():
        scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
        scard.SCardReleaseContext(context)

    return let_go


async def until(reader, state, reason=None):
    async with asyncio.timeout(WITHIN_S):
        while reader.status.state is not state or (reason and reason not in reader.status.reasons):
            await asyncio.sleep(0.01)


async def test_a_card_is_seen_with_atr_and_uid_and_seen_to_leave(service):
    async with watching() as (reader, next_scan):
        await until(reader, ReaderState.READY)
        assert "Virtual PCD 00 00" in reader.status.model
        for uid in (UID, UID[::-1]):
            async with VirtualCard(service.ports[0], uid) as card:
                seen = await next_scan()
                assert (seen.kind, seen.data, seen.atr) == (ScanKind.CARD, uid, CLASSIC_ATR)
                assert card.apdus == [GET_UID]
            assert (await next_scan()).kind is ScanKind.CARD_REMOVED


async def test_a_card_that_lies_there_already_is_seen_at_once(service):
    async with VirtualCard(service.ports[0], UID), watching() as (_, next_scan):
        assert (await next_scan()).data == UID


async def test_a_card_without_a_uid_is_seen_all_the_same(service):
    async with watching() as (reader, next_scan):
        await until(reader, ReaderState.READY)
        async with VirtualCard(service.ports[0], None):
            seen = await next_scan()
            assert (seen.kind, seen.data, seen.atr) == (ScanKind.CARD, b"", CLASSIC_ATR)


async def test_a_card_that_somebody_else_holds_is_seen_without_its_uid(service):
    async with VirtualCard(service.ports[0], UID) as card:
        let_go = await asyncio.to_thread(hold_exclusively, "Virtual PCD 00 00")
        async with watching() as (_, next_scan):
            seen = await next_scan()
            assert (seen.data, seen.atr) == (b"", CLASSIC_ATR)
        await asyncio.to_thread(let_go)
        assert card.apdus == []


async def test_only_the_wanted_reader_is_listened_to(service):
    async with watching("PCD 00 01") as (reader, next_scan):
        await until(reader, ReaderState.READY)
        assert reader.status.model == "Virtual PCD 00 01"
        async with VirtualCard(service.ports[0], UID), VirtualCard(service.ports[1], UID[::-1]):
            assert (await next_scan()).data == UID[::-1]


async def test_a_reader_that_the_service_does_not_have_is_told(service):
    async with watching("Contoh 5000") as (reader, _):
        await until(reader, ReaderState.ABSENT, "reader-missing")
        assert "Contoh 5000" in reader.status.fault


async def test_a_crashed_service_is_told_and_used_again_when_it_is_back(service, caplog):
    caplog.set_level(logging.DEBUG)
    async with watching() as (reader, next_scan):
        await until(reader, ReaderState.READY)
        card = VirtualCard(service.ports[0], UID)
        await card.insert()
        assert (await next_scan()).data == UID
        service.kill()
        await until(reader, ReaderState.ABSENT, "service-missing")
        assert (await next_scan()).kind is ScanKind.CARD_REMOVED
        await card.remove()
        service.start()
        reader.nudge()
        await until(reader, ReaderState.READY)
        async with VirtualCard(service.ports[0], UID):
            assert (await next_scan()).data == UID
    assert UID.hex() not in caplog.text.lower()
    assert [record.levelname for record in caplog.records if record.levelno >= logging.WARNING] == ["WARNING"]


async def test_a_service_that_starts_later_is_found_without_a_nudge():
    async with watching() as (reader, _):
        await until(reader, ReaderState.ABSENT, "service-missing")
        service = Pcscd()
        try:
            await asyncio.to_thread(service.start)
            await until(reader, ReaderState.READY)
        finally:
            service.stop()


async def test_waiting_for_a_card_does_not_hold_the_loop(service):
    async with watching() as (reader, _):
        await until(reader, ReaderState.READY)
        began = time.monotonic()
        for _ in range(20):
            await asyncio.sleep(0.005)
        assert time.monotonic() - began < 30


async def test_letting_go_leaves_no_thread(service):
    async with watching() as (reader, _):
        await until(reader, ReaderState.READY)
        assert "pcsc kartu-chip" in {thread.name for thread in threading.enumerate()}
    async with asyncio.timeout(WITHIN_S):
        while "pcsc kartu-chip" in {thread.name for thread in threading.enumerate()}:
            await asyncio.sleep(0.01)


def test_without_pyscard_the_reason_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    with pytest.raises(ValueError, match=r"install stationd\[pcsc\]"):
        drivers.build(ReaderSpec(name="a", driver="pcsc"))


def test_options_are_refused():
    with pytest.raises(ValueError, match="baud: there is no such option; allowed are none"):
        drivers.build(ReaderSpec(name="a", driver="pcsc", options={"baud": 9600}))


def test_the_driver_gives_what_the_port_asks_for():
    reader = drivers.build(ReaderSpec(name="a", driver="pcsc"))
    assert isinstance(reader, PcscReader)
    assert (reader.name, reader.kind, reader.status.state) == ("a", "pcsc", ReaderState.ABSENT)
