"""The usblp driver in a process of its own, on a virtual bus: what may be said of a card whose bytes were taken."""

import asyncio
import errno

import pytest

from tests.rigs.documents import png
from tests.rigs.usblp_child import UsblpChild
from tests.rigs.vusb import VirtualUsb
from tests.rigs.vusb_node import Status

IDENTITY = "usb:0f49:0c12:10000123456:00"
CARD = png(1, size=200_000)


@pytest.fixture
def usb():
    with VirtualUsb() as bus:
        yield bus


@pytest.fixture
def start(usb, tmp_path):
    (tmp_path / "card").write_bytes(CARD)

    def make(**options: object) -> UsblpChild:
        place = {} if {"uri", "serial", "node"} & options.keys() else {"identity": IDENTITY}
        return UsblpChild(usb.environment(), tmp_path / "progress", **place, **options)

    return make


async def opened(child: UsblpChild, attempt: str = "a1") -> None:
    answer = await child.call("open", attempt=attempt)
    assert (answer["is"], answer.get("remote_id")) == ("Opened", attempt), answer


def begin_card(child: UsblpChild, tmp_path, attempt: str = "a1", **more: object):
    return child.begin("send", attempt=attempt, document=str(tmp_path / "card"), **more)


async def received(server, count: int) -> None:
    async with asyncio.timeout(60):
        while len(server.received) < count:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    "place",
    [{}, {"uri": f"usblp:{IDENTITY}"}, {"uri": "usblp:serial:10000123456"}, {"uri": "usblp:/dev/usb/lp0"}],
    ids=["identity", "uri", "serial", "node"],
)
async def test_a_document_in_small_pieces_arrives_to_the_byte_and_is_a_spoolers_word(usb, start, tmp_path, place):
    server = usb.plug_printer().server
    server.chunk = 1000
    async with start(**place) as child:
        status = await child.call("status")
        assert (status["state"], status["reasons"], status["model"]) == ("idle", [], "Evolis Primacy 2")
        await opened(child)
        assert server.received == b"", "opening sends nothing"
        assert (await begin_card(child, tmp_path))["is"] == "None"
        outcome = await child.call("watch", attempt="a1")
        assert (outcome["is"], outcome["evidence"]) == ("Printed", "spooler")
        assert (await child.call("find", attempt="a1"))["is"] == "Printed"
        assert (await child.call("withdraw", attempt="a1"))["is"] == "Printed"
    assert bytes(server.received) == CARD


async def test_cards_go_to_the_same_printer_under_another_node_number(usb, start, tmp_path):
    first = usb.plug_printer(lp=0)
    async with start() as child:
        await opened(child)
        usb.unplug(first)
        twin = usb.plug_printer("2", serial="10000999999", lp=0)
        again = usb.plug_printer(lp=4)
        await opened(child, "a2")
        assert (await begin_card(child, tmp_path, "a2"))["is"] == "None"
    assert (bytes(twin.server.received), bytes(again.server.received)) == (b"", CARD)


async def test_of_two_devices_that_answer_to_a_name_none_is_taken(usb, start):
    usb.plug_printer("1", lp=0)
    usb.plug_printer("2", lp=1)
    async with start() as child:
        answer = await child.call("open", attempt="a1")
        assert (answer["is"], answer["reason"]) == ("NothingPrinted", "two-devices-answer-to-it")


@pytest.mark.parametrize(
    ("bits", "reasons"),
    [
        (Status.PAPER_OUT, ["media-empty"]),
        (Status.OFFLINE, ["offline"]),
        (0x10, ["other"]),
        (0x28, ["media-empty", "offline"]),
    ],
)
async def test_the_status_bits_stop_the_printer_with_their_reasons(usb, start, bits, reasons):
    server = usb.plug_printer().server
    async with start() as child:
        server.status = bits
        status = await child.call("status")
        assert (status["state"], status["stopped_by"]) == ("stopped", reasons)
        answer = await child.call("open", attempt="a1")
        assert (answer["is"], answer["cause"], answer["reason"]) == ("NothingPrinted", "printer", " ".join(reasons))
        server.status = Status.NORMAL
        assert (await child.call("status"))["state"] == "idle"
        await opened(child)


