"""Liveness, readiness and metrics: without a token, for they carry nothing of a person."""

from aiohttp import hdrs, web

from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import Table
from stationd.http.schemas import Health, NoQuery, Nothing, Readiness

METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

table = Table("health")


@table.route("GET", "/healthz", roles=None, says="The process is alive.")
async def healthz(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[Health]:  # noqa: ARG001 - one shape for all
    """Whether the process lives."""
    return Reply(Health())


@table.route("GET", "/readyz", roles=None, says="The station can print.", also={503: "The station cannot print now."})
async def readyz(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[Readiness]:  # noqa: ARG001 - one shape for all
    """Whether the station can print now, and why not."""
    view = doors.station.describe()
    return Reply(Readiness(is_ready=view.is_ready, reasons=view.reasons), status=200 if view.is_ready else 503)


@table.route("GET", "/metrics", roles=None, says="The text format of Prometheus.", media_type="text/plain")
async def metrics(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:  # noqa: ARG001 - one shape for all
    """Figures for Prometheus."""
    return web.Response(body=doors.metrics(), headers={hdrs.CONTENT_TYPE: METRICS_MEDIA_TYPE})
