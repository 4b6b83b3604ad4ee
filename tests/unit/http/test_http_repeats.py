"""An act is done once for each key, and an edit does not write over another's."""

import asyncio

from fake_devices import UNUSED

ENTRY = {"kind": "received", "quantity": 5}
PATH = "/v1/blanks/entries"
HERE = f"/v1/devices/{UNUSED.id}/label"


async def test_the_same_request_is_carried_out_once_and_answered_alike(door):
    first = await door.ask("POST", PATH, json=ENTRY, headers={"Idempotency-Key": "k-1"})
    again = await door.ask("POST", PATH, json=ENTRY, headers={"Idempotency-Key": '"k-1"'})
    assert first[:2] == again[:2]
    assert first[0] == 201
    assert len(door.blanks.entries) == 1
    assert again[2]["Content-Security-Policy"]
    await door.ask("POST", PATH, json=ENTRY)
    await door.ask("POST", PATH, json=ENTRY)
    assert len(door.blanks.entries) == 3, "without a key each is one of its own"


async def test_a_key_is_for_one_request_of_one_caller(door):
    await door.ask("POST", PATH, json=ENTRY, headers={"Idempotency-Key": "k-1"})
    status, problem, _ = await door.ask("POST", PATH, json=ENTRY | {"quantity": 6}, headers={"Idempotency-Key": "k-1"})
    assert (status, problem["code"]) == (409, "idempotency-key-reused")
    status, _, _ = await door.ask("POST", PATH, role="admin", json=ENTRY, headers={"Idempotency-Key": "k-1"})
    assert status == 201
    status, problem, _ = await door.ask("POST", PATH, json=ENTRY, headers={"Idempotency-Key": "a b"})
    assert (status, problem["code"]) == (400, "idempotency-key-malformed")


async def test_what_was_refused_may_come_again_and_what_broke_is_not_done_again(door, monkeypatch):
    async def broken(*_args, **_more):
        raise RuntimeError("a defect")

    test_card = f"/v1/devices/{'no-printer'}/test-card"
    for _ in range(2):
        status, problem, _ = await door.ask("POST", test_card, headers={"Idempotency-Key": "k-2"})
        assert (status, problem["code"]) == (404, "device-unknown")
    monkeypatch.setattr(door.blanks, "book", broken)
    assert (await door.ask("POST", PATH, json=ENTRY, headers={"Idempotency-Key": "k-3"}))[0] == 500
    monkeypatch.undo()
    status, problem, _ = await door.ask("POST", PATH, json=ENTRY, headers={"Idempotency-Key": "k-3"})
    assert (status, problem["code"]) == (409, "outcome-not-known")
    assert door.blanks.entries == []


async def test_a_request_that_is_under_way_is_not_begun_again(door, monkeypatch):
    inside, go = asyncio.Event(), asyncio.Event()
    book = door.blanks.book

    async def slow(*args, **more):
        inside.set()
        await go.wait()
        return await book(*args, **more)

    monkeypatch.setattr(door.blanks, "book", slow)
    first = asyncio.create_task(door.ask("POST", PATH, json=ENTRY, headers={"Idempotency-Key": "k-4"}))
    await inside.wait()
    status, problem, headers = await door.ask("POST", PATH, json=ENTRY, headers={"Idempotency-Key": "k-4"})
    assert (status, problem["code"], headers["Retry-After"]) == (409, "request-under-way", "1")
    go.set()
    assert (await first)[0] == 201
    assert len(door.blanks.entries) == 1


async def test_a_label_is_written_only_over_what_was_read(door):
    status, label, headers = await door.ask("GET", HERE)
    assert (status, label) == (200, {"label": None})
    tag = headers["ETag"]
    for good in (tag, f'"x", {tag}', "*"):
        assert (await door.ask("PUT", HERE, json={"label": "Loket 1"}, headers={"If-Match": good}))[0] == 200
    for stale in ('"x"', f"W/{tag}", ""):
        status, problem, _ = await door.ask("PUT", HERE, json={"label": "Loket 1"}, headers={"If-Match": stale})
        assert (status, problem["code"]) == (412, "changed-meanwhile")
    written = await door.ask("PUT", HERE, json={"label": "Loket 1"})
    assert written[2]["ETag"] != tag
