"""The whole way: the server's configuration as shipped, TLS, `stationd-city` by its command line, real stations."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.rigs.agent_and_city import certify
from tests.rigs.city_process import CityProcess
from tests.rigs.nats import BINARY
from tests.rigs.ports import free_port
from tests.rigs.station import StationProcess, job
from tests.simulation.picture import picture_for

ROOT = Path(__file__).parents[2]
HERE, THERE = "1671-07", "1671-09"
PICTURE = picture_for("PRR-16711-000001")


async def until(holds, *, timeout_s=90):
    async with asyncio.timeout(timeout_s):
        while not (found := await asyncio.to_thread(holds)):
            await asyncio.sleep(0.1)
        return found


def server_files(folder, port, pem):
    """The configuration as it is installed, but for addresses and paths; one server, so without a cluster."""
    folder.mkdir()
    for name in ("nats.conf", "node.conf"):
        text = (ROOT / "config" / "city" / "nats" / name).read_text(encoding="utf-8")
        for path in ("server.pem", "server.key", "city-ca.pem"):
            text = text.replace(f"/etc/nats/{path}", str(pem))
        text = text.replace("0.0.0.0:4222", f"127.0.0.1:{port}").replace("/var/lib/nats", str(folder))
        (folder / name).write_text(text.replace("20GB", "1GB"), encoding="utf-8")


@pytest.fixture
async def world(tmp_path):
    """A server, a city and two stations; nothing runs but the server."""
    port, pem = free_port(), certify(tmp_path)
    database = f"sqlite:{tmp_path}/city/books.db"
    city = CityProcess(tmp_path / "city", [f"tls://127.0.0.1:{port}"], pem, database)
    server_files(tmp_path / "nats", port, pem)
    city.command("init")
    (tmp_path / "nats" / "rights.conf").write_text(city.command("server-config"))
    config = tmp_path / "nats" / "nats.conf"
    looked_over = subprocess.run([BINARY, "-t", "-c", config], capture_output=True, check=False)
    assert looked_over.returncode == 0, looked_over.stderr
    (tmp_path / "nats" / "node.conf").write_text('server_name: "city-1"\n')
    with (tmp_path / "nats.log").open("wb") as log:
        server = subprocess.Popen([BINARY, "-c", config], stdout=log, stderr=log)
    stations = []
    try:
        for name in (HERE, THERE):
            folder = tmp_path / name
            printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0.01, "folder": f"{folder}/cards"}
            station = StationProcess(folder, [printer], station=name, name=f"Kecamatan {name}")
            identity = tomllib.loads(station.command("transfer", "identity"))["partner"][0]["identity"]
            file = folder / "city.creds"
            city.command("enrol", name, f"Kecamatan {name}", identity, "--out", str(file))
            files = f'ca_file = "{pem}"\ncredentials_file = "{file}"\n'
            station.configure([printer], city.command("identity") + files)
            stations.append(station)
        yield city, *stations
    finally:
        city.end()
        for station in stations:
            await station.aclose()
        server.kill()
        server.wait()


async def test_orders_filed_at_the_city_become_one_card_each_and_the_books_agree_after_kills(world):
    city, here, there = world
    for number in (1, 2):
        await asyncio.to_thread(city.command, "issue-blanks", (HERE, THERE)[number - 1], "10", f"SJ-{number}")
    orders = b"\n".join(json.dumps(job(number, PICTURE)).encode() for number in range(1, 7))
    filed = await asyncio.to_thread(city.lines, "file", "-", "--to", HERE, given=orders)
    assert [each["result"] for each in filed] == ["offered"] * 6
    city.start()
    moved = ["PRR-16711-000005", "PRR-16711-000006"]  # a station that is down loses what it has no leave for
    await asyncio.to_thread(city.command, "move", "--to", THERE, "--order", moved[0], "--order", moved[1])
    for station in (here, there):
        await station.start()
        await station.receive(10)

    def printed():
        return here.counts().get("printed", 0) + there.counts().get("printed", 0)

    await until(lambda: printed() >= 2)
    city.end()
    city.start()
    await until(lambda: here.counts() == {"printed": 4} and there.counts() == {"printed": 2})

    books = await asyncio.to_thread(sqlite3.connect, city.folder / "books.db", check_same_thread=False)

    def agrees():
        told = dict(books.execute("SELECT id, seq FROM station").fetchall())
        return all(told[each.station] == each.rows("SELECT MAX(seq) FROM event")[0][0] for each in (here, there))

    await until(agrees)
    for station in (here, there):
        columns = "seq, at, type, subject, data, hash FROM"
        mine = station.rows(f"SELECT {columns} event ORDER BY seq")
        theirs = books.execute(f"SELECT {columns} fact WHERE station = ? ORDER BY seq", (station.station,)).fetchall()
        assert theirs == mine
        station.check_books()
        (received, at_hand, in_printers, cards, spoiled) = books.execute(
            "SELECT received, at_hand, in_printers, printed, spoiled FROM blank WHERE station = ?", (station.station,)
        ).fetchone()
        own = dict(station.rows("SELECT name, balance FROM blank_account"))
        assert (received, at_hand, in_printers) == (10, own["safe"] + own["loaded"], own["printer"])
        assert (cards, spoiled) == (own["issued"], own["spoiled"])
    for order, outcome, station in books.execute("SELECT order_ref, outcome, station FROM city_order"):
        assert (outcome, station) == ("printed", THERE if order in moved else HERE)
    books.close()
    assert await asyncio.to_thread(city.lines, "reconcile") == []
    (receipt,) = there.rows("SELECT receipt FROM job LIMIT 1")[0]
    (found,) = await asyncio.to_thread(city.lines, "where", receipt)
    assert (found["station"], found["custody"]) == (THERE, "printed")
    await asyncio.to_thread(city.command, "issue-blanks", HERE, "5", "SJ-3")
    differing = await asyncio.to_thread(city.lines, "reconcile", exits=(1,))
    assert [(each["code"], each["subject"]) for each in differing] == [("blanks-differ", HERE)]
    log = city.log.read_text()
    assert not any(job(number, PICTURE)["holder"]["nik"] in log for number in range(1, 7))
    city.end(signal.SIGTERM)
