"""Every world of one order, two stations and a few moves: all that can be reached, and never a second card.

Messages are a set that only grows: any of them may arrive now, later, again or never, in any order. A station may begin
a card, make it or see it come to nothing, find the order unprintable, cancel it, or lose its disk; the city gives,
moves, ends and, once somebody has seen that a disk is gone, writes off. A restart changes nothing, for everything here
is on a disk.
"""

from typing import NamedTuple

import stationd.domain.fence as rule
from stationd.domain.fence import Act, Answer, Arrival, Assignment, Held

STATIONS = (0, 1)
NAMES = ("first", "second")


class Place(NamedTuple):
    """A station: what it holds, whether a card is in its printer, how many it has made, whether its disk is gone."""

    held: Held = Held()
    is_printing: bool = False
    made: int = 0
    is_gone: bool = False


class World(NamedTuple):
    """Everything there is; ``down`` and ``up`` are all messages that ever were."""

    order: Assignment = Assignment()
    places: tuple[Place, ...] = (Place(), Place())
    down: frozenset[tuple[int, str, int]] = frozenset()
    up: frozenset[tuple[int, str, int]] = frozenset()


def said(world, station, what, fence):
    return world._replace(up=world.up | {(station, what, fence)})


def told(world, name, what, fence):
    return world._replace(down=world.down | {(NAMES.index(name), what, fence)})


def at(world, station, **changes):
    places = list(world.places)
    places[station] = places[station]._replace(**changes)
    return world._replace(places=tuple(places))


def of_the_city(world, fences):
    """What the city may do, and what it may hear."""
    order = world.order
    for name in NAMES:
        given = rule.offered(order, name)
        if given is not None and given.fence <= fences:
            yield told(world._replace(order=given), name, "offer", given.fence)
    if order.station is not None:
        yield told(world._replace(order=rule.recalled(order)), order.station, Act.RECALL, rule.recall_fence(order))
        place = world.places[NAMES.index(order.station)]
        if place.is_gone and not place.made:
            yield world._replace(order=rule.written_off(order))
    for station, what, fence in world.up:
        name = NAMES[station]
        if what == "asks":
            after, act, answer = rule.asked(order, name, fence)
            yield told(world._replace(order=after), name, act, answer)
        elif what == "returned":
            yield world._replace(order=rule.returned(order, name, fence))
        else:
            yield world._replace(order=rule.printed(order, name, fence))


def of_a_station(world, station):
    """What a station may do by itself."""
    place = world.places[station]
    held, fence = place.held, place.held.fence
    if place.is_gone:
        return
    if place.is_printing:
        yield said(at(world, station, is_printing=False, made=place.made + 1), station, "printed", fence)
        nothing = at(world, station, is_printing=False)
        if held.fence < held.floor:  # it was recalled meanwhile
            after, answer = rule.taken_back(held, held.floor, has_begun=False)
            assert answer is Answer.RETURNED
            nothing = said(at(nothing, station, held=after), station, "returned", held.floor)
        yield nothing
        return
    if held.may_begin and not place.made:
        yield at(world, station, is_printing=True)
        refused = at(world, station, held=rule.refused(held))
        yield said(refused, station, "returned", fence + 1)
    if not place.made:
        yield at(world, station, held=Held(), is_gone=True)


def of_the_post(world):
    """A message arrives at a station."""
    for station, what, fence in world.down:
        place = world.places[station]
        held = place.held
        if place.is_gone:
            continue
        if what == "offer":
            after, arrival = rule.arrived(held, fence)
            heard = at(world, station, held=after)
            yield said(heard, station, "asks", fence) if arrival is Arrival.TAKEN else heard
        elif what is Act.LEAVE:
            yield at(world, station, held=rule.granted(held, fence))
        else:
            has_begun = place.is_printing or place.made > 0
            after, answer = rule.taken_back(held, fence, has_begun=has_begun)
            heard = at(world, station, held=after)
            yield said(heard, station, "returned", fence) if answer is Answer.RETURNED else heard


def second_card(fences, most=2_000_000):
    """The first world with a second card, or ``None``; and how many worlds there are."""
    first = World()
    seen, waiting = {first}, [first]
    while waiting:
        world = waiting.pop()
        cards = sum(place.made + place.is_printing for place in world.places)
        leaves = sum(place.held.may_begin for place in world.places)
        if cards > 1 or leaves > 1:
            return world, len(seen)
        for after in (
            *of_the_city(world, fences),
            *of_a_station(world, 0),
            *of_a_station(world, 1),
            *of_the_post(world),
        ):
            if after not in seen:
                seen.add(after)
                waiting.append(after)
        assert len(seen) < most
    return None, len(seen)


def test_no_world_that_can_be_reached_has_a_second_card():
    found, count = second_card(2)
    assert found is None
    assert count > 3_000
