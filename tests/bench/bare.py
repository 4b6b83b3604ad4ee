"""The measure of all accept figures: an aiohttp handler that reads the same body, answers alike, and stores nothing."""

import asyncio
import sys

import uvloop
from aiohttp import web

ANSWER = (
    b'{"id":"019aaaaa-aaaa-7aaa-aaaa-aaaaaaaaaaaa","receipt":"AAAA-BBBB-CCCC","order":"BENCH-000000001","kind":"first",'
    b'"state":"queued","reasons":[],"position":0,"expected_s":null,"printer":null,"attempts":0,"evidence":null,'
    b'"created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z","why":[]}'
)


async def accept(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=ANSWER, status=201, content_type="application/json")


async def main(socket_path: str) -> None:
    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/v1/jobs", accept)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.UnixSite(runner, socket_path, backlog=1024).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
