"""Events as udevd multicasts them to its listeners."""

import struct
from collections.abc import Mapping


def udev_message(properties: Mapping[str, str]) -> bytes:
    """One event: libudev's header, then ``KEY=VALUE`` strings. ``SUBSYSTEM`` and ``DEVTYPE`` are filtered by."""
    body = b"".join(f"{key}={value}".encode() + b"\0" for key, value in properties.items())
    devtype = properties.get("DEVTYPE")
    hashes = (_murmur2(properties["SUBSYSTEM"].encode()), _murmur2(devtype.encode()) if devtype else 0, 0, 0)
    header = b"libudev\0" + struct.pack("!I", 0xFEEDCAFE) + struct.pack("=III", 40, 40, len(body))
    return header + struct.pack("!IIII", *hashes) + body


def _murmur2(data: bytes) -> int:
    """MurmurHash 2, which the kernel's socket filter looks for in the header."""
    mixer, mask = 0x5BD1E995, 0xFFFFFFFF
    value = len(data)
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        block = (int.from_bytes(data[at : at + 4], "little") * mixer) & mask
        block = ((block ^ (block >> 24)) * mixer) & mask
        value = ((value * mixer) & mask) ^ block
    if rest := data[whole:]:
        value = ((value ^ int.from_bytes(rest, "little")) * mixer) & mask
    value = ((value ^ (value >> 13)) * mixer) & mask
    return value ^ (value >> 15)
