"""Which printer is meant, where its CUPS is and how a queue is to be made, checked before anything is asked.

``uri`` is the CUPS server: ``ipp+unix:///run/cups/cups.sock?path=/`` (the default) or ``ipp://host:631/``. Only behind
its unix socket does CUPS know who asks, so a queue can usually be made there only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from stationd.adapters.printers.ipp.settings import Endpoint, read_uri
from stationd.adapters.printers.ipp.settings import read_settings as read_ipp_settings
from stationd.ports.printers import PrinterSpec

SERVER: Final = "ipp+unix:///run/cups/cups.sock?path=/"
_PASSED_ON: Final = frozenset({"poll_s", "timeout_s", "user", "window"})
_OWN: Final = frozenset({"identity", "model", "node", "ppd", "queue", "serial"})
_QUEUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,126}")
_LONGEST_SERIAL = 126
_LONGEST_MODEL = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One printer and its CUPS.

    ``serial`` finds the printer among the queues and devices; ``queue`` names the queue, to be used or to be made.
    ``model`` (as ``lpinfo -m`` lists them, or ``raw`` for printers that take a ready stream) or ``ppd`` (a file) say
    how a missing queue is made; without them none is. ``rest`` are the ipp driver's own options.
    """

    server: str
    endpoint: Endpoint
    queue: str | None
    serial: str | None
    model: str | None
    ppd: Path | None
    rest: Mapping[str, object]


def read_settings(spec: PrinterSpec) -> Settings:
    """The checked settings. Raises ``ValueError`` with one line for a wrong URI or option."""
    options = spec.options
    unknown = sorted(set(options) - _PASSED_ON - _OWN)
    if unknown:
        raise ValueError(f"unknown option {unknown[0]!r}: a cups printer takes {', '.join(sorted(_OWN | _PASSED_ON))}")
    server = spec.uri or SERVER
    rest = MappingProxyType({key: value for key, value in options.items() if key in _PASSED_ON})
    read_ipp_settings(PrinterSpec(name=spec.name, driver="ipp", uri=server, options=rest))
    queue, serial = options.get("queue"), options.get("serial") or None
    if queue is not None and not (isinstance(queue, str) and _QUEUE.fullmatch(queue)):
        raise ValueError(f"queue must be the name of a CUPS queue, not {queue!r}")
    if serial is not None and not (isinstance(serial, str) and serial.isprintable() and len(serial) <= _LONGEST_SERIAL):
        raise ValueError(f"serial must be one line of at most {_LONGEST_SERIAL} characters, not {serial!r}")
    if queue is None and serial is None:
        raise ValueError("queue is missing: the printer says no serial, so name the CUPS queue that leads to it")
    model, ppd = options.get("model"), options.get("ppd")
    if model is not None and not (isinstance(model, str) and model.isprintable() and 0 < len(model) <= _LONGEST_MODEL):
        raise ValueError(f"model must be a name that lpinfo -m lists, or raw, not {model!r}")
    if ppd is not None and not (isinstance(ppd, str) and ppd.startswith("/") and "\0" not in ppd):
        raise ValueError(f"ppd must be the absolute path of a PPD file, not {ppd!r}")
    if model is not None and ppd is not None:
        raise ValueError("model and ppd are both given: one of them makes the queue")
    return Settings(
        server=server,
        endpoint=read_uri(server),
        queue=queue,
        serial=serial,
        model=model,
        ppd=Path(ppd) if ppd is not None else None,
        rest=rest,
    )
