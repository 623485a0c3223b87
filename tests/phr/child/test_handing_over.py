"""Hanako hands a child's book over to the child's own account."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from api.access_log import service as access_log
from api.consent.lifecycle import leaving
from api.core import clock
from api.core.actor import OPERATOR, Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound, Problem
from api.phr.child import handing_over, kinds, service, writing
from api.phr.child.errors import CodeRefused, CodeThrottled, OtherBirthDay
from api.phr.due import service as due
from api.phr.entries import service as store
from api.phr.entries.errors import NotTakingPart
from api.phr.notes.kinds import CHILD_SCHOOL, SCHOOL
from api.records.bringing_in.entry_kinds import KINDS
from tests.phr.child.scene import (
    BORN,
    account_of_a_child,
    acting_as_parent,
    begun,
    day,
    grown,
)
from tests.portal.scene import Visitor

WRONG = "0" * 12


async def filled(hanako: Visitor):
    """A book with a correction in it."""
    yui = await begun(hanako)
    entry = await grown(hanako, yui, 30, weight="3.9", height="52", note="よく飲む")
    await writing.write(
        hanako.actor,
        yui.book_id,
        "growth",
        {"on": day(30), "weight": "4.0", "height": "52"},
        entry_id=entry.entry_id,
        version=1,
    )
    await writing.write(hanako.actor, yui.book_id, "checkup", {"on": day(35), "which": "m1"})
    await writing.write(hanako.actor, yui.book_id, "milestone", {"on": day(110), "which": "head"})
    return yui, entry


async def rows_of(participant_id: UUID | None):
    async with unit_of_work(OPERATOR, subject=participant_id) as tx:
        return await tx.fetch(
            "SELECT record_id, version, title, body, recorded_at FROM record"
            " WHERE participant_id = app.subject() ORDER BY record_id, version"
        )


async def events_of(actor: Actor) -> list[str]:
    return [str(row.event) for row in (await access_log.page(actor)).rows]


async def test_the_keeper_sees_beforehand_what_moves(hanako: Visitor) -> None:
    yui, _ = await filled(hanako)
    of, content, waiting = await handing_over.content(hanako.actor, yui.book_id)
    assert (of, waiting, content.total) == (yui, None, 4)
    assert [(each.kind, each.entries) for each in content.lines] == [
        ("child", 1),
        ("child-checkup", 1),
        ("child-growth", 1),
        ("child-milestone", 1),
    ]
    code = await handing_over.offer(hanako.actor, yui.book_id)
    assert code.expires_at - clock.now() <= timedelta(days=7)
    assert code.grouped.replace("-", "") == code.digits
    _, _, waiting = await handing_over.content(hanako.actor, yui.book_id)
    assert waiting is not None
    assert len((await service.book(hanako.actor, yui.book_id)).growth) == 1, "nothing moved yet"


async def test_the_book_moves_whole_with_its_history_and_both_logs_say_so(hanako: Visitor) -> None:
    yui, entry = await filled(hanako)
    before = await rows_of(hanako.actor.participant_id)
    aoi, _ = await account_of_a_child()
    code = await handing_over.offer(hanako.actor, yui.book_id)
    seen = await handing_over.look(aoi, code.grouped)
    assert (seen.name, seen.birth_on, seen.total) == ("ゆい", BORN, 4)

    book_id = await handing_over.take(aoi, code.grouped)
    assert await service.children(hanako.actor) == []
    assert await rows_of(hanako.actor.participant_id) == [], "nothing stays behind"
    after = await rows_of(aoi.participant_id)
    assert [(row["record_id"], row["version"], row["recorded_at"]) for row in after] == [
        (row["record_id"], row["version"], row["recorded_at"]) for row in before
    ]
    assert "よく飲む" not in str([dict(row) for row in after]), "sealed anew"

    book = await service.book(aoi, book_id)
    assert (book.child.is_self, book.child.name) == (True, "山本 結衣")
    assert book.child.birth == {"weight": "2.95"}
    assert [each.values["weight"] for each in book.growth] == ["4"]
    assert [each.values["which"] for each in book.checkups] == ["m1"]
    assert [each.values["which"] for each in book.milestones] == ["head"]
    history = await store.history(aoi, [kinds.GROWN.own], entry.entry_id)
    assert [(each.version, each.values["weight"], each.by) for each in history] == [
        (2, "4", "proxy"),
        (1, "3.9", "proxy"),
    ]
    assert history[1].values["note"] == "よく飲む"
    assert "records:child_book:left" in await events_of(hanako.actor)
    assert "records:child_book:taken" in await events_of(aoi)
    sentences = [each["sentence"] for each in await hanako.log()]
    assert any("お子さまのアカウントに移りました" in each for each in sentences)

    # Of its checkups she is told from now on, and the keeper no longer.
    for actor, is_told in ((hanako.actor, False), (aoi, True)):
        async with unit_of_work(actor) as tx:
            days = await due.listed_in(tx, "checkup", book=str(book_id))
        assert bool(days) is is_told
    # It is hers to go on with.
    await writing.write(aoi, book_id, "growth", {"on": day(60), "weight": "5"})
    with pytest.raises(CodeRefused):
        await handing_over.take(aoi, code.digits)


async def test_whoever_acts_for_the_child_takes_it_also_the_keeper_herself(
    hanako: Visitor, ueda: Visitor
) -> None:
    yui, _ = await filled(hanako)
    acting = await acting_as_parent(hanako, ueda.actor)
    code = await handing_over.offer(hanako.actor, yui.book_id)
    assert (await handing_over.look(acting, code.digits)).total == 4
    book_id = await handing_over.take(acting, code.digits)
    assert await service.children(hanako.actor) == []
    book = await service.book(acting, book_id)
    assert (book.child.is_self, len(book.growth)) == (True, 1)


async def test_a_book_of_oneself_that_is_there_already_takes_the_entries_in(
    hanako: Visitor,
) -> None:
    yui, _ = await filled(hanako)
    aoi, _ = await account_of_a_child()
    own = {"on": day(0), "sex": "female", "weight": "2.9"}
    mine = await service.begin(aoi, own, is_self=True)
    code = await handing_over.offer(hanako.actor, yui.book_id)
    assert await handing_over.take(aoi, code.digits) == mine.book_id
    (child,) = await service.children(aoi)
    assert child.birth == {"weight": "2.9"}, "what she wrote herself stands"
    assert len((await service.book(aoi, mine.book_id)).growth) == 1
    heads = await store.entries(aoi, [kinds.BOOK.own])
    assert {each.values["weight"] for each in heads} == {"2.9", "2.95"}, "and nothing is lost"


async def test_of_two_who_take_it_at_once_one_has_it_and_the_other_is_refused(
    hanako: Visitor,
) -> None:
    yui, _ = await filled(hanako)
    twins = [(await account_of_a_child())[0] for _ in range(2)]
    code = await handing_over.offer(hanako.actor, yui.book_id)
    answers = await asyncio.gather(
        *(handing_over.take(each, code.digits) for each in twins), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in answers) == ["CodeRefused", "UUID"]
    held = [len(await rows_of(each.participant_id)) for each in twins]
    assert sorted(held) == [0, 5]


async def test_a_new_number_ends_the_earlier_and_calling_off_ends_it(hanako: Visitor) -> None:
    yui, _ = await filled(hanako)
    aoi, _ = await account_of_a_child()
    first = await handing_over.offer(hanako.actor, yui.book_id)
    second = await handing_over.offer(hanako.actor, yui.book_id)
    with pytest.raises(CodeRefused):
        await handing_over.take(aoi, first.digits)
    await handing_over.call_off(hanako.actor, yui.book_id)
    await handing_over.call_off(hanako.actor, yui.book_id)
    with pytest.raises(CodeRefused):
        await handing_over.take(aoi, second.digits)
    assert (await handing_over.content(hanako.actor, yui.book_id))[2] is None
    assert (await events_of(hanako.actor)).count("records:child_book:called_off") == 1


async def test_after_seven_days_a_number_is_worth_nothing(hanako: Visitor, admin) -> None:
    yui, _ = await filled(hanako)
    aoi, _ = await account_of_a_child()
    code = await handing_over.offer(hanako.actor, yui.book_id)
    await admin.execute(
        "UPDATE child_offer SET made_at = made_at - interval '8 days',"
        " expires_at = expires_at - interval '8 days' WHERE book_id = $1",
        yui.book_id,
    )
    for call in (handing_over.look, handing_over.take):
        with pytest.raises(CodeRefused):
            await call(aoi, code.digits)
    assert (await handing_over.content(hanako.actor, yui.book_id))[2] is None


async def test_only_somebody_born_on_that_day_takes_it(hanako: Visitor) -> None:
    yui, _ = await filled(hanako)
    other, _ = await account_of_a_child(BORN - timedelta(days=1))
    code = await handing_over.offer(hanako.actor, yui.book_id)
    for call in (handing_over.look, handing_over.take):
        with pytest.raises(OtherBirthDay):
            await call(other, code.digits)
    with pytest.raises(OtherBirthDay):
        await handing_over.look(hanako.actor, code.digits)
    assert len((await service.book(hanako.actor, yui.book_id)).growth) == 1, "all or nothing"
    assert await rows_of(other.participant_id) == []


async def test_nobody_hands_a_book_over_to_themselves(hanako: Visitor) -> None:
    person = await service.person(hanako.actor)
    book = await begun(hanako, born=person.birth_on)
    code = await handing_over.offer(hanako.actor, book.book_id)
    with pytest.raises(CodeRefused):
        await handing_over.take(hanako.actor, code.digits)
    assert len(await service.children(hanako.actor)) == 1


async def test_who_does_not_take_part_takes_nothing_over(hanako: Visitor) -> None:
    yui, _ = await filled(hanako)
    aoi, _ = await account_of_a_child()
    await leaving.take_part(aoi, "withdrawn")
    code = await handing_over.offer(hanako.actor, yui.book_id)
    with pytest.raises(NotTakingPart):
        await handing_over.take(aoi, code.digits)
    assert len((await service.book(hanako.actor, yui.book_id)).growth) == 1


async def refusal_of(actor: Actor) -> type[Problem] | None:
    try:
        await handing_over.look(actor, WRONG)
    except Problem as refusal:
        return type(refusal)
    return None


async def test_guesses_wait_and_a_number_that_is_none_costs_nothing(hanako: Visitor) -> None:
    yui, _ = await filled(hanako)
    aoi, _ = await account_of_a_child()
    code = await handing_over.offer(hanako.actor, yui.book_id)
    for typed in ("", "１２３", "abc", WRONG + "0"):
        with pytest.raises(CodeRefused):
            await handing_over.look(aoi, typed)
    refusals = [await refusal_of(aoi) for _ in range(6)]
    assert refusals[:3] == [CodeRefused] * 3
    assert refusals[-1] is CodeThrottled
    with pytest.raises(CodeThrottled):
        await handing_over.take(aoi, code.digits)


async def test_a_book_of_oneself_and_somebody_elses_are_not_handed_over(
    hanako: Visitor, yumi: Visitor
) -> None:
    yui, _ = await filled(hanako)
    aoi, _ = await account_of_a_child()
    mine = await service.begin(aoi, {"on": day(0), "sex": "female"}, is_self=True)
    for actor, book_id in ((aoi, mine.book_id), (yumi.actor, yui.book_id)):
        with pytest.raises(NotFound):
            await handing_over.offer(actor, book_id)
        with pytest.raises(NotFound):
            await handing_over.content(actor, book_id)


async def test_a_removed_book_is_offered_no_longer(hanako: Visitor) -> None:
    yui, _ = await filled(hanako)
    aoi, _ = await account_of_a_child()
    code = await handing_over.offer(hanako.actor, yui.book_id)
    await service.remove(hanako.actor, yui.book_id)
    with pytest.raises(CodeRefused):
        await handing_over.take(aoi, code.digits)


async def test_a_kind_that_nobody_moves_stops_the_whole(hanako: Visitor) -> None:
    yui, _ = await filled(hanako)
    aoi, _ = await account_of_a_child()
    stray = kinds.Kind(
        name="stray",
        category="child",
        code=kinds.Coded("urn:x", "stray", "迷子"),
        title="迷子",
        fields=(kinds.Words(name="note", code=kinds.Coded("urn:x", "note", "")),),
        is_of_somebody_else=True,
    )
    wish = store.Wish(stray, {"on": day(10), "note": "x"}, str(yui.book_id))
    await store.write(hanako.actor, wish)
    code = await handing_over.offer(hanako.actor, yui.book_id)
    with pytest.raises(LookupError):
        await handing_over.take(aoi, code.digits)
    assert len((await service.book(hanako.actor, yui.book_id)).growth) == 1
    paired = kinds.Pair(stray, kinds.replace(stray, name="own-stray", is_of_somebody_else=False))
    handing_over.also_moves([paired, paired])
    try:
        await handing_over.take(aoi, code.digits)
    finally:
        handing_over._PAIRS.remove(paired)
    (moved,) = await store.entries(aoi, [paired.own])
    assert moved.values["note"] == "x"


async def test_school_checkups_move_with_the_book(hanako: Visitor) -> None:
    yui = await begun(hanako)
    typed = {"on": day(30), "grade": "k3", "height": "90"}
    wish = store.Wish(CHILD_SCHOOL, typed, book=str(yui.book_id), is_sure=True)
    await store.write(hanako.actor, wish)
    aoi, _ = await account_of_a_child()
    code = await handing_over.offer(hanako.actor, yui.book_id)
    book_id = await handing_over.take(aoi, code.digits)
    (moved,) = await store.entries(aoi, [SCHOOL], book=str(book_id))
    assert moved.values == typed
    assert await store.entries(hanako.actor, [CHILD_SCHOOL]) == []


def test_every_kind_in_a_child_s_book_has_one_to_move_into() -> None:
    of_children = {each.name for each in KINDS.values() if each.is_of_somebody_else}
    of_children.remove("newborn")  # in the book of a pregnancy
    assert of_children <= {each.of_child.name for each in handing_over._PAIRS}
