"""Two phones correct the same: the second sees what the first wrote, and then may replace it. One
phone that sends the same correction twice has changed nothing elsewhere."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping

import pytest

from api.phr.notes.kinds import MEDICATION
from tests.attacks.conftest import without_accidents
from tests.phr.child.scene import begun as child_begun
from tests.phr.child.scene import day, grown
from tests.phr.immunization.scene import ago, child, path_of, written
from tests.phr.maternal.test_pregnancy_pages import begun, entry_of, today
from tests.phr.maternal.test_pregnancy_pages import written as visit_written
from tests.portal.checkup_shelf import TYPED
from tests.portal.scene import Visitor, forms, sent

Case = tuple[str, Mapping[str, str], str, str, str]


async def _only(who: Visitor, path: str, pattern: str) -> str:
    (found,) = set(re.findall(pattern, (await who.get(path)).text))
    return str(found)


async def _measurement(who: Visitor) -> Case:
    await who.post("/book/vitals", {"on": ago(1).isoformat(), "time": "07:05", "weight": "62.5"})
    path = await _only(who, "/book/vitals/kinds/weight", r'"(/book/vitals/[0-9a-f-]{36}/correct)"')
    return path, {"on": ago(1).isoformat(), "time": "07:05"}, "weight", "63.5", "64.5"


async def _pregnancy(who: Visitor) -> Case:
    here = await begun(who)
    due = today(10).isoformat()
    return f"{here}/dates", {"edd": due}, "height", "158", "161"


async def _visit(who: Visitor) -> Case:
    here = await begun(who)
    await visit_written(who, here, "visit", weight="56.5")
    return await entry_of(who, here), {"on": today().isoformat()}, "weight", "57.5", "58.5"


async def _book(who: Visitor) -> Case:
    of = await child_begun(who)
    fields = {"on": of.birth_on.isoformat(), "name": "ゆい", "sex": "female", "weeks": "39"}
    return f"/book/children/{of.book_id}/change", fields, "height", "48.5", "50.5"


async def _grown(who: Visitor) -> Case:
    of = await child_begun(who)
    await grown(who, of, 60, weight="5.1")
    here = f"/book/children/{of.book_id}/growth"
    path = await _only(
        who, f"/book/children/{of.book_id}", rf'"({re.escape(here)}/[0-9a-f-]{{36}})"'
    )
    return path, {"on": day(60)}, "weight", "5.2", "5.3"


async def _dose(who: Visitor) -> Case:
    yui = await child(who, 120)
    page = await written(who, yui, "hbv", ago(50))
    (path,) = set(re.findall(rf'"({re.escape(path_of(yui))}/[0-9a-f-]{{36}})"', page))
    return path, {"on": ago(50).isoformat(), "vaccine": "hbv"}, "lot", "HB77", "HB88"


async def _medicine(who: Visitor) -> Case:
    here = "/book/medications"
    fields = {"on": ago(1).isoformat(), "name": "青汁の粉", "sort": "supplement"}
    await who.post(f"{here}/new", fields)
    path = await _only(who, here, rf'"({here}/[0-9a-f-]{{36}})"')
    assert MEDICATION.field("how")
    return path, fields, "how", "朝に1袋", "夜に2袋"


async def _wish(who: Visitor) -> Case:
    await who.post("/book/wishes/statement", {"own_words": "家で。", "version": 0})
    return "/book/wishes/statement", {}, "own_words", "庭を見たい。", "海を見たい。"


async def _person(who: Visitor) -> Case:
    here, fields = "/book/wishes/people", {"relation": "孫", "telephone": "090-0000-0000"}
    await who.post(f"{here}/new", {**fields, "name": "山本 由美", "version": 0})
    return f"{here}/1", fields, "name", "山本 ゆみ", "山本 ユミ"


async def _checkup(who: Visitor) -> Case:
    answer = await who.post("/book/checkups/new", TYPED)
    path = answer.headers["location"].partition("?")[0]
    return f"{path}/edit", TYPED, "waist", "87.5", "86.5"


EVERY = pytest.mark.parametrize(
    "case",
    [
        _measurement, _pregnancy, _visit, _book, _grown, _dose, _medicine, _wish, _person, _checkup,
    ],
)  # fmt: skip


def form_in(page: str, name: str) -> tuple[str, dict[str, object]]:
    (form,) = (each for each in forms(page) if f'name="{name}"' in each)
    return sent(form)


@EVERY
async def test_what_another_phone_wrote_is_seen_before_it_is_replaced(
    hanako: Visitor, case: Callable[[Visitor], Awaitable[Case]]
) -> None:
    path, fields, name, theirs, mine = await case(hanako)
    action, hidden = form_in((await hanako.get(path)).text, name)
    first = await hanako.post(action, {**hidden, **fields, name: theirs})
    assert first.status_code == 303, first.text
    second = await hanako.post(action, {**hidden, **fields, name: mine})
    assert second.status_code == 409
    assert "先に変更しています" in second.text
    now = second.text[second.text.index('id="now"') : second.text.rindex("<form")]
    assert theirs in now
    assert mine in second.text
    again, seen = form_in(second.text, name)
    saved = await hanako.post(again, {**seen, **fields, name: mine})
    assert saved.status_code == 303, saved.text
    after = without_accidents((await hanako.get(path)).text)
    assert mine in after
    assert theirs not in after


@EVERY
async def test_the_same_correction_sent_twice_is_saved_once_and_says_so_twice(
    hanako: Visitor, case: Callable[[Visitor], Awaitable[Case]]
) -> None:
    path, fields, name, mine, _ = await case(hanako)
    action, hidden = form_in((await hanako.get(path)).text, name)
    meant = {**hidden, **fields, name: mine}
    first = await hanako.post(action, meant)
    log = len(await hanako.log())
    more = await asyncio.gather(*(hanako.post(action, meant) for _ in range(2)))
    assert [each.status_code for each in (first, *more)] == [303] * 3, more[0].text
    assert {each.headers["location"] for each in more} == {first.headers["location"]}
    assert len(await hanako.log()) == log, "nothing was written for the second tap"
    version = form_in((await hanako.get(path)).text, name)[1]["version"]
    other = await hanako.post(action, {**hidden, **fields, name: f"{mine}1"})
    assert other.status_code == 409
    back = await hanako.post(action, {**meant, "version": version})
    assert back.status_code == 303
    third = await hanako.post(action, meant)
    assert third.status_code == 409, "what was changed twice since is another matter"
