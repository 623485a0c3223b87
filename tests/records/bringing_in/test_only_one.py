"""What there is one of only stays one, whatever a file brings."""

from datetime import timedelta

import asyncpg
import pytest

from api.consent.lifecycle import leaving
from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.phr.child import service as children
from api.phr.child import writing
from api.phr.child.errors import OwnBookExists
from api.phr.child.kinds import BOOK
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from api.phr.maternal import kinds
from api.phr.maternal import service as pregnancies
from api.phr.maternal.service import Asked
from api.records.bringing_in import service as bringing_in
from api.records.bringing_in.planning import LeftLine
from tests.phr.child.scene import HANAKO_BORN
from tests.portal import scene
from tests.portal.scene import Visitor
from tests.records.taking_out import taking

TODAY = clock.today_in_japan()


async def somebody() -> Actor:
    actor, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    await leaving.take_part(actor, "participating")
    return actor


def due(weeks: int) -> Asked:
    return Asked({"edd": (TODAY + timedelta(weeks=weeks)).isoformat()})


async def with_a_visit(actor: Actor, weeks: int) -> str:
    begun = await pregnancies.begin(actor, due(weeks))
    visit = {"on": TODAY.isoformat(), "weight": "59.4"}
    await pregnancies.write(actor, begun, kinds.VISIT.name, Asked(visit))
    return str(begun)


async def states(actor: Actor) -> list[str]:
    return [each.state for each in await pregnancies.books(actor)]


async def test_where_a_pregnancy_goes_on_no_other_that_goes_on_comes_in(
    hanako: Visitor, open_browser
) -> None:
    await with_a_visit(hanako.actor, 10)
    file = await taking.bundle(hanako.actor)
    there = await somebody()
    mine = await with_a_visit(there, 20)
    other = await scene.visitor(await open_browser(), there)
    looked = (await other.browser.post(
        "/me/imports", content=file, headers={"authorization": f"Bearer {other.token}"}
    )).json()  # fmt: skip
    assert looked["left"] == [
        {"reason": "pregnancy", "type": "Observation", "count": 2},
        {"reason": "settings", "type": "Consent", "count": 1},
    ]
    page = (await other.get(f"/book/bring-in/{looked['id']}")).text
    assert page.count("いまの妊娠の記録がこちらにあるため、取り込みません") == 1
    done = await taking.brought(there, file)
    assert (done.state, done.counts.total) == ("done", 0)
    (kept,) = await pregnancies.books(there)
    assert (str(kept.id), kept.state, len(kept.entries)) == (mine, "open", 1)
    assert len(await entries.entries(there, [kinds.VISIT])) == 1, (
        "nothing hangs on what is not here"
    )

    await pregnancies.close(there, kept.id)
    assert (await taking.brought(there, file)).counts.total == 2
    assert sorted(await states(there)) == ["closed", "open"]


async def test_begun_between_the_look_and_the_keeping_it_is_left_too(hanako: Visitor) -> None:
    await with_a_visit(hanako.actor, 10)
    file = await taking.bundle(hanako.actor)
    there = await somebody()
    looked = await bringing_in.look(there, file)
    assert looked.counts.total == 2
    await bringing_in.keep(there, looked.import_id)
    await pregnancies.begin(there, due(20))
    await taking.background()
    done = await bringing_in.one(there, looked.import_id)
    assert (done.state, done.counts.total) == ("done", 0)
    assert LeftLine("pregnancy", "Observation", 2) in done.counts.left
    assert await states(there) == ["open"]


async def test_of_two_that_go_on_in_one_file_the_later_comes_in(hanako: Visitor) -> None:
    """As no book writes them; a file may have been put together from two."""
    async with unit_of_work(hanako.actor) as tx:
        for weeks in (30, 4):
            on = TODAY + timedelta(weeks=weeks) - timedelta(days=280)
            fields = {"on": on.isoformat(), **due(weeks).fields}
            wish = Wish(kinds.PREGNANCY, fields, is_sure=True)
            await entries.write_all_in(tx, hanako.actor, [wish])
    assert await states(hanako.actor) == ["open", "open"]
    there = await somebody()
    done = await taking.brought(there, await taking.bundle(hanako.actor))
    assert LeftLine("pregnancy", "Observation", 1) in done.counts.left
    (kept,) = await pregnancies.books(there)
    assert kept.due_on == TODAY + timedelta(weeks=30)


async def test_one_that_ended_comes_in_beside_the_one_that_goes_on(hanako: Visitor) -> None:
    born = await pregnancies.begin(hanako.actor, due(1))
    birth = Asked({"on": TODAY.isoformat(), "babies": "1"})
    await pregnancies.write(hanako.actor, born, kinds.BIRTH.name, birth)
    there = await somebody()
    await pregnancies.begin(there, due(20))
    done = await taking.brought(there, await taking.bundle(hanako.actor))
    assert done.counts.total == 2
    assert sorted(await states(there)) == ["born", "open"]


async def test_a_birth_that_was_written_anew_stays_the_only_one(hanako: Visitor) -> None:
    begun = await pregnancies.begin(hanako.actor, due(1))
    birth = Asked({"on": TODAY.isoformat(), "babies": "1"})
    newborn = Asked({"number": "1", "weight": "2980", "sex": "female"})

    async def bear() -> None:
        await pregnancies.write(hanako.actor, begun, kinds.BIRTH.name, birth)
        await pregnancies.write(hanako.actor, begun, kinds.NEWBORN.name, newborn)

    await bear()
    before = await taking.bundle(hanako.actor)
    (book,) = await pregnancies.books(hanako.actor)
    assert book.birth
    await pregnancies.remove_entry(hanako.actor, begun, book.birth.entry_id)
    birth = Asked({"on": TODAY.isoformat(), "babies": "1", "remark": "書き直した"})
    newborn = Asked({"number": "1", "weight": "3010", "sex": "female"})
    await bear()
    done = await taking.brought(hanako.actor, before)
    assert (done.counts.total, done.counts.changed) == (0, 2)
    assert len(await entries.entries(hanako.actor, [kinds.BIRTH, kinds.NEWBORN])) == 2


async def test_a_second_book_of_oneself_goes_into_the_first(hanako: Visitor) -> None:
    fields = {"on": HANAKO_BORN.isoformat(), "sex": "female", "weeks": "39", "days": "0"}
    grown = {"on": (HANAKO_BORN + timedelta(days=400)).isoformat(), "weight": "9.4"}
    book = await children.begin(hanako.actor, fields, is_self=True)
    await writing.write(hanako.actor, book.book_id, "growth", grown)
    file = await taking.bundle(hanako.actor)
    there = await somebody()
    mine = await children.begin(there, {**fields, "weeks": "38"}, is_self=True)
    done = await taking.brought(there, file)
    assert (done.counts.total, done.counts.changed) == (1, 1)
    (kept,) = await children.children(there)
    assert kept == mine
    ((measured),) = (await children.book(there, mine.book_id)).growth
    assert measured.values["weight"] == "9.4"
    with pytest.raises(OwnBookExists):
        await children.begin(there, fields, is_self=True)


async def test_postgresql_keeps_no_second_book_of_oneself(hanako: Visitor) -> None:
    fields = {"on": HANAKO_BORN.isoformat(), "sex": "female"}
    await children.begin(hanako.actor, fields, is_self=True)
    assert hanako.actor.participant_id
    other = entries.id_of_key(hanako.actor.participant_id, BOOK.own, "other")
    wish = Wish(BOOK.own, fields, book=str(other), is_sure=True, key="other")
    with pytest.raises(asyncpg.UniqueViolationError):
        await entries.write(hanako.actor, wish)
