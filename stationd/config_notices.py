"""The keys for telling holders: when, how often, in which words, by which way."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from stationd.config_schema import (
    YES_OR_NO,
    Key,
    Reading,
    Row,
    Rule,
    Table,
    UnfitError,
    many,
    matching,
    number,
    one_of,
    whole,
)
from stationd.domain.notices import NoticeRules, minutes
from stationd.domain.sms import Wording, unknown_fields

WAYS: Final = ("modem", "gateway", "simulator")
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOST_TEXT: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesSettings:
    """When and how often holders are told; ``office`` is empty for the station's name."""

    ways: tuple[str, ...]
    open: int
    close: int
    weekdays: tuple[str, ...]
    per_day: int
    first_after_days: int
    reminders_days: tuple[int, ...]
    retry_days: tuple[int, ...]
    give_up_after: int
    count: int
    months: int
    grace_days: int
    accepted_counts: bool
    office: str
    hours: str
    first: tuple[str, ...]
    reminder: tuple[str, ...]
    last: tuple[str, ...]
    calendar: Path | None

    @property
    def rules(self) -> NoticeRules:
        """The rules of the clock."""
        return NoticeRules(
            first_after_days=self.first_after_days,
            reminders_days=self.reminders_days,
            retry_days=self.retry_days,
            give_up_after=self.give_up_after,
            count=self.count,
            months=self.months,
            grace_days=self.grace_days,
            has_accepted_count=self.accepted_counts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSettings:
    """The modem; without ``device`` the one on the USB bus. ``ussd`` asks for the credit."""

    device: str | None
    ussd: str | None
    credit_hours: int
    send_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """The gateway; without ``url`` there is none."""

    url: str | None
    method: str
    form: str
    fields: Mapping[str, str]
    plus: bool
    reference: str
    auth: str
    auth_header: str
    auth_prefix: str
    secret_file: Path | None
    timeout_s: float
    report_url: str | None
    report_state: str
    delivered: tuple[str, ...]
    failed: tuple[str, ...]


def _minute(value: object) -> int:
    found = minutes(value) if isinstance(value, str) else None
    if found is None:
        raise UnfitError
    return found


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST_TEXT or not value.isprintable():
        raise UnfitError
    if unknown_fields(value) != ():
        raise UnfitError
    return value


def _web(value: object) -> str | None:
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise UnfitError
    if not value:
        return None
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError as wrong:
        raise UnfitError from wrong
    if not is_whole or parts.username is not None or parts.password is not None:
        raise UnfitError
    return value


def _fields(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) and name for name, each in value.items()):
        raise UnfitError
    return MappingProxyType(dict(value))


def _path(value: object) -> Path | None:
    if not isinstance(value, str) or "\0" in value or (value and not value.startswith("/")):
        raise UnfitError
    return Path(value) if value else None


def _or_none(rule: Rule, allowed: str) -> Rule:
    def convert(value: object) -> Any:
        return None if value == "" else rule.convert(value)

    return Rule(allowed=allowed, convert=convert)


_TIME = Rule(allowed='a time of day such as "08:00"', convert=_minute)
_TEXTS = many(
    Rule(
        allowed=f"one line of 1 to {_MOST_TEXT} characters; {{office}}, {{hours}} and {{receipt}} are filled in",
        convert=_text,
    )
)
_URL = Rule(allowed='a URL such as "https://host/path" without a user or password, or "" for none', convert=_web)
_WORD = matching(r"[!-~]{1,100}", "1 to 100 characters without spaces")
_LINE = matching(r"[^\x00-\x1f\x7f]{0,100}", "one line of at most 100 characters")
_FILE = Rule(allowed='the absolute path of a file, or "" for none', convert=_path)
_USSD = _or_none(matching(r"[*#0-9]{2,20}", ""), 'a code such as "*888#", or "" for none')
_DEVICE = _or_none(
    matching(r"/[^\x00-\x1f\x7f]{1,254}", ""), 'a port such as "/dev/serial/by-id/usb-…", or "" for a modem on the bus'
)
_WORDING: Final = Wording()

