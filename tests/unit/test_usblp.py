"""The rules of the usblp driver that need no bus: its options, its errnos, its progress file."""

import errno
import os
from pathlib import Path

import pytest

from stationd.adapters.printers.usblp import device, driver
from stationd.adapters.printers.usblp.device import meaning, reasons_of
from stationd.adapters.printers.usblp.driver import UsblpPrinter
from stationd.adapters.printers.usblp.place import Place, only
from stationd.adapters.printers.usblp.progress import Progress, ProgressFile, Stage
from stationd.adapters.printers.usblp.settings import read_settings
from stationd.domain.errors import Faulted
from stationd.domain.job import Attempt
from stationd.domain.outcome import Cause, NothingPrinted
from stationd.ports.printers import PrinterSpec

ONE = Attempt(
    id="a1", job="j1", number=1, printer="kartu-1", remote_id=None, incarnation=None, counter=None, opened_at=0
)


def spec(uri: str | None = None, **options: object) -> PrinterSpec:
    return PrinterSpec(name="kartu-1", driver="usblp", uri=uri, options=options)


def test_a_printer_is_named_by_what_lasts_first():
    known = {"identity": "usb:0f49:0c12:10000123456:00", "node": "/dev/usb/lp0", "serial": "10000123456"}
    settings = read_settings(spec(**known))
    assert (settings.identity, settings.serial, settings.node) == (known["identity"], None, None)
    by_port = read_settings(spec(identity="usb:0f49:0c12:@0000.00.14.0-usb2-1.2:00", serial="", node=None))
    assert by_port.identity == "usb:0f49:0c12:@0000.00.14.0-usb2-1.2:00"
    assert read_settings(spec("usblp:/dev/usb/lp3")).node == "/dev/usb/lp3"
    assert read_settings(spec("usblp:serial:A-1")).serial == "A-1"


@pytest.mark.parametrize(
    ("uri", "options"),
    [
        (None, {}),
        ("ipp://localhost/", {}),
        ("usblp:/dev/usb/../sda", {}),
        ("usblp:/dev/sda", {}),
        ("usblp:usb:0f49:0c12", {}),
        ("usblp:serial:", {}),
        ("usblp:serial:a\nb", {}),
        ("usblp:/dev/usb/lp0", {"window": 2}),
        ("usblp:/dev/usb/lp0", {"media_types": ["text/plain"]}),
        ("usblp:/dev/usb/lp0", {"media_types": []}),
        ("usblp:/dev/usb/lp0", {"poll_s": 0}),
        ("usblp:/dev/usb/lp0", {"progress": "relative"}),
        ("usblp:/dev/usb/lp0", {"has_status": 1}),
    ],
)
def test_a_wrong_place_or_option_is_told_in_one_line(uri, options):
    with pytest.raises(ValueError) as told:
        read_settings(spec(uri, **options))
    assert len(str(told.value).splitlines()) == 1


def test_progress_is_kept_in_the_state_directory_unless_told_otherwise(monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/one:/var/lib/two")
    assert read_settings(spec("usblp:/dev/usb/lp0")).progress == Path("/var/lib/one/usblp")
    assert read_settings(spec("usblp:/dev/usb/lp0", progress="/x")).progress == Path("/x")


def test_every_errno_that_usblp_gives_has_a_meaning_of_its_own():
    told = {name: meaning(OSError(getattr(errno, name), "")) for name in ("EBUSY", "EIO", "ENODEV", "ENOSPC", "EACCES")}
    assert len(set(told.values())) == len(told)
    assert meaning(OSError("no number")) == "device-trouble"


def test_a_well_device_has_no_reasons():
    assert reasons_of(0x18) == frozenset()
    assert reasons_of(0x38) == {"media-empty"}
    assert reasons_of(0x00) == {"offline"}


def test_a_card_never_goes_to_the_wrong_twin():
    with pytest.raises(OSError) as none:
        only([])
    with pytest.raises(OSError) as two:
        only([Place("/dev/usb/lp0", "1:2"), Place("/dev/usb/lp1", "1:3")])
    assert (none.value.errno, two.value.errno) == (errno.ENODEV, errno.ENOTUNIQ)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"attempt": 1}', '{"attempt": "a", "stage": "x", "address": ""}'])
def test_a_progress_file_that_cannot_be_understood_says_nothing(tmp_path, content):
    file = ProgressFile(tmp_path, "kartu-1")
    assert file.read() is None
    file.write(Progress("a1", Stage.BEGUN, "1:2"))
    assert file.read() == Progress("a1", Stage.BEGUN, "1:2")
    (tmp_path / "kartu-1.json").write_text(content)
    assert file.read() is None


@pytest.mark.parametrize(
    ("error", "reason", "fix"),
    [
        (errno.EBUSY, "in-use-by-another-program", "the other program"),
        (errno.EACCES, "permission-denied", "group lp"),
        (errno.ENOENT, "connecting-to-device", "connected"),
    ],
)
async def test_a_device_that_cannot_be_opened_says_why(monkeypatch, tmp_path, error, reason, fix):
    def refuse(path, *_):
        raise OSError(error, os.strerror(error), path)

    monkeypatch.setattr(device.os, "open", refuse)
    monkeypatch.setattr(driver, "is_still_at", lambda place: True)
    settings = read_settings(spec("usblp:/dev/usb/lp0", progress=str(tmp_path)))
    printer = UsblpPrinter("kartu-1", settings, lambda: Place("/dev/usb/lp0", "1:2"))
    assert await printer.open(ONE) == NothingPrinted(Cause.PRINTER, reason)
    with pytest.raises(Faulted) as fault:
        await printer.status()
    assert fault.value.code == "printer-unreachable"
    assert fix in fault.value.fix
