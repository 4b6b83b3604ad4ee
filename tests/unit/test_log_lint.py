"""No line of the log and no error text can carry a person's data: every call that makes one is read here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import stationd

ROOT = Path(stationd.__file__).parent
PERSONAL = frozenset(
    {
        "nik", "holder", "phone", "address", "pin", "pin_hash", "photo", "fields", "proxy", "police_report", "body",
        "plain", "sealed", "key_bytes", "template_document", "document", "token", "officer_name", "recipient", "e164",
        "authorization",
    }
)  # fmt: skip
"""Names of what must not be told, as a variable or as the last part of an attribute."""

HARMLESS = frozenset(
    {"token.name", "token.role", "document.media_type", "identity.document", "hand_over.identity.document"}
)
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
TELLERS = frozenset({"Refused", "Faulted", "HopelessError", "ProtocolError", "ValueError", "RuntimeError", "TypeError"})


def is_telling(call: ast.Call) -> bool:
    """Whether a call writes to the log, or makes an error whose text may be shown or logged."""
    match call.func:
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if attr in LEVELS:
            return "log" in name
        case ast.Name(id=name):
            return name in TELLERS
    return False


def told(call: ast.Call) -> Iterator[ast.expr]:
    """The expressions whose value comes into the text."""
    arguments = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg not in {"field", "see"})]
    for argument in arguments:
        for node in ast.walk(argument):
            if isinstance(node, ast.FormattedValue):
                yield node.value
        if not isinstance(argument, ast.Constant | ast.JoinedStr):
            yield argument


def personal_in(expression: ast.expr) -> Iterator[str]:
    """Names in an expression that are a person's data and are more than counted or asked for their kind."""
    if isinstance(expression, ast.Call) and ast.unparse(expression.func) in {"len", "type", "bool", "told"}:
        return
    if ast.unparse(expression) in HARMLESS or ast.unparse(expression).startswith("type("):
        return
    harmless = {id(part) for node in ast.walk(expression) if ast.unparse(node) in HARMLESS for part in ast.walk(node)}
    for node in ast.walk(expression):
        if id(node) in harmless:
            continue
        if isinstance(node, ast.Name) and node.id in PERSONAL:
            yield node.id
        elif isinstance(node, ast.Attribute) and node.attr in PERSONAL:
            yield ast.unparse(node)


def leaks(source: str) -> list[str]:
    """``line: name`` of everything personal that a text in this source may carry."""
    return [
        f"{call.lineno}: {name}"
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and is_telling(call)
        for expression in told(call)
        for name in personal_in(expression)
        if name not in HARMLESS
    ]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_log_line_and_no_error_text_carries_a_persons_data(path: Path):
    assert leaks(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        '_log.info("a card for %s", order.holder)',
        '_log.warning("cannot reach %s", phone)',
        '_log.debug(f"asked {holder.nik}")',
        'raise Faulted("x", f"cannot print {document}")',
        'Refused("x", "cannot take " + nik)',
        'raise ValueError(f"{self.address!r} is wrong")',
    ],
)
def test_a_line_that_would_is_found(line: str):
    assert leaks(line)


@pytest.mark.parametrize("line", ['_log.info("%d bytes", len(document))', 'Refused("x", "no nik", field="holder.nik")'])
def test_a_line_that_would_not_is_let_be(line: str):
    assert not leaks(line)
