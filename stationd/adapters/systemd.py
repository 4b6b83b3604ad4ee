"""What systemd gives and wants: sockets it holds for us, and word of how we are.

Source: sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3).
"""

import os
import socket
from collections.abc import Mapping

_FIRST_FD = 3


def inherited_sockets(environment: Mapping[str, str]) -> list[socket.socket]:
    """The listening sockets that systemd passed to this very process, in the order of its socket units."""
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(environment.get("LISTEN_FDS", "0"))
    return [socket.socket(fileno=number) for number in range(_FIRST_FD, _FIRST_FD + count)]


def watchdog_s(environment: Mapping[str, str]) -> float | None:
    """How long systemd waits for ``WATCHDOG=1`` before it kills this very process; ``None``: it does not wait."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    text = environment.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if text.isascii() and text.isdigit() and int(text) else None


class Notifier:
    """Tells systemd of readiness and state; does nothing where nobody listens."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")

    def tell(self, *lines: str) -> None:
        """Send assignments such as ``READY=1``; a supervisor that is gone is no trouble of ours."""
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaking:
            speaking.setblocking(False)
            try:
                speaking.sendto("\n".join(lines).encode(), address)
            except OSError:
                return
