"""The demonstration's counter: submits invented applications over HTTP, as a frontend would."""

import asyncio
import logging

import aiohttp

from stationd.demo.people import People

_log = logging.getLogger(__name__)

WAITING = 12
"""How many jobs the counter keeps waiting, so that the printers always have something to do."""


async def feed(address: str, token: str, people: People, *, every_s: float) -> None:
    """Submit an application whenever fewer than :data:`WAITING` jobs wait. Runs until cancelled."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        while True:
            try:
                async with session.get(f"{address}/v1/jobs?state=queued&limit={WAITING}") as answer:
                    answer.raise_for_status()
                    waiting = len((await answer.json())["items"])
                for _ in range(WAITING - waiting):
                    await submit(session, address, people.application())
            except aiohttp.ClientError as error:
                _log.warning("the counter cannot submit: %s", type(error).__name__)
            await asyncio.sleep(every_s)


async def submit(session: aiohttp.ClientSession, address: str, application: dict[str, object]) -> None:
    """Submit one application; a refusal is its own affair."""
    key = {"Idempotency-Key": f"demo-{application['order']}"}
    async with session.post(f"{address}/v1/jobs", json=application, headers=key) as answer:
        if answer.status not in {200, 201}:
            problem = await answer.json(content_type=None)
            _log.debug("an application was refused: %s", problem.get("code"))
