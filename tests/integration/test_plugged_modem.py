"""A modem on the bus: its lines are matched by its maker, and the one that answers to gammu is used."""

import asyncio
import os
import tty

from stationd.adapters.sms.gammu_modem import GammuModem, ModemOptions
from stationd.config_matchers import load, packaged_directory
from stationd.domain.inventory import Sighting, Subsystem, take_stock
from stationd.domain.matcher import match
from stationd.ports.notifier import Accepted, Message, NotSent
from stationd.services.modems import Modems
from stationd.services.watch_devices import DeviceUse, name_of
from tests.rigs.modem import Modem

MATCHERS = load([packaged_directory()])


def line(node, function):
    return Sighting(
        subsystem=Subsystem.TTY,
        sys_path=f"/sys/{function}",
        node=node,
        vendor="12d1",
        product="1001",
        serial="",
        serial_key="",
        port="c-usb2-1",
        function=function,
        interface_class=255,
    )


async def test_of_the_lines_of_a_modem_the_one_that_answers_is_used(tmp_path):
    """A Huawei stick shows three lines; the first here is deaf, as its diagnostic line is."""
    deaf, slave = os.openpty()
    tty.setraw(slave)
    rig = Modem(tmp_path / "modem")
    modems = Modems()
    stock = take_stock([line(os.ttyname(slave), "00"), line(rig.path, "02")])
    for record in stock.devices.values():
        found = match(record.seen, MATCHERS)
        assert found is not None
        modems.came(DeviceUse(name=name_of(record.identity), record=record, matcher=found.matcher))
    way = GammuModem(modems.nodes, ModemOptions(open_s=10.0, ask_s=60.0))
    message = Message(id="notice-1", number="+6281200000001", text="KTP-el Anda sudah jadi.")
    try:
        async with asyncio.timeout(180):
            assert len(modems.nodes()) == 2
            assert isinstance(await way.send(message), Accepted)
            assert [sent.number for sent in rig.sent] == [message.number]
            for record in stock.devices.values():
                modems.went(name_of(record.identity))
            rig.unplug()
            while not isinstance(await way.send(message), NotSent):
                await asyncio.sleep(0.1)
    finally:
        await way.aclose()
        rig.close()
        os.close(deaf)
        os.close(slave)
