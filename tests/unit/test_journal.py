"""The log has fields for machines and one line for people, and does not say the same thing for ever."""

import logging
import os
import socket

import pytest

from stationd.adapters.journal import JournalHandler, Repeats, entry_of, fields_of, is_journal


def record(message, *args, level=logging.WARNING, created=1000.0, name="stationd.services.spool"):
    made = logging.LogRecord(name, level, "/x/spool.py", 7, message, args, None, func="_ask")
    made.created = created
    return made


@pytest.mark.parametrize(
    ("message", "args", "fields"),
    [
        ("printer %s does not answer: %s", ("kartu-1", "offline"), {"STATIOND_PRINTER": "kartu-1"}),
        ("attempt %s was open: %s", ("0199", "Unknown"), {"STATIOND_ATTEMPT": "0199"}),
        ("station %s is up, listening on %s", ("1671-07", "x"), {"STATIOND_STATION": "1671-07"}),
        ("task %r died; it is started again in %.1f s", ("duty", 0.5), {"STATIOND_TASK": "duty"}),
        ("a group of %d requests was rolled back", (3,), {}),
        ("%s", ("printer kartu-1",), {}),
        ("nothing to fill in", (), {}),
    ],
)
def test_the_words_before_the_values_are_the_fields(message, args, fields):
    assert fields_of(record(message, *args)) == fields


def test_a_message_filled_from_a_mapping_has_no_fields():
    made = logging.LogRecord("x", logging.INFO, "p", 1, "printer %(a)s", ({"a": 1},), None)
    assert fields_of(made) == {}


@pytest.mark.parametrize(
    ("level", "priority"), [(logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (5, 7)]
)
def test_levels_are_the_journal_priorities(level, priority):
    assert f"PRIORITY={priority}\n".encode() in entry_of(record("x", level=level), "x")


def test_a_text_of_several_lines_is_one_entry():
    entry = entry_of(record("x"), "one\ntwo")
    assert b"MESSAGE\n" + (7).to_bytes(8, "little") + b"one\ntwo\n" in entry


def test_entries_reach_the_socket_and_go_to_standard_error_when_nobody_listens(tmp_path, capsys):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(tmp_path / "journal"))
        handler = JournalHandler(str(tmp_path / "journal"))
        handler.handle(record("printer %s does not answer: %s", "kartu-1", "offline"))
        entry = journal.recv(4096)
    assert entry.startswith(b"MESSAGE=printer kartu-1 does not answer: offline\nPRIORITY=4\n")
    assert b"\nSTATIOND_PRINTER=kartu-1\n" in entry
    handler.handle(record("nobody listens"))
    handler.close()
    assert capsys.readouterr().err == "nobody listens\n"


def test_only_the_journal_own_stream_is_taken_for_the_journal(tmp_path):
    with (tmp_path / "log").open("wb") as log:
        found = os.fstat(log.fileno())
        assert is_journal(f"{found.st_dev}:{found.st_ino}", log.fileno())
        assert not is_journal("1:1", log.fileno())
        assert not is_journal(None, log.fileno())
    assert not is_journal("1:1", 9999)


def test_the_same_line_comes_once_a_minute_with_the_count_of_the_others():
    repeats = Repeats(every_s=60)
    assert repeats.filter(record("printer %s rests", "kartu-1"))
    assert not any(repeats.filter(record("printer %s rests", "kartu-1", created=1000 + i)) for i in range(1, 50))
    assert repeats.filter(record("printer %s rests", "kartu-2", created=1001))
    late = record("printer %s rests", "kartu-1", created=1061)
    assert repeats.filter(late)
    assert late.getMessage() == "printer kartu-1 rests (and 49 times more before)"
    assert repeats.filter(record("printer %s rests", "kartu-1", created=900)), "a clock set back keeps nothing quiet"


def test_what_is_remembered_of_lines_is_bounded():
    repeats = Repeats(every_s=60, most=3)
    for number in range(10):
        assert repeats.filter(record("line %d", number))
    assert repeats.filter(record("line %d", 0)), "forgotten, so it is told again"
    assert not repeats.filter(record("line %d", 9))
