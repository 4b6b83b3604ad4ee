"""Requests that no honest caller sends: good ones with bytes changed, cut, doubled, swapped, or lied about."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.rigs.documents import png
from tests.rigs.station import job

PATHS: Final = (
    "/v1/jobs",
    "/v1/jobs/../../etc/passwd",
    "/v1/receipts/%00%ff",
    "/v1/devices/..%2f..%2f",
    "/v1/blanks/entries",
    "/v1/cards/find",
    "/v1/sessions",
    "/v1/events?after=999999999999999999999",
    "/console/../stationd.toml",
    "/metrics",
)
METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "\x00")
HEADERS: Final = (
    "Host: evil.invalid",
    "Origin: https://evil.invalid",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked, identity",
    "Expect: 100-continue",
    "Idempotency-Key: " + "k" * 9000,
    "Authorization: Bearer " + "x" * 300,
    "Authorization: Basic Og==",
    "Content-Type: application/x-www-form-urlencoded",
    "Content-Encoding: gzip",
    "Last-Event-ID: -1",
    "X: " + "y" * 70_000,
    "Accept-Language: " + ",".join(["xx"] * 500),
    " folded",
    "No colon",
    "\x01\x02: \xff",
)
WORDS: Final = (b"null", b"-1", b"1e999", b"[]", b"{}", b'"\\u0000"', b'"\\ud800"', b"9" * 400, b"[" * 5000, b"true")
_WITHIN_S: Final = 20


def request(rnd: random.Random, token: str) -> bytes:
    """One hostile request."""
    number = rnd.randrange(1, 9000)
    body = json.dumps(job(number, png(number, size=600))).encode()
    for _ in range(rnd.randrange(1, 4)):
        body = rnd.choice(_CHANGES)(rnd, body)
    path, method = (rnd.choice(PATHS), rnd.choice(METHODS)) if rnd.random() < 0.4 else ("/v1/jobs", "POST")
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}", "Connection: close"]
    lines += [f"Idempotency-Key: key-{number}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    for _ in range(rnd.choice((0, 0, 1, 2))):
        lines.insert(rnd.randrange(1, len(lines)), rnd.choice(HEADERS))
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def attacked(socket: Path, token: str, times: int, seed: int, at_once: int = 16) -> Counter[str]:
    """What a station answered to so many: by status, ``closed`` where it hung up; ``silent`` must not be among them."""
    rnd = random.Random(seed)
    answers: Counter[str] = Counter()
    requests = iter([request(rnd, token) for _ in range(times)])

    async def attacker() -> None:
        for each in requests:
            answers[await _answered(socket, each)] += 1

    async with asyncio.TaskGroup() as attackers:
        for _ in range(at_once):
            attackers.create_task(attacker())
    return answers


def defects(answers: Counter[str]) -> int:
    """How many were answered with an error of the station's own, or not at all."""
    return sum(count for answer, count in answers.items() if answer == "silent" or answer.startswith("500"))


async def _answered(socket: Path, sent: bytes) -> str:
    try:
        async with asyncio.timeout(_WITHIN_S):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                writer.write(sent)
                line = await reader.readline()
            finally:
                writer.close()
    except (ConnectionError, asyncio.IncompleteReadError, ValueError):
        return "closed"
    except TimeoutError:
        return "silent"
    return line.split()[1].decode() if line.startswith(b"HTTP/") else "closed"


def _flipped(rnd: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(rnd.randrange(1, 6)):
        if changed:
            changed[rnd.randrange(len(changed))] = rnd.randrange(256)
    return bytes(changed)


def _cut(rnd: random.Random, body: bytes) -> bytes:
    return body[: rnd.randrange(len(body) + 1)]


def _doubled(rnd: random.Random, body: bytes) -> bytes:
    at = rnd.randrange(len(body) + 1)
    return body[:at] + body[at // 2 :]


def _replaced(rnd: random.Random, body: bytes) -> bytes:
    """A value of another kind in the place of one."""
    places = [at for at, byte in enumerate(body) if byte == ord(":")]
    if not places:
        return body
    at = rnd.choice(places) + 1
    end = body.find(b",", at)
    return body[:at] + rnd.choice(WORDS) + (body[end:] if end > 0 else b"}")


def _swapped(rnd: random.Random, body: bytes) -> bytes:
    parts = body.split(b",")
    rnd.shuffle(parts)
    return b",".join(parts)


_CHANGES: Final[Sequence[Callable[[random.Random, bytes], bytes]]] = (_flipped, _cut, _doubled, _replaced, _swapped)
