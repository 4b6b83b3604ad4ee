"""What happens to the city, told line by line: every figure is read from the books of the stations and of the city."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from aiohttp import ClientError

from stationd.demo.city.link.kecamatan import Kecamatan
from stationd.demo.city.link.look import Look
from stationd.demo.city.link.office import LEAVE_AHEAD
from stationd.demo.city.link.reckoning import Reckoning, cards_of, orders_of, reckon
from stationd.demo.city.link.site import BrokenError, LinkedCity

_MOST_SHOWN = 5
_DOWN = "StationDown"
_ALONE = 3
"""So many orders a station has leave for when its link is cut."""
_MADE_AND_WAITING = """
    SELECT count(*) FILTER (WHERE state = 'printed'), count(*) FILTER (WHERE state IN ('queued', 'printing')) FROM job
"""


class Story:
    """The chapters, in their order. Each raises ``BrokenError`` where the city does not keep its promise."""

    def __init__(self, city: LinkedCity, look: Look, chapter: Callable[[str], None]) -> None:
        """``chapter`` is given the heading of each."""
        self._city = city
        self._look = look
        self._chapter = chapter
        self._tell = city.tell

    async def play(self) -> None:
        """Play it once."""
        await self.cards_everywhere()
        await self.a_server_dies()
        await self.the_citys_program_dies()
        await self.a_link_is_cut()
        await self.a_station_dies()
        await self.books_compared()

    async def cards_everywhere(self) -> None:
        """Orders go down, cards are made, facts come up."""
        stations = self._city.stations
        self._chapter(
            f"Orders are filed at the city's door, for people who do not exist, and {len(stations)} stations print"
        )
        await self._each_prints_after(dict.fromkeys((each.station for each in stations), 0))
        cards, orders = await self._cards(), await self._city.books.run(orders_of)
        self._tell(
            f"All {len(stations)} have made cards: {sum(cards.values())} by the city's books, "
            f"of {sum(orders.values())} orders."
        )

    async def a_server_dies(self) -> None:
        """One of three: nothing stops."""
        city = self._city
        self._chapter("One of the three NATS servers is killed")
        await city.until(self._has_leader, "the servers have a leader")
        leader = await city.cluster.leader(city.session) or city.cluster.nodes[0]
        before = await self._cards()
        await leader.process.kill()
        self._tell(
            f"kill -9 {leader.name}, the leader of the stream of facts; at that moment {_cards(sum(before.values()))}."
        )
        await self._each_prints_after(before)
        after = await self._cards()
        self._tell(
            f"It is dead, and nothing stops: the city has heard of {_cards(sum(after.values()))} by now, new ones "
            f"from each of the {len(after)} stations."
        )
        await leader.process.start()
        self._tell(f"{leader.name} is started again and catches up by itself.")

    async def the_citys_program_dies(self) -> None:
        """Stations go on with what they have leave for; the city's books catch up."""
        city = self._city
        self._chapter("The city's own program, stationd-city, is killed")
        reachable = await self._with_leave(city.stations, len(city.stations))
        await city.office.process.kill()
        before = sum((await self._cards()).values())
        self._tell(f"kill -9; its books say {_cards(before)}. No order reaches a station, and no fact the books.")
        await city.until(lambda: self._have_made(city.stations, reachable), "the stations print without the city")
        own, _ = await asyncio.to_thread(_made_and_waiting, city.stations)
        self._tell(f"The stations print what they have leave for: {_cards(own)} by their own books now.")
        await city.office.process.start()

        async def is_told() -> bool:
            return sum((await self._cards()).values()) >= own

        await city.until(is_told, "the city's books catch up")
        self._tell(f"It is started again and catches up: {_cards(sum((await self._cards()).values()))} by its books.")

    async def a_link_is_cut(self) -> None:
        """A station goes on alone with what it has leave for."""
        city, station = self._city, self._city.cut_off
        self._chapter(f"The link of {station.name} ({station.station}) is cut")
        reachable = await self._with_leave([station], _ALONE)
        for line in city.lines[station.station]:
            line.cut()
        heard = (await self._cards())[station.station]
        self._tell(f"No connection of it comes through. The city has heard of {_cards(heard)} from there.")
        await city.until(lambda: self._have_made([station], reachable), f"{station.name} prints alone")
        alone = len(await asyncio.to_thread(station.printed))
        known = (await self._cards())[station.station]
        self._tell(
            f"It goes on printing what it has leave for: its own book says {alone} cards, the city's {known}. "
            f"It has leave for {LEAVE_AHEAD} orders at a time; of others it begins none, for they may move."
        )
        for line in city.lines[station.station]:
            line.mend()

        async def is_told() -> bool:
            return (await self._cards())[station.station] >= alone

        await city.until(is_told, f"the facts of {station.name} arrive")
        now = (await self._cards())[station.station]
        self._tell(f"The link is back, and its facts arrive: the city's books say {now} now.")

    async def a_station_dies(self) -> None:
        """Its waiting orders go to the neighbour; it comes back, and no card is made twice."""
        city = self._city
        neighbour, station = city.stations[0], city.stations[1]
        self._chapter(f"The station of {station.name} ({station.station}) is killed in the middle of a card")

        async def has_both() -> bool:
            holds = {hold for _, hold in await self._orders_at(station)}
            return {"offered", "granted"} <= holds and bool(station.rows("SELECT 1 FROM job WHERE state = 'printing'"))

        await city.until(has_both, f"{station.name} prints, and has more orders waiting")
        city.counter.closed.add(station.station)
        await station.process.kill()
        there = await self._orders_at(station)
        printed = len(station.printed())
        (moved,) = await city.office.lines("move", "--from", station.station, "--to", neighbour.station)
        done, asked = moved.get("done", 0), moved.get("asked-back", 0)
        self._tell(
            f"kill -9, with {len(there)} orders. stationd-city move --from {station.station} --to {neighbour.station}:"
        )
        self._tell(
            f"  {done} that it had no leave for are {neighbour.name}'s at once; {asked} that it may have printed "
            f"stay its own until it answers."
        )
        orders = [order for order, _ in there]
        views = await self._views(orders)
        waiting = [order for order, view in views.items() if view[1] == neighbour.station]
        await city.until(lambda: self._are_printed_at(neighbour, waiting), f"{neighbour.name} prints them")
        self._tell(f"{neighbour.name} has made the cards of those that moved at once: {len(waiting)}.")
        if self._look.prometheus_url:
            await city.until(lambda: self._fires(station), f"Prometheus fires {_DOWN}")
            said = (await self._look.alerts(station.station)).get(_DOWN, "")
            self._tell(f"Prometheus fires {_DOWN}: {said}.")
        await station.process.start()
        await city.until(lambda: station.is_up(city.session), f"{station.name} is back")

        async def has_answered() -> bool:
            return not await self._orders_at(station)

        await city.until(has_answered, f"{station.name} gives back what it has not begun")
        own = len(station.printed()) - printed
        self._tell(
            f"{station.name} is back. It has given back what it had not begun, and {neighbour.name} prints that; "
            f"what it had begun it has made itself: {_cards(own)}."
        )
        await city.until(lambda: self._are_settled(orders), "each of those orders has its card")
        both = [*station.printed(), *neighbour.printed()]
        counts = {both.count(order) for order in orders}
        if counts != {1}:
            raise BrokenError(f"of the {len(orders)} orders, some have {sorted(counts)} cards")
        self._tell(f"Each of the {len(orders)} orders has one card, made at one of the two stations: never a second.")
        city.counter.closed.discard(station.station)

    async def books_compared(self) -> None:
        """Everything is left in peace and counted."""
        city = self._city
        self._chapter("No more orders; when the last card is made, all books are compared")
        city.counter.is_open = False
        await city.until(self._is_quiet, "every order is settled")
        async with asyncio.timeout(180):
            found = await reckon(city.books, city.stations, city.counter.acknowledged)
        differences = await city.office.lines("reconcile", exits=(0, 1))
        for line in summary(found, len(city.stations)):
            self._tell(line)
        if differences:
            for each in differences[:_MOST_SHOWN]:
                self._tell(f"  stationd-city reconcile: {each['code']} {each['subject']}: {each['detail']}")
            raise BrokenError(f"stationd-city reconcile finds {len(differences)} differences")
        if not found.is_good:
            raise BrokenError("the books do not say the same")
        self._tell("stationd-city reconcile: no difference. Nothing lost, nothing twice.")

    # ------------------------------------------------------------------------------------------------------- inside

    async def _cards(self) -> dict[str, int]:
        return await self._city.books.run(cards_of)

    async def _with_leave(self, stations: Sequence[Kecamatan], count: int) -> int:
        """Wait until stations have leave for ``count`` cards that they have not made; how many they will have then."""
        reachable = 0

        async def they_have() -> bool:
            nonlocal reachable
            made, waiting = await asyncio.to_thread(_made_and_waiting, stations)
            reachable = made + count
            return waiting >= count

        await self._city.until(they_have, f"leave for {count} cards is there")
        return reachable

    async def _have_made(self, stations: Sequence[Kecamatan], count: int) -> bool:
        made, _ = await asyncio.to_thread(_made_and_waiting, stations)
        return made >= count

    async def _each_prints_after(self, before: dict[str, int]) -> None:
        """Wait until the city has heard of a new card from each station."""

        async def all_have() -> bool:
            now = await self._cards()
            return all(now[station] > count for station, count in before.items())

        await self._city.until(all_have, "each station has made another card")

    async def _fires(self, station: Kecamatan) -> bool:
        with suppress(ClientError, TimeoutError):
            return _DOWN in await self._look.alerts(station.station)
        return False

    async def _has_leader(self) -> bool:
        return await self._city.cluster.leader(self._city.session) is not None

    async def _orders_at(self, station: Kecamatan) -> list[tuple[str, str]]:
        rows = await self._city.books.run(lambda books: books.rows("orders_at", station=station.station))
        return [(order, hold) for order, hold in rows]

    async def _are_printed_at(self, station: Kecamatan, orders: list[str]) -> bool:
        return set(orders) <= set(await asyncio.to_thread(station.printed))

    async def _are_settled(self, orders: list[str]) -> bool:
        return all(view[3] == "settled" for view in (await self._views(orders)).values())

    async def _views(self, orders: list[str]) -> dict[str, Any]:
        """How orders stand, by the city's books: kind, station, fence, hold and more."""
        return await self._city.books.run(
            lambda books: {order: books.row("order_view", order=order) for order in orders}
        )

    async def _is_quiet(self) -> bool:
        """Whether the city has nothing open; what nobody has is given to somebody."""
        city = self._city
        for order, _ in await city.books.run(lambda books: books.rows("orders_free")):
            with suppress(ClientError):
                await city.office.move(city.session, order, city.stations[0].station)
        holds = await city.books.run(orders_of)
        return not any(count for hold, count in holds.items() if hold != "settled")


