"""The configuration: everything read, every problem told at once, nothing silently replaced."""

import errno
import os
import re
import tomllib
from contextlib import suppress
from dataclasses import FrozenInstanceError, asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.config import (
    DEFAULT_FILE,
    ConfigError,
    HttpSettings,
    Mode,
    QueueSettings,
    TcpListen,
    UnixListen,
    load,
    parse,
)
from stationd.config_keys import TABLES
from stationd.domain.profile import KTP_EL, RestRule

SHIPPED = Path(__file__).parents[2] / "config" / "stationd.toml"
SMALLEST = {"station": {"id": "1671-07", "name": "Kecamatan Contoh"}}


def settings(text=""):
    raw = tomllib.loads(text)
    raw["station"] = SMALLEST["station"] | raw.get("station", {})
    return parse(raw, file="stationd.toml")


def problems(text):
    with pytest.raises(ConfigError) as caught:
        settings(text)
    return caught.value.problems


def only_problem(text):
    (problem,) = problems(text)
    return problem


# ---------------------------------------------------------------------------------------------------------- defaults


def test_a_station_needs_only_its_id_and_its_name():
    read = settings()
    assert read.station.serves == ("16.71.07",)
    assert read.station.mode is Mode.ATTENDED
    assert read.station.state_dir == Path("/var/lib/stationd")
    assert read.http == HttpSettings(
        listen=(TcpListen(host="127.0.0.1", port=8631), UnixListen(path=Path("/run/stationd/api.sock"))),
        hosts=(),
        origins=(),
        max_body_mb=8,
        body_timeout_s=30,
        kiosk_rate=50,
        local_admin=False,
        tls_cert="",
        tls_key="",
    )
    assert asdict(read.blanks) == {"reserve_for_first": 50, "reserve_days": 0, "low": 200}
    assert read.queue == QueueSettings(
        max_tries=3, batch=25, ageing=500, reach=100, stop_after_spoils=3, second_thoughts_s=900
    )
    assert read.printers == ()
    assert read.readers == ()
    assert read.profiles == (KTP_EL,)


def test_the_shipped_file_says_every_default_and_changes_none():
    shipped = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    for table in TABLES:
        if not table.is_many:
            assert set(shipped[table.name]) == {key.name for key in table.keys}
    station = {name: shipped["station"][name] for name in ("id", "name")}
    assert load(SHIPPED) == parse({"station": station}, file="smallest")


def test_the_examples_in_the_shipped_file_can_be_used_as_they_stand(tmp_path):
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    # Its example for `serves` takes the place of the default that stands below it.
    examples = [re.sub(r"^#(?=\S)", "", line) for line in lines if line != "serves = []"]
    path = tmp_path / "examples.toml"
    path.write_text("\n".join(examples), encoding="utf-8")

    read = load(path)

    assert read.station.serves == ("16.71.07", "16.71.16")
    assert [(printer.name, printer.driver) for printer in read.printers] == [
        ("kartu-1", "ipp"),
        ("kartu-2", "cups"),
        ("latihan", "simulator"),
    ]
    assert [(reader.name, reader.driver) for reader in read.readers] == [
        ("pemindai-1", "serial"),
        ("kartu-chip", "pcsc"),
    ]
    shown = {key.name for table in TABLES if table.name == "profile" for key in table.keys}
    assert set(tomllib.loads(path.read_text(encoding="utf-8"))["profile"][0]) == shown
    assert [profile.name for profile in read.profiles] == ["ktp-el", "ktp-el-600"]


def test_settings_cannot_be_changed_after_reading():
    read = settings('[[printer]]\nname = "a"\ndriver = "simulator"\nseconds = 1')
    with pytest.raises(FrozenInstanceError):
        read.queue.batch = 3
    with pytest.raises(TypeError):
        read.printers[0].options["seconds"] = 2


# ------------------------------------------------------------------------------------------------------------ values


def test_printers_keep_their_drivers_own_keys_as_options():
    read = settings('[[printer]]\nname = "a"\ndriver = "simulator"\nseconds = 0.5\nfolder = "/tmp/cards"')
    (printer,) = read.printers
    assert printer.options == {"seconds": 0.5, "folder": "/tmp/cards"}
    assert printer.uri is None
    assert printer.profiles == ("ktp-el",)


def test_readers_keep_their_drivers_own_keys_as_options():
    read = settings('[[reader]]\nname = "a"\ndriver = "serial"\nport = "/dev/ttyACM0"\nbaud = 115200')
    (reader,) = read.readers
    assert (reader.name, reader.driver, reader.port) == ("a", "serial", "/dev/ttyACM0")
    assert reader.options == {"baud": 115200}
    assert settings('[[reader]]\nname = "a"\ndriver = "pcsc"').readers[0].port is None


