"""A real scrape of a real station: documented, clean, bounded, and its backup told."""

import asyncio
import re
import subprocess

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from stationd.adapters.metric_guide import GUIDE, LABELS
from tests.rigs.documents import png
from tests.rigs.ports import free_port
from tests.rigs.station import StationProcess


def counters(text):
    """Every sample of a counter or histogram that is not of the running program alone."""
    found = {}
    for family in text_string_to_metric_families(text):
        if family.type in {"counter", "histogram"} and "ince the start" not in family.documentation:
            for each in family.samples:
                labels = ",".join(f'{name}="{value}"' for name, value in sorted(each.labels.items()))
                found[f"{each.name}{{{labels}}}" if labels else each.name] = each.value
    return found


async def read_by_node_exporter(folder):
    """What the textfile collector of a genuine node_exporter tells of a folder."""
    port = free_port()
    options = ("--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={folder}")
    process = subprocess.Popen(
        ["prometheus-node-exporter", *options, f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                        return await answer.text()
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)
    finally:
        process.terminate()
        process.wait(60)


async def test_a_scrape_is_documented_clean_bounded_and_never_goes_back(tmp_path):
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
        textfiles = tmp_path / "textfiles"
        textfiles.mkdir()
        station.command("metrics", "--textfile", str(textfiles / "stationd.prom"))
        station.kill()
        await station.start()
        after = counters((await station.call("GET", "/metrics"))[1])
    finally:
        await station.aclose()
    exported = await read_by_node_exporter(textfiles)
    assert "node_textfile_scrape_error 0" in exported
    assert 'stationd_blanks{account="issued",kecamatan="Contoh",station="1671-07"} 12' in exported
    before = counters(text)
    assert {name: (value, after.get(name)) for name, value in before.items() if after.get(name, -1) < value} == {}
    assert before['stationd_events_total{type="job.card_printed"}'] == 12
    assert sum(value for name, value in before.items() if name.startswith("stationd_cards_printed_total")) == 12
    assert before['stationd_print_seconds_count{printer="kartu-1"}'] == 12
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
