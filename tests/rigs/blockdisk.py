"""A disk whose every write is recorded: ``python -m tests.rigs.blockdisk FOLDER IMAGE RECORD`` as root.

The kernel's own ext4 is mounted from a loop device, whose backing file is served from here through /dev/fuse: what
reaches this process is what would reach a drive, block for block, with the flushes in between. One request is answered
before the next one is read, so that a write which stands before a flush in the record was done when the flush was
asked for. The record has the form of ``powercut.c``, so that both kinds are cut by the same hand.

The protocol is that of ``linux/fuse.h``, version 7.31; nothing but Python is needed for it.
"""

import contextlib
import ctypes
import errno
import os
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.rigs.powercut import HEAD, Act

NAME: Final = "disk"
SIZE: Final = 48 * 1024 * 1024
WITHIN_S: Final = 60.0
_LARGEST: Final = 1024 * 1024
_IN = struct.Struct("<IIQQIIIHH")
_OUT = struct.Struct("<IiQ")
_ATTRIBUTES = struct.Struct("<QQQQQQIIIIIIIIII")
_TRANSFER = struct.Struct("<QQIIQII")
_FOLDER, _FILE = 1, 2
_BIG_WRITES, _MAX_PAGES = 1 << 5, 1 << 22
_PAST_THE_CACHE: Final = 1
_SILENT: Final = frozenset({2, 36, 42})
"""FORGET, INTERRUPT, BATCH_FORGET: the kernel wants no answer."""


class _Server:
    """Answers the kernel for one folder with one file."""

    def __init__(self, image: int, record: int, broken: Path) -> None:
        self._image = image
        self._record = record
        self._broken = broken
        self._size = os.fstat(image).st_size

    def serve(self, device: int) -> None:
        """Answer until the folder is unmounted."""
        while True:
            try:
                asked = os.read(device, _LARGEST + 4096)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return
                if error.errno in {errno.ENOENT, errno.EINTR, errno.EAGAIN}:
                    continue
                raise
            _, code, unique, node, *_ = _IN.unpack_from(asked)
            if code in _SILENT:
                continue
            try:
                answer, failed = self._answer(code, node, asked[_IN.size :]), 0
            except OSError as error:
                answer, failed = b"", -(error.errno or errno.EIO)
            os.writev(device, [_OUT.pack(_OUT.size + len(answer), failed, unique), answer])

    def _answer(self, code: int, node: int, body: bytes) -> bytes:
        match code:
            case 26:  # INIT
                flags = _BIG_WRITES | _MAX_PAGES
                return struct.pack("<IIIIHHIIHHI7I", 7, 31, 0, flags, 12, 9, _LARGEST, 1, 256, 0, 0, *[0] * 7)
            case 1:  # LOOKUP
                if body.rstrip(b"\0").decode() != NAME:
                    raise OSError(errno.ENOENT, NAME)
                return struct.pack("<QQQQII", _FILE, 0, 3600, 3600, 0, 0) + self._attributes(_FILE)
            case 3 | 4:  # GETATTR, SETATTR
                return struct.pack("<QII", 3600, 0, 0) + self._attributes(node)
            case 14 | 27:  # OPEN, OPENDIR
                return struct.pack("<QII", 0, _PAST_THE_CACHE if node == _FILE else 0, 0)
            case 15:  # READ
                _, offset, length, *_ = _TRANSFER.unpack_from(body)
                return os.pread(self._image, length, offset)
            case 16 | 20 if self._broken.exists():
                raise OSError(errno.EIO, "")
            case 16:  # WRITE
                _, offset, length, *_ = _TRANSFER.unpack_from(body)
                data = body[_TRANSFER.size : _TRANSFER.size + length]
                os.pwrite(self._image, data, offset)
                self._put(Act.WRITE, offset, data)
                return struct.pack("<II", length, 0)
            case 20:  # FSYNC: the drive is told to empty its cache
                self._put(Act.SYNC, 0, b"")
                return b""
            case 17:  # STATFS
                return struct.pack("<QQQQQIIII6I", 0, 0, 0, 0, 0, 4096, 255, 4096, 0, *[0] * 6)
            case 18 | 25 | 28 | 29 | 38:  # RELEASE, FLUSH, READDIR, RELEASEDIR, DESTROY
                return b""
            case _:  # among them FALLOCATE: the file system writes its zeros itself
                raise OSError(errno.EOPNOTSUPP if code == 43 else errno.ENOSYS, "")

    def _attributes(self, node: int) -> bytes:
        mode, size = (stat.S_IFREG | 0o600, self._size) if node == _FILE else (stat.S_IFDIR | 0o700, 0)
        return _ATTRIBUTES.pack(node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def _put(self, act: Act, offset: int, data: bytes) -> None:
        path = NAME.encode()
        os.writev(self._record, [HEAD.pack(act, len(path), offset, len(data)), path, data])


def main() -> None:
    """Mount, say so, and serve until it is unmounted."""
    folder, image, record = sys.argv[1:4]
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0"
    if libc.mount(b"blockdisk", folder.encode(), b"fuse", 0, options.encode()):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), folder)
    print("mounted", flush=True)
    log = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    _Server(os.open(image, os.O_RDWR), log, broken_drive(Path(record))).serve(device)


