"""How much of the printers' time is printing: cards × nominal seconds ÷ printer-seconds, with real rendering.

Beside the simulated printers a queue of a genuine cupsd, whose backend takes as long a card: with the station before
it, and with the same cards handed to cupsd directly.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

from stationd.adapters.printers.ipp.codec import encode
from stationd.adapters.printers.ipp.message import Group, GroupTag, Message, Tag, attribute
from stationd.adapters.render import SvgRenderer
from stationd.domain.profile import KTP_EL
from tests.bench.figures import Figures
from tests.rigs.cupsd import QUEUE, Cupsd
from tests.rigs.station import StationProcess, job

SECONDS = 0.2
CARDS_A_PRINTER = 60
WINDOWS = ((1, 2), (1, 1), (2, 2), (8, 2))
"""How many printers, and how many jobs each may hold."""

Beside = AbstractAsyncContextManager[object]


async def utilisation(folder: Path, figures: Figures) -> None:
    """Printers at 0.2 s a card, each card drawn from the template; from the first claim to the last card."""
    for printers, window in WINDOWS:
        name = f"{printers} printer{'s' if printers > 1 else ''}, window {window}"
        figures.row(name, **await print_all(folder / f"{printers}-{window}", printers, window))
    with Cupsd(folder / "cups") as cups:
        cups.behave(f"sleep {SECONDS}")
        # asked four times a card; with the pause as it comes and real cards it is some fifteen times
        table = {"name": "kartu-1", "driver": "ipp", "uri": cups.socket_uri, "poll_s": SECONDS / 4}
        figures.row("a queue of cupsd, stationd before it", **await _print(folder / "before-cups", [table]))
        alone = await _straight_to(cups)
        figures.row("a queue of cupsd, the cards handed to it", cards=str(CARDS_A_PRINTER), utilisation=f"{alone:.3f}")


async def print_all(
    folder: Path,
    printers: int,
    window: int,
    beside: Callable[[StationProcess], Beside] = lambda _: nullcontext(),
    *,
    extra: str = "",
    cards: int = CARDS_A_PRINTER,
    before: Callable[[StationProcess], Awaitable[None]] | None = None,
) -> dict[str, str]:
    """Print so many cards a printer; ``beside`` gives what goes on meanwhile, ``extra`` more of the configuration.

    ``before`` is called when the cards wait and nothing prints yet; it may stop the station and start it again.
    """
    return await _print(folder, simulators(folder, printers, window), beside, extra=extra, cards=cards, before=before)


def simulators(folder: Path, printers: int, window: int) -> list[Mapping[str, object]]:
    """The tables of so many simulated printers, each of which holds ``window`` jobs."""
    return [
        {
            "name": f"kartu-{n}",
            "driver": "simulator",
            "seconds": SECONDS,
            "window": window,
            "folder": str(folder / f"c{n}"),
        }
        for n in range(1, printers + 1)
    ]


async def _print(
    folder: Path,
    tables: Sequence[Mapping[str, object]],
    beside: Callable[[StationProcess], Beside] = lambda _: nullcontext(),
    *,
    extra: str = "",
    cards: int = CARDS_A_PRINTER,
    before: Callable[[StationProcess], Awaitable[None]] | None = None,
) -> dict[str, str]:
    printers = len(tables)
    count = cards * printers
    async with StationProcess(folder / "station", tables, extra=extra) as station:
        await station.receive(count)
        await station.call("POST", "/v1/queue/pause", {})
        for number in range(count):
            body = job(number, b"x") | {"document": {"template": "specimen", "fields": {"name": f"CONTOH {number}"}}}
            status, answer = await station.call("POST", "/v1/jobs", body, Idempotency_Key=f"key-{number}")
            assert status == 201, answer
        if before is not None:
            await before(station)
        async with beside(station):
            cpu_before = _cpu_s()
            await station.call("POST", "/v1/queue/resume", {})
            began = time.perf_counter()
            while station.counts().get("printed", 0) < count:
                await asyncio.sleep(0.1)
            elapsed, cpu_s = time.perf_counter() - began, _cpu_s() - cpu_before
        # As the books saw it, free of the 0.1 s with which this looks: from the first claim to the last card.
        ((first, last),) = station.rows(
            "SELECT min(at), max(at) FROM event WHERE type IN ('job.claimed', 'job.card_printed')"
        )
        station.check_books()
    busy_s = count * SECONDS
    return {
        "cards": str(count),
        "utilisation": f"{busy_s / (printers * (last - first) / 1000):.3f}",
        "elapsed": f"{elapsed:.1f} s",
        "cores": f"{cpu_s / elapsed:.2f}",
    }


async def _straight_to(cups: Cupsd) -> float:
    """Hand cupsd as many cards at once; its utilisation from the first card begun to the last one out."""
    card = await SvgRenderer([KTP_EL]).render("specimen", {"name": "CONTOH 1"}, None)
    before = len(cups.cards())
    for number in range(CARDS_A_PRINTER):
        await _hand(cups, number, card.data)
    while len(cups.begun()) == before:
        await asyncio.sleep(0.002)
    began = time.perf_counter()
    while len(cups.cards()) < before + CARDS_A_PRINTER:
        await asyncio.sleep(0.002)
    return CARDS_A_PRINTER * SECONDS / (time.perf_counter() - began)


async def _hand(cups: Cupsd, number: int, document: bytes) -> None:
    """Print-Job, over its unix socket."""
    attributes = (
        attribute("attributes-charset", Tag.CHARSET, "utf-8"),
        attribute("attributes-natural-language", Tag.NATURAL_LANGUAGE, "en"),
        attribute("printer-uri", Tag.URI, f"ipp://localhost/printers/{QUEUE}"),
        attribute("requesting-user-name", Tag.NAME, "root"),
        attribute("job-name", Tag.NAME, f"card {number}"),
        attribute("document-format", Tag.MIME_MEDIA_TYPE, "application/vnd.cups-raw"),
    )
    body = encode(Message(0x0002, number + 1, (Group(GroupTag.OPERATION, attributes),))) + document
    reader, writer = await asyncio.open_unix_connection(str(cups.socket))
    head = f"POST /printers/{QUEUE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ipp\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    answer = await reader.readuntil(b"\r\n")
    assert b"200" in answer, answer
    writer.close()


def _cpu_s() -> float:
    """Processor seconds that this machine has spent on anything but idling."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, irq, softirq = map(int, fields[:7])
    return (user + nice + system + irq + softirq) / 100
