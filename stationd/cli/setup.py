"""``stationd setup``: from an installed package to a station, by a few answers or by a file for many boxes."""

import argparse
import getpass
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stationd.adapters.seal import KEY_BYTES, KEY_FILE
from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.check import driver_problems
from stationd.cli.options import add_config
from stationd.cli.ownership import SEALED_KEY_FILE, key_beside
from stationd.config import ConfigError, Problem, Settings, parse
from stationd.config_text import toml_text
from stationd.domain.errors import Faulted, Refused

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers

USER: Final = "stationd"
UNITS: Final = ("stationd.socket", "stationd-local.socket", "stationd.service", "stationd-backup.timer")
DROP_IN: Final = Path("/etc/systemd/system/stationd.service.d/key.conf")
_OFFICER_KEYS: Final = {"number": str, "name": str, "decree": str, "from": date, "until": date, "pin": str}


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "setup",
        help="make this machine a station",
        description="Makes this machine a station: the configuration, the key that seals personal data, the state "
        "directory, the first officer; then it is enabled and started. Nothing that exists is overwritten.",
    )
    add_config(parser)
    parser.add_argument(
        "--file",
        type=Path,
        metavar="ANSWERS",
        help="take the answers from a TOML file: the tables of the configuration, and [officer] with number, name, "
        "decree, from, until and pin",
    )
    parser.add_argument("--no-start", action="store_true", help="leave the units as they are")


def run(args: argparse.Namespace) -> int:
    """0 when the machine is a station."""
    config: Path = args.config
    if config.exists():
        raise Refused(
            "setup-done",
            f"cannot set up: {config} exists",
            fix="edit it and run: systemctl reload stationd; or move it away to begin anew",
        )
    tables = _read(args.file) if args.file is not None else _asked(_ask)
    officer = tables.pop("officer", None)
    settings, problems = _examined(tables, config)
    problems = (*problems, *_officer_problems(officer, str(args.file or "the answers")))
    if settings is None or problems:
        for problem in problems:
            print(problem, file=sys.stderr)
        return EXIT_FAILED
    owner = _owner()
    _make(settings, tables, owner)
    print(f"configuration written to {config}")
    print(_make_key(config))
    if officer is not None:
        _enter(config, officer)
    if args.no_start:
        return EXIT_DONE
    return _start()


# ------------------------------------------------------------------------------------------------------- answers


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise Refused("answers-unusable", f"cannot take the answers from {path}: {wrong}") from wrong


def _ask(question: str) -> str:
    return input(f"{question}: ").strip()


def _asked(ask: Callable[[str], str]) -> dict[str, Any]:
    """The answers of a person at a terminal."""
    if not sys.stdin.isatty():
        raise Refused("answers-missing", "cannot ask: this is no terminal", fix="give --file ANSWERS")
    station = {
        "id": ask("Station id, city and kecamatan, such as 1671-07"),
        "name": ask("Name of the station, such as Kecamatan Sukarami"),
        "mode": ask("Mode, attended or unattended [attended]") or "attended",
    }
    tables: dict[str, Any] = {"station": station}
    if station["mode"] == "unattended":
        tables["city"] = {"keys": ask("The city's public keys, separated by spaces").split()}
        return tables
    officer: dict[str, object] = {
        "number": ask("First officer: NIP, 18 digits"),
        "name": ask("Name"),
        "decree": ask("Number of the decree"),
        "from": _day(ask("First day of the decree, such as 2026-01-01")),
        "until": _day(ask("Last day of the decree")),
        "pin": getpass.getpass("PIN, 6 characters or more: "),
    }
    if getpass.getpass("PIN again: ") != officer["pin"]:
        raise Refused("pin-unreadable", "cannot take the PIN: the two do not agree")
    tables["officer"] = officer
    return tables


def _day(text: str) -> object:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text  # refused by its name, with the others


def _examined(tables: Mapping[str, Any], config: Path) -> tuple[Settings | None, tuple[Problem, ...]]:
    try:
        settings = parse(tables, file=str(config))
    except ConfigError as wrong:
        return None, wrong.problems
    printers = {f"printer[{at}]": spec for at, spec in enumerate(settings.printers)}
    readers = {f"reader[{at}]": spec for at, spec in enumerate(settings.readers)}
    return settings, driver_problems(str(config), printers, readers)


