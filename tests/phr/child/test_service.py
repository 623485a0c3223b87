"""Hanako keeps her children's books: begun, written, corrected and removed."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from api.consent.lifecycle import leaving
from api.core.clock import today_in_japan as this_day
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.phr.child import checkups, service, writing
from api.phr.child.age import Gestation
from api.phr.child.errors import OwnBookExists
from api.phr.due import service as due
from api.phr.due.rules import NOTICE, Due
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from tests.phr.child.scene import BORN, HANAKO_BORN, account_of_a_child, begun, day, grown
from tests.portal.scene import Visitor

OWN = {"on": HANAKO_BORN.isoformat(), "sex": "female"}


async def test_each_child_has_a_book_and_the_eldest_comes_first(hanako: Visitor) -> None:
    younger = await begun(hanako, name="ゆい")
    elder = await begun(hanako, name="けん", sex="male", born=BORN - timedelta(days=900))
    assert [each.name for each in await service.children(hanako.actor)] == ["けん", "ゆい"]
    found = await service.child(hanako.actor, younger.book_id)
    assert found == younger
    assert (found.gestation, found.birth, found.is_self) == (
        Gestation(39, 2),
        {"weight": "2.95"},
        False,
    )
    await grown(hanako, elder, 800, weight="12.5")
    book = await service.book(hanako.actor, younger.book_id)
    assert (book.child, book.growth, book.checkups, book.milestones) == (younger, [], [], [])


async def test_a_book_holds_what_is_written_newest_first(hanako: Visitor) -> None:
    yui = await begun(hanako)
    await grown(hanako, yui, 30, weight="3.9", height="52")
    await grown(hanako, yui, 90, weight="5.8kg", note="よく飲む")
    had = {"on": day(40), "which": "m1", "result": "fine", "place": "市の保健センター"}
    await writing.write(hanako.actor, yui.book_id, "checkup", had)
    await writing.write(hanako.actor, yui.book_id, "milestone", {"on": day(110), "which": "head"})
    book = await service.book(hanako.actor, yui.book_id)
    assert [each.values["weight"] for each in book.growth] == ["5.8", "3.9"]
    assert [each.values["which"] for each in book.checkups] == ["m1"]
    assert [each.values["which"] for each in book.milestones] == ["head"]
    assert [each.values.get("weight") for each in book.measured] == ["5.8", "3.9"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("4125g", "4.125"),
        ("４，１００ グラム", "4.1"),
        ("4125", "4.125"),
        ("4.1", "4.1"),
    ],
)
async def test_babies_are_weighed_in_grams(hanako: Visitor, typed: str, kept: str) -> None:
    yui = await begun(hanako)
    entry = await grown(hanako, yui, 40, weight=typed)
    assert entry.values["weight"] == kept


async def test_what_is_odd_for_that_age_is_asked_about_once(hanako: Visitor) -> None:
    yui = await begun(hanako)
    fields = {"on": day(150), "weight": "15"}
    with pytest.raises(EntryFaults) as asked:
        await writing.write(hanako.actor, yui.book_id, "growth", fields)
    assert set(asked.value.odd) == {"weight"}
    entry = await writing.write(hanako.actor, yui.book_id, "growth", fields, sure=asked.value.sure)
    assert entry.values["weight"] == "15"


async def test_nothing_is_of_before_birth(hanako: Visitor) -> None:
    yui = await begun(hanako)
    for what, more in (
        ("growth", {"weight": "3"}),
        ("checkup", {"which": "m1"}),
        ("milestone", {"which": "roll"}),
    ):
        with pytest.raises(EntryFaults) as refused:
            await writing.write(hanako.actor, yui.book_id, what, {"on": day(-1), **more})
        assert refused.value.faults == {"on": "error.own.early"}


async def test_a_milestone_is_reached_once_and_its_day_can_be_corrected(hanako: Visitor) -> None:
    yui = await begun(hanako)
    first = {"on": day(110), "which": "head"}
    entry = await writing.write(hanako.actor, yui.book_id, "milestone", first)
    with pytest.raises(EntryFaults) as refused:
        await writing.write(hanako.actor, yui.book_id, "milestone", first)
    assert refused.value.faults == {"which": "error.child.milestone_twice"}
    later = await writing.write(
        hanako.actor,
        yui.book_id,
        "milestone",
        {"on": day(120), "which": "head"},
        entry_id=entry.entry_id,
        version=1,
    )
    assert (later.version, later.on.isoformat()) == (2, day(120))


async def test_a_book_is_corrected_and_two_at_once_are_told(hanako: Visitor) -> None:
    yui = await begun(hanako)
    fields = service.values_of(yui) | {"name": "ゆいちゃん", "weeks": "", "days": ""}
    changed = await service.amend(hanako.actor, yui.book_id, fields, version=1)
    assert (changed.name, changed.gestation, changed.version) == ("ゆいちゃん", None, 2)
    assert service.values_of(changed)["weeks"] == ""
    with pytest.raises(EntryChanged):
        await service.amend(hanako.actor, yui.book_id, fields | {"name": "ゆい"}, version=1)


async def test_a_removed_book_takes_everything_with_it(hanako: Visitor) -> None:
    yui, ken = await begun(hanako), await begun(hanako, name="けん", sex="male")
    await grown(hanako, yui, 30, weight="3.9")
    kept = await grown(hanako, ken, 30, weight="4.1")
    assert await service.remove(hanako.actor, yui.book_id) == 2
    assert await service.remove(hanako.actor, yui.book_id) == 0  # a second tap
    for call in (service.child, service.book):
        with pytest.raises(NotFound):
            await call(hanako.actor, yui.book_id)
    book = await service.book(hanako.actor, ken.book_id)
    assert [each.entry_id for each in book.growth] == [kept.entry_id]


async def test_an_entry_is_of_its_own_book_and_kind_alone(hanako: Visitor) -> None:
    yui, ken = await begun(hanako), await begun(hanako, name="けん", sex="male")
    entry = await grown(hanako, yui, 30, weight="3.9")
    for book_id, what, entry_id in (
        (ken.book_id, "growth", entry.entry_id),
        (yui.book_id, "checkup", entry.entry_id),
        (yui.book_id, "growth", uuid4()),
        (uuid4(), "growth", entry.entry_id),
        (entry.entry_id, "growth", entry.entry_id),
    ):
        with pytest.raises(NotFound):
            await writing.entry(hanako.actor, book_id, what, entry_id)
        with pytest.raises(NotFound):
            await writing.remove_entry(hanako.actor, book_id, what, entry_id)
        with pytest.raises(NotFound):
            await writing.write(
                hanako.actor,
                book_id,
                what,
                {"on": day(31), "weight": "4", "which": "m1"},
                entry_id=entry_id,
                version=1,
            )
    await writing.remove_entry(hanako.actor, yui.book_id, "growth", entry.entry_id)
    assert (await service.book(hanako.actor, yui.book_id)).growth == []


async def test_nobody_else_sees_a_book(hanako: Visitor, yumi: Visitor) -> None:
    yui = await begun(hanako)
    await leaving.take_part(yumi.actor, "participating")
    assert await service.children(yumi.actor) == []
    for call in (service.child, service.book, service.remove):
        with pytest.raises(NotFound):
            await call(yumi.actor, yui.book_id)
    with pytest.raises(NotFound):
        await writing.write(
            yumi.actor, yui.book_id, "growth", {"on": this_day().isoformat(), "weight": "7"}
        )


async def reminded(who: Visitor, book_id: UUID) -> list[Due]:
    async with unit_of_work(who.actor) as tx:
        return await due.listed_in(tx, "checkup", book=str(book_id))


async def test_checkups_that_were_not_had_are_reminded_of(hanako: Visitor) -> None:
    yui = await begun(hanako, born=this_day() - timedelta(days=20))
    m1, m3 = (checkups.window(each, yui.birth_on) for each in checkups.CHECKUPS[:2])
    first = await reminded(hanako, yui.book_id)
    assert first[:3] == [
        Due(m1[0], "opens"),
        Due(m1[1] - NOTICE, "ends"),
        Due(m3[0], "opens"),
    ]
    assert len(first) == 2 * len(checkups.CHECKUPS)
    had = {"on": this_day().isoformat(), "which": "m1"}
    entry = await writing.write(hanako.actor, yui.book_id, "checkup", had)
    assert await reminded(hanako, yui.book_id) == first[2:]
    await writing.remove_entry(hanako.actor, yui.book_id, "checkup", entry.entry_id)
    assert await reminded(hanako, yui.book_id) == first
    later = service.values_of(yui) | {"on": this_day().isoformat()}
    await service.amend(hanako.actor, yui.book_id, later, version=1)
    assert (await reminded(hanako, yui.book_id))[0].on > first[0].on
    await service.remove(hanako.actor, yui.book_id)
    assert await reminded(hanako, yui.book_id) == []


async def test_who_does_not_take_part_begins_no_book(hanako: Visitor) -> None:
    await leaving.take_part(hanako.actor, "withdrawn")
    with pytest.raises(NotTakingPart):
        await begun(hanako)


async def test_a_child_has_a_book_of_themselves_once(hanako: Visitor) -> None:
    aoi, _ = await account_of_a_child()
    with pytest.raises(EntryFaults) as refused:
        await service.begin(aoi, {"on": day(1), "sex": "female"}, is_self=True)
    assert refused.value.faults == {"on": "error.child.not_my_birth_day"}
    own = {"on": day(0), "sex": "female", "weeks": "33"}
    mine = await service.begin(aoi, own, is_self=True)
    assert (mine.name, mine.is_self) == ("山本 結衣", True)
    with pytest.raises(OwnBookExists):
        await service.begin(aoi, own, is_self=True)
    await writing.write(aoi, mine.book_id, "growth", {"on": day(60), "weight": "4"})
    (listed,) = await service.children(aoi)
    assert (listed.name, listed.book_id) == ("山本 結衣", mine.book_id)
    book = await service.book(aoi, mine.book_id)
    assert (book.child.name, len(book.growth)) == ("山本 結衣", 1)
    assert book.growth[0].kind == "own-child-growth"
    with pytest.raises(EntryFaults):
        await service.amend(aoi, mine.book_id, {**own, "on": day(2)}, version=1)
    changed = await service.amend(aoi, mine.book_id, own | {"weeks": "34"}, version=1)
    assert changed.gestation == Gestation(34, 0)
    person = await service.person(hanako.actor)
    assert (person.name, person.sex, person.birth_on) == ("山本 花子", "female", HANAKO_BORN)
