"""The options of a serial reader, read from its table in the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stationd.adapters.readers.checksum import CHECKSUMS
from stationd.adapters.readers.framing import DEFAULT_LONGEST, Bracketed, Framing, Lines, Prefixed
from stationd.adapters.readers.options import Option, choice, named_bytes, read_options, seconds, whole
from stationd.adapters.readers.serial.transport import Line
from stationd.ports.readers import ReaderSpec

_TERMINATORS = {"any": (b"\r", b"\n"), "cr": (b"\r",), "lf": (b"\n",), "crlf": (b"\r\n",)}
_BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
_MOST_MARK = 8
_MOST_GREETING = 256
_MOST_FRAME = 16_384

_LINE: dict[str, Option] = {
    "baud": choice(*_BAUDS, default=9600),
    "data_bits": choice(7, 8, default=8),
    "parity": choice("none", "even", "odd", default="none"),
    "stop_bits": choice(1, 2, default=1),
    "flow": choice("none", "rtscts", "xonxoff", default="none"),
}
_COMMON: dict[str, Option] = {
    **_LINE,
    "transport": Option(allowed="the name of an installed transport", convert=str, default="pyserial-asyncio"),
    "greeting": named_bytes({}, _MOST_GREETING, default=b""),
    "gap_s": seconds(0, 60, default=0.5),
    "framing": choice("line", "stx-etx", "length", default="line"),
    "checksum": choice(*CHECKSUMS, default="none"),
    "longest": whole(1, _MOST_FRAME, default=DEFAULT_LONGEST),
}
_OF_FRAMING: dict[str, dict[str, Option]] = {
    "line": {
        "terminator": named_bytes(_TERMINATORS, _MOST_MARK, default=_TERMINATORS["any"], wrap=lambda mark: (mark,))
    },
    "stx-etx": {
        "start": named_bytes({}, _MOST_MARK, default=b"\x02"),
        "end": named_bytes({}, _MOST_MARK, default=b"\x03"),
    },
    "length": {
        "start": named_bytes({}, _MOST_MARK, default=b""),
        "length_bytes": choice(1, 2, 4, default=2),
        "length_order": choice("big", "little", default="big"),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialOptions:
    """How a serial reader talks.

    - ``line``: ``port``, ``baud``, ``data_bits``, ``parity``, ``stop_bits``, ``flow``;
    - ``transport``: the name of the package's entry point that opens the port;
    - ``greeting``: bytes sent after each connecting, for readers that must be switched on;
    - ``gap_s``: a pause after which the next byte begins a new frame; 0: pauses mean nothing;
    - ``framing`` with ``checksum`` and ``longest`` (bytes of payload): ``line`` with its ``terminator``, ``stx-etx``
      with ``start`` and ``end``, or ``length`` with ``start``, ``length_bytes`` and ``length_order``.
    """

    line: Line
    framing: Framing
    transport: str
    greeting: bytes
    gap_s: float


def options_of(spec: ReaderSpec) -> SerialOptions:
    """The checked options. Raises ``ValueError`` with one line that names key, value and what is allowed."""
    if spec.port is None or not spec.port.startswith("/") or "\0" in spec.port:
        raise ValueError("port: allowed is the path of a serial port such as '/dev/serial/by-id/usb-…'")
    framing = _COMMON["framing"]
    shape = read_options({key: spec.options[key] for key in ("framing",) if key in spec.options}, {"framing": framing})
    values = read_options(spec.options, _COMMON | _OF_FRAMING[shape["framing"]])
    return SerialOptions(
        line=Line(port=spec.port, **{key: values[key] for key in _LINE}),
        framing=_framing(values),
        transport=values["transport"],
        greeting=values["greeting"],
        gap_s=values["gap_s"],
    )


def _framing(values: Mapping[str, Any]) -> Framing:
    common = {"checksum": CHECKSUMS[values["checksum"]], "longest": values["longest"]}
    match values["framing"]:
        case "line":
            return Lines(terminators=values["terminator"], **common)
        case "stx-etx":
            return Bracketed(start=values["start"], end=values["end"], **common)
        case _:
            return Prefixed(start=values["start"], width=values["length_bytes"], order=values["length_order"], **common)
