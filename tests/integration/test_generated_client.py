"""A client that openapi-python-client makes from the description works against a running station."""

import json
import subprocess
import sys
from importlib import import_module

import pytest

from stationd.http.app import ROUTES
from stationd.http.examples import ORDER
from stationd.http.openapi import document
from tests.rigs.station import StationProcess

NOT_MADE = {"submit_jobs", "preview_job", "stream_events", "stream_scans", "read_reference", "read_reference_style"}
"""What the generator leaves out: bodies and answers that are not JSON."""


@pytest.fixture
def package(tmp_path, monkeypatch):
    described = tmp_path / "openapi.json"
    described.write_text(json.dumps(document(ROUTES)), encoding="utf-8")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--path", str(described)]
    made = subprocess.run(
        [*command, "--output-path", str(tmp_path / "made_client")], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / "made_client"
    for name in [name for name in sys.modules if name.split(".")[0] == "made_client"]:
        del sys.modules[name]


def call(route):
    """The module that the generator made for a route."""
    return import_module(f"made_client.api.{route.tag}.{route.name}")


async def test_it_submits_and_reads_a_job_and_tells_a_problem(tmp_path, package):
    modules = {route.name: call(route) for route in ROUTES if route.name not in NOT_MADE}
    from made_client import AuthenticatedClient
    from made_client.models import JobAnswer, JobPage, NewJob

    async with (
        StationProcess(tmp_path / "station", is_on_tcp=True) as station,
        AuthenticatedClient(base_url=station.address, token=station.token) as client,
    ):
        order = NewJob.from_dict(ORDER)
        job = await modules["submit_job"].asyncio(client=client, body=order, idempotency_key="k-1")
        assert isinstance(job, JobAnswer), job
        assert job.state == "queued"
        again = await modules["submit_job"].asyncio(client=client, body=order, idempotency_key="k-1")
        assert again.id == job.id
        read = await modules["read_job"].asyncio(job.id, client=client)
        assert (read.id, read.receipt) == (job.id, job.receipt)
        page = await modules["list_jobs"].asyncio(client=client, limit=5)
        assert isinstance(page, JobPage)
        assert [each.id for each in page.items] == [job.id]
        problem = await modules["read_job"].asyncio("nothing", client=client)
        assert (problem.status, problem.code) == (404, "job-unknown")
