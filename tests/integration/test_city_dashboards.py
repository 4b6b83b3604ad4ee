"""Every query of every dashboard, as it stands in the committed files, asked of a genuine Prometheus: none is empty."""

import asyncio
import json
import re
from pathlib import Path

from stationd.demo.city.faults import Fault
from stationd.demo.city.site import City
from tests.rigs.prometheus import answered

GRAFANA = Path(__file__).parents[2] / "config" / "city" / "grafana"
WITHIN_S = 120
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


async def test_no_query_of_a_dashboard_is_empty(tmp_path):
    asked = list(queries())
    async with asyncio.timeout(WITHIN_S), City(tmp_path, day_s=2.0, script=lambda _day: FAULTS) as city:
        while asked:
            empty = []
            for panel, query in asked:
                given = re.sub(r"\$\w+", lambda name: GIVEN[name[0]], query)
                if not await answered(city.prometheus_url, city.shorter(given)):
                    empty.append((panel, query))
            asked = empty
            await asyncio.sleep(0.5)
            (tmp_path / "empty").write_text("\n".join(map(str, empty)), encoding="utf-8")
