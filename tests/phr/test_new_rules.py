"""When rules change with a new edition, the days that were noted follow without anybody writing."""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest

from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.phr import noting
from api.phr.child import checkups, writing
from api.phr.due import service as due
from api.phr.due.rules import Due, DueKind
from api.phr.maternal import service as pregnancies
from api.records.own import following
from tests.phr.child.scene import begun
from tests.portal.scene import Visitor

TODAY = clock.today_in_japan()


async def listed(who: Visitor, kind: DueKind, book: object) -> list[Due]:
    async with unit_of_work(who.actor) as tx:
        return await due.listed_in(tx, kind, book=str(book))


async def noted(who: Visitor, kind: DueKind, book: object, days: Sequence[Due], rules: str) -> None:
    async with unit_of_work(who.actor) as tx:
        await due.set_in(tx, kind, days, TODAY, book=str(book), rules=rules)


async def is_behind(who: Visitor) -> bool:
    async with unit_of_work(OPERATOR) as tx:
        found = await due.by_other_rules_in(tx, noting.rules_of(TODAY), None, 10_000)
    return who.actor.participant_id in found


async def test_a_checkup_that_a_new_edition_moves_is_reminded_of_on_its_new_day(
    hanako: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    yui = await begun(hanako, born=TODAY - timedelta(days=10))
    before = await listed(hanako, "checkup", yui.book_id)
    assert not await is_behind(hanako)
    later = tuple(
        each._replace(since=30, until=50) if each.name == "m1" else each
        for each in checkups.CHECKUPS
    )
    monkeypatch.setattr(checkups, "CHECKUPS", later)
    assert await following.go_round(TODAY) == 0 or not await is_behind(hanako)
    assert await listed(hanako, "checkup", yui.book_id) == before, "one edition, one set of rules"
    monkeypatch.setattr(checkups, "EDITION", "2030-04")
    assert await is_behind(hanako)
    assert await following.go_round(TODAY) >= 1
    after = await listed(hanako, "checkup", yui.book_id)
    (m1,) = (each for each in checkups.due(yui.birth_on, (), TODAY) if each.checkup.name == "m1")
    assert Due(m1.first, "opens") in after
    assert Due(m1.first, "opens") not in before
    assert set(after) - set(before) == {Due(m1.first, "opens"), Due(m1.last - timedelta(7), "ends")}
    assert not await is_behind(hanako)


async def test_of_every_kind_days_noted_by_other_rules_are_worked_out_anew(
    hanako: Visitor,
) -> None:
    yui = await begun(hanako, born=TODAY - timedelta(days=40))
    begin = pregnancies.Asked(
        {"edd": (TODAY + timedelta(days=150)).isoformat(), "dated_by": "ultrasound"}
    )
    pregnancy = await pregnancies.begin(hanako.actor, begin)
    kinds: dict[DueKind, object] = {
        "immunization": yui.book_id,
        "checkup": yui.book_id,
        "visit": pregnancy,
    }
    right = {kind: await listed(hanako, kind, book) for kind, book in kinds.items()}
    assert all(right.values())
    wrong = [Due(TODAY + timedelta(days=500), "opens")]
    for kind, book in kinds.items():
        await noted(hanako, kind, book, wrong, "1999")
    await following.go_round(TODAY)
    assert {kind: await listed(hanako, kind, book) for kind, book in kinds.items()} == right
    assert not await is_behind(hanako)


async def test_what_was_told_stays_told_and_what_was_had_stays_had(hanako: Visitor) -> None:
    yui = await begun(hanako, born=TODAY - timedelta(days=30))
    had = {"on": TODAY.isoformat(), "which": "m1"}
    await writing.write(hanako.actor, yui.book_id, "checkup", had)
    right = await listed(hanako, "checkup", yui.book_id)
    await noted(hanako, "checkup", yui.book_id, right, "")
    await following.go_round(TODAY)
    assert await listed(hanako, "checkup", yui.book_id) == right


async def test_nobody_asks_whose_days_those_are_but_the_service(hanako: Visitor) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(hanako.actor) as tx:
            await due.by_other_rules_in(tx, noting.rules_of(TODAY), None, 1)
