"""``stationd metrics`` and ``stationd history`` at their edges: files whole or not at all, wrong words, silence."""

import argparse
import asyncio
import socketserver
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

from stationd.adapters.past_figures import Past, retell
from stationd.adapters.sqlite.connection import reading
from stationd.adapters.sqlite.database import Database
from stationd.adapters.system import SystemClock
from stationd.adapters.whole_file import whole
from stationd.cli import history, main
from stationd.cli.figure_labels import _label
from stationd.cli.metrics import labelled
from stationd.domain.errors import Faulted

TEXT = '# HELP a A.\n# TYPE a gauge\na 1.0\na_bucket{le="5.0"} 2.0\n'


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "station.toml"
    state, sock = tmp_path / "state", tmp_path / "api.sock"
    state.mkdir(mode=0o700)
    file.write_text(
        f'[station]\nid = "1671-07"\nname = "Kecamatan Sukarami"\nstate_dir = "{state}"\n'
        f'[http]\nlisten = ["127.0.0.1:1", "unix:{sock}"]\n'
    )
    return file


class Answer(BaseHTTPRequestHandler):
    """The same text to everybody."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(TEXT.encode())

    def log_message(self, *_):
        pass

    def address_string(self):
        return "nobody"


@pytest.fixture
def station(config):
    """Something that answers on the station's socket."""
    with socketserver.UnixStreamServer(str(config.parent / "api.sock"), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield config
        server.shutdown()
        thread.join()


def test_the_figures_are_printed_as_they_are_and_written_with_labels(station, tmp_path, capsys):
    assert main(["metrics", "--config", str(station)]) == 0
    assert capsys.readouterr().out == TEXT
    file = tmp_path / "stationd.prom"
    assert (
        main(["metrics", "--config", str(station), "--textfile", str(file), "--label", 'kecamatan=Ilir "Timur"']) == 0
    )
    assert 'a{station="1671-07",kecamatan="Ilir \\"Timur\\""} 1.0\n' in file.read_text()
    assert 'a_bucket{le="5.0",station="1671-07",kecamatan="Ilir \\"Timur\\""} 2.0\n' in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o644
    assert not list(tmp_path.glob(".*"))


def test_a_station_that_is_silent_leaves_the_last_file_in_its_place(config, tmp_path, capsys):
    file = tmp_path / "stationd.prom"
    file.write_text("old")
    assert main(["metrics", "--config", str(config), "--textfile", str(file)]) == 1
    assert "nobody answers" in capsys.readouterr().err
    assert file.read_text() == "old"


def test_a_name_that_the_collector_would_pass_by_is_refused(station, tmp_path, capsys):
    assert main(["metrics", "--config", str(station), "--textfile", str(tmp_path / "stationd.txt")]) == 1
    assert ".prom" in capsys.readouterr().err


def _break_off(path):
    with whole(path) as out:
        out.write(b"half")
        raise KeyError


def test_a_file_is_whole_or_as_it_was(tmp_path):
    file = tmp_path / "f"
    file.write_text("old")
    with pytest.raises(KeyError):
        _break_off(file)
    assert file.read_text() == "old"
    with pytest.raises(Faulted) as caught, whole(tmp_path / "nowhere" / "f"):
        pass
    assert caught.value.code == "file-unwritable"
    assert list(tmp_path.iterdir()) == [file]


def test_a_history_that_would_begin_after_its_end_is_refused(config, capsys):
    assert main(["history", "--config", str(config), "--from", "2026-02-02", "--to", "2026-01-01"]) == 1
    assert "begin after its end" in capsys.readouterr().err


@pytest.mark.parametrize("span", ["", "h", "0h", "-1h", "5w", "٣h", "99999d"])
def test_spans_are_counted_in_minutes_hours_and_days(span):
    with pytest.raises(argparse.ArgumentTypeError):
        history._span(span)


@pytest.mark.parametrize("label", ["a", "=b", "a b=c", "ä=c", "1=c"])
def test_labels_have_a_name_and_a_value(label):
    with pytest.raises(argparse.ArgumentTypeError):
        _label(label)


@pytest.mark.parametrize("text", ["gestern", "2026-13-01"])
def test_dates_are_dates(text):
    with pytest.raises(argparse.ArgumentTypeError):
        history._date(text)


def test_moments_are_in_steps_with_both_ends():
    began = datetime(2026, 6, 1, tzinfo=UTC)
    found = list(history.moments(began, began + timedelta(hours=5), timedelta(hours=2)))
    assert [(each - found[0]) / 3_600_000 for each in found] == [0, 2, 4, 5]


def test_what_is_written_is_openmetrics_whatever_stands_in_a_label(tmp_path):
    past = Past({"kecamatan": 'a"b\\c\nd'})
    for at_ms in (1_000, 2_000):
        family = GaugeMetricFamily("stationd_a", "A.", labels=["x"])
        family.add_metric(["y"], at_ms)
        past.note(at_ms, [family, GaugeMetricFamily("stationd_b", "B.", 1)])
    file = tmp_path / "f"
    with file.open("w") as out:
        assert past.write(out) == 4
    read = {family.name: family.samples for family in openmetrics(file.read_text())}
    assert [(each.value, float(each.timestamp)) for each in read["stationd_a"]] == [(1_000, 1), (2_000, 2)]
    assert all(each.labels["kecamatan"] == 'a"b\\c\nd' for samples in read.values() for each in samples)


def test_without_labels_nothing_is_added():
    assert labelled(TEXT, {}) == TEXT


async def test_a_clock_that_was_set_back_brings_no_past_back(tmp_path):
    database = await Database.open(tmp_path / "station.db", SystemClock())
    rows = [(1, 1_000, "a.b"), (2, 9_000, "a.b"), (3, 2_000, "a.b"), (4, 9_500, "a.b")]

    def write(transaction):
        for row in rows:
            transaction.run(
                "INSERT INTO event (seq, at, type, subject, data, hash) VALUES (?, ?, ?, '', '{}', x'')", row
            )

    await database.writer.once(write)
    await database.aclose()

    def counted():
        with reading(tmp_path / "station.db") as connection:
            for _, families in retell(connection, [1_500, 5_000, 9_200, 10_000]):
                (events,) = [family for family in families if family.name == "stationd_events"]
                yield [sample.value for sample in events.samples]

    assert await asyncio.to_thread(lambda: list(counted())) == [[1], [1], [3], [4]]
