"""A clock that jumps: where libfaketime is installed, one of the packages of the tests."""

from pathlib import Path

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), Path("libfaketime of .ci/packages-test.txt"))
