"""The console: the pages for the kiosk's glass and for the officer's desk, served as they lie in the package.

The pages are static and hold nothing of anybody; whatever they show they fetch from the API with a token. Their policy
allows no inline code, no other site, no frame around them, and no text that becomes code (Trusted Types).
"""

import asyncio
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from stationd.domain.errors import Refused
from stationd.http.doors import Ask, Doors
from stationd.http.routing import NoQuery, Nothing, Table

FOLDER: Final = Path(__file__).parent.parent / "console"

PAGES: Final = {"/": "index.html", "/kiosk": "kiosk.html", "/officer": "officer.html"}
"""Which file each page is."""

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""``blob:`` is for the previews of cards, which are fetched with the token and shown from memory."""

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_PACKED_ALREADY: Final = ".woff2"
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    hdrs.CACHE_CONTROL: "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=()",
}

table = Table("console")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file, ready to send: its bytes, the same packed with gzip where that helps, and its tag."""

    media_type: str
    data: bytes
    packed: bytes | None
    tag: str


@cache
def files(folder: Path = FOLDER) -> Mapping[str, File]:
    """Every file of the console, or of other pages, by its path below the folder, such as ``js/dom.js``."""
    return {
        path.relative_to(folder).as_posix(): _read(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES and path.is_file()
    }


def _read(path: Path) -> File:
    data = path.read_bytes()
    packed = None if path.suffix == _PACKED_ALREADY else gzip.compress(data, 9, mtime=0)
    return File(
        media_type=_TYPES[path.suffix],
        data=data,
        packed=packed if packed is not None and len(packed) < len(data) else None,
        tag=hashlib.sha256(data).hexdigest()[:16],
    )


async def answer(request: web.Request, name: str, folder: Path = FOLDER) -> web.Response:
    """A file of a page, under the policy of all pages. Raises :class:`Refused` (``path-unknown``)."""
    file = (await asyncio.to_thread(files, folder)).get(name)
    if file is None:
        raise Refused("path-unknown")
    is_packed = file.packed is not None and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    tag = f'"{file.tag}-gzip"' if is_packed else f'"{file.tag}"'
    headers = {**_HEADERS, hdrs.ETAG: tag, hdrs.VARY: hdrs.ACCEPT_ENCODING}
    known = {each.strip().removeprefix("W/") for each in request.headers.get(hdrs.IF_NONE_MATCH, "").split(",")}
    if tag in known:
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers[hdrs.CONTENT_TYPE] = file.media_type
    if is_packed:
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    return web.Response(body=file.packed if is_packed else file.data, headers=headers)


async def _page(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """A page of the console."""
    return await answer(ask.request, PAGES[ask.request.path])


for _path in PAGES:
    table.route("GET", _path, roles=None, says="The page.", media_type="text/html")(_page)


@table.route("GET", "/console/{file:.+}", roles=None, says="The file.", media_type="*/*", problems=("path-unknown",))
async def console_file(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """A file that the pages need: style, code, letters, pictures."""
    return await answer(ask.request, ask.path["file"])
