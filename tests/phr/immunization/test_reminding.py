"""On which days who keeps a book of their own is told of what older people are offered."""

from collections.abc import Iterator
from datetime import date, timedelta
from importlib import import_module

import asyncpg
import pytest

from api.core.actor import OPERATOR
from api.core.clock import today_in_japan as this_day
from api.core.database import unit_of_work
from api.phr import noting
from api.phr.due import service as due
from api.phr.due.rules import Due
from api.phr.immunization import adults, reminding, service
from api.records.own import following
from tests.conftest import Deployment
from tests.phr.child.scene import account_of_a_child
from tests.phr.immunization.planned import day, doses
from tests.phr.immunization.scene import ago, door_of, due_of, path_of, sent, written
from tests.portal.scene import Visitor

DAY = timedelta(days=1)


@pytest.fixture
def season(monkeypatch: pytest.MonkeyPatch) -> date:
    """The day it begins: some weeks ahead, whatever day this is."""
    ahead = this_day() + timedelta(days=40)
    ahead = ahead.replace(day=min(28, ahead.day))
    monkeypatch.setattr(reminding, "SEASON", (2 * ((ahead.month, ahead.day),)))
    return ahead


def told(born: str, today: str, *had: str, sex: str = "female") -> list[str]:
    ahead = adults.ahead(day(born), sex, doses(*had), day(today))
    found = sorted({each for each in reminding.of_offers(ahead, day(today))})
    return [f"{each.on} {each.why}" for each in found if each.on >= day(today)]


@pytest.mark.parametrize(
    ("born", "today", "had", "expected"),
    [
        # Of 86: shingles was of fiscal 2025, and every year there is the first of October.
        ("1940-04-09", "2026-09-30", (), "2026-10-01 opens"),
        ("1940-04-09", "2026-10-01", (), "2026-10-01 opens"),
        ("1940-04-09", "2026-10-02", (), "2027-10-01 opens"),
        ("1940-04-09", "2027-03-31", ("influenza 2026-11-01",), "2027-10-01 opens"),
        # One of the two was had before the season: the other is still told of.
        ("1940-04-09", "2026-09-01", ("covid 2026-08-01",), "2026-10-01 opens, 2027-10-01 opens"),
        (
            "1940-04-09",
            "2026-09-01",
            ("covid 2026-08-01", "influenza 2026-08-02"),
            "2027-10-01 opens",
        ),
        # Born on 1 April: 65 on 31 March, and of that fiscal year for shingles.
        (
            "1965-04-01",
            "2026-11-30",
            (),
            "2029-04-01 opens, 2030-03-24 ends, 2030-03-31 opens, 2030-10-01 opens,"
            " 2031-03-24 ends",
        ),
        (
            "1965-04-02",
            "2026-11-30",
            (),
            "2030-04-01 opens, 2030-10-01 opens, 2031-03-25 ends",
        ),
        # In the course of a season the day itself, after it the next; born on 29 February too.
        ("1966-01-15", "2030-12-01", (), "2031-01-14 opens, 2032-01-07 ends"),
        ("1966-02-02", "2030-12-01", (), "2031-02-01 opens, 2031-10-01 opens, 2032-01-25 ends"),
        ("1968-02-29", "2032-12-01", (), "2033-02-28 opens, 2033-10-01 opens, 2034-02-21 ends"),
        # Whoever had what is offered once is told nothing of it.
        (
            "1961-05-15",
            "2026-04-01",
            ("pneumococcal 2025-01-01", "zoster 2024-06-01"),
            "2026-10-01 opens",
        ),
        ("1961-05-15", "2026-11-30", (), "2027-03-24 ends, 2027-05-07 ends, 2027-10-01 opens"),
    ],
)
def test_each_day_is_told(born: str, today: str, had: tuple[str, ...], expected: str) -> None:
    assert ", ".join(told(born, today, *had)) == expected


def test_of_the_last_phase_of_rubella_nobody_is_told() -> None:
    """Who is left for it follows from a test nobody here knows of: the page says it, no notice."""
    assert told("1970-06-15", "2026-11-30", sex="male") == told("1970-06-15", "2026-11-30")
    ahead = adults.ahead(date(1970, 6, 15), "male", [], date(2026, 11, 30))
    assert "rubella5" in {each.name for each in ahead}


def seasons(born: date, had: set[int], today: date) -> Iterator[date]:
    """Day by day: the first of a season on which somebody is 65, in a year without a dose."""
    on = today
    while True:
        year = on.year if on.month > 3 else on.year - 1
        is_in = on.month in (10, 11, 12, 1)
        after = on + DAY
        lived = after.year - born.year - ((after.month, after.day) < (born.month, born.day))
        turned = lived == 65 and (after.month, after.day) == (born.month, born.day)
        if is_in and lived >= 65 and year not in had and ((on.month, on.day) == (10, 1) or turned):
            yield on
        on += DAY


BORN = (
    "1961-10-01", "1961-10-02", "1962-01-31", "1962-02-01", "1962-02-02", "1961-04-01",
    "1961-12-31", "1940-04-09",
)  # fmt: skip


