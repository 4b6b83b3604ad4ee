"""Whatever the description allows, and much that it does not: no mistake of ours, and every answer as described.

Here a bounded look; ``make campaign`` asks several thousand times.
"""

from tests.campaign.contract import check_contract
from tests.rigs.station import StationProcess


async def test_no_call_breaks_the_station_and_every_answer_conforms(tmp_path):
    printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0, "folder": str(tmp_path / "cards")}
    async with StationProcess(tmp_path / "station", [printer], is_on_tcp=True) as station:
        await station.receive(1000)
        report = await check_contract(station, tmp_path / "schemathesis", phases="fuzzing", examples=2)
        assert report.exit_code == 0, report.text
        assert report.cases > 95, report.text
        station.check_books()
        assert "cannot answer" not in station.log.read_text("utf-8"), station.tail()
