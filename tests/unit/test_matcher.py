"""The most specific matcher wins, and says why; what nothing matches gets a matcher that would."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.config_matchers import parse
from stationd.domain.inventory import Sighting, Subsystem, clean, serial_key_of
from stationd.domain.matcher import (
    Criteria,
    DeviceKind,
    Matcher,
    draft_for,
    explain,
    failings,
    match,
    specificity,
    ties,
)

DEVICE = Sighting(
    subsystem=Subsystem.USBMISC,
    sys_path="/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/usbmisc/lp0",
    node="/dev/usb/lp0",
    vendor="0f49",
    product="0c12",
    serial="10000123456",
    serial_key="10000123456",
    port="0000.00.14.0-usb2-1",
    function="00",
    interface_class=7,
    interface_subclass=1,
    interface_protocol=2,
    manufacturer="Evolis",
    model="Primacy 2",
    ieee1284={"MFG": "Evolis", "MDL": "Evolis Primacy 2"},
)


def named(name: str, **criteria) -> Matcher:
    return Matcher(
        name=name,
        title=name.title(),
        kind=DeviceKind.PRINTER,
        driver="ipp",
        criteria=Criteria(**criteria),
        file="a.toml",
    )


FITTING = [
    named("subsystem", subsystem=Subsystem.USBMISC),
    named("protocol", interface_protocol=2),
    named("subclass", interface_subclass=1),
    named("class", interface_class=7),
    named("vendor", vendor="0f49"),
    named("maker-start", manufacturer="Evo*"),
    named("maker", manufacturer="evolis"),
    named("model-start", model="Evolis*"),
    named("model-longer-start", model="Evolis Prim*"),
    named("model", model="evolis primacy 2"),
    named("product", vendor="0f49", products=("0c12", "0c13")),
    named("port", port="0000.00.14.0-usb2-1"),
    named("serial", serial="10000123456"),
]


@pytest.mark.parametrize("place", range(1, len(FITTING)))
def test_the_more_specific_matcher_wins_in_the_documented_order(place: int) -> None:
    won = match(DEVICE, FITTING[: place + 1])
    assert won is not None
    assert won.matcher.name == FITTING[place].name
    assert won.outdone[0] == FITTING[place - 1].name


@given(st.permutations(FITTING))
def test_the_order_of_the_files_does_not_matter(matchers: list[Matcher]) -> None:
    won = match(DEVICE, matchers)
    assert won is not None
    assert won.matcher.name == "serial"


@pytest.mark.parametrize(
    ("criteria", "failing"),
    [
        (Criteria(serial="10000123457"), "serial is 10000123456, not 10000123457"),
        (Criteria(port="elsewhere"), "port is 0000.00.14.0-usb2-1, not elsewhere"),
        (Criteria(vendor="0f49", products=("0a00", "0a01")), "products is 0c12, not 0a00/0a01"),
        (Criteria(model="Primacy*"), "model is Evolis Primacy 2, not Primacy*"),
        (Criteria(manufacturer="Evoli"), "manufacturer is Evolis, not Evoli"),
        (Criteria(vendor="09b0"), "vendor is 0f49, not 09b0"),
        (Criteria(interface_class=11), "interface_class is 7, not 11"),
        (Criteria(interface_subclass=2), "interface_subclass is 1, not 2"),
        (Criteria(interface_protocol=1), "interface_protocol is 2, not 1"),
        (Criteria(subsystem=Subsystem.TTY), "subsystem is usbmisc, not tty"),
    ],
)
def test_one_criterion_that_fails_is_enough_and_is_named(criteria: Criteria, failing: str) -> None:
    assert failings(DEVICE, criteria) == (failing,)
    assert match(DEVICE, [replace(FITTING[0], criteria=criteria)]) is None


def test_the_usb_strings_stand_in_for_a_missing_device_id() -> None:
    silent = replace(DEVICE, ieee1284={})
    assert failings(silent, Criteria(manufacturer="evolis", model="primacy*")) == ()


def test_a_match_says_why_and_what_it_outdid() -> None:
    lines = explain(DEVICE, [named("evolis", vendor="0f49"), named("one", vendor="0f49", products=("0c12",))])
    assert lines == ("one fits: products 0c12, vendor 0f49", "evolis fits too, and says less")


NEAR_AND_FAR = {"far": {"interface_class": 11}, "near": {}}


def test_a_miss_names_the_nearest() -> None:
    other = named("other-maker", vendor="0a27")
    far, near = (named(name, vendor="0f49", products=("0a00",), **more) for name, more in NEAR_AND_FAR.items())
    assert explain(DEVICE, [other, far, near]) == ("near does not fit: products is 0c12, not 0a00",)
    assert explain(DEVICE, []) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Criteria(vendor="0f49"), Criteria(vendor="0f49")),
        (Criteria(vendor="0f49", products=("1", "2")), Criteria(vendor="0f49", products=("2", "3"))),
        (Criteria(model="Primacy*"), Criteria(model="primacy*")),
        (Criteria(interface_class=7), Criteria(interface_class=7)),
    ],
)
def test_equally_specific_matchers_that_could_meet_are_a_tie(one: Criteria, other: Criteria) -> None:
    a, b = replace(FITTING[0], name="a", criteria=one), replace(FITTING[0], name="b", criteria=other)
    assert ties([a, b]) == ((a, b),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Criteria(vendor="0f49"), Criteria(vendor="09b0")),
        (Criteria(vendor="0f49", products=("1",)), Criteria(vendor="0f49", products=("2",))),
        (Criteria(model="Primacy*"), Criteria(model="Zenius *")),
        (Criteria(model="Primacy*"), Criteria(model="Prim*")),
        (Criteria(model="Primacy"), Criteria(model="Zenius")),
        (Criteria(vendor="0f49"), Criteria(vendor="0f49", interface_class=7)),
    ],
)
def test_matchers_that_cannot_meet_or_differ_in_weight_are_no_tie(one: Criteria, other: Criteria) -> None:
    a, b = replace(FITTING[0], name="a", criteria=one), replace(FITTING[0], name="b", criteria=other)
    assert ties([a, b]) == ()


names = st.sampled_from(["Evolis", "evolis*", "Evolis Prim*", "Evolis Primacy 2", "E*", "HDP*", None])
criteria = st.builds(
    Criteria,
    vendor=st.sampled_from([None, "0f49", "09b0"]),
    model=names,
    manufacturer=names,
    interface_class=st.sampled_from([None, 7, 11]),
    subsystem=st.sampled_from([None, *Subsystem]),
)


@given(criteria, criteria)
def test_a_set_without_ties_has_one_winner(one: Criteria, other: Criteria) -> None:
    a, b = replace(FITTING[0], name="a", criteria=one), replace(FITTING[0], name="b", criteria=other)
    both_fit = not failings(DEVICE, one) and not failings(DEVICE, other)
    if both_fit and not ties([a, b]):
        assert specificity(one) != specificity(other)


@given(
    st.builds(
        lambda **values: replace(DEVICE, **values),
        subsystem=st.sampled_from(Subsystem),
        interface_class=st.sampled_from([7, 11, 2, None]),
        manufacturer=st.text(max_size=200).map(clean),
        model=st.text(max_size=200).map(clean),
        ieee1284=st.dictionaries(st.sampled_from(["MFG", "MDL"]), st.text(max_size=200).map(clean)),
        serial_key=st.binary(max_size=10).map(serial_key_of),
    )
)
def test_a_draft_is_a_matcher_that_loads_and_fits(device: Sighting) -> None:
    (drafted,) = parse(draft_for(device), file="draft.toml")
    won = match(device, [drafted])
    assert won is not None
    assert won.matcher.driver in {"cups", "serial", "pcsc"}


def test_a_model_with_a_star_in_it_does_not_become_a_pattern() -> None:
    assert "\nmodel" not in draft_for(replace(DEVICE, ieee1284={"MDL": "P*2"}))


def test_a_draft_leaves_out_nothing_that_a_matcher_needs() -> None:
    text = draft_for(DEVICE)
    assert 'products = ["0c12"]' in text
    assert 'model = "Evolis Primacy 2"' in text
    assert "interface_class = 7" in text


def test_every_criterion_has_a_weight_and_a_check() -> None:
    samples = {"products": ("ffff",), "interface_class": 255, "interface_subclass": 255, "interface_protocol": 255}
    for field in fields(Criteria):
        alone = Criteria(**{field.name: samples.get(field.name, "ffff")})
        assert specificity(alone) > specificity(Criteria())
        assert failings(DEVICE, alone)
