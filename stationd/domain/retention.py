"""How long personal data is kept: by class, as short as its use allows (Law 27/2022 on personal data, article 44)."""

from dataclasses import dataclass
from typing import Final

_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_KEYS_DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Unix milliseconds: what was done with before these times goes."""

    keys: int
    documents: int
    holders: int
    proxies: int
    traces: int
    remarks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The time that each class stays after it was last of use."""

    documents_hours: int = 24
    """What was printed, after its card was printed or its job cancelled."""
    holders_days: int = 90
    """Whose card it is, after it was handed over, went to another office, was destroyed, or its job was cancelled."""
    proxies_days: int = 90
    """Who took a card for somebody else, after the hand-over."""
    traces_days: int = 30
    """Wrong PINs, after the last one."""
    remarks_days: int = 365
    """What officers wrote about a job in words of their own, after it was written or decided."""

    def deadlines(self, now_ms: int) -> Deadlines:
        """What is due at a time."""
        return Deadlines(
            keys=now_ms - _KEYS_DAYS * _DAY_MS,
            documents=now_ms - self.documents_hours * _HOUR_MS,
            holders=now_ms - self.holders_days * _DAY_MS,
            proxies=now_ms - self.proxies_days * _DAY_MS,
            traces=now_ms - self.traces_days * _DAY_MS,
            remarks=now_ms - self.remarks_days * _DAY_MS,
        )
