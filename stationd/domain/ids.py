"""Identifiers: UUIDv7 for things of ours, receipts for what a citizen types.

Nothing here draws a random number or reads a clock; both come in as arguments, so that every identifier can be
replayed.
"""

import uuid

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECK = CROCKFORD + "*~$=U"
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
_HOUR_SYMBOLS = 3
_RANDOM_SYMBOLS = 8
RECEIPT_RANDOM_BITS = 5 * _RANDOM_SYMBOLS
_RECEIPT_LENGTH = _HOUR_SYMBOLS + _RANDOM_SYMBOLS + 1
_UUID7_RANDOM_BITS = 74


def uuid7(unix_ms: int, random_bits: int) -> str:
    """A UUID version 7 (RFC 9562, 5.7) for a Unix time in milliseconds and 74 random bits."""
    bits = random_bits & ((1 << _UUID7_RANDOM_BITS) - 1)
    value = (unix_ms & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= (bits >> 62) << 64
    value |= 0b10 << 62
    value |= bits & ((1 << 62) - 1)
    return str(uuid.UUID(int=value))


def receipt(unix_hours: int, random_bits: int) -> str | None:
    """A receipt such as ``2XK7-9QF4-M3TP``: Crockford base 32 with a check symbol (mod 37).

    Three symbols name the hour (so that neighbours in time are neighbours in the index and inserts stay cheap for
    ever), eight are random (40 bits, guessed at 1 in 10^12), the last is the check symbol. ``None`` when the check
    symbol would not be a letter or digit found on every keypad: draw again.
    """
    number = (unix_hours % 32**_HOUR_SYMBOLS) << RECEIPT_RANDOM_BITS
    number |= random_bits & ((1 << RECEIPT_RANDOM_BITS) - 1)
    check = _CHECK[number % 37]
    if check not in CROCKFORD:
        return None
    symbols = "".join(CROCKFORD[(number >> shift) & 31] for shift in range(50, -1, -5)) + check
    return f"{symbols[:4]}-{symbols[4:8]}-{symbols[8:]}"


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
