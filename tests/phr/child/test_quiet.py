"""A child of whom nothing more is to be heard: what was written stays, and no day lies ahead."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from api.consent.lifecycle import leaving
from api.core.clock import JAPAN
from api.core.clock import today_in_japan as this_day
from api.core.database import unit_of_work
from api.phr import noting, shelf
from api.phr.child import checkups, handing_over, service, writing
from api.phr.child.reading import Child
from api.phr.due import service as due
from api.phr.due.rules import Due
from api.phr.immunization import engine, reminding
from api.phr.immunization import service as vaccinations
from api.phr.immunization.engine import Person
from notifications import rounds
from tests.notifications.telling.inboxes import told
from tests.phr.child.scene import account_of_a_child, begun, grown
from tests.phr.immunization.scene import door_of, path_of
from tests.portal import scene
from tests.portal.scene import Visitor
from tests.records.taking_out import taking

SAID = "このお子さまの予定とお知らせは出していません。"
SWITCH = "この子の予定とお知らせを出さない"
UNKIND = (
    "受ける時期です",
    "まだです",
    "受けられます",
    "市区町村",
    "これからの予定",
    "次の時期",
    "標準の時期",
    "受けられる期間",
    "目安",
    "10人中9人",
    "気になるとき",
    "<b>生後",
    "間が短いため",
    "お子さま本人に渡す",
)


def ago(days: int) -> date:
    return this_day() - timedelta(days=days)


async def went_round() -> None:
    await rounds.go_round(datetime.combine(this_day(), datetime.min.time(), JAPAN).replace(hour=12))


async def quieted(who: Visitor, of: Child, is_quiet: bool = True) -> Child:
    fields = service.values_of(of) | {"is_quiet": "yes" if is_quiet else ""}
    return await service.amend(who.actor, of.book_id, fields, version=of.version)


async def days_of(who: Visitor, of: Child) -> tuple[list[Due], list[Due]]:
    async with unit_of_work(who.actor) as tx:
        found = [
            await due.listed_in(tx, kind, book=str(of.book_id))
            for kind in ("checkup", "immunization")
        ]
    return found[0], found[1]


def opening_today() -> tuple[date, date]:
    """Born so that a checkup opens today, and so that a vaccine does."""
    today, opens = this_day(), Due(this_day(), "opens")
    checked = next(
        born
        for born in map(ago, range(20, 40))
        if checkups.window(checkups.CHECKUPS[0], born)[0] == today
    )
    vaccinated = next(
        born
        for born in map(ago, range(40, 80))
        if opens in reminding.of_plans(engine.plans(Person(born, "female"), [], today), today)
    )
    return checked, vaccinated


async def test_what_was_on_its_way_is_gone_and_taken_back_every_day_is_there(
    hanako: Visitor,
) -> None:
    yui, ken = await begun(hanako), await begun(hanako, name="けん", sex="male")
    before, others = await days_of(hanako, yui), await days_of(hanako, ken)
    assert all(before)
    quiet = await quieted(hanako, yui)
    assert quiet.is_quiet
    assert await days_of(hanako, quiet) == ([], [])
    had = {"on": this_day().isoformat(), "which": "m3"}
    entry = await writing.write(hanako.actor, yui.book_id, "checkup", had)
    dose = {"vaccine": "bcg", "on": this_day().isoformat()}
    given = await vaccinations.write(hanako.actor, yui.book_id, dose)
    assert await days_of(hanako, quiet) == ([], []), "also after more was written"
    async with unit_of_work(hanako.actor) as tx:
        await noting.note_all_in(tx, hanako.actor)
    assert await days_of(hanako, quiet) == ([], []), "also by new rules"
    assert await days_of(hanako, ken) == others, "no other child's"
    await writing.remove_entry(hanako.actor, yui.book_id, "checkup", entry.entry_id)
    await vaccinations.remove(hanako.actor, yui.book_id, given.entry_id)
    assert not (await quieted(hanako, quiet, is_quiet=False)).is_quiet
    assert await days_of(hanako, yui) == before


async def test_no_round_tells_of_a_quiet_child(hanako: Visitor) -> None:
    checked, vaccinated = opening_today()
    yui = await begun(hanako, born=checked, is_quiet="yes")
    ken = await begun(hanako, born=vaccinated, name="けん", is_quiet="yes")
    await went_round()
    assert await told(hanako, "checkup_due", "immunisation_due") == []
    await quieted(hanako, yui, is_quiet=False)
    await went_round()
    assert len(await told(hanako, "checkup_due")) == 1
    await quieted(hanako, ken, is_quiet=False)
    await went_round()
    assert len(await told(hanako, "immunisation_due")) == 1


@pytest.mark.parametrize("shows_all", [True, False])
async def test_the_shelf_names_nothing_of_it(hanako: Visitor, shows_all: bool) -> None:
    quiet = await begun(hanako, is_quiet="yes")
    actor = replace(hanako.actor, is_shown_restricted=shows_all)
    of = {each.book.name: each for each in await shelf.standings(actor)}
    assert (of["children"].next, of["vaccines"].next) == (None, None)
    books = {each["name"]: each for each in (await hanako.ask("/me/books")).json()}
    assert (books["children"]["next"], books["vaccines"]["next"]) == (None, None)
    page = (await hanako.get("/book")).text
    assert "ゆいさん" not in page
    await quieted(hanako, quiet, is_quiet=False)
    of = {each.book.name: each for each in await shelf.standings(actor)}
    assert of["children"].whose == of["vaccines"].whose == "ゆい"


async def test_its_pages_hold_what_was_written_and_no_day_ahead(hanako: Visitor) -> None:
    yui = await begun(hanako, is_quiet="yes")
    empty = (await hanako.get(f"/book/children/{yui.book_id}")).text
    await grown(hanako, yui, 30, weight="3.9")
    had = {"on": ago(110).isoformat(), "which": "m1", "note": "よく寝る"}
    await writing.write(hanako.actor, yui.book_id, "checkup", had)
    reached = {"on": ago(20).isoformat(), "which": "head"}
    await writing.write(hanako.actor, yui.book_id, "milestone", reached)
    for days in (80, 75):
        dose = {"vaccine": "hbv", "on": ago(days).isoformat(), "lot": f"H{days}"}
        asked = await hanako.post(path_of(yui, "/new"), dose)
        for sure in re.findall(r'name="sure" value="([^"]+)"', asked.text):
            await hanako.post(path_of(yui, "/new"), dose | {"sure": sure})
    page = (await hanako.get(f"/book/children/{yui.book_id}")).text
    doses = (await hanako.get(path_of(yui))).text
    table = (await hanako.get(path_of(yui, "/table"))).text
    for each in (empty, page, doses, table):
        for unkind in UNKIND:
            assert unkind not in each.partition("<main")[2], unkind
    back = f'href="/book/children/{yui.book_id}/change#field-is_quiet"'
    for each in (page, doses):
        assert SAID in each
        assert back in each
    assert 'class="chart"' in page
    assert "よく寝る" in page
    assert "/checkup/new" in page
    assert "/milestone/new" in page
    for lot in ("H80", "H75"):
        assert lot in doses
        assert lot in table
    listed = (await hanako.get("/book/children")).text
    assert "日生まれ" in listed
    assert "生後" not in listed
    await quieted(hanako, await service.child(hanako.actor, yui.book_id), is_quiet=False)
    paths = (f"/book/children/{yui.book_id}", path_of(yui), path_of(yui, "/table"))
    loud = "".join([(await hanako.get(each)).text for each in paths])
    assert [each for each in UNKIND if each not in loud] == []


async def test_the_same_in_english(hanako: Visitor) -> None:
    yui = await begun(hanako, is_quiet="yes")
    for path in (f"/book/children/{yui.book_id}", path_of(yui)):
        page = (await hanako.get(path, locale="en")).text
        assert "No dates are shown and no notices are sent for this child." in page
        for unkind in ("Due now", "What comes next", "Usual period", "Not yet", "9 in 10"):
            assert unkind not in page, unkind
    form = (await hanako.get(f"/book/children/{yui.book_id}/change", locale="en")).text
    assert "Show no dates and send no notices for this child" in form


async def test_the_switch_stands_in_the_form_and_is_taken_back_there(hanako: Visitor) -> None:
    form = (await hanako.get("/book/children/new")).text
    assert SWITCH in form
    assert 'name="is_quiet" value="yes" checked' not in form
    yui = await begun(hanako)
    here = f"/book/children/{yui.book_id}"
    fields = service.values_of(yui) | {"version": "1", "is_quiet": "yes"}
    page = await hanako.follow(await hanako.post(f"{here}/change", fields))
    assert SAID in page
    form = (await hanako.get(f"{here}/change")).text
    assert 'name="is_quiet" value="yes" checked' in form
    fields = service.values_of(yui) | {"version": "2"}
    page = await hanako.follow(await hanako.post(f"{here}/change", fields))
    assert SAID not in page
    assert "受ける時期です" in page
    assert all(await days_of(hanako, yui))


async def test_an_app_says_and_is_told_the_same(hanako: Visitor) -> None:
    fields = {"on": ago(150).isoformat(), "name": "ゆい", "sex": "female"}
    made = (await hanako.tell("/me/children", {"fields": fields})).json()
    assert made["is_quiet"] is False
    path = f"/me/children/{made['id']}"
    of = await service.child(hanako.actor, made["id"])
    loud = (await hanako.ask(path)).json()
    assert loud["due"]
    assert (await hanako.ask(door_of(of))).json()["plans"]
    quiet = await _put(hanako, path, fields | {"is_quiet": "yes"}, 1)
    assert quiet["is_quiet"] is True
    book, doses = (await hanako.ask(path)).json(), (await hanako.ask(door_of(of))).json()
    assert (book["child"]["is_quiet"], book["due"]) == (True, [])
    assert (doses["plans"], doses["next_notice"]) == ([], None)
    assert (await _put(hanako, path, fields, 2))["is_quiet"] is False
    assert (await hanako.ask(path)).json()["due"] == loud["due"]


async def _put(who: Visitor, path: str, fields: dict[str, str], version: int) -> Any:
    headers = {"authorization": f"Bearer {who.token}"}
    body = {"fields": fields, "version": version}
    return (await who.browser.put(path, json=body, headers=headers)).json()


async def test_taken_out_and_brought_in_elsewhere_it_is_quiet_there(hanako: Visitor) -> None:
    await begun(hanako, is_quiet="yes")
    there = await somebody()
    job = await taking.made(hanako.actor, ["fhir", "csv", "pdf"])
    assert (await taking.brought(there, await taking.content(hanako.actor, job, "fhir"))).state
    (found,) = await service.children(there)
    assert found.is_quiet
    async with unit_of_work(there) as tx:
        assert await due.next_in(tx) == {}
    tables = taking.tables(await taking.content(hanako.actor, job, "csv"))
    assert any("予定とお知らせを出さない" in each for each in tables.values())
    pages = taking.pages(await taking.content(hanako.actor, job, "pdf"))
    assert any("予定とお知らせを出さない" in each.replace("\n", "") for each in pages)


async def somebody() -> Any:
    actor, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    await leaving.take_part(actor, "participating")
    return actor


async def test_whoever_takes_over_their_own_book_hears_of_their_own_days(hanako: Visitor) -> None:
    """What a keeper wished to hear is not for the child to inherit."""
    yui = await begun(hanako, is_quiet="yes")
    aoi, _ = await account_of_a_child()
    code = await handing_over.offer(hanako.actor, yui.book_id)
    book_id = await handing_over.take(aoi, code.digits)
    mine = await service.child(aoi, book_id)
    assert (mine.is_self, mine.is_quiet) == (True, False)
    async with unit_of_work(aoi) as tx:
        assert await due.listed_in(tx, "checkup", book=str(book_id))
    assert (await days_of(hanako, yui)) == ([], [])
