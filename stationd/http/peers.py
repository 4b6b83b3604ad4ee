"""Local administration: who is at the other end of the unix socket, as the kernel says (unix(7), SO_PEERCRED)."""

import os
import socket
import struct

from aiohttp import web

from stationd.domain.authority import Actor, Role

_UCRED = struct.Struct("3i")


def local_admin(request: web.BaseRequest) -> Actor | None:
    """The administrator who asks: root or the user that runs the station, over the unix socket; else ``None``."""
    transport = request.transport
    known = transport.get_extra_info("socket") if transport is not None else None
    if known is None or known.family != socket.AF_UNIX:
        return None
    with socket.fromfd(known.fileno(), known.family, known.type) as same:
        _, user, _ = _UCRED.unpack(same.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Actor(name=f"local-{user}", role=Role.ADMIN) if user in {0, os.getuid()} else None
