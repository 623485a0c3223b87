"""What is stored at once is asked of PostgreSQL once, however much a person keeps already."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from api.core.ids import uuid7
from api.phr.entries import queries
from api.phr.entries.kinds import IDENTIFIER
from tests.conftest import Deployment

ROOT = Path(__file__).parents[2]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


class Unknown:
    """A table of one person's entries of which PostgreSQL knows nothing: a temporary one is this
    line's alone, and never analysed unasked."""

    def __init__(self, line: asyncpg.Connection, whose: UUID) -> None:
        self.line, self.whose = line, whose

    async def fill(self, ids: Sequence[UUID]) -> None:
        await self.line.execute(
            "CREATE TEMP TABLE record (LIKE public.record INCLUDING GENERATED INCLUDING INDEXES"
            "  INCLUDING DEFAULTS)"
        )
        await self.line.execute(
            "INSERT INTO pg_temp.record (participant_id, source_facility_id, record_id, version,"
            " resource_type, category, sensitivity, effective_on, recorded_at, identifier_system,"
            " identifier_value, title, body, is_current)"
            " SELECT $1, app.self_source(), id, 1, 'Observation', 'vitals', 0, current_date, now(),"
            "  $3, 'weight:' || id, '', to_jsonb(repeat('x', 400)), true"
            " FROM unnest($2::uuid[]) AS entry (id)",
            self.whose,
            ids,
            IDENTIFIER,
        )

    async def fetch(self, sql: str, *args: object) -> list[Any]:
        """What is looked at to answer; nobody is signed in on this line."""
        mine = sql.replace("app.subject()", f"'{self.whose}'::uuid")
        ((told,),) = await self.line.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {mine}", *args)
        return list(nodes(json.loads(told)[0]["Plan"]))


async def test_of_many_entries_none_but_those_asked_for_are_looked_at(
    database: Deployment,
) -> None:
    line = await asyncpg.connect(database.admin_dsn)
    try:
        kept, known = [uuid7() for _ in range(5000)], Unknown(line, uuid7())
        await known.fill(kept)
        asked: Any = known
        plan: list[Any] = await queries.current(asked, kept[::25], 2)
    finally:
        await line.close()
    assert plan[0]["Actual Rows"] == 200
    read = sum(
        each["Actual Loops"] * (each["Actual Rows"] + each.get("Rows Removed by Filter", 0))
        for each in plan
        if each.get("Relation Name") == "record"
    )
    assert read == 200


@pytest.mark.parametrize("part", ["api", "notifications"])
def test_no_statement_asks_for_each_row_whose_it_is(part: str) -> None:
    """`app.subject()` checks the signed context: bare in a list of columns, anew for every row."""
    often = re.compile(r"SELECT app\.subject\(\),(?:(?!\).\n).){0,1200}?unnest", re.DOTALL)
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / part).rglob("*.py"))
        if often.search(path.read_text())
    ]
    assert found == []
