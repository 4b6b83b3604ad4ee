"""Officers at the desk: signing in, guessing, going on duty, and every way in which a duty ends."""

import asyncio
import tempfile
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stationd.adapters.pin import Argon2Pins
from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Faulted, Refused
from stationd.domain.officer import Standing
from stationd.services import sign_in as sign_in_module
from stationd.services.access import hash_of
from tests.unit.officer_desk import ADMIN, NOBODY, NUMBER, OTHER, PIN, Desk, open_desk

DAY_S = 86_400


@pytest.fixture
async def desk(tmp_path):
    async with open_desk(tmp_path) as opened:
        yield opened


async def refusal(awaitable):
    with pytest.raises(Refused) as caught:
        await awaitable
    return caught.value


# --------------------------------------------------------------------------------------------------- the register


async def test_an_officer_is_entered_once_and_again_after_revocation(desk: Desk):
    view = await desk.appoint()
    assert (view.standing, view.officer.region) == (Standing.APPOINTED, "16.71.07")
    assert (await refusal(desk.appoint())).code == "officer-known"
    await desk.officers.revoke(NUMBER, actor=ADMIN)
    assert desk.officers.one(NUMBER).standing is Standing.REVOKED
    assert (await refusal(desk.officers.revoke(NUMBER, actor=ADMIN))).code == "officer-unknown"
    await desk.appoint(until=date(2027, 12, 31))
    assert [each.officer.valid_until for each in desk.officers.all()] == [date(2027, 12, 31)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": "123"}, "officer-invalid"),
        ({"until": date(2025, 1, 1)}, "decree-dates-wrong"),
        ({"pin": "123456"}, "pin-too-easy"),
    ],
)
async def test_what_cannot_be_entered_leaves_nothing_behind(desk: Desk, changes, code):
    assert (await refusal(desk.appoint(**changes))).code == code
    assert desk.officers.all() == []
    assert await desk.events() == []


async def test_no_name_and_no_pin_stand_in_the_database_or_in_an_event(desk: Desk, tmp_path):
    await desk.appoint()
    await desk.go_on_duty()
    await refusal(desk.sign_in(pin="salah-sekali"))
    await desk.officers.revoke(NUMBER, actor=ADMIN)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("station.db*"))
    for secret in (b"Petugas", PIN.encode(), b"salah-sekali", b"argon2", b"st_session_"):
        assert secret not in stored
    assert [kind for kind, _, _ in await desk.events()] == [
        "officer.added",
        "session.opened",
        "duty.begun",
        "sign_in.refused",
        "officer.revoked",
        "duty.ended",
        "session.closed",
    ]


# ------------------------------------------------------------------------------------------------------ signing in


async def test_the_right_number_and_pin_open_a_session(desk: Desk):
    await desk.appoint()
    signed_in = await desk.sign_in()
    assert signed_in.token.startswith("st_session_")
    assert signed_in.expires_at == desk.clock.now_ms() + 12 * 3_600_000
    actor = desk.actor(signed_in)
    assert (actor.role, actor.officer, actor.name) == (Role.OFFICER, NUMBER, f"officer-{NUMBER}")
    assert desk.duty.actor_of(hash_of("st_session_another")) is None


@pytest.mark.parametrize(("number", "pin"), [(NUMBER, "salah"), (NOBODY, PIN), ("12", PIN), ("", ""), (OTHER, "")])
async def test_a_wrong_number_and_a_wrong_pin_are_refused_alike(desk: Desk, number, pin):
    await desk.appoint()
    refused = await refusal(desk.sign_in(number, pin))
    assert (refused.code, refused.detail, refused.wait_s) == (
        "sign-in-refused",
        "cannot sign in: the number and the PIN do not belong together",
        None,
    )


@pytest.mark.parametrize("number", [NUMBER, NOBODY])
async def test_guessing_is_locked_out_for_ever_longer_even_with_the_right_pin(desk: Desk, number):
    await desk.appoint()
    for _ in range(2):
        assert (await refusal(desk.sign_in(number, "salah"))).code == "sign-in-refused"
    waits = []
    for _ in range(9):
        refused = await refusal(desk.sign_in(number, "salah"))
        assert refused.code == "sign-in-locked"
        looked = desk.pins.looked
        desk.clock.pass_s(refused.wait_s - 2)
        again = await refusal(desk.sign_in(number, PIN))
        assert (again.code, desk.pins.looked) == ("sign-in-locked", looked), "a locked number is not even looked at"
        assert 0 < again.wait_s <= 3
        desk.clock.pass_s(again.wait_s)
        waits.append(refused.wait_s)
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


