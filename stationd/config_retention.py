"""The keys for how long personal data is kept."""

from typing import Final

from stationd.config_schema import Key, Table, whole

_MOST_DAYS: Final = 3650

RETENTION_TABLE: Final = Table(
    name="retention",
    help="How long personal data is kept; afterwards its keys and the data are overwritten. See [sealing](sealing.md).",
    keys=(
        Key(
            name="documents_hours",
            rule=whole(1, 24 * _MOST_DAYS),
            default=24,
            help="What was printed: hours after its card was printed, or its job cancelled.",
        ),
        Key(
            name="holders_days",
            rule=whole(1, _MOST_DAYS),
            default=90,
            help="Whose card it is: days after it was handed over, went to another office or was destroyed, or its job "
            "was cancelled.",
        ),
        Key(
            name="proxies_days",
            rule=whole(1, _MOST_DAYS),
            default=90,
            help="Who took a card for somebody else: days after the hand-over.",
        ),
        Key(name="traces_days", rule=whole(1, _MOST_DAYS), default=30, help="Wrong PINs: days after the last one."),
        Key(
            name="remarks_days",
            rule=whole(1, _MOST_DAYS),
            default=365,
            help="What officers wrote in words of their own, as notes on verdicts and surrendered cards and as reasons "
            "for four eyes: days after it was written or decided.",
        ),
    ),
)
