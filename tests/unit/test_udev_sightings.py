"""What a real kernel and udevd said, recorded, read by the translation: who is there, and who went."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stationd.adapters.udev_sightings import Scanner, hint_of, sighting_of
from stationd.domain.inventory import Inventory, Subsystem, take_stock

RECORDED = Path(__file__).parent.parent / "fixtures/udev/printer-and-reader.jsonl"
CAMPAIGN = RECORDED.with_name("campaign.jsonl")
PULLS = 7
"""How often the printer of the campaign was pulled out."""
PRINTER = "usb:0f49:0c12:10000123456:00"
READER = "usb:2341:0043:SCAN0001:00"


class RecordedNode:
    """A device of the recording; attributes are what sysfs showed when udev made these properties of them."""

    def __init__(self, sys_path: str, properties: dict[str, str], tree: dict[str, "RecordedNode"]) -> None:
        self.sys_path = sys_path
        self.sys_name = sys_path.rpartition("/")[2]
        self.subsystem = properties["SUBSYSTEM"]
        self.device_type = properties.get("DEVTYPE")
        self.device_node = properties.get("DEVNAME")
        self.properties = properties
        self._tree = tree

    @property
    def attributes(self) -> dict[str, bytes]:
        found = {}
        if self.device_type == "usb_device":
            names = {"idVendor": "ID_VENDOR_ID", "idProduct": "ID_MODEL_ID", "serial": "ID_SERIAL_SHORT"}
            names |= {
                "manufacturer": "ID_VENDOR_ENC",
                "product": "ID_MODEL_ENC",
                "busnum": "BUSNUM",
                "devnum": "DEVNUM",
            }
            found = {name: self.properties[key] for name, key in names.items() if key in self.properties}
        elif self.device_type == "usb_interface":
            triple = self.properties["INTERFACE"].split("/")
            names_of = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
            found = {name: f"{int(number):02x}" for name, number in zip(names_of, triple, strict=True)}
            found["bInterfaceNumber"] = self.properties["MODALIAS"][-2:]
        return {name: text.replace("\\x20", " ").encode() for name, text in found.items()}

    def find_parent(self, subsystem: str, device_type: str | None = None) -> "RecordedNode | None":
        path = self.sys_path
        while path := path.rpartition("/")[0]:
            node = self._tree.get(path)
            if node and node.subsystem == subsystem and device_type in {None, node.device_type}:
                return node
        return None


def recorded() -> Iterator[dict[str, Any]]:
    with RECORDED.open(encoding="utf-8") as file:
        next(file)
        yield from map(json.loads, file)


@pytest.fixture(scope="module")
def tree() -> dict[str, RecordedNode]:
    nodes: dict[str, RecordedNode] = {}
    for line in recorded():
        if line["action"] == "present":
            nodes[line["sys_path"]] = RecordedNode(line["sys_path"], line["properties"], nodes)
    return nodes


@pytest.fixture(scope="module")
def known(tree: dict[str, RecordedNode]) -> dict[str, str]:
    sightings = [s for s in map(sighting_of, tree.values()) if s is not None]
    by_place = {r.seen.place: i for i, r in take_stock(sightings).devices.items()}
    return {s.sys_path: by_place[s.place] for s in sightings}


def test_the_recorded_bus_holds_a_printer_and_a_reader(tree: dict[str, RecordedNode]) -> None:
    sightings = [s for s in map(sighting_of, tree.values()) if s is not None]
    assert sorted(s.subsystem for s in sightings) == [Subsystem.TTY, Subsystem.USB, Subsystem.USBMISC]
    devices = take_stock(sightings).devices
    assert {i: (r.seen.node, r.label) for i, r in devices.items()} == {
        PRINTER: ("/dev/usb/lp0", "Evolis Primacy 2"),
        READER: ("/dev/ttyACM0", "ACME RFID Reader"),
    }
    assert devices[PRINTER].seen.port == "dummy_hcd.0-usb2-1"


def test_the_printer_node_is_identified_by_its_parent_for_it_says_nothing_itself(tree: dict[str, RecordedNode]) -> None:
    (node,) = (n for n in tree.values() if n.subsystem == "usbmisc")
    assert not [key for key in node.properties if key.startswith("ID_")]
    sighting = sighting_of(node)
    assert sighting is not None
    assert (sighting.vendor, sighting.product, sighting.serial) == ("0f49", "0c12", "10000123456")


def test_every_recorded_departure_is_understood_though_it_no_longer_says_who(known: dict[str, str]) -> None:
    departed: list[str] = []
    for line in recorded():
        if line["action"] == "present":
            continue
        said = line["properties"]
        hint = hint_of(line["action"], line["sys_path"], said["SUBSYSTEM"], said.get("DEVTYPE"), known)
        if hint is not None:
            assert hint.action in {"remove", "unbind"}
            assert hint.identity is not None
            departed.append(hint.identity)
    assert departed[0] == PRINTER
    assert set(departed) == {PRINTER, READER}


def test_a_campaign_of_plugs_and_pulls_tells_the_same_printer_each_time_and_every_departure() -> None:
    nodes: dict[str, RecordedNode] = {}
    inventory = Inventory()
    came: list[str] = []
    went: list[str] = []
    known: dict[str, str] = {}
    with CAMPAIGN.open(encoding="utf-8") as file:
        next(file)
        for line in map(json.loads, file):
            path, said = line["sys_path"], line["properties"]
            hint = hint_of(line["action"], path, said["SUBSYSTEM"], said.get("DEVTYPE"), known)
            if line["action"] == "remove":
                nodes.pop(path, None)
                if said["SUBSYSTEM"] == "usbmisc":
                    assert hint is not None
                    assert hint.identity is not None
                    went.append(hint.identity)
            elif line["action"] == "add":
                nodes[path] = RecordedNode(path, said, nodes)
                if said["SUBSYSTEM"] == "usbmisc":
                    assert hint is not None
                    came.append(path)
            sightings = [s for s in map(sighting_of, nodes.values()) if s is not None]
            inventory = take_stock(sightings, before=inventory)
            by_place = {record.seen.place: identity for identity, record in inventory.devices.items()}
            known |= {s.sys_path: by_place[s.place] for s in sightings}
    twins = {"usb:0f49:2001:@dummy_hcd.1-usb2-1:00", "usb:0f49:2001:@dummy_hcd.2-usb2-1:00"}
    assert Counter(went) == Counter({PRINTER: PULLS} | dict.fromkeys(twins, 1))
    assert len(came) == len(went) + 1  # the printer stays in at the end
    assert {known[path] for path in came} == {PRINTER} | twins


def test_a_device_that_goes_while_it_is_read_is_not_sighted(
    tree: dict[str, RecordedNode], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Context:
        def list_devices(self, *, subsystem: str) -> list[RecordedNode]:
            return [node for node in tree.values() if node.subsystem == subsystem]

    scanner = Scanner()
    scanner._context = Context()
    assert scanner() == ()  # the recorded directories are not on this machine
    monkeypatch.setattr(Path, "exists", lambda path: path.name != "lp0")
    assert sorted(s.subsystem for s in scanner()) == [Subsystem.TTY, Subsystem.USB]


def test_a_node_whose_parents_are_gone_is_no_sighting(tree: dict[str, RecordedNode]) -> None:
    alone: dict[str, RecordedNode] = {}
    for node in tree.values():
        assert sighting_of(RecordedNode(node.sys_path, node.properties, alone)) is None


@pytest.mark.parametrize(
    ("action", "path", "subsystem", "device_type", "is_hint"),
    [
        ("add", "/sys/devices/x/usbmisc/lp9", "usbmisc", None, True),
        ("bind", "/sys/devices/x/1-1:1.0", "usb", "usb_interface", True),
        ("add", "/sys/devices/x/1-1", "usb", "usb_device", True),
        ("remove", "/sys/devices/never/seen/tty/ttyACM3", "tty", None, False),
        ("unbind", "/sys/devices/never/seen/1-9:1.0", "usb", "usb_interface", False),
        ("add", "/sys/devices/x/net/eth0", "net", None, False),
        ("add", "/sys/devices/x/ep_00", "usb", "usb_endpoint", False),
        ("add", "/sys/devices/x", None, None, False),
    ],
)
def test_only_what_can_matter_is_a_hint(
    action: str, path: str, subsystem: str | None, device_type: str | None, is_hint: bool, known: dict[str, str]
) -> None:
    assert (hint_of(action, path, subsystem, device_type, known) is not None) is is_hint


def test_lines_of_one_interface_are_told_apart() -> None:
    device = {"SUBSYSTEM": "usb", "DEVTYPE": "usb_device", "ID_VENDOR_ID": "0403", "ID_MODEL_ID": "6011"}
    interface = {"SUBSYSTEM": "usb", "DEVTYPE": "usb_interface", "INTERFACE": "255/255/255", "MODALIAS": "x:in00"}
    tree: dict[str, RecordedNode] = {}
    host = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1"
    for path, properties in ((host, device), (f"{host}/1-1:1.0", interface)):
        tree[path] = RecordedNode(path, properties, tree)
    functions = []
    for number in (0, 1):
        above = f"{host}/1-1:1.0/ttyUSB{number}"
        tree[above] = _WithAttributes(above, {"SUBSYSTEM": "usb-serial"}, tree, {"port_number": str(number).encode()})
        line = f"{above}/tty/ttyUSB{number}"
        sighting = sighting_of(RecordedNode(line, {"SUBSYSTEM": "tty", "DEVNAME": f"/dev/ttyUSB{number}"}, tree))
        assert sighting is not None
        functions.append(sighting.function)
    assert functions == ["00", "00.1"]


class _WithAttributes(RecordedNode):
    def __init__(self, *args: Any) -> None:
        *rest, self._given = args
        super().__init__(*rest)

    @property
    def attributes(self) -> dict[str, bytes]:
        return self._given


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("idVendor", b"zzzz"), ("idProduct", b"12345"), ("idVendor", b""), ("bInterfaceClass", b"\xff\xff")],
)
def test_descriptors_that_lie_give_no_sighting(tree: dict[str, RecordedNode], attribute: str, value: bytes) -> None:
    path = next(n.sys_path for n in tree.values() if n.subsystem == "usbmisc").rpartition("/usbmisc")[0]
    lying: dict[str, RecordedNode] = {}
    for node in tree.values():
        given = node.attributes
        if attribute in given:
            given[attribute] = value
        lying[node.sys_path] = _WithAttributes(node.sys_path, node.properties, lying, given)
    assert sighting_of(lying[path]) is None
