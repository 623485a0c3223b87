"""Long books: every entry is reached page by page, and what rules decide counts all of them."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from api.core import clock
from api.core.database import unit_of_work
from api.core.errors import Problem
from api.phr.checkup.kinds import CHECKUP
from api.phr.child import kinds as of_child
from api.phr.child import schemas, service
from api.phr.entries import paging
from api.phr.entries import service as entries
from api.phr.entries.errors import UnknownPage
from api.phr.entries.paging import Place
from api.phr.entries.service import Wish
from api.phr.immunization import service as vaccinations
from api.phr.immunization import steps, walking
from api.phr.immunization.engine import Person, plans
from api.phr.immunization.kinds import OF_CHILD, OWN
from api.phr.immunization.plans import Dose
from api.phr.maternal import schemas as of_pregnancies
from api.phr.maternal import service as pregnancies
from api.phr.notes.kinds import ALLERGY, DOCTOR, MEDICATION
from api.phr.vitals import service as vitals
from api.phr.vitals.kinds import PULSE
from api.records.checkups import service as checkups
from tests.conftest import Deployment
from tests.phr.child.scene import begun
from tests.portal.checkup_shelf import full
from tests.portal.scene import Visitor
from tests.portal.test_checkup_file import keep

TODAY = clock.today_in_japan()
# What lists once ended at without a word.
ONCE = {"a book": 2_000, "a child": 5_000, "findings": 6_000}
AT_ONCE = 500


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


async def write(who: Visitor, wishes: Sequence[Wish]) -> None:
    for start in range(0, len(wishes), AT_ONCE):
        async with unit_of_work(who.actor) as tx:
            await entries.write_all_in(tx, who.actor, wishes[start : start + AT_ONCE])


async def every(who: Visitor, path: str, name: str = "entries") -> list[dict[str, Any]]:
    """What an app finds that goes on until the end."""
    found, after = list[dict[str, Any]](), ""
    while True:
        page = (await who.ask(f"{path}?count=200{after}")).json()
        found += page[name]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


async def walked(who: Visitor, here: str, mark: str) -> list[str]:
    """What somebody sees who follows the links."""
    found, path = list[str](), here
    while True:
        page = (await who.get(path)).text
        assert len(page.encode()) < 100_000
        found += re.findall(mark, page)
        links = re.findall(rf'href="({re.escape(here)}\?[^"]*after=[^"]+)"', page)
        if not links:
            return found
        (path,) = links
        path = path.replace("&amp;", "&")


async def test_an_app_reaches_every_doctor_the_main_one_first(hanako: Visitor) -> None:
    many = ONCE["a book"] + 5
    await write(
        hanako,
        [
            Wish(
                DOCTOR,
                {"place": f"みなと医院{number:04}", "is_main": "" if number else "yes"}
                | {"on": ago(many - number)},
            )
            for number in range(many)
        ],
    )
    found = await every(hanako, "/me/doctors")
    assert [each["fields"]["place"] for each in found] == [
        f"みなと医院{number:04}" for number in range(many)
    ]


async def test_what_is_taken_stands_before_what_was_on_every_page(hanako: Visitor) -> None:
    await write(
        hanako,
        [
            Wish(
                MEDICATION,
                {"name": f"薬{number:03}", "sort": "otc", "on": ago(number)}
                | ({"since": ago(900), "until": ago(800)} if number % 2 else {}),
            )
            for number in range(130)
        ],
    )
    wanted = [*range(0, 130, 2), *range(1, 130, 2)]
    seen = await walked(hanako, "/book/medications", r"<h3>薬(\d{3})</h3>")
    assert [int(each) for each in seen] == wanted
    first = (await hanako.ask("/me/medications?count=100")).json()
    rest = (await hanako.ask(f"/me/medications?after={first['next']}")).json()
    assert (len(first["now"]), len(first["before"])) == (65, 35)
    assert (len(rest["now"]), len(rest["before"]), rest["next"]) == (0, 30, None)


async def test_the_worst_allergy_stands_first_however_old_it_is(hanako: Visitor) -> None:
    await write(
        hanako,
        [
            Wish(
                ALLERGY,
                {"name": f"もの{number:03}", "sort": "food", "on": ago(number)}
                | {"severity": "severe" if number == 119 else "mild"},
            )
            for number in range(120)
        ],
    )
    seen = await walked(hanako, "/book/allergies", r"<h3>もの(\d{3})</h3>")
    assert [int(each) for each in seen] == [119, *range(119)]


async def test_rules_count_every_dose_however_many_came_later(hanako: Visitor) -> None:
    yui = await begun(hanako, born=TODAY - timedelta(days=800))
    older = [Wish(OF_CHILD, {"vaccine": "bcg", "on": ago(600)}, str(yui.book_id), is_sure=True)]
    flu = [
        Wish(
            OF_CHILD,
            {"vaccine": "influenza", "on": ago(number % 500), "lot": str(number)},
            str(yui.book_id),
            is_sure=True,
        )
        for number in range(ONCE["a book"] + 1)
    ]
    await write(hanako, older + flu)
    found = await vaccinations.vaccinations(hanako.actor, yui.book_id)
    assert len(found.entries) == ONCE["a book"] + 2
    (bcg,) = (each for each in found.plans if each.target == "bcg")
    assert [each.number for each in bcg.given] == [1]


async def test_ones_own_doses_are_all_counted(hanako: Visitor) -> None:
    await write(
        hanako,
        [
            Wish(OWN, {"vaccine": "tetanus", "on": ago(1 + number), "lot": "7"}, is_sure=True)
            for number in range(ONCE["a book"] + 1)
        ],
    )
    found = (await hanako.ask("/me/immunizations")).json()
    assert len(found["doses"]) == ONCE["a book"] + 1


def test_a_dose_is_judged_once_and_not_anew_for_each_that_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else some thousand doses hold a whole server up."""
    asked = 0
    judge = steps.fault_of

    def counted(*args: Any) -> Any:
        nonlocal asked
        asked += 1
        return judge(*args)

    monkeypatch.setattr(walking, "fault_of", counted)
    born, per_dose = TODAY - timedelta(days=1200), []
    for many in (50, 500):
        asked = 0
        given = [Dose("je", born + timedelta(days=number), str(number)) for number in range(many)]
        plans(Person(born, "female"), given, TODAY)
        per_dose.append(asked / many)
    assert per_dose[1] <= per_dose[0] * 1.5


