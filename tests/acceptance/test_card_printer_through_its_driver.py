"""A card printer that needs its driver, from the cable to the card: genuine cupsd, genuine filters, genuine gutenprint.

Nothing is configured but the matcher that the project ships for it (with the address of the test's own CUPS): the
station finds no queue, makes one with gutenprint's driver and prints. What comes out below is what a Magicard Tango 2E
would be sent.
"""

import asyncio
import io
import re
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from stationd.config_matchers import packaged_directory
from tests.rigs.cupsd import Cupsd
from tests.rigs.plugged_station import PluggedStation, is_gone, is_ready
from tests.rigs.vusb import VirtualUsb

SERIAL = "42E0123"
NAME = "usb-0c1f-1800-42e0123-4d8b1c"
SEEN = f"gutenprint53+usb://tango2e/{SERIAL}"
"""As gutenprint's own backend calls the printer; CUPS's usb backend leaves it alone."""
PLUG = {"vendor": "0c1f", "product": "1800", "serial": SERIAL, "maker": "Magicard", "model": "Tango 2E"}
DEVICE_ID = "MFG:Magicard ;CMD:PCL,MPL;MDL:RioTango2D"
PLANES = ("B", "G", "R")
SIZE = re.compile(rb",SZ([BGR])(\d+)")


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="cups-card-") as made:
        Path(made).chmod(0o755)  # filters run as the user lp
        yield Path(made)


@pytest.fixture
def rig(folder):
    with Cupsd(folder / "cups", usb=[SEEN], has_drivers=True) as running:
        yield running


@pytest.fixture
def matcher(rig):
    """The matcher as the project ships it, asking the test's CUPS."""
    text = (packaged_directory() / "card-printers.toml").read_text(encoding="utf-8")
    (table,) = re.findall(r'^\[\[device\]\]\nname = "magicard-tango-2e"\n(?:.+\n)+', text, re.MULTILINE)
    return f'{table}uri = "{rig.server_uri}"\n'


@pytest.fixture
def usb():
    with VirtualUsb() as bus:
        yield bus


@pytest.fixture
async def station(folder, matcher, usb):
    plugged = PluggedStation(folder / "station", usb)
    (plugged.folder / "devices.d" / "magicard.toml").write_text(matcher)
    async with plugged:
        await plugged.receive(5)
        plugged.plugged = usb.plug_printer(**PLUG, device_id=DEVICE_ID)
        yield plugged
        assert "Traceback" not in plugged.log.read_text(encoding="utf-8")


def picture(size: tuple[int, int] = (1013, 638)) -> bytes:
    """A card in one colour: red."""
    made = io.BytesIO()
    Image.new("RGB", size, (255, 0, 0)).save(made, "PNG")
    return made.getvalue()


def planes(data: bytes) -> dict[str, bytes]:
    """The colour planes in the data for a Magicard."""
    sizes = {plane: int(size) for size, plane in ((found[2], found[1].decode()) for found in SIZE.finditer(data))}
    at, found = data.index(b"\x1c") + 1, {}
    for plane in PLANES:
        found[plane] = data[at : at + sizes[plane]]
        at += sizes[plane] + len(f"\x1c{plane}:")
    return found


async def test_a_printer_without_a_queue_is_plugged_in_and_prints_through_its_genuine_driver(station, rig):
    shown = await station.until(is_ready, NAME, within_s=30)
    assert shown["usb"]["matcher"] == "magicard-tango-2e"
    assert shown["model"].startswith("Magicard Tango 2E - CUPS+Gutenprint")
    queues = (rig.folder / "root" / "printers.conf").read_text()
    assert f"<Printer {NAME}>" in queues
    assert f"DeviceURI stationd-once:{SEEN}" in queues
    assert queues.count("ErrorPolicy abort-job") == 2

    _, job = await station.submit(1, picture())
    assert (await station.job(job["id"], "printed"))["evidence"] == "spooler"
    (card,) = await asyncio.to_thread(rig.wait_for_cards, 1)
    data = rig.data_of(card)
    assert data.startswith(b"\x05" * 64 + b"\x01,NOC1,"), "one card, in the language of a Magicard"
    covered = {plane: 1 - bytes_.count(0) / len(bytes_) for plane, bytes_ in planes(data).items()}
    assert covered["R"] == 0, "red is where no red is taken away"
    assert covered["B"] == covered["G"] > 0.9, "the picture fills the card"


async def test_a_card_in_a_genuine_driver_is_not_sent_again_by_a_cupsd_that_died(station, rig):
    await station.until(is_ready, NAME, within_s=30)
    rig.behave("sleep 30")
    _, job = await station.submit(1, picture())
    await asyncio.to_thread(rig.wait_for_begun, 1)
    rig.behave("")
    await asyncio.to_thread(rig.restart)
    assert (await station.job(job["id"], "uncertain"))["reasons"] == ["outcome-unknown"]
    status, _ = await station.submit(2, picture((1010, 636)))
    assert status == 201
    await asyncio.to_thread(rig.wait_for_cards, 1)
    names = [card.name for card in rig.begun()]
    assert len(names) == len(set(names)) == 2


async def test_a_printer_that_is_pulled_out_stops_though_its_queue_says_idle_and_prints_when_it_is_back(station, usb):
    await station.until(is_ready, NAME, within_s=30)
    usb.unplug(station.plugged)
    await station.until(is_gone, NAME)
    _, job = await station.submit(1, picture())
    await asyncio.sleep(
        2.5
    )  # longer than the spooler takes to ask the queue, which answers for the printer that is gone
    assert (await station.job(job["id"], "queued", "printing", "printed"))["state"] == "queued"
    usb.plug_printer(**PLUG, device_id=DEVICE_ID, lp=3)
    assert (await station.job(job["id"], "printed"))["printer"] == NAME
