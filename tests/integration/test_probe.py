"""Seeing the centre: genuine TCP, TLS and HTTP servers on loopback; and the machine's own clock and disk."""

import asyncio
import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stationd.adapters import kernel_clock
from stationd.adapters.host import LinuxHost
from stationd.adapters.kernel_clock import KernelClock, VouchedClock
from stationd.adapters.probe import probe_for


def port_of(server: asyncio.Server) -> int:
    return server.sockets[0].getsockname()[1]


async def hang_up(_reader, writer) -> None:
    writer.close()


async def test_a_port_that_listens_answers_and_one_that_does_not_does_not():
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = port_of(server)
    probe = probe_for(f"tcp://127.0.0.1:{port}", 1)
    assert await probe.is_answering()
    server.close()
    await server.wait_closed()
    assert not await probe.is_answering()


async def test_a_name_that_is_nobodys_is_no_answer():
    assert not await probe_for("tcp://nobody.invalid:80", 2).is_answering()


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "contoh")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    no_password = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


async def test_a_handshake_answers_only_with_a_certificate_that_is_trusted(tmp_path: Path, monkeypatch):
    file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the server's side of a refused handshake
    probe = probe_for(f"tls://127.0.0.1:{port_of(server)}", 3)
    assert not await probe.is_answering()
    trusting = ssl.create_default_context(cafile=str(file))
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    assert await probe.is_answering()
    server.close()
    await server.wait_closed()
    assert not await probe.is_answering()


async def test_a_silent_server_is_no_answer_in_time():
    callers = []

    async def say_nothing(_reader, writer) -> None:
        callers.append(writer)

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with asyncio.timeout(60):
        for scheme in ("tls", "http"):
            heard = len(callers)
            assert not await probe_for(f"{scheme}://127.0.0.1:{port_of(server)}", 0.2).is_answering()
            while len(callers) == heard:  # on a busy machine its time may be over before it has connected
                assert not await probe_for(f"{scheme}://127.0.0.1:{port_of(server)}", 0.2).is_answering()
    server.close()
    for writer in callers:
        writer.transport.abort()
    await server.wait_closed()


@pytest.mark.parametrize(("status", "expected"), [(200, True), (302, True), (404, True), (500, False), (503, False)])
async def test_a_page_answers_unless_its_server_is_in_trouble(status, expected):
    async def serve(_request) -> web.Response:
        return web.Response(status=status, headers={"Location": "http://127.0.0.1:1/"})

    app = web.Application()
    app.router.add_get("/health", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    assert await probe_for(f"http://127.0.0.1:{port}/health", 2).is_answering() is expected
    await runner.cleanup()


async def test_the_kernel_tells_whether_its_clock_is_kept_right():
    state, status = kernel_clock.read_kernel()
    assert await KernelClock().is_synchronised() == (state != 5 and not status & 0x40)
    assert await VouchedClock().is_synchronised()


async def test_where_the_kernel_may_not_be_asked_the_mark_of_timesyncd_tells(tmp_path: Path, monkeypatch):
    def forbidden() -> tuple[int, int]:
        raise PermissionError

    monkeypatch.setattr(kernel_clock, "read_kernel", forbidden)
    clock = KernelClock(tmp_path / "synchronized")
    assert not await clock.is_synchronised()
    (tmp_path / "synchronized").touch()
    assert await clock.is_synchronised()


async def test_the_disk_and_the_hottest_zone_are_read_and_trouble_reads_as_unknown(tmp_path: Path):
    for number, text in enumerate(("41000", "67500", "broken", "")):
        zone = tmp_path / "zones" / f"thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "temp").write_text(text)
    reading = await LinuxHost(tmp_path, tmp_path / "zones").read()
    assert reading.free_bytes > 0
    assert reading.celsius == 67.5
    gone = await LinuxHost(tmp_path / "gone", tmp_path / "none").read()
    assert (gone.free_bytes, gone.celsius) == (None, None)
