"""Values that do not fit the schema: where they stand, what is wrong and what is allowed, never what they were."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stationd.domain.errors import Refused
from stationd.domain.words import Line, Value, Words

_PATH = re.compile(r" - at (?:`key` in )?`\$\.?([^`]*)`$")
_TYPE = re.compile(r"Expected `([a-z]+(?: \| [a-z]+)*)`, got `([a-z]+)`")
_BOUND = re.compile(r"Expected `([a-z]+(?: \| [a-z]+)*)` (of length )?((?:<=|>=|<|>) )?([0-9.e+-]+)")
_TYPES: Mapping[str, str] = {
    "array": "larik", "bool": "benar/salah", "bytes": "bita", "date": "tanggal", "datetime": "waktu",
    "float": "bilangan", "int": "bilangan bulat", "null": "kosong", "object": "objek", "str": "teks",
}  # fmt: skip
"""The names of types that the library tells, in Indonesian."""
_ENGLISH: Mapping[str, str] = {"bool": "true/false", "float": "number", "int": "whole number", "str": "text"}
"""Those that are not words of JSON, in English."""


class BrokenRuleError(ValueError):
    """A value breaks a rule of our own schemas: the case of the line that tells it, and its values."""

    def __init__(self, case: str, **values: Value) -> None:
        super().__init__(case)
        self.case = case
        self.values = values


def invalid(error: msgspec.ValidationError, model: Any, *, code: str, what: Words) -> Refused:
    """The refusal for a value that does not fit ``model``: where it stands and what is allowed, never what it was."""
    message = str(error)
    found = _PATH.search(message)
    path = found[1] if found is not None else ""
    reason = message[: found.start()] if found is not None else message
    place = path.replace("[...]", "")
    case, values = _case_of(reason, error.__cause__)
    if case == "missing":
        missing = reason.split("`")[1]
        place = f"{place}.{missing}" if place else missing
    elif case == "form" and (example := _example_at(model, place)) is not None:
        case, values = "form-like", {"example": example}
    elif case in _LISTS:
        values = {"allowed": tuple(_LISTS[case](model, place))}
    return Refused(Line(f"{code}/{case}", {"place": place or what, **values}), field=place or None)


def _case_of(reason: str, cause: BaseException | None) -> tuple[str, Mapping[str, Value]]:
    """Which line tells it, and the values of that line."""
    for beginning, case in _REASONS.items():
        if reason.startswith(beginning):
            return case, {}
    if " matching regex " in reason:
        return "form", {}
    if (wrong := _TYPE.fullmatch(reason)) is not None:
        return "type", {"wanted": _type_words(wrong[1]), "given": _type_words(wrong[2])}
    if (beyond := _BOUND.fullmatch(reason)) is not None:
        of_length = Words("of length ", "sepanjang ") if beyond[2] else Words("", "")
        bound = f"{beyond[3] or ''}{beyond[4]}"
        return "bound", {
            "wanted": _type_words(beyond[1]),
            "bound": Words(f"{of_length.en}{bound}", f"{of_length.id}{bound}"),
        }
    if isinstance(cause, BrokenRuleError):
        return cause.case, cause.values
    return "invalid", {}


def _type_words(names: str) -> Words:
    parts = names.split(" | ")
    return Words(*(" | ".join(words.get(name, name) for name in parts) for words in (_ENGLISH, _TYPES)))


def _fields_at(model: Any, path: str) -> list[str]:
    node = _node_at(model, path)
    return [field.encode_name for field in node.fields] if isinstance(node, msgspec.inspect.StructType) else []


def _values_at(model: Any, path: str) -> list[str]:
    node = _node_at(model, path)
    if isinstance(node, msgspec.inspect.EnumType):
        return [str(member.value) for member in node.cls]
    if isinstance(node, msgspec.inspect.LiteralType):
        return [str(value) for value in node.values]
    return []


_REASONS: Mapping[str, str] = {
    "Object missing required field `": "missing",
    "Object contains unknown field `": "unknown-field",
    "Invalid enum value": "not-a-choice",
    "Invalid base64 encoded string": "base64",
    "Invalid RFC3339 encoded date": "date",
}
_LISTS: Mapping[str, Callable[[Any, str], list[str]]] = {"unknown-field": _fields_at, "not-a-choice": _values_at}


def _example_at(model: Any, path: str) -> str | None:
    """What a value there may look like, as the API's description says."""
    holder, _, name = path.rpartition(".")
    node = _node_at(model, holder)
    fields = node.fields if isinstance(node, msgspec.inspect.StructType) else ()
    pending = [field.type for field in fields if field.encode_name == name]
    while pending:
        found = pending.pop()
        if isinstance(found, msgspec.inspect.Metadata):
            examples = (found.extra_json_schema or {}).get("examples", ())
            if examples:
                return str(examples[0])
            pending.append(found.type)
        elif isinstance(found, msgspec.inspect.UnionType):
            pending += found.types
    return None


def _node_at(model: Any, path: str) -> msgspec.inspect.Type | None:
    node: msgspec.inspect.Type | None = _plain(msgspec.inspect.type_info(model))
    for name in path.split(".") if path else ():
        if not isinstance(node, msgspec.inspect.StructType):
            return None
        types = {field.encode_name: field.type for field in node.fields}
        node = _plain(types[name]) if name in types else None
    return node


def _plain(node: msgspec.inspect.Type) -> msgspec.inspect.Type:
    while isinstance(node, msgspec.inspect.Metadata):
        node = node.type
    if isinstance(node, msgspec.inspect.UnionType):
        return next((_plain(part) for part in node.types if not isinstance(part, msgspec.inspect.NoneType)), node)
    return node
