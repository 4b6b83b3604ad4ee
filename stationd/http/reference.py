"""The description of the API for people: one page, made from the OpenAPI document, that needs nothing else.

No script, nothing from elsewhere: it reads the same on a station that has no network.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web

from stationd.http.doors import Ask, Doors
from stationd.http.routing import Table
from stationd.http.schemas import NoQuery, Nothing

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
STYLE: Final = "/docs/reference.css"

Json = Mapping[str, Any]

table = Table("openapi")


@dataclass(frozen=True, slots=True)
class Page:
    """The page and its style, made when they are first asked for."""

    read: Callable[[], bytes]


PAGE = web.AppKey("reference", Page)
"""Where the application keeps it."""


@table.route("GET", "/docs", roles=None, says="The page.", media_type="text/html")
async def read_reference(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """This description as a page for people."""
    headers = {hdrs.CONTENT_TYPE: "text/html; charset=utf-8", "Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return web.Response(body=ask.request.app[PAGE].read(), headers=headers)


@table.route("GET", STYLE, roles=None, says="The style.", media_type="text/css")
async def read_reference_style(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:  # noqa: ARG001 - one shape for all
    """The style of that page."""
    return web.Response(body=_STYLESHEET, headers={hdrs.CONTENT_TYPE: "text/css; charset=utf-8"})


_STYLESHEET: Final = (files("stationd.http") / "reference.css").read_bytes()


def page(document: Json) -> str:
    """The page of an OpenAPI document."""
    operations = [
        (operation["tags"][0], method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    operations.sort(key=lambda each: [tag["name"] for tag in document["tags"]].index(each[0]))
    groups = [(tag, list(group)) for tag, group in groupby(operations, key=lambda each: each[0])]
    info = document["info"]
    body = [
        _tag("h1", info["title"], f" <small>{_text(info['version'])}</small>"),
        _tag("p", f"{info['summary']} {info['description']} The same for programs: "),
        '<p><a href="/openapi.json">/openapi.json</a></p>',
        _contents(groups),
    ]
    for tag, group in groups:
        body.append(f'<h2 id="tag-{_text(tag)}">{_text(tag)}</h2>')
        body.extend(_operation(method, path, operation) for _, method, path, operation in group)
    body.append('<h2 id="schemas">schemas</h2>')
    body.extend(_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items()))
    body.append(_problems(document["x-problems"]))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{_text(info["title"])}: the API</title><link rel="stylesheet" href="{STYLE}"></head>\n'
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _contents(groups: Sequence[tuple[str, Sequence[Any]]]) -> str:
    items = [
        f'<li><a href="#tag-{_text(tag)}">{_text(tag)}</a><ul>'
        + "".join(
            f'<li><a href="#{_text(operation["operationId"])}"><code>{method.upper()} {_text(path)}</code></a></li>'
            for _, method, path, operation in group
        )
        + "</ul></li>"
        for tag, group in groups
    ]
    more = '<li><a href="#schemas">schemas</a></li><li><a href="#problems">problems</a></li>'
    return f'<nav aria-label="Contents"><ul>{"".join(items)}{more}</ul></nav>'


def _operation(method: str, path: str, operation: Json) -> str:
    name = _text(operation["operationId"])
    roles = ", ".join(operation.get("x-roles", ())) or "anybody, without a token"
    parts = [
        f'<section id="{name}"><h3><code><b>{method.upper()}</b> {_text(path)}</code></h3>',
        _tag("p", operation["summary"]),
        _tag("p", operation["description"]) if "description" in operation else "",
        f"<p><strong>Roles:</strong> {_text(roles)}</p>",
    ]
    rows = [
        (
            each["name"],
            each["in"],
            _type(each["schema"]),
            "yes" if each["required"] else "",
            each.get("description", ""),
        )
        for each in operation.get("parameters", ())
    ]
    parts.append(_rows(("parameter", "in", "type", "required", "what"), rows) if rows else "")
    if "requestBody" in operation:
        parts += ["<h4>Body</h4>", *_content(operation["requestBody"]["content"])]
    parts.append("<h4>Answers</h4>")
    for status, response in operation["responses"].items():
        is_problem = "application/problem+json" in response.get("content", {})
        says = _codes(response) if is_problem else _text(response["description"])
        parts.append(f"<p><b>{_text(status)}</b> {says}</p>")
        if not is_problem:
            parts += _content(response.get("content", {}))
    return "".join([*parts, "</section>"])


def _codes(response: Json) -> str:
    (content,) = response["content"].values()
    codes = content["schema"]["allOf"][1]["properties"]["code"]["enum"]
    return ", ".join(f'<a href="#problem-{_text(code)}"><code>{_text(code)}</code></a>' for code in codes)


def _content(content: Json) -> Iterable[str]:
    for media_type, each in content.items():
        yield f"<p><code>{_text(media_type)}</code>: {_type(each['schema'])}"
        yield f", each event {_type(each['x-event'])}</p>" if "x-event" in each else "</p>"
        if "example" in each:
            written = msgspec.json.format(msgspec.json.encode(each["example"]), indent=2).decode()
            yield f"<pre>{_text(written)}</pre>"


def _schema(name: str, schema: Json) -> str:
    parts = [f'<section id="schema-{_text(name)}"><h3><code>{_text(name)}</code></h3>']
    if schema.get("description"):
        parts.append(_tag("p", schema["description"]))
    if "properties" in schema:
        required = schema.get("required", ())
        rows = [
            (field, _type(value), "yes" if field in required else "", value.get("description", ""))
            for field, value in schema["properties"].items()
        ]
        parts.append(_rows(("field", "type", "required", "what"), rows))
    else:
        parts.append(f"<p>{_type(schema)}</p>")
    return "".join([*parts, "</section>"])


def _problems(problems: Json) -> str:
    rows = [
        f'<tr id="problem-{_text(code)}"><td><code>{_text(code)}</code></td><td>{kind["status"]}</td>'
        f'<td>{_text(kind["title"]["en"])}</td><td lang="id">{_text(kind["title"]["id"])}</td></tr>'
        for code, kind in sorted(problems.items())
    ]
    head = "<tr><th>code</th><th>status</th><th>English</th><th>Bahasa Indonesia</th></tr>"
    return f'<h2 id="problems">problems</h2><div class="wide"><table>{head}{"".join(rows)}</table></div>'


class _Html(str):
    """Text that is markup already."""

    __slots__ = ()


def _type(schema: Json) -> _Html:
    """What a schema takes, in one line of markup."""
    if "$ref" in schema:
        name = _text(schema["$ref"].rpartition("/")[2])
        return _Html(f'<a href="#schema-{name}">{name}</a>')
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return _Html(" or ".join(dict.fromkeys(_type(each) for each in schema[key])))
    if "enum" in schema:
        return _Html(" | ".join(f"<code>{_text(str(value))}</code>" for value in schema["enum"]))
    kind = schema.get("type", "anything")
    if kind == "array":
        return _Html(f"array of {_type(schema.get('items') or {})}")
    bounds = [
        f"{words} {schema[key]}"
        for key, words in (
            ("format", ""),
            ("minimum", "from"),
            ("maximum", "to"),
            ("minLength", "at least"),
            ("maxLength", "at most"),
            ("default", "default"),
        )
        if schema.get(key) not in {None, ""}
    ]
    pattern = f" <code>{_text(schema['pattern'])}</code>" if "pattern" in schema else ""
    return _Html(f"{_text(str(kind))}{_text(', '.join(['', *bounds]))}{pattern}")


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = "".join(_tag("th", each) for each in head)
    body = "".join(f"<tr>{''.join(_tag('td', each) for each in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{cells}</tr>{body}</table></div>'


def _tag(name: str, text: str, more: str = "") -> str:
    return f"<{name}>{text if isinstance(text, _Html) else _text(text)}{more}</{name}>"


def _text(text: str) -> str:
    """Text as markup; what stands between backquotes is code."""
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))
