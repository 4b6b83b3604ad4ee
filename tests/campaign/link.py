"""``python -m tests.campaign.link``: stations, three servers and the city, all as shipped, while all of it breaks.

`stationd-city run` keeps its books in PostgreSQL where that is installed, else in SQLite. Servers have the shipped
configuration: TLS, rights by JWT, credentials by `stationd-city enrol`. Orders are filed, moved, moved back, cancelled
and brought to counters at random; leader, follower, city, database and stations die by SIGKILL, a server loses its
disk, lines are cut or hang half-open, the clocks of a station and of the city jump, and the stream remembers ids for
one second. In the end, in peace, the city's books are held against the stations' books, row by row, and cards in the
trays against the orders: nothing lost, nothing twice, no order with two cards, and `reconcile` names whatever is left.

Chance comes from the seed; when a process is scheduled does not.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.campaign.link_world import HERE, THERE, World, built


async def campaign(folder: Path, seconds: float, seed: int, *, is_reserved: bool = True) -> bool:
    """Whether all is as promised."""
    async with contextlib.AsyncExitStack() as stack:
        world = await built(stack, folder, random.Random(seed), is_reserved=is_reserved)
        until = time.monotonic() + seconds
        await asyncio.gather(world.order(until), world.stand_at_counters(until), world.break_things(until))
        print(f"broken: {dict(sorted(world.done.items()))}", flush=True)
        began = time.monotonic()
        try:
            await world.peace()
        except TimeoutError:
            print("no peace:", await world.unrest())
        print(
            f"at peace after {time.monotonic() - began:.1f} s; memory of the servers {world.servers.memory_kib()} KiB"
        )
        wrong = await compare(world, is_reserved=is_reserved)
    for line in wrong:
        print("BROKEN:", line)
    return not wrong


async def compare(world: World, *, is_reserved: bool) -> list[str]:
    """What is wrong, one line each."""
    wrong, told = [], await world.differences()
    for name, station in world.stations.items():
        mine = station.rows("SELECT seq, at, type, subject, data, hash FROM event ORDER BY seq")
        theirs = world.books(
            f"SELECT seq, at, type, subject, data, hash FROM fact WHERE station = '{name}' ORDER BY seq"
        )
        missing = {row[0] for row in mine} - {row[0] for row in theirs}
        other = [row[0] for row, its in zip(mine, theirs, strict=False) if row != its]
        trays = len(list(Path(station.folder, "cards").glob("*.png")))
        print(f"{name}: {len(mine)} facts, {len(theirs)} in the city's books, lost {len(missing)}, other {len(other)}")
        if missing or other or len(theirs) != len(mine):
            wrong.append(f"{name}: lost {sorted(missing)[:5]}, other {other[:5]}, {len(theirs) - len(mine)} too many")
        station.check_books()
        if trays != station.counts().get("printed", 0):
            wrong.append(f"{name}: {trays} cards in the tray, {station.counts()} in the book")
        own = dict(station.rows("SELECT name, balance FROM blank_account"))
        found = world.books(f"SELECT at_hand, in_printers, printed, spoiled FROM blank WHERE station = '{name}'")
        if found != [(own["safe"] + own["loaded"], own["printer"], own["issued"], own["spoiled"])]:
            wrong.append(f"{name}: blanks {found} in the city's books, {own} in its own")
    cards, orders = world.printed(), dict(world.books("SELECT order_ref, COALESCE(outcome, hold) FROM city_order"))
    two = {order for order, count in cards.items() if count > 1}
    ends = Counter(orders.values())
    print(f"orders {len(orders)}: {dict(ends)}; cards {sum(cards.values())}, orders with two {len(two)}")
    named = {(each["code"], each["subject"]) for each in told}
    print(f"reconcile: {dict(Counter(each['code'] for each in told))}")
    wrong += [f"two cards of {order}" for order in two if is_reserved or ("card-twice", order) not in named]
    for order, end in orders.items():
        is_right = cards[order] == (end == "printed") or order in two
        if not is_right or (end not in {"printed", "cancelled"} and ("order-free", order) not in named):
            wrong.append(f"{order}: {end} in the books, {cards[order]} cards")
    if lost := set(world.filed) - set(orders):
        wrong.append(f"orders that were filed and are in no book: {sorted(lost)[:5]}")
    allowed = {"order-free", "station-order-repeated", "station-order-recalled"}
    if not is_reserved:
        allowed |= {"card-twice", "order-made-at-counter", "holder-twice"}
    wrong += [f"reconcile tells {each}" for each in told if each["code"] not in allowed]
    return wrong


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.link", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--unreserved", action="store_true", help="counters may bring the city's own orders")
    options = parser.parse_args()
    print(f"seed {options.seed}, stations {HERE} and {THERE}", flush=True)
    with tempfile.TemporaryDirectory(prefix="link-") as folder:
        Path(folder).chmod(0o711)  # for the database's own user
        is_good = asyncio.run(campaign(Path(folder), options.seconds, options.seed, is_reserved=not options.unreserved))
    print("as promised" if is_good else "BROKEN")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