async def test_the_right_pin_after_the_wait_forgets_the_wrong_ones(desk: Desk):
    await desk.appoint()
    for _ in range(3):
        await refusal(desk.sign_in(pin="salah"))
    desk.clock.pass_s(31)
    await desk.sign_in()
    assert (await refusal(desk.sign_in(pin="salah"))).code == "sign-in-refused"


async def test_a_restart_and_a_moved_wall_clock_shorten_no_lock(desk: Desk):
    await desk.appoint()
    for _ in range(4):
        desk.clock.pass_s(31)
        await refusal(desk.sign_in(pin="salah"))
    desk.clock.wall_ms += 30 * DAY_S * 1000
    assert (await refusal(desk.sign_in())).code == "sign-in-locked"
    desk.restart()
    await desk.load()
    assert (await refusal(desk.sign_in())).wait_s in {60, 61}
    desk.clock.pass_s(61)
    assert (await desk.sign_in()).officer.officer.number == NUMBER


async def test_a_hundred_guesses_at_once_are_counted_one_by_one(desk: Desk):
    await desk.appoint()
    guesses = [desk.sign_in(pin=f"tebakan-{n}") for n in range(100)]
    codes = [each.code for each in await asyncio.gather(*guesses, return_exceptions=True)]
    assert codes.count("sign-in-busy") == 100 - sign_in_module.MOST_WAITING
    assert desk.pins.looked == 3, "after three wrong ones the rest are not looked at"
    assert await desk.store.failures(NUMBER) == 3


async def test_a_try_counts_although_the_power_fails_before_the_pin_is_judged(desk: Desk):
    await desk.appoint()
    for _ in range(3):
        await desk.store.begin_try(NUMBER)
    desk.restart()
    await desk.load()
    assert (await refusal(desk.sign_in())).code == "sign-in-locked"


async def test_guessing_at_many_numbers_fills_no_disk_and_frees_no_lock(desk: Desk, monkeypatch):
    monkeypatch.setattr("stationd.adapters.sqlite.officers.STRANGERS_KEPT", 20)
    monkeypatch.setattr(sign_in_module, "_REMEMBERED_AT_MOST", 20)
    await desk.appoint()
    for _ in range(3):
        await refusal(desk.sign_in(pin="salah"))
    events = len(await desk.events())
    for n in range(60):
        await refusal(desk.sign_in(f"{n:018d}", "salah"))
    (count,) = await desk.database.reader.run(lambda c: c.execute("SELECT count(*) FROM sign_in").fetchone())
    assert count <= 21
    assert len(await desk.events()) <= events + 1
    assert (await refusal(desk.sign_in())).code == "sign-in-locked"


async def test_a_number_that_is_nobodys_costs_the_same_work(desk: Desk):
    await desk.appoint()
    for number in (NUMBER, NOBODY):
        looked, requests = desk.pins.looked, desk.database.writer.requests
        await refusal(desk.sign_in(number, "salah"))
        assert (desk.pins.looked - looked, desk.database.writer.requests - requests) == (1, 2)


async def test_the_real_hashes_are_argon2id_and_a_missing_one_takes_as_long():
    pins = Argon2Pins()
    hash_ = await pins.hash(PIN)
    assert hash_.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await pins.is_right(hash_, PIN)
    assert not await pins.is_right(hash_, "salah")
    assert not await pins.is_right(None, "")
    assert not await pins.is_right("no hash", PIN)

    async def took(hash_):
        """Seconds of the processor: a machine that is busy with other things must not tell here."""
        begun = time.process_time()
        await pins.is_right(hash_, "salah")
        return time.process_time() - begun

    known = min([await took(hash_) for _ in range(5)])
    unknown = min([await took(None) for _ in range(5)])
    assert 0.5 < known / unknown < 2


# ------------------------------------------------------------------------------------------------------------ duty


async def test_the_gate_is_open_while_an_officer_is_on_duty(desk: Desk):
    await desk.appoint()
    told = []
    desk.gate.follow(lambda: told.append(desk.gate.reasons))
    assert desk.gate.reasons == ("no-officer-on-duty",)
    actor = await desk.go_on_duty()
    assert desk.gate.is_open
    await desk.duty.begin(actor)
    assert [each.officer.officer.number for each in desk.duty.on_duty()] == [NUMBER]
    await desk.duty.leave(actor)
    await desk.duty.leave(actor)
    assert not desk.gate.is_open
    assert told == [(), ("no-officer-on-duty",)]
    assert [kind for kind, _, _ in await desk.events() if kind.startswith("duty.")] == ["duty.begun", "duty.ended"]


