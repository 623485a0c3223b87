"""Many notices, while everything fails that may: errors, hangs, jobs that come twice, workers that
are killed outright. Nothing is lost, and no inbox holds a notice twice.

`make soak NAME=notices` runs it with 100,000.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from api.core.crypto import KeyRing
from api.core.embedded import EmbeddedPostgres
from notifications.channels import key_of
from tests.notifications.house import House, notice_house, until

PEOPLE = 300
AT_ONCE = 500
CHAOS = 0.10


class Report(NamedTuple):
    """`again`: sendings of what had arrived before, under the same key each. `parked`: of those
    that nothing could reach, as it should be."""

    notices: int
    seconds: float
    lost: int
    inbox_duplicates: int
    again: int
    parked: int
    failures: int
    kills: int


async def run(house: House, notices: int, *, kills: int, seed: int = 7, seconds: float) -> Report:
    chance = random.Random(seed)
    house.pace |= {"attempts": 12}
    people = await house.people(PEOPLE)
    ways = [await _way(house, person, number) for number, person in enumerate(people)]
    house.sinks.chaos = CHAOS
    house.start()
    began = time.monotonic()
    due_kills = [notices * (n + 1) // (kills + 1) for n in range(kills)]
    told: list[tuple[UUID, int]] = []
    while len(told) < notices:
        chosen = [chance.randrange(PEOPLE) for _ in range(min(AT_ONCE, notices - len(told)))]
        rows = await house.admin.fetch(
            "INSERT INTO outbox (participant_id, event, params, channel)"
            " SELECT id, 'welcome', '{}', 'inbox' FROM unnest($1::uuid[]) id"
            " RETURNING notice_id, participant_id",
            [people[number] for number in chosen],
        )
        numbers = {person: number for number, person in enumerate(people)}
        told += [(row["notice_id"], numbers[row["participant_id"]]) for row in rows]
        await _twice(house, chance)
        while due_kills and len(told) >= due_kills[0]:
            due_kills.pop(0)
            await asyncio.sleep(0.5)
            house.kill(house.workers[0])
            house.start()
        await until(lambda: _has_room(house), seconds)
    await house.quiet(seconds)
    return await _report(house, told, ways, time.monotonic() - began, kills)


async def _has_room(house: House) -> bool:
    return await house.waits() < AT_ONCE * 6


async def _way(house: House, person: UUID, number: int) -> str | None:
    """Four of ten have a phone, three a browser, two a mailbox; nothing reaches some of them."""
    name = f"p{number}"
    match number % 10:
        case 0 | 1 | 2 | 3:
            await house.phone(person, name)
        case 4 | 5 | 6:
            await house.browser(person, name)
        case 7 | 8:
            name = f"{name}@example.jp"
            await house.mailbox(person, name)
        case _:
            return None
    if number % 50 == 2:  # a phone
        house.sinks.always[name] = 400
    return name


async def _twice(house: House, chance: random.Random) -> None:
    """Some jobs come twice, as after a fail-over whose last moments were done again."""
    await house.admin.execute(
        "INSERT INTO jobs.pgqueuer (priority, entrypoint, status, payload)"
        " SELECT 0, entrypoint, 'queued', payload FROM jobs.pgqueuer"
        " WHERE dedupe_key IS NOT NULL AND status = 'queued' AND id % 20 = $1",
        chance.randrange(20),
    )


async def _report(
    house: House, told: list[tuple[UUID, int]], ways: list[str | None], seconds: float, kills: int
) -> Report:
    inbox = Counter(
        row["notice_id"] for row in await house.admin.fetch("SELECT notice_id FROM inbox_notice")
    )
    states = {
        row["notice_id"]: row["state"]
        for row in await house.admin.fetch("SELECT notice_id, state FROM notice_delivery")
    }
    arrived = Counter((each.to, each.key) for each in house.sinks.got)
    lost = parked = 0
    for notice, number in told:
        way = ways[number]
        if inbox[notice] == 0:
            lost += 1
        elif way is not None and house.sinks.always.get(way) == 400:
            parked += states.get(notice) == "parked"
            lost += states.get(notice) != "parked"
        elif way is not None:
            reached = states.get(notice) == "sent" and arrived[way, key_of(notice)] > 0
            lost += not reached
    asked = sum(house.sinks.asked.values())
    return Report(
        notices=len(told),
        seconds=seconds,
        lost=lost,
        inbox_duplicates=sum(count - 1 for count in inbox.values() if count > 1),
        again=sum(count - 1 for count in arrived.values()),
        parked=parked,
        failures=asked - len(house.sinks.got),
        kills=kills,
    )


async def _alone(dsn: str, home: Path, notices: int, kills: int) -> Report:
    async with notice_house(dsn, KeyRing(home / "keys"), home) as house:
        return await run(house, notices, kills=kills, seconds=600)


def main(notices: int, kills: int) -> int:
    with tempfile.TemporaryDirectory(prefix="tsunagu-soak-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        server = EmbeddedPostgres(home)
        try:
            report = asyncio.run(_alone(server.start(), home, notices, kills))
        finally:
            server.stop()
    print(*(f"{name}: {value}" for name, value in report._asdict().items()), sep="\n")
    return 1 if report.lost or report.inbox_duplicates else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notices", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    given = parser.parse_args()
    sys.exit(main(given.notices, given.kills))
