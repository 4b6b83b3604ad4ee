"""The keys for telling holders."""

import tomllib

import pytest

from stationd.config import ConfigError, parse

BASE = 'station.id = "1671-07"\nstation.name = "Kecamatan Contoh"\n'


def settings(text=""):
    return parse(tomllib.loads(BASE + text), file="station.toml")


def only_problem(text):
    with pytest.raises(ConfigError) as caught:
        settings(text)
    (problem,) = caught.value.problems
    return problem


def test_without_a_word_nobody_is_told_and_the_rule_is_three_within_six_months():
    read = settings().notices
    assert read.ways == ()
    assert (read.rules.count, read.rules.months, read.rules.reminders_days) == (3, 6, (30, 30))
    assert (read.open, read.close) == (480, 960)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('notices.open = "8"', "notices.open"),
        ('notices.open = "17:00"', "notices.close"),
        ('notices.ways = ["pigeon"]', "notices.ways[0]"),
        ("notices.reminders_days = []", "notices.reminders_days"),
        ("notices.reminders_days = [0]", "notices.reminders_days[0]"),
        ("notices.reminders_days = [90, 90]", "notices.reminders_days"),
        ("notices.weekdays = []", "notices.weekdays"),
        ('notices.first = ["{nik} sudah jadi"]', "notices.first[0]"),
        ('notices.first = ["{office"]', "notices.first[0]"),
        ("notices.first = []", "notices.first"),
        ('notices.calendar = "calendar.toml"', "notices.calendar"),
        ("notices.accepted_counts = 1", "notices.accepted_counts"),
        ('notices.ways = ["gateway"]', "gateway.url"),
        ('gateway.url = "ftp://x/y"', "gateway.url"),
        ('gateway.url = "https://a:b@x/y"', "gateway.url"),
        ("gateway.url = 7", "gateway.url"),
        ('gateway.url = "http://[x"', "gateway.url"),
        ("gateway.fields = { to = 7 }", "gateway.fields"),
        ('gateway.auth = "hmac"', "gateway.secret_file"),
        ('sms.ussd = "hello"', "sms.ussd"),
        ('sms.device = "modem"', "sms.device"),
        ("sms.send_s = 1", "sms.send_s"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(text, key):
    assert only_problem(text).key == key


def test_a_gateway_is_read():
    read = settings(
        """
        notices.ways = ["modem", "gateway"]
        [gateway]
        url = "https://sms.example/v1"
        fields = { to = "{number}" }
        auth = "header"
        secret_file = "/run/credentials/gateway"
        """
    )
    assert read.notices.ways == ("modem", "gateway")
    assert dict(read.gateway.fields) == {"to": "{number}"}