async def test_a_signed_in_officer_who_is_not_on_duty_opens_nothing(desk: Desk):
    await desk.appoint()
    await desk.sign_in()
    assert not desk.gate.is_open


async def test_a_token_that_is_nobodys_cannot_go_on_duty(desk: Desk):
    for act in (desk.duty.begin, desk.duty.leave, desk.duty.sign_out):
        assert (await refusal(act(Actor(name="kiosk-1", role=Role.ADMIN)))).code == "session-needed"


async def test_the_gate_stays_open_until_the_last_of_two_leaves(desk: Desk):
    await desk.appoint()
    await desk.appoint(OTHER)
    one, other = await desk.go_on_duty(), await desk.go_on_duty(OTHER)
    await desk.duty.sign_out(one)
    assert desk.gate.is_open
    assert desk.duty.actor_of(one.session) is None
    await desk.duty.leave(other)
    assert not desk.gate.is_open


async def test_another_session_of_the_same_officer_neither_ends_nor_prolongs_the_duty(desk: Desk):
    await desk.appoint()
    actor = await desk.go_on_duty()
    desk.clock.pass_s(6 * 3600)
    second = desk.actor(await desk.sign_in())
    await desk.duty.begin(second)
    await desk.duty.sign_out(second)
    assert desk.gate.is_open
    third = desk.actor(await desk.sign_in())
    desk.clock.pass_s(6 * 3600 + 1)
    assert not desk.gate.is_open, "the session in which the duty began is over"
    assert desk.duty.actor_of(actor.session) is None
    await desk.duty.look()
    assert desk.duty.actor_of(third.session) is None, "idle"


async def test_an_officer_on_duty_is_not_idle_and_one_off_duty_is(desk: Desk):
    await desk.appoint()
    actor = await desk.go_on_duty()
    desk.clock.pass_s(3 * 3600)
    await desk.duty.look()
    assert desk.gate.is_open
    await desk.duty.leave(actor)
    assert desk.duty.actor_of(actor.session) is None


async def test_the_decree_ends_the_duty_at_midnight_without_anybody_looking(desk: Desk):
    await desk.appoint(until=date(2026, 6, 1))
    await desk.appoint(OTHER)
    actor = await desk.go_on_duty()
    desk.clock.pass_s(11 * 3600 + 3599)
    await desk.calendar.look()
    assert desk.gate.is_open
    desk.clock.pass_s(4 * 3600 + 2)
    assert not desk.gate.is_open
    await desk.duty.look()
    assert desk.duty.actor_of(actor.session) is None
    refused = await refusal(desk.sign_in())
    assert refused.code == "officer-not-appointed"
    assert ("duty.ended", NUMBER) in [(kind, who) for kind, who, _ in await desk.events()]


async def test_revocation_ends_the_duty_at_once_and_from_another_process_within_a_look(desk: Desk):
    await desk.appoint()
    await desk.appoint(OTHER)
    await desk.go_on_duty()
    await desk.officers.revoke(NUMBER, actor=ADMIN)
    assert not desk.gate.is_open
    other = await desk.go_on_duty(OTHER)
    await desk.store.revoke(OTHER, ADMIN)  # as another process would
    await desk.duty.refresh()
    assert not desk.gate.is_open
    assert desk.duty.actor_of(other.session) is None


async def test_revoked_and_entered_again_the_old_session_is_worth_nothing(desk: Desk):
    await desk.appoint()
    actor = await desk.go_on_duty()
    await desk.store.revoke(NUMBER, ADMIN)  # as another process would, with the new decree at once
    view = desk.officers.one(NUMBER)
    await desk.store.add(view.officer, await desk.pins.hash("pin-yang-baru"), ADMIN)
    await desk.duty.refresh()
    assert desk.duty.actor_of(actor.session) is None
    assert not desk.gate.is_open


async def test_a_decree_entered_right_after_a_revocation_revives_no_session(desk: Desk):
    await desk.appoint()
    actor = await desk.go_on_duty()
    await desk.officers.revoke(NUMBER, actor=ADMIN)
    await desk.appoint()
    assert desk.duty.actor_of(actor.session) is None
    assert not desk.gate.is_open


async def test_duty_survives_a_restart_and_an_ended_one_does_not_come_back(desk: Desk):
    await desk.appoint()
    actor = await desk.go_on_duty()
    desk.restart()
    await desk.load()
    assert desk.gate.is_open
    assert desk.duty.actor_of(actor.session) is not None
    await desk.duty.sign_out(desk.duty.actor_of(actor.session))
    desk.restart()
    await desk.load()
    assert not desk.gate.is_open
    assert desk.duty.actor_of(actor.session) is None


