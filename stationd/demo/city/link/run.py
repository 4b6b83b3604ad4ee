"""Running the genuine city: its story on the terminal, and then its life, until somebody has seen enough."""

import asyncio
import signal
import sys
import time
from collections import deque
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Final

from stationd.demo.city.child import cancelled
from stationd.demo.city.link.look import Look
from stationd.demo.city.link.site import BrokenError, LinkedCity
from stationd.demo.city.link.story import Story
from stationd.demo.city.scratch import Scratch
from stationd.demo.city.settings import LinkOptions

_REMEMBERED: Final = 40


async def run(options: LinkOptions) -> bool:
    """Play the story, then go on until SIGINT or SIGTERM, unless only the story is wanted; whether all was as promised.

    Raises ``Refused`` when a program is missing or does not start.
    """
    wishes = _Wishes()
    async with Scratch() as scratch:
        playing = asyncio.create_task(_play(options, scratch, wishes), name="story")
        waiting = asyncio.create_task(wishes.at_once.wait(), name="signal")
        with suppress(TimeoutError):
            async with asyncio.timeout(options.minutes * 60 if options.minutes else None):
                await asyncio.wait({playing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        await cancelled(waiting)
        if not playing.done():
            _Terminal.say("\nEnding: stations first, then the city, servers and books.")
            await cancelled(playing)
            return True
        return playing.result()


class _Wishes:
    """What the terminal asks for: the end, at once, or once the books are compared."""

    def __init__(self) -> None:
        self.at_once = asyncio.Event()
        self.enough = asyncio.Event()
        self.is_comparing = False
        """Whether the next Ctrl-C asks for the comparison."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.at_once.set)
        loop.add_signal_handler(signal.SIGINT, self._interrupted)

    def _interrupted(self) -> None:
        (self.enough if self.is_comparing else self.at_once).set()
        self.is_comparing = False


async def _play(options: LinkOptions, scratch: Scratch, wishes: _Wishes) -> bool:
    terminal = _Terminal()
    folder = options.folder or await scratch.folder()
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    terminal.say(f"A city of {options.stations} stations is put together in {folder}; Ctrl-C ends it at any time.")
    city = LinkedCity(
        folder,
        scratch,
        count=options.stations,
        seconds=options.seconds,
        is_trial=options.is_trial,
        patience_s=options.patience_s,
        tell=terminal.tell,
    )
    try:
        async with city, AsyncExitStack() as stack:
            look = Look(city, terminal.lines)
            await look.start(stack)
            terminal.tell(f"The city at a glance: {look.url}")
            if look.prometheus_url:
                terminal.tell(f"Prometheus asks them all, and has the city's rules: {look.prometheus_url}/alerts")
            else:
                terminal.tell("Prometheus is not installed (apt install prometheus), so nobody asks them for figures.")
            await city.start_stations()
            story = Story(city, look, terminal.chapter)
            await story.play()
            if not options.is_once:
                await _go_on(city, terminal, wishes)
                await story.books_compared()
    except BrokenError as broken:
        terminal.say(f"\nNOT AS PROMISED: {broken}")
        return False
    return True


async def _go_on(city: LinkedCity, terminal: "_Terminal", wishes: _Wishes) -> None:
    """Let the city live, for somebody to look at and to break, until that is enough."""
    terminal.chapter("The city goes on. Ctrl-C has the books compared once more and ends it; twice, it ends at once")
    program = f"{Path(sys.executable).with_name('stationd-city')} --config {city.office.config}"
    terminal.say(
        f"""\
  Kill what you like (the processes are below); it is started again, as systemd would.
    {program} reconcile
    {program} stations
    curl -H "Authorization: Bearer $(cat {city.folder}/city/door.token)" {await city.office.door()}/v1/stations"""
    )
    for child in city.children:
        terminal.say(f"    {child.pid or '-':>8} {child.name}")
    city.counter.is_open = True
    wishes.is_comparing = True
    await wishes.enough.wait()


class _Terminal:
    """Lines with the time since the beginning."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._chapters = 0
        self.lines: deque[str] = deque(maxlen=_REMEMBERED)

    @staticmethod
    def say(text: str) -> None:
        print(text, flush=True)

    def tell(self, text: str) -> None:
        seconds = int(time.monotonic() - self._began)
        line = f"{seconds // 60:3}:{seconds % 60:02}  {text}"
        self.lines.append(line)
        print(line, flush=True)

    def chapter(self, text: str) -> None:
        self._chapters += 1
        heading = f"{self._chapters}. {text}"
        self.lines.append(heading)
        print(f"\n\033[1m{heading}\033[0m" if sys.stdout.isatty() else f"\n{heading}", flush=True)
