"""The real daemon, a genuine agent and a genuine city on a line that is cut: nothing is lost, no counter goes back.

``python -m tests.campaign.cuts`` does it for longer, with a cut that the agent does not outlast.
"""

from tests.campaign.cuts import campaign


async def test_a_cut_loses_no_sample_and_a_killed_daemon_sets_no_counter_back(tmp_path):
    told = await campaign(tmp_path, short_s=4, long_s=0)
    assert len(told) == 2, told
