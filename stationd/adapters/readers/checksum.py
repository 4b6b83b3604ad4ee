"""Checksums that readers put behind their frames.

The check values are those over ``b"123456789"`` in the CRC catalogues (Greg Cook's catalogue of parametrised CRCs).
"""

from binascii import crc_hqx
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import xor
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """A rule and its width: ``compute`` gives the ``width`` bytes that follow the data on the wire."""

    compute: Callable[[bytes], bytes]
    width: int


def _xor(data: bytes) -> bytes:
    return bytes((reduce(xor, data, 0),))


def _sum(data: bytes) -> bytes:
    return bytes((sum(data) & 0xFF,))


def _modbus_row(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0xA001 if byte & 1 else 0)
    return byte


_MODBUS = tuple(_modbus_row(byte) for byte in range(256))


def _crc16_modbus(data: bytes) -> bytes:
    """CRC-16/MODBUS (check value 0x4B37), low byte first as on its wire."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _MODBUS[(crc ^ byte) & 0xFF]
    return crc.to_bytes(2, "little")


def _crc16_ccitt(data: bytes) -> bytes:
    """CRC-16/IBM-3740, known as CCITT-FALSE (check value 0x29B1), high byte first."""
    return crc_hqx(data, 0xFFFF).to_bytes(2, "big")


NONE = Checksum(compute=lambda _: b"", width=0)

CHECKSUMS: Mapping[str, Checksum] = MappingProxyType(
    {
        "none": NONE,
        "xor": Checksum(compute=_xor, width=1),
        "sum": Checksum(compute=_sum, width=1),
        "crc16-modbus": Checksum(compute=_crc16_modbus, width=2),
        "crc16-ccitt": Checksum(compute=_crc16_ccitt, width=2),
    }
)
"""By the names used in the configuration; ``xor`` is also called LRC, ``sum`` is modulo 256."""
