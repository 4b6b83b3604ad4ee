"""Identity, change and debounce of devices: rules without a bus."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.inventory import (
    DEVICES_LIMIT,
    TEXT_LIMIT,
    Change,
    DeviceRecord,
    Inventory,
    Settled,
    Sighting,
    Subsystem,
    applied,
    clean,
    device_id,
    diff,
    identity_of,
    port_of,
    serial_key_of,
    settle,
    take_stock,
)

HOST = "/sys/devices/pci0000:00/0000:00:14.0/usb1"


def printer(port: str = "1", serial: str | None = "10000123456", lp: int | None = 0, **differs) -> Sighting:
    path = f"{HOST}/1-{port}/1-{port}:1.0"
    values = {
        "subsystem": Subsystem.USB if lp is None else Subsystem.USBMISC,
        "sys_path": path if lp is None else f"{path}/usbmisc/lp{lp}",
        "vendor": "0f49",
        "product": "0c12",
        "port": f"0000.00.14.0-usb2-{port}",
        "function": "00",
        "node": None if lp is None else f"/dev/usb/lp{lp}",
        "serial": serial or "",
        "serial_key": serial_key_of(serial.encode()) if serial else None,
        "address": f"1:{port}",
        "interface_class": 7,
        "manufacturer": "Evolis",
        "model": "Primacy 2",
    }
    return Sighting(**(values | differs))


texts = st.one_of(st.binary(max_size=5000), st.text(max_size=5000).map(lambda t: t.encode("utf-8", "surrogatepass")))
ports = st.sampled_from(["1", "2", "3", "1.1", "1.2", "4.4.1"])
sightings = st.lists(
    st.builds(
        printer,
        port=ports,
        serial=st.sampled_from([None, "0", "A1", "A2", "A3"]),
        lp=st.one_of(st.none(), st.integers(0, 5)),
        product=st.sampled_from(["0c12", "0a00"]),
        function=st.sampled_from(["00", "01"]),
    ),
    max_size=8,
)


# ---------------------------------------------------------------------------------------------------- identity


def test_identity_is_the_serial_where_there_is_one() -> None:
    assert identity_of(printer()) == "usb:0f49:0c12:10000123456:00"


def test_identity_without_a_serial_is_the_place() -> None:
    assert identity_of(printer(serial=None, port="1.2")) == "usb:0f49:0c12:@0000.00.14.0-usb2-1.2:00"


@pytest.mark.parametrize("serial", ["", "0", "00000000", "FFFF", " 0 ", "None", "0123456789ABCDEF", "n/a", "\0\0"])
def test_a_serial_that_tells_nothing_is_not_trusted(serial: str) -> None:
    assert serial_key_of(serial.encode()) is None


def test_a_serial_that_looks_like_a_path_is_hashed() -> None:
    keys = [
        serial_key_of(s)
        for s in (b"../../etc/passwd", b"..1", b"a/b", b"usb:1:2", b"@place", b"xy" * 2048, b"\xff\xfe9")
    ]
    assert all(key is not None and key[0] == "~" and key[1:].isalnum() for key in keys)
    assert len(set(keys)) == len(keys)


@given(sightings, st.permutations(range(6)))
def test_identity_does_not_follow_the_node_number(seen: list[Sighting], numbers: list[int]) -> None:
    renumbered = [
        s if s.node is None else replace(s, node=f"/dev/usb/lp{numbers[int(s.node[-1])]}", address="9:9") for s in seen
    ]
    assert take_stock(seen).devices.keys() == take_stock(renumbered).devices.keys()


@given(sightings)
def test_identity_does_not_follow_the_order_of_discovery(seen: list[Sighting]) -> None:
    unique = list({s.place: s for s in seen}.values())
    assert take_stock(unique).devices.keys() == take_stock(unique[::-1]).devices.keys()


@given(sightings)
def test_every_place_has_one_device_and_every_device_its_own_identity(seen: list[Sighting]) -> None:
    stock = take_stock(seen)
    assert {record.seen.place for record in stock.devices.values()} == {s.place for s in seen}
    assert all(identity == record.identity for identity, record in stock.devices.items())


def test_twins_without_serials_are_told_apart_by_port_and_labelled_so() -> None:
    records = list(take_stock([printer(port="1", serial=None), printer(port="2", serial=None, lp=1)]).devices.values())
    assert [r.label for r in records] == [
        "Evolis Primacy 2 (port 0000.00.14.0-usb2-1)",
        "Evolis Primacy 2 (port 0000.00.14.0-usb2-2)",
    ]
    assert all(r.is_twin and r.is_by_port for r in records)


def test_twins_with_serials_keep_their_serials_and_show_their_ports() -> None:
    records = list(take_stock([printer(port="1", serial="A1"), printer(port="2", serial="A2")]).devices.values())
    assert [r.identity for r in records] == ["usb:0f49:0c12:A1:00", "usb:0f49:0c12:A2:00"]
    assert all(r.is_twin and not r.is_by_port and "(port " in r.label for r in records)


def test_a_serial_carried_by_two_devices_names_neither() -> None:
    stock = take_stock([printer(port="1", serial="SAME1"), printer(port="2", serial="SAME1", lp=1)])
    assert all(r.is_by_port for r in stock.devices.values())
    assert stock.shared == {"0f49:0c12:SAME1"}


def test_a_device_keeps_its_identity_when_a_twin_with_its_serial_comes() -> None:
    alone = take_stock([printer(port="1", serial="SAME1")])
    both = take_stock([printer(port="1", serial="SAME1"), printer(port="2", serial="SAME1", lp=1)], before=alone)
    assert sorted(both.devices) == ["usb:0f49:0c12:@0000.00.14.0-usb2-2:00", "usb:0f49:0c12:SAME1:00"]


def test_a_shared_serial_stays_untrusted_after_a_restart() -> None:
    known = Inventory(shared=frozenset({"0f49:0c12:SAME1"}))
    assert list(take_stock([printer(serial="SAME1")], before=known).devices) == [
        "usb:0f49:0c12:@0000.00.14.0-usb2-1:00"
    ]


def test_a_printer_stays_when_cups_takes_its_node() -> None:
    interface = printer(lp=None, ieee1284={"MDL": "Primacy 2"})
    with_node = take_stock([interface, printer()])
    without = take_stock([interface], before=with_node)
    changes = diff(with_node.devices, without.devices)
    assert not changes.added
    assert not changes.removed
    assert [(c.before.seen.node, c.after.seen.node) for c in changes.changed] == [("/dev/usb/lp0", None)]
    assert with_node.devices["usb:0f49:0c12:10000123456:00"].seen.ieee1284 == {"MDL": "Primacy 2"}


def test_a_bus_full_of_lies_is_bounded() -> None:
    many = [printer(port=f"{a}.{b}", serial=None) for a in range(40) for b in range(40)]
    assert len(take_stock(many).devices) == DEVICES_LIMIT


@pytest.mark.parametrize(
    ("path", "generation", "port"),
    [
        ("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1", "2", "0000.00.14.0-usb2-1"),
        ("/sys/devices/pci0000:00/0000:00:14.0/usb7/7-1", "2", "0000.00.14.0-usb2-1"),
        ("/sys/devices/pci0000:00/0000:00:14.0/usb2/2-1", "3", "0000.00.14.0-usb3-1"),
        ("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.2/1-1.2.4", "2", "0000.00.14.0-usb2-1.2.4"),
        ("/sys/devices/platform/dummy_hcd.0/usb1/1-1", "2", "dummy_hcd.0-usb2-1"),
        ("/sys/devices/platform/serial8250/tty/ttyS0", "2", None),
        ("/sys/devices/pci0000:00/0000:00:14.0/usb1", "2", None),
    ],
)
def test_the_place_is_fixed_in_the_hardware(path: str, generation: str, port: str | None) -> None:
    assert port_of(path, generation=generation) == port


# --------------------------------------------------------------------------------------------------- hostile text


@given(texts)
def test_what_a_device_says_is_printable_and_bounded(raw: bytes) -> None:
    text = clean(raw)
    assert len(text) <= TEXT_LIMIT
    assert text.isprintable()
    assert text == clean(text)
    text.encode()


@given(texts)
def test_no_serial_can_break_an_identity(raw: bytes) -> None:
    key = serial_key_of(raw)
    assert key is None or (len(key) <= 48 and not set(key) & set("/:@?#% \n") and not key.startswith("."))


@given(st.lists(texts, max_size=4).map(b";".join) | st.binary(max_size=200).map(lambda b: b"MFG:" + b + b";MDL:x"))
def test_a_device_id_that_lies_is_bounded(raw: bytes) -> None:
    found = device_id(raw)
    assert found.keys() <= {"MFG", "MDL", "CMD", "CLS", "DES", "SN"}
    assert all(len(value) <= TEXT_LIMIT and value.isprintable() for value in found.values())


def test_a_device_id_is_read_under_long_and_short_names() -> None:
    raw = b"MANUFACTURER:HID Global;COMMAND SET:ZXP,X;MODEL:HDP5000;MDL:other;CLASS:PRINTER;SN:77;X:y;"
    assert device_id(raw) == {"MFG": "HID Global", "CMD": "ZXP,X", "MDL": "HDP5000", "CLS": "PRINTER", "SN": "77"}


def test_no_text_gives_a_label_all_the_same() -> None:
    assert clean(None) == ""
    record = DeviceRecord(identity="usb:0f49:0c12:A1:00", seen=printer(manufacturer="", model=""))
    assert record.label == "USB 0f49:0c12"
    assert replace(record, seen=printer(manufacturer="Evolis", model="Evolis Zenius")).label == "Evolis Zenius"


# ---------------------------------------------------------------------------------------------- diff and debounce


@given(sightings, sightings)
def test_the_changes_lead_from_before_to_after(first: list[Sighting], second: list[Sighting]) -> None:
    before, after = take_stock(first).devices, take_stock(second).devices
    changes = diff(before, after)
    assert applied(before, changes) == after
    assert bool(changes) == (before != after)


def test_a_new_device_is_there_at_once() -> None:
    state, changes, due = settle(Settled(), [printer()], at=10.0, vanish_s=0.75)
    assert [r.identity for r in changes.added] == ["usb:0f49:0c12:10000123456:00"]
    assert due is None
    assert not settle(state, [printer()], at=11.0, vanish_s=0.75)[1]


def test_a_device_that_vanishes_for_less_than_the_debounce_was_never_gone() -> None:
    state, _, _ = settle(Settled(), [printer()], at=10.0, vanish_s=0.75)
    state, changes, due = settle(state, [], at=10.5, vanish_s=0.75)
    assert not changes
    assert due == 11.25
    state, changes, due = settle(state, [printer()], at=11.2, vanish_s=0.75)
    assert not changes
    assert due is None


def test_a_reset_shows_as_a_change_and_not_as_a_removal() -> None:
    state, _, _ = settle(Settled(), [printer()], at=10.0, vanish_s=0.75)
    state, _, _ = settle(state, [], at=10.1, vanish_s=0.75)
    _, changes, _ = settle(state, [printer(address="1:9", lp=3)], at=10.3, vanish_s=0.75)
    assert not changes.added
    assert not changes.removed
    assert isinstance(changes.changed[0], Change)
    assert changes.changed[0].after.seen.node == "/dev/usb/lp3"


def test_a_device_that_moves_to_another_port_within_the_debounce_is_the_same_one() -> None:
    state, _, _ = settle(Settled(), [printer(port="1")], at=10.0, vanish_s=0.75)
    _, changes, _ = settle(state, [printer(port="2")], at=10.2, vanish_s=0.75)
    assert not changes.added
    assert not changes.removed
    assert changes.changed[0].after.seen.port.endswith("-2")


def test_a_device_missing_for_the_debounce_is_gone() -> None:
    state, _, _ = settle(Settled(), [printer()], at=10.0, vanish_s=0.75)
    state, _, due = settle(state, [], at=10.5, vanish_s=0.75)
    assert due is not None
    state, changes, due = settle(state, [], at=due, vanish_s=0.75)
    assert [r.identity for r in changes.removed] == ["usb:0f49:0c12:10000123456:00"]
    assert due is None
    assert not state.inventory.devices


@given(st.lists(st.tuples(st.floats(0.01, 2.0), sightings), max_size=6))
def test_whatever_comes_and_goes_the_settled_set_ends_as_the_bus_is(steps: list[tuple[float, list[Sighting]]]) -> None:
    state, told, at = Settled(), {}, 0.0
    for after_s, seen in [*steps, (5.0, steps[-1][1] if steps else []), (5.0, steps[-1][1] if steps else [])]:
        at += after_s
        state, changes, due = settle(state, seen, at=at, vanish_s=0.75)
        told = applied(told, changes)
        assert told == state.inventory.devices
        assert (due is None) == (not state.vanished_at)
    assert {r.seen.place for r in told.values()} == {s.place for s in (steps[-1][1] if steps else [])}