async def test_paper_out_in_mid_document_waits_for_cards_and_goes_on(usb, start, tmp_path):
    server = usb.plug_printer().server
    server.chunk = 1000
    async with start() as child:
        await opened(child)
        sending = begin_card(child, tmp_path)
        await received(server, 20_000)
        server.status, server.fail_write = Status.PAPER_OUT, errno.ENOSPC
        await asyncio.sleep(0.2)
        status = await child.call("status")
        assert (status["state"], status["stopped_by"]) == ("stopped", ["media-empty"])
        assert not sending.done()
        assert (await child.call("find", attempt="a1"))["is"] == "StillOpen"
        assert (await child.call("withdraw", attempt="a1"))["is"] == "StillOpen"
        server.status, server.fail_write = Status.NORMAL, None
        assert (await sending)["is"] == "None"
        assert (await child.call("watch", attempt="a1"))["is"] == "Printed"
    assert bytes(server.received) == CARD


async def test_a_printer_that_stops_with_the_whole_document_has_not_printed_it_yet(usb, start, tmp_path):
    server = usb.plug_printer().server
    async with start() as child:
        await opened(child)
        assert (await begin_card(child, tmp_path))["is"] == "None"
        server.status = Status.PAPER_OUT
        watching = [child.begin("watch", attempt="a1") for _ in range(2)]
        await asyncio.sleep(0.2)
        assert not any(each.done() for each in watching)
        server.status = Status.NORMAL
        assert [(await each)["is"] for each in watching] == ["Printed", "Printed"]


async def test_a_cable_pulled_in_mid_write_leaves_the_card_unknown_for_ever(usb, start, tmp_path):
    plugged = usb.plug_printer()
    plugged.server.chunk, plugged.server.take = 1000, 98_304
    async with start() as child:
        await opened(child)
        outcome = await begin_card(child, tmp_path)
        assert outcome["is"] == "Unknown"
        assert "unplugged" in outcome["reason"]
        usb.unplug(plugged)
        assert (await child.call("status"))["code"] == "printer-unreachable"
        assert (await child.call("watch", attempt="a1"))["is"] == "Unknown"
    async with start() as child:
        assert (await child.call("find", attempt="a1"))["is"] == "Unknown"
        assert (await child.call("withdraw", attempt="a1"))["is"] == "Unknown"


async def test_a_cable_pulled_before_the_last_bytes_settled_is_unknown(usb, start, tmp_path):
    plugged = usb.plug_printer()
    async with start() as child:
        await opened(child)
        assert (await begin_card(child, tmp_path))["is"] == "None"
        plugged.server.status = Status.OFFLINE
        watching = child.begin("watch", attempt="a1")
        usb.unplug(plugged)
        assert (await watching)["is"] == "Unknown"


@pytest.mark.parametrize("error", [errno.ENODEV, errno.EIO])
async def test_a_device_gone_before_the_first_byte_printed_nothing(usb, start, tmp_path, error):
    server = usb.plug_printer().server
    async with start() as child:
        await opened(child)
        server.fail_write = error
        outcome = await begin_card(child, tmp_path)
        assert (outcome["is"], outcome["cause"]) == ("NothingPrinted", "printer")
        assert outcome["reason"] == {errno.ENODEV: "connecting-to-device", errno.EIO: "device-error"}[error]
    assert server.received == b""


async def test_a_device_gone_with_the_head_of_a_document_printed_nothing(usb, start, tmp_path):
    server = usb.plug_printer().server
    server.take = 100
    async with start() as child:
        await opened(child)
        assert (await begin_card(child, tmp_path))["is"] == "NothingPrinted"


