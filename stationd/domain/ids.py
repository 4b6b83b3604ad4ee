"""Identifiers: UUIDv7 for things of ours, receipts for what a citizen types.

Nothing here draws a random number or reads a clock; both come in as arguments, so that every identifier can be
replayed.
"""

from functools import lru_cache

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECK = CROCKFORD + "*~$=U"
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
_HOUR_SYMBOLS = 3
_RANDOM_SYMBOLS = 8
RECEIPT_RANDOM_BITS = 5 * _RANDOM_SYMBOLS
_RECEIPT_LENGTH = _HOUR_SYMBOLS + _RANDOM_SYMBOLS + 1
_PAIRS = tuple(high + low for high in CROCKFORD for low in CROCKFORD)
_SEQ_BITS = 40
_JOB_RANDOM_BITS = 74 - _SEQ_BITS
_NUMBER_BITS = 8
_UUID_LENGTH = 36

ID_RANDOM_BITS = _JOB_RANDOM_BITS
"""How many random bits a job's or an attempt's id takes."""


def uuid7(unix_ms: int, bits: int) -> str:
    """A UUID version 7 (RFC 9562, 5.7) for a Unix time in milliseconds and the 74 bits that are ours to choose."""
    high = ((unix_ms & 0xFFFF_FFFF_FFFF) << 16) | 0x7000 | ((bits >> 62) & 0xFFF)
    low = (0b10 << 62) | (bits & 0x3FFF_FFFF_FFFF_FFFF)
    text = f"{high:016x}{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def job_id(unix_ms: int, seq: int, random_bits: int) -> str:
    """The id of the ``seq``-th job: a UUIDv7 that carries the sequence number, so that no index is needed to find it.

    The rest is 34 random bits; an id is a name, not a secret.
    """
    return uuid7(unix_ms, (seq & ((1 << _SEQ_BITS) - 1)) << _JOB_RANDOM_BITS | _cut(random_bits, _JOB_RANDOM_BITS))


def attempt_id(unix_ms: int, seq: int, number: int, random_bits: int) -> str:
    """The id of the ``number``-th attempt (modulo 256) of the ``seq``-th job, carrying both."""
    rest = (number & ((1 << _NUMBER_BITS) - 1)) << (_JOB_RANDOM_BITS - _NUMBER_BITS)
    rest |= _cut(random_bits, _JOB_RANDOM_BITS - _NUMBER_BITS)
    return uuid7(unix_ms, (seq & ((1 << _SEQ_BITS) - 1)) << _JOB_RANDOM_BITS | rest)


@lru_cache(maxsize=4096)
def seq_of(identifier: str) -> int | None:
    """The sequence number of the job that a job's or an attempt's id carries; ``None`` for what is no id of ours."""
    if len(identifier) != _UUID_LENGTH:
        return None
    try:
        value = int(identifier.replace("-", ""), 16)
    except ValueError:
        return None
    bits = ((value >> 64) & 0xFFF) << 62 | (value & 0x3FFF_FFFF_FFFF_FFFF)
    return bits >> _JOB_RANDOM_BITS


def receipt(unix_hours: int, random_bits: int) -> str | None:
    """A receipt such as ``2XK7-9QF4-M3TP``: Crockford base 32 with a check symbol (mod 37).

    Three symbols name the hour (so that neighbours in time are neighbours in the index and inserts stay cheap for
    ever), eight are random (40 bits, guessed at 1 in 10^12), the last is the check symbol. ``None`` when the check
    symbol would not be a letter or digit found on every keypad: draw again.
    """
    number = (unix_hours % 32**_HOUR_SYMBOLS) << RECEIPT_RANDOM_BITS | _cut(random_bits, RECEIPT_RANDOM_BITS)
    check = number % 37
    if check >= len(CROCKFORD):
        return None
    pairs = _PAIRS
    return (
        f"{pairs[number >> 45]}{pairs[number >> 35 & 1023]}-{pairs[number >> 25 & 1023]}{pairs[number >> 15 & 1023]}-"
        f"{pairs[number >> 5 & 1023]}{CROCKFORD[number & 31]}{CROCKFORD[check]}"
    )


def read_receipt(text: str) -> str | None:
    """The canonical receipt for what a person typed, or ``None`` when it cannot be one (the check symbol says so).

    Case, hyphens and spaces do not matter; I and L read as 1, O as 0 (Crockford, "Base 32").
    """
    symbols = text.upper().translate(_LOOKALIKES)
    if len(symbols) != _RECEIPT_LENGTH or any(symbol not in CROCKFORD for symbol in symbols):
        return None
    number = 0
    for symbol in symbols[:-1]:
        number = number * 32 + CROCKFORD.index(symbol)
    if _CHECK[number % 37] != symbols[-1]:
        return None
    return f"{symbols[:4]}-{symbols[4:8]}-{symbols[8:]}"


def _cut(bits: int, count: int) -> int:
    return bits & ((1 << count) - 1)
