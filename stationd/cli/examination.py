"""What ``stationd doctor`` looks at, one function a thing. Each only looks; what it cannot see it says so."""

import asyncio
import grp
import os
import pwd
import shutil
import sqlite3
import stat
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiohttp

from stationd.adapters.host import use_zone
from stationd.adapters.kernel_clock import KernelClock
from stationd.adapters.printers import drivers
from stationd.adapters.probe import probe_for
from stationd.adapters.seal import KEY_FILE, StationSeal
from stationd.adapters.sqlite.connection import reading
from stationd.adapters.sqlite.migrate import migrations
from stationd.adapters.udev_sightings import Scanner
from stationd.app import DATABASE_FILE
from stationd.cli.check import examine, summary
from stationd.cli.examination_city import city
from stationd.cli.findings import Finding, Level
from stationd.cli.ownership import SEALED_KEY_FILE, key_beside
from stationd.config import Settings
from stationd.config_matchers import directories, load
from stationd.domain.errors import Faulted
from stationd.domain.inventory import take_stock
from stationd.domain.matcher import match
from stationd.domain.readiness import LOW_DISK, NO_DISK

BACKUPS: Final = Path("/var/backups/stationd")
CUPS_SOCKET: Final = Path("/run/cups/cups.sock")
KERNEL_WORDS: Final = Path("/proc/cmdline")
ONCE_BACKEND: Final = Path("/usr/lib/cups/backend/stationd-once")
PCSCD_SOCKET: Final = Path("/run/pcscd/pcscd.comm")
GROUPS: Final = {"lp": "printers", "dialout": "serial readers and modems"}
_OLD_BACKUP_S: Final = 3 * 24 * 3600
_ANSWER_WITHIN_S: Final = 5.0
_MEBIBYTE: Final = 1 << 20


async def examine_station(config: Path) -> list[Finding]:
    """Everything, in the order in which a technician would mend it."""
    settings, problems = await asyncio.to_thread(examine, config)
    if settings is None or problems:
        return [Finding("configuration", Level.WRONG, str(problem), f"correct {problem.file}") for problem in problems]
    findings = [Finding("configuration", Level.GOOD, summary(settings))]
    for look in _LOOKS:
        try:
            found = await asyncio.to_thread(_seen, look, settings)
            findings.extend(found if isinstance(found, list) else await found)
        except PermissionError as error:
            findings.append(_unseen(look.__name__, error))
    return findings


def _seen(look: "_Look", settings: Settings) -> list[Finding] | Awaitable[list[Finding]]:
    """What a look finds; one that waits for something outside is begun, for the loop to wait for."""
    found = look(settings)
    return found if isinstance(found, Awaitable) else list(found)


def _unseen(what: str, error: OSError) -> Finding:
    return Finding(what, Level.NOTICE, f"cannot look at {error.filename}: {error.strerror}", "run this as root")


# ------------------------------------------------------------------------------------------------ rights and keys


def rights(settings: Settings) -> Iterator[Finding]:
    """The state directory, and the groups of its owner."""
    state_dir = settings.station.state_dir
    if not state_dir.exists():
        yield Finding("rights", Level.WRONG, f"{state_dir} is not there", "stationd setup, or create it for its user")
        return
    found = state_dir.stat()
    owner = pwd.getpwuid(found.st_uid)
    if stat.S_IMODE(found.st_mode) & 0o077:
        yield Finding("rights", Level.WRONG, f"{state_dir} is open to others", f"chmod 700 {state_dir}")
    else:
        yield Finding("rights", Level.GOOD, f"{state_dir} belongs to {owner.pw_name} alone")
    mine = {grp.getgrgid(number).gr_name for number in os.getgrouplist(owner.pw_name, owner.pw_gid)}
    for group, what in GROUPS.items():
        if group not in mine and owner.pw_uid != 0:
            yield Finding(
                "rights", Level.NOTICE, f"{owner.pw_name} may not use {what}", f"usermod -aG {group} {owner.pw_name}"
            )


