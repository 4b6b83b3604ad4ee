"""The station key is changed by the command line beside a working station, and after a crash."""

import asyncio
import json

import pytest

from tests.rigs.documents import png
from tests.rigs.station import StationProcess


async def until_changed(station: StationProcess) -> None:
    """Wait until the station says that the change is over."""
    async with asyncio.timeout(60):
        while any(json.loads(await asyncio.to_thread(station.command, "key", "status", "--json")).values()):
            await asyncio.sleep(0.5)


async def test_the_key_is_changed_beside_a_working_station_and_everything_still_opens(stocked, tmp_path):
    tray = tmp_path / "tray"
    printer = {"name": "kartu-1", "driver": "simulator", "folder": str(tray), "seconds": 0.01}
    async with stocked() as station:
        await station.start()
        key = station.folder / "state" / "station.key"
        old = key.read_bytes()
        for number in range(1, 20):
            assert (await station.submit(number, png(number)))[0] == 201
        before = tmp_path / "before.db"
        await asyncio.to_thread(station.command, "backup", str(before))
        await asyncio.to_thread(station.command, "key", "rotate")
        assert key.read_bytes() != old
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.with_name("station.key.previous").read_bytes() == old
        assert (await station.submit(20, png(20)))[0] == 201
        station.kill()
        await station.start()
        assert (await station.submit(21, png(21)))[0] == 201
        await until_changed(station)
        assert "in order" in await asyncio.to_thread(station.command, "verify")
        station.configure([printer])
        station.terminate()
        await station.start()
        assert await station.settled() == {"printed": 21}
        station.check_books()
        station.terminate()
        with pytest.raises(RuntimeError, match=r"made before the key was changed") as refused:
            station.command("restore", str(before))
        assert f"mv {key}.previous {key}" in str(refused.value)
        assert station.counts() == {"printed": 21}, "nothing was changed"
        key.write_bytes(old)
        station.spawn()
        assert station.process is not None
        assert await asyncio.to_thread(station.process.wait, 15) == 1
        assert "the station key is not the one" in station.tail()
        assert "restored" in station.command("restore", str(before))
        await station.start()
        assert await station.settled() == {"failed": 19}, "they were printed after the backup: an officer looks"
        assert "in order" in await asyncio.to_thread(station.command, "verify")
