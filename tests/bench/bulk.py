"""Bulk intake: durable jobs a second through ``/v1/jobs/bulk``, beside the same jobs in single requests."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from tests.bench.accept import load
from tests.bench.client import job_body
from tests.bench.figures import Figures
from tests.rigs.station import StationProcess

ROUNDS = 3
SINGLES = 6_000
SIZES = (1_000, 5_000, 20_000)
TEMPLATE = "template without photo"
DOCUMENT = "document of 1 kB"


def line(number: int, kind: str) -> bytes:
    """One order with its key; the template's fields are those of the shipped specimen."""
    body = json.loads(job_body(number))
    if kind == TEMPLATE:
        body["document"] = {"template": "specimen", "fields": {"name": "Contoh Rekaan", "order": body["order"]}}
    return json.dumps({**body, "idempotency_key": f"bulk-{number}"}).encode() + b"\n"


async def bulk(folder: Path, figures: Figures) -> None:
    """Print jobs a second at several lengths; the client sends and reads at once, as the API asks for."""
    async with StationProcess(folder / "station") as station:
        first = 0
        for kind in (TEMPLATE, DOCUMENT):
            for size in SIZES:
                rates, costs, singles = [], [], []
                for _ in range(ROUNDS):
                    alone = await load(station.socket, station.token, first, SINGLES, 32)
                    first += SINGLES
                    before = _cpu_s(station)
                    rate = await _send(station, first, size, kind)
                    costs.append((_cpu_s(station) - before) / size)
                    first += size
                    rates.append(rate)
                    singles.append(rate / alone["rate"])
                figures.row(
                    f"bulk, {size:,} lines, {kind}",
                    rate=f"{statistics.median(rates):.0f} jobs/s",
                    beside_32_clients_with_single_posts=f"{statistics.median(singles):.1f} ×",
                    daemon=f"{statistics.median(costs) * 1e6:.0f} µs CPU a job",
                )
        assert station.rows("SELECT count(*) FROM job") == [(first,)]


def _cpu_s(station: StationProcess) -> float:
    assert station.process is not None
    user, system = Path(f"/proc/{station.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / 100


async def _send(station: StationProcess, first: int, count: int, kind: str) -> float:
    arguments = ["-m", "tests.bench.bulk", str(station.socket), station.token, str(first), str(count), kind]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=subprocess.PIPE)
    out, _ = await process.communicate()
    answer = json.loads(out)
    if answer["taken"] != count:
        raise RuntimeError(f"only {answer['taken']} of {count} lines were taken: {answer['other']}")
    rate: float = answer["rate"]
    return rate


async def client(socket: str, token: str, lines: Sequence[bytes]) -> dict[str, object]:
    """Send all lines in one request in chunks while reading the answers; jobs a second."""
    reader, writer = await asyncio.open_unix_connection(socket, limit=1 << 22)
    body = b"".join(lines)
    head = (
        f"POST /v1/jobs/bulk HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )

    async def send() -> None:
        writer.write(head.encode())
        for start in range(0, len(body), 1 << 16):
            writer.write(body[start : start + (1 << 16)])
            await writer.drain()

    began = time.perf_counter()
    sending = asyncio.create_task(send())
    answered = await reader.read(-1)
    seconds = time.perf_counter() - began
    await sending
    writer.close()
    taken = answered.count(b'"status":201')
    return {"rate": len(lines) / seconds, "taken": taken, "other": "" if taken else answered[:600].decode()}


def main() -> None:
    """The client's process."""
    socket, token, first, count, kind = sys.argv[1:6]
    lines = [line(number, kind) for number in range(int(first), int(first) + int(count))]
    print(json.dumps(uvloop.run(client(socket, token, lines))))


if __name__ == "__main__":
    main()
