"""The books compared: what the stations have written, what the city has of it, and what lies in the printers' trays."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stationd.city.books import Books, Transaction
from stationd.demo.city.link.kecamatan import Kecamatan


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """What was counted. ``lost`` are orders without a card, ``twice`` orders with more than one."""

    orders: int
    city_cards: int
    station_cards: int
    tray_cards: int
    twice: Sequence[str]
    lost: Sequence[str]
    rows: int
    rows_lost: int
    rows_other: int
    rows_invented: int

    @property
    def is_good(self) -> bool:
        """Whether nothing is lost, nothing is there twice, and all say the same."""
        return (
            not self.twice
            and not self.lost
            and self.orders == self.city_cards == self.station_cards == self.tray_cards
            and not self.rows_lost + self.rows_other + self.rows_invented
        )


def orders_of(books: Transaction) -> Counter[str]:
    """The city's orders by hold."""
    found: Counter[str] = Counter()
    for hold, _, count in books.rows("orders_by_station"):
        found[hold] += count
    return found


def cards_of(books: Transaction) -> dict[str, int]:
    """Cards that were printed by station, as the city's books have it."""
    return {row[0]: int(row[5]) for row in books.rows("blank_figures")}


def taken_of(books: Transaction) -> dict[str, int]:
    """How far each station's book is in the city's."""
    return {row[0]: int(row[3]) for row in books.rows("stations")}


async def reckon(books: Books, stations: Iterable[Kecamatan], acknowledged: Iterable[str]) -> Reckoning:
    """Compare everything, at a moment when nothing is under way. It waits for facts that are still on their way."""
    cards: Counter[str] = Counter()
    rows = lost = other = invented = tray = 0
    for station in stations:
        told = await asyncio.to_thread(station.told)
        cards.update(await asyncio.to_thread(station.printed))
        tray += await asyncio.to_thread(station.tray)
        last = told[-1][0]
        while (await books.run(taken_of))[station.station] < last:  # noqa: ASYNC110 - it is in another process
            await asyncio.sleep(0.2)
        theirs = await books.run(lambda city, name=station.station: city.rows("facts_of", station=name))  # type: ignore[misc]
        heard = {row[0]: (*row[:5], bytes(row[5])) for row in theirs if row[0] <= last}
        rows += len(told)
        lost += sum(row[0] not in heard for row in told)
        other += sum(row[0] in heard and heard[row[0]] != row for row in told)
        invented += len(set(heard) - {row[0] for row in told})
    in_city = await books.run(lambda city: [order for order, _ in city.rows("cards_twice")])
    return Reckoning(
        orders=sum((await books.run(orders_of)).values()),
        city_cards=sum((await books.run(cards_of)).values()),
        station_cards=cards.total(),
        tray_cards=tray,
        twice=sorted({*in_city, *(order for order, count in cards.items() if count > 1)}),
        lost=sorted(set(acknowledged) - set(cards)),
        rows=rows,
        rows_lost=lost,
        rows_other=other,
        rows_invented=invented,
    )
