"""The wire under IPP: bad servers, cut transfers, deadlines. Each server is a script over a real loopback socket."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from stationd.adapters.printers.ipp.client import Client, ExchangeError
from stationd.adapters.printers.ipp.codec import decode, encode
from stationd.adapters.printers.ipp.message import Message
from stationd.adapters.printers.ipp.settings import Endpoint

OK = encode(Message(0, 7, ()))
REFUSED = encode(Message(0x040A, 7, ()))
REQUEST = encode(Message(2, 7, ()))
DOCUMENT = bytes(range(256)) * 8192
"""2 MiB: more than the kernel buffers of a loopback connection take at once."""


class Server:
    """Runs ``script(reader, writer)`` for the first connection and keeps what became of it."""

    def __init__(self, script):
        self._script = script
        self.ended = asyncio.get_running_loop().create_future()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.endpoint = Endpoint(host="127.0.0.1", port=self._server.sockets[0].getsockname()[1], path="/ipp/print")
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        try:
            self.ended.set_result(await self._script(reader, writer))
        except Exception as error:  # noqa: BLE001 # whatever became of it is what the test looks at
            self.ended.set_result(error)
        finally:
            writer.transport.abort()


async def take_request(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return head, await reader.readexactly(length)


def answering(*parts: bytes):
    async def script(reader, writer):
        request = await take_request(reader)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        return request

    return script


def http(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


def client(server, **changes):
    return Client(server.endpoint, **{"timeout_s": 60.0, **changes})


async def test_a_request_and_its_document_arrive_byte_for_byte():
    async with Server(answering(http(OK))) as server:
        answer = await client(server).exchange(REQUEST, DOCUMENT)
        head, body = await server.ended
    assert answer == decode(OK)[0]
    assert body == REQUEST + DOCUMENT
    assert head.startswith(b"POST /ipp/print HTTP/1.1\r\n")
    assert b"Content-Type: application/ipp\r\n" in head


@pytest.mark.parametrize(
    "parts",
    [
        [bytes([byte]) for byte in http(OK)],
        [b"HTTP/1.1 100 Continue\r\n\r\n", http(OK)],
        [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Wait\r\nX: y\r\n\r\n" + http(OK)],
        [
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n",
            OK[:3],
            b"\r\n",
            b"%x;x=y\r\n%s\r\n0\r\nTrailer: z\r\n\r\n" % (len(OK) - 3, OK[3:]),
        ],
        [b"HTTP/1.0 200 OK\nContent-Length: %d\n\n%s" % (len(OK), OK)],
        [b"HTTP/1.0 200\r\n\r\n" + OK],
    ],
    ids=["a byte at a time", "100-continue", "two interim answers", "chunked", "bare line feeds", "until it closes"],
)
async def test_an_honest_answer_in_any_form_is_read(parts):
    async with Server(answering(*parts)) as server:
        assert await client(server).exchange(REQUEST) == decode(OK)[0]


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (b"", "connection-"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "connection-"),
        (http(OK)[:-1], "connection-"),
        (http(OK[:-1]), "answer-malformed"),
        (http(b"<html>"), "answer-malformed"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "answer-malformed"),
        (b"HTTP/1.1 2OO OK\r\n\r\n", "answer-malformed"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "answer-malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "answer-malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "answer-malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "answer-malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", "answer-malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "answer-malformed"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "answer-malformed"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000, "answer-malformed"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50, "answer-malformed"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000, "answer-malformed"),
    ],
)
async def test_an_answer_that_is_none_is_an_error_of_a_known_name_and_the_body_counts_as_delivered(wire, reason):
    async with Server(answering(wire)) as server:
        with pytest.raises(ExchangeError, match=reason) as caught:
            await client(server, max_answer=5000).exchange(REQUEST)
    assert caught.value.whole_body
    assert not caught.value.refused


async def test_an_http_error_is_a_refusal():
    async with Server(answering(http(b"no", "401 Unauthorized"))) as server:
        with pytest.raises(ExchangeError, match="http-401") as caught:
            await client(server).exchange(REQUEST)
    assert caught.value.refused


async def test_nobody_listening_is_said_so_and_nothing_was_sent(tmp_path: Path):
    async with Server(answering()) as server:
        pass
    with pytest.raises(ExchangeError, match="connection-refused") as caught:
        await client(server).exchange(REQUEST)
    assert not caught.value.whole_body
    nowhere = Endpoint(host="localhost", port=631, path="/", socket=str(tmp_path / "none.sock"))
    with pytest.raises(ExchangeError, match="no-such-socket"):
        await Client(nowhere, timeout_s=60).exchange(REQUEST)


async def test_silence_ends_at_the_deadline_with_the_body_delivered():
    async def script(reader, writer):
        await take_request(reader)
        return await read_to_the_end(reader, writer)

    async with Server(script) as server:
        with pytest.raises(ExchangeError, match="no-answer-in-time") as caught:
            await client(server, timeout_s=0.1).exchange(REQUEST)
    assert caught.value.whole_body


async def read_to_the_end(reader, writer):
    """Reads all that comes: returns when the sender ended politely (FIN), raises when it was reset."""
    await asyncio.sleep(0.1)
    while await reader.read(65536):
        pass
    return "polite"


async def test_a_stalled_reader_ends_at_the_deadline_and_sees_a_reset():
    async with Server(stall_then_read) as server:
        with pytest.raises(ExchangeError, match="no-answer-in-time") as caught:
            await client(server, timeout_s=0.2).exchange(REQUEST, DOCUMENT * 8)
        assert isinstance(await server.ended, ConnectionResetError)
    assert not caught.value.whole_body


async def stall_then_read(reader, writer):
    writer.transport.pause_reading()
    await asyncio.sleep(0.5)
    writer.transport.resume_reading()
    return await read_to_the_end(reader, writer)


async def test_a_cancelled_transfer_is_reset_and_never_ended_politely():
    begun = asyncio.Event()

    async def script(reader, writer):
        await reader.readexactly(100_000)
        begun.set()
        await asyncio.sleep(0.1)
        return await read_to_the_end(reader, writer)

    async with Server(script) as server:
        transfer = asyncio.ensure_future(client(server).exchange(REQUEST, DOCUMENT * 16))
        await begun.wait()
        transfer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await transfer
        assert isinstance(await server.ended, ConnectionResetError)


async def test_a_finished_exchange_is_ended_politely():
    async def script(reader, writer):
        await take_request(reader)
        writer.write(http(OK))
        return await read_to_the_end(reader, writer)

    async with Server(script) as server:
        await client(server).exchange(REQUEST)
        assert await server.ended == "polite"


async def early(reader, writer, answer):
    await reader.readexactly(1000)
    writer.write(answer)
    await writer.drain()
    await asyncio.sleep(0.1)
    return await read_to_the_end(reader, writer)


async def test_a_refusal_that_comes_before_the_body_is_through_is_heard():
    async with Server(lambda r, w: early(r, w, http(REFUSED))) as server:
        assert (await client(server).exchange(REQUEST, DOCUMENT * 16)).code == 0x040A
        assert isinstance(await server.ended, ConnectionResetError)


async def test_a_yes_to_a_body_that_it_does_not_have_is_not_believed():
    async with Server(lambda r, w: early(r, w, http(OK))) as server:
        with pytest.raises(ExchangeError, match="answered-too-early") as caught:
            await client(server).exchange(REQUEST, DOCUMENT * 16)
        assert isinstance(await server.ended, ConnectionResetError)
    assert not caught.value.whole_body


async def test_a_unix_socket_carries_the_same_exchange(tmp_path: Path):
    async def serve(reader, writer):
        with contextlib.closing(writer):
            assert (await take_request(reader))[1] == REQUEST + DOCUMENT
            writer.write(http(OK))
            await writer.drain()

    path = tmp_path / "s"
    async with await asyncio.start_unix_server(serve, path):
        endpoint = Endpoint(host="localhost", port=631, path="/printers/x", socket=str(path))
        assert await Client(endpoint, timeout_s=60).exchange(REQUEST, DOCUMENT) == decode(OK)[0]
