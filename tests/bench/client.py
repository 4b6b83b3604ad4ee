"""A cheap HTTP client of its own process: keep-alive connections that send one request after another."""

import asyncio
import base64
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import uvloop

from tests.rigs.documents import pdf


def job_body(number: int, *, size: int = 1024) -> bytes:
    """A job of an invented holder with a PDF of about ``size`` bytes."""
    document = pdf(number, size=size)
    return json.dumps(
        {
            "order": f"BENCH-{number:09d}",
            "kind": "first",
            "holder": {
                "nik": f"9999{number // 9999:08d}{number % 9999 + 1:04d}",
                "name": "Contoh Rekaan",
                "address": "Jalan Umpama 1",
                "phone": "+620000000000",
            },
            "document": {"media_type": "application/pdf", "data": base64.b64encode(document).decode()},
        }
    ).encode()


def request(path: str, number: int, body: bytes, token: str) -> bytes:
    """The bytes of one POST."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Idempotency-Key: bench-{number}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


@dataclass
class Load:
    """What all connections share."""

    requests: Iterator[bytes]
    left: int
    done: asyncio.Future[None]
    seconds: list[float] = field(default_factory=list)
    bad: int = 0
    good: bytes = b"201"

    def figures(self, count: int, began: float) -> dict[str, float]:
        """Requests a second, percentiles in milliseconds, how many answers were bad, and when it began."""
        elapsed = time.perf_counter() - began
        ordered = sorted(self.seconds)
        return {
            "rate": count / elapsed,
            "p50_ms": ordered[len(ordered) // 2] * 1000,
            "p99_ms": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000,
            "bad": self.bad,
            "began": began,
        }


class Connection(asyncio.Protocol):
    """One keep-alive connection: sends the next request when the last is answered."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.buffer = b""
        self.began = 0.0

    def connection_made(self, transport) -> None:
        self.transport = transport

    def next(self) -> None:
        data = next(self.load.requests, None)
        if data is None:
            self.transport.close()
            self.load.left -= 1
            if not self.load.left:
                self.load.done.set_result(None)
            return
        self.began = time.perf_counter()
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        lower = self.buffer[:head].lower()
        at = lower.index(b"content-length:") + 15
        end = lower.find(b"\r\n", at)
        need = head + 4 + int(lower[at : end if end > 0 else head])
        if len(self.buffer) < need:
            return
        self.load.seconds.append(time.perf_counter() - self.began)
        if self.buffer[9:12] != self.load.good:
            self.load.bad += 1
            if self.load.bad == 1:
                print(self.buffer[:600].decode(errors="replace"), file=sys.stderr)
        self.buffer = self.buffer[need:]
        self.next()


async def run(socket_path: str, path: str, token: str, first: int, count: int, clients: int, size: int) -> dict:
    """Send ``count`` jobs over ``clients`` connections.

    Requests a second, percentiles in milliseconds, how many answers were bad, and when it began by the clock of
    ``time.perf_counter``, which all processes of the machine share.
    """
    loop = asyncio.get_running_loop()
    prepared = [request(path, n, job_body(n, size=size), token) for n in range(first, first + count)]
    load = Load(requests=iter(prepared), left=clients, done=loop.create_future())
    connections = []
    for _ in range(clients):
        _, connection = await loop.create_unix_connection(lambda: Connection(load), socket_path)
        connections.append(connection)
    began = time.perf_counter()
    for connection in connections:
        connection.next()
    await load.done
    return load.figures(count, began)


if __name__ == "__main__":
    socket_path, path, token, first, count, clients, size = sys.argv[1:8]
    print(json.dumps(uvloop.run(run(socket_path, path, token, int(first), int(count), int(clients), int(size)))))
