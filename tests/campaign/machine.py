"""``python -m tests.campaign.machine``: the package on a machine of its own, as a technician and a bad day see it.

Builds the package, boots a minimal Debian 12 with a genuine systemd, installs the package without network, sets the
station up from a file, prints a card, and then: SIGKILL under load, a wedged loop, a power cut, a reboot, a reload, an
upgrade and the way back. Prints what was seen, and exits with 0 when all of it was as promised.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.rigs.documents import png
from tests.rigs.machine import PROJECT, Machine, missing, python
from tests.rigs.station import job

ANSWERS = """
[station]
id = "1671-07"
name = "Kecamatan Contoh"
[clock]
trust = "always"
[[printer]]
name = "kartu-1"
driver = "simulator"
seconds = 0.2
folder = "/var/lib/stationd/cards"
[officer]
number = "199901012026011001"
name = "Petugas Contoh"
decree = "SK Contoh 1/2026"
from = 2026-01-01
until = 2029-12-31
pin = "rahasia-contoh"
"""
PIN = "rahasia-contoh"
OFFICER = "199901012026011001"
CALL = """
import http.client, json, sys
method, path, token, body = sys.argv[1:5]
headers = {"Authorization": f"Bearer {token}"} if token else {}
if body: headers["Content-Type"] = "application/json"
if len(sys.argv) > 5: headers["Idempotency-Key"] = sys.argv[5]
link = http.client.HTTPConnection("127.0.0.1", 8631, timeout=60)
link.request(method, path, body or None, headers)
answer = link.getresponse()
print(json.dumps([answer.status, answer.read().decode()]))
"""
HAMMER = """
import http.client, os, signal, subprocess, time
ok, failed, kills, until, next_kill = 0, [], 0, time.monotonic() + 15, time.monotonic() + 1
while time.monotonic() < until:
    try:
        link = http.client.HTTPConnection("127.0.0.1", 8631, timeout=30)
        link.request("GET", "/healthz"); link.getresponse().read(); ok += 1
    except (ConnectionResetError, http.client.RemoteDisconnected, http.client.IncompleteRead):
        pass  # was being answered when the process was killed
    except OSError as error:
        failed.append(repr(error))
    if time.monotonic() > next_kill:
        asked = ["systemctl", "show", "-p", "MainPID", "--value", "stationd"]
        pid = subprocess.run(asked, capture_output=True, text=True).stdout.strip()
        if pid != "0": os.kill(int(pid), signal.SIGKILL); kills += 1
        next_kill = time.monotonic() + 4
    time.sleep(0.01)
print(ok, kills, failed[:3])
"""


def main() -> int:
    """Boot, install, break, look, sum up."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.machine", description=__doc__)
    parser.add_argument("--package", type=Path, metavar="FILE", help="a package that was built before")
    args = parser.parse_args()
    if packages := missing():
        print(f"install {' '.join(packages)} first", file=sys.stderr)
        return 1
    began = time.monotonic()
    package = args.package or build("build-deb")
    with Machine() as machine:
        story = Story(machine, package, began)
        for act in story.acts():
            act()
    print(f"as promised, in {time.monotonic() - began:.0f} s")
    return 0


