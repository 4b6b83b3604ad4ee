"""Who is told what: nothing of a person's, and nothing that a role may not know."""

import re
from pathlib import Path

import pytest

import stationd
from stationd.domain.authority import Role
from stationd.domain.telling import TOPICS, audience, told_to

EVENT = re.compile(r'(?:\.event\(|\.tell\(|type=)\s*f?"([a-z_]+)\.[a-z_{]')


def emitted():
    """The noun of every event that the code emits by name."""
    for path in Path(stationd.__file__).parent.rglob("*.py"):
        for noun in EVENT.findall(path.read_text("utf-8")):
            yield noun, path.name


def test_it_is_decided_for_every_event_who_is_told():
    found = dict(emitted())
    assert {"job", "printer", "reader", "token", "duty", "blanks"} <= found.keys()
    undecided = {noun: where for noun, where in found.items() if noun not in TOPICS}
    assert not undecided, "say in stationd/domain/telling.py who is told of these"


def told(role, kind, data, subject="thing"):
    return told_to(role, 1, kind, subject, data)


def test_an_event_of_an_unknown_noun_is_told_to_nobody():
    assert [role for role in Role if told(role, "secret.kept", {})] == []


def test_a_kiosk_learns_that_a_job_moved_and_not_which_or_by_whom():
    seen = told(
        Role.KIOSK, "job.claimed", {"state": "printing", "from": "queued", "actor": "officer-1", "kind": "lost"}
    )
    assert seen is not None
    assert (seen.subject, seen.data) == (None, {"state": "printing", "from": "queued"})


def test_a_kiosk_is_told_the_receipt_that_was_held_before_its_reader_and_a_monitor_is_not():
    scan = {"kind": "receipt", "length": 14, "receipt": "2XK7-9QF4-M3TP"}
    assert told(Role.KIOSK, "reader.scanned", scan).data == {"kind": "receipt", "receipt": "2XK7-9QF4-M3TP"}
    assert told(Role.MONITOR, "reader.scanned", scan).data == {"kind": "receipt"}


@pytest.mark.parametrize("kind", ["officer.added", "session.opened", "sign_in.locked", "token.created"])
def test_only_an_administrator_is_told_who_may_do_what(kind):
    assert [role for role in Role if told(role, kind, {"reason": "x"})] == [Role.ADMIN]


def test_only_officers_are_told_who_acted():
    for topic in TOPICS:
        for role in (Role.KIOSK, Role.MONITOR):
            seen = told(role, f"{topic}.done", {"actor": "officer-199901012026011001"})
            assert seen is None or "actor" not in seen.data or topic == "station"


def test_a_monitor_is_not_told_who_is_on_duty():
    assert told(Role.MONITOR, "duty.ended", {"reason": "left"}).subject is None


def test_the_topics_asked_for_narrow_what_is_told():
    assert audience(Role.KIOSK, {"job", "token", "nonsense"}) == {"job"}
    assert audience(Role.ADMIN) == TOPICS.keys()
    assert "token" not in audience(Role.OFFICER)
