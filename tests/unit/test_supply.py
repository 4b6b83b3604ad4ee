"""What comes into the project from outside is pinned, and what must not go out of it is not in its files."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = tuple(f"requirements{each}.lock" for each in ("", "-deb", "-city", "-build", "-dev"))
PINNED = re.compile(r"^[a-z0-9][a-z0-9._-]*(\[[a-z0-9,-]+\])?==\S+( ; .+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
SECRETS = {
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}"),
    "a key of AWS": re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a token of GitHub": re.compile(rb"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{50,}"),
    "a token of GitLab": re.compile(rb"\bglpat-[A-Za-z0-9_-]{20}\b"),
    "a token of a package index": re.compile(rb"\bpypi-[A-Za-z0-9_-]{60,}|\bnpm_[A-Za-z0-9]{36}\b"),
    "a token of Slack": re.compile(rb"\bxox[abprs]-[0-9A-Za-z-]{20,}"),
    "a signed token": re.compile(rb"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"),
    "a seed of NATS": re.compile(rb"\bS[ACNOUX][A-Z2-7]{56}\b"),
    "a secret with a name": re.compile(
        rb"(?i)(?:secret|password|passwd|api_?key|access_?key|token)[\"']?\s*[:=]\s*[\"'][A-Za-z0-9+/_=-]{32,}[\"']"
    ),
    "a password in an address": re.compile(rb"\b[a-z][a-z0-9+.-]*://[^\s/:@\"'{}<>]+:[^\s/@\"'{}<>]{8,}@"),
}
INVENTED = frozenset(
    {
        b"SUAAVFUCYK6SDRE7KBUTHVUPKEABCJKMFKOVIBJ4JHY4PLUIFVVGLHPKEY",
        b"SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y",
        b"postgresql://user:not-to-be-seen@",
        b'TOKEN = "invented-token-of-the-door-0123456789"',
    }
)
"""What looks like one and is made up, word for word."""


def files() -> Iterator[Path]:
    """Every file that is kept in the repository."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True).stdout
    for name in listed.split(b"\0"):
        if name and (path := ROOT / name.decode()).is_file():
            yield path


def secrets_in(data: bytes) -> dict[str, bytes]:
    """What looks like a secret, by its kind."""
    found = {kind: match[0] for kind, pattern in SECRETS.items() if (match := pattern.search(data))}
    return {kind: what for kind, what in found.items() if what not in INVENTED}


def test_no_file_of_the_repository_holds_a_secret():
    found = {str(path.relative_to(ROOT)): kinds for path in files() if (kinds := secrets_in(path.read_bytes()))}
    assert not found


@pytest.mark.parametrize(
    ("kind", "planted"),
    [
        ("a private key", b"-----BEGIN EC PRIVATE " + b"KEY-----\n" + b"Q" * 60),
        ("a key of AWS", b"AKI" + b"A" + b"Q7" * 8),
        ("a token of GitHub", b"gh" + b"p_" + b"a1" * 18),
        ("a token of a package index", b"pyp" + b"i-" + b"a1" * 40),
        ("a signed token", b"ey" + b"J" + b"a" * 30 + b".ey" + b"J" + b"b" * 30 + b"." + b"c" * 30),
        ("a seed of NATS", b"S" + b"U" + b"A7" * 28),
        ("a secret with a name", b'api_key = "' + b"Zx9" * 12 + b'"'),
        ("a password in an address", b"https" + b"://someone:" + b"correcthorse@host/"),
    ],
)
def test_a_planted_secret_is_found(kind: str, planted: bytes):
    assert kind in secrets_in(b"before " + planted + b" after")


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_pinned_to_a_version_and_to_hashes(name: str):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    packages = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    assert packages
    for number, line in enumerate(lines):
        assert PINNED.match(line) or HASH.match(line), f"{name}:{number + 1}: {line}"
    for number in packages:
        assert HASH.match(lines[number + 1]), f"{name}:{number + 1}: {lines[number]}: no hash"
