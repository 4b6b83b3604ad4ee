"""The cups driver against a genuine cupsd: a queue found, made safe or made, and cards through it."""

import asyncio
import itertools
import uuid
from dataclasses import replace

import pytest

from stationd.adapters.printers.cups import build
from stationd.adapters.printers.cups.server import Server, serial_of
from stationd.adapters.printers.ipp.settings import read_uri
from stationd.domain.errors import Faulted
from stationd.domain.job import Attempt, Evidence
from stationd.domain.order import Document
from stationd.domain.outcome import NothingPrinted, Printed, Unknown
from stationd.ports.printers import Opened, PrinterSpec
from tests.rigs.cupsd import QUEUE, Cupsd
from tests.rigs.documents import png

SERIAL = "A1 234/567"
USB = "usb://HID/HDP5000?serial=A1%20234%2F567"
TWIN = "usb://HID/HDP5000?serial=B9999999"
CARD = Document("image/png", png(3))
numbers = itertools.count(1)


@pytest.fixture
def rig(tmp_path):
    with Cupsd(tmp_path / "cups", usb=[TWIN, USB]) as running:
        yield running


def printer(rig: Cupsd, **options: object):
    found = {"serial": SERIAL, "identity": "usb:09b0:2400:~0123456789abcdef:00", "node": None, "poll_s": 0.1}
    return build(PrinterSpec(name="usb-hdp", driver="cups", uri=rig.server_uri, options={**found, **options}))


def server(rig: Cupsd) -> Server:
    return Server(read_uri(rig.server_uri), timeout_s=60)


async def opened(cups) -> Attempt:
    attempt = Attempt(
        id=str(uuid.uuid4()),
        job="j",
        number=next(numbers),
        printer="usb-hdp",
        remote_id=None,
        incarnation=None,
        counter=None,
        opened_at=0,
    )
    found = await cups.open(attempt)
    assert isinstance(found, Opened), found
    return replace(attempt, remote_id=found.remote_id, incarnation=found.incarnation)


async def print_card(cups) -> object:
    attempt = await opened(cups)
    assert await cups.send(attempt, CARD) is None
    return await asyncio.wait_for(cups.watch(replace(attempt, sent_at=0)), 60)


async def test_a_missing_queue_is_made_at_most_once_and_giving_up_and_prints(rig):
    cups = printer(rig, model="raw")
    assert not (await cups.status()).stopped_by
    (queue,) = [each for each in await server(rig).queues() if each.name == "usb-hdp"]
    assert queue.is_safe
    assert queue.device_uri == f"stationd-once:{USB}"
    assert await print_card(cups) == Printed(Evidence.SPOOLER)
    (card,) = rig.cards()
    assert card.is_of(CARD.data)


async def test_the_queue_of_the_same_serial_is_found_and_made_safe(rig):
    await server(rig).make("fargo", USB, model=None)
    await server(rig).make("twin", TWIN, model=None)
    cups = printer(rig)
    assert await print_card(cups) == Printed(Evidence.SPOOLER)
    queues = {each.name: each for each in await server(rig).queues()}
    assert set(queues) == {QUEUE, "fargo", "twin"}
    assert queues["fargo"].device_uri == f"stationd-once:{USB}"
    assert queues["fargo"].is_safe
    assert queues["twin"].device_uri == TWIN, "nobody else's queue is touched"


@pytest.mark.parametrize(
    ("uri", "serial"),
    [
        (USB, SERIAL),
        (f"stationd-once:{USB}", SERIAL),
        ("gutenprint53+usb://tango2e/A1%20234%2F567", SERIAL),
        ("stationd-once:gutenprint53+usb://tango2e/A1", "A1"),
        ("evolisusb:/model?serial=A1", "A1"),
        ("usb://HID/HDP5000", None),
        ("socket://192.0.2.1/x?serial=A1", None),
        ("ipp://192.0.2.1/printers/A1", None),
        ("usb://[", None),
        ("file:///dev/null", None),
    ],
)
def test_the_serial_in_a_device_uri_is_read_as_the_backends_of_usb_printers_write_it(uri, serial):
    assert serial_of(uri) == serial


async def test_a_queue_is_found_by_its_name_where_there_is_no_serial(rig):
    assert await print_card(printer(rig, serial="", queue=QUEUE)) == Printed(Evidence.SPOOLER)


