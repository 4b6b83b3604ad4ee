"""Entity tags of what officers edit, so that nobody writes over what another has just written (RFC 9110, 13.1.1)."""

from hashlib import sha256

import msgspec
from aiohttp import hdrs, web

from stationd.domain.errors import Refused

_SYMBOLS = 16


def tag_of(answer: msgspec.Struct) -> str:
    """The strong entity tag of a representation."""
    return f'"{sha256(msgspec.json.encode(answer)).hexdigest()[:_SYMBOLS]}"'


def require_match(request: web.Request, current: str) -> None:
    """Let the edit pass when its ``If-Match`` names what stands there now, or is not given.

    Raises ``Refused`` (``changed-meanwhile``).
    """
    given = request.headers.get(hdrs.IF_MATCH)
    if given is None or given.strip() == "*":
        return
    if current not in {each.strip() for each in given.split(",")}:
        raise Refused("changed-meanwhile")
