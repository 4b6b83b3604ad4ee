"""`stationd city-demo` as a newcomer runs it: its story holds by the books that it leaves, and nothing else is left."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import urllib.request
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest

from stationd.demo.city import palembang
from stationd.demo.city.child import Child

STATIONS = dict(list(palembang.STATIONS.items())[:3])
ENDS_WITHIN_S = 540
UNSEEN = "SELECT seq, at, type, subject, data, hash FROM"


def rows(database, sql, *values):
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(sql, values).fetchall()


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


def ran(*command, exits=0):
    """What a command of ours printed."""
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == exits, done.stdout + done.stderr
    return done.stdout


def is_running(pid):
    """Whether a process is there and does something yet: one that nobody has waited for has ended all the same."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def running(mark):
    """The processes whose command line has ``mark`` in it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


@pytest.mark.campaign
def test_the_citys_story_holds_by_the_books_that_it_leaves_and_no_program_is_left(tmp_path):
    command = ["city-demo", "--once", "--stations", "3", "--seconds", "1", "--sqlite", "--dir", str(tmp_path / "city")]
    process = subprocess.Popen(
        [sys.executable, "-m", "stationd", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    told, page, watchdog = "", "", threading.Timer(ENDS_WITHIN_S, process.kill)  # its programs die with it
    watchdog.start()
    try:
        for line in process.stdout:
            told += line
            if line.startswith("6. "):
                address = re.search(r"at a glance: (http://\S+)", told)[1]
                page = get(address).decode()
                assert get(f"{address}/cards/1671-03").startswith(b"\x89PNG")
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    assert process.returncode == 0, told
    assert [line[0] for line in told.splitlines() if line[:3].endswith(". ") and line[0].isdigit()] == list("123456")
    assert not running(str(tmp_path))
    assert all(f"<td>{station}<td>{STATIONS[station]}<td>works<td>" in page for station in STATIONS)
    assert "Prometheus is not installed" in told or "Prometheus fires StationDown" in told

    folder = tmp_path / "city"
    books = folder / "city" / "books.db"
    cards, in_trays = Counter(), 0
    for station in STATIONS:
        database = folder / station / "state" / "station.db"
        own = rows(database, f"{UNSEEN} event ORDER BY seq")
        heard = rows(books, f"{UNSEEN} fact WHERE station = ? ORDER BY seq", station)
        assert own[: len(heard)] == heard
        assert len(own) - len(heard) <= 3  # what it wrote while it ended
        cards.update(rows(database, "SELECT order_ref FROM job WHERE state = 'printed'"))
        in_trays += len(list((folder / station / "cards").glob("*.png")))
        blanks = dict(rows(database, "SELECT name, balance FROM blank_account"))
        assert rows(books, "SELECT at_hand, in_printers, printed, spoiled FROM blank WHERE station = ?", station) == [
            (blanks["safe"] + blanks["loaded"], blanks["printer"], blanks["issued"], blanks["spoiled"])
        ]
    orders = rows(books, "SELECT order_ref FROM city_order WHERE outcome = 'printed'")
    assert set(cards.values()) == {1}
    assert set(orders) == set(cards)
    assert rows(books, "SELECT COUNT(*) FROM city_order") == [(len(orders),)]
    assert in_trays == len(orders)
    assert f"cards   {len(orders):7}   by the city's books" in told
    moved = rows(books, "SELECT order_ref FROM city_order WHERE fence > 1 AND station = '1671-01'")
    assert moved
    logs = [path.read_text(errors="replace") for path in folder.rglob("*.log")]
    assert len(logs) > len(STATIONS)
    assert not any(re.search(r"\b999999\d{10}\b", log) for log in logs)  # the NIK of everybody who does not exist

    ran("stationd", "verify", "--config", str(folder / "1671-02" / "stationd.toml"))
    ((receipt,),) = rows(
        folder / "1671-01" / "state" / "station.db", "SELECT receipt FROM job WHERE order_ref = ?", *moved[0]
    )
    city = ("stationd.city", "--config", str(folder / "city" / "city.toml"))
    assert json.loads(ran(*city, "where", receipt))["station"] == "1671-01"
    ran(*city, "issue-blanks", "1671-01", "5", "SJ-5")
    (differs,) = ran(*city, "reconcile", exits=1).splitlines()
    assert (json.loads(differs)["code"], json.loads(differs)["subject"]) == ("blanks-differ", "1671-01")


async def test_nothing_is_left_of_a_demonstration_that_was_killed(tmp_path):
    script = textwrap.dedent(
        f"""
        import asyncio
        from pathlib import Path
        from stationd.demo.city.child import Child
        from stationd.demo.city.scratch import Scratch

        async def main():
            async with Scratch() as scratch:
                folder = await scratch.folder("stationd-test-")
                child = Child("sleeper", ("sleep", "3600"), Path({str(tmp_path)!r}) / "log", tell=print)
                await child.start()
                print(folder, child.pid, flush=True)
                await asyncio.sleep(3600)

        asyncio.run(main())
        """
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    try:
        folder, pid = (await process.stdout.readline()).decode().split()
        assert Path(folder).is_dir()
    finally:
        process.kill()
        await process.wait()
    async with asyncio.timeout(60):
        while Path(folder).exists() or is_running(pid):
            await asyncio.sleep(0.1)


async def test_a_program_that_dies_alone_is_started_again_and_one_that_is_killed_for_the_story_is_not(tmp_path):
    told = []
    child = Child("sleeper", ("sleep", "3600"), tmp_path / "log", tell=told.append)
    await child.start()
    try:
        first = child.pid
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(60):
            while child.pid in {None, first}:
                await asyncio.sleep(0.05)
        assert told == ["sleeper has ended (SIGKILL) and is started again, as systemd would."]
        await child.kill()
        assert child.pid is None
        assert len(told) == 1
    finally:
        await child.end()
