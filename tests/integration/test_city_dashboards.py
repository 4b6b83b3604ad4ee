"""Every query of every dashboard, as it stands in the committed files, asked of a genuine Prometheus: none is empty.

And the page for the head of the office, made of the same city by its command.
"""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

from stationd.demo.city.faults import Fault
from stationd.demo.city.palembang import STATIONS
from stationd.demo.city.site import City
from tests.rigs.ports import free_port
from tests.rigs.prometheus import answered

GRAFANA = Path(__file__).parents[2] / "config" / "city" / "grafana"
WITHIN_S = 300
FAULTS = {
    "1671-03": frozenset({Fault.LATE}),
    "1671-05": frozenset({Fault.ORDER_CHANGED}),
    "1671-07": frozenset({Fault.STOPPED}),
    "1671-10": frozenset({Fault.UNCERTAIN}),
    "1671-14": frozenset({Fault.COUNT_DIFFERS}),
}
GIVEN = {"$__rate_interval": "1h", "$station": ".*", "$printer": "kartu-1"}
"""What Grafana puts in place of its variables."""


def queries():
    for path in sorted(GRAFANA.glob("en/*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"]


def reported(url, output, *more):
    command = [sys.executable, "-m", "stationd", "city-report", "--prometheus", url, "--output", str(output), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WITHIN_S)
    return done.returncode, done.stderr


SENTENCES = (
    "Pencetak kartu-1 di Sukarami berhenti sementara kartu menunggu",
    "2 kartu belum pasti tercetak atau tidak: Kalidoni.",
    "Penghitungan blangko terakhir berselisih: Plaju.",
    "18 dari 18 stasiun menjawab.",
    *(f"<td>{kecamatan} <small>" for kecamatan in STATIONS.values()),
)


async def test_no_query_of_a_dashboard_is_empty_and_the_report_tells_of_the_same_city(tmp_path):
    asked, missing, text = list(queries()), list(SENTENCES), ""
    page = tmp_path / "report.html"
    async with asyncio.timeout(WITHIN_S), City(tmp_path, day_s=2.0, scrape_s=1.0, script=lambda _day: FAULTS) as city:
        while asked:
            await asyncio.sleep(0.5)
            empty = []
            for panel, query in asked:
                given = re.sub(r"\$\w+", lambda name: GIVEN[name[0]], query)
                if not await answered(city.prometheus_url, city.shorter(given)):
                    empty.append((panel, query))
            asked = empty
            (tmp_path / "empty").write_text("\n".join(map(str, empty)), encoding="utf-8")
        while missing:
            status, said = await asyncio.to_thread(reported, city.prometheus_url, page, "--day", "2")
            assert status == 0, said
            text = page.read_text(encoding="utf-8")
            missing = [sentence for sentence in SENTENCES if sentence not in text]
            (tmp_path / "missing").write_text("\n".join(missing), encoding="utf-8")
    assert text.count("<svg") == 5
    assert not re.search(r"<script|<link|@import|src=|href=\"[^#]", text)


def test_a_report_without_prometheus_says_so_in_one_line(tmp_path):
    url = f"http://127.0.0.1:{free_port()}"
    status, said = reported(url, tmp_path / "report.html")
    assert status == 1
    assert said.startswith(f"stationd: cannot ask Prometheus at {url}: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "report.html").exists()
