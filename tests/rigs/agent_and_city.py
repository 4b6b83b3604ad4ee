"""A genuine agent and a genuine city's Prometheus on loopback, with the project's own configuration for both."""

import datetime as dt
import ipaddress
import re
import ssl
import subprocess
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.rigs.ports import free_port

ROOT = Path(__file__).parents[2]
CITY = ROOT / "config" / "city"
RULES = sorted((CITY / "rules").glob("*.yml"))
WITHIN_S = 90


def certify(folder):
    """One certificate that is authority, city and station at once; its path, with the key in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "contoh")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    builder = builder.add_extension(address, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "all.pem"
    path.write_bytes(pem + key.private_bytes(*form))
    return path


class Site:
    """A city and an agent on loopback ports, with the project's own configuration but for addresses and files.

    The agent asks ``target_port`` every ``interval`` (a port that nobody has, by default) and sends to ``city_port``
    (the city itself, by default), which may be a relay before it.
    """

    def __init__(self, folder, *, interval="2s", target_port=None, city_port=None):
        self.folder, self.port, self.agent_port = folder, free_port(), free_port()
        self.target_port = target_port or free_port()
        self.city_port = city_port or self.port
        self.interval = interval
        self.pem = certify(folder)
        self.tls = ssl.create_default_context(cafile=str(self.pem))
        self.stranger = ssl.create_default_context(cafile=str(self.pem))
        self.tls.load_cert_chain(self.pem)
        (folder / "rules").mkdir()
        for path in RULES:
            (folder / "rules" / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        self.write("city.yml", CITY / "prometheus.yml")
        self.write("web.yml", CITY / "web.yml")
        self.write("agent.yml", ROOT / "config" / "prometheus" / "agent.yml")

    def write(self, name, source):
        text = re.sub(r"(?<=_file: )\S+\.(pem|key)", str(self.pem), source.read_text(encoding="utf-8"))
        text = text.replace("monitor.example.org:9090", f"127.0.0.1:{self.city_port}")
        text = text.replace("127.0.0.1:8631", f"127.0.0.1:{self.target_port}")
        text = text.replace("interval: 30s", f"interval: {self.interval}")
        (self.folder / name).write_text(text, encoding="utf-8")

    @contextmanager
    def started(self, name, port, *arguments):
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={self.folder}/{name}.yml",
                    f"--web.listen-address=127.0.0.1:{port}",
                    *arguments,
                ],
                stdout=log,
                stderr=log,
            )
            try:
                yield
            finally:
                process.terminate()
                process.wait(WITHIN_S)

    def city(self):
        options = ("--web.enable-remote-write-receiver", f"--web.config.file={self.folder}/web.yml")
        return self.started("city", self.port, *options, f"--storage.tsdb.path={self.folder}/tsdb")

    def agent(self, *options):
        return self.started(
            "agent",
            self.agent_port,
            "--enable-feature=agent",
            f"--storage.agent.path={self.folder}/agent",
            "--storage.remote.flush-deadline=1s",
            *options,
        )

    async def samples(self):
        """How many samples of one series the city has; 0 while it does not answer."""
        try:
            found = await self.asked('count_over_time(stationd_build_info{station="1671-07",kecamatan="Sukarami"}[1h])')
        except (aiohttp.ClientError, KeyError):
            return 0
        return int(found[0]["value"][1]) if found else 0

    async def asked(self, query, **options):
        """The result of an instant query at the city."""
        url = f"https://127.0.0.1:{self.port}/api/v1/query"
        async with (
            aiohttp.ClientSession() as session,
            session.get(url, params={"query": query, **options}, ssl=self.tls) as answer,
        ):
            return (await answer.json())["data"]["result"]