async def test_a_ppd_makes_the_queue(rig, tmp_path):
    ppd = tmp_path / "card.ppd"
    ppd.write_text(PPD)
    cups = printer(rig, ppd=str(ppd))
    assert (await cups.status()).model == "Invented Card Printer"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "no CUPS queue leads to it"),
        ({"serial": "C0"}, "no CUPS queue leads to it"),
        ({"serial": "C0", "model": "raw"}, "does not see it on the USB bus"),
        ({"serial": "", "queue": "none"}, "has no queue none"),
        ({"ppd": "/nowhere.ppd"}, "cannot read /nowhere.ppd"),
    ],
)
async def test_what_stands_in_the_way_of_a_queue_is_told_with_what_to_do(rig, options, why):
    cups = printer(rig, **options)
    with pytest.raises(Faulted) as fault:
        await cups.status()
    assert fault.value.code == "printer-queue"
    assert why in fault.value.detail
    assert fault.value.fix
    attempt = Attempt(
        id="a", job="j", number=1, printer="p", remote_id=None, incarnation=None, counter=None, opened_at=0
    )
    assert isinstance(await cups.open(attempt), NothingPrinted)


async def test_a_card_given_up_in_the_queue_never_comes_and_is_not_known_to_have_failed(rig):
    await server(rig).make("fargo", USB, model=None)
    cups = printer(rig)
    rig.behave("trap 'exit 1' TERM; sleep 30 & wait")
    attempt = await opened(cups)
    assert await cups.send(attempt, CARD) is None
    await asyncio.to_thread(rig.wait_for_begun, 1)
    assert list(await cups.unfinished()) == [attempt.id]
    await cups.give_up(attempt)
    assert isinstance(await asyncio.wait_for(cups.watch(attempt), 60), Unknown)
    assert list(await cups.unfinished()) == []
    rig.behave("")
    assert await print_card(cups) == Printed(Evidence.SPOOLER)
    assert [card.name for card in rig.cards()] == [card.name for card in rig.begun()][1:]
    rig.kill()
    await cups.give_up(attempt)


async def test_two_queues_for_one_printer_are_not_chosen_between(rig):
    await server(rig).make("one", USB, model=None)
    await server(rig).make("two", USB, model=None)
    with pytest.raises(Faulted, match="one, two"):
        await printer(rig).status()


async def test_without_cups_the_printer_is_unreachable_and_found_again_when_it_is_back(rig):
    await server(rig).make("fargo", USB, model=None)
    rig.kill()
    cups = printer(rig)
    with pytest.raises(Faulted) as fault:
        await cups.status()
    assert fault.value.code == "printer-unreachable"
    assert "CUPS does not answer" in fault.value.detail
    await asyncio.to_thread(rig.start)
    assert not (await cups.status()).stopped_by
    await asyncio.to_thread(rig.restart)
    assert await print_card(cups) == Printed(Evidence.SPOOLER)


async def test_a_cups_that_wants_an_administrator_accepts_one_over_its_socket_only(tmp_path):
    with Cupsd(tmp_path / "cups", usb=[USB], is_strict=True) as rig:
        over_tcp = build(
            PrinterSpec(
                name="usb-hdp",
                driver="cups",
                uri=f"ipp://127.0.0.1:{rig.port}/",
                options={"serial": SERIAL, "model": "raw"},
            )
        )
        with pytest.raises(Faulted) as fault:
            await over_tcp.status()
        assert fault.value.code == "printer-queue"
        assert "lpadmin" in fault.value.fix
        assert await print_card(printer(rig, model="raw")) == Printed(Evidence.SPOOLER)


@pytest.mark.parametrize(
    "options",
    [
        {"serial": "", "queue": None},
        {"queue": "a/b"},
        {"model": ""},
        {"ppd": "x.ppd"},
        {"model": "raw", "ppd": "/x.ppd"},
        {"colour": 1},
        {"poll_s": -1},
        {"serial": "a\nb"},
    ],
)
def test_a_wrong_option_is_told_in_one_line(options):
    with pytest.raises(ValueError) as told:
        build(PrinterSpec(name="p", driver="cups", options={"serial": SERIAL, **options}))
    assert len(str(told.value).splitlines()) == 1


PPD = """*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "CARD.PPD"
*Manufacturer: "Invented"
*Product: "(Card Printer)"
*ModelName: "Invented Card Printer"
*ShortNickName: "Invented Card Printer"
*NickName: "Invented Card Printer"
*PSVersion: "(3010.000) 0"
*LanguageLevel: "3"
*ColorDevice: True
*DefaultColorSpace: RGB
*FileSystem: False
*Throughput: "1"
*LandscapeOrientation: Plus90
*TTRasterizer: Type42
*cupsFilter: "image/png 0 -"
*OpenUI *PageSize/Page Size: PickOne
*DefaultPageSize: CR80
*PageSize CR80/CR80: ""
*CloseUI: *PageSize
*OpenUI *PageRegion: PickOne
*DefaultPageRegion: CR80
*PageRegion CR80/CR80: ""
*CloseUI: *PageRegion
*DefaultImageableArea: CR80
*ImageableArea CR80/CR80: "0 0 243 153"
*DefaultPaperDimension: CR80
*PaperDimension CR80/CR80: "243 153"
*DefaultFont: Courier
*Font Courier: Standard "(002.004S)" Standard ROM
"""
