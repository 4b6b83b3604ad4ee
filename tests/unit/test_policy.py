"""The dry run of the policy: what it says of a job, for every place that a job can have, and changes nothing."""

import asyncio
import json
from dataclasses import replace

import pytest
from officer_desk import open_desk
from test_precedence import Counter
from test_why import JOB

from stationd.cli import main
from stationd.domain.job import JobKind, JobState
from stationd.domain.policy import RULING_WORDS, Ruling, ruling_of
from stationd.domain.rationing import Stock

STOCK = Stock(at_hand=60, promised=10, replacements=2, rationed=4, reserve=50)
REPLACEMENT = replace(JOB, kind=JobKind.LOST, rank=5)
RATIONED = replace(REPLACEMENT, state=JobState.DEFERRED, reasons=("blanks-short",))


@pytest.mark.parametrize(
    ("job", "stock", "before", "ruling", "wanting"),
    [
        (replace(JOB, state=JobState.PRINTED), STOCK, 0, Ruling.NOT_WAITING, 0),
        (JOB, STOCK, 0, Ruling.PROMISED, 0),
        (replace(JOB, state=JobState.DEFERRED, reasons=("held",)), STOCK, 0, Ruling.OTHERWISE_DEFERRED, 0),
        (replace(RATIONED, reasons=("surrender-missing",)), STOCK, 0, Ruling.OTHERWISE_DEFERRED, 0),
        (REPLACEMENT, STOCK, 0, Ruling.DEFERRED, 1),
        (REPLACEMENT, replace(STOCK, at_hand=61), 0, Ruling.SERVED, 0),
        (RATIONED, STOCK, 3, Ruling.STAYS_DEFERRED, 6),
        (RATIONED, replace(STOCK, at_hand=66), 3, Ruling.COMES_BACK, 0),
    ],
)
def test_what_the_policy_says(job, stock, before, ruling, wanting):
    explained = ruling_of(job, stock, before)
    assert (explained.ruling, explained.wanting) == (ruling, wanting)


def test_every_ruling_has_its_words():
    assert set(RULING_WORDS) == set(Ruling)


def test_a_job_is_found_by_id_receipt_or_order_and_nothing_changes(tmp_path, capsys):
    config = tmp_path / "stationd.toml"
    config.write_text(
        f'[station]\nid = "1671-07"\nname = "Contoh"\nstate_dir = "{tmp_path}"\n[blanks]\nreserve_for_first = 3\n'
    )

    async def submit():
        async with open_desk(tmp_path) as desk:
            counter = Counter(desk)
            await counter.submit()
            return await counter.submit(JobKind.LOST)

    async def events():
        async with open_desk(tmp_path) as desk:
            return await desk.events()

    def told(*more: str) -> dict[str, object]:
        assert main(["policy", "explain", *more, "--config", str(config), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    job = asyncio.run(submit())
    before = asyncio.run(events())
    for name in (job.id, job.receipt, job.receipt.lower().replace("-", " "), job.order):
        found = told(name)
        assert (found["job"], found["ruling"], found["blanks_wanting"]) == (job.id, "stays-deferred", 5)
    assert told(job.id, "--delivery", "5")["ruling"] == "comes-back"
    assert told(job.id, "--at-hand", "2", "--reserve", "0")["ruling"] == "comes-back"
    assert main(["policy", "explain", job.id, "--config", str(config)]) == 0
    shown = capsys.readouterr().out
    assert "ruling: stays-deferred\n" in shown
    assert "id: tetap ditunda sampai blangko tiba\n" in shown
    assert main(["policy", "explain", "nothing", "--config", str(config)]) == 1
    assert asyncio.run(events()) == before
