"""What is published of a quarter: counted from the log, the same for ever, and nobody in it."""

import random
from datetime import date, datetime
from itertools import product
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.access_log import erasing
from api.core import clock
from api.core.actor import ANONYMOUS, OPERATOR
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.emergency import queries, reviews
from api.emergency import service as emergency
from api.emergency.gates import REASONS
from api.emergency.quarters import figures
from api.emergency.quarters import service as publishing
from api.emergency.quarters.figures import (
    Opening,
    Quarter,
    counted,
    quarter_named,
    quarter_of,
    shown,
)
from tests.access_log.superuser import unguarded
from tests.emergency.conftest import ground, joined, opened, who
from tests.emergency.log_fold import counted as from_the_log
from tests.emergency.log_fold import sessions_in_logs

CELLS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 30), min_size=1)
HOSPITAL, OTHER = UUID(int=1), UUID(int=2)


@settings(max_examples=400, deadline=None)
@given(CELLS)
def test_what_is_hidden_cannot_be_worked_out_from_what_is_shown(cells: dict[str, int]):
    """With the total known, each hidden cell could be at least two numbers."""
    seen = shown(cells)
    if not seen:
        return
    assert set(seen) == set(cells)
    hidden = [code for code, count in seen.items() if count is None]
    assert all(count is None or count >= 5 for count in seen.values())
    assert {code for code, count in cells.items() if count < 5} <= set(hidden)
    if not hidden:
        return
    rest = sum(cells.values()) - sum(count for count in seen.values() if count is not None)
    each_could_be = [set() for _ in hidden]
    for others in product(range(1, min(rest, 10)), repeat=len(hidden) - 1):
        last = rest - sum(others)
        if last >= 1 and min(*others, last) < 5:
            for could_be, count in zip(each_could_be, (*others, last), strict=True):
                could_be.add(count)
    assert len(hidden) > 3 or all(len(could_be) > 1 for could_be in each_could_be)
    assert len(hidden) >= 2
    assert rest >= 10


@given(CELLS)
def test_nothing_is_hidden_where_nothing_is_few(cells: dict[str, int]):
    if min(cells.values()) >= 5:
        assert shown(cells) == cells


ROWS = st.lists(
    st.builds(
        Opening,
        st.sampled_from((HOSPITAL, OTHER)),
        st.sampled_from(("t1", "t2")),
        st.sampled_from(REASONS),
        st.sampled_from(("card", "four_items")),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.sampled_from(("justified", "not_justified", "pending")),
        st.booleans(),
        st.none() | st.integers(0, 20),
        st.integers(1, 4),
    ),
    max_size=20,
)


@given(ROWS)
def test_each_part_sums_to_all_openings_and_a_total_holds_only_what_is_shown(rows):
    for whole in counted(rows, is_whole=True):
        of = [each for each in rows if each.facility_id == whole.facility_id]
        assert whole.openings == sum(each.openings for each in of)
        for part in whole.parts.values():
            assert sum(part.values()) == whole.openings
    published = counted(rows)
    assert {each.facility_id for each in published} == {each.facility_id for each in rows}
    for each in published:
        assert each.openings is None or each.openings >= 5
        assert each.openings is not None or (each.parts, each.median_days) == ({}, None)
    assert figures.total(published) == sum(each.openings or 0 for each in published)


def test_quarters_follow_japans_calendar():
    assert quarter_of(date(2026, 3, 31)) == Quarter(2026, 1)
    assert quarter_of(date(2026, 4, 1)) == Quarter(2026, 2)
    assert Quarter(2026, 4).following == Quarter(2027, 1)
    assert Quarter(2026, 1).before == Quarter(2025, 4)
    assert Quarter(2026, 3).before == Quarter(2026, 2)
    assert Quarter(2026, 3).published_on == date(2026, 10, 15)
    assert figures.newest_published(date(2026, 10, 14)) == Quarter(2026, 2)
    assert figures.newest_published(date(2026, 10, 15)) == Quarter(2026, 3)
    assert quarter_named("2026-3") == Quarter(2026, 3)
    for wrong in ("", "2026", "2026-5", "26-1", "2026-0", "２０２６-1", "2026-1-1"):
        assert quarter_named(wrong) is None


def test_a_late_review_counts_as_found_and_one_that_never_came_as_overdue():
    late = Opening(
        HOSPITAL, "t1", "poisoning", "card", False, False, False, "justified", True, 9, 1
    )
    assert figures.review_of(late) == "justified"
    assert figures.review_of(late._replace(review="pending")) == "overdue"
    assert figures.review_of(late._replace(review="pending", is_overdue=False)) == "pending"
    assert [figures.median(days) for days in ([3], [1, 4], [9, 1, 2])] == [3.0, 2.5, 2.0]


