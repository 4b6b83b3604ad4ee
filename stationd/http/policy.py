"""What the HTTP door lets in: names, sizes and times."""

from dataclasses import dataclass

from aiohttp import web

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPolicy:
    """The limits of the door.

    ``hosts`` are the exact values of ``Host`` that are answered (DNS rebinding arrives with any other name);
    ``origins`` the foreign web origins that may call from a browser, such as ``http://kiosk.local``; pages served by
    the station itself need not be listed. ``max_body`` counts bytes; times are seconds. ``body_timeout_s`` bounds the
    whole body, ``header_timeout_s`` the first request's headers, ``keepalive_s`` the wait for every further request.
    A stop takes at most ``grace_s``. A stream of events shows every ``heartbeat_s`` that it lives; a listener that has
    not read for ``patience_s`` is cut off. ``kiosk_rate``: calls a second of a kiosk's token, 0 without limit;
    ``has_local_admin``: root and the station's own user need no token on the unix socket; ``is_tls``: pages of the
    station's own come by https.
    """

    hosts: frozenset[str]
    origins: frozenset[str] = frozenset()
    max_body: int = 8 * MEBIBYTE
    body_timeout_s: float = 20.0
    header_timeout_s: float = 10.0
    keepalive_s: float = 15.0
    max_connections: int = 1024
    backlog: int = 1024
    grace_s: float = 2.0
    heartbeat_s: float = 15.0
    patience_s: float = 20.0
    kiosk_rate: int = 0
    has_local_admin: bool = False
    is_tls: bool = False


POLICY = web.AppKey("policy", HttpPolicy)
"""Where the application keeps its policy, for handlers that read their bodies themselves."""