async def test_a_session_does_not_outlive_its_date_over_a_restart(desk: Desk):
    await desk.appoint()
    await desk.go_on_duty()
    desk.clock.wall_ms += 13 * 3_600_000
    desk.restart()
    await desk.load()
    assert not desk.gate.is_open
    assert await desk.store.sessions() == []


async def test_a_full_disk_keeps_nobody_on_duty(desk: Desk, monkeypatch):
    await desk.appoint()
    actor = await desk.go_on_duty()

    async def full(*_):
        raise Faulted("storage-full", "cannot write: the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(desk.store, "end_duty", full)
        patched.setattr(desk.store, "close_session", full)
        with pytest.raises(Faulted):
            await desk.duty.leave(actor)
        assert not desk.gate.is_open
        with pytest.raises(Faulted):
            await desk.duty.look()
    await desk.duty.look()
    desk.restart()
    await desk.load()
    assert not desk.gate.is_open


# -------------------------------------------------------------------------------------------------------- the clock


async def test_an_untrusted_clock_ends_no_decree_and_begins_none(desk: Desk):
    await desk.appoint(until=date(2026, 6, 30))
    await desk.appoint(OTHER, since=date(2026, 7, 1))
    await desk.calendar.look()
    desk.source.is_trusted = False
    await desk.calendar.look()
    desk.clock.wall_ms += 60 * DAY_S * 1000
    assert desk.calendar.day == date(2026, 6, 1)
    await desk.go_on_duty()
    assert (await refusal(desk.sign_in(OTHER))).code == "officer-not-appointed"
    desk.restart()
    await desk.load()
    assert desk.calendar.day == date(2026, 6, 1)
    assert desk.gate.is_open


async def test_once_trusted_the_day_goes_on_by_the_clock_that_cannot_be_set(desk: Desk):
    await desk.calendar.look()
    desk.source.is_trusted = False
    await desk.calendar.look()
    desk.clock.pass_s(3 * DAY_S)
    desk.clock.wall_ms = 0
    assert desk.calendar.day == date(2026, 6, 4)


async def test_a_clock_that_was_moved_by_hand_is_not_believed_until_asked_again(desk: Desk):
    await desk.calendar.look()
    assert desk.calendar.is_trusted
    desk.clock.wall_ms += 400 * DAY_S * 1000
    assert (desk.calendar.is_trusted, desk.calendar.day) == (False, date(2026, 6, 1))
    await desk.calendar.look()
    assert (desk.calendar.is_trusted, desk.calendar.day) == (True, date(2027, 7, 6))


async def test_a_station_that_never_knew_the_time_goes_by_the_day_of_the_last_decree_entered(desk: Desk, tmp_path):
    (tmp_path / "box").mkdir()
    async with open_desk(tmp_path / "box") as fresh:
        fresh.restart()
        fresh.source.is_trusted = False
        fresh.calendar._known_ms = fresh.calendar._anchor = None
        fresh.calendar._is_synchronised = False
        await fresh.appoint(until=date(2026, 6, 30))
        fresh.clock.wall_ms += 90 * DAY_S * 1000
        assert not fresh.calendar.was_trusted
        assert fresh.calendar.day == date(2026, 6, 1)
        assert fresh.officers.one(NUMBER).standing is Standing.APPOINTED


# ----------------------------------------------------------------------------------------------- whatever is done

WHO = st.sampled_from([NUMBER, NUMBER, OTHER])
STEP = st.one_of(
    st.tuples(st.just("appoint"), WHO, st.sampled_from([-5, -1, 0, 1]), st.sampled_from([0, 1, 6, 40])),
    st.tuples(st.just("sign in"), WHO | st.just(NOBODY), st.booleans() | st.just(True)),
    st.tuples(st.just("sign in"), WHO, st.just(False)),
    st.tuples(st.just("begin"), st.integers(0, 3)),
    st.tuples(st.just("begin"), st.integers(0, 3)),
    st.tuples(st.sampled_from(["leave", "sign out"]), st.integers(0, 3)),
    st.tuples(st.just("pass"), st.sampled_from([1, 29, 3600, 7300, 43_200, DAY_S, 4 * DAY_S])),
    st.tuples(st.sampled_from(["restart", "look"])),
    st.tuples(st.just("revoke"), WHO),
)
OPENING = [("appoint", NUMBER, -1, 6), ("sign in", NUMBER, True), ("begin", 0)]
GUESSING = [("sign in", NUMBER, False)] * 3 + [("pass", 1), ("sign in", NUMBER, True)]
BACK = [("sign out", 0), ("sign in", NUMBER, True), ("begin", 1)]
ANY = st.tuples(st.integers(0, 3), st.lists(STEP, max_size=25)).map(lambda drawn: OPENING[: drawn[0]] + drawn[1])
STEPS = st.tuples(ANY, st.sampled_from([[], GUESSING, BACK]), st.lists(STEP, max_size=8)).map(
    lambda drawn: drawn[0] + drawn[1] + drawn[2]
)


@settings(max_examples=60)
@given(STEPS)
def test_no_sequence_of_calls_lets_an_officer_print_who_is_unappointed_expired_locked_or_off_duty(steps):
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder), steps))


