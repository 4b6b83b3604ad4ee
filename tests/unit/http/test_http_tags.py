"""Nobody writes over what another has just written: every call that edits takes the ETag of what was read."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from fake_cards import TRANSFER_ID
from fake_queue import JOB_ID
from http_door import Door, OpenDoor

from stationd.http.app import ROUTES
from stationd.http.openapi import document
from stationd.http.routing import Route

DOCUMENT = document(ROUTES)
EDITS = [route for route in ROUTES if route.edits is not None]
READS = {route.handler: route for route in ROUTES if route.tagged is not None}
THINGS = {"job_id": JOB_ID, "card_id": JOB_ID, "transfer_id": TRANSFER_ID, "device_id": "kartu-1"}

WITHOUT = {
    ("POST", "/v1/jobs"): "makes a new one",
    ("POST", "/v1/jobs/bulk"): "makes new ones",
    ("PUT", "/v1/devices/{device_id}/label"): "has its own resource, and its own test",
    ("POST", "/v1/devices/{device_id}/test-card"): "makes a new one",
    ("POST", "/v1/cards/find"): "reads",
    ("POST", "/v1/jobs/{job_id}/slip"): "prints",
    ("POST", "/v1/transfers"): "makes a new one",
    ("POST", "/v1/transfers/incoming"): "makes a new one",
    ("POST", "/v1/transfers/confirmations"): "what the file says counts, by its revision",
    ("POST", "/v1/minutes"): "makes a new one",
    ("POST", "/v1/sessions"): "makes a new one",
    ("DELETE", "/v1/sessions/current"): "is one's own",
    ("POST", "/v1/duty"): "is one's own",
    ("DELETE", "/v1/duty"): "is one's own",
    ("POST", "/v1/pairings"): "makes a new one",
    ("POST", "/v1/pairings/collect"): "is one's own",
    ("POST", "/v1/pairings/{code}/approve"): "goes by a code that is good once",
    ("DELETE", "/v1/pairings/{code}"): "goes by a code that is good once",
}
"""Calls that are not edits of something read before, and why."""


def named(route: Route, approval: str) -> str:
    return route.path.format_map({**THINGS, "approval_id": approval})


def body_of(route: Route) -> Any:
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    return next(iter(operation["requestBody"]["content"].values()))["example"] if route.needs_body else None


def test_every_call_that_changes_something_is_guarded_or_says_why_not():
    calls = {(route.method, route.path) for route in ROUTES if route.method not in {"GET", "HEAD"}}
    assert calls - {(route.method, route.path) for route in EDITS} == set(WITHOUT)
    assert all(route.edits.read in READS for route in EDITS)


@pytest.mark.parametrize("route", EDITS, ids=lambda route: f"{route.method} {route.path}")
def test_the_description_says_so(route: Route):
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    assert [each["required"] for each in operation["parameters"] if each["name"] == "If-Match"] == [False]
    assert "ETag" in operation["responses"]["412"]["headers"]
    read = READS[route.edits.read]
    assert "ETag" in DOCUMENT["paths"][read.path]["get"]["responses"]["200"]["headers"]


@pytest.mark.parametrize("route", EDITS, ids=lambda route: f"{route.method} {route.path}")
async def test_an_edit_of_what_somebody_else_has_changed_is_refused_with_the_tag_of_now(door: Door, route: Route):
    approval = (await door.ask("GET", "/v1/approvals"))[1]["items"][0]["id"]
    read = READS[route.edits.read]
    role = "admin" if "officer" not in {*read.roles, *route.roles} or read.path == "/v1/officers" else "officer"
    status, _, headers = await door.ask("GET", named(read, approval), role=role)
    assert status == 200
    more = {} if body_of(route) is None else {"json": body_of(route)}
    told = await door.ask(
        route.method, named(route, approval), role=role, headers={"If-Match": '"of-yesterday"'}, **more
    )
    assert (told[0], told[1]["code"]) == (412, "changed-meanwhile")
    assert told[2]["ETag"] == headers["ETag"]


@pytest.mark.parametrize("given", [None, "*", "the tag", "the tag among others"])
async def test_an_edit_with_the_tag_that_was_read_is_carried_out_and_answers_the_new_one(door: Door, given: str | None):
    tag = (await door.ask("GET", "/v1/queue"))[2]["ETag"]
    wanted = {"the tag": tag, "the tag among others": f'"other", {tag}'}.get(given or "", given)
    headers = {} if wanted is None else {"If-Match": wanted}
    status, _, told = await door.ask("POST", "/v1/queue/pause", json={}, headers=headers)
    assert (status, told["ETag"]) == (200, (await door.ask("GET", "/v1/queue"))[2]["ETag"])


async def test_of_many_who_have_read_the_same_one_writes(open_door: OpenDoor):
    door = await open_door()
    tag = (await door.ask("GET", "/v1/queue"))[2]["ETag"]
    told = await asyncio.gather(
        *(door.ask("POST", "/v1/queue/pause", json={}, headers={"If-Match": tag}) for _ in range(8))
    )
    assert Counter(status for status, _, _ in told) == {200: 1, 412: 7}
