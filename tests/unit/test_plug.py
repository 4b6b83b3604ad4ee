"""What is taken into use and what is left to its configuration; very many that come and go take bounded room."""

from dataclasses import replace
from pathlib import Path

import pytest

from stationd.domain.errors import Faulted
from stationd.domain.inventory import Sighting, Subsystem, take_stock
from stationd.domain.matcher import Criteria, DeviceKind, Matcher
from stationd.domain.printer import Capabilities
from stationd.ports.printers import PrinterSpec
from stationd.ports.readers import ReaderSpec
from stationd.services.modems import Modems
from stationd.services.plug import MOST, Plug
from stationd.services.watch_devices import DeviceUse, name_of

PRINTER = Matcher(
    name="evolis",
    title="Evolis",
    kind=DeviceKind.PRINTER,
    driver="usblp",
    criteria=Criteria(vendor="0f49"),
    profiles=("ktp-el",),
)
READER = Matcher(name="ccid", title="Reader", kind=DeviceKind.READER, driver="pcsc", criteria=Criteria(vendor="0f49"))
IDENTITY = "usb:0f49:0c12:A1:00"


def use(serial="A1", node="/dev/usb/lp0", matcher=PRINTER):
    sighting = Sighting(
        subsystem=Subsystem.USBMISC,
        sys_path=f"/sys/{serial}",
        node=node,
        vendor="0f49",
        product="0c12",
        serial=serial,
        serial_key=serial,
        port=f"c-usb2-{serial}",
        function="00",
    )
    (record,) = take_stock([sighting]).devices.values()
    return DeviceUse(name=name_of(record.identity), record=record, matcher=matcher)


def test_the_driver_is_told_what_the_matcher_says_and_what_the_device_says():
    matcher = replace(PRINTER, driver="cups", uri="ipp://127.0.0.1:631/", options={"model": "raw"})
    spec = use(matcher=matcher).spec
    assert (spec.driver, spec.uri, spec.profiles) == ("cups", "ipp://127.0.0.1:631/", ("ktp-el",))
    assert spec.options == {"model": "raw", "identity": IDENTITY, "node": "/dev/usb/lp0", "serial": "A1"}
    assert use(matcher=replace(READER, options={"baud": 9600})).reader_spec.options == {"baud": 9600}


def test_a_serial_that_two_printers_say_is_not_told_for_cups_would_find_the_queue_of_the_other_by_it():
    one, other = use().record.seen, replace(use().record.seen, port="c-usb2-2", sys_path="/sys/other")
    for record in take_stock([one, other]).devices.values():
        assert record.is_by_port
        assert DeviceUse(name="x", record=record, matcher=PRINTER).spec.options["serial"] == ""


class FakePrinter:
    def __init__(self, spec):
        self.name = spec.name
        self.capabilities = Capabilities()
        self.is_closed = False

    async def aclose(self):
        self.is_closed = True


class FakeSpooler:
    def __init__(self, printer, spec):
        self.printer, self.spec, self.name = printer, spec, spec.name
        self.printing = {}
        self.nudges = 0
        self.is_plugged = True

    def set_plugged(self, *, is_plugged):
        self.nudges += 1
        self.is_plugged = is_plugged

    def replace_printer(self, printer, spec):
        former, self.printer, self.spec = self.printer, printer, spec
        return former

    async def aclose(self):
        await self.printer.aclose()

    async def run(self):
        raise AssertionError("the fake supervisor runs nothing")


class Held:
    """Printers, readers and supervisor in one, noting what is done to them."""

    def __init__(self):
        self.spoolers_by_name = {}
        self.readers = {}
        self.nudged = []
        self.running = set()

    def add(self, thing, spec=None):
        if spec is None:
            self.spoolers_by_name[thing.name] = thing
        else:
            self.readers[spec.name] = spec

    def remove(self, name):
        del self.spoolers_by_name[name]

    def spoolers(self):
        return tuple(self.spoolers_by_name.values())

    def nudge(self, name=None):
        self.nudged.append(name)

    def start(self, name, _run):
        assert name not in self.running
        self.running.add(name)

    async def stop(self, name):
        self.running.discard(name)


class Readers(Held):
    async def remove(self, name):
        del self.readers[name]


def plug(*configured, build=FakePrinter):
    held, readers = Held(), Readers()

    async def attend(printer, spec, _matcher):
        return FakeSpooler(printer, spec)

    made = Plug(held, readers, held, build=build, build_reader=lambda spec: spec, attend=attend, configured=configured)
    return made, held, readers


async def test_a_device_that_comes_twice_is_one_printer_and_only_asked_again():
    made, held, _ = plug()
    await made.device_came(use())
    await made.device_came(use())
    (spooler,) = held.spoolers()
    assert spooler.nudges == 1
    assert held.running == {f"printer {use().name}"}


async def test_a_device_at_another_node_gets_another_driver_in_the_same_spooler():
    made, held, _ = plug()
    await made.device_came(use())
    (spooler,) = held.spoolers()
    first = spooler.printer
    await made.device_came(use(node="/dev/usb/lp5"))
    assert held.spoolers() == (spooler,)
    assert first.is_closed
    assert spooler.spec.options["node"] == "/dev/usb/lp5"
    assert len(held.running) == 1


@pytest.mark.parametrize(
    "spec",
    [
        PrinterSpec(name="kartu-1", driver="usblp", uri=f"usblp:{IDENTITY}"),
        PrinterSpec(name="kartu-1", driver="usblp", uri="usblp:serial:A1"),
        PrinterSpec(name="kartu-1", driver="usblp", uri="usblp:/dev/usb/lp0"),
        PrinterSpec(name="kartu-1", driver="usblp", options={"identity": IDENTITY}),
        PrinterSpec(name="kartu-1", driver="vendor", options={"serial": "A1"}),
    ],
)
async def test_a_device_that_is_configured_is_left_to_its_configuration(spec):
    made, held, readers = plug(spec)
    await made.device_came(use())
    assert held.spoolers() == ()
    assert made.owners == {use().name: "kartu-1"}
    await made.device_went(use().name, IDENTITY)
    assert readers.nudged == ["kartu-1", "kartu-1"]
    assert made.owners == {}


