"""Tables as TOML text: the way back from what :mod:`tomllib` reads, for the files that we write ourselves."""

import json
from collections.abc import Mapping, Sequence


def toml_text(tables: Mapping[str, object]) -> str:
    """TOML for tables of plain values; a list of tables becomes ``[[name]]`` ones.

    Values are text, numbers, booleans, lists, and tables inside a table, which become inline ones. Raises
    ``TypeError`` for anything else.
    """
    parts = []
    for name, content in tables.items():
        if isinstance(content, Mapping):
            parts.append(_table(f"[{name}]", content))
        elif isinstance(content, Sequence) and not isinstance(content, str):
            parts.extend(_table(f"[[{name}]]", row) for row in content)
        else:
            raise TypeError(f"cannot write {name}: it is no table")
    return "\n".join(parts)


def _table(head: str, content: Mapping[str, object]) -> str:
    return "\n".join((head, *(f"{_key(key)} = {_value(value)}" for key, value in content.items()))) + "\n"


def _key(key: str) -> str:
    is_bare = key.isascii() and key.replace("-", "_").isidentifier()
    return key if is_bare else json.dumps(key, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    raise TypeError(f"cannot write a value of type {type(value).__name__}")
