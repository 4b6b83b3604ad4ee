"""The daemon killed with SIGKILL at each point of a card's path, its printer killed, and both at once.

What must hold afterwards, whatever died: no document printed twice, none lost, no card of bytes that nobody submitted,
every accepted job printed or uncertain, and the book of blanks adds up.
"""

import asyncio
import contextlib
import signal
from collections.abc import Mapping

import aiohttp
import pytest

from stationd.domain.retry import MOST_STOPS, STOPS_STATION
from tests.rigs import killpoint
from tests.rigs.documents import pdf, png
from tests.rigs.ippeveprinter import IppEvePrinter
from tests.rigs.press import GenuinePress, SimulatedPress, press
from tests.rigs.reckoning import Reckoning, digests_of, reckon
from tests.rigs.station import StationProcess

SIZE = 300_000
ON_THE_WIRE = {"mid-document", "sent", "taken"}
IN_DOUBT = {"sent", "taken", "answered"}
"""The document may have left whole, and no note says so: if a card comes of it, a person must look at it."""
DOCUMENTS = {number: (pdf if number % 2 else png)(number, size=SIZE) for number in range(1, 4)}


def dying_at(point: str, count: int = 1) -> tuple[str, ...]:
    """The interpreter's arguments for a daemon that dies there."""
    return ("-P", killpoint.__file__, point, str(count))


async def submit_all(station: StationProcess, documents: Mapping[int, bytes] = DOCUMENTS) -> set[int]:
    """Submit until the station dies; the numbers that were answered."""
    answered = set()
    for number, document in documents.items():
        kind = "application/pdf" if document.startswith(b"%PDF") else "image/png"
        with contextlib.suppress(aiohttp.ClientError):
            status, _ = await station.submit(number, document, kind)
            assert status in {200, 201}, status
            answered.add(number)
    return answered


async def died(station: StationProcess, timeout_s: float = 60) -> None:
    """Wait until the daemon has killed itself."""
    assert station.process is not None
    async with asyncio.timeout(timeout_s):
        while station.process.poll() is None:
            await asyncio.sleep(0.01)
    assert station.process.returncode == -signal.SIGKILL, station.tail()


async def killed_and_recovered(
    station: StationProcess,
    printer: GenuinePress | SimulatedPress,
    wrapper: tuple[str, ...],
    environment: Mapping[str, str] | None = None,
) -> Reckoning:
    """Submit to a daemon that dies, start an ordinary one, submit again what was not answered, and count."""
    ordinary, station.wrapper = station.wrapper, wrapper
    station.environment = dict(environment or {})
    await station.start()
    answered = await submit_all(station)
    await died(station)
    station.wrapper, station.environment = ordinary, {}
    if environment:
        printer.kill()
        printer.start()
    await station.start()
    await submit_all(station, {n: d for n, d in DOCUMENTS.items() if n not in answered})
    await station.settled()
    station.check_books()
    result = reckon(station, DOCUMENTS, printer.printed(), printer.begun())
    result.check()
    return result


@pytest.mark.parametrize("point", killpoint.POINTS)
async def test_a_card_is_printed_exactly_once_after_sigkill_at_a_genuine_printer(stocked, tmp_path, point):
    with press("ippeve", tmp_path) as printer:
        async with stocked(printer.table) as station:
            result = await killed_and_recovered(station, printer, dying_at(point))
            if point in IN_DOUBT:
                assert result.uncertain <= 1
            else:
                assert result.uncertain == 0, "the printer was there all the time and could tell"
            assert isinstance(printer.rig, IppEvePrinter)
            kept = {printer.rig.kept(card) for card in printer.rig.cards()}
            assert kept == set(DOCUMENTS.values())


@pytest.mark.parametrize("point", ["created", "opened", "mid-document", "taken", "noted", "printed"])
async def test_a_card_is_printed_exactly_once_after_sigkill_at_a_genuine_spooler(stocked, tmp_path, point):
    with press("cups", tmp_path) as printer:
        async with stocked(printer.table) as station:
            uncertain = (await killed_and_recovered(station, printer, dying_at(point))).uncertain
            assert uncertain <= 1, "the next card may be on its way behind the one that is followed here"


