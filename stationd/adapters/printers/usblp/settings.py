"""Which printer is meant and how to treat it, checked before anything is opened.

A printer is named by what lasts, in the URI or in an option of that name:

* ``usblp:usb:0f49:0c12:10000123456:00`` — its identity, as ``stationd devices`` shows it;
* ``usblp:serial:10000123456`` — its USB serial alone;
* ``usblp:/dev/usb/lp0`` — whatever has this node: for a machine with a single printer.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stationd.domain.printer import MEDIA_TYPES
from stationd.ports.printers import PrinterSpec

_OPTIONS: Final = ("identity", "media_types", "node", "poll_s", "progress", "serial", "has_status")
_NODE = re.compile(r"/dev/usb/lp\d{1,3}")
_IDENTITY = re.compile(r"usb:[0-9a-f]{4}:[0-9a-f]{4}:[^:\s]{1,120}:[0-9a-f]{2}(\.\d{1,2})?")
_MAX_SECONDS = 60
_LONGEST_SERIAL = 126
"""Characters of a USB string descriptor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of one printer; one of ``identity``, ``serial`` and ``node`` says which, the first that is given.

    ``media_types``: the documents that it prints as they are. ``progress``: the folder of the file that says how far
    the last document came. ``poll_s``: the longest pause between two looks at a device that is not ready.
    ``has_status``: whether it answers the port status, which some devices do not or do wrongly.
    """

    identity: str | None = None
    serial: str | None = None
    node: str | None = None
    media_types: frozenset[str] = MEDIA_TYPES
    progress: Path
    poll_s: float = 0.5
    has_status: bool = True


def read_settings(spec: PrinterSpec) -> Settings:
    """The checked settings of a printer. Raises ``ValueError`` with one line for a wrong URI or option."""
    options = spec.options
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise ValueError(f"unknown option {unknown[0]!r}: a usblp printer takes {', '.join(sorted(_OPTIONS))}")
    place = _place(spec.uri, options)
    has_status = options.get("has_status", True)
    if has_status is not True and has_status is not False:
        raise ValueError(f"has_status must be true or false, not {has_status!r}")
    return Settings(
        **place,
        media_types=_media_types(options.get("media_types")),
        progress=_folder(options.get("progress")),
        poll_s=_seconds(options.get("poll_s", 0.5)),
        has_status=bool(has_status),
    )


def _place(uri: str | None, options: Mapping[str, object]) -> dict[str, str]:
    given = {key: value for key in ("identity", "serial", "node") if (value := options.get(key)) is not None}
    if uri is not None:
        scheme, _, rest = uri.partition(":")
        if scheme != "usblp":
            raise ValueError(f"uri {uri!r} must begin with usblp:")
        kind = "node" if rest.startswith("/") else "serial" if rest.startswith("serial:") else "identity"
        given[kind] = rest.removeprefix("serial:")
    rules: Mapping[str, Callable[[str], object]] = {
        "identity": _IDENTITY.fullmatch,
        "node": _NODE.fullmatch,
        "serial": _is_serial,
    }
    for key, value in given.items():
        if key == "serial" and value == "":
            continue  # a device without one, as the watch over devices tells it
        if not isinstance(value, str) or not rules[key](value):
            raise ValueError(
                f"{key} {value!r} is none: use usblp:usb:0f49:0c12:SERIAL:00 as stationd devices shows it, "
                "usblp:serial:SERIAL or usblp:/dev/usb/lp0"
            )
    first = next((key for key in ("identity", "serial", "node") if given.get(key)), None)
    if first is None:
        raise ValueError("uri is missing: use usblp:usb:0f49:0c12:SERIAL:00 as stationd devices shows it")
    return {first: str(given[first])}


def _is_serial(value: str) -> bool:
    return value.isprintable() and len(value) <= _LONGEST_SERIAL


def _media_types(value: object) -> frozenset[str]:
    if value is None:
        return MEDIA_TYPES
    if not isinstance(value, list | tuple) or not value or not MEDIA_TYPES.issuperset(value):
        raise ValueError(f"media_types must be some of {', '.join(sorted(MEDIA_TYPES))}, not {value!r}")
    return frozenset(value)


def _folder(value: object) -> Path:
    """Where progress is kept: systemd's state directory unless said otherwise."""
    if value is None:
        return Path(os.environ.get("STATE_DIRECTORY", "/var/lib/stationd").partition(":")[0]) / "usblp"
    if not isinstance(value, str) or not value.startswith("/") or "\0" in value:
        raise ValueError(f"progress must be the absolute path of a folder, not {value!r}")
    return Path(value)


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _MAX_SECONDS:
        raise ValueError(f"poll_s must be a number of seconds above 0 and up to {_MAX_SECONDS}, not {value!r}")
    return float(value)
