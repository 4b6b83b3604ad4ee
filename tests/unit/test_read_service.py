"""What readers read is told to those who listen, and to nobody else: not in events, not in logs, not in texts."""

import asyncio
import logging

import pytest

from stationd.adapters.readers import drivers
from stationd.adapters.readers.simulator import SimulatedReader
from stationd.adapters.system import SystemClock
from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused
from stationd.domain.ids import receipt
from stationd.domain.scan import ReaderState, Scan, ScanKind, told_of_scan
from stationd.ports.readers import ReaderSpec
from stationd.services import live_scans
from stationd.services.read import MOST_WAITING, Readers
from stationd.services.supervise import Supervisor

RECEIPT = next(made for hour in range(100) if (made := receipt(hour, 12345)))
NIK = "9999990101900001"
WITHIN_S = 60.0


@pytest.fixture
async def readers():
    supervisor = Supervisor()
    readers = Readers(supervisor)
    yield readers
    await readers.aclose()
    await supervisor.stop()


@pytest.fixture
async def listener(readers):
    with readers.listening() as listener:
        yield listener


def added(readers, name="pemindai-1"):
    reader = SimulatedReader(name, SystemClock())
    readers.add(reader, ReaderSpec(name=name, driver="simulator"))
    return reader


async def told(listener, type_):
    """The next event of a type; those of others are passed over."""
    async with asyncio.timeout(WITHIN_S):
        while (event := await listener.next()).type != type_:
            pass
        return event


# ------------------------------------------------------------------------------------------------------------ events


async def test_a_receipt_is_told_in_its_canonical_form(readers, listener):
    added(readers).scan(RECEIPT.lower().replace("-", " "))
    event = await told(listener, "reader.scanned")
    assert event.subject == "pemindai-1"
    assert event.data == {"kind": "receipt", "length": 14, "receipt": RECEIPT}
    assert event.at_ms == pytest.approx(SystemClock().now_ms(), abs=60_000)


@pytest.mark.parametrize("text", [NIK, RECEIPT[:-1] + "U", f"{RECEIPT}?", "x" * 4000])
async def test_of_anything_else_only_kind_and_length_are_told(readers, listener, text):
    added(readers).scan(text)
    event = await told(listener, "reader.scanned")
    assert event.data == {"kind": "text", "length": len(text)}


async def test_cards_are_told_to_come_and_to_go_without_their_uid(readers, listener):
    reader = added(readers)
    reader.insert_card(bytes.fromhex("04A1B2C3"))
    reader.remove_card()
    assert (await told(listener, "reader.scanned")).data == {"kind": "card", "length": 4}
    assert (await told(listener, "reader.card_removed")).data == {}


async def test_a_pulled_reader_is_told_and_so_is_its_return(readers, listener):
    reader = added(readers)
    assert (await told(listener, "reader.changed")).data == {"state": "ready", "reasons": ()}
    reader.pull()
    assert (await told(listener, "reader.changed")).data == {"state": "absent", "reasons": ("port-missing",)}
    reader.scan("lost")
    reader.plug()
    assert (await told(listener, "reader.changed")).data == {"state": "ready", "reasons": ()}
    reader.scan("seen")
    assert (await told(listener, "reader.scanned")).data["length"] == 4


async def test_nothing_read_is_logged_or_shown(readers, listener, caplog):
    caplog.set_level(logging.DEBUG)
    reader = added(readers)
    reader.scan(NIK)
    reader.insert_card(NIK.encode())
    shown = [repr(await told(listener, "reader.scanned")) for _ in range(2)]
    shown += [repr(Scan(kind=ScanKind.TEXT, data=NIK.encode(), atr=NIK.encode(), at_ms=0)), caplog.text]
    assert len(caplog.records) >= 2
    assert not any(NIK in text or NIK.encode().hex() in text for text in shown)


