"""``stationd devices``: what a person sees, and what a program sees; without a bus."""

import json
import tomllib

import pytest

from stationd.cli import devices as devices_command
from stationd.cli import main
from stationd.domain.inventory import Sighting, Subsystem


def seen(port: str, **differs) -> Sighting:
    values = {
        "subsystem": Subsystem.USBMISC,
        "sys_path": f"/sys/devices/{port}",
        "node": "/dev/usb/lp0",
        "vendor": "0f49",
        "product": "0a00",
        "serial": "10000123456",
        "serial_key": "10000123456",
        "port": port,
        "function": "00",
        "interface_class": 7,
        "manufacturer": "Evolis",
        "model": "Zenius",
    }
    return Sighting(**(values | differs))


@pytest.fixture
def bus(monkeypatch):
    def hold(*sightings: Sighting) -> None:
        monkeypatch.setattr(devices_command, "Scanner", lambda: lambda: sightings)

    return hold


def test_a_known_printer_is_shown_with_what_takes_it_and_why(bus, tmp_path, capsys) -> None:
    bus(seen("c-usb2-1"))
    assert main(["devices", "--config", str(tmp_path / "stationd.toml")]) == 0
    shown = capsys.readouterr().out
    assert "Evolis Zenius\n    identity  usb:0f49:0a00:10000123456:00\n" in shown
    assert "taken as  printer, driver cups  (" in shown
    assert "why       evolis-zenius fits: products 0a00, vendor 0f49, interface_class 7\n" in shown
    assert "why       evolis fits too, and says less\n" in shown


def test_what_nothing_takes_comes_with_a_matcher_that_would_take_it(bus, tmp_path, capsys) -> None:
    bus(seen("c-usb2-1", vendor="1234", product="0001", manufacturer='Ac"me', model="Card\\X"))
    config = str(tmp_path / "stationd.toml")
    assert main(["devices", "--config", config, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["match"] is None
    assert tomllib.loads(told["draft"])["device"][0]["title"] == 'Ac"me Card\\X'
    (tmp_path / "devices.d").mkdir()
    (tmp_path / "devices.d" / "acme.toml").write_text(told["draft"], encoding="utf-8")
    assert main(["devices", "--config", config, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["match"]["name"] == "printer-1234-0001"
    assert told["draft"] is None


def test_the_text_holds_the_same_matcher(bus, tmp_path, capsys) -> None:
    bus(seen("c-usb2-1", vendor="1234", product="0001"))
    assert main(["devices", "--config", str(tmp_path / "stationd.toml")]) == 0
    shown = capsys.readouterr().out
    assert "taken as  nothing: no matcher fits\n" in shown
    draft = "\n".join(line.strip() for line in shown.partition("configuration file:\n")[2].splitlines())
    assert tomllib.loads(draft)["device"][0]["products"] == ["0001"]


def test_a_serial_adapter_waits_to_be_configured_and_twins_show_their_ports(bus, tmp_path, capsys) -> None:
    line = {"subsystem": Subsystem.TTY, "vendor": "0403", "product": "6001", "serial_key": None, "interface_class": 255}
    bus(seen("c-usb2-1", **line), seen("c-usb2-2", **line))
    assert main(["devices", "--config", str(tmp_path / "stationd.toml")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("taken as  reader, driver serial, once it is configured") == 2
    assert "Evolis Zenius (port c-usb2-2)" in shown
    assert shown.count("(by its port: it has no serial of its own)") == 2


def test_what_is_configured_is_shown_as_configured(bus, tmp_path, capsys) -> None:
    bus(seen("c-usb2-1"), seen("c-usb2-2", serial="B2", serial_key="B2"))
    config = tmp_path / "stationd.toml"
    config.write_text('[[printer]]\nname = "kartu-1"\ndriver = "cups"\nserial = "B2"\n')  # the rest is missing
    assert main(["devices", "--config", str(config)]) == 0
    assert capsys.readouterr().out.count("taken as  kartu-1, as it is configured\n") == 1
    assert main(["devices", "--config", str(config), "--json"]) == 0
    assert [each["configured_as"] for each in json.loads(capsys.readouterr().out)] == [None, "kartu-1"]


def test_options_are_shown_and_what_the_driver_has_against_it(bus, tmp_path, capsys) -> None:
    tango = {"vendor": "0c1f", "product": "1800", "manufacturer": "Magicard", "model": "Tango 2E"}
    bus(seen("c-usb2-1", **tango), seen("c-usb2-2", **tango, serial="0", serial_key=None))
    assert main(["devices", "--config", str(tmp_path / "stationd.toml")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("with      model = gutenprint.5.3://magicard-tango-2e/expert\n") == 2
    assert shown.count("but       queue is missing: the printer says no serial") == 1, "0 is no serial"


def test_an_empty_bus_is_told_in_one_line(bus, tmp_path, capsys) -> None:
    bus()
    assert main(["devices", "--config", str(tmp_path / "stationd.toml")]) == 0
    assert capsys.readouterr().out == "no printer or reader is plugged in\n"


def test_problems_of_the_matchers_are_told_and_nothing_else(bus, tmp_path, capsys) -> None:
    bus(seen("c-usb2-1"))
    (tmp_path / "devices.d").mkdir()
    (tmp_path / "devices.d" / "x.toml").write_text("[[device]]\nname = 1\n")
    assert main(["devices", "--config", str(tmp_path / "stationd.toml")]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "device[0].name = 1" in shown.err


def test_a_bus_that_cannot_be_read_is_told_in_one_line(monkeypatch, tmp_path, capsys) -> None:
    def unreadable():
        raise OSError(38, "libudev is not installed (Debian: libudev1)")

    monkeypatch.setattr(devices_command, "Scanner", lambda: unreadable)
    assert main(["devices", "--config", str(tmp_path / "stationd.toml")]) == 1
    assert "cannot read the USB bus: libudev is not installed" in capsys.readouterr().err