async def test_the_figures_are_a_fold_over_the_log(mori, hospital, ueda, colleague):
    """Invariant 10: whoever has the logs counts the same, and without the service."""
    chance = random.Random(7)
    people = [await joined(f"花村 {name}子", f"ハナムラ {name}コ") for name in "アイウエオカキ"]
    for person in people:
        by = chance.choice(("card", "four_items", "local_id"))
        asked = ground(reason=chance.choice(REASONS[:3]), identification=by)
        session = await emergency.open_session(mori, who(person), asked)
        if chance.random() < 0.5:
            await emergency.widen(mori, session.session_id)
        if chance.random() < 0.5:
            await emergency.renew(mori, session.session_id)
        await emergency.close(mori, session.session_id)
        found = chance.choice(("justified", "not_justified", "pending"))
        if found != "pending":
            await reviews.judge(ueda, session.session_id, found == "justified", "確認した")
        if found == "not_justified":
            await reviews.judge(colleague, session.session_id, False, "確認した")
    (whole,) = [
        each
        for each in await publishing.so_far(ueda, quarter_of(clock.today_in_japan()))
        if each.facility_id == hospital.facility_id
    ]
    expected = from_the_log(await sessions_in_logs(people), whole.facility_id)
    assert whole.openings == len(people)
    for part, cells in expected.items():
        assert whole.parts[part] == dict(cells), part
    assert whole.parts["notice"] == {"sent": 7}
    assert whole.median_days == 0


async def moved_to(admin, session, days: int) -> None:
    """As if all of it had happened so many days earlier."""
    at, of = f"interval '{days} days'", f"WHERE session_id = '{session.session_id}'"
    await unguarded(
        admin,
        f"UPDATE emergency_session SET requested_at = requested_at - {at},"
        f" identified_at = identified_at - {at}, authenticated_at = authenticated_at - {at} {of}",
        f"UPDATE emergency_step SET recorded_at = recorded_at - {at},"
        f" expires_at = expires_at - {at} {of}",
        f"UPDATE emergency_review_step SET recorded_at = recorded_at - {at} {of}",
    )


async def test_a_published_quarter_stays_as_it_is(mori, hospital, ueda, admin, hanako):
    """A review that comes after the day of publishing changes the participant's page alone."""
    today = clock.today_in_japan()
    quarter = figures.newest_published(today)
    back = (today - quarter.following.first).days + 3
    for each in range(6):
        person = await joined(f"高森 {each}", "タカモリ")
        session = await opened(mori, person)
        await moved_to(admin, session, back)
    before = [
        x for x in await publishing.published(quarter) if x.facility_id == hospital.facility_id
    ]
    assert before[0].openings == 6
    assert before[0].parts["review"] == {"overdue": 6}
    await reviews.judge(ueda, session.session_id, True, "おそくなった")
    after = [
        x for x in await publishing.published(quarter) if x.facility_id == hospital.facility_id
    ]
    assert before == after
    few = await opened(mori, hanako)
    assert few.is_active
    with pytest.raises(NotFound):
        await publishing.published(quarter_of(today))


async def test_postgresql_counts_no_running_quarter_for_the_public(database, mori, hanako):
    await opened(mori, hanako)
    running = quarter_of(clock.today_in_japan()).first
    for actor in (ANONYMOUS, hanako, mori):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="not published"):
            async with unit_of_work(actor) as tx:
                await queries.quarter(tx, running)
        with pytest.raises(NotFound):
            await publishing.so_far(actor, quarter_of(clock.today_in_japan()))
    with pytest.raises(asyncpg.DataError, match="a quarter begins"):
        async with unit_of_work(ANONYMOUS) as tx:
            await queries.quarter(tx, date(2026, 2, 1))


async def test_who_was_erased_still_counts_for_the_facility(mori, hospital, ueda, hanako):
    """Nothing that is counted says of whom: the row is the same before and after."""
    await opened(mori, hanako)

    async def mine():
        async with unit_of_work(ueda) as tx:
            rows = await queries.quarter(tx, quarter_of(clock.today_in_japan()).first)
        return [dict(row) for row in rows if row["facility_id"] == hospital.facility_id]

    before = await mine()
    assert [each["openings"] for each in before] == [1]
    assert set(before[0]) == set(Opening._fields)
    assert not {type(value) for value in before[0].values()} & {datetime}
    async with unit_of_work(OPERATOR, subject=hanako.participant_id) as tx:
        await erasing.erase_in(tx, "kept long enough")
    assert await mine() == before


async def test_everybody_sees_the_page_and_its_file_but_not_what_is_few(
    client, at_a_desk, mori, ueda, hospital, admin
):
    today = clock.today_in_japan()
    quarter = figures.newest_published(today)
    back = (today - quarter.following.first).days + 3
    for each in range(4):
        await moved_to(admin, await opened(mori, await joined(f"産山 {each}", "ウブヤマ")), back)
    page = await client.get("/emergency/figures")
    assert page.status_code == 200
    assert "5件未満" in page.text
    file = await client.get(f"/emergency/figures.csv?quarter={quarter.code}")
    assert file.headers["content-type"].startswith("text/csv")
    lines = file.content.decode("utf-8-sig").splitlines()
    mine = [line for line in lines if line.startswith("熊本救命病院")]
    assert "熊本救命病院,緊急の閲覧の件数,,5件未満" in mine
    assert (await client.get("/emergency/figures?quarter=2999-1")).status_code == 404
    assert (
        await client.get(f"/emergency/figures?quarter={quarter_of(today).code}")
    ).status_code == 404
    desk = await at_a_desk(ueda)
    running = await desk.get("/support/emergency/figures")
    assert running.status_code == 200
    assert "途中の数です" in running.text
    whole = await desk.get(f"/support/emergency/figures?quarter={quarter.code}")
    assert "意識がない" in whole.text
    other = await at_a_desk(mori)
    assert (await other.get("/support/emergency/figures")).status_code == 404
