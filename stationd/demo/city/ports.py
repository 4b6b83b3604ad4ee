"""Ports for programs that must be told theirs before they start."""

import random
import socket
from typing import Final

_LOWEST: Final = 20_000
_HIGHEST: Final = 32_000
"""Below those that the kernel gives out by itself, so that nobody gets it while its program is down for a moment."""


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    while True:
        port = random.randint(_LOWEST, _HIGHEST)  # noqa: S311 - no secret
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