async def test_a_childs_checkup_is_had_whatever_was_measured_since(hanako: Visitor) -> None:
    many = ONCE["a child"] + 1
    yui = await begun(hanako, born=TODAY - timedelta(days=700))
    book = str(yui.book_id)
    had = Wish(of_child.CHECKUP, {"on": ago(665), "which": "m1"}, book, is_sure=True)
    grown = [
        Wish(of_child.GROWTH, {"on": ago(number % 600), "weight": "9.1"}, book, is_sure=True)
        for number in range(many)
    ]
    await write(hanako, [had, *grown])
    read = await service.book(hanako.actor, yui.book_id)
    seen, positions, after = set[UUID](), 0, ""
    while True:
        page = schemas.book_view(read, TODAY, after, 200)
        assert len(page.growth) <= 200
        assert {each.name: each.state for each in page.due}["m1"] == "done"
        seen |= {each.id for each in page.growth}
        positions += len(page.positions)
        if page.next is None:
            break
        after = page.next
    assert len(seen) == many
    assert positions == many + 1, "with the weight at birth"


async def test_every_visit_of_a_pregnancy_is_reached(hanako: Visitor) -> None:
    due_on = (TODAY + timedelta(days=60)).isoformat()
    begin = pregnancies.Asked({"edd": due_on, "dated_by": "ultrasound"})
    pregnancy_id = await pregnancies.begin(hanako.actor, begin)
    for number in range(70):
        asked = pregnancies.Asked(
            {"on": ago(number), "weight": f"{50 + number / 10}"}, key=str(number)
        )
        await pregnancies.write(hanako.actor, pregnancy_id, "pregnancy-visit", asked)
    book = await pregnancies.book(hanako.actor, pregnancy_id)
    first = of_pregnancies.whole(book, [], count=60)
    rest = of_pregnancies.whole(book, [], after=first.next or "", count=60)
    assert [each.on.isoformat() for each in first.entries + rest.entries] == [
        ago(number) for number in range(70)
    ]
    assert rest.next is None
    seen = await walked(hanako, f"/book/pregnancy/{pregnancy_id}", r'<h3 id="entry-([^"]+)"')
    assert len(set(seen)) == 70


async def test_checkups_typed_in_are_all_there(hanako: Visitor) -> None:
    many = ONCE["a book"] + 1
    wishes = [
        Wish(CHECKUP, {"on": ago(number), "waist": "80"}, is_sure=True) for number in range(many)
    ]
    await write(hanako, wishes)
    assert len((await checkups.shelf(hanako.actor)).checkups) == many
    first = (await hanako.ask("/me/checkups?count=50")).json()
    last = (await hanako.ask(f"/me/checkups?count=50&after={first['next']}")).json()
    days = [each["on"] for each in first["checkups"] + last["checkups"]]
    assert days == [ago(number) for number in range(100)]


