"""The backend wrapper run as cupsd runs it: one start of the real backend a job, whatever the job is called."""

import os
import stat
import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.rigs.cupsd import ONCE

UUID = "0f9d4a52-1111-3222-8333-0123456789ab"
OPTIONS = f"finishings=3 job-uuid=urn:uuid:{UUID} job-originating-host-name=localhost"
HOSTILE = "'; touch pwned; echo $(touch pwned) `touch pwned`\nERROR: forged\t\\ job-uuid=urn:uuid:" + UUID
HOLD, STOP = 3, 4


@pytest.fixture
def once():
    """The script as a module, for its rules."""
    module = ModuleType("stationd_once")
    exec(compile(ONCE.read_text(), str(ONCE), "exec"), module.__dict__)
    return module


@pytest.fixture
def cups(tmp_path):
    """A folder with a spool and a real backend that writes down how it was started; gives a function that runs it."""
    backends = tmp_path / "bin/backend"
    backends.mkdir(parents=True)
    (tmp_path / "spool").mkdir()
    real = backends / "real"
    real.write_text(
        f'#!/bin/sh\nprintf "%s|" "$DEVICE_URI" "$@" >> {tmp_path}/started; echo >> {tmp_path}/started\n'
        f". {tmp_path}/behaviour\n"
    )
    real.chmod(0o700)
    (tmp_path / "behaviour").touch()

    def run(*arguments: str, uri: str = "stationd-once:real://HID/X?serial=A%201;touch", **changes: str):
        variables = {"CUPS_SERVERBIN": str(tmp_path / "bin"), "CUPS_REQUESTROOT": str(tmp_path / "spool")}
        return subprocess.run(
            [str(ONCE), *arguments],
            env={"PATH": os.environ["PATH"], "DEVICE_URI": uri, **variables, **changes},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    run.folder = tmp_path
    return run


def starts(cups) -> list[str]:
    path = cups.folder / "started"
    return path.read_text().splitlines() if path.exists() else []


def job(number: int = 7, title: str = "stationd-1", options: str = OPTIONS) -> tuple[str, ...]:
    return (str(number), "stationd", title, "1", options, "/dev/null")


def test_a_job_is_started_once_and_held_ever_after(cups):
    assert cups(*job()).returncode == 0
    for _ in range(3):
        again = cups(*job(8))  # the number is no name: CUPS begins again at 1
        assert again.returncode == HOLD
        assert "begun before" in again.stderr
    assert starts(cups) == [f"real://HID/X?serial=A%201;touch|7|stationd|stationd-1|1|{OPTIONS}|/dev/null|"]
    marker = cups.folder / "spool/stationd-once" / UUID
    assert marker.read_text() == "job 7\n", "nothing of the job's title is kept"
    assert stat.S_IMODE(marker.stat().st_mode) == 0o600


def test_a_hostile_title_is_handed_on_as_it_is_and_runs_nothing(cups):
    assert cups(*job(title=HOSTILE)).returncode == 0
    assert (cups.folder / "started").read_text().split("|")[3] == HOSTILE
    assert not (cups.folder / "pwned").exists()


@pytest.mark.parametrize(
    "options",
    [
        "",
        "job-uuid=",
        "job-uuid=../../etc/passwd",
        "job-uuid=urn:uuid:../../../etc/cron.d/x",
        f"job-name=job-uuid\\ job-uuid\\=urn:uuid:{UUID}",
        f"job-name='a job-uuid=urn:uuid:{UUID}'",
        f"{OPTIONS} job-uuid=urn:uuid:{UUID[:-1]}c",
    ],
)
def test_a_job_without_one_uuid_of_its_own_is_held(cups, options):
    assert cups(*job(options=options)).returncode == HOLD
    assert starts(cups) == []


@pytest.mark.parametrize(
    "uri",
    ["stationd-once:", "stationd-once:/dev/usb/lp0", "stationd-once:stationd-once:real://x", "stationd-once:none://x"],
)
def test_a_queue_without_a_real_backend_stops(cups, uri):
    assert cups(*job(), uri=uri).returncode == STOP
    assert cups(*job()).returncode == 0, "nothing was marked"


def test_a_backend_that_others_may_write_is_not_started(cups):
    (cups.folder / "bin/backend/real").chmod(0o722)
    assert cups(*job()).returncode == STOP
    assert starts(cups) == []


def test_a_marker_that_cannot_be_written_stops_the_queue_and_sends_nothing(cups):
    told = cups(*job(), CUPS_REQUESTROOT=str(cups.folder / "nowhere"))
    assert told.returncode == STOP
    assert "nothing was sent" in told.stderr
    assert starts(cups) == []


def test_the_status_of_the_real_backend_is_told_and_a_killed_one_is_held(cups):
    (cups.folder / "behaviour").write_text("exit 1\n")
    assert cups(*job()).returncode == 1
    (cups.folder / "behaviour").write_text("kill -KILL $$\n")
    assert cups(*job(options=OPTIONS.replace("ab", "cd"))).returncode == HOLD


def test_without_arguments_it_introduces_itself(cups):
    assert cups().stdout.startswith("direct stationd-once ")


def test_a_marker_goes_only_when_no_job_file_names_it_and_time_of_the_machine_has_passed(once, tmp_path, monkeypatch):
    folder = tmp_path / "stationd-once"
    folder.mkdir()
    (folder / UUID).write_text("job 7\n")
    job_file = tmp_path / "c00007"
    job_file.write_bytes(b"\x01\x01job-uuid\0\x2durn:uuid:" + UUID.encode() + b"\x03")
    clock = [1000.0]
    # a clock of the running time only: the wall clock has no part in it
    monkeypatch.setattr(once, "time", SimpleNamespace(CLOCK_BOOTTIME=7, clock_gettime=lambda _: clock[0]))

    def sweep(later_s: float = 0.0, boot: str = "b1") -> bool:
        clock[0] += later_s
        monkeypatch.setattr(once, "boot_id", lambda: boot)
        once.sweep(str(folder), str(tmp_path))
        return (folder / UUID).exists()

    assert sweep()
    assert sweep(later_s=1e6), "CUPS still has the job"
    job_file.unlink()
    assert sweep()
    assert sweep(later_s=3599)
    job_file.write_bytes(UUID.encode().join([b"urn:uuid:", b""]))
    assert sweep(later_s=1e6)
    job_file.unlink()
    assert sweep(), "seen without a job for the first time again"
    assert not sweep(later_s=3600)
    (folder / UUID).write_text("job 7\n")
    assert sweep()
    assert not sweep(boot="b2"), "the machine has been restarted in between"


def test_the_script_is_executable_and_needs_no_package():
    assert os.access(ONCE, os.X_OK)
    assert Path(ONCE).read_text().startswith("#!/usr/bin/python3 -IS\n")
