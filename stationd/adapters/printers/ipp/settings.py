"""Where an IPP printer is and how to treat it: the URI and the driver's options, checked before anything is sent.

Three forms of URI:

* ``ipp://host[:631]/path`` — TCP; ``http://host[:80]/path`` is the same with the other default port;
* ``ipp+unix:///run/cups/cups.sock?path=/printers/kartu-1`` — a unix socket, and the printer's path behind it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from stationd.ports.printers import PrinterSpec

_DEFAULT_PORTS = {"ipp": 631, "http": 80}
_MAX_WINDOW = 16
_MAX_SECONDS = 3600
_MAX_USER_BYTES = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address to connect to, the path to POST to and the ``printer-uri`` to name."""

    host: str
    port: int
    path: str
    socket: str | None = None

    @property
    def authority(self) -> str:
        """The ``Host`` header's value."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.socket else f"{host}:{self.port}"

    @property
    def printer_uri(self) -> str:
        """The operation attribute ``printer-uri`` (RFC 8011, 4.1.5)."""
        return f"ipp://{self.authority}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of one IPP printer.

    ``user`` is always sent as ``requesting-user-name``: a spooler hides a job's name from other users. ``window`` is
    ``None`` when the device decides. ``poll_s`` is the longest pause between two questions about a job, ``timeout_s``
    the longest silence in one phase of an exchange (connecting, each part sent, the whole answer). ``has_counter`` is
    false for a device whose card counter does not count.
    """

    endpoint: Endpoint
    user: str = "stationd"
    window: int | None = None
    poll_s: float = 1.0
    timeout_s: float = 10.0
    has_counter: bool = True


def read_settings(spec: PrinterSpec) -> Settings:
    """The checked settings of a printer. Raises ``ValueError`` with one line for a wrong URI or option."""
    options = spec.options
    unknown = sorted(set(options) - {"user", "window", "poll_s", "timeout_s", "counter"})
    if unknown:
        raise ValueError(
            f"unknown option {unknown[0]!r}: an ipp printer takes user, window, poll_s, timeout_s, counter"
        )
    user = options.get("user", "stationd")
    if not isinstance(user, str) or not user.strip() or len(user.encode()) > _MAX_USER_BYTES:
        raise ValueError(f"user must be a name of 1 to {_MAX_USER_BYTES} bytes, not {user!r}")
    window = options.get("window")
    if window is not None and (
        isinstance(window, bool) or not isinstance(window, int) or not 1 <= window <= _MAX_WINDOW
    ):
        raise ValueError(f"window must be a whole number from 1 to {_MAX_WINDOW}, not {window!r}")
    counter = options.get("counter", True)
    if not isinstance(counter, bool):
        raise ValueError(  # noqa: TRY004 - ValueError is what a driver raises for an option
            f"counter must be true, or false for a device whose card counter does not count, not {counter!r}"
        )
    return Settings(
        endpoint=read_uri(spec.uri),
        user=user,
        window=window,
        poll_s=_seconds(options, "poll_s", 1.0),
        timeout_s=_seconds(options, "timeout_s", 10.0),
        has_counter=counter,
    )


def read_uri(uri: str | None) -> Endpoint:
    """Where a printer URI leads. Raises ``ValueError`` with one line that says which forms there are."""
    if not uri:
        raise ValueError("uri is missing: use ipp://host:631/path or ipp+unix:///socket?path=/path")
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"uri {uri!r} is not one: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("uri must not carry a user or a password")
    if parts.scheme == "ipp+unix":
        return _unix(uri, parts.netloc, parts.path, parts.query)
    if parts.scheme in {"ipps", "https"}:
        raise ValueError(f"uri scheme {parts.scheme!r} is not supported: put the printer on a trusted link and use ipp")
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"uri scheme {parts.scheme!r} must be ipp, http or ipp+unix")
    if not parts.hostname:
        raise ValueError(f"uri {uri!r} has no host")
    if parts.query or parts.fragment:
        raise ValueError(f"uri {uri!r} must end with its path")
    default = _DEFAULT_PORTS[parts.scheme]
    return Endpoint(
        host=parts.hostname, port=default if port is None else port, path=_printable(parts.path or "/ipp/print")
    )


def _unix(uri: str, netloc: str, socket: str, query: str) -> Endpoint:
    fields = parse_qs(query, keep_blank_values=True)
    path = fields.pop("path", [])
    if netloc or not socket.startswith("/") or len(path) != 1 or not path[0].startswith("/") or fields:
        raise ValueError(f"uri {uri!r} must look like ipp+unix:///run/cups/cups.sock?path=/printers/name")
    return Endpoint(host="localhost", port=631, path=_printable(path[0]), socket=socket)


def _printable(path: str) -> str:
    if not path.isascii() or not path.isprintable() or " " in path:
        raise ValueError(f"uri path {path!r} must be printable ASCII without spaces")
    return path


def _seconds(options: Mapping[str, object], key: str, default: float) -> float:
    value = options.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= _MAX_SECONDS:
        raise ValueError(f"{key} must be a number of seconds above 0 and up to {_MAX_SECONDS}, not {value!r}")
    return float(value)
