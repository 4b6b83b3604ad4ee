"""``python -m tests.campaign.citymachine``: the city's package on a machine of its own, as its administrator sees it.

Builds the package, boots a minimal Debian 12 with a genuine systemd, PostgreSQL and a genuine NATS server, installs the
package without network, sets the city up as docs/city-operations.md says, and then: SIGKILL, a wedged loop, a database
that is away, a backup and its restore, a power cut, an upgrade and the way back, a purge. Prints what was seen, and
exits with 0 when all of it was as promised.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.campaign.machine import build
from tests.rigs.machine import Machine, missing
from tests.rigs.nats import BINARY

EXAMPLES = "/usr/share/doc/stationd-city/examples"
SERVER = "city-1.example"
IDENTITY = "A" * 86
"""64 bytes in base64url: the place of an identity, of no station."""
CALL = """
import http.client, json, sys
link = http.client.HTTPConnection("127.0.0.1", 8641, timeout=60)
token = open("/etc/stationd-city/door.token").read().strip()
link.request("GET", sys.argv[1], None, {"Authorization": f"Bearer {token}"})
answer = link.getresponse()
print(json.dumps([answer.status, answer.read().decode()]))
"""
UNITS = ("stationd-city.service", "stationd-city-backup.service", "stationd-city-backup.timer", "nats-server.service")
MOST_EXPOSED = 1.5
WITHIN_S = 120.0


def main() -> int:
    """Boot, install, break, look, sum up."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.citymachine", description=__doc__)
    parser.add_argument("--package", type=Path, metavar="FILE", help="a package that was built before")
    args = parser.parse_args()
    if packages := missing():
        print(f"install {' '.join(packages)} first", file=sys.stderr)
        return 1
    began = time.monotonic()
    package = args.package or build("build-deb-city")
    with Machine("postgresql") as machine:
        story = Story(machine, package, began)
        for act in story.acts():
            act()
    print(f"as promised, in {time.monotonic() - began:.0f} s")
    return 0


