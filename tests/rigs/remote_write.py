"""Samples written to a receiver as an agent would, of any time: protobuf and snappy by hand, as little as it takes."""

import struct


def request(name, samples, **labels):
    """The body of a remote write of one series: ``samples`` are pairs of Unix seconds and value."""
    series = b"".join(
        _field(1, _field(1, key.encode()) + _field(2, value.encode()))
        for key, value in sorted({"__name__": name, **labels}.items())
    )
    for at, value in samples:
        series += _field(2, b"\x09" + struct.pack("<d", value) + _varint(2 << 3) + _varint(int(at * 1000)))
    return _snappy(_field(1, series))


HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def _varint(number):
    written = b""
    while number > 127:
        written += bytes([number & 127 | 128])
        number >>= 7
    return written + bytes([number])


def _field(number, data):
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _snappy(raw):
    """All of it as literals of up to 60 bytes."""
    parts = [raw[start : start + 60] for start in range(0, len(raw), 60)]
    return _varint(len(raw)) + b"".join(bytes([(len(part) - 1) << 2]) + part for part in parts)