def _officer_problems(officer: object, file: str) -> tuple[Problem, ...]:
    if officer is None:
        return ()
    if not isinstance(officer, dict):
        return (
            Problem(file=file, key="officer", value="not a table", allowed=f"a table of {', '.join(_OFFICER_KEYS)}"),
        )
    found = [
        Problem(file=file, key=f"officer.{key}", value="(unknown)", allowed=f"one of {', '.join(_OFFICER_KEYS)}")
        for key in officer
        if key not in _OFFICER_KEYS
    ]
    for key, kind in _OFFICER_KEYS.items():
        if not isinstance(officer.get(key), kind):
            shown = None if key not in officer else "(not shown)" if key == "pin" else str(officer[key])
            allowed = "a date such as 2026-01-31" if kind is date else "a text"
            found.append(Problem(file=file, key=f"officer.{key}", value=shown, allowed=allowed))
    return tuple(found)


# -------------------------------------------------------------------------------------------------------- making


def _owner() -> pwd.struct_passwd | None:
    """Who will run the station: the package's user where root sets it up, else whoever calls."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        raise Refused(
            "user-missing",
            f"cannot set up: there is no user {USER}",
            fix='install the package, or: systemd-sysusers "$PWD/systemd/stationd.sysusers"',
        ) from None


def _make(settings: Settings, tables: Mapping[str, Any], owner: pwd.struct_passwd | None) -> None:
    config, state_dir = settings.file, settings.station.state_dir
    head = (
        "# Written by stationd setup. Every key is described in docs/configuration.md.\n"
        "# After a change: stationd check, then systemctl reload stationd.\n\n"
    )
    try:
        config.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = config.with_name(f"{config.name}.partial")
        partial.write_text(f"{head}{toml_text(tables)}", encoding="utf-8")
        partial.chmod(0o640)
        if owner is not None:
            os.chown(partial, 0, owner.pw_gid)
            os.chown(config.parent, 0, owner.pw_gid)
            os.chown(state_dir, owner.pw_uid, owner.pw_gid)
        partial.replace(config)
    except OSError as error:
        raise Faulted("setup-failed", f"cannot write {error.filename}: {error.strerror}") from error


def _make_key(config: Path) -> str:
    """Make the station key beside the configuration, sealed to this machine where that can be; what was done."""
    if key_beside(config) is not None:
        return "the station key that was there is kept"
    key = secrets.token_bytes(KEY_BYTES)
    plain, sealed = config.parent / KEY_FILE, config.parent / SEALED_KEY_FILE
    if os.geteuid() == 0 and shutil.which("systemd-creds") and Path("/run/systemd/system").is_dir():
        done = subprocess.run(  # noqa: S603 - fixed words and the configuration's place
            ["systemd-creds", "encrypt", f"--name={KEY_FILE}", "-", str(sealed)],  # noqa: S607 - root's own path
            input=key,
            capture_output=True,
            check=False,
            timeout=60,
        )
        if done.returncode == 0:
            sealed.chmod(0o400)
            DROP_IN.parent.mkdir(parents=True, exist_ok=True)
            DROP_IN.write_text(
                "# Written by stationd setup: the station key is sealed to this machine.\n"
                f"[Service]\nLoadCredential=\nLoadCredentialEncrypted={KEY_FILE}:{sealed}\n",
                encoding="utf-8",
            )
            return f"station key made and sealed to this machine: {sealed}; back it up once with systemd-creds decrypt"
    descriptor = os.open(plain, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return f"station key made: {plain}; keep a copy of it away from this machine"


def _enter(config: Path, officer: Mapping[str, Any]) -> None:
    """Enter the officer in a process of its own, which goes on as the station's user; this one stays root."""
    words = [word for key in _OFFICER_KEYS if key != "pin" for word in (f"--{key}", str(officer[key]))]
    command = [sys.executable, "-m", "stationd", "officer", "add", "--config", str(config), *words]
    done = subprocess.run(  # noqa: S603 - our own command; the answers are its arguments, the PIN is not
        [*command, "--pin-file", "-"], input=officer["pin"], text=True, check=False, timeout=120
    )
    if done.returncode:
        raise Faulted(
            "setup-unfinished",
            "cannot enter the first officer; everything else is done",
            fix="stationd officer add --number NIP --name NAME --decree D --from DATE --until DATE",
        )


def _start() -> int:
    if not Path("/run/systemd/system").is_dir():
        print("systemd does not run here; start the station with: stationd run")
        return EXIT_DONE
    for command in (["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", *UNITS]):
        done = subprocess.run(command, check=False, timeout=180)  # noqa: S603 - fixed words
        if done.returncode:
            print(f"stationd: cannot start: {' '.join(command)} failed; see journalctl -u stationd", file=sys.stderr)
            return EXIT_FAILED
    print("the station is enabled and runs; see how it is: stationd doctor")
    return EXIT_DONE