@pytest.mark.parametrize("born", BORN)
def test_the_season_is_that_of_a_count_of_days(born: str) -> None:
    for months in range(36):
        today = date(2026 + months // 12, months % 12 + 1, 1 + months % 28)
        for had in ([], [today], [today - timedelta(days=200)]):
            written_down = [f"influenza {each}" for each in had]
            (flu,) = (
                each
                for each in adults.ahead(day(born), "female", doses(*written_down), today)
                if each.name == "influenza"
            )
            years = {each.year if each.month > 3 else each.year - 1 for each in had}
            (found,) = reminding.of_offers([flu], today)
            assert found == Due(next(seasons(day(born), years, today)), "opens"), (today, had)


def test_the_rules_of_a_day_are_both_editions_and_the_fiscal_year() -> None:
    assert reminding.rules_on(date(2027, 3, 31)) == "2026-04/2026-04/2026"
    assert reminding.rules_on(date(2027, 4, 1)) == "2026-04/2026-04/2027"
    assert reminding.rules_on(date(2030, 4, 1)) == "2026-04/2030-04/2030"


async def test_with_a_dose_her_book_notes_the_days_and_without_one_none(
    hanako: Visitor, season: date
):
    assert await due_of(hanako, None) == []
    page = (await hanako.get(path_of(None))).text
    assert "ひとつ記入すると、時期が来たときにお知らせします" in page
    assert (await hanako.ask(door_of(None))).json()["next_notice"] is None
    page = await written(hanako, None, "another", ago(20), named="破傷風")
    noted = await due_of(hanako, None)
    found = await service.vaccinations(hanako.actor, None)
    assert noted == sorted({each for each in found.days if each.on >= this_day()})
    first = min(each.on for each in noted)
    assert first == season
    said = (await hanako.ask(door_of(None))).json()
    assert said["next_notice"] == first.isoformat()
    assert f"次のお知らせは{first.year}年{first.month}月{first.day}日の予定です" in page
    books = {each["name"]: each for each in (await hanako.ask("/me/books")).json()}
    assert books["vaccines"]["next"]["child"] is None
    english = (await hanako.get(path_of(None), locale="en")).text
    assert "A notice comes when it is time." in english
    # Without a dose it is no book of hers.
    (number,) = [each["id"] for each in said["doses"]]
    await sent(hanako, "DELETE", door_of(None, f"/{number}"))
    assert await due_of(hanako, None) == []


async def test_who_is_young_finds_them_noted_and_told_of_in_their_time():
    young, _ = await account_of_a_child(this_day() - timedelta(days=365 * 40))
    await service.write(young, None, {"vaccine": "influenza", "on": ago(10).isoformat()})
    async with unit_of_work(young) as tx:
        noted = await due.listed_in(tx, "immunization")
    born = this_day() - timedelta(days=365 * 40)
    assert min(each.on for each in noted).year >= born.year + 65
    found = await service.vaccinations(young, None)
    assert found.offers == []


async def test_each_april_the_days_of_the_year_to_come_are_worked_out(
    hanako: Visitor, season: date
):
    """Nobody has to write a dose for the next season to be told of."""
    await written(hanako, None, "influenza", ago(500))
    right = await due_of(hanako, None)
    assert Due(season, "opens") in right
    today = this_day()
    april = date(today.year + (today.month > 3), 4, 1)

    async def is_behind(on: date) -> bool:
        async with unit_of_work(OPERATOR) as tx:
            found = await due.by_other_rules_in(tx, noting.rules_of(on), None, 10_000)
        return hanako.actor.participant_id in found

    assert not await is_behind(april - DAY)
    assert await is_behind(april)
    wrong = [Due(today + timedelta(days=500), "opens")]
    async with unit_of_work(hanako.actor) as tx:
        await due.set_in(tx, "immunization", wrong, today, rules=reminding.rules_on(ago(366)))
    await following.go_round(today)
    assert await due_of(hanako, None) == right


async def test_a_book_kept_before_there_were_such_notices_has_its_days_too(
    hanako: Visitor, database: Deployment, season: date
) -> None:
    """What the migration does, of her alone; and of somebody without a book nothing."""
    sql: str = import_module("migrations.versions.0074_vaccine_books_noted").SQL
    mark = sql[sql.index("INSERT INTO") : sql.index("ON CONFLICT")]
    mark += f" AND r.participant_id = '{hanako.actor.participant_id}'"
    admin = await asyncpg.connect(database.admin_dsn)
    try:
        assert await admin.execute(mark) == "INSERT 0 0"
        await written(hanako, None, "influenza", ago(500))
        right = await due_of(hanako, None)
        assert Due(season, "opens") in right
        assert await admin.execute(mark) == "INSERT 0 0"
        await admin.execute(
            "DELETE FROM own_due WHERE participant_id = $1", hanako.actor.participant_id
        )
        assert await admin.execute(mark) == "INSERT 0 1"
    finally:
        await admin.close()
    await following.go_round(this_day())
    assert await due_of(hanako, None) == right
