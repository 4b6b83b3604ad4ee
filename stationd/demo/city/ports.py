"""Ports for programs that must be told theirs before they start."""

import random
import socket
from pathlib import Path
from typing import Final

_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST_OUTGOING: Final = int(_RANGE.read_text(encoding="ascii").split()[0]) if _RANGE.exists() else 32_768
"""Ports from here on the kernel gives out by itself."""
_LOWEST: Final = 10_000
_taken: list[int] = []
"""The claims of this process, which end with it."""


def free_port(neighbours: int = 0) -> int:
    """A loopback port that nobody listens on; so are as many after it as it shall have ``neighbours``.

    It is this process's own: no other asker gets it, and no outgoing connection, for it lies below those that the
    kernel gives out. A server may be stopped and started again on it.
    """
    while True:
        port = random.SystemRandom().randrange(_LOWEST, _FIRST_OUTGOING - neighbours)
        if all(_claim(each) for each in range(port, port + 1 + neighbours)):
            return port


def _claim(port: int) -> bool:
    """Whether the port is free and nobody else of us has it; an abstract socket of its number is the claim."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0stationd-port-{port}")
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        claim.close()
        return False
    _taken.append(claim.detach())
    return True
