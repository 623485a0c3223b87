"""Height and weight at school: on the national curves as far as they go, and beyond said so."""

import re
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from api.core import clock
from api.phr.child import growth
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from api.phr.notes import service
from api.phr.notes.kinds import CHILD_SCHOOL, SCHOOL
from tests.phr.child.scene import begun
from tests.portal.scene import Visitor
from web_portal.pages.book.notes.school_growth import Whose, courses

TODAY = clock.today_in_japan()
ENDS = "全国の調査の曲線は6歳6か月までです"


async def measured(who: Visitor, book: UUID, on: date, grade: str, height: str, weight: str):
    fields = {"on": on.isoformat(), "grade": grade, "height": height, "weight": weight}
    await entries.write(who.actor, Wish(CHILD_SCHOOL, fields, str(book), is_sure=True))


def chart(page: str, measure: str) -> str:
    (found,) = re.findall(rf'aria-labelledby="{measure}">.*?</section>', page, re.S)
    return found


async def test_of_a_child_at_kindergarten_each_value_has_its_place(hanako: Visitor) -> None:
    born = TODAY - timedelta(days=2000)
    yui = await begun(hanako, born=born)
    for ago, grade, height, weight in ((700, "k3", "96.5", "14.2"), (300, "k4", "104.1", "16.5")):
        on = TODAY - timedelta(days=ago)
        await measured(hanako, yui.book_id, on, grade, height, weight)
    page = (await hanako.get(f"/book/children/{yui.book_id}/school-checkups")).text
    lies = growth.position("height", "female", Decimal(1700), Decimal("104.1"))
    assert lies
    said = f"身長は{lies.rounded}パーセンタイルの線上です。"
    assert said in chart(page, "height")
    assert said in re.findall(r"<desc[^>]*>([^<]*)", chart(page, "height"))[0]
    assert chart(page, "height").count('class="dot"') == 2
    assert f"({lies.rounded})" in page
    assert "身長と体重の表" in page
    assert ENDS not in page
    assert "令和5年（2023年）乳幼児身体発育調査" in page


async def test_beyond_the_surveys_last_age_the_values_stand_and_it_says_so(
    hanako: Visitor,
) -> None:
    yui = await begun(hanako, born=TODAY - timedelta(days=4000))
    for ago, grade, height, weight in ((2000, "k5", "108.2", "18.1"), (200, "e5", "138.4", "33")):
        on = TODAY - timedelta(days=ago)
        await measured(hanako, yui.book_id, on, grade, height, weight)
    path = f"/book/children/{yui.book_id}/school-checkups"
    page = (await hanako.get(path)).text
    assert "いちばん新しい身長は138.4\u00a0cmです。" in chart(page, "height")
    assert "は108.2\u00a0cmでした。" in chart(page, "height")
    assert ENDS in chart(page, "height")
    assert chart(page, "height").count('class="dot"') == 2
    assert chart(page, "weight").count("lead-line") == 0, "no stroke that looks like a curve"
    assert "(–)" in page
    english = (await hanako.get(path, locale="en")).text
    assert "end at 6 years and 6 months" in english


async def test_her_own_checkups_of_school_days_are_drawn_too(hanako: Visitor) -> None:
    fields = {"on": "1951-05-01", "grade": "e5", "height": "131.5"}
    await entries.write(hanako.actor, Wish(SCHOOL, fields, is_sure=True))
    page = (await hanako.get("/book/school-checkups")).text
    assert "11歳0か月" in page
    assert "131.5" in chart(page, "height")
    assert 'aria-labelledby="weight"' not in page
    found = await service.school(hanako.actor)
    assert courses(None, Whose(date(1940, 4, 9), None), found) == []  # type: ignore[arg-type]
