"""The door itself: sockets, time for headers, a full house, and a stop that keeps its word."""

import asyncio
import contextlib
import os
import socket
import stat
import time

import aiohttp
import pytest
from http_door import doors

from stationd.domain.errors import Faulted
from stationd.http.app import build
from stationd.http.listeners import hosts_of, open_sockets, parse_listen
from stationd.http.policy import HttpPolicy
from stationd.http.serve import HttpServer


async def until(condition, wait_s=60.0):
    async with asyncio.timeout(wait_s):
        while not condition():
            await asyncio.sleep(0.002)


async def unfinished(port, count):
    return [await start(port) for _ in range(count)]


async def start(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
    await writer.drain()
    return reader, writer


async def close(connections):
    for _, writer in connections:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_headers_that_never_end_are_cut_off(open_door):
    door = await open_door(header_timeout_s=0.1)
    connections = await unfinished(door.port, 5)
    async with asyncio.timeout(60):
        for reader, _ in connections:
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
    await until(lambda: door.server.connections == 0)
    await close(connections)


async def test_a_silent_connection_is_cut_off(open_door):
    door = await open_door(header_timeout_s=0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    async with asyncio.timeout(60):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    await close([(reader, writer)])


async def test_headers_that_trickle_on_a_kept_connection_are_cut_off_too(open_door):
    door = await open_door(keepalive_s=0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n\r\nGET /healthz HTTP/1.1\r\nX".encode())
    async with asyncio.timeout(60):
        answer = await reader.read()
    assert answer.count(b"HTTP/1.1 200") == 1
    await close([(reader, writer)])


async def test_a_connection_that_has_asked_outlives_the_time_for_headers(open_door):
    door = await open_door(header_timeout_s=0.1)
    asking = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(asking)
    await reader.readuntil(b'"alive"}')
    await asyncio.sleep(0.2)
    writer.write(asking)
    assert b"200" in await reader.readuntil(b'"alive"}')
    await close([(reader, writer)])


async def test_unfinished_headers_shut_nobody_out(open_door):
    door = await open_door(max_connections=20, header_timeout_s=30)
    connections = await unfinished(door.port, 60)
    await until(lambda: door.server.connections == 20)
    for _ in range(3):
        assert (await door.ask("GET", "/healthz", role=None))[0] == 200
    assert door.server.connections <= 20
    await close(connections)


async def test_idle_connections_make_room(open_door):
    door = await open_door(max_connections=5)
    asking = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n\r\n".encode()
    idle = []
    for _ in range(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(asking)
        await reader.readuntil(b'"alive"}')
        idle.append((reader, writer))
    assert (await door.ask("GET", "/healthz", role=None))[0] == 200
    assert door.server.connections == 5
    await close(idle)


async def test_who_is_at_work_is_not_turned_out_by_a_newcomer(open_door, order):
    door = await open_door(max_connections=1)
    door.submission.holds = asyncio.Event()
    working = asyncio.create_task(door.submit(order))
    await door.submission.entered.wait()
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await door.ask("GET", "/healthz", role=None)
    door.submission.holds.set()
    assert (await working)[0] == 201


async def test_a_stop_finishes_what_is_being_answered(order):
    async with doors() as open_door:
        door = await open_door()
        door.submission.holds = asyncio.Event()
        working = asyncio.create_task(door.submit(order))
        await door.submission.entered.wait()
        stopping = asyncio.create_task(door.server.stop())
        await asyncio.sleep(0.01)
        door.submission.holds.set()
        assert (await working)[0] == 201
        await stopping


async def test_a_stop_waits_for_nobody_longer_than_its_grace(order):
    async with doors() as open_door:
        door = await open_door(grace_s=0.2)
        door.submission.holds = asyncio.Event()
        working = asyncio.create_task(door.submit(order))
        await door.submission.entered.wait()
        begun = time.monotonic()
        await door.server.stop()
        assert time.monotonic() - begun < 5
        with pytest.raises(aiohttp.ClientError):
            await working


async def test_a_stop_does_not_wait_for_the_idle():
    async with doors() as open_door:
        door = await open_door(grace_s=30)
        await door.ask("GET", "/healthz", role=None)
        begun = time.monotonic()
        await door.server.stop()
        assert time.monotonic() - begun < 10


# ----------------------------------------------------------------------------------------------------- sockets


async def test_the_unix_socket_answers_its_owner_and_group_only(tmp_path):
    path = tmp_path / "api.sock"
    async with doors() as open_door:
        other = await open_door()
        app = build(other.services, other.policy)
        sockets = await asyncio.to_thread(open_sockets, [f"unix:{path}"])
        server = HttpServer(app, other.policy, own=sockets)
        await server.start()
        assert stat.S_IMODE((await asyncio.to_thread(path.stat)).st_mode) == 0o660
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session:
            headers = {"Host": f"localhost:{other.port}"}
            async with session.get("http://localhost/healthz", headers=headers) as answer:
                assert answer.status == 200
        await server.stop()
        assert not await asyncio.to_thread(path.exists)


async def test_a_socket_handed_over_is_served_and_its_file_left_alone(tmp_path):
    path = tmp_path / "activated.sock"
    inherited = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    inherited.bind(str(path))
    inherited.listen()
    async with doors() as open_door:
        other = await open_door()
        policy = HttpPolicy(hosts=hosts_of([inherited]))
        server = HttpServer(build(other.services, policy), policy, inherited=[inherited])
        await server.start()
        connector = aiohttp.UnixConnector(str(path))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get("http://localhost/healthz") as answer,
        ):
            assert answer.status == 200
        await server.stop()
        assert await asyncio.to_thread(path.exists)


def test_the_socket_of_a_dead_process_is_replaced(tmp_path):
    path = tmp_path / "api.sock"
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    dead.bind(str(path))
    dead.close()
    (living,) = open_sockets([f"unix:{path}"])
    living.close()


@pytest.mark.parametrize("backlog", [0, 8])
def test_the_socket_of_a_living_process_is_left_alone(tmp_path, backlog):
    path = tmp_path / "api.sock"
    living = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    waiting = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(backlog + 2)]
    try:
        living.bind(str(path))
        living.listen(backlog)
        for each in waiting:
            each.setblocking(False)
            if each.connect_ex(str(path)):
                break
        with pytest.raises(Faulted) as refused:
            open_sockets([f"unix:{path}"])
        assert refused.value.code == "address-in-use"
        assert path.exists()
    finally:
        for each in (living, *waiting):
            each.close()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    with pytest.raises(Faulted, match="not a socket"):
        open_sockets([f"unix:{path}"])
    assert path.read_text() == "mine"


def test_a_taken_port_is_named_and_what_was_opened_is_closed(tmp_path):
    path = tmp_path / "api.sock"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Faulted, match=f"cannot listen on {place}: Address already in use"):
            open_sockets([f"unix:{path}", place])
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8631", ("127.0.0.1", 8631)),
        ("localhost:0", ("127.0.0.1", 0)),
        ("[::1]:8631", ("::1", 8631)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
    ],
)
def test_an_address_is_read(text, address):
    assert parse_listen(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8631",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "::1:8631",
        "kiosk:80",
        "unix:",
        "unix:api.sock",
        "[x]:1",
        "127.0.0.1:٣",
    ],
)
def test_what_is_no_address_is_refused_with_what_is_allowed(text):
    with pytest.raises(ValueError, match="allowed are ADDRESS:PORT"):
        parse_listen(text)


@pytest.mark.parametrize(
    ("place", "hosts"),
    [
        ("127.0.0.1:0", {"127.0.0.1:{}", "localhost:{}"}),
        ("[::1]:0", {"[::1]:{}", "localhost:{}"}),
        ("0.0.0.0:0", {"127.0.0.1:{}", "localhost:{}"}),
        ("127.0.0.2:0", {"127.0.0.2:{}", "localhost:{}"}),
    ],
)
def test_the_names_of_a_socket_are_its_address_and_localhost(place, hosts):
    (opened,) = open_sockets([place])
    with opened:
        port = opened.getsockname()[1]
        assert hosts_of([opened]) == {host.format(port) for host in hosts}


async def test_many_callers_at_once_are_all_answered(door):
    if os.sysconf("SC_OPEN_MAX") < 600:
        pytest.fail("the test needs 600 file descriptors")
    answers = await asyncio.gather(*(door.ask("GET", "/healthz", role=None) for _ in range(200)))
    assert {status for status, *_ in answers} == {200}
