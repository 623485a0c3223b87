"""What looking ahead costs a participant with 10,000 records in a network of 1,339 facilities."""

import random
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg

from api.consent.settings.switches import SetCategory, SetEveryone
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.ids import uuid7
from api.directory import service as directory
from api.records.previewing import service as preview
from api.records.previewing.difference import difference
from api.records.previewing.service import Eyes
from benchmarks.server import Place

RECORDS = 10_000
FACILITIES = 1_339
SOURCES = 40
TIMES = 15


async def looking_ahead_ms(where: Place, subject: UUID, professional: UUID) -> dict[str, float]:
    """Medians, for a participant whose settings are stored already; called in this process."""
    await _fill(where, subject)
    actor = Actor(kind=ActorKind.PARTICIPANT, account_id=uuid7(), participant_id=subject)
    return {
        "preview_ms_10k": await _median(lambda: preview.see_as(actor, Eyes(professional), "ja")),
        "difference_all_ms": await _median(lambda: difference(actor, [SetEveryone(True)])),
        "difference_kind_ms": await _median(lambda: difference(actor, [SetCategory("lab", False)])),
    }


async def _median(look: Callable[[], Awaitable[object]]) -> float:
    taken = []
    for _ in range(TIMES + 1):
        started = time.perf_counter()
        await look()
        taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken[1:])


async def _fill(where: Place, subject: UUID) -> None:
    """Of twenty records one is untold and four are not for everybody's eyes."""
    profile, chance = directory.profile(), random.Random(7)
    kinds = [each.code for each in profile.facility_types]
    regions = [each.code for each in profile.regions]
    categories = [each.code for each in profile.categories]
    today = clock.today_in_japan()
    facilities = [uuid7() for _ in range(FACILITIES)]
    admin = await asyncpg.connect(where.admin_dsn)
    try:
        await admin.copy_records_to_table(
            "facility",
            records=[
                (
                    each,
                    "urn:benchmark",
                    f"{number:010}",
                    f"施設{number}",
                    "シセツ",
                    f"Facility {number}",
                    chance.choice(kinds),
                    chance.choice(regions),
                )
                for number, each in enumerate(facilities)
            ],
            columns=[
                "facility_id", "id_system", "code", "name", "name_kana", "name_en",
                "facility_type", "region",
            ],
        )  # fmt: skip
        await admin.execute("SET session_replication_role = replica")
        await admin.copy_records_to_table(
            "record",
            records=[
                (
                    subject,
                    uuid7(),
                    1,
                    "Observation",
                    chance.choice(categories),
                    (0, 0, 0, 1, 2)[number % 5],
                    facilities[chance.randrange(SOURCES)],
                    today - timedelta(days=chance.randrange(3_000)),
                    ["UNINFORMED"] if number % 20 == 0 else [],
                    "検査",
                    "{}",
                )
                for number in range(RECORDS)
            ],
            columns=[
                "participant_id", "record_id", "version", "resource_type", "category",
                "sensitivity", "source_facility_id", "effective_on", "marks", "title", "body",
            ],
        )  # fmt: skip
        await admin.execute("VACUUM ANALYZE record, facility")
    finally:
        await admin.close()
