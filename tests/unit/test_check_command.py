"""``stationd check``: what a person sees, and what a program sees."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stationd.adapters.printers import drivers
from stationd.cli import COMMANDS, main
from stationd.cli import check as check_command
from stationd.domain.errors import Faulted

BAD = """
[queue]
max_tries = 0
[[printer]]
name = "kartu-1"
driver = "no-such-driver"
"""


class FakePrinter:
    """A printer that only knows whether it was let go."""

    def __init__(self):
        self.is_closed = False

    async def aclose(self):
        self.is_closed = True


def test_a_good_configuration_is_summed_up_in_one_line(config_file, capsys):
    assert main(["check", "--config", str(config_file("http.listen = ['127.0.0.1:0']"))]) == 0
    shown = capsys.readouterr()
    assert shown.out == (
        "configuration is good: station 1671-07 (Kecamatan Contoh), attended, 0 printers, 0 readers, "
        "1 profile, listening on 127.0.0.1:0\n"
    )
    assert shown.err == ""


def test_problems_of_the_file_and_of_its_drivers_are_told_together(config_file, capsys):
    path = config_file(BAD)
    assert main(["check", "--config", str(path)]) == 1
    shown = capsys.readouterr()
    first, second = shown.out.splitlines()
    assert first == f"{path}: queue.max_tries = 0: allowed is a whole number from 1 to 20"
    assert second.startswith(
        f'{path}: printer[0] = "kartu-1": allowed is what its driver takes (no driver named no-such-driver is '
    )
    assert shown.err == f"{path}: 2 problems\n"


def test_json_carries_the_same_problems(config_file, capsys):
    path = config_file(BAD)
    assert main(["check", "--json", "--config", str(path)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["good"] is False
    assert told["problems"][0] == {
        "file": str(path),
        "key": "queue.max_tries",
        "value": "0",
        "allowed": "a whole number from 1 to 20",
    }
    assert [problem["key"] for problem in told["problems"]] == ["queue.max_tries", "printer[0]"]


def test_json_of_a_good_configuration_says_so(config_file, capsys):
    assert main(["check", "--json", "--config", str(config_file())]) == 0
    assert json.loads(capsys.readouterr().out) == {"good": True, "problems": []}


def test_a_driver_refuses_its_own_wrong_options(config_file, capsys, monkeypatch):
    def refuse(spec):
        raise ValueError(f"seconds = {spec.options['seconds']}: seconds are not negative")

    monkeypatch.setattr(drivers, "build", refuse)
    path = config_file('[[printer]]\nname = "a"\ndriver = "simulator"\nseconds = -1')
    assert main(["check", "--config", str(path)]) == 1
    assert "(seconds = -1: seconds are not negative)" in capsys.readouterr().out


def test_a_reader_that_its_driver_refuses_is_told_at_its_place(config_file, capsys):
    path = config_file('[[reader]]\nname = "a"\ndriver = "serial"\nport = "/dev/ttyS0"\nbaud = 7')
    assert main(["check", "--config", str(path)]) == 1
    told = capsys.readouterr().out
    assert told.startswith(f'{path}: reader[0] = "a": allowed is what its driver takes (baud = 7: allowed is 1200 or ')


def test_problems_of_the_file_do_not_hide_those_of_sound_readers(config_file, capsys):
    path = config_file(BAD + '[[reader]]\nname = "a"\ndriver = "no-such-driver"')
    assert main(["check", "--config", str(path)]) == 1
    assert 'reader[0] = "a": allowed is what its driver takes (no driver named' in capsys.readouterr().out


def test_the_matchers_beside_the_file_are_examined_with_their_drivers(config_file, capsys):
    path = config_file()
    (path.parent / "devices.d").mkdir()
    own = path.parent / "devices.d" / "own.toml"
    device = '[[device]]\ntitle = "Own"\nvendor = "1234"\n'
    printer = f'{device}kind = "printer"\ndriver = "cups"\nprofiles = ["ktp-el"]\n'
    own.write_text(
        f'{printer}name = "one"\n\n{device}name = "two"\nkind = "reader"\ndriver = "serial"\nsubsystem = "tty"\n'
    )
    assert main(["check", "--config", str(path)]) == 0, capsys.readouterr().out
    own.write_text(f'{printer}name = "one"\noptions = {{ colour = 1 }}\n'.replace("ktp-el", "nope"))
    assert main(["check", "--config", str(path)]) == 1
    told = capsys.readouterr().out
    assert f'{own}: device one.profiles = "nope": allowed is the station\'s profiles: ktp-el' in told
    assert "unknown option 'colour'" in told
    own.write_text("[[device]]\nname = 1\n")
    assert main(["check", "--config", str(path)]) == 1
    assert "device[0].name = 1" in capsys.readouterr().out


def test_printers_built_for_checking_are_let_go(config_file, monkeypatch):
    built = []

    def build(_spec):
        built.append(FakePrinter())
        return built[-1]

    monkeypatch.setattr(drivers, "build", build)
    assert main(["check", "--config", str(config_file('[[printer]]\nname = "a"\ndriver = "simulator"'))]) == 0
    assert [printer.is_closed for printer in built] == [True]


def test_the_examples_of_the_shipped_file_satisfy_the_real_drivers(tmp_path, capsys):
    shipped = Path(__file__).parents[2] / "config" / "stationd.toml"
    lines = shipped.read_text(encoding="utf-8").splitlines()
    path = tmp_path / "examples.toml"
    path.write_text(
        "\n".join(re.sub(r"^#(?=\S)", "", line) for line in lines if line != "serves = []"), encoding="utf-8"
    )
    assert main(["check", "--config", str(path)]) == 0, capsys.readouterr().out
    path.write_text(path.read_text(encoding="utf-8").replace("seconds = 12", "secnods = 12"), encoding="utf-8")
    assert main(["check", "--config", str(path)]) == 1
    assert "secnods" in capsys.readouterr().out


def test_a_missing_file_is_told_like_any_other_problem(tmp_path, capsys):
    path = tmp_path / "none.toml"
    assert main(["check", "--config", str(path)]) == 1
    assert capsys.readouterr().out == f"{path}: there is no such file: allowed is a TOML file that stationd may read\n"


@pytest.mark.parametrize("argv", [[], ["chek"], ["check", "--jsn"], ["check", "more"]])
def test_wrong_usage_exits_with_2(argv):
    with pytest.raises(SystemExit) as left:
        main(argv)
    assert left.value.code == 2


def test_help_lists_every_command_without_loading_any(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    for command in COMMANDS:
        assert command.name in shown.split()


def test_a_fault_is_told_in_one_line_with_what_to_do(config_file, capsys, monkeypatch):
    def fail(_path):
        raise Faulted("disk-full", "cannot read the disk", fix="make space")

    monkeypatch.setattr(check_command, "examine", fail)
    assert main(["check", "--config", str(config_file())]) == 1
    assert capsys.readouterr().err == "stationd: cannot read the disk\nstationd: make space\n"


def test_the_package_runs_as_a_module_and_loads_no_server_for_it(config_file):
    code = "import sys; from stationd.__main__ import main; main(sys.argv[1:]); print('aiohttp' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, "check", "--config", str(config_file())],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[1:] == ["False"]
    version = subprocess.run(
        [sys.executable, "-m", "stationd", "--version"], capture_output=True, text=True, check=True
    )
    assert version.stdout.startswith("stationd ")


def test_a_wrong_calendar_and_a_modem_without_gammu_are_problems(config_file, tmp_path, monkeypatch, capsys):
    calendar = tmp_path / "calendar.toml"
    calendar.write_text("closed = ['2026-13-01']", encoding="utf-8")
    path = config_file(f'notices.calendar = "{calendar}"\nnotices.ways = ["modem"]')
    monkeypatch.setattr("stationd.cli.check.find_spec", lambda _: None)
    assert main(["check", "--config", str(path)]) == 1
    said = capsys.readouterr().out
    assert "closed[0]" in said
    assert "stationd[sms]" in said
