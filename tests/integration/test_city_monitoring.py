"""What the city installs: every rule and alert fires and does not, alerts reach people, a cut loses nothing."""

import asyncio
import datetime as dt
import ipaddress
import re
import socket
import ssl
import subprocess
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = Path(__file__).parents[2]
CITY = ROOT / "config" / "city"
RULES = sorted((CITY / "rules").glob("*.yml"))
CASES = sorted((ROOT / "tests" / "fixtures" / "city").glob("*.yml"))
WITHIN_S = 90


def ran(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def named(kind):
    text = "".join(path.read_text(encoding="utf-8") for path in RULES)
    return re.findall(rf"^ *- {kind}: (\S+)$", text, re.MULTILINE)


@pytest.mark.parametrize("cases", CASES, ids=lambda path: path.stem)
def test_every_rule_gives_its_figure_and_every_alert_fires_and_does_not(cases):
    assert ran("promtool", "test", "rules", str(cases)) == (0, f"Unit Testing:  {cases}\n  SUCCESS\n\n")


def test_no_rule_and_no_alert_is_left_untested():
    text = "".join(path.read_text(encoding="utf-8") for path in CASES)
    cases = set(re.findall(r"^  - name: (.+)$", text, re.MULTILINE))
    wanted = {*named("record")} | {f"{alert} {does}" for alert in named("alert") for does in ("fires", "does not fire")}
    assert wanted <= cases


def test_every_alert_has_its_page_and_every_page_its_alert():
    text = (CITY / "rules" / "alerts.yml").read_text(encoding="utf-8")
    pages = re.findall(r"runbook: (\S+)", text)
    assert len(pages) == len(named("alert"))
    assert set(pages) == {str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "runbooks").glob("*.md")}
    for name, page in zip(named("alert"), pages, strict=True):
        assert (ROOT / page).read_text(encoding="utf-8").startswith(f"# {name}\n")


def test_rules_use_only_metrics_that_a_station_has():
    known = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for path in RULES:
        for name in set(re.findall(r"\bstationd_\w+", path.read_text(encoding="utf-8"))):
            assert f"`{re.sub('_(bucket|count|sum)$', '', name)}`" in known, name


@pytest.mark.parametrize(
    "command",
    [
        ("promtool", "check", "rules", *map(str, RULES)),
        ("promtool", "check", "config", "--syntax-only", str(CITY / "prometheus.yml")),
        ("promtool", "check", "config", "--agent", "--syntax-only", str(ROOT / "config/prometheus/agent.yml")),
        ("amtool", "check-config", str(CITY / "alertmanager.yml")),
    ],
    ids=["rules", "prometheus", "agent", "alertmanager"],
)
def test_what_is_installed_is_valid(command):
    status, said = ran(*command)
    assert status == 0, said


@pytest.mark.parametrize(
    ("severity", "receiver"), [("page", "on-call"), ("office", "monitoring"), ("integrity", "head-of-office")]
)
def test_alerts_go_to_who_must_act(severity, receiver):
    config = f"--config.file={CITY / 'alertmanager.yml'}"
    status, said = ran("amtool", "config", "routes", "test", config, f"severity={severity}")
    assert (status, receiver in said) == (0, True), said


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


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
    """A city and an agent on loopback ports, with the project's own configuration but for addresses and files."""

    def __init__(self, folder):
        self.folder, self.port, self.agent_port, self.target_port = folder, free_port(), free_port(), free_port()
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
        text = re.sub(r"/etc/prometheus/\S+\.(pem|key)", str(self.pem), source.read_text(encoding="utf-8"))
        text = text.replace("monitor.example.org:9090", f"127.0.0.1:{self.port}")
        text = text.replace("127.0.0.1:8631", f"127.0.0.1:{self.target_port}").replace("interval: 30s", "interval: 2s")
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

    def agent(self):
        return self.started(
            "agent",
            self.agent_port,
            "--enable-feature=agent",
            f"--storage.agent.path={self.folder}/agent",
            "--storage.remote.flush-deadline=1s",
        )

    async def samples(self):
        """How many samples of one series the city has; 0 while it does not answer."""
        query = {"query": 'count_over_time(stationd_build_info{station="1671-07",kecamatan="Sukarami"}[1h])'}
        try:
            async with aiohttp.ClientSession() as session:
                url = f"https://127.0.0.1:{self.port}/api/v1/query"
                async with session.get(url, params=query, ssl=self.tls) as answer:
                    found = (await answer.json())["data"]["result"]
        except (aiohttp.ClientError, KeyError):
            return 0
        return int(found[0]["value"][1]) if found else 0


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


async def test_figures_of_a_cut_arrive_later_and_strangers_are_refused(site):
    scraped, wanted = 0, None

    async def answer(_request):
        nonlocal scraped
        if scraped == wanted:
            raise web.HTTPServiceUnavailable
        scraped += 1
        return web.Response(text=f'# TYPE stationd_build_info gauge\nstationd_build_info{{version="0"}} {scraped}\n')

    async def until(condition):
        async with asyncio.timeout(WITHIN_S):
            while not await condition():
                await asyncio.sleep(0.2)

    async def stopped():
        return scraped == wanted

    async def arrived():
        return await site.samples() > 0

    async def whole():
        return await site.samples() == wanted

    app = web.Application()
    app.router.add_get("/metrics", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", site.target_port).start()
    try:
        with site.agent():
            with site.city():
                await until(arrived)
                async with aiohttp.ClientSession() as session:
                    with pytest.raises(aiohttp.ClientError):
                        await session.get(f"https://127.0.0.1:{site.port}/-/ready", ssl=site.stranger)
            wanted = scraped + 5
            await until(stopped)
            with site.city():
                await until(whole)
    finally:
        await runner.cleanup()
