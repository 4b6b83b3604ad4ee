"""The simulated city under a genuine Prometheus and Alertmanager: people are told, and told when it is over."""

import asyncio

import pytest

from stationd.demo.city.faults import Fault
from stationd.demo.city.palembang import STATIONS
from stationd.demo.city.site import City
from stationd.domain.errors import Refused
from tests.rigs.prometheus import answered

WITHIN_S = 120
FAULTS = {"1671-12": frozenset({Fault.DOWN}), "1671-14": frozenset({Fault.COUNT_DIFFERS})}
WANTED = {
    ("StationDown", "on-call", "Gandus"),
    ("BlankCountDiffers", "head-of-office", "Plaju"),
}


async def test_alerts_reach_the_one_who_must_act_and_clear_when_it_is_mended(tmp_path):
    wrong = FAULTS

    def told(is_firing):
        return {
            (each.alert, each.receiver, each.kecamatan)
            for each in city.notices
            if each.is_firing is is_firing and each.station in FAULTS
        }

    async def up():
        found = await answered(city.prometheus_url, 'up{job="stationd"} == 1')
        return {each["metric"]["kecamatan"] for each in found}

    async with asyncio.timeout(WITHIN_S), City(tmp_path, day_s=2.0, scrape_s=1.0, script=lambda _day: wrong) as city:
        while not told(is_firing=True) >= WANTED:
            await asyncio.sleep(0.1)
        wrong = {}
        while not told(is_firing=False) >= WANTED or await up() != set(STATIONS.values()):
            await asyncio.sleep(0.1)


async def test_a_city_without_its_files_says_so(tmp_path):
    with pytest.raises(Refused, match="cannot start the city: no rules in"):
        async with City(tmp_path, configs=[tmp_path / "nowhere"]):
            pass


async def test_a_city_without_prometheus_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="prometheus is not installed") as refused:
        async with City(tmp_path):
            pass
    assert refused.value.fix == "apt install prometheus prometheus-alertmanager"
