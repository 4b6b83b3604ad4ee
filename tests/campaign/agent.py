"""The agent's unit on a genuine systemd: sealed off, its certificate a credential, it sends to a genuine receiver.

``python -m tests.campaign.agent``: a minimal Debian in a container, Debian's prometheus in it twice, once as the agent
under ``systemd/stationd-agent.service`` and once as the city. The agent is killed and comes back.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.rigs.agent_and_city import ROOT, certify
from tests.rigs.machine import Machine, missing

WITHIN_S = 60.0
UNIT = "stationd-agent.service"
_CITY = "127.0.0.1:9443"
_ASK = f"""
import ssl, urllib.request
context = ssl.create_default_context(cafile="/srv/all.pem")
context.load_cert_chain("/srv/all.pem")
url = "https://{_CITY}/api/v1/query?query=count_over_time(up[1h])"
print(urllib.request.urlopen(url, context=context).read().decode())
"""


def install(machine: Machine, folder: Path) -> None:
    """Put in what docs/city.md says, and a city."""
    pem = certify(folder).read_bytes()
    agent = (ROOT / "config/prometheus/agent.yml").read_text(encoding="utf-8")
    agent = agent.replace("monitor.example.org:9090", _CITY).replace("interval: 30s", "interval: 1s")
    files = {"agent.yml": agent.encode(), "city-ca.pem": pem, "station.pem": pem, "agent.key": pem}
    for name, content in files.items():
        machine.put(f"/etc/stationd/{name}", content)
        (machine.root / "etc/stationd" / name).chmod(0o600)
    (machine.root / "etc/stationd").chmod(0o750)
    machine.put(f"/lib/systemd/system/{UNIT}", (ROOT / "systemd" / UNIT).read_bytes())
    web = (ROOT / "config/city/web.yml").read_text(encoding="utf-8")
    for name in ("city.pem", "city.key", "city-ca.pem"):
        web = web.replace(f"/etc/prometheus/{name}", "/srv/all.pem")
    for name, content in (("city.yml", b"global: {}\n"), ("web.yml", web.encode()), ("all.pem", pem)):
        machine.put(f"/srv/{name}", content)
    shutil.copy2("/usr/bin/prometheus", machine.root / "usr/bin/prometheus")


def arrived(machine: Machine, more_than: int = 0) -> int:
    """How many samples the city has of the station, once there are more than so many."""
    began = time.monotonic()
    while time.monotonic() - began < WITHIN_S:
        said = machine.run("python3", "-c", _ASK, is_checked=False)
        if '"station":"1671-07"' in said:
            count = int(said.rpartition(',"')[2].partition('"')[0])
            if count > more_than:
                return count
        time.sleep(0.5)
    raise TimeoutError("nothing came from the agent: " + machine.run("journalctl", "-u", UNIT, "--no-pager"))


def main() -> int:
    """0 when all was as promised."""
    lacking = missing()
    if lacking:
        print(f"install first: {' '.join(lacking)}", file=sys.stderr)
        return 1
    with Machine() as machine, tempfile.TemporaryDirectory() as folder:
        install(machine, Path(folder))
        machine.boot()
        options = {"config.file": "city.yml", "web.config.file": "web.yml", "storage.tsdb.path": "tsdb"}
        city = [f"--{name}=/srv/{file}" for name, file in options.items()]
        city += ["--web.enable-remote-write-receiver", f"--web.listen-address={_CITY}"]
        machine.run("systemd-run", "--unit=city", "prometheus", *city)
        machine.run("systemctl", "enable", "--now", UNIT)
        print(f"samples at the city  {arrived(machine)}")
        shown = machine.show(UNIT, "MainPID", "DynamicUser", "NRestarts")
        status = machine.run("cat", f"/proc/{shown['MainPID']}/status")
        facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert shown["DynamicUser"] == "yes", shown
        assert (facts["CapEff"], facts["NoNewPrivs"], facts["Seccomp"]) == ("0" * 16, "1", "2"), facts
        print(f"resident             {facts['VmRSS'].strip()}")
        said = machine.run("systemd-analyze", "security", UNIT, is_checked=False).splitlines()[-1]
        print(f"exposure             {said.partition(': ')[2]}")
        assert float(said.partition(": ")[2].split()[0]) < 1.5, said
        machine.run("systemctl", "kill", "-s", "KILL", UNIT)
        print(f"killed, and then     {arrived(machine, arrived(machine) + 2)}")
        assert machine.show(UNIT, "NRestarts")["NRestarts"] == "1"
    print("as promised")
    return 0


if __name__ == "__main__":
    sys.exit(main())
