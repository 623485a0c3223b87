"""From the birth to the child's book: what was written of the child is filled in there."""

import re

import pytest

from tests.phr.maternal.test_pregnancy_pages import begun, today, written
from tests.portal.scene import Visitor, forms, sent


@pytest.mark.parametrize(("sex", "status"), [("female", 303), ("male", 303), ("unknown", 422)])
async def test_a_childs_book_begins_with_what_the_birth_says(
    hanako: Visitor, sex: str, status: int
) -> None:
    """A sex that was not known is asked for there."""
    here = await begun(hanako, 37)
    born_on = today(days=-2).isoformat()
    await written(hanako, here, "birth", on=born_on, babies="1")
    sizes = {"weight": "2985", "length": "49.5", "head": "33.2"}
    page = await written(hanako, here, "newborn", number="1", sex=sex, **sizes)
    (link,) = re.findall(r'href="(/book/children/new[^"]+)"', page)
    link = link.replace("&amp;", "&")
    form = (await hanako.get(link)).text
    for name, value in (("on", born_on), ("height", "49.5"), ("head", "33.2"), ("weeks", "36")):
        assert re.search(rf'name="{name}"[^>]* value="{re.escape(value)}"', form), name
    assert re.search(r'name="weight"[^>]* value="2.985"', form)
    (own,) = (each for each in forms(form) if 'action="/book/children/new' in each)
    action, hidden = sent(own)
    typed = dict(
        re.findall(r'<input class="input[^"]*" id="field-(\w+)"[^>]* value="([^"]*)"', own)
    )
    chosen = dict(re.findall(r'name="(\w+)" value="(\w+)"[^>]* checked', own))
    answer = await hanako.post(action, {**hidden, **typed, **chosen, "name": "ゆみ"})
    assert answer.status_code == status


async def test_a_book_that_is_begun_is_led_to_and_not_offered_again(hanako: Visitor) -> None:
    here = await begun(hanako, 37, babies="2")
    born_on = today(days=-2).isoformat()
    await written(hanako, here, "birth", on=born_on, babies="2")
    await written(hanako, here, "newborn", number="1", sex="female", weight="2310")
    page = await written(hanako, here, "newborn", number="2", sex="male", weight="2200")
    offered = re.findall(r'href="/book/children/new[^"]+" class="([^"]+)"', page)
    assert [each.split()[:2] for each in offered] == [
        ["button", "button-wide"],
        ["button", "button-line"],
    ], "one first thing to do"
    fields = {"on": born_on, "name": "あおい", "sex": "male", "weight": "2200g"}
    answer = await hanako.post("/book/children/new", fields)
    book = answer.headers["location"].partition("?")[0]
    page = (await hanako.get(here)).text
    girl, boy = page.index("1人目のお子さま"), page.index("2人目のお子さま")
    assert boy < page.index(f'href="{book}"')
    assert "あおいさんの記録" in page
    (left,) = re.findall(r'href="/book/children/new[^"]+', page)
    assert girl < page.index(left) < boy
