"""``stationd sms``."""

import json

from stationd.cli import main
from tests.rigs.modem import Modem


def test_the_messages_are_shown_with_what_they_cost(config_file, capsys):
    assert main(["sms", "texts", "--config", str(config_file())]) == 0
    said = capsys.readouterr().out
    assert said.count("1 SMS") == 3
    assert "Kecamatan Contoh" in said


def test_a_message_that_does_not_fit_into_one_is_told(config_file, capsys):
    path = config_file(f'notices.first = ["{"a" * 200}"]')
    assert main(["sms", "texts", "--json", "--config", str(path)]) == 1
    assert json.loads(capsys.readouterr().out)["first"]["segments"] == 2


def test_without_a_port_the_command_says_where_to_find_one(config_file, capsys):
    assert main(["sms", "modem", "--config", str(config_file())]) == 1
    assert "--port" in capsys.readouterr().out


def test_a_broken_configuration_is_told(config_file, capsys):
    assert main(["sms", "texts", "--config", str(config_file("notices.per_day = -1"))]) == 1
    assert "notices.per_day" in capsys.readouterr().err


def test_the_modem_is_asked_and_nothing_is_sent(config_file, capsys, tmp_path):
    modem = Modem()
    try:
        path = config_file('sms.ussd = "*888#"')
        assert main(["sms", "modem", "--port", modem.path, "--config", str(path)]) == 0
        said = capsys.readouterr().out
        assert "ready\nsignal 60 %" in said
        assert "credit Rp 12500" in said
        assert modem.asked == []
        missing = str(tmp_path / "none")
        assert main(["sms", "modem", "--json", "--port", missing, "--config", str(config_file())]) == 1
        assert json.loads(capsys.readouterr().out)["is_ready"] is False
    finally:
        modem.close()
