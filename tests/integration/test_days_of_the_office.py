"""Days begin and end where the office stands, whatever the machine goes by."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.rigs.station import StationProcess


async def test_a_day_begins_at_midnight_of_the_office_on_a_machine_that_goes_by_utc(tmp_path):
    zone = ZoneInfo("Asia/Jayapura")
    station = StationProcess(tmp_path, environment={"TZ": "UTC"})
    text = station.config.read_text(encoding="utf-8")
    station.config.write_text(text.replace("[http]", f'time_zone = "{zone.key}"\n[http]'), encoding="utf-8")
    async with station:
        _, told = await station.call("GET", "/v1/station")
        assert told["time_zone"] == zone.key
        before = datetime.now(UTC).astimezone(zone).date()
        _, figures = await station.call("GET", "/v1/figures")
        after = datetime.now(UTC).astimezone(zone).date()
        begins = datetime.fromisoformat(figures["since"]).astimezone(zone)
        assert (begins.hour, begins.minute) == (0, 0)
        assert before <= begins.date() <= after