def test_what_is_not_printable_text_is_bytes():
    kinds = [Scan.of_frame(frame, 0).kind for frame in (b"abc", "héé".encode(), b"a\x1bb", b"\xff", b"a\nb")]
    assert kinds == [ScanKind.TEXT, ScanKind.TEXT, ScanKind.BYTES, ScanKind.BYTES, ScanKind.BYTES]
    hidden = Scan.of_frame(b"\xff" + RECEIPT.encode(), 0)
    assert (hidden.text, hidden.receipt) == (None, None)
    assert told_of_scan("a", hidden).data == {"kind": "bytes", "length": 15}


async def test_a_hostile_name_of_a_device_is_made_fit_to_be_shown(readers, listener):
    desk = added(readers)._desk
    desk.absent("port-missing", "gone")
    desk.ready("Evil\x1b[2J\nReader\x00" + "x" * 5000)
    model = readers.one("pemindai-1").model
    assert model.isprintable()
    assert model.startswith("Evil")
    assert len(model) < 300


# --------------------------------------------------------------------------------------------------------- listeners


async def test_every_listener_hears_everything_that_comes_after_it(readers):
    reader = added(readers)
    with readers.listening() as first:
        reader.scan("one")
        await told(first, "reader.scanned")
        with readers.listening() as second:
            reader.scan("two!")
            for listener in (first, second):
                assert (await told(listener, "reader.scanned")).data["length"] == 4


async def test_a_listener_that_never_asks_costs_a_bounded_memory_and_keeps_the_newest(readers, listener):
    reader = added(readers)
    with readers.listening() as quick:
        for number in range(MOST_WAITING + 50):
            reader.scan("x" * (number + 1))
            await told(quick, "reader.scanned")
    assert listener.missed == 51  # 50 and the change to ready
    lengths = [(await told(listener, "reader.scanned")).data["length"] for _ in range(MOST_WAITING)]
    assert lengths == list(range(51, MOST_WAITING + 51))


async def test_asking_may_be_given_up_without_losing_an_event(readers, listener):
    reader = added(readers)
    await told(listener, "reader.changed")
    for _ in range(3):
        asking = asyncio.ensure_future(listener.next())
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
    reader.scan("here")
    assert (await told(listener, "reader.scanned")).data["length"] == 4


# ----------------------------------------------------------------------------------------------------------- readers


async def test_readers_are_shown_as_devices(readers, listener):
    reader = added(readers)
    await told(listener, "reader.changed")
    (view,) = readers.all()
    assert readers.reader("pemindai-1") is reader
    assert view == readers.one("pemindai-1")
    assert (view.kind, view.driver, view.state, view.model) == ("reader", "simulator", "ready", "simulated reader")
    assert view.evidence is None
    reader.pull()
    await told(listener, "reader.changed")
    assert (readers.one("pemindai-1").reasons, readers.one("pemindai-1").last_fault) == (
        ("port-missing",),
        "its plug was pulled",
    )
    assert readers.statuses()["pemindai-1"].state is ReaderState.ABSENT
    with pytest.raises(Refused) as refused:
        readers.one("none")
    assert refused.value.code == "device-unknown"


async def test_a_removed_reader_is_let_go_and_its_name_is_free(readers, listener):
    reader = added(readers)
    await told(listener, "reader.changed")
    await readers.remove("pemindai-1")
    await readers.remove("pemindai-1")
    assert readers.all() == []
    assert [task.get_name() for task in asyncio.all_tasks() if "reader" in task.get_name()] == []
    added(readers).scan("from the new one")
    assert (await told(listener, "reader.scanned")).data["length"] == 16
    assert reader.status.scans == 0


async def test_two_readers_cannot_share_a_name(readers):
    added(readers)
    with pytest.raises(ValueError, match="there is a reader named pemindai-1 already"):
        added(readers)


async def test_a_reader_with_a_defect_is_started_again(readers, listener, caplog):
    class Defective(SimulatedReader):
        runs = 0

        def scans(self):
            Defective.runs += 1
            if Defective.runs == 1:
                raise RuntimeError("a defect")
            return super().scans()

    reader = Defective("cacat", SystemClock())
    readers.add(reader, ReaderSpec(name="cacat", driver="simulator"))
    reader.scan("kept")
    assert (await told(listener, "reader.scanned")).data["length"] == 4
    assert Defective.runs == 2
    assert "'reader cacat' died" in caplog.text


