"""A real scrape of a real station: documented, clean, bounded, and its backup told."""

import asyncio
import re
import subprocess

from prometheus_client.parser import text_string_to_metric_families

from stationd.adapters.metric_guide import GUIDE, LABELS
from tests.rigs.documents import png
from tests.rigs.station import StationProcess


async def test_a_scrape_is_documented_clean_and_does_not_grow_with_use(tmp_path):
    printer = {
        "name": "kartu-1",
        "driver": "simulator",
        "uri": "simulator:kartu-1",
        "seconds": 0.02,
        "folder": str(tmp_path / "cards"),
        "profiles": ["ktp-el"],
    }
    station = StationProcess(tmp_path, [printer])
    try:
        await station.start()
        await station.receive(50)
        series = []
        for begin, end in ((0, 2), (2, 12)):
            for number in range(begin, end):
                assert (await station.submit(number, png(number)))[0] == 201
            await station.settled()
            station.command("backup", str(tmp_path / f"copy-{end}.db"))
            async with asyncio.timeout(60):
                while "stationd_backup_timestamp_seconds" not in (text := (await station.call("GET", "/metrics"))[1]):
                    await asyncio.sleep(0.2)
            series.append({line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")})
    finally:
        await station.aclose()
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    for family in text_string_to_metric_families(text):
        assert family.name in GUIDE
        for sample in family.samples:
            assert set(sample.labels) <= {*LABELS, "le"}
    assert {each for each in series[1] - series[0] if "stationd_printer_reason" not in each} == set()
    assert len(series[1]) < 400
    assert not re.search(r"[0-9]{16}|[0-9a-f]{8}-[0-9a-f]{4}-", "\n".join(series[1]))
