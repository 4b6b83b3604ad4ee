"""Asks a Prometheus over its HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/)."""

import math
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientError, ClientSession, ClientTimeout

from stationd.domain.errors import Faulted

_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One number under its labels."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that is firing."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What the city's Prometheus wants to see: the authority that it is signed by, and a certificate with its key."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """For TLS. Raises ``OSError`` (``ssl.SSLError`` among them) for files that are none of these."""
        made = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
        if self.certificate is not None:
            made.load_cert_chain(self.certificate, self.key)
        return made


class Prometheus:
    """The API below ``url``, as an async context. Every call raises ``Faulted`` when there is no proper answer."""

    def __init__(self, url: str, tls: ssl.SSLContext) -> None:
        self._url = url.rstrip("/")
        self._tls = tls

    async def __aenter__(self) -> Self:
        self._session = ClientSession(timeout=ClientTimeout(total=_PATIENCE_S))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def now(self, query: str) -> list[Sample]:
        """The samples of a query now; those that are no numbers are left out."""
        found = (await self._get("query", query=query))["result"]
        samples = [Sample(each["metric"], float(each["value"][1])) for each in found]
        return [sample for sample in samples if math.isfinite(sample.value)]

    async def course(self, query: str, *, begin_s: float, end_s: float, step_s: float) -> list[tuple[float, float]]:
        """The first series of a query over a time, as (Unix seconds, value); empty when there is none."""
        data = await self._get("query_range", query=query, start=f"{begin_s:.3f}", end=f"{end_s:.3f}", step=f"{step_s}")
        values = data["result"][0]["values"] if data["result"] else []
        return [(float(at), value) for at, text in values if math.isfinite(value := float(text))]

    async def firing(self) -> list[Firing]:
        """The alerts that are firing."""
        found = (await self._get("alerts"))["alerts"]
        return [Firing(each["labels"], each["annotations"]) for each in found if each["state"] == "firing"]

    async def _get(self, what: str, **given: str) -> Any:
        try:
            async with self._session.get(f"{self._url}/api/v1/{what}", params=given, ssl=self._tls) as answer:
                said = await answer.json()
        except (ClientError, TimeoutError, ValueError) as trouble:
            why = str(trouble) or type(trouble).__name__
            raise Faulted("prometheus-unreachable", f"cannot ask Prometheus at {self._url}: {why}") from trouble
        if said.get("status") != "success":
            raise Faulted("prometheus-refused", f"cannot ask Prometheus {what}: {said.get('error', 'no reason given')}")
        return said["data"]