def key(settings: Settings) -> Iterator[Finding]:
    """The station key: there, closed to others, and the one that the books were sealed with."""
    state_dir = settings.station.state_dir
    places = (settings.file.parent / SEALED_KEY_FILE, settings.file.parent / KEY_FILE, state_dir / KEY_FILE)
    place = next((each for each in places if each.exists()), None)
    if place is None:
        yield Finding(
            "key", Level.WRONG, "there is no station key", "stationd setup; or put the key of this station back"
        )
        return
    if stat.S_IMODE(place.stat().st_mode) & 0o077:
        yield Finding("key", Level.WRONG, f"{place} can be read by others", f"chmod 400 {place}")
    try:
        found = place.read_bytes() if place.parent == state_dir else key_beside(settings.file)
    except Faulted as fault:
        yield Finding("key", Level.NOTICE, fault.detail, fault.fix)
        return
    known = _meta(state_dir / DATABASE_FILE, "seal_check")
    if known is not None and found is not None and StationSeal(found).check_value() != known:
        yield Finding(
            "key", Level.WRONG, f"{place} is not the key that the books were sealed with", "put the right key back"
        )
    else:
        how = "sealed to this machine" if place.name == SEALED_KEY_FILE else "in clear, so keep the disk safe"
        yield Finding("key", Level.GOOD, f"{place}, {how}")


def _meta(database: Path, name: str) -> bytes | None:
    if not database.exists():
        return None
    with reading(database) as connection:
        try:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
        except sqlite3.Error:
            return None
    return row[0] if row is not None else None


# ------------------------------------------------------------------------------------------------ books and machine


def books(settings: Settings) -> Iterator[Finding]:
    """The database file."""
    database = settings.station.state_dir / DATABASE_FILE
    if not database.exists():
        yield Finding("books", Level.GOOD, "no books yet; they are begun at the first start")
        return
    with reading(database) as connection:
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            version, verdict = 0, str(error)
    newest = max(migrations())
    if verdict != "ok":
        yield Finding("books", Level.WRONG, f"{database} is damaged: {verdict}", "stationd restore BACKUP")
    elif version > newest:
        yield Finding("books", Level.WRONG, f"{database} was written by a newer stationd", "install that version again")
    else:
        size = database.stat().st_size / _MEBIBYTE
        yield Finding(
            "books",
            Level.GOOD,
            f"{database}, {size:.1f} MB, schema {version} of {newest}; stationd verify looks closer",
        )


def backups(settings: Settings) -> Iterator[Finding]:
    """The last backup."""
    if not (settings.station.state_dir / DATABASE_FILE).exists() or not BACKUPS.is_dir():
        return
    made = sorted((each.stat().st_mtime for each in BACKUPS.glob("*.db")), reverse=True)
    if not made:
        yield Finding("backups", Level.NOTICE, f"{BACKUPS} holds none", "systemctl start stationd-backup")
    elif time.time() - made[0] > _OLD_BACKUP_S:
        when = datetime.fromtimestamp(made[0], UTC).date()
        yield Finding("backups", Level.NOTICE, f"the last one is of {when}", "systemctl status stationd-backup.timer")
    else:
        yield Finding("backups", Level.GOOD, f"{len(made)} in {BACKUPS}; keep one away from this machine")


def disk(settings: Settings) -> Iterator[Finding]:
    """Free space."""
    free = shutil.disk_usage(settings.station.state_dir if settings.station.state_dir.exists() else "/").free
    text = f"{free / _MEBIBYTE:,.0f} MB free"
    if free < NO_DISK:
        yield Finding("disk", Level.WRONG, f"{text}: nothing more is printed", "free space on the disk")
    elif free < LOW_DISK:
        yield Finding("disk", Level.NOTICE, text, "free space on the disk soon")
    else:
        yield Finding("disk", Level.GOOD, text)


def repair(_settings: Settings) -> Iterator[Finding]:
    """Whether a boot repairs the file system by itself, or waits for a keyboard."""
    if "fsck.repair=yes" in KERNEL_WORDS.read_text("utf-8").split():
        yield Finding("repair", Level.GOOD, "a damaged file system is repaired at a boot without asking")
    else:
        yield Finding(
            "repair",
            Level.NOTICE,
            "after a bad power cut a boot may wait for somebody to repair the file system",
            "put fsck.repair=yes on the kernel's command line (/etc/default/grub, then update-grub)",
        )


