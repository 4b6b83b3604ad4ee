"""The metrics: documented one and all, bounded in their labels, and clean in the eyes of promtool."""

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from stationd.adapters.loop_metrics import LoopMetrics
from stationd.adapters.metric_guide import GUIDE, LABELS

ROOT = Path(__file__).parents[2]
PRIVATE = re.compile(r"[0-9]{10,}|[0-9a-f]{8}-[0-9a-f]{4}|^[0-9A-Z]{12}$")


def module():
    spec = importlib.util.spec_from_file_location("metric_families", ROOT / "docs" / "metric_families.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


FAMILIES = module()


async def text_of(*collectors):
    registry = CollectorRegistry()
    for each in collectors:
        registry.register(each)
    return generate_latest(registry)


def test_every_module_of_metrics_is_documented():
    text = (ROOT / "docs" / "metric_families.py").read_text(encoding="utf-8")
    for path in sorted((ROOT / "stationd" / "adapters").glob("*metrics.py")):
        if path.stem == "books_metrics":  # the city's program tells them: docs/city-operations.md
            continue
        assert f"from stationd.adapters.{path.stem} import" in text, path.name


async def test_promtool_finds_nothing_to_say_of_any_family():
    text = await text_of(*FAMILIES.collectors())
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False, timeout=60)
    said = [line for line in (done.stdout + done.stderr).decode().splitlines() if line]
    assert (done.returncode, said) == (0, [])


async def test_labels_are_of_the_closed_list_and_name_no_person_job_or_card():
    text = (await text_of(*FAMILIES.collectors())).decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            for name, value in sample.labels.items():
                assert name == "le" or name in LABELS, (family.name, name)
                assert name == "le" or not PRIVATE.search(value), (family.name, name, value)


def test_advice_is_one_sentence_or_two_and_names_no_unknown_metric():
    for name, advice in GUIDE.items():
        assert name.startswith("stationd_")
        assert advice.endswith("."), name


@pytest.mark.parametrize(("lag_s", "edge"), [(0.001, "0.005"), (0.3, "0.5"), (9.0, "+Inf")])
async def test_the_lag_of_the_loop_falls_into_its_bucket(lag_s, edge):
    metrics = LoopMetrics()
    metrics.saw(lag_s)
    assert f'stationd_loop_lag_seconds_bucket{{le="{edge}"}} 1.0' in (await text_of(metrics)).decode()
