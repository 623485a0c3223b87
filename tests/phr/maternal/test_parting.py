"""A child who died: what Hanako wrote is kept, and nothing of a life ahead is offered."""

import re

from api.consent.facts import NORMAL, RESTRICTED
from api.core.database import unit_of_work
from api.phr.due import service as due
from api.phr.entries import service as entries
from api.phr.maternal import kinds, schemas, service
from api.phr.maternal.book import Book
from tests.phr.maternal.test_pregnancy_pages import HERE, begun, today, written
from tests.portal.scene import Visitor

BEGIN = "お子さまの記録を始める"
TALK = "体や気持ちのことで話したいときは"


async def of_one(who: Visitor) -> str:
    """The page of a pregnancy with a scan, whose only child died."""
    here = await begun(who, 30, height="158", weight_before="52")
    await written(who, here, "visit", weight="57.3")
    await written(who, here, "ultrasound", weight_told="700")
    form = await written(who, here, "birth", babies="1")
    assert "生まれてまもなく亡くなったお子さまのことも" in form
    await written(who, here, "newborn", number="1", weight="1600", is_parted="yes")
    return here


async def book_of(who: Visitor) -> Book:
    (book,) = await service.books(who.actor)
    return book


async def level_of_newborn(who: Visitor) -> int:
    (newborn,) = (await book_of(who)).newborns
    async with unit_of_work(who.actor) as tx:
        return (await entries.one_in(tx, who.actor, [kinds.NEWBORN], newborn.entry_id)).level


async def test_what_was_written_is_kept_and_no_book_is_offered(hanako: Visitor) -> None:
    here = await of_one(hanako)
    book = await book_of(hanako)
    assert book.state == "born"
    assert book.birth is not None
    page = (await hanako.get(here)).text
    assert "1600" in page
    assert TALK in page
    for unkind in (BEGIN, "亡くなった", "健診のとき", "次の健診", "予定日まで"):
        assert unkind not in page, unkind
    assert await service.newborn(hanako.actor, book.birth.entry_id, 1) is None
    assert f'href="{here}"' in (await hanako.get(HERE)).text, "under earlier births"
    async with unit_of_work(hanako.actor) as tx:
        assert await due.listed_in(tx, "visit", book=str(book.id)) == []


async def test_no_picture_says_what_to_ask_and_no_plan_lies_ahead(hanako: Visitor) -> None:
    here = await of_one(hanako)
    charts = (await hanako.get(f"{here}/charts")).text
    assert "推定体重は700 gでした。" in charts
    for unkind in ("−2SDより小さい", "健診で聞いて", "健診に持って", "出産までの増え方"):
        assert unkind not in charts, unkind
    plan = await hanako.get(f"{here}/schedule")
    assert (plan.status_code, plan.headers.get("location")) == (303, here)


async def test_one_who_was_born_far_too_early_is_written_too(hanako: Visitor) -> None:
    here = await begun(hanako, 16)
    asked = await hanako.post(f"{here}/new/birth", on=today().isoformat(), babies="1")
    assert asked.status_code == 422, "asked about once"
    (sure,) = re.findall(r'name="sure" value="([^"]+)"', asked.text)
    await written(hanako, here, "birth", babies="1", sure=sure)
    sizes = {"number": "1", "weight": "110", "length": "11.5", "is_parted": "yes"}
    page = await written(hanako, here, "newborn", **sizes)
    assert "110" in page, "nobody is asked what would be usual"


async def test_who_may_see_it_is_as_with_a_pregnancy_that_was_closed(hanako: Visitor) -> None:
    here = await of_one(hanako)
    assert await level_of_newborn(hanako) == RESTRICTED
    (newborn,) = (await book_of(hanako)).newborns
    form = (await hanako.get(f"{here}/entries/{newborn.entry_id}")).text
    assert 'name="is_parted" value="yes" checked' in form
    taken_back = {"number": "1", "weight": "1600", "version": str(newborn.version)}
    page = await hanako.follow(await hanako.post(f"{here}/entries/{newborn.entry_id}", taken_back))
    assert BEGIN in page
    assert TALK not in page
    assert await level_of_newborn(hanako) == NORMAL


async def test_of_twins_the_living_one_keeps_their_own_book(hanako: Visitor) -> None:
    here = await begun(hanako, 37, babies="2")
    await written(hanako, here, "birth", on=today(days=-2).isoformat(), babies="2")
    await written(hanako, here, "newborn", number="1", sex="female", is_parted="yes")
    page = await written(hanako, here, "newborn", number="2", sex="female", weight="2300")
    assert page.count(BEGIN) == 1
    child = {"name": "ひなた", "sex": "female", "on": today(days=-2).isoformat()}
    await hanako.post("/book/children/new", child)
    page = (await hanako.get(here)).text
    first, second = page.split('id="newborn-1"')[1].split('id="newborn-2"')
    assert "ひなた" in second
    assert "ひなた" not in first
    assert BEGIN not in page


async def test_an_app_is_told_the_same(hanako: Visitor) -> None:
    await of_one(hanako)
    book = await book_of(hanako)
    (newborn,) = schemas.whole(book, []).newborns
    assert newborn.values["is_parted"] == "yes"
    assert schemas.fetal_weights(book, "ja").says == "妊娠30週0日の推定体重は700 gでした。"


async def test_the_page_that_closes_says_where_to_write_of_the_child(hanako: Visitor) -> None:
    here = await begun(hanako, 30)
    assert "お子さまの体重などを残しておきたいときは" in (await hanako.get(f"{here}/close")).text