NOTICE_TABLES: Final[tuple[Table, ...]] = (
    Table(
        name="notices",
        help="Telling holders that their cards are there; see [notices](notices.md).",
        keys=(
            Key(
                name="ways",
                rule=many(one_of(*WAYS)),
                default=(),
                help="How messages are sent, the preferred way first: `modem` (`[sms]`), `gateway` (`[gateway]`), or "
                "`simulator`, which sends nothing. None: nobody is told.",
            ),
            Key(name="open", rule=_TIME, default=8 * 60, note='`"08:00"`', help="From when messages may go out."),
            Key(name="close", rule=_TIME, default=16 * 60, note='`"16:00"`', help="Until when."),
            Key(
                name="weekdays",
                rule=many(one_of(*WEEKDAYS)),
                default=WEEKDAYS[:5],
                help="On which days, so that the counter is open soon after.",
            ),
            Key(
                name="per_day",
                rule=whole(0, 10_000),
                default=100,
                help="How many a day at most: every notice is a visitor, and the counter serves so many.",
            ),
            Key(
                name="first_after_days",
                rule=whole(0, 365),
                default=0,
                help="Days on the shelf before the first notice.",
            ),
            Key(
                name="reminders_days",
                rule=many(whole(1, 365)),
                default=(30, 30),
                help="Days between notices; the last of them for all that follow.",
            ),
            Key(
                name="retry_days",
                rule=many(whole(1, 365)),
                default=(1, 3),
                help="Days until a notice that certainly failed is tried again; the last of them for all that follow.",
            ),
            Key(
                name="give_up_after",
                rule=whole(1, 20),
                default=3,
                help="Failures in a row after which the number is an officer's business.",
            ),
            Key(
                name="count",
                rule=whole(1, 12),
                default=3,
                help="Delivered notices within `months` after which a card is due for transfer.",
            ),
            Key(name="months", rule=whole(1, 24), default=6, help="Consecutive calendar months."),
            Key(
                name="grace_days",
                rule=whole(0, 365),
                default=14,
                help="Days after the last notice in which the holder may still come before the card is due.",
            ),
            Key(
                name="accepted_counts",
                rule=YES_OR_NO,
                default=False,
                help="Whether a message that was accepted counts as delivered where the way gives no reports.",
            ),
            Key(name="office", rule=_LINE, default="", note="the station's name", help="The office in the messages."),
            Key(
                name="hours",
                rule=matching(r"[^\x00-\x1f\x7f]{1,60}", "one line of 1 to 60 characters"),
                default="Sen-Jum 08.00-15.00",
                help="When the counter is open, in the messages.",
            ),
            Key(
                name="first",
                rule=_TEXTS,
                default=_WORDING.first,
                note="the station's own, see [notices](notices.md)",
                help="The first notice: of several texts the first that fits into one message.",
            ),
            Key(
                name="reminder",
                rule=_TEXTS,
                default=_WORDING.reminder,
                note="the station's own",
                help="The reminders, likewise.",
            ),
            Key(
                name="last",
                rule=_TEXTS,
                default=_WORDING.last,
                note="the station's own",
                help="The last before the card is due for transfer, likewise.",
            ),
            Key(
                name="calendar",
                rule=_FILE,
                default=None,
                note='`""`: the one that comes with the program',
                help="The calendar file of the forecast: seasons and days of no service.",
            ),
        ),
    ),
    Table(
        name="sms",
        help="A GSM modem, through gammu (the extra `stationd[sms]`).",
        keys=(
            Key(
                name="device",
                rule=_DEVICE,
                default=None,
                note='`""`: the modem that is found on the USB bus',
                help="The modem's port.",
            ),
            Key(name="ussd", rule=_USSD, default=None, note="none", help="The operator's code that tells the credit."),
            Key(name="credit_hours", rule=whole(1, 168), default=6, help="How often it is asked, in hours."),
            Key(
                name="send_s",
                rule=whole(10, 600),
                default=60,
                help="How long the modem may take for a message, in seconds, before it counts as unknown.",
            ),
        ),
    ),
    Table(
        name="gateway",
        help="A message gateway over HTTP.",
        keys=(
            Key(name="url", rule=_URL, default=None, note="none", help="Where messages are sent."),
            Key(name="method", rule=one_of("POST", "PUT", "GET"), default="POST", help="How."),
            Key(
                name="form",
                rule=one_of("json", "form"),
                default="json",
                help="How the fields are sent; with GET they stand in the URL.",
            ),
            Key(
                name="fields",
                rule=Rule(
                    allowed='a table of texts such as { to = "{number}", message = "{text}", ref = "{id}" }',
                    convert=_fields,
                ),
                default=MappingProxyType({}),
                note="`{}`",
                help="The request's fields; `{number}`, `{text}` and `{id}` (the notice's own) are filled in.",
            ),
            Key(name="plus", rule=YES_OR_NO, default=True, help="Whether numbers are sent as `+62…` or as `62…`."),
            Key(
                name="reference",
                rule=_WORD,
                default="id",
                help="Where the answer holds the gateway's id, as a path of names such as `data.id`.",
            ),
            Key(
                name="auth",
                rule=one_of("none", "header", "hmac"),
                default="none",
                help="`header` sends the secret, `hmac` the HMAC-SHA256 of the body (with GET: of the query) in hex.",
            ),
            Key(name="auth_header", rule=_WORD, default="Authorization", help="The header that carries it."),
            Key(name="auth_prefix", rule=_LINE, default="", help='What stands before it, such as "Bearer ".'),
            Key(
                name="secret_file",
                rule=_FILE,
                default=None,
                note='`""`: none',
                help="The file with the secret, such as a systemd credential.",
            ),
            Key(
                name="timeout_s",
                rule=number(1, 300),
                default=30.0,
                help="How long an answer may take, in seconds, before the notice counts as unknown.",
            ),
            Key(
                name="report_url",
                rule=_URL,
                default=None,
                note="none: no reports",
                help="Where delivery is asked for by GET, with `{id}` or `{reference}` in it.",
            ),
            Key(name="report_state", rule=_WORD, default="status", help="Where its answer holds the state."),
            Key(name="delivered", rule=many(_WORD), default=("delivered",), help="States that mean delivered."),
            Key(
                name="failed",
                rule=many(_WORD),
                default=("failed", "undelivered", "expired", "rejected"),
                help="States that mean failed for good; with all others it is asked again.",
            ),
        ),
    ),
)


