"""The SQL filter every read goes through gives what the decision core gives, record by record."""

import os
import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

from api.consent.facts import RecordFacts
from api.core.actor import Actor, ActorKind
from api.core.lane import call_context
from api.records import queries
from api.records.filtering import filter_of
from api.records.reading.search import AnyOf, Search
from tests.conftest import Deployment
from tests.consent.scene import CLINIC, HOSPITAL, PHARMACY
from tests.records.filter_cases import DAYS, IDS, RECORDS, Case, cases, emergencies

HANAKO = UUID(int=999)
FILTER = (
    "SELECT array_agg(record_id) FROM app.permitted_records($1, $2, $3, NULL, $4, $5, $6, $7, $8,"
    " $9, jsonb_populate_record(NULL::app.exceptions, nullif($10, '')::jsonb))"
)

INCLUDED = (
    "SELECT * FROM app.included($1, $2, $3, $4, $5, $6, $7, $8,"
    " jsonb_populate_record(NULL::app.exceptions, nullif($9, '')::jsonb),"
    " ARRAY[('*', 'members', NULL, 'Observation'), ('Basic', 'seen', 'item', 'Condition')]"
    "::app.include[], 'https://here', $10, NULL, NULL, NULL, NULL)"
)


class Pool:
    """Hanako's records in a transaction that is rolled back; the filter and the guarded read."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def fill(self) -> None:
        await self.connection.executemany(
            "INSERT INTO facility (facility_id, id_system, code, name, name_kana, name_en,"
            " facility_type, region, is_active) VALUES ($1, 'urn:test', $2, '', '', '', 'clinic',"
            " 'aso', false)",
            [(each, str(each)) for each in (HOSPITAL, CLINIC, PHARMACY)],
        )
        await self.connection.execute(
            "INSERT INTO participant VALUES ($1, '山本 花子', 'ヤマモト ハナコ', 'female',"
            " '1968-05-03')",
            HANAKO,
        )
        await self.connection.execute(
            "INSERT INTO access_log_head (participant_id) VALUES ($1)", HANAKO
        )
        await self.connection.executemany(
            "INSERT INTO record (participant_id, record_id, version, resource_type, category,"
            " sensitivity, source_facility_id, effective_on, marks, title, body)"
            " VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, '', '{}')",
            [
                (
                    HANAKO,
                    each.record_id,
                    "Observation" if each.category == "lab" else "Condition",
                    each.category,
                    each.sensitivity,
                    each.source_facility_id,
                    each.effective_on,
                    ["UNINFORMED"] if number % 5 == 0 else [],
                )
                for number, each in enumerate(RECORDS)
            ],
        )

    async def permitted(self, case: Case, types: tuple[str, ...] = ()) -> set[UUID]:
        scope = case.policy.scope(case.request)
        facility = case.request.requester.facility_id
        found = await self.connection.fetchval(FILTER, HANAKO, facility, types, *filter_of(scope))
        return set(found or ())

    async def included(self, case: Case, page: str) -> asyncpg.Record:
        scope = case.policy.scope(case.request)
        facility = case.request.requester.facility_id
        return await self.connection.fetchrow(INCLUDED, HANAKO, facility, *filter_of(scope), page)

    async def read(
        self,
        case: Case,
        types: tuple[str, ...],
        *,
        before: UUID | None = None,
        count: int,
        search: Search | None = None,
    ) -> asyncpg.Record:
        """As the records service asks, facts and all."""
        who = case.request.requester
        standing = await self.connection.fetchval(
            "SELECT revision || '.0' FROM facility WHERE facility_id = $1", who.facility_id
        )
        plan = queries.ReadPlan(
            form="bundle",
            types=types,
            record_id=None,
            standing=standing,
            policy_version=0,
            **filter_of(case.policy.scope(case.request))._asdict(),
            before=before,
            page_size=count,
            base_url="",
            event="records:record:read",
            search="" if search is None else search.encoded,
        )
        actor = Actor(kind=ActorKind.SYSTEM, facility_id=who.facility_id)
        context = call_context(self.connection, actor, HANAKO, queries.digest(plan))
        return await self.connection.fetchrow(
            "SELECT * FROM records_read($1::app.read_call[])", [(context, *plan)]
        )


@pytest_asyncio.fixture(scope="module")
async def pool(database: Deployment) -> AsyncIterator[Pool]:
    connection = await asyncpg.connect(
        database.admin_dsn, server_settings={"plan_cache_mode": "force_generic_plan"}
    )
    transaction = connection.transaction()
    await transaction.start()
    pool = Pool(connection)
    await pool.fill()
    yield pool
    await transaction.rollback()
    await connection.close()


def by_core(case: Case, types: tuple[str, ...] = ()) -> set[UUID]:
    policy = case.policy
    return {
        each.record_id
        for each in RECORDS
        if each.record_id is not None
        and (not types or ("Observation" if each.category == "lab" else "Condition") in types)
        and policy.decide(case.request, each).outcome == "permit"
    }


TIMES = int(os.environ.get("FILTER_TIMES", "1"))  # `make fuzz` asks ten times as many


def trying(examples: int, *phases: Phase) -> settings:
    return settings(
        max_examples=examples * TIMES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=phases or (Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


types_asked = st.sampled_from(((), ("Observation",), ("Condition",)))


@trying(1000)
@given(cases, types_asked)
async def test_the_filter_permits_what_the_core_permits(
    pool: Pool, case: Case, types: tuple[str, ...]
) -> None:
    assert await pool.permitted(case, types) == by_core(case, types)


@trying(400)
@given(emergencies, types_asked)
async def test_in_an_emergency_the_filter_permits_what_the_core_permits(
    pool: Pool, case: Case, types: tuple[str, ...]
) -> None:
    assert await pool.permitted(case, types) == by_core(case, types)


@trying(150)
@given(cases, types_asked, st.integers(1, 60))
async def test_totals_and_pages_of_a_read_hold_the_permitted_records_once_each(
    pool: Pool, case: Case, types: tuple[str, ...], count: int
) -> None:
    expected = by_core(case, types)
    found: list[str] = []
    before = None
    for _ in range(len(RECORDS) + 1):
        row = await pool.read(case, types, before=before, count=count)
        assert row is not None, "out of date"
        assert row["total"] == len(expected)
        entries = msgspec.json.decode(b"[%b]" % (row["entries"] or b""))
        assert len(entries) == row["shown"] <= count
        found += [entry["fullUrl"].rpartition("/")[2] for entry in entries]
        before = row["last_id"]
        if row["shown"] < count:
            break
    assert len(found) == len(expected)
    assert set(found) == {str(each) for each in expected}


@trying(400)
@given(cases, st.integers(0, 3))
async def test_what_comes_along_is_what_was_named_and_is_permitted(
    pool: Pool, case: Case, part: int
) -> None:
    """Named under both types, of which one is right, and in every form there is."""
    named = IDS[part::4]
    refs = [
        ({"reference": f"Observation/{each}"}, {"reference": f"https://here/Condition/{each}"})
        for each in named
    ]
    odd: list[object] = ["x", None, 3, {"reference": 3}, {"reference": "Observation/1"}, [[]], {}]
    resource = {
        "resourceType": "Basic",
        "members": [*odd, *(one for one, _ in refs)],
        "seen": [*odd, *({"item": other} for _, other in refs)],
        "told": [{"reference": f"Observation/{each}"} for each in IDS],
    }
    page = msgspec.json.encode({"resource": resource}).decode()
    row = await pool.included(case, page)
    expected = by_core(case) & set(named)
    _, *along = msgspec.json.decode(f"[{row['entries']}]")
    assert {each["fullUrl"].rpartition("/")[2] for each in along} == {str(e) for e in expected}
    assert all(each["search"] == {"mode": "include"} for each in along)
    ids = (row["told_ids"] or b"") + (row["untold_ids"] or b"")
    assert len(ids) == 16 * len(expected)
    assert {UUID(bytes=ids[at : at + 16]) for at in range(0, len(ids), 16)} == expected
    lines = msgspec.json.decode(f"[{','.join(filter(None, (row['told'], row['untold'])))}]")
    assert sum(each["count"] for each in lines) == len(expected)


LABS = Search(every=(AnyOf(("category=lab", "category=care")), AnyOf(("category=lab",))))
MIDNIGHT = datetime(2025, 12, 31, 15, tzinfo=UTC)  # as 1 January 2026 begins in Japan
SEARCHES: dict[str, tuple[Search, Callable[[RecordFacts], bool]]] = {
    "all": (Search(), lambda each: True),
    "labs": (LABS, lambda each: each.category == "lab"),
    "before": (Search(starts_before=MIDNIGHT), lambda each: each.effective_on < DAYS[1]),
    "from": (Search(ends_from=MIDNIGHT), lambda each: each.effective_on >= DAYS[1]),
    "some": (
        Search(record_ids=IDS[::3]),
        lambda each: each.record_id in IDS[::3],
    ),
}


@trying(150)
@given(
    cases,
    types_asked,
    st.integers(1, 60),
    st.sampled_from(sorted(SEARCHES)),
    st.sampled_from((None, "date", "-date", "-_lastUpdated")),
)
async def test_a_search_in_any_order_finds_of_the_permitted_what_it_names_once_each(
    pool: Pool, case: Case, types: tuple[str, ...], count: int, name: str, order: str | None
) -> None:
    search, matches = SEARCHES[name]
    named = {each.record_id for each in RECORDS if matches(each)}
    expected = by_core(case, types) & named
    on = {str(each.record_id): each.effective_on for each in RECORDS}
    found: list[str] = []
    here = structs.replace(search, ordered_by=order)
    for _ in range(len(RECORDS) + 1):
        row = await pool.read(case, types, count=count, search=here)
        assert row["total"] == len(expected)
        entries = msgspec.json.decode(b"[%b]" % (row["entries"] or b""))
        assert len(entries) == row["shown"] <= count
        found += [entry["fullUrl"].rpartition("/")[2] for entry in entries]
        if not row["is_more"]:
            break
        here = structs.replace(here, after_key=row["last_key"], after_id=row["last_id"])
    assert len(found) == len(expected)
    assert set(found) == {str(each) for each in expected}
    days = [on[each] for each in found]
    if order in ("date", "-date"):
        assert days == sorted(days, reverse=order == "-date")
    counted = await pool.read(case, types, count=0, search=search)
    assert (counted["total"], counted["entries"], counted["told"]) == (len(expected), None, None)


def _drawn(examples: int) -> list[Case]:
    found: list[Case] = []

    @trying(examples, Phase.generate)
    @given(cases)
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found


MUTANTS = {
    "others' own records": ("r.source_facility_id = p_facility", "true"),
    "own records never": ("p_sees_own AND", "false AND"),
    "too old": ("r.effective_on >= p_data_from", "r.effective_on >= p_data_from - 1"),
    "too new": ("r.effective_on >= p_data_from", "r.effective_on > p_data_from"),
    "any category": ("r.category = ANY (p_categories)", "true"),
    "a denied source": ("<> ALL (p_source_denied)", "IS NOT NULL"),
    "a permitted source": ("p_source_permitted <> '{}'", "false"),
    "any level": ("r.sensitivity <= p_level", "r.sensitivity <= p_level + 1"),
    "not quite the level": ("r.sensitivity <= p_level", "r.sensitivity < p_level"),
    "raised forgotten": ("r.record_id <> ALL ((p_except).raised)", "true"),
    "lowered forgotten": ("OR r.record_id = ANY ((p_except).lowered)", ""),
    "hidden shown": ("r.record_id <> ALL ((p_except).hidden)", "true"),
    "hidden periods shown": ("(p_except).hidden_periods IS NULL OR NOT EXISTS", "true OR EXISTS"),
    "a period of one source hides all": (
        "coalesce(h.source_facility_id, r.source_facility_id) = r.source_facility_id",
        "true",
    ),
    "a period of one category hides all": (
        "coalesce(h.category, r.category) = r.category",
        "true",
    ),
    "a period begins a day late": (
        "coalesce(h.data_from, r.effective_on) <= r.effective_on",
        "coalesce(h.data_from, r.effective_on - 1) < r.effective_on",
    ),
    "a period ends a day late": ("r.effective_on < h.data_to", "r.effective_on <= h.data_to"),
    "shared records kept": ("r.record_id = ANY ((p_except).shared)", "false"),
    "shared categories kept": ("r.category = ANY ((p_except).shared_categories)", "false"),
    "secrets shared": ("r.sensitivity < 2", "r.sensitivity < 3"),
    "sealed shared": ("r.record_id <> ALL ((p_except).sealed)", "true"),
    "unsealed kept": ("OR r.record_id = ANY ((p_except).unsealed)", ""),
}


async def test_every_bug_planted_in_the_filter_is_found(pool: Pool) -> None:
    drawn = [(case, by_core(case)) for case in _drawn(900)]
    source = await pool.connection.fetchval(
        "SELECT pg_get_functiondef('app.permitted_records'::regproc)"
    )
    survivors = []
    for name, (right, wrong) in MUTANTS.items():
        assert source.count(right) == 1, name
        transaction = pool.connection.transaction()
        await transaction.start()
        await pool.connection.execute(source.replace(right, wrong))
        for case, expected in random.Random(name).sample(drawn, len(drawn)):
            if await pool.permitted(case) != expected:
                break
        else:
            survivors.append(name)
        await transaction.rollback()
    assert survivors == []