@pytest.mark.parametrize("point", [point for point in killpoint.POINTS if point not in ON_THE_WIRE])
async def test_a_card_is_printed_exactly_once_after_sigkill_with_a_simulated_printer(stocked, tmp_path, point):
    with press("simulator", tmp_path) as printer:
        async with stocked(printer.table) as station:
            assert (await killed_and_recovered(station, printer, dying_at(point))).uncertain == 0


@pytest.mark.parametrize("point", ["opened", "taken", "answered", "noted"])
async def test_a_death_in_the_second_card_leaves_the_first_alone(stocked, tmp_path, point):
    with press("ippeve", tmp_path) as printer:
        async with stocked(printer.table) as station:
            uncertain = (await killed_and_recovered(station, printer, dying_at(point, 2))).uncertain
            assert uncertain <= (point in IN_DOUBT)


@pytest.mark.parametrize("point", ["created", "mid-document", "taken", "answered", "printed"])
async def test_a_power_cut_of_station_and_printer_together_prints_nothing_twice(stocked, tmp_path, point):
    with press("ippeve", tmp_path) as printer:
        async with stocked(printer.table) as station:
            assert isinstance(printer, GenuinePress)
            also = {killpoint.ALSO: str(printer.rig.pid)}
            result = await killed_and_recovered(station, printer, dying_at(point), also)
            # before the document's first byte nothing can have been printed; afterwards the printer has forgotten
            assert result.uncertain == (0 if point == "created" else 1)


async def test_a_printer_killed_in_mid_card_leaves_one_card_in_doubt_and_goes_on(stocked, tmp_path):
    with press("ippeve", tmp_path) as printer:
        printer.slow_down(0.5)
        async with stocked(printer.table) as station:
            await station.start()
            await submit_all(station)
            assert isinstance(printer, GenuinePress)
            await asyncio.to_thread(printer.rig.wait_for_begun, 2)
            printer.kill()
            printer.slow_down(0)
            printer.start()
            counts = await station.settled()
            station.check_books()
            assert counts == {"printed": 2, "uncertain": 1}
            reckon(station, DOCUMENTS, printer.printed(), printer.begun()).check()


async def test_a_card_in_doubt_is_settled_by_the_word_of_an_officer(stocked, tmp_path):
    with press("ippeve", tmp_path) as printer:
        printer.slow_down(0.5)
        async with stocked(printer.table) as station:
            await station.start()
            await submit_all(station)
            assert isinstance(printer, GenuinePress)
            await asyncio.to_thread(printer.rig.wait_for_begun, 1)
            station.kill()
            printer.kill()
            printer.slow_down(0)
            printer.start()
            await station.start()
            await station.settled()
            status, page = await station.call("GET", "/v1/jobs?state=uncertain&limit=10")
            assert status == 200
            (doubtful,) = page["items"]
            body = {"outcome": "not_printed", "note": "looked into the machine"}
            status, _ = await station.call("POST", f"/v1/jobs/{doubtful['id']}/verdict", body)
            assert status == 200
            assert await station.settled() == {"printed": 3}
            station.check_books()
            # the officer's word is what allows the second beginning; only one card came out of each document
            result = reckon(station, DOCUMENTS, printer.printed())
            result.check()
            assert len(set(digests_of(printer.rig.begun()))) == len(DOCUMENTS)


async def test_a_job_at_which_the_daemon_dies_each_time_is_set_aside_and_printed_once_when_an_officer_tries_again(
    stocked, tmp_path
):
    with press("simulator", tmp_path) as printer:
        async with stocked(printer.table) as station:
            ordinary, station.wrapper = station.wrapper, dying_at("claimed")
            await station.start()
            await submit_all(station, {1: DOCUMENTS[1]})
            await died(station)
            for _ in range(MOST_STOPS - 1):
                station.spawn()
                await died(station)
            station.wrapper = ordinary
            await station.start()
            async with asyncio.timeout(60):
                while station.counts().get("failed") != 1:
                    await asyncio.sleep(0.05)
            ((job_id,),) = station.rows("SELECT id FROM job")
            _, job = await station.call("GET", f"/v1/jobs/{job_id}")
            assert (job["state"], job["attempts"], job["why"][0]["code"]) == ("failed", MOST_STOPS, STOPS_STATION)
            assert not printer.printed()
            status, _ = await station.call("POST", f"/v1/jobs/{job_id}/retry", {})
            assert status == 200
            await station.settled()
            station.check_books()
            assert station.counts() == {"printed": 1}
            assert len(printer.printed()) == 1
