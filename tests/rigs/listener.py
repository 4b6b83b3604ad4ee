"""A client of the event stream: reads server-sent events as the HTML standard says, and remembers where it was."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as heard; ``id`` is ``None`` for one without."""

    type: str
    data: Any
    id: str | None


class EventReader:
    """Reads one stream after another; ``last_id`` is carried over as a browser does."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str, last_id: str | None = None) -> None:
        self._session = session
        self._url = url
        self._token = token
        self.last_id = last_id
        self.comments = 0

    async def events(self, **query: str) -> AsyncIterator[Heard]:
        """Events until the stream ends."""
        headers = {"Authorization": f"Bearer {self._token}"}
        if self.last_id is not None:
            headers["Last-Event-ID"] = self.last_id
        timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
        async with self._session.get(self._url, params=query, headers=headers, timeout=timeout) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.content_type == "text/event-stream"
            kind, data, own_id = "message", [], None
            async for raw in answer.content:
                line = raw.decode().rstrip("\n")
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if not line:
                    if own_id is not None:
                        self.last_id = own_id
                    if data:
                        yield Heard(kind, json.loads("\n".join(data)), own_id)
                    kind, data, own_id = "message", [], None
                elif not name:
                    self.comments += 1
                elif name == "event":
                    kind = value
                elif name == "data":
                    data.append(value)
                elif name == "id":
                    own_id = value