@pytest.mark.parametrize("port", ['""', '" "', '"/dev/tty\\nS0"', "7"])
def test_a_port_is_one_line(port):
    assert only_problem(f'[[reader]]\nname = "a"\ndriver = "serial"\nport = {port}').key == "reader[0].port"


def test_a_reader_does_not_share_its_name_with_a_printer():
    problem = only_problem('[[printer]]\nname = "a"\ndriver = "x"\n[[reader]]\nname = "a"\ndriver = "serial"')
    assert (problem.key, problem.allowed) == ("reader[0].name", "a name of its own: printer[0] has this one")


def test_sound_readers_are_handed_on_so_that_their_drivers_can_be_asked_too():
    with pytest.raises(ConfigError) as caught:
        settings('[[reader]]\nname = "A"\ndriver = "serial"\n[[reader]]\nname = "b"\ndriver = "serial"')
    assert {where: spec.name for where, spec in caught.value.readers.items()} == {"reader[1]": "b"}


def test_a_profile_takes_the_built_in_one_as_its_defaults():
    read = settings('[[profile]]\nname = "cepat"\nnominal_s = 12\nrest_after_cards = 0\nsupplies = { ribbon = 2 }')
    profile = read.profiles[1]
    assert (profile.width_px, profile.height_px, profile.dpi) == (1013, 638, 300)
    assert (profile.nominal_s, profile.rest, profile.supplies) == (12.0, None, {"ribbon": 2.0})


def test_a_profile_derives_its_picture_from_its_card():
    profile = settings('[[profile]]\nname = "besar"\ndpi = 600\nwidth_mm = 100').profiles[1]
    assert (profile.width_px, profile.height_px) == (2362, 1275)


def test_a_profile_named_ktp_el_changes_the_built_in_one():
    (profile,) = settings('[[profile]]\nname = "ktp-el"\nrest_after_cards = 80\nrest_s = 600').profiles
    assert profile.rest == RestRule(cards=80, rest_s=600)
    assert profile.media == KTP_EL.media


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8631", TcpListen(host="127.0.0.1", port=8631)),
        ("127.0.0.2:0", TcpListen(host="127.0.0.2", port=0)),
        ("[::1]:65535", TcpListen(host="::1", port=65535)),
        ("unix:/run/stationd/api.sock", UnixListen(path=Path("/run/stationd/api.sock"))),
    ],
)
def test_loopback_addresses_and_unix_sockets_are_listened_on(text, address):
    assert settings(f"http.listen = ['{text}']").http.listen == (address,)


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0:8631",
        "192.168.1.5:8631",
        "[::]:8631",
        "::1:8631",
        "localhost:8631",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:-1",
        "127.0.0.1:65536",
        "127.0.0.1:" + "9" * 5000,
        "127.0.0.1:８６３１",
        "127.0.0.1:80 ",
        ":8631",
        "",
        "unix:",
        "unix:api.sock",
        "unix:/" + "a" * 107,
    ],
)
def test_other_addresses_are_refused_and_said_to_be_not_served_yet(text):
    problem = only_problem(f"http.listen = ['{text}']")
    assert problem.key == "http.listen[0]"
    assert "not served yet" in problem.allowed


@pytest.mark.parametrize(
    "uri",
    [
        "ipp://127.0.0.1:631/printers/kartu-1",
        "ipps://printer.local/ipp/print",
        "usb://Magicard/Rio%202E?serial=1",
        "file:/dev/usb/lp0",
        "/dev/usb/lp0",
        "ipp+unix:/run/cups/cups.sock",
        "ipp://[::1]:8000/ipp/print",
    ],
)
def test_a_printer_is_found_by_a_uri(uri):
    text = f"[[printer]]\nname = 'a'\ndriver = 'ipp'\nuri = '{uri}'"
    if uri.startswith("/"):
        assert only_problem(text).key == "printer[0].uri"
    else:
        assert settings(text).printers[0].uri == uri


@pytest.mark.parametrize(
    "uri",
    ["", "ipp:", "ipp://", "ipp://:631/x", "ipp://host:x/", "ipp://host:0/", "ipp://ho st/", "ipp://[::1/", "://x"],
)
def test_what_is_no_uri_is_refused(uri):
    assert only_problem(f"[[printer]]\nname = 'a'\ndriver = 'ipp'\nuri = '{uri}'").key == "printer[0].uri"


# ---------------------------------------------------------------------------------------------------------- problems


