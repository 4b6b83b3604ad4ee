"""The files of ``devices.d``: what is shipped loads, and what is wrong is told completely."""

from pathlib import Path

import pytest

from stationd.config_matchers import MatchersError, load, packaged_directory, parse, strange_profiles
from stationd.domain.inventory import Sighting, Subsystem
from stationd.domain.matcher import DeviceKind, Start, match
from stationd.domain.profile import RestRule

GOOD = """
[[device]]
name = "evolis"
title = "Evolis card printer"
kind = "printer"
driver = "ipp"
vendor = "0f49"
products = ["0a00", "0c12"]
interface_class = 7
profiles = ["ktp-el"]
nominal_s = 20
rest_after_cards = 100
rest_s = 1800
supplies = { ribbon = 1 }
"""


def device(vendor: str, product: str, **differs) -> Sighting:
    values = {"subsystem": Subsystem.USB, "port": "c-usb2-1", "function": "00", "interface_class": 7} | differs
    return Sighting(sys_path="/sys/devices/x", vendor=vendor, product=product, **values)


def told(text: str) -> list[str]:
    with pytest.raises(MatchersError) as wrong:
        parse(text, file="x.toml")
    return [f"{problem.key}: {problem.allowed}" for problem in wrong.value.problems]


def test_a_matcher_is_read_whole() -> None:
    (matcher,) = parse(GOOD, file="x.toml")
    assert matcher.criteria.products == ("0a00", "0c12")
    assert matcher.rest == RestRule(cards=100, rest_s=1800)
    assert matcher.nominal_s == 20.0
    assert matcher.supplies == {"ribbon": 1.0}
    assert matcher.start is Start.AUTOMATIC
    assert matcher.file == "x.toml"


def test_what_the_driver_is_told_is_read_as_it_stands() -> None:
    own = 'uri = "ipp+unix:///run/cups.sock?path=/"\noptions = { model = "drv:///x.ppd", poll_s = 0.5 }\n'
    (matcher,) = parse(GOOD + own, file="x.toml")
    assert (matcher.uri, matcher.options) == (
        "ipp+unix:///run/cups.sock?path=/",
        {"model": "drv:///x.ppd", "poll_s": 0.5},
    )


@pytest.mark.parametrize("options", ['"raw"', '{ serial = "A1" }', '{ identity = "usb:" }', '{ node = "/dev/x" }'])
def test_options_that_only_the_device_can_tell_are_refused(options) -> None:
    assert any(line.startswith("device[0].options: a table") for line in told(f"{GOOD}options = {options}\n"))


def test_a_profile_that_the_station_does_not_have_is_told() -> None:
    matchers = parse(GOOD, file="x.toml")
    assert strange_profiles(matchers, {"ktp-el"}) == ()
    (problem,) = strange_profiles(matchers, {"kia"})
    assert str(problem) == 'x.toml: device evolis.profiles = "ktp-el": allowed is the station\'s profiles: kia'


def test_the_shipped_matchers_load_and_each_names_its_source() -> None:
    matchers = load([packaged_directory()])
    assert len(matchers) > 15
    assert all(matcher.source for matcher in matchers)


@pytest.mark.parametrize(
    ("seen", "name", "kind", "start"),
    [
        (device("09b0", "2400"), "fargo-hdp5000", DeviceKind.PRINTER, Start.AUTOMATIC),
        (device("09b0", "ffff", ieee1284={"MDL": "HDP6600"}), "fargo-hdp", DeviceKind.PRINTER, Start.AUTOMATIC),
        (device("09b0", "ffff", model="DTC4500"), "fargo", DeviceKind.PRINTER, Start.AUTOMATIC),
        (device("0f49", "0a00"), "evolis-zenius", DeviceKind.PRINTER, Start.AUTOMATIC),
        (device("0c1f", "880a"), "magicard-enduro", DeviceKind.PRINTER, Start.AUTOMATIC),
        (device("0a5f", "0050"), "zebra-p120i", DeviceKind.PRINTER, Start.AUTOMATIC),
        (device("072f", "2200", interface_class=11), "acr122u", DeviceKind.READER, Start.AUTOMATIC),
        (device("04e6", "5814", interface_class=11), "ccid", DeviceKind.READER, Start.AUTOMATIC),
        (device("0403", "6001", interface_class=255, subsystem=Subsystem.TTY), "ftdi", DeviceKind.READER, Start.ASKED),
        (
            device("12d1", "1001", interface_class=255, subsystem=Subsystem.TTY),
            "modem-huawei",
            DeviceKind.MODEM,
            Start.AUTOMATIC,
        ),
        (
            device("1e0e", "9001", interface_class=2, interface_subclass=2, subsystem=Subsystem.TTY),
            "modem-simcom",
            DeviceKind.MODEM,
            Start.AUTOMATIC,
        ),
        (
            device("2341", "0043", interface_class=2, interface_subclass=2, subsystem=Subsystem.TTY),
            "usb-serial-line",
            DeviceKind.READER,
            Start.ASKED,
        ),
    ],
)
def test_the_shipped_matchers_know_their_devices(seen: Sighting, name: str, kind: DeviceKind, start: Start) -> None:
    found = match(seen, load([packaged_directory()]))
    assert found is not None
    assert (found.matcher.name, found.matcher.kind, found.matcher.start) == (name, kind, start)