def check_notices(reading: Reading, rows: Mapping[str, list[Row]]) -> None:
    """Note what only shows when the keys are seen together."""
    for row, gateway in zip(rows["notices"], rows["gateway"], strict=False):
        values = row.values
        opens, closes = values["open"], values["close"]
        if opens is not None and closes is not None and opens >= closes:
            reading.refuse(f"{row.where}.close", f"{closes // 60:02}:{closes % 60:02}", "a time after `open`")
        lists = ("reminders_days", "retry_days", "first", "reminder", "last", "weekdays")
        for name in lists:
            if values[name] == ():
                reading.refuse(f"{row.where}.{name}", [], "at least one")
        if row.is_sound and values["reminders_days"] and values["retry_days"]:
            settings = NoticesSettings(**values)
            if not settings.rules.can_transfer:
                reading.refuse(
                    f"{row.where}.reminders_days",
                    list(settings.reminders_days),
                    "intervals that leave room for `count` notices within `months`",
                )
        if "gateway" in (values["ways"] or ()) and gateway.values["url"] is None and "url" not in gateway.given:
            reading.miss(f"{gateway.where}.url", _URL.allowed)
        if gateway.values["auth"] in {"header", "hmac"} and gateway.values["secret_file"] is None:
            reading.miss(f"{gateway.where}.secret_file", "the absolute path of a file, where `auth` needs a secret")