def test_every_problem_is_told_at_once():
    found = problems(
        """
        [station]
        id = "16-7"
        nam = "x"
        serves = ["16.71.07", 3]
        [queue]
        max_tries = 0
        batch = true
        [blanks]
        low = 1.5
        [[printer]]
        name = "a"
        driver = "ipp"
        profiles = ["nope"]
        [[printer]]
        name = "a"
        [[profile]]
        name = "b"
        width_px = 500
        [blank]
        """
    )
    assert sorted(problem.key for problem in found) == [
        "blank",
        "blanks.low",
        "printer[0].profiles[0]",
        "printer[1].driver",
        "printer[1].name",
        "profile[0].width_px",
        "queue.batch",
        "queue.max_tries",
        "station.id",
        "station.nam",
        "station.serves[1]",
    ]
    assert {problem.file for problem in found} == {"stationd.toml"}


def test_a_problem_is_one_line_with_file_key_value_and_what_is_allowed():
    assert str(only_problem("queue.max_tries = 0")) == (
        "stationd.toml: queue.max_tries = 0: allowed is a whole number from 1 to 20"
    )
    with pytest.raises(ConfigError) as caught:
        parse({}, file="f.toml")
    assert (
        str(caught.value.problems[1]) == "f.toml: station.name is missing: allowed is one line of 1 to 100 characters"
    )


def test_an_unknown_key_is_refused_with_the_nearest_known_one():
    assert "(did you mean max_tries?)" in only_problem("queue.max_trys = 3").allowed
    known = "a known key: ageing, batch, max_tries, reach, second_thoughts_s, stop_after_spoils"
    assert only_problem("queue.zzz = 3").allowed == known
    assert "(did you mean blanks?)" in only_problem("[blank]\nlow = 3").allowed


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("queue = 3", "queue"),
        ("[[queue]]\nbatch = 3", "queue"),
        ("[printer]\nname = 'a'", "printer"),
        ("printer = [1]", "printer"),
        ("http.listen = '127.0.0.1:80'", "http.listen"),
        ("http.listen = []", "http.listen"),
        ("http.listen = ['127.0.0.1:80', '127.0.0.1:80']", "http.listen"),
        ("http.origins = ['http://a/path']", "http.origins[0]"),
        ("http.hosts = ['a:80']", "http.hosts[0]"),
        ("http.max_body_mb = 65", "http.max_body_mb"),
        ("station.mode = 'manned'", "station.mode"),
        ("station.mode = []", "station.mode"),
        ("station.state_dir = 'var'", "station.state_dir"),
        ("station.name = ' '", "station.name"),
        ('station.name = "a\\nb"', "station.name"),
        ("station.serves = ['16.71.7']", "station.serves[0]"),
        ("queue.batch = '25'", "queue.batch"),
        ("queue.ageing = -1", "queue.ageing"),
        ("[[printer]]\nname = 'A'\ndriver = 'ipp'", "printer[0].name"),
        ("[[printer]]\nname = 'a'\ndriver = 'ipp'\nprofiles = []", "printer[0].profiles"),
        ("[[profile]]\nname = 'a'\n[[profile]]\nname = 'a'", "profile[1].name"),
        ("[[profile]]\nname = 'a'\nnominal_s = nan", "profile[0].nominal_s"),
        ("[[profile]]\nname = 'a'\nnominal_s = inf", "profile[0].nominal_s"),
        ("[[profile]]\nname = 'a'\nnominal_s = true", "profile[0].nominal_s"),
        ("[[profile]]\nname = 'a'\nsupplies = { ribbon = 'x' }", "profile[0].supplies"),
        ("[[profile]]\nname = 'a'\nsupplies = 1", "profile[0].supplies"),
        ("[[profile]]\nname = 'a'\nwidht_mm = 80", "profile[0].widht_mm"),
    ],
)
def test_a_wrong_value_is_refused_where_it_stands(text, key):
    assert only_problem(text).key == key


def test_sound_printers_are_handed_on_so_that_their_drivers_can_be_asked_too():
    with pytest.raises(ConfigError) as caught:
        settings("queue.batch = 0\n[[printer]]\nname = 'A'\ndriver = 'ipp'\n[[printer]]\nname = 'b'\ndriver = 'ipp'")
    assert {where: spec.name for where, spec in caught.value.printers.items()} == {"printer[1]": "b"}


