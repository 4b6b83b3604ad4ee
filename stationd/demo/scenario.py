"""Recorded scenarios: a morning at the office, played in time over the station's own API, the same every time."""

import asyncio
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import aiohttp
import msgspec
from msgspec import Meta

from stationd.demo.faults import ACTS
from stationd.demo.feeder import submit
from stationd.demo.people import People
from stationd.demo.settings import READER

_SUFFIX = ".toml"
_MOST = 1000


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What happens ``at`` so many seconds of a printer at its own speed."""

    at: Annotated[float, Meta(ge=0, le=86_400)]
    submit: Annotated[int, Meta(ge=0, le=_MOST)] = 0
    printer: str = ""
    act: str = ""
    scan: Annotated[str, Meta(max_length=200)] = ""
    says: str = ""

    def __post_init__(self) -> None:
        """A printer and what is done to it go together."""
        if bool(self.printer) != bool(self.act) or (self.act and self.act not in ACTS):
            raise ValueError(f"a printer has an act, one of: {', '.join(ACTS)}")


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A title and its steps, in their order."""

    title: str
    step: tuple[Step, ...]

    def __post_init__(self) -> None:
        """Time only goes on."""
        times = [step.at for step in self.step]
        if times != sorted(times):
            raise ValueError("the steps must stand in the order of their times")


def names() -> tuple[str, ...]:
    """The scenarios that come with the demonstration."""
    return tuple(sorted(each.name.removesuffix(_SUFFIX) for each in _folder().iterdir() if each.name.endswith(_SUFFIX)))


def load(name: str) -> Scenario:
    """A scenario by its name, or from a file. Raises ``ValueError`` with one line."""
    own = name in names()
    try:
        text = (_folder() / f"{name}{_SUFFIX}").read_text("utf-8") if own else Path(name).read_text("utf-8")
        return msgspec.convert(tomllib.loads(text), Scenario)
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror}; there are: {', '.join(names())}") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: {error}") from error


async def play(
    scenario: Scenario, address: str, token: str, people: People, *, speed: float, tell: Callable[[str], None]
) -> None:
    """Play it once, so many times faster."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    tell(scenario.title)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        for step in scenario.step:
            await asyncio.sleep(max(0.0, began + step.at / speed - loop.time()))
            if step.says:
                tell(step.says)
            if step.act:
                await _post(session, f"{address}/demo/printers/{step.printer}/{step.act}", {})
            if step.scan:
                await _post(session, f"{address}/demo/readers/{READER}/scans", {"text": step.scan})
            for application in people.applications(step.submit):
                await submit(session, address, application)
    tell("The scenario is over; the station goes on.")


async def _post(session: aiohttp.ClientSession, url: str, body: dict[str, object]) -> None:
    """Do it; what cannot be done now (a printer that is not there) is left out."""
    async with session.post(url, json=body) as answer:
        await answer.read()


def _folder() -> Path:
    return Path(str(files("stationd.demo"))) / "scenarios"