async def test_a_nudge_reaches_the_readers_it_is_meant_for(readers):
    nudged = []

    class Nudged(SimulatedReader):
        def nudge(self):
            nudged.append(self.name)

    for name in ("a", "b"):
        readers.add(Nudged(name, SystemClock()), ReaderSpec(name=name, driver="simulator"))
    readers.nudge("b")
    readers.nudge()
    assert nudged == ["b", "a", "b"]


def test_the_simulated_reader_is_installed_and_takes_no_options():
    assert {"pcsc", "serial", "simulator"} <= set(drivers.names())
    reader = drivers.build(ReaderSpec(name="a", driver="simulator"))
    assert (reader.name, reader.kind, reader.status.state) == ("a", "simulator", ReaderState.ABSENT)
    with pytest.raises(ValueError, match="seconds: there is no such option"):
        drivers.build(ReaderSpec(name="a", driver="simulator", options={"seconds": 1}))


# -------------------------------------------------------------------------------------------------------- live scans

KIOSK = Actor(name="kiosk-1", role=Role.KIOSK)


async def until_ready(readers):
    async with asyncio.timeout(WITHIN_S):
        while readers.statuses()["pemindai-1"].state is not ReaderState.READY:
            await asyncio.sleep(0)


async def heard(hearing, count=1):
    """What came, once there is so much of it."""
    came = []
    async with asyncio.timeout(WITHIN_S):
        while len(came) < count:
            came += await hearing.next(WITHIN_S)
    return came


async def test_a_kiosk_hears_the_content_while_it_listens_and_nothing_of_before(readers, listener):
    reader = added(readers)
    reader.scan("before")
    await told(listener, "reader.scanned")
    with readers.hear("pemindai-1", KIOSK) as hearing:
        (status,) = await heard(hearing)
        assert status.state is ReaderState.READY
        reader.scan(NIK)
        (scan,) = await heard(hearing)
        assert scan.text == NIK
        reader.pull()
        (status,) = await heard(hearing)
        assert status.state is ReaderState.ABSENT
        assert len(readers.live) == 1
    assert len(readers.live) == 0
    assert NIK not in str((await told(listener, "reader.scanned")).data)


async def test_only_the_kiosks_of_a_reader_hear_it_and_officers_always_may(readers):
    spec = ReaderSpec(name="lencana", driver="simulator", kiosks=("kiosk-2",))
    readers.add(SimulatedReader("lencana", SystemClock()), spec)
    with pytest.raises(Refused) as refused:
        readers.hear("lencana", KIOSK)
    assert refused.value.code == "reader-of-another"
    readers.hear("lencana", Actor(name="kiosk-2", role=Role.KIOSK))
    readers.hear("lencana", Actor(name="loket", role=Role.OFFICER))
    with pytest.raises(Refused):
        readers.hear("none", KIOSK)


async def test_a_late_listener_loses_the_oldest_and_too_many_are_refused(readers):
    added(readers)
    await until_ready(readers)
    hearing = readers.hear("pemindai-1", KIOSK)
    for number in range(100):
        readers.live.tell("pemindai-1", Scan.of_frame(b"%d" % number, 0))
    came = await heard(hearing)
    assert [scan.text for scan in came] == [str(number) for number in range(100 - live_scans.MOST_WAITING, 100)]
    assert await hearing.next(0.01) == ()
    for _ in range(live_scans.MOST_LISTENERS - 1):
        readers.hear("pemindai-1", KIOSK)
    with pytest.raises(Refused) as refused:
        readers.hear("pemindai-1", KIOSK)
    assert refused.value.code == "streams-full"


async def test_listening_ends_with_the_reader_and_what_waits_is_forgotten(readers):
    added(readers)
    hearing = readers.hear("pemindai-1", KIOSK)
    readers.live.tell("pemindai-1", Scan.of_frame(NIK.encode(), 0))
    await readers.remove("pemindai-1")
    assert await hearing.next(WITHIN_S) is None
    assert await hearing.next(WITHIN_S) is None
    with hearing:
        pass
    assert len(readers.live) == 0
