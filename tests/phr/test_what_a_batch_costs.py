"""What is stored at once is asked of PostgreSQL once, however much a person keeps already."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from api.core.database import Transaction, unit_of_work
from api.phr.entries import queries
from tests.phr.vitals.people import sample, send
from tests.portal.scene import Visitor

ROOT = Path(__file__).parents[2]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


async def test_of_many_entries_none_but_those_asked_for_are_looked_at(
    hanako: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for batch in range(5):
        answers = await send(hanako, *(sample(f"k{batch}-{n}", 120) for n in range(200)))
    ids = [UUID(each["entry"]) for each in answers]
    async with unit_of_work(hanako.actor) as tx:
        plain = Transaction.fetch

        async def explained(self: Transaction, sql: str, *args: object) -> list[Any]:
            return await plain(self, f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *args)

        monkeypatch.setattr(Transaction, "fetch", explained)
        ((told,),) = await queries.current(tx, ids, 2)
    found = list(nodes(json.loads(told)[0]["Plan"]))
    read = sum(
        each["Actual Loops"] * (each["Actual Rows"] + each.get("Rows Removed by Filter", 0))
        for each in found
        if each.get("Relation Name") == "record"
    )
    assert read == len(ids) == 200


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