async def test_an_io_error_in_mid_document_is_unknown_and_the_next_card_does_not_follow_its_piece(usb, start, tmp_path):
    server = usb.plug_printer().server
    server.chunk = 1000
    async with start() as child:
        await opened(child)
        sending = begin_card(child, tmp_path)
        await received(server, 20_000)
        server.fail_write = errno.EIO
        assert (await sending)["is"] == "Unknown"
        server.fail_write = None
        assert server.resets == 0
        await opened(child, "a2")
        assert server.resets == 1, "told to forget the piece"
        server.received.clear()
        assert (await begin_card(child, tmp_path, "a2"))["is"] == "None"
        assert (await child.call("watch", attempt="a2"))["is"] == "Printed"
        await opened(child, "a3")
        assert server.resets == 1, "a whole document leaves nothing to forget"
    assert bytes(server.received) == CARD


async def test_a_printer_that_was_plugged_in_anew_holds_no_piece(usb, start, tmp_path):
    plugged = usb.plug_printer()
    plugged.server.take = 50_000
    async with start() as child:
        await opened(child)
        assert (await begin_card(child, tmp_path))["is"] == "Unknown"
        usb.unplug(plugged)
        server = usb.plug_printer().server
        await opened(child, "a2")
        assert server.resets == 0


async def test_an_absent_printer_faults_and_takes_no_job(start):
    async with start() as child:
        assert (await child.call("status"))["code"] == "printer-unreachable"
        answer = await child.call("open", attempt="a1")
        assert (answer["is"], answer["reason"]) == ("NothingPrinted", "connecting-to-device")


async def test_after_a_crash_of_the_station_only_what_never_began_is_certain(usb, start, tmp_path):
    server = usb.plug_printer().server
    async with start() as child:
        await opened(child, "unsent")
        child.kill()
    async with start() as child:
        assert (await child.call("find", attempt="unsent"))["is"] == "NothingPrinted"
        assert (await child.call("find", attempt="never", is_opened=False))["is"] == "NothingPrinted"
        await opened(child, "cut")
        server.chunk = 1000
        sending = begin_card(child, tmp_path, "cut")
        await received(server, 20_000)
        child.kill()
        with pytest.raises(asyncio.CancelledError):
            await sending
    async with start() as child:
        assert (await child.call("find", attempt="cut"))["is"] == "Unknown"
        server.chunk = 8192
        await opened(child, "whole")
        assert server.resets == 1
        assert (await begin_card(child, tmp_path, "whole"))["is"] == "None"
        assert (await child.call("watch", attempt="whole"))["is"] == "Printed"
        child.kill()
    async with start() as child:
        found = await child.call("find", attempt="whole")
        assert (found["is"], found["evidence"]) == ("Printed", "spooler")
        assert (await child.call("find", attempt="cut"))["is"] == "Unknown"


async def test_a_job_without_its_document_can_be_withdrawn(usb, start, tmp_path):
    usb.plug_printer()
    async with start() as child:
        await opened(child)
        answer = await child.call("withdraw", attempt="a1")
        assert (answer["is"], answer["cause"]) == ("NothingPrinted", "withdrawn")
        await opened(child, "a2")
        assert (await begin_card(child, tmp_path, "a2"))["is"] == "None"


async def test_a_document_of_another_kind_is_refused_for_good_and_blocks_nobody(usb, start, tmp_path):
    server = usb.plug_printer().server
    async with start(media_types=["application/pdf"]) as child:
        await opened(child)
        answer = await begin_card(child, tmp_path)
        assert (answer["is"], answer["cause"]) == ("NothingPrinted", "document")
        await opened(child, "a2")
        assert (await begin_card(child, tmp_path, "a2", media_type="application/pdf"))["is"] == "None"
    assert bytes(server.received) == CARD


async def test_progress_that_cannot_be_kept_means_that_no_card_begins(usb, start, tmp_path):
    usb.plug_printer()
    (tmp_path / "progress").write_text("a file where the folder should be")
    async with start() as child:
        answer = await child.call("open", attempt="a1")
        assert (answer["is"], answer["reason"]) == ("NothingPrinted", "progress-not-kept")


async def test_many_questions_leave_no_file_open(usb, start):
    usb.plug_printer()
    async with start() as child:
        await child.call("status")
        before = child.files()
        for _ in range(200):
            await child.call("status")
        assert child.files() <= before + 1
