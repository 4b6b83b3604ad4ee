"""Who is let in, at a running station: tokens that end, kiosks that pair, local administrators, TLS."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.rigs.station import StationProcess


def certify(folder: Path) -> None:
    """A certificate of its own for the loopback interface, ``api.crt`` and ``api.key``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (folder / "api.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "api.key").write_bytes(key.private_bytes(*form))


async def test_a_kiosk_pairs_and_works_and_the_record_says_who_agreed(tmp_path):
    async with StationProcess(tmp_path) as station:
        status, asked = await station.call("POST", "/v1/pairings", {"name": "kiosk-lobby"}, Authorization="")
        assert status == 201
        secret = {"secret": asked["secret"]}
        assert await station.call("POST", "/v1/pairings/collect", secret) == (202, {"state": "waiting", "token": None})
        status, waiting = await station.call("GET", "/v1/pairings")
        assert [each["code"] for each in waiting["items"]] == [asked["code"]]
        status, _ = await station.call("POST", f"/v1/pairings/{asked['code']}/approve")
        assert status == 204
        status, collected = await station.call("POST", "/v1/pairings/collect", secret)
        assert (status, collected["state"]) == (200, "paired")
        bearer = f"Bearer {collected['token']}"
        assert (await station.call("GET", "/v1/station", Authorization=bearer))[0] == 200
        assert (await station.call("GET", "/v1/jobs", Authorization=bearer))[0] == 403
        assert (await station.call("POST", "/v1/pairings/collect", secret))[0] == 404
        created = station.rows("SELECT data FROM event WHERE type = 'token.created' ORDER BY seq DESC LIMIT 1")
        assert created == [('{"role":"kiosk","actor":"test"}',)]
        assert asked["secret"] not in station.tail()
        assert collected["token"] not in station.tail()


async def test_a_token_of_the_command_line_ends_and_reaches_only_its_paths(tmp_path):
    async with StationProcess(tmp_path, extra="[clock]\ntrust = 'always'") as station:
        create = ("token", "create", "--role", "officer", "--name")
        narrow = station.command(*create, "narrow", "--path", "/v1/queue", "--expires", "30d").strip()
        over = station.command(*create, "over", "--expires", "2020-01-31").strip()
        assert (await station.call("GET", "/v1/queue", Authorization=f"Bearer {narrow}"))[0] == 200
        status, problem = await station.call("GET", "/v1/jobs", Authorization=f"Bearer {narrow}")
        assert (status, problem["code"]) == (403, "token-scope")
        status, problem = await station.call("GET", "/v1/queue", Authorization=f"Bearer {over}")
        assert (status, problem["code"]) == (401, "token-unknown")
        listed = station.command("token", "list")
        assert "only /v1/queue" in listed
        assert "until 2020-02-01T00:00:00Z" in listed


@pytest.mark.parametrize("is_on", [True, False])
async def test_the_user_of_the_station_administers_it_over_the_unix_socket_only_if_configured(tmp_path, is_on):
    async with StationProcess(tmp_path, extra=f"local_admin = {str(is_on).lower()}") as station:
        async with station.session.get("http://localhost/v1/officers") as answer:
            assert answer.status == (200 if is_on else 401)
        async with station.session.get(
            "http://localhost/v1/officers", headers={"Authorization": "Bearer no"}
        ) as answer:
            assert answer.status == 401, "a wrong token is wrong there, too"
        if is_on:
            async with station.session.get("http://localhost/v1/events?after=0") as answer:
                assert (await answer.content.readuntil(b"\n\n")).startswith(b"retry:"), "events, too"


async def test_addresses_speak_tls_with_files_from_credentials(tmp_path, monkeypatch):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    certify(credentials)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    keys = 'tls_cert = "api.crt"\ntls_key = "api.key"'
    station = StationProcess(tmp_path / "station", extra=keys, is_on_tcp=True)
    (credentials / "station.key").write_bytes(bytes(range(32)))
    async with station:
        address = station.address
        trust = ssl.create_default_context(cafile=credentials / "api.crt")
        async with aiohttp.ClientSession() as session, session.get(f"{address}/healthz", ssl=trust) as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "alive"})
        own = {"Origin": address, "Authorization": f"Bearer {station.token}"}
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{address}/v1/station", ssl=trust, headers=own) as answer:
                assert answer.status == 200
            plain = own | {"Origin": address.replace("https", "http")}
            async with session.get(f"{address}/v1/station", ssl=trust, headers=plain) as answer:
                assert answer.status == 403
        port = int(address.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
