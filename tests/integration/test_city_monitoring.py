"""What the city installs: every rule and alert fires and does not, alerts reach people, a cut loses nothing."""

import asyncio
import re
import subprocess
import time
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from stationd.city_report.prometheus import Papers, Prometheus
from tests.rigs import remote_write
from tests.rigs.agent_and_city import Site

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
    text = "".join(path.read_text(encoding="utf-8") for path in RULES)
    pages = re.findall(r"runbook: (\S+)", text)
    assert len(pages) == len(named("alert"))
    assert set(pages) == {str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "runbooks").glob("*.md")}
    for name, page in zip(named("alert"), pages, strict=True):
        assert (ROOT / page).read_text(encoding="utf-8").startswith(f"# {name}\n")


def test_rules_use_only_metrics_that_a_station_or_the_city_has():
    known = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("metrics.md", "city-operations.md"))
    for path in RULES:
        for name in set(re.findall(r"\bstationd_\w+", path.read_text(encoding="utf-8"))):
            assert re.search(f"`{re.sub('_(bucket|count|sum)$', '', name)}[`{{]", known), name


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


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


async def test_figures_of_a_cut_arrive_later_and_strangers_are_refused(site):
    scraped, wanted = 0, None
    papers = Papers(ca=site.pem, certificate=site.pem)

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
                async with Prometheus(f"https://127.0.0.1:{site.port}", papers.context()) as prometheus:
                    assert [each.labels["station"] for each in await prometheus.now("stationd_build_info")] == [
                        "1671-07"
                    ]
            wanted = scraped + 5
            await until(stopped)
            with site.city():
                await until(whole)
    finally:
        await runner.cleanup()


async def test_what_comes_two_months_late_is_taken_and_holds_up_no_agent(site):
    now = time.time()

    async def sent(at):
        url = f"https://127.0.0.1:{site.port}/api/v1/write"
        body = remote_write.request(
            "stationd_late", [(at + second, second) for second in range(100)], station="1671-07"
        )
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=body, headers=remote_write.HEADERS, ssl=site.tls) as answer,
        ):
            return answer.status

    with site.city():
        async with asyncio.timeout(WITHIN_S):
            while True:
                try:
                    if (status := await sent(now - 200)) != 503:  # Prometheus is there and not ready yet
                        break
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.2)
        assert status == 204
        assert await sent(now - 60 * 86_400) == 204
        (found,) = await site.asked("count_over_time(stationd_late[70d])")
    assert found["value"][1] == "200"
