"""``python -m tests.campaign.kernel``: the daemon in a genuine kernel, with genuine drivers and a genuine udevd.

Boots Debian's kernel in QEMU (no KVM needed), runs :mod:`tests.campaign.in_the_guest` there, prints what was seen, and
exits with 0 when all of it was as promised. ``--record FOLDER`` keeps what udev said, as JSON lines, for tests.
"""

import argparse
import asyncio
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.rigs.kernel_guest import KernelGuest, missing
from tests.rigs.station import StationProcess

WITHIN_S = 420.0
MODULE = "tests.campaign.in_the_guest"


def main() -> int:
    """Boot, watch, sum up."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.kernel", description=__doc__)
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="keep the events of udev there")
    args = parser.parse_args()
    if packages := missing():
        print(f"install {' '.join(packages)} first", file=sys.stderr)
        return 1
    began = time.monotonic()
    status = 1
    with tempfile.TemporaryDirectory(prefix="kernel-campaign-") as folder:
        out = Path(folder)
        asyncio.run(_prepare(out))
        with KernelGuest(MODULE, out) as guest:
            for line in guest.lines(within_s=WITHIN_S):
                print(f"{time.monotonic() - began:6.1f}  {line}", flush=True)
                if ended := re.match(r"GUEST exit (\d+)", line):
                    status = int(ended[1])
        if status and (dmesg := out / "dmesg.txt").exists():
            print(dmesg.read_text(encoding="utf-8", errors="replace"), file=sys.stderr)
        if args.record is not None:
            args.record.mkdir(parents=True, exist_ok=True)
            shutil.copy(out / "events.jsonl", args.record)
    print(f"{'as promised' if status == 0 else 'NOT as promised'}, in {time.monotonic() - began:.0f} s")
    return status


async def _prepare(out: Path) -> None:
    """A station's state with a token, for the guest to start from."""
    station = StationProcess(out / "station")
    (out / "token").write_text(station.command("token", "create", "--role", "admin", "--name", "test").strip())


if __name__ == "__main__":
    sys.exit(main())
