"""Tokens: what they reach and how long they last."""

from argparse import ArgumentTypeError

import pytest

from stationd.adapters.system import SystemClock
from stationd.cli.token import _expiry, _path
from stationd.domain.authority import Actor, Role
from stationd.ports.tokens import StoredToken
from stationd.services.access import Access, hash_of


class Clock(SystemClock):
    ms = 1000

    def now_ms(self):
        return self.ms


class Tokens:
    def __init__(self, **stored):
        self.stored = {hash_of(token): value for token, value in stored.items()}
        self.asked = 0

    async def find(self, hash_):
        self.asked += 1
        return self.stored.get(hash_)


KIOSK = Actor(name="kiosk-1", role=Role.KIOSK)


async def test_a_token_ends_on_time_even_while_it_is_remembered():
    clock = Clock()
    access = Access(Tokens(t=StoredToken(actor=KIOSK, expires_at=2000)), clock)
    assert await access.actor_of("t") == KIOSK
    clock.ms = 2000
    assert await access.actor_of("t") is None
    assert not await access.is_valid("t")


async def test_a_clock_that_is_not_trusted_ends_nothing():
    clock = Clock()
    clock.ms = 10**15
    access = Access(Tokens(t=StoredToken(actor=KIOSK, expires_at=2000)), clock, is_trusted=lambda: False)
    assert await access.actor_of("t") == KIOSK


async def test_a_wrong_token_is_not_remembered():
    tokens = Tokens()
    access = Access(tokens, Clock())
    for number in range(1000):
        assert await access.actor_of(f"guess-{number}") is None
    assert tokens.asked == 1000
    assert not access._remembered


@pytest.mark.parametrize(
    ("paths", "path", "reaches"),
    [
        ((), "/v1/jobs", True),
        (("/v1/jobs",), "/v1/jobs", True),
        (("/v1/jobs",), "/v1/jobs/1/cancel", True),
        (("/v1/jobs/",), "/v1/jobs/1", True),
        (("/v1/jobs",), "/v1/jobsx", False),
        (("/v1/jobs",), "/v1/blanks", False),
        (("/v1/jobs", "/v1/events"), "/v1/events", True),
        (("/",), "/v1/events", True),
    ],
)
def test_a_token_reaches_its_paths_and_what_is_below(paths, path, reaches):
    assert Actor(name="x", role=Role.KIOSK, paths=paths).reaches(path) is reaches


@pytest.mark.parametrize(
    ("text", "ends"), [("12h", 1000 + 43_200_000), ("30d", 1000 + 2_592_000_000), ("1970-01-01", 86_400_000)]
)
def test_when_a_token_ends_is_said_in_hours_days_or_by_date(text, ends):
    assert _expiry(text)(1000) == ends


@pytest.mark.parametrize("text", ["", "0d", "1w", "d", "-1d", "2027-02-30", "999999d", "١d"])
def test_no_other_end_is_taken(text):
    with pytest.raises(ArgumentTypeError):
        _expiry(text)


def test_a_path_is_a_path():
    assert _path("/v1/jobs") == "/v1/jobs"
    for text in ("v1", "/v1 /x", "/v1/?x", "/"):
        with pytest.raises(ArgumentTypeError):
            _path(text)
