"""The IPP codec: what is written reads back the same, and hostile bytes give one clear error."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.adapters.printers.ipp.codec import MAX_DEPTH, MalformedIppError, decode, encode
from stationd.adapters.printers.ipp.message import (
    Attribute,
    DateAndTime,
    Group,
    GroupTag,
    IntRange,
    LocalText,
    Message,
    Resolution,
    Tag,
    Value,
    attribute,
)
from stationd.adapters.printers.ipp.records import DeviceJobState, read_device, read_job
from stationd.domain.printer import PrinterState, Supply

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ipp"
RECORDED = sorted(FIXTURES.glob("*.bin"))
HEADER = b"\x02\x00\x00\x00\x00\x00\x00\x01"


def recorded(name: str) -> Message:
    return decode((FIXTURES / f"{name}.bin").read_bytes())[0]


# ------------------------------------------------------------------------------------------------------ round trips

INT32 = st.integers(-(2**31), 2**31 - 1)
BYTE = st.integers(0, 255)
TEXT = st.text(max_size=40)
OUT_OF_BAND = st.sampled_from([0x10, 0x12, 0x13, 0x15, 0x16, 0x17, 0x1F])
TEXT_TAGS = st.sampled_from([0x41, 0x42, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x5F])

SIMPLE = st.one_of(
    st.builds(Value, OUT_OF_BAND, st.none()),
    st.builds(Value, st.sampled_from([Tag.INTEGER, Tag.ENUM]), INT32),
    st.builds(Value, st.just(Tag.BOOLEAN), st.booleans()),
    st.builds(Value, st.just(Tag.OCTET_STRING), st.binary(max_size=40)),
    st.builds(Value, st.sampled_from([0x2F, 0x38, 0x60, 0x7F, 0xFF]), st.binary(max_size=40)),
    st.builds(Value, TEXT_TAGS, TEXT),
    st.builds(Value, st.just(Tag.RANGE), st.builds(IntRange, INT32, INT32)),
    st.builds(Value, st.just(Tag.RESOLUTION), st.builds(Resolution, INT32, INT32, st.integers(-128, 127))),
    st.builds(
        Value,
        st.sampled_from([Tag.TEXT_WITH_LANGUAGE, Tag.NAME_WITH_LANGUAGE]),
        st.builds(LocalText, st.text(max_size=8), TEXT),
    ),
    st.builds(
        Value,
        st.just(Tag.DATE_TIME),
        st.builds(
            DateAndTime, st.integers(0, 65535), BYTE, BYTE, BYTE, BYTE, BYTE, BYTE, st.sampled_from("+-"), BYTE, BYTE
        ),
    ),
)


def attributes_of(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Attribute]:
    return st.builds(Attribute, st.text(min_size=1, max_size=20), st.lists(values, min_size=1, max_size=4).map(tuple))


VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.builds(
        Value, st.just(Tag.BEGIN_COLLECTION), st.lists(attributes_of(inner), max_size=3).map(tuple)
    ),
    max_leaves=8,
)
GROUPS = st.builds(
    Group,
    st.sampled_from([1, 2, 4, 5, 6, 7, 8, 9, 10, 15]),
    st.lists(attributes_of(VALUES), max_size=4).map(tuple),
)
MESSAGES = st.builds(
    Message,
    st.integers(0, 0xFFFF),
    st.integers(0, 2**32 - 1),
    st.lists(GROUPS, max_size=3).map(tuple),
    st.tuples(BYTE, BYTE),
)


@given(MESSAGES, st.binary(max_size=20))
def test_every_message_reads_back_as_it_was_written(message, document):
    assert decode(encode(message) + document) == (message, document)


@given(MESSAGES)
def test_a_message_cut_anywhere_is_malformed_and_nothing_else(message):
    frame = encode(message)
    for cut in range(len(frame)):
        with pytest.raises(MalformedIppError):
            decode(frame[:cut])


@given(st.binary(max_size=200))
def test_noise_is_malformed_or_a_message_and_nothing_else(noise):
    for data in (noise, HEADER + noise, HEADER + b"\x01" + noise):
        try:
            message, rest = decode(data)
        except MalformedIppError:
            continue
        assert data.endswith(rest)
        assert message.version == (data[0], data[1])


@given(st.sampled_from(RECORDED), st.data())
def test_a_recorded_answer_with_any_byte_changed_never_escapes(path, data):
    frame = bytearray(path.read_bytes())
    frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(BYTE)
    try:
        message, _ = decode(bytes(frame))
    except MalformedIppError:
        return
    for group in message.groups:
        read_job(group)
        read_device(group)


# ------------------------------------------------------------------------------------------------------- hostile bytes


@pytest.mark.parametrize(
    "body",
    [
        b"\x21\x00\x01a\x00\x04\x00\x00\x00\x01\x03",  # a value before any group
        b"\x00\x03",  # the reserved delimiter
        b"\x01\x21\x00\x00\x00\x04\x00\x00\x00\x01\x03",  # a further value of nothing
        b"\x01\x21\x00\x01a\x00\x03\x00\x00\x01\x03",  # an integer of three bytes
        b"\x01\x22\x00\x01a\x00\x00\x03",  # a boolean of none
        b"\x01\x33\x00\x01a\x00\x04\x00\x00\x00\x01\x03",  # half a range
        b"\x01\x32\x00\x01a\x00\x08\x00\x00\x00\x01\x00\x00\x00\x01\x03",  # a resolution without its unit
        b"\x01\x31\x00\x01a\x00\x0b\x07\xe8\x01\x01\x00\x00\x00\x00?\x00\x00\x03",  # a date with a bad sign
        b"\x01\x35\x00\x01a\x00\x04\x00\x09en\x03",  # a language longer than its value
        b"\x01\x35\x00\x01a\x00\x06\x00\x00\x00\x00zz\x03",  # bytes behind the text
        b"\x01\x44\xff\xffa\x03",  # a name of 65,535 bytes
        b"\x01\x44\x00\x01a\xff\xffb\x03",  # a value of 65,535 bytes
        b"\x01\x37\x00\x01a\x00\x00\x03",  # the end of no collection
        b"\x01\x4a\x00\x01a\x00\x01b\x03",  # a member of no collection
        b"\x01\x34\x00\x01a\x00\x00\x03",  # a collection that does not end
        b"\x01\x34\x00\x01a\x00\x00\x21\x00\x00\x00\x04\x00\x00\x00\x01\x37\x00\x00\x00\x00\x03",  # no member name
        b"\x01\x34\x00\x01a\x00\x00\x4a\x00\x00\x00\x01b\x37\x00\x00\x00\x00\x03",  # a member without a value
    ],
)
def test_bytes_that_break_the_grammar_are_refused_in_one_line(body):
    with pytest.raises(MalformedIppError, match=r"^cannot read IPP at byte \d+: [^\n]+$"):
        decode(HEADER + body)


def test_collections_may_nest_only_so_deep():
    def nested(depth: int) -> bytes:
        opening = b"\x4a\x00\x00\x00\x01m\x34\x00\x00\x00\x00" * (depth - 1)
        return HEADER + b"\x01\x34\x00\x01c\x00\x00" + opening + b"\x37\x00\x00\x00\x00" * depth + b"\x03"

    decode(nested(MAX_DEPTH))
    with pytest.raises(MalformedIppError, match="nested"):
        decode(nested(MAX_DEPTH + 1))
    with pytest.raises(MalformedIppError, match="nested"):
        decode(nested(5000))


def test_text_that_is_not_utf8_can_still_be_stored_and_shown():
    message, _ = decode(HEADER + b"\x04\x41\x00\x01m\x00\x02\xff\xfe\x03")
    (value,) = message.groups[0].values("m")
    assert value.content == "��"
    assert value.content.encode() != b""


@pytest.mark.parametrize(
    "wrong",
    [
        attribute("a", Tag.INTEGER, "1"),
        attribute("a", Tag.INTEGER, 2**31),
        attribute("a", Tag.BOOLEAN, 1),
        attribute("a", Tag.KEYWORD, 1),
        attribute("a", Tag.KEYWORD, "x" * 0x8000),
        attribute("a", Tag.RANGE, (1, 2)),
        attribute("a", Tag.BEGIN_COLLECTION, "x"),
        attribute("a", Tag.BEGIN_COLLECTION, IntRange(1, 2)),
        attribute("a", Tag.NO_VALUE, 1),
        attribute("a", Tag.BEGIN_COLLECTION, (attribute("m", Tag.INTEGER),)),
        attribute("a", Tag.INTEGER),
        attribute("", Tag.INTEGER, 1),
    ],
)
def test_a_content_that_does_not_suit_its_tag_is_not_sent(wrong):
    with pytest.raises(ValueError, match=r"^cannot encode"):
        encode(Message(2, 1, (Group(GroupTag.JOB, (wrong,)),)))


# ---------------------------------------------------------------------------------------------------------- real bytes


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_answer_survives_decoding_and_encoding_byte_for_byte(path):
    frame = path.read_bytes()
    message, rest = decode(frame)
    assert rest == b""
    assert encode(message) == frame


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_answer_cut_at_any_byte_is_malformed(path):
    frame = path.read_bytes()
    step = 1 if len(frame) < 1000 else 7  # the long ones hold the same syntaxes many times over
    for cut in range(0, len(frame), step):
        with pytest.raises(MalformedIppError):
            decode(frame[:cut])


def test_a_real_printer_is_understood():
    group = recorded("ippeveprinter-printer-all").group(GroupTag.PRINTER)
    device = read_device(group)
    assert (device.state, device.reasons, device.is_accepting) == (PrinterState.IDLE, frozenset(), True)
    assert device.model == "Example Printer"
    assert device.up_time_s == 0
    assert device.counter is None
    assert device.supplies == (Supply(name="Black Toner", level=75),)
    assert {5, 6, 8, 9, 10, 11} <= device.operations
    assert {"application/pdf", "image/png"} <= device.media_types
    assert not device.is_spooler
    (default,) = group.values("media-col-default")
    size = next(member for member in default.content if member.name == "media-size").values[0].content
    assert {member.name: member.values[0].content for member in size} == {"x-dimension": 21590, "y-dimension": 27940}
    assert group.values("copies-supported")[0].content == IntRange(1, 999)
    assert Resolution(600, 600, 3) in [value.content for value in group.values("printer-resolution-supported")]


def test_a_real_spooler_is_understood():
    device = read_device(recorded("cupsd-printer-all").group(GroupTag.PRINTER))
    assert device.is_spooler
    assert device.up_time_s is None, "cupsd gives the wall clock, which tells nothing of a restart"


@pytest.mark.parametrize(
    ("name", "state", "is_empty", "has_begun"),
    [
        ("ippeveprinter-job-without-document", DeviceJobState.HELD, True, False),
        ("ippeveprinter-job-processing", DeviceJobState.PROCESSING, False, True),
        ("ippeveprinter-job-completed", DeviceJobState.COMPLETED, False, True),
        ("ippeveprinter-job-canceled-empty", DeviceJobState.CANCELED, False, False),
        ("cupsd-job-without-document", DeviceJobState.HELD, True, False),
        ("cupsd-job-processing", DeviceJobState.PROCESSING, False, True),
        ("cupsd-job-completed", DeviceJobState.COMPLETED, False, True),
        ("cupsd-job-canceled-empty", DeviceJobState.CANCELED, False, False),
    ],
)
def test_a_real_job_is_understood(name, state, is_empty, has_begun):
    job = read_job(recorded(name).group(GroupTag.JOB))
    assert (job.state, job.is_empty, job.has_begun) == (state, is_empty, has_begun)
    assert job.name.startswith("stationd-0199a0c0-0000-7000-8000-")
    assert not job.is_interrupted
