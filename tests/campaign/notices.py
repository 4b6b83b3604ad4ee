"""``python -m tests.campaign.notices``: a month of notices through gammu to a modem on a pty, with a month's faults.

Days pass as fast as the modem takes its messages. What the modem sent is the truth; the books are held against it:
nobody was told twice, everybody was told once, and what is unknown is so for a reason.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from stationd.adapters.sms.gammu_modem import GammuModem, ModemOptions
from tests.rigs.modem import Fate, Modem
from tests.unit.notice_office import open_office, phone

WORKDAYS = 22
A_DAY = 30
FATES = {17: Fate.CMS_ERROR, 29: Fate.LOST, 43: Fate.CMS_BARRED, 61: Fate.UNPLUGGED, 79: Fate.SILENT}
"""What happens to the message with this number, of each hundred."""

LIMITS = ModemOptions(send_s=5.0, open_s=60.0, ask_s=60.0)


async def month(folder: Path, days: int, a_day: int) -> bool:
    """Whether the books tell the truth."""
    modem = Modem(folder / "modem")
    begun = Counter()

    def fate(number: str) -> Fate:
        begun["all"] += 1
        met = FATES.get(begun["all"] % 100, Fate.TAKEN)
        begun[met] += 1
        if met is Fate.UNPLUGGED:
            loop.call_soon_threadsafe(loop.call_later, 1.0, modem.plug)
        return met

    loop = asyncio.get_running_loop()
    modem.fate = fate
    way = GammuModem(lambda: [modem.path] if Path(modem.path).exists() else [], LIMITS)
    began = time.monotonic()
    async with open_office(folder, blanks=days * a_day + 10) as office:
        office.ways = [way]
        office.start()
        number = 0
        for day in range(days):
            for _ in range(a_day):
                number += 1
                await office.shelve(number)
            while (await office.notices.view()).outbox.due or await office.notices.turn():
                office.shelf.clock.pass_s(1000)
                await office.notices.turn()
            await asyncio.sleep(1.0)
            await office.notices.turn()
            office.days.day += timedelta(days=1)
            print(f"day {day + 1}: {len(modem.sent)} sent, {way.restarts} times killed", flush=True)
        states = Counter(dict(await office.shelf.rows("SELECT state, count(*) FROM notice GROUP BY state")))
        books = await office.shelf.rows("SELECT type, count(*) FROM event WHERE type LIKE 'notice.%' GROUP BY type")
        await way.aclose()
    modem.close()
    received = Counter(sent.number for sent in modem.sent)
    twice = [to for to, times in received.items() if times > 1]
    never = [to for to in map(phone, range(1, number + 1)) if to not in received]
    print(f"holders      {number}")
    print(f"sent         {sum(received.values())}, in {time.monotonic() - began:.0f} s")
    print(f"faults       {', '.join(f'{what}: {count}' for what, count in begun.items())}")
    print(f"books        {dict(states)}, events {dict(books)}")
    print(f"told twice   {len(twice)}")
    print(f"never told   {len(never)} (unknown in the books: {states['unknown']}, failed: {states['failed']})")
    return not twice and len(never) <= states["unknown"] + states["failed"]


def main() -> int:
    """0 when nobody was told twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.notices", description=__doc__)
    parser.add_argument("--days", type=int, default=WORKDAYS)
    parser.add_argument("--a-day", type=int, default=A_DAY)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stationd-notices-") as folder:
        return 0 if asyncio.run(month(Path(folder), args.days, args.a_day)) else 1


if __name__ == "__main__":
    sys.exit(main())
