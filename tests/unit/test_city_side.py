"""The city's own program: its configuration, its keys, its command line without a server."""

import base64
import json
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from stationd.city.backup import newest_backup
from stationd.city.cli import main
from stationd.city.identity import Identity
from stationd.city.nkeys import Kind, NKey
from stationd.city.rights import Rights
from stationd.city.settings import SettingsError, parse
from stationd.domain.city_order import decoded
from tests.rigs.paper_city import PaperStation

SEED = "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y"
PUBLIC = "UAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3RLKK"
"""Made by the package nkeys 0.2.1 from the bytes 0 to 31."""

WHOLE = {
    "city": {"id": "1671"},
    "nats": {"servers": ["tls://city-1.example:4222", "nats://127.0.0.1:4222"]},
}


def test_every_problem_of_the_configuration_is_told_at_once_and_no_secret_is_taken_from_it():
    assert parse(WHOLE, file="city.toml").servers.replicas == 3
    with pytest.raises(SettingsError) as told:
        parse(
            {
                "city": {"id": "16", "leave_ahead": 0, "order_days": 32, "colour": 1},
                "books": {"database": "postgresql://user:not-to-be-seen@host/books"},
                "nats": {"servers": ["nats://city-1.example:4222"], "replicas": 9},
                "http": {"token": "not-to-be-seen"},
            },
            file="city.toml",
        )
    text = str(told.value)
    for key in ("city.id", "leave_ahead", "order_days", "colour", "books.database", "servers[0]", "replicas", "token"):
        assert key in text
    assert "not-to-be-seen" not in text


def test_keys_are_written_as_nats_writes_them():
    user = NKey(Kind.USER, bytes(range(32)))
    assert (user.seed, user.public) == (SEED, PUBLIC)


def test_only_the_city_s_key_makes_its_rights_and_what_goes_to_the_servers_holds_no_secret():
    one, same, other = (Rights(Identity(bytes([n]) * 32), "1671") for n in (1, 1, 2))
    assert one.server_config({}, at=1) == same.server_config({}, at=1) != other.server_config({}, at=1)
    assert one.city_user.seed not in one.server_config({}, at=1)
    public, file = one.station_credentials("1671-07", at=1)
    claims = json.loads(decoded(file.split("\n")[1].split(".")[1]))
    assert (claims["sub"], claims["name"], claims["nats"].keys()) == (
        public,
        "1671-07",
        {"issuer_account", "type", "version"},
    )


@pytest.fixture
def city(tmp_path, capsys):
    """Runs a command: its exit code, and what it printed and told."""
    config = tmp_path / "city.toml"
    config.write_text(
        f'[city]\nid = "1671"\nkey_file = "{tmp_path}/city.key"\n[books]\ndatabase = "sqlite:{tmp_path}/books.db"\n'
        f'[nats]\nservers = ["tls://city-1.example:4222"]\n[http]\ntoken_file = "{tmp_path}/door.token"\n'
    )

    def run(*arguments):
        capsys.readouterr()
        code = main(["--config", str(config), *map(str, arguments)])
        told = capsys.readouterr()
        return code, told.out, told.err

    assert run("init")[0] == 0
    return run


def test_the_command_line_says_no_in_one_line_and_changes_nothing(city, tmp_path):
    code, _, told = city("init")
    assert (code, "is there" in told) == (1, True), "a key is never written over"
    identity = PaperStation("1671-07").keys.identity
    out = tmp_path / "a.creds"
    for arguments in (
        ("enrol", "1671-7", "Kecamatan Contoh", identity, "--out", out),
        ("enrol", "1671-07", "Kecamatan Contoh", identity[:-4], "--out", out),
        ("rotate", "1671-07", "--out", out),
        ("revoke", "1671-07"),
        ("order", "PRR-1"),
        ("move", "--order", "PRR-1", "--to", "1671-07"),
        ("issue-blanks", "1671-07", "5", "SJ-1"),
        ("where", "2XK7-9QF4-M3T0"),
        ("follow", "1671-07"),
    ):
        code, shown, told = city(*arguments)
        assert (code, shown) == (1, ""), arguments
        assert told.startswith("stationd-city: cannot ")
    assert not out.exists()
    dashed = base64.urlsafe_b64encode(b"\xf8" + bytes(63)).rstrip(b"=").decode()
    assert dashed.startswith("-")
    assert city("enrol", "1671-08", "Kecamatan Lain", dashed, "--out", tmp_path / "c.creds")[0] == 0, "not an option"
    assert city("enrol", "1671-07", "Kecamatan Contoh", identity, "--out", out)[0] == 0
    assert out.stat().st_mode & 0o077 == 0
    assert city("enrol", "1671-07", "Kecamatan Contoh", identity, "--out", tmp_path / "b.creds")[0] == 1
    assert tomllib.loads(city("identity")[1])["city"].keys() == {"keys", "seal_to", "servers"}
    assert city("issue-blanks", "1671-07", "500", "SJ-1")[0] == 0
    assert city("issue-blanks", "1671-07", "500", "SJ-1")[0] == 1, "a delivery note counts once"
    code, shown, _ = city("reconcile")
    assert (code, json.loads(shown)["code"]) == (1, "blanks-differ")


def test_a_copy_of_the_books_is_whole_or_not_there_and_the_last_ones_stay(city, tmp_path):
    folder = tmp_path / "copies"
    code, _, told = city("backup", folder)
    assert (code, "cannot back up to" in told) == (1, True), "there is no such folder"
    folder.mkdir()
    assert city("backup", folder)[0] == 1, "there are no books yet"
    assert city("stations")[0] == 0
    (folder / "of-somebody-else.db").touch()
    for name in ("books-20250101T000000Z.db", "books-20250102T000000Z.db"):
        (folder / name).touch()
    assert newest_backup(folder) is not None
    assert newest_backup(tmp_path / "nowhere") is None
    code, shown, _ = city("backup", folder, "--keep", 2)
    made = Path(shown.strip())
    assert (code, made.stat().st_mode & 0o777) == (0, 0o600)
    assert {path.name for path in folder.iterdir()} == {"of-somebody-else.db", "books-20250102T000000Z.db", made.name}
    with closing(sqlite3.connect(made)) as copy:
        assert copy.execute("SELECT value FROM meta WHERE name = 'version'").fetchone() is not None
