"""わたしの手帳: what is newest, what comes next, and nothing a proxy may not know."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from api.core import i18n
from api.core.clock import today_in_japan as this_day
from api.core.database import unit_of_work
from api.phr import shelf
from api.phr.due import service as due
from api.phr.due.rules import Due
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from api.phr.maternal import service as pregnancies
from api.phr.notes import kinds as notes
from api.phr.shelf import Book
from tests.phr.child.scene import begun as child_begun
from tests.phr.samples import CHILD, SAMPLE, WEIGHT
from tests.portal.scene import Visitor

BODY = Book("body", "/book/body", (SAMPLE, WEIGHT))
OF_CHILD = Book("of_child", "/book/of-child", (CHILD,), "immunization")


async def wrote(who: Visitor, weight: str, kind=WEIGHT) -> None:
    await entries.write(who.actor, Wish(kind, {"on": this_day().isoformat(), "weight": weight}))


async def test_each_book_says_what_was_written_last_and_how_much(hanako: Visitor) -> None:
    empty, _ = await shelf.standings(hanako.actor, [BODY, OF_CHILD])
    assert (empty.entries, empty.written_at, empty.title) == (0, None, "")
    await wrote(hanako, "60", SAMPLE)
    await wrote(hanako, "61")
    await wrote(hanako, "62")
    body, child = await shelf.standings(hanako.actor, [BODY, OF_CHILD])
    assert (body.entries, body.title) == (3, "体重")
    assert body.written_at is not None
    assert child.entries == 0


async def test_what_comes_next_is_the_soonest_of_all_books(hanako: Visitor) -> None:
    async with unit_of_work(hanako.actor) as tx:
        for book, days in (("a", 40), ("b", 20)):
            day = this_day() + timedelta(days=days)
            await due.set_in(tx, "immunization", [Due(day, "ends")], this_day(), book=book)
    _, child = await shelf.standings(hanako.actor, [BODY, OF_CHILD])
    assert child.next == Due(this_day() + timedelta(days=20), "ends")
    assert shelf.ends_on(child.next) == this_day() + timedelta(days=27)


async def test_of_a_pregnancy_the_next_visit_that_is_not_written_yet(hanako: Visitor) -> None:
    due_on = this_day() + timedelta(days=100)
    fields = {
        "on": this_day().isoformat(),
        "edd": due_on.isoformat(),
        "dated_by": "ultrasound",
    }
    await pregnancies.begin(hanako.actor, pregnancies.Asked(fields))
    (book,) = await pregnancies.books(hanako.actor)
    expected = next(v for v in book.visits(this_day()) if v.state in ("now", "ahead"))
    (said,) = (e for e in await shelf.standings(hanako.actor) if e.book.name == "pregnancy")
    assert (expected.state, shelf.ends_on(said.next)) == ("now", expected.until_on)
    day = i18n.day("ja", expected.until_on)
    assert f"妊婦健診：受けるころです（{day}ごろまで）" in (await hanako.get("/book")).text
    visit = {"on": this_day().isoformat(), "weight": "55"}
    await pregnancies.write(
        hanako.actor, book.id, "pregnancy-visit", pregnancies.Asked(visit), None
    )
    (book,) = await pregnancies.books(hanako.actor)
    expected = next(v for v in book.visits(this_day()) if v.state == "ahead")
    (said,) = (e for e in await shelf.standings(hanako.actor) if e.book.name == "pregnancy")
    assert said.next == Due(expected.from_on, "opens")
    day = i18n.day("ja", expected.from_on)
    assert f"妊婦健診：次は{day}ごろです" in (await hanako.get("/book")).text


async def test_what_comes_next_stands_first_and_books_in_use_before_the_others(
    hanako: Visitor,
) -> None:
    async with unit_of_work(hanako.actor) as tx:
        for kind, days in (("checkup", 40), ("immunization", 20)):
            day = this_day() + timedelta(days=days)
            await due.set_in(tx, kind, [Due(day, "opens")], this_day(), book="a")
    page = (await hanako.get("/book")).text
    said = [
        f"予防接種：{i18n.day('ja', this_day() + timedelta(days=20))}ごろから",
        f"お子さまの健診：{i18n.day('ja', this_day() + timedelta(days=40))}から",
        "血圧・体重・血糖など",
        "お薬手帳",
    ]
    places = [page.index(each) for each in said]
    assert places == sorted(places)
    fields = {"on": this_day().isoformat(), "name": "青汁", "sort": "supplement"}
    await entries.write(hanako.actor, Wish(notes.MEDICATION, fields))
    page = (await hanako.get("/book")).text
    assert page.index("お薬手帳") < page.index("血圧・体重・血糖など")


@pytest.mark.parametrize(("why", "day"), [("opens", date(2026, 6, 1)), ("ends", date(2026, 6, 8))])
def test_a_period_that_ends_is_told_of_a_week_before(why, day: date) -> None:
    assert shelf.ends_on(Due(date(2026, 6, 1), why)) == day


async def test_the_page_leads_to_each_book_and_home_leads_there(hanako: Visitor) -> None:
    page = (await hanako.get("/book")).text
    assert "わたしの手帳" in page
    assert 'href="/records/checkup-file"' in page
    assert 'aria-current="page"' in page
    assert all(f'href="{book.path}"' in page for book in shelf.BOOKS)
    assert 'href="/book"' in (await hanako.get("/home")).text
    english = (await hanako.get("/book", locale="en")).text
    assert "My books" in english


async def test_an_app_reads_the_same(hanako: Visitor) -> None:
    answer = await hanako.ask("/me/books")
    assert [each["name"] for each in answer.json()] == [book.name for book in shelf.BOOKS]


async def test_nobody_else_has_such_a_page(sato: Visitor) -> None:
    assert (await sato.get("/book")).status_code == 404


@pytest.mark.parametrize("shows_all", [True, False])
async def test_a_day_of_a_childs_book_says_whose_it_is(hanako: Visitor, shows_all: bool) -> None:
    child = await child_begun(hanako)
    actor = replace(hanako.actor, is_shown_restricted=shows_all)
    of = {each.book.due: each for each in await shelf.standings(actor)}
    assert of["immunization"].next
    assert of["immunization"].whose == of["checkup"].whose == "ゆい"
    if shows_all:
        page = (await hanako.get("/book")).text
        assert "ゆいさんの予防接種：" in page
        assert "ゆいさんの健診：" in page
        own = f'href="/book/children/{child.book_id}'
        assert f'{own}"' in page
        assert f'{own}/vaccines"' in page
        told = {each["name"]: each["next"] for each in (await hanako.ask("/me/books")).json()}
        assert told["vaccines"]["child"] == told["children"]["child"] == str(child.book_id)
        assert told["vaccines"]["whose"] == told["children"]["whose"] == "ゆい"


async def test_what_is_offered_at_65_is_no_news_years_before(hanako: Visitor) -> None:
    """It is noted all the same: nobody has to write anything for it to be told."""
    for days, is_said in ((366, True), (367, False)):
        day = this_day() + timedelta(days=days)
        async with unit_of_work(hanako.actor) as tx:
            await due.set_in(tx, "immunization", [Due(day, "opens")], this_day())
        _, found = await shelf.standings(hanako.actor, [BODY, OF_CHILD])
        assert (found.next is not None) is is_said
