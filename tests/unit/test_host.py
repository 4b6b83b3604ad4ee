"""What is told of the machine below."""

import logging
import resource

import pytest

from stationd.adapters.host import LinuxHost


async def test_a_shortage_of_file_descriptors_is_told_once_and_its_end_too(tmp_path, monkeypatch, caplog):
    descriptors = tmp_path / "fd"
    descriptors.mkdir()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (10, 10))
    host = LinuxHost(tmp_path, tmp_path, descriptors)
    caplog.set_level(logging.WARNING)
    await host.read()
    assert caplog.messages == []
    for number in range(5):
        (descriptors / str(number)).touch()
    for _ in range(3):
        await host.read()
    assert caplog.messages == ["5 of 10 file descriptors are in use; without any, callers are turned away"]
    for number in range(5):
        (descriptors / str(number)).unlink()
    await host.read()
    assert caplog.messages[1:] == ["there are file descriptors again: 0 of 10 are in use"]


async def test_not_even_one_descriptor_to_look_with_is_a_shortage(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (10, 10))
    caplog.set_level(logging.WARNING)
    await LinuxHost(tmp_path, tmp_path, tmp_path / "cannot be opened").read()
    assert caplog.messages == ["10 of 10 file descriptors are in use; without any, callers are turned away"]


@pytest.mark.parametrize("name", ["free_bytes", "wal_bytes"])
async def test_what_cannot_be_read_is_not_made_up(tmp_path, name):
    assert getattr(await LinuxHost(tmp_path / "gone", tmp_path).read(), name) is None
