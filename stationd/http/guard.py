"""Who may knock: the name asked for, the site a browser comes from, the token, the idempotency key.

A daemon on loopback is reached by every web page that the machine's browser opens. Three facts keep them out: a page
that rebinds its own name to 127.0.0.1 sends its own ``Host``; a browser tells where a request was started
(``Sec-Fetch-Site``, ``Origin``); and no authority is ambient, for the token travels in a header that no form can set.
"""

import re
from collections.abc import Mapping
from typing import Protocol

from aiohttp import hdrs, web
from multidict import CIMultiDictProxy

from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused
from stationd.http.peers import local_admin
from stationd.http.policy import HttpPolicy

SEC_FETCH_SITE = "Sec-Fetch-Site"
IDEMPOTENCY_KEY = "Idempotency-Key"

_BEARER = "Bearer "
_LONGEST_TOKEN = 512
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_QUOTED_KEY = re.compile(r'"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,256})"')
_ESCAPE = re.compile(r'\\(["\\])')

Headers = CIMultiDictProxy[str]


class Identity(Protocol):
    """What knows the tokens."""

    async def actor_of(self, token: str) -> Actor | None:
        """Whose token it is, or ``None``."""
        ...


class Guard:
    """The checks that come before anything of a request is read."""

    def __init__(self, policy: HttpPolicy, identity: Identity) -> None:
        self._hosts = policy.hosts
        self._foreign = policy.origins
        scheme = "https" if policy.is_tls else "http"
        self._own = frozenset(f"{scheme}://{host}" for host in policy.hosts)
        self._has_local_admin = policy.has_local_admin
        self._actor_of = identity.actor_of

    def admit(self, headers: Headers) -> str | None:
        """The foreign origin that may read the answer, or ``None`` for everybody else who is let in.

        Raises ``Refused``: ``host-not-allowed``, ``cross-site``.
        """
        host = headers.get(hdrs.HOST)
        if host not in self._hosts and (host is None or host.lower() not in self._hosts):
            raise Refused("host-not-allowed")
        origin = headers.get(hdrs.ORIGIN)
        if origin is not None:
            if origin in self._foreign:
                return origin
            if origin not in self._own:
                raise _cross_site()
        site = headers.get(SEC_FETCH_SITE)
        if site is not None and site not in {"same-origin", "none"}:
            raise _cross_site()
        return None

    async def actor(self, request: web.BaseRequest, roles: frozenset[Role]) -> Actor:
        """Who asks, if the token's role is one of ``roles`` and the token reaches the path.

        Raises ``Refused``: ``token-missing``, ``token-unknown``, ``role-not-allowed``, ``token-scope``.
        """
        headers = request.headers
        if self._has_local_admin and hdrs.AUTHORIZATION not in headers:
            local = local_admin(request)
            if local is not None and local.role in roles:
                return local
        token = bearer(headers)
        actor = await self._actor_of(token) if 0 < len(token) <= _LONGEST_TOKEN else None
        if actor is None:
            raise Refused("token-unknown")
        if actor.role not in roles:
            raise Refused("role-not-allowed", role=actor.role, allowed=tuple(sorted(roles)))
        if actor.paths and not actor.reaches(request.rel_url.raw_path):
            raise Refused("token-scope")
        return actor


def bearer(headers: Headers) -> str:
    """The token that a request carries. Raises ``Refused``: ``token-missing``."""
    value = headers.get(hdrs.AUTHORIZATION)
    if value is None or (value[:7] != _BEARER and value[:7].lower() != "bearer "):
        raise Refused("token-missing")
    return value[7:].strip()


def idempotency_key(headers: Headers) -> str:
    """The key of a request: 1 to 128 visible ASCII characters, bare or as a quoted string.

    The quoted form is that of draft-ietf-httpapi-idempotency-key-header (an RFC 9651 string); both forms of one key are
    equal. Raises ``Refused``: ``idempotency-key-missing``, ``idempotency-key-malformed``.
    """
    value = headers.get(IDEMPOTENCY_KEY)
    if value is None:
        raise Refused("idempotency-key-missing")
    if value[:1] == '"':
        quoted = _QUOTED_KEY.fullmatch(value)
        value = _ESCAPE.sub(r"\1", quoted[1]) if quoted is not None else ""
    if _KEY.fullmatch(value) is None or len(headers.getall(IDEMPOTENCY_KEY)) > 1:
        raise Refused("idempotency-key-malformed")
    return value


def cors_headers(origin: str) -> Mapping[str, str]:
    """What lets a page of a configured foreign origin read an answer."""
    return {
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin,
        hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: "Location, ETag, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy",
        hdrs.VARY: hdrs.ORIGIN,
    }


def preflight_headers(origin: str, methods: str) -> Mapping[str, str]:
    """The answer to a CORS preflight for a path that takes ``methods``."""
    return {
        **cors_headers(origin),
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: methods,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID",
        hdrs.ACCESS_CONTROL_MAX_AGE: "600",
    }


def _cross_site() -> Refused:
    return Refused("cross-site")
