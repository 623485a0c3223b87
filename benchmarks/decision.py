"""What one decision costs: the core, the SQL filter, and two policy engines on the same cases.

Run as `make bench NAME=decision`. Then what the participant waits for: a preview over 10,000
records, and saving a setting with 100,000 participants × 30 rules in the database.
"""

import asyncio
import json
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from api.consent import service as consent
from api.consent.decide import compile_policy
from api.consent.facts import Directive, RecordFacts, Request
from api.consent.settings.switches import SetCategory
from api.core import database, runtime
from api.core.actor import Actor, ActorKind
from api.core.ids import uuid7
from api.directory import service as directory
from benchmarks.engines import Ask, by_casbin, by_cedar
from benchmarks.network import fill
from benchmarks.preview import looking_ahead_ms
from benchmarks.server import Place, place
from benchmarks.settings import questions, settings, world

CATEGORIES = tuple(f"category{number}" for number in range(22))
ROUNDS = 5
QUESTIONS = 2_000
PARTICIPANTS = 100_000
SAVES = 400

Question = tuple[Request, RecordFacts]


def main() -> None:
    figures: dict[str, float] = {}
    of, chance = world(CATEGORIES), random.Random(11)
    directives = {rules: settings(of, rules, chance) for rules in (30, 300)}
    asked = {rules: questions(of, each, QUESTIONS, chance) for rules, each in directives.items()}
    for rules, each in directives.items():
        figures[f"core_us_{rules}"] = _core_us(of, each, asked[rules])
    figures["policy_kb"] = _policy_kb(of, chance)
    for name, make in (("cedarpy", by_cedar), ("casbin", by_casbin)):
        engine = make(directives[30], of.network)
        figures[f"{name}_us_30"] = _engine_us(engine, asked[30][:200])
        figures[f"times_faster_than_{name}"] = figures[f"{name}_us_30"] / figures["core_us_30"]
    with place() as where:
        figures |= asyncio.run(_in_the_database(where, directives[30]))
    for name, value in figures.items():
        print(f"{name:26} {value:12.2f}")
    print(json.dumps({"figures": {name: round(value, 2) for name, value in figures.items()}}))


def _core_us(of: Any, directive: Directive, asked: Sequence[Question]) -> float:
    """Median over the rounds of µs per decision by a compiled policy, its basis included."""
    policy = compile_policy(of.network, of.participation, directive)

    def all_of_them() -> None:
        for request, record in asked:
            policy.decide(request, record)

    return _median_us(all_of_them, len(asked))


def _engine_us(ask: Ask, asked: Sequence[Question]) -> float:
    def all_of_them() -> None:
        for request, record in asked:
            ask(request, record)

    return _median_us(all_of_them, len(asked))


def _median_us(work: Callable[[], None], count: int) -> float:
    work()
    found = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        found.append((time.perf_counter() - started) / count * 1e6)
    return statistics.median(found)


def _policy_kb(of: Any, chance: random.Random) -> float:
    """What one compiled policy of 30 rules holds, its directive included, in kB (1,000 bytes)."""
    count = 1_000
    texts = [msgspec.json.encode(settings(of, 30, chance)) for _ in range(count)]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = [
        compile_policy(of.network, of.participation, msgspec.json.decode(text, type=Directive))
        for text in texts
    ]
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return held / len(kept) / 1000


async def _in_the_database(where: Place, directive: Directive) -> dict[str, float]:
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys)
    try:
        await directory.adopt_profile(where.settings.profile)
        print(f"filling {PARTICIPANTS} participants …", file=sys.stderr)
        network = await fill(where.admin_dsn, participants=PARTICIPANTS, records=2)
        await _give_settings(where, network.participants, directive)
        return {
            "sql_us": await _sql_us(where, network.participants),
            **await _save_ms(network.participants),
            **await looking_ahead_ms(where, network.participants[-1], network.professional),
        }
    finally:
        await database.close_database()


async def _give_settings(where: Place, participants: Sequence[UUID], directive: Directive) -> None:
    profile = directory.profile()
    text = msgspec.json.encode(directive.provisions).decode()
    admin = await asyncpg.connect(where.admin_dsn)
    try:
        await admin.execute("SET session_replication_role = replica")
        await admin.copy_records_to_table(
            "directive",
            records=[
                (each, 2, text, "[]", profile.id, profile.version) for each in participants
            ],
            columns=[
                "participant_id", "version", "provisions", "change", "profile_id",
                "profile_version",
            ],
        )  # fmt: skip
        await admin.execute("VACUUM ANALYZE directive")
    finally:
        await admin.close()


async def _sql_us(where: Place, participants: Sequence[UUID]) -> float:
    """µs per decision on one record by the SQL filter, all its arguments given, inside one
    function: no round trip."""
    count = 5_000
    admin = await asyncpg.connect(where.admin_dsn)
    try:
        await admin.execute(_LOOP)
        facility = await admin.fetchval("SELECT facility_id FROM facility LIMIT 1")
        found = []
        for number in range(ROUNDS + 1):
            subject = participants[number]
            record = await admin.fetchval(
                "SELECT record_id FROM record WHERE participant_id = $1 LIMIT 1", subject
            )
            started = time.perf_counter()
            await admin.fetchval(
                "SELECT pg_temp.decide_often($1, $2, $3, $4)", subject, facility, record, count
            )
            found.append((time.perf_counter() - started) / count * 1e6)
        return statistics.median(found[1:])
    finally:
        await admin.close()


_LOOP = """
CREATE FUNCTION pg_temp.decide_often(
  p_subject uuid, p_facility uuid, p_record uuid, p_times integer) RETURNS integer
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_found integer := 0;
  v_except app.exceptions := jsonb_populate_record(NULL::app.exceptions,
    jsonb_build_object('hidden', jsonb_build_array(uuidv7(), uuidv7()),
      'raised', jsonb_build_array(uuidv7(), uuidv7())));
BEGIN
  FOR v_turn IN 1 .. p_times LOOP
    IF EXISTS (SELECT FROM app.permitted_records(p_subject, p_facility, '{}', p_record,
        '{prescription,lab,condition,allergy,encounter}', '{}',
        ARRAY[uuidv7() || '/lab'], 1, '2020-01-01', true, v_except)) THEN
      v_found := v_found + 1;
    END IF;
  END LOOP;
  RETURN v_found;
END $$;
"""


async def _save_ms(participants: Sequence[UUID]) -> dict[str, float]:
    """One switch turned by one participant after the other, each in its own transaction."""
    chance, taken = random.Random(5), []
    for number, subject in enumerate(chance.sample(list(participants), SAVES)):
        actor = Actor(kind=ActorKind.PARTICIPANT, account_id=uuid7(), participant_id=subject)
        started = time.perf_counter()
        await consent.change(actor, [SetCategory("lab", number % 2 == 0)], expected_version=2)
        taken.append((time.perf_counter() - started) * 1e3)
    taken = taken[20:]
    return {
        "save_ms_p50": statistics.median(taken),
        "save_ms_p95": statistics.quantiles(taken, n=20)[-1],
    }


if __name__ == "__main__":
    main()
