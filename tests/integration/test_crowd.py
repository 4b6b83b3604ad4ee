"""Connections that say nothing, or never finish, shut nobody out and do not fill the memory."""

from tests.campaign.crowd import stand_around
from tests.rigs.station import StationProcess

CONNECTIONS = 800
LONGEST_S = 20.0
"""Far more than an answer takes on a busy machine, and less than the time after which silent connections are cut."""


async def test_the_station_answers_beside_a_silent_crowd(tmp_path):
    async with StationProcess(tmp_path, extra="[devices]\nwatch = false", is_on_tcp=True) as station:
        seen = await stand_around(station, CONNECTIONS)
        assert seen.connections == CONNECTIONS
        assert seen.slowest_s < LONGEST_S
        assert seen.memory_mb < 200