def zone(settings: Settings) -> Iterator[Finding]:
    """By which clock days begin and end; a machine that nobody told where it stands goes by UTC."""
    use_zone(settings.station.time_zone)
    here = datetime.now(UTC).astimezone()
    if settings.station.time_zone or here.utcoffset():
        yield Finding("zone", Level.GOOD, f"it is {here:%H:%M} here ({settings.station.time_zone or here.tzname()})")
    else:
        yield Finding(
            "zone",
            Level.NOTICE,
            "the machine goes by UTC: decrees end, messages go out and days are counted by it",
            'put time_zone = "Asia/Jakarta" under [station], or run: timedatectl set-timezone Asia/Jakarta',
        )


async def clock(settings: Settings) -> list[Finding]:
    """Whether the clock is kept right."""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    if settings.clock.trust == "always":
        return [Finding("clock", Level.GOOD, f"{now}; a person vouches for it")]
    if await KernelClock().is_synchronised():
        return [Finding("clock", Level.GOOD, f"{now}, kept by network time")]
    return [
        Finding(
            "clock",
            Level.NOTICE,
            f"{now}, kept by nobody: dates are judged by the last day known to be true",
            "timedatectl set-ntp true; timedatectl timesync-status",
        )
    ]


# ------------------------------------------------------------------------------------------------ devices and network


def devices(settings: Settings) -> Iterator[Finding]:
    """What is plugged in, and whether the station takes it and may use it."""
    matchers = load(directories(settings.file))
    try:
        found = list(take_stock(Scanner()()).devices.values())
    except OSError as trouble:
        yield Finding("devices", Level.WRONG, f"cannot read the USB bus: {trouble.strerror}", "is udev running?")
        return
    if not found:
        yield Finding("devices", Level.NOTICE, "no printer or reader is plugged in over USB", "check the cables")
    for device in found:
        taken = match(device.seen, matchers)
        if taken is None:
            yield Finding(
                "devices", Level.NOTICE, f"{device.label}: nothing takes it", "stationd devices gives a matcher"
            )
        else:
            yield Finding("devices", Level.GOOD, f"{device.label}: {taken.matcher.kind}, {taken.matcher.driver}")


def services(settings: Settings) -> Iterator[Finding]:
    """The programs beside the station that its devices need."""
    if any(spec.driver == "cups" for spec in settings.printers):
        if not CUPS_SOCKET.exists():
            yield Finding(
                "cups", Level.WRONG, f"{CUPS_SOCKET} is not there", "apt install cups-daemon; systemctl start cups"
            )
        elif not ONCE_BACKEND.exists():
            yield Finding(
                "cups",
                Level.WRONG,
                f"{ONCE_BACKEND} is not there: CUPS may print a card twice",
                "install the package again",
            )
        elif (found := ONCE_BACKEND.stat()).st_uid != 0 or stat.S_IMODE(found.st_mode) & 0o022:
            yield Finding("cups", Level.WRONG, f"{ONCE_BACKEND} is not root's alone", "chown root, chmod 700")
        else:
            yield Finding("cups", Level.GOOD, "CUPS is there, and its jobs start at most once")
    if any(spec.driver == "pcsc" for spec in settings.readers):
        is_there = PCSCD_SOCKET.exists()
        level = Level.GOOD if is_there else Level.WRONG
        yield Finding(
            "pcscd",
            level,
            "the chip reader service is there" if is_there else f"{PCSCD_SOCKET} is not there",
            None if is_there else "apt install pcscd; systemctl enable --now pcscd.socket",
        )


async def printers(settings: Settings) -> list[Finding]:
    """Each configured printer, asked how it is."""
    return await asyncio.gather(*(_printer(settings, at) for at in range(len(settings.printers))))