def _made_and_waiting(stations: Sequence[Kecamatan]) -> tuple[int, int]:
    """Cards by the stations' own books, and those that they have leave for and have not made."""
    rows = [station.rows(_MADE_AND_WAITING)[0] for station in stations]
    return sum(row[0] for row in rows), sum(row[1] for row in rows)


def summary(found: Reckoning, stations: int) -> list[str]:
    """A reckoning in words."""
    wrong = f"{found.rows_lost} are lost, {found.rows_other} other, {found.rows_invented} invented"
    told = (
        ("orders", found.orders, "by the city's books"),
        ("cards", found.city_cards, "by the city's books"),
        ("", found.station_cards, f"by the books of {stations} stations"),
        ("", found.tray_cards, "in their trays"),
        ("twice", len(found.twice), f"orders with more than one card {_some(found.twice)}"),
        ("lost", len(found.lost), f"orders that the door took and nobody printed {_some(found.lost)}"),
        ("facts", found.rows, f"rows in the stations' books; in the city's {wrong}"),
    )
    return [f"  {name:8}{count:7}   {what}".rstrip() for name, count, what in told]


def _some(orders: Sequence[str]) -> str:
    return " ".join(orders[:_MOST_SHOWN])


def _cards(count: int) -> str:
    return f"{count} card" if count == 1 else f"{count} cards"
