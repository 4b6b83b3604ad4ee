"""From nothing to the papers of a whole city: a genuine Prometheus takes those of its stations, and of nobody else."""

import asyncio
import re
import stat
import subprocess
from pathlib import Path

import pytest

from stationd.city_report.prometheus import Papers, Prometheus
from stationd.demo.city.palembang import STATIONS
from stationd.domain.errors import Faulted
from tests.rigs.ports import free_port

ROOT = Path(__file__).parents[2]
CITY = ROOT / "config" / "city"
ENROL = CITY / "enrol"
HOST = "localhost"
WITHIN_S = 90


def enrol(folder, *arguments):
    done = subprocess.run(
        ["sh", str(ENROL), *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=WITHIN_S
    )
    return done.returncode, done.stderr


def stations():
    lines = (CITY / "stations.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(maxsplit=1) for line in lines)


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("papers")
    assert enrol(folder, "authority", "Kota Contoh") == (0, "")
    assert enrol(folder, "city", HOST) == (0, "")
    assert enrol(folder, "reader", "monitoring") == (0, "")
    for station, kecamatan in stations().items():
        assert enrol(folder, "station", station, kecamatan, f"{HOST}:9090") == (0, "")
    return folder


def test_every_station_of_the_city_has_a_folder_that_an_agent_takes(papers):
    assert stations() == STATIONS
    for station, kecamatan in STATIONS.items():
        folder = papers / "stations" / station
        config = folder / "agent.yml"
        text = config.read_text(encoding="utf-8")
        assert f'    station: "{station}"\n    kecamatan: "{kecamatan}"\n' in text
        assert f"  - url: https://{HOST}:9090/api/v1/write\n" in text
    check = ["promtool", "check", "config", "--agent", str(config)]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=WITHIN_S)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_key_can_be_read_by_others_and_nothing_is_written_over(papers):
    keys = list(papers.rglob("*.key"))
    assert len(keys) == len(STATIONS) + 3
    assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in keys)
    before = {key: key.read_bytes() for key in keys}
    for again in (("authority", "Lain"), ("city", HOST), ("station", "1671-07", "Sukarami", HOST)):
        status, said = enrol(papers, *again)
        assert status == 1
        assert "it exists" in said
    assert enrol(papers, "nonsense")[0] == 2
    assert {key: key.read_bytes() for key in keys} == before


async def test_prometheus_takes_a_station_and_a_reader_and_no_stranger(papers, tmp_path):
    assert enrol(tmp_path, "authority", "Kota Lain") == (0, "")
    assert enrol(tmp_path, "reader", "asing") == (0, "")
    port = free_port()
    (tmp_path / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    web = (CITY / "web.yml").read_text(encoding="utf-8")
    (tmp_path / "web.yml").write_text(re.sub(r"/etc/prometheus/", f"{papers}/", web), encoding="utf-8")
    url, ca = f"https://{HOST}:{port}", papers / "city-ca.pem"
    known = Papers(ca=ca, certificate=papers / "monitoring.pem", key=papers / "monitoring.key")
    station = papers / "stations" / "1671-07"
    ours = Papers(ca=ca, certificate=station / "station.pem", key=station / "agent.key")
    strangers = (Papers(ca=ca), Papers(ca=ca, certificate=tmp_path / "asing.pem", key=tmp_path / "asing.key"))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={tmp_path}/prometheus.yml",
                f"--web.config.file={tmp_path}/web.yml",
                f"--web.listen-address=127.0.0.1:{port}",
                f"--storage.tsdb.path={tmp_path}/tsdb",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        async with asyncio.timeout(WITHIN_S), Prometheus(url, known.context()) as prometheus:
            while True:
                try:
                    answer = await prometheus.now("vector(1)")
                except Faulted:
                    await asyncio.sleep(0.2)
                else:
                    break
        assert [sample.value for sample in answer] == [1.0]
        async with Prometheus(url, ours.context()) as prometheus:
            assert await prometheus.now("vector(1)")
        for stranger in strangers:
            async with Prometheus(url, stranger.context()) as prometheus:
                with pytest.raises(Faulted, match="cannot ask Prometheus"):
                    await prometheus.now("vector(1)")
    finally:
        process.terminate()
        process.wait(WITHIN_S)
