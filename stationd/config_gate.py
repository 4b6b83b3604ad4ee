"""The keys of what must hold before a card is printed: officers on duty, the clock, the centre, readiness."""

from typing import Final
from urllib.parse import urlsplit

from stationd.config_schema import YES_OR_NO, Key, Rule, Table, UnfitError, many, one_of, whole
from stationd.domain.readiness import CheckName

_SCHEMES = frozenset({"tcp", "tls", "http", "https"})


def _probe(value: object) -> str | None:
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise UnfitError
    if not value:
        return None
    try:
        parts = urlsplit(value)
        is_web = parts.scheme in {"http", "https"}
        has_port = parts.port is not None and parts.port > 0
    except ValueError as wrong:
        raise UnfitError from wrong
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.username is not None or parts.password is not None:
        raise UnfitError
    if not is_web and (not has_port or parts.path or parts.query or parts.fragment):
        raise UnfitError
    return value


_CHECKS = many(one_of(*CheckName))

GATE_TABLES: Final[tuple[Table, ...]] = (
    Table(
        name="duty",
        help="Officers at the station.",
        keys=(
            Key(
                name="required",
                rule=YES_OR_NO,
                default=None,
                note="`true` for an attended station, `false` for an unattended one",
                help="Print only while an appointed officer is on duty.",
            ),
            Key(
                name="session_hours",
                rule=whole(1, 24),
                default=12,
                help="How long a session lasts at most, and with it the duty that was begun in it.",
            ),
            Key(
                name="idle_minutes",
                rule=whole(5, 1440),
                default=120,
                help="After how long without a call a session ends; not while its officer is on duty.",
            ),
            Key(
                name="second_minutes",
                rule=whole(1, 1440),
                default=15,
                help="How long a request waits for a second officer.",
            ),
        ),
    ),
    Table(
        name="clock",
        help="Whether decrees and signatures may be judged by the clock.",
        keys=(
            Key(
                name="trust",
                rule=one_of("kernel", "always"),
                default="kernel",
                help="`kernel` trusts the clock while the kernel says that network time keeps it right; "
                "`always` is for a box whose clock a person sets and vouches for.",
            ),
        ),
    ),
    Table(
        name="centre",
        help="The network to the centre.",
        keys=(
            Key(
                name="probe",
                rule=Rule(
                    allowed='"tcp://host:port", "tls://host:port", a page such as "https://host/path", or "" for none',
                    convert=_probe,
                ),
                default=None,
                note='`""`: the link is not watched',
                help="What to try: a connection, a TLS handshake, or a page that answers with a status below 500.",
            ),
            Key(name="every_s", rule=whole(1, 3600), default=30, help="How often to try, in seconds."),
            Key(name="timeout_s", rule=whole(1, 60), default=5, help="How long to wait for an answer, in seconds."),
        ),
    ),
    Table(
        name="readiness",
        help="What a failed check stops, besides what stops by itself: no card without a printer, a blank or, where "
        "required, an officer on duty.",
        keys=(
            Key(
                name="stop_orders",
                rule=_CHECKS,
                default=(CheckName.CENTRE.value,),
                help="Checks that stop new orders while they fail; cards already ordered are printed.",
            ),
            Key(
                name="stop_printing",
                rule=_CHECKS,
                default=(CheckName.DISK.value,),
                help="Checks that stop printing while they fail; the card in the machine is finished.",
            ),
        ),
    ),
)