class Story:
    """One machine's life, act by act; an act raises ``AssertionError`` with what was not as promised."""

    def __init__(self, machine: Machine, package: Path, began: float) -> None:
        self.machine = machine
        self.package = package
        self.began = began

    def acts(self) -> tuple[Callable[[], None], ...]:
        """In order."""
        return (
            self.boots_and_installs,
            self.is_set_up_as_the_page_says,
            self.serves,
            self.says_how_exposed_it_is,
            self.survives_sigkill,
            self.is_started_again_when_its_loop_is_wedged,
            self.waits_for_its_database,
            self.is_backed_up_and_restored,
            self.comes_back_from_a_power_cut,
            self.is_upgraded_and_goes_back,
            self.stops_cleanly_and_leaves_its_books_when_purged,
        )

    # ------------------------------------------------------------------------------------------------------ acts

    def boots_and_installs(self) -> None:
        """``apt install ./stationd-city_*.deb`` on a machine without network."""
        machine = self.machine
        took_s = machine.boot()
        machine.put("/opt/city.deb", self.package.read_bytes())
        said = machine.run("apt-get", "install", "--yes", "--no-install-recommends", "/opt/city.deb")
        assert "then stationd-city init" in said, said
        self.tell(f"booted in {took_s:.1f} s, installed {self.package.name} ({self.package.stat().st_size >> 20} MB)")

    def is_set_up_as_the_page_says(self) -> None:
        """The database, the key, the papers, one server as shipped, and the unit."""
        machine, toml = self.machine, "/etc/stationd-city/city.toml"
        machine.run("runuser", "-u", "postgres", "--", "createuser", "stationd-city")
        machine.run("runuser", "-u", "postgres", "--", "createdb", "-O", "stationd-city", "stationd-city")
        servers = f'servers = ["tls://{SERVER}:4222"]\\nreplicas = 1\\nevents_mib = 64\\norders_mib = 64'
        machine.run("sed", "-i", f"s#^servers = .*#{servers}#", toml)
        machine.run("stationd-city", "init")
        self.serve_nats()
        said = machine.run("stationd-city", "check", is_checked=False)
        assert "books: there are none yet" in said, said
        assert "lets the city in" in said, said
        assert "wrong" not in said, said
        machine.run("systemctl", "enable", "--now", "stationd-city", "stationd-city-backup.timer")
        self.until_connected()
        out = "/var/lib/stationd-city/1671-07.creds"
        machine.run("stationd-city", "enrol", "1671-07", "Kecamatan Contoh", IDENTITY, "--out", out)
        assert machine.run("stat", "-c", "%a %U", out).split() == ["600", "stationd-city"]
        machine.run("systemctl", "start", "stationd-city-backup")
        said = machine.run("stationd-city", "check")
        assert "notice" not in said, said
        self.tell(f"set up; {machine.show('stationd-city', 'StatusText')['StatusText']}\n{said.rstrip()}")

    def serve_nats(self) -> None:
        """One server with the shipped files, its papers by `enrol`, under the shipped unit."""
        machine = self.machine
        machine.put("/usr/local/bin/nats-server", BINARY.read_bytes())
        machine.run("chmod", "755", "/usr/local/bin/nats-server")
        machine.run("sh", "-c", f"echo 127.0.0.1 {SERVER} >> /etc/hosts")
        machine.run("adduser", "--system", "--group", "--home", "/var/lib/nats", "nats")
        machine.run("install", "-d", "/opt/papers")
        enrol = f"cd /opt/papers && sh {EXAMPLES}/enrol"
        machine.run("sh", "-c", f"{enrol} authority Contoh")
        machine.run("sh", "-c", f"{enrol} server {SERVER}")
        machine.run("install", "-d", "-o", "nats", "-g", "stationd-city", "-m", "750", "/etc/nats")
        machine.run("sh", "-c", f"cp /opt/papers/servers/{SERVER}/* {EXAMPLES}/nats/*.conf /etc/nats/")
        machine.run("sh", "-c", "sed -i '/^cluster/,$d' /etc/nats/node.conf")
        machine.run("sh", "-c", "stationd-city server-config > /etc/nats/rights.conf")
        machine.run("sh", "-c", "chown nats /etc/nats/* && chmod 644 /etc/nats/city-ca.pem")
        machine.run("cp", f"{EXAMPLES}/nats/nats-server.service", "/etc/systemd/system/")
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "enable", "--now", "nats-server")
        self.until(lambda: "Server is ready" in machine.run("journalctl", "-u", "nats-server", "-o", "cat"))

    def serves(self) -> None:
        """The door, and what it tells Prometheus."""
        status, body = self.call("/v1/stations")
        assert (status, [each["id"] for each in json.loads(body)["items"]]) == (200, ["1671-07"]), body
        wanted = (
            'stationd_books_stream_led{stream="EVENTS"} 1.0',
            'stationd_books_forked{station="1671-07"} 0.0',
            "\nstationd_books_certificate_expiry_timestamp_seconds",
            "\nstationd_books_backup_timestamp_seconds",
        )
        self.until(lambda: all(each in self.call("/metrics")[1] for each in wanted))
        pid = self.machine.show("stationd-city", "MainPID")["MainPID"]
        resident = self.machine.run("grep", "VmRSS", f"/proc/{pid}/status").split()[1]
        self.tell(f"the door answers; {int(resident) >> 10} MB")

    def says_how_exposed_it_is(self) -> None:
        """The sandboxes, as the running units have them; systemd has nothing to say against their files."""
        scores = {}
        for unit in ("stationd-city", "stationd-city-backup", "nats-server"):
            said = self.machine.run("systemd-analyze", "security", unit, "--no-pager", is_checked=False)
            scores[unit] = float(said.rsplit(f"exposure level for {unit}.service:", 1)[1].split()[0])
            assert scores[unit] <= MOST_EXPOSED, said
        said = self.machine.run("systemd-analyze", "verify", *UNITS, is_checked=False)
        assert not said.strip(), said
        self.tell(f"exposure {scores}")

    def survives_sigkill(self) -> None:
        """It is started again, and connects again."""
        for _ in range(3):
            before = self.pid()
            self.machine.run("sh", "-c", f"kill -KILL {before}")
            self.until(lambda: self.pid() not in {before, "0"})  # noqa: B023 - asked at once
            self.until_connected()
        self.tell("killed three times, and connected again each time")

    def is_started_again_when_its_loop_is_wedged(self) -> None:
        """SIGSTOP: alive, and doing nothing. The watchdog ends it; its five minutes are made ten seconds here."""
        machine, before = self.machine, self.pid()
        machine.put("/etc/systemd/system/stationd-city.service.d/soon.conf", b"[Service]\nWatchdogSec=10s\n")
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", "stationd-city")
        self.until_connected()
        before, began = self.pid(), time.monotonic()
        machine.run("sh", "-c", f"kill -STOP {before}")
        self.until(lambda: self.pid() not in {before, "0"})
        took_s = time.monotonic() - began
        self.until_connected()
        machine.run("rm", "-r", "/etc/systemd/system/stationd-city.service.d")
        machine.run("systemctl", "daemon-reload")
        self.tell(f"wedged; the watchdog ended it after {took_s:.0f} s")

    def waits_for_its_database(self) -> None:
        """PostgreSQL goes and comes under it, and is not there when it starts."""
        machine = self.machine
        machine.run("systemctl", "stop", "postgresql@15-main")
        self.until(lambda: "stationd_books_connected 0.0" in self.call("/metrics")[1])
        before = self.pid()
        machine.run("systemctl", "start", "postgresql@15-main")
        self.until_connected()
        assert self.pid() == before, "it need not be started again for that"
        machine.run("systemctl", "stop", "stationd-city", "postgresql@15-main")
        machine.run("systemctl", "start", "--no-block", "stationd-city")
        self.until(lambda: "waits for the database" in machine.show("stationd-city", "StatusText")["StatusText"])
        said = machine.show("stationd-city", "StatusText", "ActiveState")
        assert said["ActiveState"] == "activating", said
        machine.run("systemctl", "start", "postgresql@15-main")
        self.until_connected()
        assert "Traceback" not in machine.run("journalctl", "-u", "stationd-city", "-o", "cat")
        self.tell(f"PostgreSQL away: {said['StatusText']}; then it went on")

    def is_backed_up_and_restored(self) -> None:
        """By the timer's service, and as the page says."""
        machine = self.machine
        machine.run("systemctl", "start", "stationd-city-backup")
        newest = machine.run("sh", "-c", "ls /var/backups/stationd-city/*.dump").split()[-1]
        machine.run("stationd-city", "issue-blanks", "1671-07", "500", "SJ-1")  # after the backup
        machine.run("systemctl", "stop", "stationd-city")
        machine.run("runuser", "-u", "postgres", "--", "dropdb", "stationd-city")
        machine.run("runuser", "-u", "postgres", "--", "createdb", "-O", "stationd-city", "stationd-city")
        machine.run("runuser", "-u", "stationd-city", "--", "pg_restore", "--no-owner", "-d", "stationd-city", newest)
        machine.run("stationd-city", "replay")
        machine.run("systemctl", "start", "stationd-city")
        self.until_connected()
        assert "1671-07" in machine.run("stationd-city", "stations")
        assert not machine.run("stationd-city", "reconcile").strip()
        self.tell(f"restored {Path(newest).name}, as of before the blanks")

    def comes_back_from_a_power_cut(self) -> None:
        """By itself."""
        self.machine.power_cut()
        self.machine.boot()
        self.until_connected()
        assert "1671-07" in self.machine.run("stationd-city", "stations")
        self.tell("came back from a power cut by itself")

    def is_upgraded_and_goes_back(self) -> None:
        """A package with a higher version, then the former one again; what was configured stays."""
        machine = self.machine
        copies = machine.run("sh", "-c", "ls /var/backups/stationd-city/*.dump").split()
        machine.run("dpkg-deb", "-R", "/opt/city.deb", "/opt/next")
        machine.run("sed", "-i", "s/^Version: .*/Version: 99.0/", "/opt/next/DEBIAN/control")
        machine.run("dpkg-deb", "-Znone", "-b", "/opt/next", "/opt/next.deb")
        for package in ("/opt/next.deb", "/opt/city.deb"):
            before = self.pid()
            machine.run("apt-get", "install", "--yes", "--allow-downgrades", package)
            self.until(lambda: self.pid() not in {before, "0"})  # noqa: B023 - asked at once
            self.until_connected()
        assert SERVER in machine.run("cat", "/etc/stationd-city/city.toml")
        made = machine.run("sh", "-c", "ls /var/backups/stationd-city/*.dump").split()
        assert len(made) > len(copies), "no copy was made before the upgrade"
        self.tell("upgraded and gone back one version")

    def stops_cleanly_and_leaves_its_books_when_purged(self) -> None:
        """Its end is told and quick; a purge takes the program and its configuration, and no document."""
        machine = self.machine
        machine.run("systemctl", "stop", "stationd-city")
        ended = machine.show("stationd-city", "Result", "ExecMainStatus")
        assert ended == {"Result": "success", "ExecMainStatus": "0"}, ended
        machine.run("apt-get", "purge", "--yes", "stationd-city")
        left = machine.run("ls", "/etc/stationd-city", "/var/backups/stationd-city")
        assert "city.key" in left, left
        assert ".dump" in left, left
        assert "city.toml" not in left, left
        machine.run("apt-get", "install", "--yes", "/opt/city.deb")
        assert "1671-07" in machine.run(
            "runuser", "-u", "postgres", "--", "psql", "-Atc", "SELECT id FROM station", "stationd-city"
        )
        self.tell("stopped cleanly; a purge left the books, their copies and the key")

    # ------------------------------------------------------------------------------------------------------ means

    def tell(self, line: str) -> None:
        """A line of the story."""
        print(f"{time.monotonic() - self.began:6.1f}  {line}", flush=True)

    def pid(self) -> str:
        """The process of the books; ``"0"`` without one."""
        return self.machine.show("stationd-city", "MainPID")["MainPID"]

    def call(self, path: str) -> tuple[int, str]:
        """Status and answer of the door."""
        status, text = json.loads(self.machine.run("python3", "-c", CALL, path))
        return status, text

    def until_connected(self) -> None:
        """Wait until it is ready and connected."""
        machine = self.machine
        self.until(lambda: machine.show("stationd-city", "ActiveState")["ActiveState"] == "active")
        self.until(lambda: "stationd_books_connected 1.0" in self.call("/metrics")[1])

    def until(self, is_so: Callable[[], bool], within_s: float = WITHIN_S) -> None:
        """Wait for something."""
        began = time.monotonic()
        while True:
            try:
                if is_so():
                    return
            except (RuntimeError, KeyError):
                pass
            if time.monotonic() - began >= within_s:
                log = self.machine.run("journalctl", "-n", "40", "--no-pager", "-o", "short-precise", is_checked=False)
                raise AssertionError(f"it did not come in time\n{log}")
            time.sleep(0.3)


if __name__ == "__main__":
    sys.exit(main())
