"""One description looked up among 200,000 participants: from the service's call to its outcome."""

import random
import statistics
import time
from uuid import UUID

import asyncpg

from api.core import database, runtime
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.ids import uuid7
from api.directory import registry
from api.directory import service as directory
from api.records.matching import service as matching
from benchmarks.population import Written, population
from benchmarks.server import Place

PARTICIPANTS = 200_000
LOOKUPS = 1_000


async def lookup_ms(where: Place) -> dict[str, float]:
    """Median and 99th percentile of one `find`, after a warm-up; one after the other."""
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys)
    try:
        await directory.adopt_profile(where.settings.profile)
        clinic = await registry.add_facility(
            OPERATOR,
            registry.NewFacility(
                "4311234566", "読む診療所", "ヨムシンリョウジョ", "Clinic", "clinic", "aso"
            ),
        )
        people = population(PARTICIPANTS, seed=31)
        await _enrol(where.admin_dsn, people)
        actor = Actor(kind=ActorKind.SYSTEM, facility_id=clinic)
        asked = random.Random(7).sample(people, LOOKUPS + 50)
        taken = []
        for each in asked:
            started = time.perf_counter()
            await matching.find(actor, each.written)
            taken.append((time.perf_counter() - started) * 1e3)
        return {
            "lookup_ms_p50": statistics.median(taken[50:]),
            "lookup_ms_p99": statistics.quantiles(taken[50:], n=100)[-1],
        }
    finally:
        await database.close_database()


async def _enrol(admin_dsn: str, people: list[Written]) -> None:
    """All of them, as the population has them before anybody wrote them down wrong."""
    rows = [(uuid7(), each.registered or each.written) for each in people]
    admin = await asyncpg.connect(admin_dsn)
    try:
        await admin.execute("SET session_replication_role = replica")
        await admin.copy_records_to_table(
            "participant",
            records=[(i, p.name, p.name_kana, p.sex, p.birth_on) for i, p in rows],
            columns=["participant_id", "name", "name_kana", "sex", "birth_on"],
        )
        insured: list[tuple[UUID, str, str, str, str, str]] = [
            (
                i,
                p.address,
                p.insured.insurer if p.insured else "",
                p.insured.symbol if p.insured else "",
                p.insured.number if p.insured else "",
                p.insured.branch if p.insured else "",
            )
            for i, p in rows
        ]
        await admin.copy_records_to_table(
            "registration",
            records=insured,
            columns=[
                "participant_id", "address", "insurer", "insurance_symbol", "insurance_number",
                "insurance_branch",
            ],
        )  # fmt: skip
        await admin.execute("VACUUM ANALYZE participant, registration")
    finally:
        await admin.close()
