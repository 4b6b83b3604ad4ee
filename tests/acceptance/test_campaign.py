"""A short campaign of kills at random moments; ``make campaign`` runs the long one."""

from tests.campaign.killing import Campaign, Plan


async def test_nothing_is_printed_twice_or_lost_however_often_the_daemon_is_killed(tmp_path):
    tally = await Campaign(tmp_path, Plan(printers=("ippeve",), seed=20_161_101, kills=12)).run()
    assert tally.kills == 12
    assert tally.reckoning is not None
    assert tally.reckoning.jobs > 0
    tally.reckoning.check()


async def test_nothing_is_printed_twice_or_lost_when_daemon_spooler_and_printer_die_together(tmp_path):
    tally = await Campaign(tmp_path, Plan(printers=("ippeve", "cups-once"), seed=20_161_102, jobs=25)).run()
    assert tally.printer_kills
    assert tally.reckoning is not None
    assert tally.reckoning.jobs == 25
    tally.reckoning.check()