@pytest.mark.parametrize("options", [{"identity": IDENTITY}, {"serial": "A1"}])
async def test_a_configured_printer_that_was_pulled_out_while_the_station_was_off_is_stopped(options):
    spec = PrinterSpec(name="kartu-1", driver="cups", options=options)
    other = PrinterSpec(name="kartu-2", driver="cups", options={"serial": "B2"})
    made, held, _ = plug(other, spec)
    held.add(FakeSpooler(FakePrinter(spec), spec))
    held.add(FakeSpooler(FakePrinter(other), other))
    await made.device_went(use().name, IDENTITY)
    assert [spooler.is_plugged for spooler in held.spoolers()] == [False, True]
    await made.device_went("usb-0f49-0c12-x", "usb:0f49:0c12:@A1:00")
    await made.device_came(use())
    assert [spooler.is_plugged for spooler in held.spoolers()] == [True, True]


async def test_a_printer_is_stopped_while_it_is_out():
    made, held, _ = plug()
    await made.device_came(use())
    (spooler,) = held.spoolers()
    await made.device_went(use().name, IDENTITY)
    assert not spooler.is_plugged
    await made.device_came(use(node="/dev/usb/lp7"))
    assert spooler.is_plugged


async def test_another_device_than_the_configured_one_is_taken():
    made, held, _ = plug(PrinterSpec(name="kartu-1", driver="usblp", uri="usblp:serial:B2"))
    await made.device_came(use())
    assert len(held.spoolers()) == 1


async def test_a_configured_card_reader_without_a_port_has_every_reader():
    made, _, readers = plug(ReaderSpec(name="kartu-chip", driver="pcsc"))
    await made.device_came(use(matcher=READER))
    assert readers.readers == {}
    assert readers.nudged == ["kartu-chip"]


async def test_a_serial_line_that_comes_lets_waiting_readers_try_at_once():
    made, held, readers = plug(ReaderSpec(name="pemindai-1", driver="serial", port="/dev/serial/by-id/usb-x"))
    record = use(node="/dev/ttyUSB0").record
    await made.device_shown(record)
    assert readers.nudged == []
    await made.device_shown(replace(record, seen=replace(record.seen, subsystem=Subsystem.TTY)))
    assert readers.nudged == [None]
    assert held.spoolers() == ()


async def test_a_reader_with_a_serial_is_found_by_it_at_the_service():
    made, _, readers = plug()
    await made.device_came(use(node=None, matcher=READER))
    (spec,) = readers.readers.values()
    assert (spec.driver, spec.port) == ("pcsc", "(A1)")


@pytest.mark.parametrize("trouble", [ValueError("node is missing"), Faulted("x", "node is missing")])
async def test_a_driver_that_refuses_is_told_and_tried_again_at_the_next_plug(trouble, caplog):
    refusals = [trouble, trouble]

    def build(spec):
        if refusals:
            raise refusals.pop()
        return FakePrinter(spec)

    made, held, _ = plug(build=build)
    await made.device_came(use())
    await made.device_came(use())
    assert made.troubles == {use().name: "node is missing"}
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1
    await made.device_came(use())
    assert made.troubles == {}
    assert len(held.spoolers()) == 1


async def test_printers_that_rename_themselves_at_each_plug_take_bounded_room():
    made, held, _ = plug()
    for number in range(3 * MOST):
        came = use(serial=f"SN{number:04}")
        await made.device_came(came)
        await made.device_went(came.name, came.record.identity)
    assert len(held.spoolers()) == MOST
    assert len(held.running) == MOST
    assert held.spoolers()[-1].name == came.name


async def test_a_printer_with_a_card_in_question_is_never_let_go():
    made, held, _ = plug()
    first = use(serial="FIRST")
    await made.device_came(first)
    held.spoolers()[0].printing["attempt"] = "job"
    await made.device_went(first.name, first.record.identity)
    for number in range(MOST):
        came = use(serial=f"SN{number:04}")
        await made.device_came(came)
        await made.device_went(came.name, came.record.identity)
    assert held.spoolers()[0].name == first.name


async def test_more_printers_than_fit_at_once_are_refused_and_said_so():
    made, held, _ = plug()
    for number in range(MOST + 1):
        await made.device_came(use(serial=f"SN{number:04}", node=str(Path("/dev/usb") / f"lp{number}")))
    assert len(held.spoolers()) == MOST
    assert list(made.troubles.values()) == [f"there are {MOST} plugged-in printers already"]


async def test_the_lines_of_a_modem_are_known_as_long_as_they_are_there():
    modems, came = Modems(), []
    modems.follow(lambda: came.append(modems.nodes()))
    plug = Plug(None, None, None, build=None, build_reader=None, attend=None, configured=(), modems=modems)
    matcher = Matcher(name="modem", title="M", kind=DeviceKind.MODEM, driver="gammu", criteria=Criteria(vendor="12d1"))
    one, other = (use(serial=serial, node=node, matcher=matcher) for serial, node in (("A", "/dev/b"), ("B", "/dev/a")))
    for each in (one, other, one):
        await plug.device_came(each)
    assert came == [("/dev/b",), ("/dev/a", "/dev/b")]
    assert plug.is_modem(one.name)
    modems.went(one.name)
    assert modems.nodes() == ("/dev/a",)
    assert not plug.is_modem(one.name)
