"""How many notices one worker brings to phones, browsers and mailboxes, and how soon; and what is
left of them when everything fails that may.

`make bench NAME=notices`. The other ends answer over real sockets on this machine.
"""

import asyncio
import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from api.core.crypto import KeyRing
from api.core.embedded import EmbeddedPostgres
from notifications.channels import key_of
from tests.notifications import fault_run
from tests.notifications.house import House, notice_house

PEOPLE = 200
BACKLOG = 6_000
PACED, A_SECOND = 1_500, 60
FAULTY = 5_000


async def _people(house: House) -> list[UUID]:
    """Each on one way: half on phones, three of ten in browsers, two by mail."""
    people = await house.people(PEOPLE)
    for number, person in enumerate(people):
        name = f"bench{number}"
        if number % 10 < 5:
            await house.phone(person, name)
        elif number % 10 < 8:
            await house.browser(person, name)
        else:
            await house.mailbox(person, f"{name}@example.jp")
    return people


async def _backlog(house: House, people: list[UUID]) -> float:
    """Notices a second, from the first taken up to the last noted as sent."""
    await house.admin.execute(
        "INSERT INTO outbox (participant_id, event, params, channel)"
        " SELECT ($1::uuid[])[1 + n % $2], 'welcome', '{}', 'inbox' FROM generate_series(1, $3) n",
        people,
        len(people),
        BACKLOG,
    )
    house.start()
    await house.quiet(180)
    row = await house.admin.fetchrow(
        "SELECT count(*) AS sent, max(d.sent_at) AS last, (SELECT min(delivered_at) FROM outbox)"
        " AS first FROM notice_delivery d WHERE d.state = 'sent'"
    )
    assert row["sent"] == BACKLOG, row
    return row["sent"] / _seconds(row["first"], row["last"])


async def _paced(house: House, people: list[UUID]) -> tuple[list[float], list[float]]:
    """Milliseconds from the commit until the job stands there, and until it was noted as sent."""
    seen = await asyncpg.connect(house.admin_dsn)
    queued, committed = [], {}
    for number in range(PACED):
        began = time.perf_counter()
        notice = await house.tell(people[number % len(people)])
        done = time.perf_counter()
        committed[notice] = await house.admin.fetchval("SELECT clock_timestamp()")
        if number % 20 == 0:
            stands = await seen.fetchval(
                "SELECT EXISTS (SELECT FROM jobs.pgqueuer WHERE dedupe_key = $1)"
                " OR EXISTS (SELECT FROM outbox WHERE notice_id = $2 AND delivered_at IS NOT NULL)",
                f"notice/{people[number % len(people)]}/{notice}",
                notice,
            )
            assert stands, "a notice without its job"
            queued.append((time.perf_counter() - done) * 1000)
        await asyncio.sleep(max(0.0, 1 / A_SECOND - (time.perf_counter() - began)))
    await house.quiet(60)
    await seen.close()
    rows = await house.admin.fetch(
        "SELECT notice_id, sent_at FROM notice_delivery WHERE notice_id = ANY ($1)",
        list(committed),
    )
    sent = [_seconds(committed[row["notice_id"]], row["sent_at"]) * 1000 for row in rows]
    assert len(sent) == PACED
    return queued, sent


def _seconds(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds()


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


async def measure(dsn: str, home: Path) -> None:
    keys = KeyRing(home / "keys")
    async with notice_house(dsn, keys, home) as house:
        people = await _people(house)
        rate = await _backlog(house, people)
        queued, sent = await _paced(house, people)
        arrived = {each.key for each in house.sinks.got}
        told = await house.admin.fetch("SELECT notice_id FROM outbox")
        assert {key_of(row["notice_id"]) for row in told} == arrived
    async with notice_house(dsn, keys, home) as house:
        report = await fault_run.run(house, FAULTY, kills=2, seconds=90)
    print(f"notices_per_s: {rate:.0f}")
    print(f"enqueued_ms_max: {max(queued):.1f}")
    print(f"sent_ms_p50: {statistics.median(sent):.0f}")
    print(f"sent_ms_p95: {_p95(sent):.0f}")
    print(f"lost: {report.lost}")
    print(f"inbox_duplicates: {report.inbox_duplicates}")
    print(f"sent_again: {report.again}")
    print(f"failures: {report.failures}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tsunagu-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        server = EmbeddedPostgres(home)
        try:
            asyncio.run(measure(server.start(), home))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