async def play(folder: Path, steps) -> None:
    """Play the steps beside a model of one's own that knows decrees, PINs and duty, and compare after each."""
    async with open_desk(folder) as desk:
        decrees: dict[str, tuple[date, date]] = {}
        wrong: dict[str, tuple[int, float]] = {}
        duties: dict[str, tuple[bytes, float]] = {}
        sessions: dict[bytes, tuple[str, float]] = {}
        tokens: list[Actor] = []

        def is_appointed(number: str) -> bool:
            return number in decrees and decrees[number][0] <= desk.calendar.clock_day <= decrees[number][1]

        for step in steps:
            match step:
                case ("appoint", number, begins, lasts):
                    first = date.fromordinal(desk.calendar.clock_day.toordinal() + begins)
                    until = date.fromordinal(first.toordinal() + lasts)
                    if number not in decrees:
                        await desk.appoint(number, since=first, until=until)
                        decrees[number] = (first, until)
                        wrong.pop(number, None)
                case ("revoke", number):
                    if decrees.pop(number, None) is not None:
                        await desk.officers.revoke(number, actor=ADMIN)
                        duties.pop(number, None)
                        sessions = {each: whose for each, whose in sessions.items() if whose[0] != number}
                case ("sign in", number, is_right):
                    failures, last = wrong.get(number, (0, 0.0))
                    locked = failures >= 3 and desk.clock.mono < last + min(30 << (failures - 3), 3600)
                    try:
                        signed_in = await desk.sign_in(number, PIN if is_right else "salah")
                    except Refused:
                        has_reason = locked or not is_right or not is_appointed(number)
                        assert has_reason, "refused without a reason"
                        if not locked:
                            wrong[number] = (failures + 1, desk.clock.mono)
                    else:
                        assert is_right
                        assert is_appointed(number)
                        assert not locked, "a locked officer signed in"
                        wrong.pop(number, None)
                        actor = desk.actor(signed_in)
                        tokens.append(actor)
                        sessions[actor.session] = (number, desk.clock.mono)
                case (("begin" | "leave" | "sign out") as act, which):
                    if which < len(tokens):
                        actor = desk.duty.actor_of(tokens[which].session)
                        if actor is None:
                            continue
                        number = actor.officer
                        assert actor.session in sessions, "an ended session was let in"
                        if act == "begin":
                            await desk.duty.begin(actor)
                            if number in duties and duties[number][0] not in sessions:
                                del duties[number]
                            duties.setdefault(number, (actor.session, sessions[actor.session][1]))
                        elif act == "leave":
                            await desk.duty.leave(actor)
                            duties.pop(number, None)
                        else:
                            await desk.duty.sign_out(actor)
                            sessions.pop(actor.session)
                            if number in duties and duties[number][0] == actor.session:
                                del duties[number]
                case ("pass", seconds):
                    desk.clock.pass_s(seconds)
                    await desk.calendar.look()
                case ("restart",):
                    desk.restart()
                    await desk.load()
                    wrong = {who: (count, desk.clock.mono) for who, (count, _) in wrong.items()}
                case ("look",):
                    await desk.duty.refresh()
            for number, (_, begun) in tuple(duties.items()):
                if not is_appointed(number) or desk.clock.mono - begun >= 12 * 3600:
                    del duties[number]
            sessions = {
                each: whose
                for each, whose in sessions.items()
                if is_appointed(whose[0]) and desk.clock.mono - whose[1] < 12 * 3600
            }
            assert desk.gate.is_open == bool(duties), (step, duties, desk.gate.reasons)
            assert {each.officer.officer.number for each in desk.duty.on_duty()} == duties.keys()
