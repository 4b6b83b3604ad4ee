"""A netlink socket that overflows or breaks, and a udevd that restarts, for real: root and namespaces of its own."""

import asyncio
import json
import os
import shutil
import sys
from typing import Any

import pytest


async def in_namespaces(rig: str, *arguments: str) -> dict[str, Any]:
    unshare = shutil.which("unshare")
    assert unshare, "install Debian's package util-linux"
    assert os.geteuid() == 0, "run as root: namespaces are made"
    process = await asyncio.create_subprocess_exec(
        unshare,
        "--mount",
        "--net",
        sys.executable,
        "-m",
        rig,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    return json.loads(out)


@pytest.mark.parametrize("loop", [(), ("--uvloop",)], ids=["asyncio", "uvloop"])
async def test_after_every_overflow_it_hears_again_looks_at_once_and_rests(loop: tuple[str, ...]) -> None:
    told = await in_namespaces("tests.rigs.netlink_storm", "--storms", "3", *loop)
    after = told["after_storm"]
    assert after["overflows"] == 3
    assert after["events"] < 600  # the kernel threw the others away
    assert after["looks"] >= 1 + 3
    assert after["reopenings"] == 0
    assert (told["heard"], told["is_listening"]) == (1, True)
    assert told["quiet_cpu_s"] < 0.2


@pytest.mark.parametrize("loop", [(), ("--uvloop",)], ids=["asyncio", "uvloop"])
async def test_a_broken_socket_is_replaced(loop: tuple[str, ...]) -> None:
    told = await in_namespaces("tests.rigs.netlink_storm", "--storms", "1", "--breaks", *loop)
    assert told["reopenings"] == 1
    assert (told["heard"], told["is_listening"]) == (1, True)
    assert told["looks_after"] >= 2
    assert told["quiet_cpu_s"] < 0.2


@pytest.mark.parametrize("loop", [(), ("--uvloop",)], ids=["asyncio", "uvloop"])
async def test_a_restarted_udevd_is_heard_again(loop: tuple[str, ...]) -> None:
    told = await in_namespaces("tests.rigs.udevd_restart", *loop)
    assert told["before"] >= 1
    assert told["without"] == 0
    assert told["after"] >= 1
    assert told["is_listening"] is True
