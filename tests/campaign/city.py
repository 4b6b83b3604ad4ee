"""Every alert of the city, seen firing and clearing at the webhook of a genuine Alertmanager.

``python -m tests.campaign.city`` runs the simulated city for a round of its script (five minutes at the default pace)
with the city's own rules and routes, their windows and waits made as short as the days. It fails when an alert did not
come, did not clear, or went to another receiver than its severity says.
"""

import argparse
import asyncio
import re
import sys
import tempfile
from pathlib import Path

from stationd.demo.city.faults import ROUND_DAYS
from stationd.demo.city.site import City, Notice

RULES = Path(__file__).parents[2] / "config" / "city" / "rules"
RECEIVERS = {"page": "on-call", "office": "monitoring", "integrity": "head-of-office"}


def wanted() -> dict[str, str]:
    """The receiver of each alert."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(RULES.glob("*.yml")))
    found = re.findall(r"- alert: (\w+)\n(?:(?! +- alert:).*\n)*? +labels: \{severity: (\w+)\}", text)
    return {alert: RECEIVERS[severity] for alert, severity in found}


def seen(notices: list[Notice]) -> dict[str, tuple[float, float]]:
    """When each alert first fired, and when that same one cleared."""
    fired: dict[tuple[str, str, str], float] = {}
    found: dict[str, tuple[float, float]] = {}
    for notice in notices:
        key = notice.alert, notice.kecamatan, notice.receiver
        if notice.is_firing:
            fired.setdefault(key, notice.day)
        elif key in fired and notice.receiver == wanted().get(notice.alert):
            found.setdefault(notice.alert, (fired[key], notice.day))
    return found


async def run(day_s: float) -> int:
    """Play a round, and tell of each alert; the number of those that failed."""
    alerts = wanted()
    with tempfile.TemporaryDirectory() as folder:
        async with City(Path(folder), day_s=day_s) as city:
            while set(seen(city.notices)) < set(alerts) and city.day < ROUND_DAYS:
                await asyncio.sleep(1)
            found, notices = seen(city.notices), list(city.notices)
    for alert, receiver in alerts.items():
        said = "fired on day {:5.1f}, cleared on day {:5.1f}".format(*found[alert]) if alert in found else "NOT SEEN"
        print(f"{alert:22} to {receiver:15} {said}")
    print(f"{len(found)} of {len(alerts)} alerts seen firing and clearing, in {len(notices)} notices")
    return len(alerts) - len(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--day", type=float, default=5.0, metavar="SECONDS", help="how long a day takes (%(default)s)")
    sys.exit(1 if asyncio.run(run(parser.parse_args().day)) else 0)