async def _printer(settings: Settings, at: int) -> Finding:
    spec = settings.printers[at]
    printer = await asyncio.to_thread(drivers.build, spec, home=settings.station.state_dir)
    try:
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            status = await printer.status()
    except Faulted as fault:
        return Finding("printer", Level.WRONG, f"{spec.name}: {fault.detail}", fault.fix)
    except TimeoutError:
        return Finding("printer", Level.WRONG, f"{spec.name} does not answer", "is it on, and is its address right?")
    finally:
        await printer.aclose()
    reasons = ", ".join(sorted(status.stopped_by))
    if reasons:
        return Finding("printer", Level.NOTICE, f"{spec.name} is stopped: {reasons}", "clear it at the printer")
    return Finding("printer", Level.GOOD, f"{spec.name} is {status.state}")


async def network(settings: Settings) -> list[Finding]:
    """The link to the centre, where one is watched."""
    if settings.centre.probe is None:
        return []
    if await probe_for(settings.centre.probe, settings.centre.timeout_s).is_answering():
        return [Finding("network", Level.GOOD, "the centre answers")]
    return [Finding("network", Level.WRONG, "the centre does not answer", "check cable, router and VPN")]


# ------------------------------------------------------------------------------------------------ people and the daemon


def officers(settings: Settings) -> Iterator[Finding]:
    """Whether somebody may print."""
    database = settings.station.state_dir / DATABASE_FILE
    if not settings.duty.required or not database.exists():
        return
    with reading(database) as connection:
        try:
            rows = connection.execute("SELECT valid_from, valid_until FROM officer WHERE revoked_at IS NULL").fetchall()
        except sqlite3.Error:
            return
    today = datetime.now(UTC).astimezone().date().isoformat()
    able = sum(since <= today <= until for since, until in rows)
    if able == 0:
        yield Finding("officers", Level.WRONG, "nobody is appointed today: nothing is printed", "stationd officer add")
    elif able == 1:
        yield Finding(
            "officers",
            Level.NOTICE,
            "only one is appointed: when they are ill nothing is printed",
            "stationd officer add",
        )
    else:
        yield Finding("officers", Level.GOOD, f"{able} are appointed today")


def units(_: Settings) -> Iterator[Finding]:
    """The units, where systemd runs."""
    if not Path("/run/systemd/system").is_dir() or shutil.which("systemctl") is None:
        return
    for unit in ("stationd.socket", "stationd-local.socket", "stationd.service", "stationd-backup.timer"):
        state = subprocess.run(  # noqa: S603 - fixed words
            ["systemctl", "is-active", unit],  # noqa: S607 - the system's own
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        ).stdout.strip()
        if state == "active":
            yield Finding("units", Level.GOOD, f"{unit} is active")
        else:
            yield Finding("units", Level.WRONG, f"{unit} is {state or 'unknown'}", f"systemctl enable --now {unit}")


async def api(settings: Settings) -> list[Finding]:
    """Whether the daemon answers where it should."""
    findings = []
    for place in map(str, settings.http.listen):
        is_unix = place.startswith("unix:")
        connector = aiohttp.UnixConnector(place.removeprefix("unix:")) if is_unix else aiohttp.TCPConnector()
        timeout = aiohttp.ClientTimeout(total=_ANSWER_WITHIN_S)
        url = "http://localhost/readyz" if is_unix else f"http://{place}/readyz"
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            try:
                async with session.get(url) as answer:
                    said = await answer.json(content_type=None)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
                findings.append(
                    Finding(
                        "api",
                        Level.WRONG,
                        f"nobody answers on {place}",
                        "systemctl start stationd; journalctl -u stationd",
                    )
                )
                continue
        if said.get("is_ready"):
            findings.append(Finding("api", Level.GOOD, f"{place} answers: ready to print"))
        else:
            why = ", ".join(map(str, said.get("reasons", ())))
            findings.append(Finding("api", Level.NOTICE, f"{place} answers: not printing ({why})", "GET /v1/readiness"))
    return findings


_Look = Callable[[Settings], Iterator[Finding] | Awaitable[list[Finding]]]

_LOOKS: Final[tuple[_Look, ...]] = (
    rights,
    key,
    books,
    backups,
    disk,
    repair,
    zone,
    clock,
    devices,
    services,
    printers,
    network,
    city,
    officers,
    units,
    api,
)
