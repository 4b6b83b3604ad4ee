"""The link to the city: what a fact costs, into the city's books, after an outage, beside printing; and a nation's.

All of it against genuine servers, three of them as a city has them: the shipped configuration with TLS and rights by
JWT, and ``sync_interval: always``.
"""

import logging
import os
import time
from pathlib import Path

from stationd.adapters.city_keys import CityKeys
from stationd.adapters.city_messages import StationMessages
from stationd.adapters.seal import StationSeal
from stationd.adapters.transfer_files import StationKeys
from stationd.domain.city_link import Fact, Particulars
from tests.bench import link_printing, link_up, nation
from tests.bench.figures import Figures
from tests.rigs import city

STATION = "1671-07"
LETTERS = 3000


async def link(folder: Path, figures: Figures) -> None:
    """Each part by itself; ``STATIOND_BENCH_FULL=1`` takes the larger sizes."""
    for name in ("asyncio", "stationd"):  # what is lost here is lost on purpose
        logging.getLogger(name).setLevel(logging.CRITICAL)
    is_full = bool(os.environ.get("STATIOND_BENCH_FULL"))
    letters(figures)
    await link_up.up(folder / "up", figures, is_full=is_full)
    await link_printing.catching_up(folder / "outage", figures, is_full=is_full)
    await link_printing.printing(folder / "printing", figures, is_full=is_full)
    await nation.nation(folder / "nation", figures, is_full=is_full)


def letters(figures: Figures) -> None:
    """What signing and sealing cost: a letter without and with the particulars of a holder."""
    keys = CityKeys([city.SIGNING.public_key().public_bytes_raw()])
    seal_to = city.SEALING.public_key().public_bytes_raw()
    messages = StationMessages(STATION, StationKeys(StationSeal(bytes(32)).derived), keys, seal_to)
    told = Particulars(order="PRR-16711-000001", receipt="2XK7-9QF4-M3TP", nik="9999990101900001")
    for name, fact in (("signed", _fact()), ("signed, with a holder sealed", _fact(told))):
        began = time.perf_counter()
        for _ in range(LETTERS):
            messages.write(fact)
        figures.row(f"a letter, {name}", cost=f"{(time.perf_counter() - began) / LETTERS * 1e6:.0f} us")


def _fact(particulars: Particulars | None = None) -> Fact:
    data = '{"state":"queued","kind":"first","rank":1,"profile":"ktp-el","actor":"kiosk"}'
    return Fact(
        station=STATION,
        seq=1,
        at=1,
        type="job.accepted",
        subject="0190",
        data=data,
        hash=bytes(32),
        particulars=particulars,
    )
