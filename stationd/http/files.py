"""Answers that are files: pages to print, tables for a spreadsheet, what goes on a stick."""

from aiohttp import hdrs, web


def file(data: bytes, media_type: str, name: str, *, is_shown: bool = False) -> web.Response:
    """A file under a name; a browser keeps it, or shows it when ``is_shown``. Text is UTF-8, and says so."""
    disposition = "inline" if is_shown else "attachment"
    return web.Response(
        body=data,
        content_type=media_type,
        charset="utf-8" if media_type.startswith("text/") else None,
        headers={hdrs.CONTENT_DISPOSITION: f'{disposition}; filename="{name}"'},
    )
