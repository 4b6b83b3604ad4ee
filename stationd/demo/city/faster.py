"""The city's own files, made fit for days that pass in seconds: windows and waits of rules, and where alerts go."""

import re
from typing import Final

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_WINDOW: Final = re.compile(r"\[(\d+)([smhdw])(:(\d+)([smhdw]))?\]")
_FOR: Final = re.compile(r"^( *for: )(\d+)([smhdw])$", re.MULTILINE)
_INTERVAL: Final = re.compile(r"^( *)interval: \d+[smhdw]\n", re.MULTILINE)
_MAIL: Final = re.compile(r"^( +)- name: (\S+)\n +email_configs:\n( +)- \{.*\}$", re.MULTILINE)
_WAITS: Final = re.compile(r"^( *)(group_wait|group_interval): .*$", re.MULTILINE)
_HOURS: Final = re.compile(r"^ +active_time_intervals: .*\n", re.MULTILINE)


def rules(text: str, day_s: float, least_s: float) -> str:
    """Rules, or a query, with every window ``[7d]`` and every ``for: 1h`` as short as in days of ``day_s`` seconds.

    No window becomes shorter than ``least_s`` seconds: it must hold a few samples. Groups that are seldom looked at are
    looked at with all others.
    """

    def seconds(number: str, unit: str) -> float:
        return int(number) * _SECONDS[unit] * day_s / _SECONDS["d"]

    def window(match: re.Match[str]) -> str:
        width = max(least_s, seconds(match[1], match[2]))
        step = f":{_ms(max(least_s / 4, seconds(match[4], match[5])))}" if match[3] else ""
        return f"[{_ms(width)}{step}]"

    text = _WINDOW.sub(window, _INTERVAL.sub("", text))
    return _FOR.sub(lambda match: f"{match[1]}{_ms(seconds(match[2], match[3]))}", text)


def _ms(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


def routes(text: str, address: str) -> str:
    """The configuration of alertmanager with every mail sent to ``address``/RECEIVER instead, at once, at any hour."""
    text = _MAIL.sub(rf'\1- name: \2\n\1  webhook_configs:\n\3- {{url: "{address}/\2", send_resolved: true}}', text)
    text = _WAITS.sub(lambda match: f"{match[1]}{match[2]}: {'1s' if match[2] == 'group_interval' else '0s'}", text)
    return _HOURS.sub("", text)