def build(program: str) -> Path:
    """A package, built now."""
    done = subprocess.run(
        [PROJECT / "systemd" / program, PROJECT / "dist"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")
    return Path(done.stdout.splitlines()[-1])


class Story:
    """One machine's life, act by act; an act raises ``AssertionError`` with what was not as promised."""

    def __init__(self, machine: Machine, package: Path, began: float) -> None:
        self.machine = machine
        self.package = package
        self.began = began
        self.number = 0
        self.admin = ""

    def acts(self) -> tuple[Callable[[], None], ...]:
        """In order."""
        return (
            self.boots_and_installs,
            self.is_set_up_from_a_file,
            self.prints_a_card,
            self.says_how_exposed_it_is,
            self.refuses_nobody_while_it_is_killed,
            self.is_started_again_when_its_loop_is_wedged,
            self.survives_a_power_cut_and_a_reboot,
            self.reloads,
            self.is_upgraded_and_goes_back,
            self.uses_its_devices_and_no_others,
            self.backs_up,
        )

    def tell(self, line: str) -> None:
        """A line of the story."""
        print(f"{time.monotonic() - self.began:6.1f}  {line}", flush=True)

    # ------------------------------------------------------------------------------------------------------ acts

    def boots_and_installs(self) -> None:
        """``apt install ./stationd_*.deb`` on a machine without network."""
        machine = self.machine
        took_s = machine.boot()
        machine.put("/opt/stationd.deb", self.package.read_bytes())
        said = machine.run("apt-get", "install", "--yes", "--no-install-recommends", "/opt/stationd.deb")
        assert "stationd setup" in said, said
        self.tell(f"booted in {took_s:.1f} s, installed {self.package.name} ({self.package.stat().st_size >> 20} MB)")

    def is_set_up_from_a_file(self) -> None:
        """One file makes the station."""
        machine = self.machine
        machine.put("/opt/answers.toml", ANSWERS.encode())
        said = machine.run("stationd", "setup", "--file", "/opt/answers.toml")
        assert "sealed to this machine" in said, said
        assert "the station is enabled and runs" in said, said
        self.admin = machine.run("stationd", "token", "create", "--role", "admin", "--name", "campaign").strip()
        doctor = json.loads(machine.run("stationd", "doctor", "--json", is_checked=False).rsplit("]", 1)[0] + "]")
        wrong = [each for each in doctor if each["level"] == "wrong"]
        assert not wrong, wrong
        again = machine.run("stationd", "setup", "--file", "/opt/answers.toml", is_checked=False)
        assert "exists" in again, again
        self.tell(f"set up; the doctor looked at {len(doctor)} things and found nothing wrong")

    def prints_a_card(self) -> None:
        """Blanks, an officer on duty, an order, a card."""
        status, _ = self.call("POST", "/v1/blanks/entries", {"kind": "received", "quantity": 100})
        assert status == 201
        _, answer = self.call("POST", "/v1/sessions", {"number": OFFICER, "pin": PIN})
        assert self.call("POST", "/v1/duty", token=answer["token"])[0] == 204
        self.print_one()
        shown = self.machine.show("stationd", "StatusText", "MainPID")
        resident = self.machine.run("grep", "VmRSS", f"/proc/{shown['MainPID']}/status").split()[1]
        assert "is ready" in shown["StatusText"], shown
        self.tell(f"printed; systemd says: {shown['StatusText']}, {int(resident) >> 10} MB")

    def says_how_exposed_it_is(self) -> None:
        """The sandbox, as the running unit has it."""
        said = self.machine.run("systemd-analyze", "security", "stationd", "--no-pager", is_checked=False)
        score = float(said.rsplit("exposure level for stationd.service:", 1)[1].split()[0])
        assert score <= 1.5, said
        self.tell(f"exposure {score}")

    def refuses_nobody_while_it_is_killed(self) -> None:
        """The socket units hold what comes in."""
        ok, kills, failed = python(self.machine, HAMMER).split(maxsplit=2)
        assert failed.strip() == "[]", failed
        assert int(kills) >= 3
        self.tell(f"{ok} requests answered over {kills} SIGKILLs, none refused")

    def is_started_again_when_its_loop_is_wedged(self) -> None:
        """SIGSTOP: alive, and doing nothing. The watchdog ends it."""
        machine = self.machine
        before = machine.show("stationd", "MainPID", "NRestarts")
        machine.run("sh", "-c", f"kill -STOP {before['MainPID']}")
        began = time.monotonic()
        while machine.show("stationd", "MainPID")["MainPID"] == before["MainPID"]:
            assert time.monotonic() - began < 120, "the watchdog did not bite"
            time.sleep(0.5)
        took_s = time.monotonic() - began
        self.until_up()
        self.print_one()
        self.tell(f"wedged; the watchdog ended it after {took_s:.0f} s, and it printed again")

    def survives_a_power_cut_and_a_reboot(self) -> None:
        """The key opens, the officer is still on duty, the books are in order."""
        machine = self.machine
        machine.power_cut()
        machine.boot()
        self.until_up()
        self.print_one()
        machine.shut_down()
        machine.boot()
        self.until_up()
        self.print_one()
        self.verify()
        self.tell("came back from a power cut and from a reboot by itself, and the books are in order")

    def reloads(self) -> None:
        """Another name in the configuration; then one that is wrong."""
        machine = self.machine
        machine.run("sed", "-i", "s/Kecamatan Contoh/Kecamatan Umpama/", "/etc/stationd/stationd.toml")
        machine.run("systemctl", "reload", "stationd")
        self.until(lambda: self.call("GET", "/v1/station")[1]["name"] == "Kecamatan Umpama")
        machine.run("sed", "-i", "s/^name/nmae/", "/etc/stationd/stationd.toml")
        machine.run("systemctl", "reload", "stationd")
        self.until(lambda: "cannot reload" in machine.run("journalctl", "-u", "stationd", "-o", "cat", "-n", "50"))
        machine.run("sed", "-i", "s/^nmae/name/", "/etc/stationd/stationd.toml")
        self.until(lambda: self.call("GET", "/v1/station")[0] == 200)
        told = machine.run("journalctl", "STATIOND_STATION=1671-07", "-o", "cat")
        assert "is up" in told, told
        self.tell("reloaded, and kept what it had when the file was wrong; the journal has its fields")

    def is_upgraded_and_goes_back(self) -> None:
        """A package with a higher version, then the former one again; the books stay."""
        machine = self.machine
        machine.run("dpkg-deb", "-R", "/opt/stationd.deb", "/opt/next")
        machine.run("sed", "-i", "s/^Version: .*/Version: 99.0/", "/opt/next/DEBIAN/control")
        machine.run("dpkg-deb", "-Znone", "-b", "/opt/next", "/opt/next.deb")
        said = machine.run("apt-get", "install", "--yes", "/opt/next.deb")
        assert "can run here" in said, said
        self.until_up()
        self.print_one()
        machine.run("apt-get", "install", "--yes", "--allow-downgrades", "/opt/stationd.deb")
        self.until_up()
        self.print_one()
        self.verify()
        copies = machine.run("ls", "/var/backups/stationd")
        assert "before-upgrade-from-" in copies, copies
        self.tell("upgraded and gone back one version, with every card in the books")

    def uses_its_devices_and_no_others(self) -> None:
        """What the daemon's user and sandbox let it open: nodes of printers and serial lines by their groups."""
        machine = self.machine
        pid = machine.show("stationd", "MainPID")["MainPID"]
        groups = machine.run("grep", "^Groups:", f"/proc/{pid}/status").split()[1:]
        names = {line.split(":")[0]: line.split(":")[2] for line in machine.run("cat", "/etc/group").splitlines()}
        assert {names["lp"], names["dialout"]} <= set(groups), groups
        allowed = machine.show("stationd", "DeviceAllow", "DevicePolicy")
        assert allowed["DevicePolicy"] == "closed"
        assert "block" not in allowed["DeviceAllow"], allowed
        uid = machine.run("stat", "-c", "%U", "/var/lib/stationd/station.db").strip()
        assert uid == "stationd", "a command of root left the books to root"
        self.tell(f"devices: {allowed['DeviceAllow']}")

    def backs_up(self) -> None:
        """The timer's service, and what it made."""
        machine = self.machine
        machine.run("systemctl", "start", "stationd-backup.service")
        made = machine.run("sh", "-c", "ls /var/backups/stationd/stationd-*.db").split()
        assert made
        machine.run("systemctl", "start", "stationd-figures.service")
        figures = machine.run("cat", "/var/lib/stationd-figures/stationd.prom")
        assert re.search(r'^stationd_build_info\{.*station="', figures, re.MULTILINE), figures[:500]
        units = ("stationd.service", "stationd-backup.timer", "stationd-figures.timer")
        said = machine.run("systemd-analyze", "verify", *units, is_checked=False)
        assert not said.strip(), said
        self.tell(f"backed up: {Path(made[-1]).name}; systemd has nothing to say against the units")

    # ------------------------------------------------------------------------------------------------------ means

    def call(self, method: str, path: str, body: object = None, *, token: str | None = None, key: str = "") -> tuple:
        """Status and answer of one call inside."""
        sent = "" if body is None else json.dumps(body)
        extra = [key] if key else []
        said = python(self.machine, CALL, method, path, self.admin if token is None else token, sent, *extra)
        status, text = json.loads(said)
        return status, json.loads(text) if text.startswith(("{", "[")) else text

    def print_one(self) -> None:
        """One more order, until its card is there."""
        self.number += 1
        status, answer = self.call("POST", "/v1/jobs", job(self.number, png(64)), key=f"key-{self.number}")
        assert status == 201, answer
        self.until(lambda: self.call("GET", f"/v1/jobs/{answer['id']}")[1]["state"] == "printed")

    def until_up(self) -> None:
        """Wait until the API answers."""
        self.until(lambda: self.call("GET", "/healthz", token="")[0] == 200)

    def until(self, is_so: Callable[[], bool], within_s: float = 60) -> None:
        """Wait for something."""
        began = time.monotonic()
        while True:
            try:
                if is_so():
                    return
            except (RuntimeError, KeyError, TypeError):
                pass
            assert time.monotonic() - began < within_s, "it did not come in time"
            time.sleep(0.3)

    def verify(self) -> None:
        """Every book is in order, and holds every card."""
        said = self.machine.run("stationd", "verify")
        assert "in order" in said, said
        cards = self.machine.run("sh", "-c", "ls /var/lib/stationd/cards | wc -l").strip()
        assert int(cards) == self.number, (cards, self.number)


if __name__ == "__main__":
    sys.exit(main())
