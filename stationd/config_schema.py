"""Reading a table of keys: each key with its rule, default and help; every problem found, none hiding another.

A rule turns a TOML value into ours or says that it does not fit; the reading collects what did not. Values of keys
that look like secrets, and names and passwords in URIs, are never repeated in a problem.
"""

import difflib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_SHOWN_CHARS = 60
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_USER_INFO = re.compile(r"//[^/\s@]*@")
_SECRET_WORDS = frozenset(
    {"credential", "credentials", "key", "passphrase", "passwd", "password", "pin", "secret", "token"}
)
_HINT = "nothing secret: give it as a systemd credential (LoadCredential=)"


class _Required:
    """The default of a key that must be given."""

    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = _Required()


class UnfitError(ValueError):
    """A value does not fit its rule; the rule's ``allowed`` says what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a file: ``key`` is its dotted path (empty for the file itself), ``value`` what stands there.

    ``value`` is as shown to a person, ``None`` when the key is missing; ``allowed`` says what may stand there.
    """

    file: str
    key: str
    value: str | None
    allowed: str

    def __str__(self) -> str:
        """One line: ``FILE: KEY = VALUE: allowed is …``."""
        if not self.key:
            return f"{self.file}: {self.value}: allowed is {self.allowed}"
        what = f"{self.key} is missing" if self.value is None else f"{self.key} = {self.value}"
        return f"{self.file}: {what}: allowed is {self.allowed}"


@dataclass(slots=True)
class Reading:
    """The reading of one file: its name, and the problems found so far."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, key: str, value: object, allowed: str) -> None:
        """Note that the value at ``key`` is not what is allowed."""
        self.problems.append(Problem(file=self.file, key=key, value=shown(value), allowed=allowed))

    def miss(self, key: str, allowed: str) -> None:
        """Note that ``key`` must be given and is not."""
        self.problems.append(Problem(file=self.file, key=key, value=None, allowed=allowed))

    def refuse_secret(self, key: str) -> None:
        """Note that a secret stands in the file, without repeating it."""
        self.problems.append(Problem(file=self.file, key=key, value="(not shown)", allowed=_HINT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What may stand at a key: said in ``allowed``, done by ``convert``, which raises ``UnfitError``.

    With ``is_list`` the value is an array and the rule holds for each item, so that each wrong item is named.
    """

    allowed: str
    convert: Callable[[object], Any]
    is_list: bool = False

    def read(self, reading: Reading, key: str, value: object) -> Any:
        """The converted value; for what does not fit, ``None`` after noting the problem."""
        if not self.is_list:
            return self._read_one(reading, key, value)
        if not isinstance(value, list):
            reading.refuse(key, value, f"an array, each item {self.allowed}")
            return None
        return tuple(self._read_one(reading, f"{key}[{place}]", item) for place, item in enumerate(value))

    def _read_one(self, reading: Reading, key: str, value: object) -> Any:
        try:
            return self.convert(value)
        except UnfitError:
            reading.refuse(key, value, self.allowed)
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a table: ``default`` in our own form, ``note`` for what the documentation says of the default.

    A key that is not ``is_in_effect`` is read and checked, but nothing obeys it yet; the documentation says so.
    """

    name: str
    rule: Rule
    help: str
    default: Any = REQUIRED
    note: str = ""
    is_in_effect: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of keys; ``is_many`` for an array of tables, ``is_open`` when other keys belong to somebody else."""

    name: str
    help: str
    keys: tuple[Key, ...]
    is_many: bool = False
    is_open: bool = False

    @property
    def heading(self) -> str:
        """The table's heading as it stands in a file."""
        return f"[[{self.name}]]" if self.is_many else f"[{self.name}]"


@dataclass(frozen=True, slots=True)
class Row:
    """What was read of one table: ``values`` with defaults (``None`` for what did not fit), and the ``rest`` if open.

    ``given`` are the known keys that stand in the file; ``is_sound`` says that nothing in the table was refused.
    """

    where: str
    values: dict[str, Any]
    given: frozenset[str]
    rest: dict[str, object]
    is_sound: bool


def read_tables(reading: Reading, raw: Mapping[str, object], tables: Sequence[Table]) -> dict[str, list[Row]]:
    """Every table's rows, in the order of the file; a single table that is absent is read as an empty one."""
    for name in raw:
        if name not in {table.name for table in tables}:
            _refuse_unknown(reading, "", name, raw[name], [table.name for table in tables])
    return {table.name: _read_rows(reading, raw, table) for table in tables}


