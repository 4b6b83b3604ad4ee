"""SQL by name: each ``queries/*.sql`` file holds statements headed ``-- name: …``.

A statement with one ``VALUES (?, …)`` group can be had for any number of rows: many rows in one statement cost one
crossing into SQLite, and under a busy event loop one hand-over of the interpreter lock instead of one a row.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

MAX_ROWS = 64
"""The most rows in one statement; counts above ``EXACT_ROWS`` are powers of two, so that few are compiled."""

EXACT_ROWS = 16
"""Up to so many rows make one statement of just that size: as many as lanes of printers write together."""

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_VALUES = re.compile(r"VALUES\s*(\([^()]*\))")


class Queries:
    """The statements of one file, as attributes of a mapping: ``queries["insert_job"]``."""

    def __init__(self, statements: dict[str, str]) -> None:
        self._statements = statements
        self._widened: dict[tuple[str, int], str] = {}

    def __getitem__(self, name: str) -> str:
        """The statement as written. Raises ``KeyError`` for a name that the file does not have."""
        return self._statements[name]

    def names(self) -> Sequence[str]:
        """The names of all statements, in the order of the file."""
        return tuple(self._statements)

    def chunks(self, name: str, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, list[Any], int]]:
        """Statement, flat parameters and row count for each chunk of ``rows``."""
        start = 0
        while start < len(rows):
            left = len(rows) - start
            count = left if left <= EXACT_ROWS else min(MAX_ROWS, 1 << (left.bit_length() - 1))
            chunk = rows[start : start + count]
            yield self._wide(name, count), [value for row in chunk for value in row], count
            start += count

    def _wide(self, name: str, count: int) -> str:
        statement = self._widened.get((name, count))
        if statement is None:
            statement = _VALUES.sub(lambda m: "VALUES " + ", ".join([m[1]] * count), self._statements[name], count=1)
            self._widened[name, count] = statement
        return statement


@cache
def load(stem: str) -> Queries:
    """The queries of ``queries/<stem>.sql``."""
    text = (files("stationd.adapters.sqlite") / "queries" / f"{stem}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)
    return Queries({name: body.strip().rstrip(";") for name, body in zip(parts[1::2], parts[2::2], strict=True)})
