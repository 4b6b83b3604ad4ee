"""gammu's own AT driver against a modem on a pty: what is certain is told as certain, and everything else as lost."""

import asyncio
import os
from dataclasses import replace

import pytest

from stationd.adapters.sms.gammu_modem import GammuModem, ModemOptions
from stationd.ports.notifier import Accepted, Lost, Message, NotSent, Rejected
from tests.rigs.modem import EXPIRED, Fate, Modem

TEXT = "KTP-el Anda sudah jadi. Resi 2XK7-9QF4-M3TP. Gratis."
LIMITS = ModemOptions(send_s=60.0, open_s=60.0, ask_s=60.0, ussd="*888#")
IMPATIENT = replace(LIMITS, send_s=2.0)
"""For messages whose answer never comes: gammu itself gives up after 100 seconds."""


def message(last):
    return Message(id=f"notice-{last}", number=f"+628120000000{last}", text=TEXT)


@pytest.fixture
def rig(tmp_path):
    modem = Modem(tmp_path / "modem")
    yield modem
    modem.close()


@pytest.fixture
async def way(rig):
    modem = GammuModem(lambda: [rig.path] if os.path.lexists(rig.path) else [], LIMITS)
    yield modem
    await modem.aclose()


async def reports(way):
    async with asyncio.timeout(60):
        while not (came := await way.collect([])):
            await asyncio.sleep(0.05)
    return came


async def test_a_message_goes_out_once_and_its_delivery_report_comes_back(rig, way):
    assert isinstance(await way.send(message(1)), Accepted)
    (sent,) = rig.sent
    assert (sent.number, sent.text, sent.wants_report) == ("+6281200000001", TEXT, True)
    (report,) = await reports(way)
    assert (report.is_delivered, report.number, report.reference) == (True, sent.number, str(sent.reference))
    assert way.status.is_ready
    assert way.status.signal == 60

    async with asyncio.timeout(60):
        while way.status.credit is None:
            await asyncio.sleep(0.05)
    assert way.status.credit == 12_500

    rig.report_at_once = EXPIRED
    assert isinstance(await way.send(message(2)), Accepted)
    (report,) = await reports(way)
    assert (report.is_delivered, report.reason) == (False, "status-70")


async def test_errors_of_the_network_are_told_from_those_of_the_number(rig, way):
    rig.fate = lambda number: {"1": Fate.CMS_BARRED, "2": Fate.CMS_ERROR}.get(number[-1], Fate.TAKEN)
    assert await way.send(message(1)) == Rejected("cms-28")
    assert isinstance(await way.send(message(3)), Accepted)
    assert await way.send(message(2)) == NotSent("cms-38")
    assert not way.status.is_ready
    assert [sent.number[-1] for sent in rig.sent] == ["3"]
    await way.look()
    assert way.status.is_ready


async def test_a_lost_answer_and_silence_are_unknown_after_the_limit_and_the_modem_is_opened_afresh(rig, way):
    await way.look()
    rig.fate = lambda _: Fate.LOST
    way._options = IMPATIENT
    assert await way.send(message(1)) == Lost("no-answer")
    assert len(rig.sent) == 1
    assert way.restarts == 1
    assert not way.status.is_ready

    way._options = LIMITS
    rig.fate = lambda _: Fate.TAKEN
    assert isinstance(await way.send(message(2)), Accepted)
    rig.report(rig.sent[0])  # the network is late
    found = []
    while len(found) < 2:
        found += [report.number[-1] for report in await reports(way)]
    assert sorted(found) == ["1", "2"]
    assert [sent.number[-1] for sent in rig.sent] == ["1", "2"]

    rig.fate = lambda _: Fate.SILENT
    way._options = IMPATIENT
    assert await way.send(message(3)) == Lost("no-answer")
    assert len(rig.sent) == 2


async def test_a_cable_pulled_in_mid_message_is_unknown_and_the_modem_is_found_again(rig, way):
    await way.look()
    way._options = IMPATIENT
    rig.fate = lambda _: Fate.UNPLUGGED
    assert isinstance(await way.send(message(1)), Lost)
    assert await way.send(message(2)) == NotSent("modem-missing")
    way._options = LIMITS
    rig.fate = lambda _: Fate.TAKEN
    rig.plug()
    assert isinstance(await way.send(message(3)), Accepted)
    assert [sent.number[-1] for sent in rig.sent] == ["3"]


async def test_a_modem_without_network_or_credit_is_given_no_message(rig, way):
    rig.is_registered = False
    assert await way.send(message(1)) == NotSent("no-network")
    rig.is_registered = True
    rig.credit = "Sisa pulsa Rp 250"
    await way.look()
    way._credit_asked = None
    await way.look()
    async with asyncio.timeout(60):
        while way.status.credit != 250:
            await asyncio.sleep(0.05)
    await way.look()
    assert await way.send(message(1)) == NotSent("no-credit")
    assert rig.asked == []


async def test_without_a_modem_nothing_is_sent(tmp_path):
    way = GammuModem(list, LIMITS)
    assert await way.send(message(1)) == NotSent("modem-missing")
    nobody = GammuModem(lambda: [str(tmp_path / "nothing")], LIMITS)
    assert await nobody.send(message(1)) == NotSent("modem-fault")
    await way.aclose()
    await nobody.aclose()
