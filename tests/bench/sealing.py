"""What sealing costs a job, beside sealing everything with one key, and beside taking the job as a whole."""

import os
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stationd.adapters.seal import WRAPPING_BYTES, StationSeal, with_new_generation
from stationd.adapters.sqlite.rows import sealed_document, sealed_holder
from stationd.domain.order import Document, Holder
from tests.bench.figures import Figures

ROUNDS = 5
AT_ONCE = 5_000
SIZES = {"1 kB": 1_000, "40 kB": 40_000, "300 kB": 300_000}
KEY = bytes(range(32))
HOLDER = Holder(nik="9999010101010001", name="Contoh Rekaan", address="Jalan Umpama 1", phone="+620000000000")


def microseconds(act: Callable[[], object], times: int) -> float:
    """The median of several rounds, in microseconds an act."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(times):
            act()
        taken.append((time.perf_counter() - began) / times * 1e6)
    return sorted(taken)[ROUNDS // 2]


def a_job_sealed(size: int) -> float:
    """Microseconds to seal the holder and a document of so many bytes."""
    seal, numbers = StationSeal(KEY), count()
    document = Document("image/png", os.urandom(size))

    def act() -> None:
        job = f"job-{next(numbers)}"
        sealed_holder(seal, HOLDER, None, job)
        sealed_document(seal, document, job)

    return microseconds(act, times_for(size))


def times_for(size: int) -> int:
    """How often something is done with so many bytes, to take long enough to be measured."""
    return AT_ONCE if size < 100_000 else AT_ONCE // 10


async def sealing(folder: Path, figures: Figures) -> None:
    """Sealing a holder and a document, opening a document, wrapping a value anew."""
    del folder
    seal, one_key = StationSeal(KEY), AESGCM(KEY)
    plain = repr(HOLDER).encode()

    def with_one_key(data: bytes) -> bytes:
        return one_key.encrypt(os.urandom(12), data, b"place")

    for name, size in SIZES.items():
        data, times = os.urandom(size), times_for(size)

        def a_job_with_one_key(data: bytes = data) -> None:
            with_one_key(plain)
            with_one_key(data)

        own, shared = a_job_sealed(size), microseconds(a_job_with_one_key, times)
        sealed = seal.seal(data, place="place")
        opened = microseconds(lambda sealed=sealed: seal.open(sealed, place="place"), times)
        figures.row(
            f"sealing a job, document of {name}",
            job=f"{own:.1f} µs",
            with_one_key=f"{shared:.1f} µs",
            ratio=f"{own / shared:.2f}",
            opening=f"{opened:.1f} µs",
        )
    start = seal.seal(plain, place="place")[:WRAPPING_BYTES]
    seal.adopt(with_new_generation(seal.ring))
    figures.row("wrapping a value anew", value=f"{microseconds(lambda: seal.rewrapped(start), AT_ONCE):.1f} µs")
