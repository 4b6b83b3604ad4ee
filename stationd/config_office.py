"""The keys of the office's paper: what stands at its head, how minutes are numbered, what lies in the tray."""

from typing import Final

from stationd.config_schema import Key, Rule, Table, UnfitError, many, matching, one_of
from stationd.domain.minutes import Numbering

_LINE = matching(r"(?=.*\S)[^\x00-\x1f\x7f]{1,100}", "one line of 1 to 100 characters")

_LINE_OR_NONE = matching(
    r"[^\x00-\x1f\x7f]{0,100}", 'one line of at most 100 characters, or "" for the station\'s name'
)


def _pattern(value: object) -> Numbering:
    if not isinstance(value, str):
        raise UnfitError
    try:
        return Numbering(pattern=value)
    except ValueError as wrong:
        raise UnfitError from wrong


OFFICE_TABLE: Final = Table(
    name="office",
    help="The office's paper: minutes and lists.",
    keys=(
        Key(
            name="above",
            rule=many(_LINE),
            default=(),
            help='Lines above the office\'s name, such as "Pemerintah Kota Palembang".',
        ),
        Key(
            name="name",
            rule=_LINE_OR_NONE,
            default="",
            note='`""`: the station\'s name',
            help="The office's name, in its head.",
        ),
        Key(
            name="address",
            rule=many(_LINE),
            default=(),
            help="Lines below the name: street, telephone.",
        ),
        Key(
            name="city",
            rule=_LINE_OR_NONE,
            default="",
            note='`""`: the station\'s name',
            help="What stands before the date over the signatures.",
        ),
        Key(
            name="numbers",
            rule=Rule(
                allowed="one line with {number}, or {number:03} for zeros in front, and {year}; "
                "{kind}, {station} and {month} (in Roman figures) may stand there too",
                convert=_pattern,
            ),
            default=Numbering(),
            note=f'`"{Numbering().pattern}"`',
            help="How minutes are numbered, from 1 each year. Minutes that are drawn up keep their number.",
        ),
        Key(
            name="paper",
            rule=one_of("a4", "f4"),
            default="a4",
            help="What lies in the tray; F4 is 215 × 330 mm.",
        ),
    ),
)