# ----------------------------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize("name", ["token", "password", "api_key", "key", "pin", "client-secret", "Passphrase"])
@pytest.mark.parametrize(
    "table",
    ["", "[http]\n", "[[printer]]\nname = 'a'\ndriver = 'ipp'\n", "[[printer]]\nname = 'a'\ndriver = 'ipp'\nx.y."],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(table, name):
    problem = only_problem(f"{table}{name} = 'hunter2'")
    assert problem.key.endswith(name)
    assert "systemd credential" in problem.allowed
    assert "hunter2" not in str(problem)


def test_a_secret_in_a_table_within_an_option_is_found():
    problem = only_problem("[[printer]]\nname = 'a'\ndriver = 'ipp'\nways = [{ token = 'hunter2' }]")
    assert problem.key == "printer[0].ways[0].token"


def test_a_key_that_names_a_secrets_file_is_the_drivers_own():
    read = settings("[[printer]]\nname = 'a'\ndriver = 'ipp'\ntoken_file = '/run/credentials/x'")
    assert read.printers[0].options == {"token_file": "/run/credentials/x"}


def test_a_password_in_a_uri_is_refused_and_not_repeated():
    problem = only_problem("[[printer]]\nname = 'a'\ndriver = 'ipp'\nuri = 'ipp://bob:hunter2@host/x'")
    assert problem.value == '"ipp://…@host/x"'


# ------------------------------------------------------------------------------------------------------------- files


def file_problem(path):
    with pytest.raises(ConfigError) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert problem.file == str(path)
    assert problem.key == ""
    assert str(problem) == f"{path}: {problem.value}: allowed is a TOML file that stationd may read"
    return problem.value


def test_a_missing_file_is_a_problem(tmp_path):
    assert file_problem(tmp_path / "none.toml") == "there is no such file"


def test_a_directory_is_a_problem(tmp_path):
    assert file_problem(tmp_path) == "is a directory"


def test_an_unreadable_file_is_a_problem(tmp_path):
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    assert file_problem(tmp_path / "loop.toml") == f"cannot be read ({os.strerror(errno.ELOOP)})"


def test_invalid_toml_is_a_problem_with_line_and_column(tmp_path):
    path = tmp_path / "stationd.toml"
    path.write_text("[station]\nid = \n", encoding="utf-8")
    assert file_problem(path) == "not TOML: Invalid value (at line 2, column 6)"


def test_what_is_not_utf_8_is_a_problem(tmp_path):
    path = tmp_path / "stationd.toml"
    path.write_bytes(b"[station]\nname = '\xff'\n")
    assert file_problem(path) == "not UTF-8 (at byte 18)"


def test_the_file_is_looked_for_under_etc():
    assert Path("/etc/stationd/stationd.toml") == DEFAULT_FILE


# -------------------------------------------------------------------------------------------------------- properties

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.text(max_size=8), scalars, max_size=3)
names = st.sampled_from([key.name for table in TABLES for key in table.keys]) | st.text(max_size=8)
tables = st.dictionaries(names, values, max_size=6)
documents = st.dictionaries(
    st.sampled_from([table.name for table in TABLES]) | st.text(max_size=8),
    tables | st.lists(tables, max_size=3) | values,
    max_size=8,
)


@given(raw=documents)
def test_whatever_stands_in_the_file_it_is_read_or_refused_in_single_lines(raw):
    with suppress(ConfigError):
        parse(raw | SMALLEST, file="f")
    with pytest.raises(ConfigError) as caught:
        parse(raw | {"": 1}, file="f")
    for problem in caught.value.problems:
        assert len(str(problem).splitlines()) == 1
        assert problem.key


def test_every_key_says_what_it_means_and_what_is_allowed():
    for table in TABLES:
        for key in table.keys:
            assert key.help.endswith(".")
            assert key.rule.allowed


@pytest.mark.parametrize("zone", ['"Asia/Nowhere"', '"../../etc/passwd"', '"/etc/localtime"', "7", '"Asia"'])
def test_a_time_zone_that_is_none_is_refused(tmp_path, zone):
    file = tmp_path / "stationd.toml"
    file.write_text(f'[station]\nid = "1671-07"\nname = "Contoh"\ntime_zone = {zone}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"station\.time_zone = .*Asia/Jakarta"):
        load(file)


def test_one_printer_is_not_taken_into_use_under_two_names():
    def table(name: str, driver: str) -> str:
        return f'[[printer]]\nname = "{name}"\ndriver = "{driver}"\nuri = "ipp://192.0.2.7/ipp/print"\n'

    problem = only_problem(table("kartu-1", "ipp") + table("kartu-2", "ipp"))
    assert (problem.key, problem.allowed) == ("printer[1].uri", "a printer of its own: printer[0] is this one")
    assert len(settings(table("kartu-1", "cups") + table("kartu-2", "cups")).printers) == 2, "one CUPS has many queues"
