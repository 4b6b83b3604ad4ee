"""schemathesis over the whole description of a running station, as its users would run it: by the command line.

``python -m tests.campaign.contract --minutes 10`` asks thousands of times, stateful walks along the links included.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tests.rigs.station import StationProcess

NOT_ASKED = ("/v1/events", "/v1/devices/{device_id}/scans", "/v1/jobs/bulk", "/readyz")
"""Streams, which do not end; the bulk submission, whose lines schemathesis cannot write; and ``/readyz``, which answers
503 when the station cannot print: that is its answer, not a mistake."""

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How it went: ``exit_code`` 0 is without a finding."""

    exit_code: int
    cases: int
    text: str


async def check_contract(
    station: StationProcess, folder: Path, *, phases: str, examples: int, seconds: float | None = None
) -> Report:
    """Ask every call so many times with the administrator's token; with ``seconds``, for so long."""
    folder.mkdir(parents=True, exist_ok=True)
    described = folder / "openapi.json"
    status, document = await station.call("GET", "/openapi.json")
    assert status == 200
    for path in NOT_ASKED:
        document["paths"].pop(path, None)
    described.write_text(json.dumps(document), encoding="utf-8")
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(described), "--url", station.address),
        *("--header", f"Authorization: Bearer {station.token}"),
        *("--checks", CHECKS, "--max-examples", str(examples), "--seed", "1", "--no-color"),
        *("--phases", phases, "--warnings", "off", "--mode", "all", "--workers", "2"),
        *("--generation-database", "none", "--request-timeout", "30"),
        *(() if seconds is None else ("--max-time", str(int(seconds)))),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder
    )
    try:
        out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    text = out.decode(errors="replace").replace(station.token, "TOKEN")
    cases = re.search(r"(\d+) generated", text)
    return Report(exit_code=process.returncode or 0, cases=int(cases[1]) if cases else 0, text=text[-12_000:])


async def campaign(minutes: float) -> Report:
    """Every phase, against a station with a simulated printer."""
    with tempfile.TemporaryDirectory(prefix="stationd-contract-") as folder:
        home = Path(folder)
        printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0, "folder": str(home / "cards")}
        async with StationProcess(home / "station", [printer], is_on_tcp=True) as station:
            await station.receive(10_000)
            report = await check_contract(
                station, home, phases="examples,coverage,fuzzing,stateful", examples=50, seconds=minutes * 60
            )
            station.check_books()
            mistakes = [line for line in station.log.read_text("utf-8").splitlines() if "cannot answer" in line]
            for line in mistakes:
                print(line)
            return replace(report, exit_code=report.exit_code or int(bool(mistakes)))


def main() -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.contract", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long to ask (%(default)s)")
    report = asyncio.run(campaign(parser.parse_args().minutes))
    print(report.text)
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
