"""Power cuts: what the disk may hold after one, worked out from a record of every change that the daemon made.

A disk keeps what was waited for. Of what was written to a file after that it may keep any part: each write may be
there, be lost, or be torn at a sector; and a file that was removed or renamed may have its old name. ``powercut.c``
keeps the record inside the genuine daemon, so that no file system has to be mounted and no kernel module loaded; the
client's acknowledgements are written into the same record, in the order in which they came. ``blockdisk.py`` keeps the
like of the blocks below a file system of the kernel's.
"""

import os
import random
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Final

_SOURCE = Path(__file__).with_name("powercut.c")
HEAD = struct.Struct("<IIQQ")
_SECTOR: Final = 512
_LOST, _TORN = 0.4, 0.6
_PREFIX, _WRITTEN = 0.5, 0.5
_PER_PENDING: Final = 4


class Act(IntEnum):
    """What was done; see ``powercut.c``."""

    WRITE = 1
    TRUNCATE = 2
    SYNC = 3
    UNLINK = 4
    RENAME = 5
    LINK = 6
    ACKNOWLEDGED = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change; ``data`` is what was written, or the other path."""

    act: Act
    path: str
    offset: int
    data: bytes


@dataclass(slots=True)
class Disk:
    """What the disk holds after a cut, and what had happened by then."""

    files: dict[str, bytearray] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    landed: list[str] = field(default_factory=list)
    """Names of files that were linked into place: the cards."""
    lost: int = 0
    torn: int = 0


class Recorder:
    """The record of one daemon. ``environment`` is what it must be started with."""

    def __init__(self, root: Path, log: Path, *, cards: Path, before: Mapping[str, bytes] | None = None) -> None:
        """``cards``: the folder where a simulated printer lets its cards out; a card of plastic is not lost again.

        ``before``: what else was there before, if the record is not of files below ``root`` alone.
        """
        self.root = root
        self._cards = f"{cards}/"
        self.log = log
        self._before = {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
        self._before.update(before or {})
        self._failing = log.with_name(f"{log.name}.failing")
        self.environment = {
            "POWERCUT_FAILING": str(self._failing),
            "LD_PRELOAD": str(_library(log.with_name(f"{log.name}.so"))),
            "POWERCUT_ROOT": f"{root}/",
            "POWERCUT_LOG": str(log),
        }
        self._descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def acknowledge(self, what: str) -> None:
        """Write down that the client has its answer."""
        name = what.encode()
        os.write(self._descriptor, HEAD.pack(Act.ACKNOWLEDGED, len(name), 0, 0) + name)

    def fail(self, number: int | None, *, after: int = 0) -> None:
        """Let every write of the daemon fail with this errno, ``after`` so many more; ``None``: none fails again."""
        if number is None:
            self._failing.unlink(missing_ok=True)
        else:
            fresh = self._failing.with_suffix(".fresh")
            fresh.write_text(f"{number} {after}", encoding="ascii")
            fresh.replace(self._failing)

    def close(self) -> None:
        """No more acknowledgements."""
        os.close(self._descriptor)

    def changes(self) -> Sequence[Change]:
        """Everything, in order."""
        return list(_parsed(self.log.read_bytes()))

    def cut(self, changes: Sequence[Change], at: int, rnd: random.Random) -> Disk:
        """A disk that may be found when the power fails before ``changes[at]``."""
        waited: dict[str, int] = {change.path: n for n, change in enumerate(changes[:at]) if change.act is Act.SYNC}
        folders = [n for n, change in enumerate(changes[:at]) if change.act is Act.SYNC and Path(change.path).is_dir()]
        names_kept = folders[-1] if folders else -1
        disk = Disk(files={path: bytearray(data) for path, data in self._before.items()})
        for number, change in enumerate(changes[:at]):
            is_card = change.path.startswith(self._cards)
            is_kept = is_card or number < waited.get(change.path, -1)
            _apply(disk, change, rnd, is_kept=is_kept, is_name_kept=is_card or number < names_kept)
        return disk

    def restore(self, disk: Disk, folder: Path) -> None:
        """Put the files of a disk below another folder than the one that was recorded."""
        for path, data in disk.files.items():
            if not path.startswith(f"{self.root}/"):
                continue
            place = folder / Path(path).relative_to(self.root)
            if place.name.endswith("-shm"):
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            place.chmod(0o600)


def weights(changes: Sequence[Change], path: str) -> list[int]:
    """How likely a cut before each change shall be: the likelier, the more writes to ``path`` are not waited for yet.

    Drawn evenly, most cuts would come just after a wait, when there is nothing to lose.
    """
    found, pending = [], 0
    for change in changes:
        found.append(1 + _PER_PENDING * pending)
        if change.path == path:
            pending = 0 if change.act is Act.SYNC else pending + (change.act is Act.WRITE)
    return found


def _apply(disk: Disk, change: Change, rnd: random.Random, *, is_kept: bool, is_name_kept: bool) -> None:
    files = disk.files
    match change.act:
        case Act.WRITE:
            data = change.data
            content = files.setdefault(change.path, bytearray())
            if len(content) < change.offset:
                content.extend(bytes(change.offset - len(content)))
            if not is_kept:
                drawn = rnd.random()
                if drawn < _LOST:
                    disk.lost += 1
                    return
                if drawn < _TORN:
                    disk.torn += 1
                    data = _torn(bytes(content[change.offset : change.offset + len(data)]), data, rnd)
            content[change.offset : change.offset + len(data)] = data
        case Act.TRUNCATE:
            if is_kept or rnd.random() >= _LOST:
                content = files.setdefault(change.path, bytearray())
                content[:] = content[: change.offset].ljust(change.offset, b"\0")
        case Act.UNLINK:
            if is_name_kept or rnd.random() >= _LOST:
                files.pop(change.path, None)
        case Act.RENAME:
            if change.path in files and (is_name_kept or rnd.random() >= _LOST):
                files[change.data.decode()] = files.pop(change.path)
        case Act.LINK:
            disk.landed.append(Path(change.data.decode()).name)
            if change.path in files:
                files[change.data.decode()] = files[change.path]
        case Act.ACKNOWLEDGED:
            disk.acknowledged.append(change.path)
        case Act.SYNC:
            pass


def _torn(old: bytes, data: bytes, rnd: random.Random) -> bytes:
    """What is found of a write that was not finished: its beginning, or any of its sectors and none of the others."""
    if rnd.random() < _PREFIX:
        return data[: _SECTOR * rnd.randrange(len(data) // _SECTOR + 1)]
    found = bytearray(old.ljust(len(data), b"\0"))
    for at in range(0, len(data), _SECTOR):
        if rnd.random() < _WRITTEN:
            found[at : at + _SECTOR] = data[at : at + _SECTOR]
    return bytes(found)


def _parsed(record: bytes) -> Iterator[Change]:
    at = 0
    while at < len(record):
        act, path, offset, data = HEAD.unpack_from(record, at)
        begin = at + HEAD.size
        end = begin + path + data
        yield Change(
            act=Act(act), path=record[begin : begin + path].decode(), offset=offset, data=record[begin + path : end]
        )
        at = end


def _library(built: Path) -> Path:
    """The library, compiled afresh beside the record: it takes less than a look at whether that is needed."""
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(built), str(_SOURCE)]
    subprocess.run([*command, "-ldl", "-lpthread"], check=True)
    return built
