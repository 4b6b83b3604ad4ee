"""Debian's kernel in QEMU without KVM, with this machine's own root inside: real usblp, cdc_acm, ftdi_sio and udevd.

The root is shared read-only over 9p below a tmpfs, so that the same environment runs inside and nothing of it is
changed. Printers are gadgets on ``dummy_hcd`` (the far end of the cable is a file in the guest); QEMU's own USB devices
come and go through QMP, when the program inside asks for them by a line ``HOST {…}``. ``kill()`` is a true power cut.

Packages: qemu-system-x86, busybox-static, kmod, cpio, udev. The kernel is fetched with apt and kept in ``.cache``.
"""

import contextlib
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

PROJECT = Path(__file__).resolve().parents[2]
CACHE = PROJECT / ".cache" / "kernel"
_EARLY_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
_TOOLS = ("cat", "chroot", "mkdir", "modprobe", "mount", "sh")
_PACKAGES = {"qemu-system-x86_64": "qemu-system-x86", "busybox": "busybox-static", "cpio": "cpio", "depmod": "kmod"}


def missing() -> list[str]:
    """The Debian packages that must be installed for the guest to run here."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [package for program, package in _PACKAGES.items() if shutil.which(program, path=path) is None]


def kernel(cache: Path = CACHE) -> Path:
    """The folder of Debian's newest kernel with its modules; fetched with apt the first time (70 MB)."""
    depends = _output("apt-cache", "depends", "linux-image-amd64")
    found = re.search(r"linux-image-(\S+)", depends.split("Depends:", 1)[-1])
    if found is None:
        raise RuntimeError("cannot find Debian's kernel: apt-cache knows no linux-image-amd64")
    version = found[1]
    folder = cache.resolve() / version
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _output("apt-get", "download", f"linux-image-{version}", cwd=folder)
        (package,) = folder.glob("*.deb")
        _output("dpkg", "-x", str(package), str(folder))
        package.unlink()
        _output("/usr/sbin/depmod", "-b", str(folder), version)
        (folder / "whole").touch()
    return folder


class KernelGuest:
    """One boot of the guest, running ``python -m MODULE``; use it as a context manager."""

    def __init__(self, module: str, out: Path, *, memory_mb: int = 1024) -> None:
        """``out`` is a folder of this machine that the guest sees as ``/mnt/out``."""
        self._module = module
        self._out = out
        self._memory_mb = memory_mb
        self._folder = Path(tempfile.mkdtemp(prefix="guest."))
        self._process: subprocess.Popen[str] | None = None
        self.serial: socket.socket | None = None
        """The far end of QEMU's USB serial adapter, once the guest has asked for it."""

    def __enter__(self) -> Self:
        folder = kernel()
        version = folder.name
        initrd = self._folder / "initrd.gz"
        initrd.write_bytes(gzip.compress(_initrd(folder, self._folder), 1))
        line = f"console=ttyS0 quiet panic=-1 mitigations=off rig.project={PROJECT} rig.kernel={folder}"
        shared = "local,security_model=none"
        self._process = subprocess.Popen(
            [
                *("qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max"),
                *("-smp", "2", "-m", str(self._memory_mb), "-nodefaults", "-no-reboot", "-display", "none"),
                *("-kernel", str(folder / "boot" / f"vmlinuz-{version}"), "-initrd", str(initrd)),
                *("-append", f"{line} rig.module={self._module}", "-serial", "stdio"),
                *("-fsdev", f"{shared},id=r,path=/,readonly=on,multidevs=remap"),
                *("-device", "virtio-9p-pci,fsdev=r,mount_tag=hostroot"),
                *("-fsdev", f"{shared},id=o,path={self._out}", "-device", "virtio-9p-pci,fsdev=o,mount_tag=out"),
                *("-device", "qemu-xhci,id=xhci"),
                *("-qmp", f"unix:{self._folder}/qmp.sock,server=on,wait=off"),
                *("-chardev", f"socket,id=line,path={self._folder}/line.sock,server=on,wait=off"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        if self.serial is not None:
            self.serial.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """Cut the power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def lines(self, *, within_s: float) -> Iterator[str]:
        """What the guest says, until it is off; requests to the host are carried out and not told.

        Raises ``TimeoutError`` when it is not off in time.
        """
        process = self._process
        assert process is not None, "enter it first"
        assert process.stdout is not None
        began = time.monotonic()
        watchdog = threading.Timer(within_s, process.kill)
        watchdog.start()
        try:
            for raw in process.stdout:
                line = raw.rstrip()
                if line.startswith("HOST "):
                    self._serve(json.loads(line.removeprefix("HOST ")))
                elif line:
                    yield line
        finally:
            watchdog.cancel()
        if time.monotonic() - began >= within_s:
            raise TimeoutError(f"the guest was not off after {within_s:.0f} s")

    def _serve(self, request: dict[str, Any]) -> None:
        """Carry out what the guest asks: ``{"plug": {…device_add…}}``, ``{"pull": ID}`` or ``{"say": text}``."""
        if "plug" in request:
            if request["plug"].get("chardev") and self.serial is None:
                # QEMU's serial adapter is only on the bus while somebody holds its far end.
                self.serial = socket.socket(socket.AF_UNIX)
                self.serial.connect(str(self._folder / "line.sock"))
            self._qmp("device_add", **request["plug"])
        elif "pull" in request:
            self._qmp("device_del", id=request["pull"])
        elif "say" in request and self.serial is not None:
            self.serial.sendall(request["say"].encode())

    def _qmp(self, command: str, **arguments: object) -> None:
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as raw:
            raw.connect(str(self._folder / "qmp.sock"))
            talk = raw.makefile("rw")
            talk.readline()
            for each, given in (("qmp_capabilities", {}), (command, arguments)):
                talk.write(json.dumps({"execute": each, "arguments": given}) + "\n")
                talk.flush()
                while not {"return", "error"} & (answer := json.loads(talk.readline())).keys():
                    pass
                if "error" in answer:
                    raise RuntimeError(f"{each} {given}: {answer['error']}")


def _initrd(kernel_folder: Path, scratch: Path) -> bytes:
    """An initramfs with busybox and the modules that it takes to mount the root."""
    version = kernel_folder.name
    modules = Path("lib/modules") / version
    root = scratch / "initrd"
    for name in ("bin", "proc", "sys", "dev", modules):
        (root / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "/bin/busybox", root / "bin" / "busybox")
    for tool in _TOOLS:
        (root / "bin" / tool).symlink_to("busybox")
    depends = (kernel_folder / modules / "modules.dep").read_text(encoding="ascii")
    for module in _EARLY_MODULES:
        found = re.search(rf"^(\S*/{module}\.ko):(.*)$", depends, re.MULTILINE)
        if found is None:
            raise RuntimeError(f"the kernel has no module {module}")
        for path in (found[1], *found[2].split()):
            (root / modules / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(kernel_folder / modules / path, root / modules / path)
    for name in ("dep", "alias", "symbols", "builtin", "order"):
        shutil.copy(kernel_folder / modules / f"modules.{name}", root / modules)
    shutil.copy(PROJECT / "tests" / "rigs" / "guest" / "init", root / "init")
    (root / "init").chmod(0o755)
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*"))) + "\n"
    return subprocess.run(
        ["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names.encode(), capture_output=True, check=True
    ).stdout


def _output(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
