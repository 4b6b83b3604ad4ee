"""Framing: every frame in pieces of any size, with loss and noise, and never more memory than one frame."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stationd.adapters.readers.checksum import CHECKSUMS
from stationd.adapters.readers.framing import Bracketed, Lines, Prefixed

CRC = CHECKSUMS["crc16-ccitt"]
FRAMINGS = [
    pytest.param(framing, id=f"{type(framing).__name__}-{name}")
    for name, checksum in CHECKSUMS.items()
    for framing in (
        Lines(checksum=checksum),
        Lines(terminators=(b"\r\n",), checksum=checksum),
        Bracketed(checksum=checksum),
        Bracketed(start=b"\x1b[", end=b"]\x1b", checksum=checksum),
        Prefixed(checksum=checksum),
        Prefixed(start=b"\xaa\x55", width=1, order="little", checksum=checksum),
    )
]
EACH_A_FEW = settings(max_examples=20)
"""The framings share their code: together they are tried hundreds of times."""
PLAIN = st.text(st.characters(min_codepoint=0x30, max_codepoint=0x7A, exclude_characters="[]"), min_size=1, max_size=60)
"""Payloads in which no framing sees a mark of its own."""


def wire(framing, payload):
    """The frame as a device sends it."""
    checksum = framing.checksum
    if isinstance(framing, Lines):
        return payload + checksum.compute(payload).hex().upper().encode() + framing.terminators[-1]
    if isinstance(framing, Bracketed):
        return framing.start + payload + framing.end + checksum.compute(payload + framing.end)
    return framing.start + len(payload).to_bytes(framing.width, framing.order) + payload + checksum.compute(payload)


def fed_in_pieces(framer, data, size=1):
    return [frame for at in range(0, len(data), size) for frame in framer.feed(data[at : at + size])]


# ------------------------------------------------------------------------------------------------------ good weather


@pytest.mark.parametrize(
    ("name", "told"),
    [("xor", b"\x31"), ("sum", b"\xdd"), ("crc16-modbus", b"\x37\x4b"), ("crc16-ccitt", b"\x29\xb1"), ("none", b"")],
)
def test_checksums_give_the_catalogues_check_values(name, told):
    assert CHECKSUMS[name].compute(b"123456789") == told
    assert CHECKSUMS[name].width == len(told)


@pytest.mark.parametrize("framing", FRAMINGS)
@EACH_A_FEW
@given(payloads=st.lists(PLAIN.map(str.encode), max_size=5), size=st.integers(1, 70))
def test_every_frame_comes_out_once_whatever_the_size_of_the_pieces(framing, payloads, size):
    data = b"".join(wire(framing, payload) for payload in payloads)
    framer = framing.framer()
    assert fed_in_pieces(framer, data, size) == payloads
    assert framer.tally.frames == len(payloads)
    assert (framer.tally.garbled, framer.tally.noise, framer.pending) == (0, 0, 0)


@given(payload=st.binary(min_size=1, max_size=300))
def test_a_length_prefix_carries_any_bytes(payload):
    framing = Prefixed(start=b"\x02", checksum=CRC)
    assert fed_in_pieces(framing.framer(), wire(framing, payload)) == [payload]


@pytest.mark.parametrize("ending", [b"\r", b"\n", b"\r\n", b"\n\r\n"])
def test_lines_end_as_their_reader_likes_and_empty_ones_are_passed_over(ending):
    framer = Lines().framer()
    assert fed_in_pieces(framer, b"2XK7" + ending + b"9QF4" + ending) == [b"2XK7", b"9QF4"]
    assert framer.tally.garbled == 0


def test_empty_frames_are_passed_over():
    assert Bracketed().framer().feed(b"\x02\x03\x02A\x03") == [b"A"]
    assert Prefixed().framer().feed(b"\x00\x00\x00\x01A") == [b"A"]


def test_a_checksum_in_small_letters_is_as_good():
    assert Lines(checksum=CHECKSUMS["xor"]).framer().feed(b"o6f\no6F\n") == [b"o", b"o"]


# ------------------------------------------------------------------------------------------------------- bad weather


@pytest.mark.parametrize("framing", FRAMINGS)
@EACH_A_FEW
@given(noise=st.binary(max_size=200), payload=PLAIN.map(str.encode))
def test_after_noise_and_a_pause_the_next_frame_comes_whole(framing, noise, payload):
    framer = framing.framer()
    fed_in_pieces(framer, noise)
    framer.gap()
    assert fed_in_pieces(framer, wire(framing, payload)) == [payload]


@pytest.mark.parametrize("framing", FRAMINGS)
@EACH_A_FEW
@given(payloads=st.lists(PLAIN.map(str.encode), min_size=2, max_size=4), data=st.data())
def test_after_a_lost_byte_and_a_pause_the_other_frames_come_whole(framing, payloads, data):
    hurt, *others = payloads
    frame = wire(framing, hurt)
    at = data.draw(st.integers(0, len(frame) - 1))
    framer = framing.framer()
    fed_in_pieces(framer, frame[:at] + frame[at + 1 :])
    framer.gap()
    for payload in others:
        assert fed_in_pieces(framer, wire(framing, payload)) == [payload]


@given(payloads=st.lists(PLAIN.map(str.encode), min_size=3, max_size=4), at=st.integers(0, 200))
def test_after_a_lost_byte_marks_find_the_next_frame_without_a_pause(payloads, at):
    for framing in (Lines(checksum=CRC), Bracketed(checksum=CRC), Prefixed(start=b"\xaa\x55", checksum=CRC)):
        frame = wire(framing, payloads[0])
        at %= len(frame)
        after = b"".join(wire(framing, payload) for payload in payloads[1:])
        # A length that has grown swallows what follows, and gives it back when the checksum has told.
        rest = b"\x00" * framing.longest
        frames = fed_in_pieces(framing.framer(), frame[:at] + frame[at + 1 :] + after + rest, 32)
        assert frames[-1:] == payloads[-1:]
        assert frames[-len(payloads) + 2 :] == payloads[2:]


@given(payload=PLAIN.map(str.encode), bit=st.integers(0, 7), at=st.integers(0, 59))
def test_a_flipped_bit_is_never_handed_on(payload, bit, at):
    framing = Prefixed(start=b"\xaa\x55", checksum=CRC)
    frame = bytearray(wire(framing, payload))
    frame[4 + at % len(payload)] ^= 1 << bit
    framer = framing.framer()
    assert fed_in_pieces(framer, bytes(frame)) == []
    assert framer.tally.mismatched == 1


def test_a_line_with_a_wrong_or_missing_checksum_is_thrown_away_alone():
    framer = Lines(checksum=CRC).framer()
    assert framer.feed(b"12345678929B1\n12345678829B1\nB1\n12345678929b1\n") == [b"123456789", b"123456789"]
    assert framer.tally.mismatched == 2


def test_a_new_start_cuts_a_frame_whose_end_was_lost():
    framer = Bracketed(start=b"<<", end=b">>").framer()
    assert fed_in_pieces(framer, b"<<lost<<whole>>") == [b"whole"]
    assert framer.tally.cut == 1


def test_bytes_outside_of_frames_are_counted_as_noise():
    framer = Bracketed(checksum=CHECKSUMS["xor"]).framer()
    assert framer.feed(b"??\x02A\x03\x42!\x02B\x03\x00\x02C\x03\x40") == [b"A", b"C"]
    assert (framer.tally.noise, framer.tally.mismatched) == (4, 1)


def test_a_pause_cuts_a_frame_and_says_so():
    for framing, begun in ((Lines(), b"ab"), (Bracketed(), b"\x02ab"), (Prefixed(), b"\x00\x05ab")):
        framer = framing.framer()
        framer.feed(begun)
        framer.gap()
        framer.gap()
        assert (framer.tally.cut, framer.pending) == (1, 0)


def test_a_pause_between_frames_counts_nothing_but_noise():
    framer = Bracketed(start=b"<<", end=b">>").framer()
    framer.feed(b"<<a>><")
    framer.gap()
    assert (framer.tally.garbled, framer.tally.noise) == (0, 1)


def test_a_length_without_a_start_mark_waits_for_a_pause_after_an_impossible_one():
    framer = Prefixed(longest=100).framer()
    assert framer.feed(b"\xff\xffabc\x00\x01A") == []
    assert framer.feed(b"\x00\x01A") == []
    framer.gap()
    assert framer.feed(b"\x00\x01A") == [b"A"]
    assert (framer.tally.overlong, framer.tally.cut) == (1, 0)


# ------------------------------------------------------------------------------------------------------------ bounds


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("junk", [b"a", b"\x00", b"\x02", b"\x1b[", b"\xaa\x55\x00\x01"], ids=repr)
def test_endless_junk_costs_no_memory(framing, junk):
    framer = framing.framer()
    piece = (junk * 1024)[:1024]
    most = 0
    for _ in range(256):
        framer.feed(piece)
        most = max(most, framer.pending)
    assert most <= framing.longest + 1024


@pytest.mark.parametrize("framing", [Lines(longest=8), Lines(terminators=(b"\r\n",), longest=8), Bracketed(longest=8)])
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a_frame_of_the_greatest_length_passes_and_one_byte_more_does_not(framing, size):
    framer = framing.framer()
    data = b"".join(wire(framing, payload) for payload in (b"12345678", b"123456789", b"1" * 100, b"after"))
    assert fed_in_pieces(framer, data, size) == [b"12345678", b"after"]
    assert framer.tally.overlong == 2


def test_frames_that_lie_about_their_length_are_looked_into_a_bounded_number_of_times():
    computed = []

    def compute(data):
        computed.append(len(data))
        return b"\x00\x01"

    framing = Prefixed(start=b"\x00", width=1, checksum=type(CRC)(compute=compute, width=2))
    # Every byte is a start, and says that the next 2 are a length of 2 and the rest.
    framing.framer().feed(b"\x00\xfa" * 5_000)
    assert sum(computed) <= 16 * 10_000
