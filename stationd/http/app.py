"""The application behind the door: the route table bound to the services."""

from collections.abc import Sequence
from functools import cache

from aiohttp import hdrs, web

from stationd.http import (
    approvals,
    blanks,
    bulk,
    cards,
    console,
    devices,
    events,
    figures,
    health,
    jobs,
    minutes,
    notices,
    officers,
    openapi,
    pairings,
    precedence,
    queue,
    readiness,
    receipts,
    reference,
    scans,
    slips,
    station,
    transfers,
)
from stationd.http.doors import Doors
from stationd.http.endpoint import SHORTCUTS, endpoint, expect, not_allowed, not_found
from stationd.http.guard import Guard
from stationd.http.limits import Limits
from stationd.http.policy import POLICY, HttpPolicy
from stationd.http.routing import Route, Table
from stationd.http.sse import Frames

TABLES = (
    health.table,
    openapi.table,
    reference.table,
    station.table,
    readiness.table,
    jobs.table,
    precedence.table,
    bulk.table,
    queue.table,
    devices.table,
    blanks.table,
    cards.table,
    notices.table,
    receipts.table,
    slips.table,
    transfers.table,
    minutes.table,
    officers.table,
    approvals.table,
    events.table,
    scans.table,
    figures.table,
    pairings.table,
)

ROUTES: tuple[Route, ...] = tuple(route for table in TABLES for route in table.routes)
"""Every call of the API."""


def build(doors: Doors, policy: HttpPolicy, more: Sequence[Table] = ()) -> web.Application:
    """The application, ready for :class:`stationd.http.serve.HttpServer`.

    Each path answers its methods, ``HEAD`` with ``GET``, and 405 with ``Allow`` to all others; every other path 404.
    ``more`` are tables beside the API's own, such as the demonstration's.
    There is no middleware: each endpoint does its own checks, in one function.
    """
    app = web.Application()
    app[POLICY] = policy
    guard = Guard(policy, doors.access)
    limits = Limits(doors.clock, policy.kiosk_rate)
    app[openapi.DOCUMENT] = openapi.Rendered(cache(lambda: openapi.render(ROUTES)))
    app[reference.PAGE] = reference.Page(cache(lambda: reference.page(openapi.document(ROUTES)).encode()))
    app[events.FRAMES] = Frames()
    shortcuts = app[SHORTCUTS] = {}
    methods: dict[str, list[str]] = {}
    for route in (*ROUTES, *(route for table in (console.table, *more) for route in table.routes)):
        serve = endpoint(route, doors, policy, guard, limits)
        allowed = [hdrs.METH_GET, hdrs.METH_HEAD] if route.method == hdrs.METH_GET else [route.method]
        for method in allowed:
            app.router.add_route(method, route.path, serve, expect_handler=expect)
        if route.is_keyed:
            shortcuts[route.method, route.path] = serve
        methods.setdefault(route.path, []).extend(allowed)
    for path, allowed in methods.items():
        others = not_allowed(guard, ", ".join((*allowed, hdrs.METH_OPTIONS)))
        app.router.add_route(hdrs.METH_ANY, path, others, expect_handler=expect)
    app.router.add_route(hdrs.METH_ANY, "/{path:.*}", not_found(guard), expect_handler=expect)
    return app