async def test_measurements_of_one_moment_and_without_a_time_come_once_each(
    hanako: Visitor,
) -> None:
    times = ["07:00", "07:00", "07:00", "", "", "21:30"]
    await write(
        hanako,
        [
            Wish(PULSE, {"on": ago(back), "time": time, "pulse": f"{60 + place}"}, is_sure=True)
            for back in (1, 2)
            for place, time in enumerate(times)
        ],
    )
    found, after = list[tuple[str, str]](), ""
    while True:
        page = await vitals.listed(hanako.actor, after=after, count=5)
        found += [(each.values["on"], each.values["pulse"]) for each in page.items]
        if page.next is None:
            break
        after = page.next
    assert len(found) == len(set(found)) == 12
    assert [on for on, _ in found] == [ago(1)] * 6 + [ago(2)] * 6


async def test_a_page_nobody_was_led_to_is_refused_and_a_removed_entry_loses_no_other(
    hanako: Visitor,
) -> None:
    for after in ("x", "1_2", "_", "2026-01-01__x"):
        assert (await hanako.ask(f"/me/doctors?after={after}")).status_code == 400
        assert (await hanako.ask(f"/me/vitals?after={after}")).status_code == 400
    ids = [UUID(int=number) for number in range(5)]
    first = paging.cut(ids, lambda each: each, count=2)
    assert first.items == ids[:2]
    left = [ids[0], *ids[2:]]
    rest = paging.cut(left, lambda each: each, first.next or "", 9)
    assert rest.items == ids[2:]
    assert rest.next is None
    with pytest.raises(UnknownPage):
        paging.cut(ids, lambda each: each, "1")


def test_a_place_is_read_as_it_was_written() -> None:
    for at in (None, clock.now()):
        place = Place(TODAY, at, UUID(int=7))
        assert paging.place_of(paging.written(place)) == place
    assert issubclass(UnknownPage, Problem)


async def test_figures_of_a_part_say_so_and_count_whole_days(
    hanako: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vitals, "MOST_READ", 4)
    await write(
        hanako,
        [
            Wish(PULSE, {"on": ago(back), "time": time, "pulse": "66"}, is_sure=True)
            for back in (1, 2, 3)
            for time in ("07:00", "21:00")
        ],
    )
    asked = f"/me/vitals/summary?kind=pulse&since={ago(9)}&until={TODAY}"
    found = (await hanako.ask(asked)).json()
    assert (found["is_cut"], found["since"]) == (True, ago(2))
    assert next(each for each in found["summaries"] if not each["group"])["whole"]["count"] == 4
    page = (await hanako.get("/book/vitals/kinds/pulse")).text
    assert "記録が多いため、直近4件" in page
    monkeypatch.setattr(vitals, "MOST_READ", 100)
    found = (await hanako.ask(asked)).json()
    assert (found["is_cut"], found["since"]) == (False, ago(9))
    assert "記録が多いため" not in (await hanako.get("/book/vitals/kinds/pulse")).text


async def test_findings_of_decades_are_all_read(hanako: Visitor, deployment: Deployment) -> None:
    await keep(hanako, full())
    (one,) = (await checkups.shelf(hanako.actor)).checkups
    years = ONCE["findings"] // (len(one.ids) - 1) + 1
    connection = await asyncpg.connect(deployment.admin_dsn)
    try:
        columns = ", ".join(
            row[0]
            for row in await connection.fetch(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = 'record' AND is_generated = 'NEVER'"
            )
        )
        again = _AGAIN.replace("COLUMNS", columns)
        await connection.execute(again, hanako.actor.participant_id, years)
    finally:
        await connection.close()
    found = (await checkups.shelf(hanako.actor)).checkups
    assert len(found) == years + 1
    assert all(len(each.values) == len(one.values) for each in found)
    last = (await hanako.get(f"/book/checkups?page={years}")).text
    assert (await hanako.get("/book/checkups?page=1")).status_code == 200
    assert f'href="/book/checkups/{found[-1].checkup_id}"' in last


# The same file once more for each day before it.
_AGAIN = """
INSERT INTO record (COLUMNS) SELECT COLUMNS FROM (
 SELECT (jsonb_populate_record(r, jsonb_build_object(
  'record_id', gen_random_uuid(), 'effective_on', r.effective_on - n,
  'identifier_value', n || '-' || r.identifier_value))).*
FROM record r, generate_series(1, $2::integer) n
WHERE r.participant_id = $1 AND r.category = 'checkup') AS earlier
"""
