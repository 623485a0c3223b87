"""Two thousand notices while everything fails that may."""

from tests.notifications import fault_run
from tests.notifications.house import House


async def test_nothing_is_lost_and_no_inbox_holds_a_notice_twice(house: House):
    report = await fault_run.run(house, 2_000, kills=2, seconds=240)
    assert (report.lost, report.inbox_duplicates) == (0, 0), report
    assert report.failures > 80, report
    assert report.parked > 0, report
    # What arrived twice bears the key it came with before: the device shows it once.
    keys = {(each.to, each.key) for each in house.sinks.got}
    assert len(house.sinks.got) - len(keys) == report.again
