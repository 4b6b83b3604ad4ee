"""Running the demonstration: a station, its tokens, a counter that submits, and a line that tells how it goes."""

import asyncio
import json
import os
import secrets
import sys
from contextlib import suppress

from stationd.app import App
from stationd.config import load
from stationd.demo import faults, scanning, scenario
from stationd.demo.bus import SimulatedBus
from stationd.demo.feeder import feed
from stationd.demo.keeper import Kept
from stationd.demo.officer import COLLEAGUE, COLLEAGUE_PIN, NUMBER, PIN, go_on_duty
from stationd.demo.people import People
from stationd.demo.settings import READER, DemoOptions
from stationd.demo.workbench import PATH, Workbench
from stationd.domain.authority import STATION, Role
from stationd.domain.blanks import EntryKind
from stationd.domain.job import JobState

_FEED_EVERY_S = 1.0
_TELL_EVERY_S = 0.5
_TELL_EVERY_S_WITHOUT_TERMINAL = 5.0


async def run(options: DemoOptions, kept: Kept) -> None:
    """Run until SIGINT or SIGTERM. Raises ``Faulted`` when the station cannot start (no fonts)."""
    bus = SimulatedBus(options.cards, options.folder / "table.json")
    bench = Workbench(options, bus, start=kept.start)
    app = App(
        load(options.config),
        tables=lambda app: (faults.table(app.printers, bus), scanning.table(app.readers), bench.table(app)),
        bus=bus.bus(),
        sockets=kept.listening(),
    )
    async with app:
        tokens = bench.tokens = await _tokens(app, options)
        if (await app.blanks.balances()).at_hand < options.blanks // 2:
            await app.blanks.enter(EntryKind.RECEIVED, options.blanks, "demo", actor=STATION)
        await go_on_duty(app)
        address = next(each for each in app.addresses if each.startswith("http"))
        if kept.start == 1:
            _introduce(options, address, tokens)
        people = People(secrets.randbits(32), region=f"{secrets.randbelow(10**6):06d}")
        beside = (
            asyncio.create_task(_counter(options, address, tokens["admin"], people), name="counter"),
            asyncio.create_task(_tell(app), name="progress"),
            asyncio.create_task(kept.end_with_keeper(), name="keeper"),
        )
        try:
            await app.run_until_signalled()
        finally:
            for task in beside:
                task.cancel()
            for task in beside:
                with suppress(asyncio.CancelledError):
                    await task
            print(flush=True)


async def _counter(options: DemoOptions, address: str, token: str, people: People) -> None:
    """Play the scenario that was asked for, else submit for ever."""
    if not options.scenario:
        await feed(address, token, people, every_s=_FEED_EVERY_S)
        return
    played = await asyncio.to_thread(scenario.load, options.scenario)
    await scenario.play(
        played, address, token, people, speed=options.speed, tell=lambda line: print(f"\n  {line}", flush=True)
    )


async def _tokens(app: App, options: DemoOptions) -> dict[str, str]:
    """A token for each role: those of the file if they still work, else new ones."""
    known: dict[str, str] = {}
    if options.tokens.exists():
        known = json.loads(options.tokens.read_text(encoding="utf-8"))
    if known and all([await app.access.actor_of(known.get(role, "")) is not None for role in Role]):
        return known
    suffix = secrets.token_hex(2)
    made = {role.value: await app.access.create(f"demo-{role}-{suffix}", role) for role in Role}
    descriptor = os.open(options.tokens, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(made, file, indent=2)
        file.write("\n")
    return made


def _introduce(options: DemoOptions, address: str, tokens: dict[str, str]) -> None:
    roles = "\n".join(f"    {role:8} {token}" for role, token in tokens.items())
    acts = ", ".join(faults.ACTS)
    print(
        f"""
stationd demo: a card-print station with {options.printers} simulated printers and invented applicants

  workbench  {address}{PATH}   <- look here: pull a printer, watch the other go on, kill the station

  folder   {options.folder}
  cards    {options.cards}   (one PNG a card)
  console  {address}/officer   (number {NUMBER}, PIN {PIN}; on duty)
           for what takes two officers: number {COLLEAGUE}, PIN {COLLEAGUE_PIN}
           {address}/kiosk     (let it in under Approvals, or type the token kiosk)
  API      {address}   (description: {address}/openapi.json)
  tokens   {options.tokens}
{roles}

  Look at it:
    curl -s -H "Authorization: Bearer {tokens["officer"]}" {address}/v1/devices
  Pull a printer's cable, watch the other go on, and put it back:
    curl -s -X POST -H "Authorization: Bearer {tokens["officer"]}" {address}/demo/printers/kartu-1/unplug
    curl -s -X POST -H "Authorization: Bearer {tokens["officer"]}" {address}/demo/printers/kartu-1/plug
  ({acts})
  Plug another printer in, see it come in /v1/devices and print, and pull it out for good:
    curl -s -X POST -H "Authorization: Bearer {tokens["officer"]}" -H "Content-Type: application/json" \\
         -d '{{"name": "kartu-9", "seconds": 2}}' {address}/demo/printers
    curl -s -X DELETE -H "Authorization: Bearer {tokens["officer"]}" {address}/demo/printers/kartu-9
  Hear what a reader reads, as its kiosk does, and hold a code before it (acts: {", ".join(scanning.ACTS)}):
    curl -sN -H "Authorization: Bearer {tokens["kiosk"]}" {address}/v1/devices/{READER}/scans
    curl -s -X POST -H "Authorization: Bearer {tokens["kiosk"]}" -H "Content-Type: application/json" \\
         -d '{{"text": "KODE-UJI-1"}}' {address}/demo/readers/{READER}/scans
    curl -s -X POST -H "Authorization: Bearer {tokens["kiosk"]}" {address}/demo/readers/{READER}/acts/insert

  Stop with Ctrl-C; start again with --dir {options.folder} to go on where it stopped.
""",
        flush=True,
    )


async def _tell(app: App) -> None:
    """A line of progress: rewritten in place on a terminal, now and then a new one elsewhere."""
    is_terminal = sys.stdout.isatty()
    while True:
        counts = await app.store.counts()
        balances = await app.blanks.balances()
        printers = "  ".join(
            f"{device.name}: {device.state}" + (f" ({' '.join(device.reasons)})" if device.reasons else "")
            for device in app.printers.all()
        )
        line = (
            f"printed {counts[JobState.PRINTED]}  queued {counts[JobState.QUEUED]}  "
            f"printing {counts[JobState.PRINTING]}  uncertain {counts[JobState.UNCERTAIN]}  "
            f"blanks {balances.at_hand}  |  {printers}"
        )
        print(f"\r\x1b[K{line}" if is_terminal else line, end="" if is_terminal else "\n", flush=True)
        await asyncio.sleep(_TELL_EVERY_S if is_terminal else _TELL_EVERY_S_WITHOUT_TERMINAL)
