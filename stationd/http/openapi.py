"""The OpenAPI 3.1 document, made from the route table and the models that validate."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import hdrs, web

from stationd import __version__
from stationd.http.doors import Ask, Doors
from stationd.http.examples import example_of
from stationd.http.problems import KINDS, MEDIA_TYPE, TYPE_PREFIX, Problem
from stationd.http.routing import Route, Table
from stationd.http.schemas import NoQuery, Nothing
from stationd.http.tags import IF_MATCH_SAYS


@dataclass(frozen=True, slots=True)
class Rendered:
    """The document as JSON, made when it is first asked for."""

    read: Callable[[], bytes]


DOCUMENT = web.AppKey("openapi", Rendered)
"""Where the application keeps it."""

Json = dict[str, Any]

_JSON_TYPES = frozenset({"application/json", "application/x-ndjson"})
_REF = "#/components/schemas/{name}"
_REQUEST_ID: Json = {"X-Request-Id": {"description": "Names this request in the log.", "schema": {"type": "string"}}}
_PROBLEM_HEADERS: Json = {
    **_REQUEST_ID,
    "Content-Language": {
        "description": "The language of title, detail and fix.",
        "schema": {"type": "string", "enum": ["en", "id"]},
    },
}
_ETAG: Json = {"ETag": {"description": "For If-Match when it is edited.", "schema": {"type": "string"}}}
_IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": IF_MATCH_SAYS,
    "schema": {"type": "string"},
}
_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A fresh random key for an order, the same when the request is repeated; bare or a quoted string.",
    "schema": {"type": "string", "pattern": r"^[\u0021-\u007e]{1,128}$"},
    "example": "7f3c9a52-3a0e-4b6e-9d5b-0a4d9b1f6c11",
}

table = Table("openapi")


@table.route("GET", "/openapi.json", roles=None, says="An OpenAPI 3.1 document.")
async def read_openapi(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """This document."""
    return web.Response(body=ask.request.app[DOCUMENT].read(), headers={hdrs.CONTENT_TYPE: "application/json"})


def document(routes: Sequence[Route]) -> Json:
    """The OpenAPI document of a route table, as JSON values."""
    models = sorted(
        {model for route in routes for model in _models(route)} | {Problem}, key=lambda model: model.__name__
    )
    references, components = msgspec.json.schema_components(models, ref_template=_REF)
    schemas = dict(zip(models, references, strict=True))
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas, components)
    for operations in paths.values():
        for operation in operations.values():
            _add_examples(operation, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "stationd",
            "version": __version__,
            "summary": "The local API of a card-print station.",
            "description": "Errors are problem documents (RFC 9457) with a stable `code`; every answer names its "
            "request in `X-Request-Id`. `x-roles` are the roles of the token that may call.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:8631"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "From `stationd token create`, a session, or a pairing.",
                }
            },
        },
        "x-problems": {
            code: {"status": kind.status, "title": {"en": kind.title, "id": kind.judul}} for code, kind in KINDS.items()
        },
    }


def render(routes: Sequence[Route]) -> bytes:
    """The document as JSON."""
    return msgspec.json.encode(document(routes))


def _add_examples(operation: Json, components: Mapping[str, Any]) -> None:
    """An example for each body and each answer in JSON; for a problem, the first of its codes."""
    contents = [response.get("content", {}) for response in operation["responses"].values()]
    for content in (operation.get("requestBody", {}).get("content", {}), *contents):
        for media_type, each in content.items():
            if media_type == MEDIA_TYPE:
                code = each["schema"]["allOf"][1]["properties"]["code"]["enum"][0]
                each["example"] = _problem_example(code)
            elif media_type in _JSON_TYPES and "example" not in each and "$ref" in each["schema"]:
                each["example"] = example_of(each["schema"], components)


def _problem_example(code: str) -> Json:
    kind = KINDS[code]
    return {
        "type": f"{TYPE_PREFIX}{code}",
        "title": kind.title,
        "status": kind.status,
        "code": code,
        "detail": "cannot do this: why",
        "request_id": "6a80c743-28",
    }


def _models(route: Route) -> Iterable[type[Any]]:
    if route.needs_body:
        yield route.body
    if route.query is not NoQuery:
        yield route.query
    if route.answer is not None:
        yield route.answer
    if route.streams is not None:
        yield route.streams


def _operation(route: Route, schemas: Mapping[type[Any], Json], components: Json) -> Json:
    operation: Json = {"operationId": route.name, "summary": route.summary, "tags": [route.tag]}
    if route.description:
        operation["description"] = route.description
    if route.roles is not None:
        operation["security"] = [{"token": []}]
        operation["x-roles"] = sorted(route.roles)
    parameters = list(_parameters(route, schemas, components))
    if parameters:
        operation["parameters"] = parameters
    if route.needs_body:
        media_type = route.takes or "application/json"
        content = {media_type: {"schema": schemas[route.body]}}
        operation["requestBody"] = {"required": route.empty is None, "content": content}
        if route.example is not None:
            operation["requestBody"]["content"][media_type]["example"] = route.example
    operation["responses"] = _responses(route, schemas)
    return operation


def _parameters(route: Route, schemas: Mapping[type[Any], Json], components: Json) -> Iterable[Json]:
    for name in route.parameters:
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    if route.query is not NoQuery:
        model = components.pop(schemas[route.query]["$ref"].rpartition("/")[2])
        for name, schema in model["properties"].items():
            about = {key: value for key, value in schema.items() if key != "description"}
            parameter = {"name": name, "in": "query", "required": name in model["required"], "schema": about}
            if "description" in schema:
                parameter["description"] = schema["description"]
            yield parameter
    for header, says in route.headers.items():
        yield {
            "name": str(header),
            "in": "header",
            "required": False,
            "description": says,
            "schema": {"type": "string"},
        }
    if route.edits is not None:
        yield _IF_MATCH
    if route.is_keyed or route.is_repeatable:
        yield _KEY | {"required": route.is_keyed}


def _responses(route: Route, schemas: Mapping[type[Any], Json]) -> Json:
    schema = {"type": "string"} if route.answer is None else schemas[route.answer]
    if route.answer is None and route.media_type == "application/json":
        schema = {"type": "object"}
    content: Json = {route.media_type: {"schema": schema}}
    if route.streams is not None:
        content[route.media_type]["x-event"] = schemas[route.streams]
    responses: Json = {}
    for status, says in ((int(route.status), route.says), *route.also.items()):
        responses[str(status)] = {"description": says, "headers": _REQUEST_ID}
        if route.tagged is not None or (route.edits is not None and route.edits.answer is route.answer):
            responses[str(status)]["headers"] = {**_REQUEST_ID, **_ETAG}
        if status != HTTPStatus.NO_CONTENT:
            responses[str(status)]["content"] = content
    by_status: dict[int, list[str]] = {}
    for code in route.codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "; ".join(f"{code}: {KINDS[code].title}" for code in codes),
            "headers": {**_PROBLEM_HEADERS, **_ETAG} if codes == ["changed-meanwhile"] else _PROBLEM_HEADERS,
            "content": {
                MEDIA_TYPE: {
                    "schema": {"allOf": [schemas[Problem], {"properties": {"code": {"enum": codes}}}]},
                }
            },
        }
    return responses