def broken_drive(record: Path) -> Path:
    """While this file is there, the drive fails every write and every flush."""
    return record.with_name(f"{record.name}.broken")


def turned_read_only(place: Path) -> None:
    """What the kernel does to a file system in which it finds an error: it takes no more writes, open files or not."""
    source = subprocess.run(["findmnt", "-no", "SOURCE", str(place)], capture_output=True, text=True, check=True).stdout
    subprocess.run(["mount", "-o", "remount,errors=remount-ro", str(place)], check=True)
    Path("/sys/fs/ext4", Path(source.strip()).name, "trigger_fs_error").write_text("the test\n", encoding="ascii")


def formatted(image: Path, size: int = SIZE) -> None:
    """A new ext4 on an image; no blocks are kept back for root, who runs the tests."""
    with image.open("wb") as file:
        file.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard,lazy_itable_init=0", str(image)], check=True)


@contextlib.contextmanager
def recorded(folder: Path, place: Path, record: Path) -> Iterator[Path]:
    """A new file system at ``place``, every write of which goes into ``record``; the image that it began as."""
    served, image, began = folder / "served", folder / "image", folder / "began"
    for each in (served, place):
        each.mkdir(parents=True, exist_ok=True)
    formatted(image)
    began.write_bytes(image.read_bytes())
    command = [sys.executable, "-m", "tests.rigs.blockdisk", str(served), str(image), str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            if server.stdout.readline() != b"mounted\n":
                raise RuntimeError("the disk could not be served")
            with mounted(served / NAME, place):
                yield began
        finally:
            try:
                unmounted(served)
            except BaseException:
                server.kill()
                raise


@contextlib.contextmanager
def mounted(image: Path, place: Path) -> Iterator[None]:
    """The file system of an image at ``place``; the kernel replays its journal."""
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True, capture_output=True)
    try:
        yield
    finally:
        unmounted(place)
        until(lambda: not subprocess.check_output(["losetup", "--associated", str(image)]), f"{image} is still in use")


def unmounted(place: Path) -> None:
    """Unmount, as soon as nobody uses it any more."""

    def is_done() -> bool:
        return subprocess.run(["umount", str(place)], check=False, capture_output=True).returncode == 0

    try:
        until(is_done, f"{place} is still in use")
    except RuntimeError:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        raise


def until(is_so: Callable[[], bool], otherwise: str) -> None:
    """Wait: a namespace of another test that was made meanwhile holds every mount for as long as it lasts.

    Raises ``RuntimeError`` after a minute.
    """
    latest = time.monotonic() + WITHIN_S
    while not is_so():
        if time.monotonic() > latest:
            raise RuntimeError(otherwise)
        time.sleep(0.05)


def repaired(image: Path) -> bool:
    """Put a file system right as a boot with ``fsck.repair=yes`` does; whether it took more than ``e2fsck -p``.

    A torn superblock does: its two sectors are not one write for a drive, and only the other copies are whole then.
    """
    if _fsck(image, "-p") is None:
        return False
    said = _fsck(image, "-y")
    assert said is None, f"e2fsck gave up: {said}"
    return True


def flawed(image: Path) -> str | None:
    """What a whole ``e2fsck`` finds on a file system that was unmounted."""
    return _fsck(image, "-f", "-n")


def _fsck(image: Path, *options: str) -> str | None:
    done = subprocess.run(["e2fsck", *options, str(image)], capture_output=True, text=True, check=False)
    return None if done.returncode in {0, 1} else done.stdout + done.stderr


if __name__ == "__main__":
    main()