@pytest.mark.parametrize(
    "seen", [device("0a5f", "0062", model="GK420d"), device("04b8", "0202"), device("0f49", "0a00", interface_class=11)]
)
def test_a_label_printer_or_a_card_reader_is_not_taken_for_a_card_printer(seen: Sighting) -> None:
    found = match(seen, load([packaged_directory()]))
    assert found is None or found.matcher.kind is DeviceKind.READER


def test_every_problem_is_told_at_once() -> None:
    problems = told(
        '[[device]]\nname = "Big"\ntitle = ""\nkind = "scanner"\nvendor = "0F49"\nproducts = ["0c12", 12]\n'
        'interface_class = 256\nmodel = "a*b"\nsubsystem = "net"\nvendr = "0f49"\nsupplies = { ribbon = -1 }\n'
    )
    keys = {problem.partition(":")[0] for problem in problems}
    assert keys == {
        f"device[0].{key}"
        for key in ("name", "title", "kind", "driver", "vendor", "products[1]", "interface_class", "model", "subsystem")
    } | {"device[0].vendr", "device[0].supplies"}
    assert any("did you mean vendor?" in problem for problem in problems)


@pytest.mark.parametrize(
    ("cut", "key"),
    [
        ('vendor = "0f49"\n', "device[0].vendor"),
        ("rest_s = 1800\n", "device[0].rest_s"),
        ("rest_after_cards = 100\n", "device[0].rest_after_cards"),
        ('profiles = ["ktp-el"]\n', "device[0].profiles"),
        ('driver = "ipp"\n', "device[0].driver"),
    ],
)
def test_halves_are_refused(cut: str, key: str) -> None:
    assert [problem.partition(":")[0] for problem in told(GOOD.replace(cut, ""))] == [key]


def test_supplies_are_a_table() -> None:
    assert [problem.partition(":")[0] for problem in told(GOOD.replace("{ ribbon = 1 }", "3"))] == [
        "device[0].supplies"
    ]


def test_a_matcher_of_everything_is_refused() -> None:
    text = '[[device]]\nname = "all"\ntitle = "All"\nkind = "reader"\ndriver = "pcsc"\n'
    assert [problem.partition(":")[0] for problem in told(text)] == ["device[0].vendor"]


def test_matchers_that_tie_are_refused() -> None:
    (problem,) = told(GOOD + GOOD.replace('"evolis"', '"other"').replace('["0a00", "0c12"]', '["0c12", "0c13"]'))
    assert "more or less specific than evolis (x.toml)" in problem


def test_files_that_cannot_be_read_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[[device]\n")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "c.toml").mkdir()
    (tmp_path / "d.toml").write_bytes(b"#" * 1_000_001)
    (tmp_path / "e.toml").write_text("[[devices]]\n")
    with pytest.raises(MatchersError) as wrong:
        load([tmp_path])
    told_of = {Path(problem.file).name for problem in wrong.value.problems}
    assert told_of == {"a.toml", "b.toml", "c.toml", "d.toml", "e.toml"}


def test_a_name_stands_once_in_a_directory(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD)
    (tmp_path / "b.toml").write_text(GOOD.replace("0c12", "0c99").replace("0a00", "0a99"))
    with pytest.raises(MatchersError, match="a name of its own"):
        load([tmp_path])


def test_a_station_s_own_matcher_replaces_the_shipped_one(tmp_path: Path) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    for directory, driver in ((shipped, "ipp"), (own, "usblp")):
        directory.mkdir()
        (directory / "evolis.toml").write_text(GOOD.replace('"ipp"', f'"{driver}"'))
    assert [m.driver for m in load([shipped, own])] == ["usblp"]
    assert load([tmp_path / "absent"]) == ()
