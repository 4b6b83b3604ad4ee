"""What an ipp printer may be told: three forms of URI and five options, each wrong one refused in one line."""

import pytest

from stationd.adapters.printers.ipp import build
from stationd.adapters.printers.ipp.settings import read_settings, read_uri
from stationd.ports.printers import PrinterSpec


def spec(uri="ipp://127.0.0.1/ipp/print", **options):
    return PrinterSpec(name="kartu-1", driver="ipp", uri=uri, options=options)


@pytest.mark.parametrize(
    ("uri", "authority", "path", "socket"),
    [
        ("ipp://printer.local/ipp/print", "printer.local:631", "/ipp/print", None),
        ("ipp://127.0.0.1:8631/printers/kartu-1", "127.0.0.1:8631", "/printers/kartu-1", None),
        ("ipp://[::1]:8631/ipp/print", "[::1]:8631", "/ipp/print", None),
        ("ipp://127.0.0.1", "127.0.0.1:631", "/ipp/print", None),
        ("http://127.0.0.1/ipp", "127.0.0.1:80", "/ipp", None),
        ("ipp+unix:///run/cups/cups.sock?path=/printers/k", "localhost", "/printers/k", "/run/cups/cups.sock"),
    ],
)
def test_a_uri_leads_to_an_address_and_a_printer(uri, authority, path, socket):
    endpoint = read_uri(uri)
    assert (endpoint.authority, endpoint.path, endpoint.socket) == (authority, path, socket)
    assert endpoint.printer_uri == f"ipp://{authority}{path}"


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        (None, "missing"),
        ("", "missing"),
        ("ipps://printer/ipp/print", "ipps"),
        ("usb://1", "scheme"),
        ("ipp:///ipp/print", "host"),
        ("ipp://host:99999/x", "not one"),
        ("ipp://host/x?y=1", "end with its path"),
        ("ipp://user:secret@host/x", "user or a password"),
        ("ipp://host/a b", "printable"),
        ("ipp://host/a\r\nX: y", "printable"),
        ("ipp+unix:///run/x.sock", "must look like"),
        ("ipp+unix://host/run/x.sock?path=/p", "must look like"),
        ("ipp+unix:///run/x.sock?path=p", "must look like"),
        ("ipp+unix:///run/x.sock?path=/p&more=1", "must look like"),
    ],
)
def test_a_wrong_uri_is_refused_in_one_line_without_its_secrets(uri, word):
    with pytest.raises(ValueError, match=word) as caught:
        build(spec(uri))
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"colour": 1}, "unknown option 'colour'"),
        ({"user": ""}, "user"),
        ({"user": 3}, "user"),
        ({"user": "x" * 256}, "user"),
        ({"window": 0}, "window"),
        ({"window": 17}, "window"),
        ({"window": True}, "window"),
        ({"window": "2"}, "window"),
        ({"counter": "no"}, "counter"),
        ({"poll_s": 0}, "poll_s"),
        ({"poll_s": float("nan")}, "poll_s"),
        ({"timeout_s": -1}, "timeout_s"),
        ({"timeout_s": "10"}, "timeout_s"),
        ({"timeout_s": 3601}, "timeout_s"),
    ],
)
def test_a_wrong_option_is_refused_in_one_line(options, word):
    with pytest.raises(ValueError, match=word) as caught:
        build(spec(**options))
    assert "\n" not in str(caught.value)


def test_options_reach_the_driver():
    settings = read_settings(spec(user="kiosk", window=3, poll_s=2, timeout_s=0.5))
    assert (settings.user, settings.window, settings.poll_s, settings.timeout_s) == ("kiosk", 3, 2.0, 0.5)
    assert build(spec(window=3)).capabilities.window == 3
    assert build(spec()).name == "kartu-1"
