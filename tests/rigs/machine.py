"""A whole machine with a genuine systemd: minimal Debian 12, booted in a container without network.

Packages: mmdebstrap, systemd-container. The root is made once and kept in ``.cache``; each machine writes to a layer of
its own above it. ``run`` is a command inside, ``power_cut`` kills everything in it at once.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

PROJECT = Path(__file__).resolve().parents[2]
CACHE = PROJECT / ".cache" / "machine"
INSIDE = ("systemd", "systemd-sysv", "udev", "python3", "fonts-liberation2", "adduser", "libudev1")
"""What the package depends on: installing it needs no network."""
BOOT_WITHIN_S = 60.0


def missing() -> list[str]:
    """The Debian packages that must be installed for the machine to run here."""
    programs = {"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container"}
    return [package for program, package in programs.items() if shutil.which(program) is None]


def root(*more: str) -> Path:
    """The minimal Debian root, with more packages where wanted; made the first time (about 40 s)."""
    cache = CACHE.with_name("-".join((CACHE.name, *more)))
    made = cache / "root"
    if not (cache / "whole").exists():
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(parents=True)
        _run(
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            f"--include={','.join((*INSIDE, *more))}",
            "bookworm",
            str(made),
        )
        (cache / "whole").touch()
    return made


class Machine:
    """One machine; use it as a context manager, then :meth:`boot` it as often as wanted."""

    def __init__(self, *more: str) -> None:
        """``more``: Debian packages that are in it beside what the station's package depends on."""
        self._more = more
        self.folder = Path(tempfile.mkdtemp(prefix="machine."))
        self.root = self.folder / "root"
        self._container: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def __enter__(self) -> Self:
        for name in ("root", "upper", "work"):
            (self.folder / name).mkdir()
        layers = f"lowerdir={root(*self._more)},upperdir={self.folder}/upper,workdir={self.folder}/work"
        _run("mount", "-t", "overlay", "overlay", "-o", layers, str(self.root))
        return self

    def __exit__(self, *_: object) -> None:
        self.power_cut()
        _run("umount", "-l", str(self.root))
        shutil.rmtree(self.folder, ignore_errors=True)

    def boot(self) -> float:
        """Boot, and wait until everything that is enabled runs; how many seconds that took."""
        began = time.monotonic()
        self._container = subprocess.Popen(
            [
                *("systemd-nspawn", "--quiet", "--boot", "--directory", str(self.root)),
                *("--register=no", "--keep-unit", "--private-network"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while time.monotonic() - began < BOOT_WITHIN_S:
            found = subprocess.run(
                ["pgrep", "-P", str(self._container.pid)], capture_output=True, text=True, check=False
            ).stdout.split()
            self._leader = int(found[0]) if found else 0
            if self._leader and self.run("systemctl", "is-system-running", is_checked=False).strip() in {
                "running",
                "degraded",
            }:
                return time.monotonic() - began
            time.sleep(0.1)
        raise TimeoutError("the machine did not come up in time")

    def shut_down(self) -> None:
        """An orderly end."""
        self.run("systemctl", "poweroff", is_checked=False)
        if self._container is not None:
            self._container.wait(60)
        self._container = None

    def power_cut(self) -> None:
        """Every process inside is gone at once."""
        if self._container is not None and self._container.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._leader or self._container.pid, 9)
            self._container.wait(60)
        self._container = None

    def run(self, *command: str, is_checked: bool = True, stdin: str | None = None) -> str:
        """What a command inside printed. Raises ``RuntimeError`` with it when it failed, unless not ``is_checked``."""
        inside = ("nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-C", "--")
        done = subprocess.run(
            [*inside, *command], capture_output=True, text=True, check=False, input=stdin, timeout=180
        )
        if is_checked and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def put(self, path: str, content: bytes) -> None:
        """A file inside."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """Properties of a unit; the values of one that comes several times are joined by commas."""
        found: dict[str, str] = {}
        for line in self.run("systemctl", "show", unit, *(f"-p{name}" for name in properties)).splitlines():
            name, _, value = line.partition("=")
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")


def python(machine: Machine, code: str, *arguments: Sequence[str] | str) -> str:
    """What a piece of Python printed inside, under the packaged environment."""
    return machine.run("/usr/lib/stationd/bin/python", "-c", code, *map(str, arguments))
