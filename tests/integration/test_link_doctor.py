"""What is wrong with the link, in one line with what to do, at the station and at the city; the servers are genuine."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import subprocess
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stationd.adapters.nats.engine import NatsCity, Route
from stationd.city.check import Level, examine
from stationd.city.identity import Identity
from stationd.city.rights import Rights
from stationd.city.settings import parse
from stationd.domain.errors import Faulted
from tests.rigs.nats import BINARY, UP_WITHIN_S
from tests.rigs.ports import free_port

STATION = "1671-07"
MINE, OTHER = Identity(bytes([1]) * 32), Identity(bytes([2]) * 32)


class Authority:
    """An authority of its own, with its certificate in a file."""

    def __init__(self, folder, name):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.pem = folder / f"{name}.pem"
        self.pem.write_bytes(self._signed(self.name, self.key.public_key(), (-9, 9), x509.BasicConstraints(True, None)))

    def server(self, name, *, days=(-1, 1), address="127.0.0.1"):
        """A file with a certificate and its key; ``days`` from now on it is valid."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path = self.folder / f"{name}.pem"
        path.write_bytes(self._signed(subject, key.public_key(), days, names) + key.private_bytes(*form))
        return path

    def _signed(self, subject, public, days, extension):
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder(self.name, subject, public, x509.random_serial_number())
        builder = builder.not_valid_before(now + dt.timedelta(days=days[0]))
        builder = builder.not_valid_after(now + dt.timedelta(days=days[1])).add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@contextlib.asynccontextmanager
async def serving(folder, pem):
    """The address of a server with this certificate and the rights of the city."""
    port, config = free_port(), folder / f"{pem.stem}.conf"
    rights = Rights(MINE, "1671").server_config({}, at=int(time.time()) - 60)
    config.write_text(
        f'listen: "127.0.0.1:{port}"\ntls {{cert_file: "{pem}", key_file: "{pem}"}}\n'
        f'jetstream {{store_dir: "{folder}/{pem.stem}", sync_interval: always}}\nresolver: MEMORY\n{rights}'
    )
    log = folder / f"{pem.stem}.log"
    with log.open("wb") as file:
        process = subprocess.Popen([BINARY, "-c", config], stdout=file, stderr=file)
    try:
        end = time.monotonic() + UP_WITHIN_S
        while b"Server is ready" not in log.read_bytes():
            assert time.monotonic() < end, log.read_text()
            assert process.poll() is None, log.read_text()
            await asyncio.sleep(0.05)
        yield f"tls://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


async def said_at_station(url, ca, credentials):
    city = NatsCity(Route(servers=(url,), ca=ca, credentials=credentials), station=STATION)
    try:
        session = await city.connect()
    except Faulted as fault:
        return f"{fault.detail} | {fault.fix}"
    await session.aclose()
    return "it lets us in"


async def said_at_city(folder, url, ca, identity):
    settings = parse(
        {
            "city": {"id": "1671"},
            "books": {"database": f"sqlite:{folder}/none.db", "backup_dir": str(folder)},
            "nats": {"servers": [url], "ca_file": str(ca)},
            "http": {"token_file": str(folder / "none")},
        },
        file="city.toml",
    )
    found = {each.name.split()[0]: each async for each in examine(settings, identity)}
    assert (found["books"].level, found["token"].level) == (Level.NOTICE, Level.WRONG)
    assert not (folder / "none.db").exists(), "a look makes no books"
    return str(found["server"])


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("papers")
    mine, other = Authority(folder, "mine"), Authority(folder, "other")
    for identity, name in ((MINE, "mine"), (OTHER, "other")):
        text = Rights(identity, "1671").station_credentials(STATION, at=int(time.time()) - 60)[1]
        (folder / f"{name}.creds").write_text(text)
    return folder, mine, other


async def test_certificates_that_do_not_fit_are_told_by_what_does_not_fit(papers):
    folder, mine, other = papers
    good, creds = mine.server("good"), folder / "mine.creds"
    cases = [
        (good, mine.pem, "it lets us in", "there are no streams yet"),
        (good, other.pem, "did not sign the server's certificate", "ca_file"),
        (mine.server("ended", days=(-5, -1)), mine.pem, "has ended, or this machine's clock is ahead", "timedatectl"),
        (mine.server("later", days=(1, 5)), mine.pem, "not valid yet: this machine's clock is behind", "timedatectl"),
        (mine.server("elsewhere", address="127.0.0.9"), mine.pem, "is for another name", "another name"),
    ]

    async def told(number, pem, ca, station_says, city_says):
        own = folder / str(number)
        own.mkdir()
        async with serving(own, pem) as url:
            at_station, at_city = await asyncio.gather(
                said_at_station(url, ca, creds), said_at_city(own, url, ca, MINE)
            )
        assert station_says in at_station, at_station
        assert city_says in at_city, at_city

    await asyncio.gather(*(told(number, *case) for number, case in enumerate(cases)))


async def test_whom_the_servers_do_not_let_in_is_told_so_and_files_that_cannot_be_used_are_named(papers, tmp_path):
    folder, mine, _ = papers
    torn = tmp_path / "torn.creds"
    torn.write_text("-----BEGIN NATS USER JWT-----\n")
    async with serving(folder, mine.server("mine-server")) as url:
        assert "do not let it in" in await said_at_station(url, mine.pem, folder / "other.creds")
        assert "do not let it in" in await said_at_city(folder, url, mine.pem, OTHER)
        for ca, credentials, wanted in (
            (mine.pem, tmp_path / "none.creds", f"city.credentials_file {tmp_path}/none.creds: No such file"),
            (mine.pem, torn, f"city.credentials_file {torn}: it is not such a file"),
            (tmp_path / "none.pem", None, f"city.ca_file {tmp_path}/none.pem: No such file"),
            (torn, None, f"city.ca_file {torn}: it is not such a file"),
        ):
            assert wanted in await asyncio.wait_for(said_at_station(url, ca, credentials), 60)
    assert "nobody listens there" in await said_at_station(url, mine.pem, folder / "mine.creds")
    assert "nobody listens there" in await said_at_city(folder, url, mine.pem, MINE)
