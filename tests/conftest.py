"""What every test gets: no call in our own code may block the loop, and a minimal configuration file."""

import importlib.util
from pathlib import Path

import hypothesis
import pytest
from blockbuster import BlockBuster

NEED_THE_CITY = ("city_at_work", "city_link", "city_story", "city_whole", "nats_session")
"""Tests of the extra ``city``: without it the others are the station's own, and pass."""

collect_ignore = [] if importlib.util.find_spec("nats") else [f"integration/test_{name}.py" for name in NEED_THE_CITY]

hypothesis.settings.register_profile("house", deadline=None, max_examples=60)
hypothesis.settings.load_profile("house")
"""No deadline: a busy machine is no defect."""


@pytest.fixture(scope="session", autouse=True)
def nothing_blocks_the_loop():
    """A blocking call (file, socket, sleep, SQLite) on the loop from stationd's code raises ``BlockingError``.

    Tests themselves may read a file in passing. Allowed is only what happens before anything is served: starting the
    station reads its key, its drivers and its database file.
    """
    watch = BlockBuster("stationd")
    for function in watch.functions.values():
        function.can_block_in("stationd/app.py", {"start", "open_database"})
    watch.activate()
    yield watch
    watch.deactivate()


@pytest.fixture
def config_file(tmp_path):
    """Writes a configuration and gives its path: ``config_file(more)`` adds TOML to the smallest one."""

    def write(more: str = "") -> Path:
        path = tmp_path / "stationd.toml"
        path.write_text(f'station.id = "1671-07"\nstation.name = "Kecamatan Contoh"\n{more}', encoding="utf-8")
        return path

    return write
