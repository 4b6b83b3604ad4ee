"""A short campaign of kills at random moments; ``make campaign`` runs the long one."""

from tests.campaign.killing import Campaign, Plan


async def test_nothing_is_printed_twice_or_lost_however_often_the_daemon_is_killed(tmp_path):
    tally = await Campaign(tmp_path, Plan(printer="ippeve", seed=20_161_101, kills=12)).run()
    assert tally.kills == 12
    assert tally.reckoning is not None
    assert tally.reckoning.jobs > 0
    tally.reckoning.check()
