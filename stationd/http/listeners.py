"""Where the door stands: sockets opened from ``http.listen``, before anything answers on them."""

import contextlib
import ipaddress
import os
import socket
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from stationd.domain.errors import Faulted

_UNIX = "unix:"
_UNIX_MODE = 0o660
_HTTP_PORT = 80
_LAST_PORT = 65535


def parse_listen(text: str) -> tuple[str, int] | Path:
    """The address in ``127.0.0.1:8631``, ``[::1]:8631``, ``localhost:8631`` or ``unix:/run/stationd/api.sock``.

    A host and a port (0 for any free one), or the path of a unix socket. Raises ``ValueError`` with what is allowed.
    """
    allowed = "allowed are ADDRESS:PORT, [ADDRESS]:PORT and unix:/ABSOLUTE/PATH"
    if text.startswith(_UNIX):
        path = Path(text.removeprefix(_UNIX))
        if not path.is_absolute():
            raise ValueError(f"cannot listen on {text!r}: {allowed}")
        return path
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not port.isascii() or not port.isdigit() or int(port) > _LAST_PORT or (":" in bare and bare == host):
        raise ValueError(f"cannot listen on {text!r}: {allowed}")
    if bare == "localhost":
        return "127.0.0.1", int(port)
    try:
        return str(ipaddress.ip_address(bare)), int(port)
    except ValueError:
        raise ValueError(f"cannot listen on {text!r}: {allowed}") from None


def open_sockets(listen: Iterable[str]) -> list[socket.socket]:
    """Bound sockets that do not listen yet, one for each address.

    A socket file that nobody listens on is replaced; the new one may be used by its owner and group. Raises ``Faulted``
    (``address-in-use``, ``address-unusable``) with the address, after closing what it had opened, and ``ValueError``
    as :func:`parse_listen`.
    """
    opened: list[socket.socket] = []
    try:
        for text in listen:
            address = parse_listen(text)
            try:
                opened.append(_bind_unix(address) if isinstance(address, Path) else _bind_tcp(*address))
            except OSError as error:
                why = os.strerror(error.errno) if error.errno else str(error)
                raise Faulted("address-unusable", f"cannot listen on {text}: {why}") from error
    except BaseException:
        for each in opened:
            remove_file(each)
            each.close()
        raise
    return opened


def hosts_of(sockets: Sequence[socket.socket]) -> frozenset[str]:
    """The ``Host`` values under which a client reaches these sockets by their address, or by ``localhost``.

    An address that stands for all interfaces adds its loopback names only; other names come from the configuration.
    """
    hosts: set[str] = set()
    for each in sockets:
        if each.family == socket.AF_UNIX:
            hosts.add("localhost")
            continue
        address, port = ipaddress.ip_address(each.getsockname()[0]), each.getsockname()[1]
        names = set()
        if address.is_loopback or address.is_unspecified:
            names.add("localhost")
        if address.is_unspecified:
            address = ipaddress.ip_address("::1" if address.version == 6 else "127.0.0.1")  # noqa: PLR2004 - IPv6
        names.add(f"[{address}]" if isinstance(address, ipaddress.IPv6Address) else str(address))
        hosts.update(f"{name}:{port}" for name in names)
        if port == _HTTP_PORT:
            hosts.update(names)
    return frozenset(hosts)


def remove_file(each: socket.socket) -> None:
    """Remove the file of a unix socket that :func:`open_sockets` bound; a TCP socket has none."""
    if each.family == socket.AF_UNIX and each.fileno() >= 0:
        with contextlib.suppress(OSError):
            Path(each.getsockname()).unlink(missing_ok=True)


def _bind_tcp(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((host, port))
    except BaseException:
        opened.close()
        raise
    return opened


def _bind_unix(path: Path) -> socket.socket:
    _remove_stale(path)
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        opened.bind(str(path))
        path.chmod(_UNIX_MODE)  # nobody can connect before listen()
    except BaseException:
        opened.close()
        raise
    return opened


def _remove_stale(path: Path) -> None:
    """Remove the socket file of a dead process; a living one, or a file of another kind, stays and is reported."""
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise Faulted("address-in-use", f"cannot listen on {_UNIX}{path}: a file that is not a socket is there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:
            pass  # its queue is full, so somebody listens
    raise Faulted("address-in-use", f"cannot listen on {_UNIX}{path}: another process listens there")
