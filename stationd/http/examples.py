"""Examples for the description of the API, made from the schemas: a field's own example where it has one.

A text whose form only a pattern tells needs an ``examples`` in its ``Meta``; a test says which do not have one.
"""

from collections.abc import Mapping
from typing import Any, Final

_TEXTS: Final = {"date": "2026-01-05", "date-time": "2026-01-05T02:45:43.386Z", "time": "08:30:00", "byte": "aGFsbw=="}
_DEPTH = 8

ORDER: Final = {
    "order": "PRR-999999-000123",
    "kind": "first",
    "holder": {
        "nik": "9999990101900001",
        "name": "CONTOH SPESIMEN",
        "address": "Jalan Tidak Ada No. 1, RT 000 RW 000",
        "phone": "+620000000000",
    },
    "document": {
        "template": "specimen",
        "fields": {"name": "CONTOH SPESIMEN", "address": "Jalan Tidak Ada No. 1", "order": "PRR-999999-000123"},
    },
}
"""An invented order."""


def example_of(schema: Mapping[str, Any], components: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that fits the schema, as JSON; references are looked up in ``components``."""
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rpartition("/")[2]], components, depth)
    if "examples" in schema:
        return schema["examples"][0]
    for key in ("default", "const"):
        if schema.get(key) is not None:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return example_of(next(each for each in choices if each.get("type") != "null"), components, depth)
    return _plain(schema, components, depth)


def _plain(schema: Mapping[str, Any], components: Mapping[str, Any], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            return {
                name: example_of(value, components, depth + 1)
                for name, value in schema.get("properties", {}).items()
                if name in required or (depth < _DEPTH and _is_shown(value))
            }
        case "array":
            items = schema.get("items") or {}
            return [example_of(items, components, depth + 1)] if items and depth < _DEPTH else []
        case "string":
            return _text(schema)
        case "integer":
            return max(schema.get("minimum", 1), 1)
        case "number":
            return max(schema.get("minimum", 1), 12.5)
        case "boolean":
            return True
        case _:
            return None


def _is_shown(schema: Mapping[str, Any]) -> bool:
    """Whether an optional field belongs into an example: where it says what it looks like."""
    return "examples" in schema or any("examples" in each for each in schema.get("anyOf", ()))


def _text(schema: Mapping[str, Any]) -> str:
    known = _TEXTS.get(schema.get("format", "")) or _TEXTS.get(
        "byte" if schema.get("contentEncoding") == "base64" else ""
    )
    text = known or "contoh"
    return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 4096)]
