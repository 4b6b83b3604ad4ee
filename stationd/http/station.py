"""Which station this is."""

from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import EVERYBODY, Table
from stationd.http.schemas import NoQuery, Nothing, StationAnswer, moment

table = Table("station")


@table.route("GET", "/v1/station", roles=EVERYBODY, says="The station.")
async def read_station(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[StationAnswer]:  # noqa: ARG001 - one shape for all
    """Who and where this station is, and whether it can print."""
    view = doors.station.describe()
    return Reply(
        StationAnswer(
            id=view.id,
            name=view.name,
            mode=view.mode,
            serves=tuple(view.serves),
            time_zone=view.time_zone,
            version=view.version,
            started_at=moment(view.started_at_ms),
            is_ready=view.is_ready,
            reasons=view.reasons,
        )
    )