def _read_rows(reading: Reading, raw: Mapping[str, object], table: Table) -> list[Row]:
    found = raw.get(table.name, [] if table.is_many else {})
    if table.is_many:
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            reading.refuse(table.name, found, f"an array of tables, each headed {table.heading}")
            return []
        return [_read_row(reading, f"{table.name}[{place}]", item, table) for place, item in enumerate(found)]
    if not isinstance(found, dict):
        reading.refuse(table.name, found, f"a table, headed {table.heading}")
        return []
    return [_read_row(reading, table.name, found, table)]


def _read_row(reading: Reading, where: str, raw: Mapping[str, object], table: Table) -> Row:
    known = {key.name for key in table.keys}
    before = len(reading.problems)
    rest: dict[str, object] = {}
    for name, value in raw.items():
        if name in known:
            continue
        if is_secret_name(name):
            reading.refuse_secret(_dotted(where, name))
        elif table.is_open:
            _refuse_nested_secrets(reading, _dotted(where, name), value)
            rest[name] = value
        else:
            _refuse_unknown(reading, where, name, value, known)
    values = {}
    for key in table.keys:
        if key.name in raw:
            values[key.name] = key.rule.read(reading, f"{where}.{key.name}", raw[key.name])
        elif key.default is REQUIRED:
            reading.miss(f"{where}.{key.name}", key.rule.allowed)
            values[key.name] = None
        else:
            values[key.name] = key.default
    return Row(where, values, frozenset(known & raw.keys()), rest, is_sound=len(reading.problems) == before)


def _refuse_unknown(reading: Reading, where: str, name: str, value: object, known: Iterable[str]) -> None:
    if is_secret_name(name):
        reading.refuse_secret(_dotted(where, name))
        return
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    noun = "key" if where else "table"
    reading.refuse(_dotted(where, name), value, f"a known {noun}: {', '.join(names)}{hint}")


def _refuse_nested_secrets(reading: Reading, where: str, value: object) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if is_secret_name(name):
                reading.refuse_secret(_dotted(where, name))
            else:
                _refuse_nested_secrets(reading, _dotted(where, name), inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            _refuse_nested_secrets(reading, f"{where}[{place}]", inner)


def is_secret_name(name: str) -> bool:
    """Whether a key's name says that a secret stands there; a name ending in ``_file`` only says where."""
    lowered = name.lower()
    return not lowered.endswith("_file") and not _SECRET_WORDS.isdisjoint(re.split(r"[_-]", lowered))


def shown(value: object) -> str:
    """A value as a person would write it in TOML, shortened, without the user and password of a URI."""
    if isinstance(value, dict):
        return "(a table)"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "(an array with tables)"
    text = _USER_INFO.sub("//…@", _quoted(value))
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def _dotted(where: str, name: str) -> str:
    """A key below another, quoted where TOML would quote it."""
    shown_name = name if _BARE_KEY.fullmatch(name) else _quoted(name)
    return f"{where}.{shown_name}" if where else shown_name


def _quoted(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if text.isprintable() else json.dumps(value, default=str)


# --------------------------------------------------------------------------------------------------------- rules


def whole(lowest: int, highest: int) -> Rule:
    """A whole number within bounds."""

    def convert(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise UnfitError
        return value

    return Rule(allowed=f"a whole number from {lowest} to {highest}", convert=convert)


def number(lowest: float, highest: float) -> Rule:
    """A number, whole or not, within bounds."""

    def convert(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnfitError
        if not math.isfinite(value) or not lowest <= value <= highest:
            raise UnfitError
        return float(value)

    return Rule(allowed=f"a number from {lowest:g} to {highest:g}", convert=convert)


def matching(pattern: str, allowed: str) -> Rule:
    """A string that matches the whole pattern; ``allowed`` says it in words."""
    compiled = re.compile(pattern)

    def convert(value: object) -> str:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise UnfitError
        return value

    return Rule(allowed=allowed, convert=convert)


def _is(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnfitError
    return value


YES_OR_NO: Final = Rule(allowed="true or false", convert=_is)
"""Yes or no."""


def one_of(*choices: str) -> Rule:
    """One of a few words."""

    def convert(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise UnfitError
        return value

    return Rule(allowed=" or ".join(f'"{choice}"' for choice in choices), convert=convert)


def many(rule: Rule) -> Rule:
    """An array of what a rule allows."""
    return Rule(allowed=rule.allowed, convert=rule.convert, is_list=True)
