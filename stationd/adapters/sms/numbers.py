"""Telephone numbers as people write them, read with the rules of the phonenumbers library (Google's libphonenumber)."""

from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from stationd.domain.notices import Trouble
from stationd.ports.notifier import PhoneNumber

REGION: Final = "ID"
_COUNTRY_CODE: Final = 62
_MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_FIXED: Final = frozenset({PhoneNumberType.FIXED_LINE, PhoneNumberType.VOIP, PhoneNumberType.UAN})
_TRUNK_00: Final = "00"


def read_number(text: str | None) -> PhoneNumber | Trouble:
    """The number in international form for ``0812…``, ``62812…``, ``+62 812-…``, ``0062…``, ``812…``, or what is wrong.

    A landline is told apart, since no message reaches it. Only Indonesian numbers are taken.
    """
    if text is None or not text.strip():
        return Trouble.NO_NUMBER
    written = text.strip()
    if written.startswith(_TRUNK_00):
        written = f"+{written[2:].lstrip()}"  # 00 is how other countries dial abroad, and people copy it
    try:
        number = phonenumbers.parse(written, REGION)
    except phonenumbers.NumberParseException:
        return Trouble.BAD_NUMBER
    if number.country_code != _COUNTRY_CODE or not phonenumbers.is_valid_number(number) or number.extension:
        return Trouble.BAD_NUMBER
    kind = phonenumbers.number_type(number)
    if kind in _FIXED:
        return Trouble.LANDLINE
    if kind not in _MOBILE:
        return Trouble.BAD_NUMBER
    return PhoneNumber(phonenumbers.format_number(number, PhoneNumberFormat.E164))
