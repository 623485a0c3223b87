"""Hanako writes, corrects and removes; it lies sealed, and who may read it reads it."""

import asyncpg
import pytest

from api.consent import service as consent
from api.consent.lifecycle import leaving
from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.phr.entries import service
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from api.phr.entries.service import Wish
from api.records import service as records
from tests.phr.samples import CHILD, SAMPLE, WEIGHT
from tests.portal.scene import Place, Visitor


def wish(**fields: str) -> Wish:
    return Wish(SAMPLE, {"on": clock.today_in_japan().isoformat(), **fields})


async def stored(hanako: Visitor) -> list[asyncpg.Record]:
    async with unit_of_work(OPERATOR, subject=hanako.actor.participant_id) as tx:
        return await tx.fetch("SELECT * FROM record WHERE participant_id = app.subject()")


async def test_what_she_wrote_comes_back_and_lies_sealed(hanako: Visitor) -> None:
    written = await service.write(hanako.actor, wish(weight="62.5", remark="ひみつの日記"))
    (found,) = await service.entries(hanako.actor, [SAMPLE])
    assert found == written
    assert found.values["remark"] == "ひみつの日記"
    (row,) = await stored(hanako)
    assert "62.5" not in row["body"]
    assert "ひみつ" not in str(dict(row))
    assert row["title"] == "見本"
    (event, *_) = await hanako.log()
    assert event["event"] == "records:own:added"
    assert "ひみつ" not in str(event)


async def test_a_correction_keeps_what_was_before_and_two_at_once_are_told(
    hanako: Visitor,
) -> None:
    first = await service.write(hanako.actor, wish(weight="62.5"))
    again = wish(weight="61")._replace(entry_id=first.entry_id, version=1)
    second = await service.write(hanako.actor, again)
    assert second.version == 2
    assert await service.write(hanako.actor, again) == second, "the same correction, sent twice"
    with pytest.raises(EntryChanged):
        await service.write(
            hanako.actor, wish(weight="60")._replace(entry_id=first.entry_id, version=1)
        )
    history = await service.history(hanako.actor, [SAMPLE], first.entry_id)
    assert [each.values["weight"] for each in history] == ["61", "62.5"]


async def test_the_same_key_again_is_the_same_entry(hanako: Visitor) -> None:
    keyed = wish(weight="62.5")._replace(key="scale-1", by="device", device="体重計")
    first = await service.write(hanako.actor, keyed)
    other = keyed._replace(fields={**keyed.fields, "weight": "99"})
    assert await service.write(hanako.actor, other) == first
    assert first.by == "device"
    assert first.device == "体重計"


async def test_what_is_wrong_in_one_of_many_stores_none(hanako: Visitor) -> None:
    async with unit_of_work(hanako.actor) as tx:
        with pytest.raises(EntryFaults) as refused:
            await service.write_all_in(
                tx, hanako.actor, [wish(weight="62"), wish(weight="6200"), wish(weight="61")]
            )
    assert refused.value.place == 1
    assert await stored(hanako) == []


async def test_odd_values_are_kept_once_said_to_be_right(hanako: Visitor) -> None:
    with pytest.raises(EntryFaults) as refused:
        await service.write(hanako.actor, wish(weight="180"))
    assert not refused.value.faults
    kept = await service.write(hanako.actor, wish(weight="180")._replace(sure=refused.value.sure))
    assert kept.values["weight"] == "180"


async def test_removed_is_gone_with_every_version_and_the_log_says_so(hanako: Visitor) -> None:
    first = await service.write(hanako.actor, wish(weight="62.5"))
    again = wish(weight="61")._replace(entry_id=first.entry_id, version=1)
    await service.write(hanako.actor, again)
    await service.remove(hanako.actor, first.entry_id)
    assert await stored(hanako) == []
    assert (await hanako.log())[0]["event"] == "records:own:removed"
    with pytest.raises(NotFound):
        await service.remove(hanako.actor, first.entry_id)


async def test_somebody_else_finds_nothing_of_it(hanako: Visitor, yumi: Visitor) -> None:
    await leaving.take_part(yumi.actor, "participating")
    first = await service.write(hanako.actor, wish(weight="62.5"))
    assert await service.entries(yumi.actor, [SAMPLE]) == []
    change = wish(weight="61")._replace(entry_id=first.entry_id, version=1)
    for attempt in (
        service.one(yumi.actor, [SAMPLE], first.entry_id),
        service.remove(yumi.actor, first.entry_id),
        service.write(yumi.actor, change),
        service.one(hanako.actor, [WEIGHT], first.entry_id),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_who_takes_no_part_writes_nothing(hanako: Visitor) -> None:
    await leaving.take_part(hanako.actor, "withdrawn")
    with pytest.raises(NotTakingPart):
        await service.write(hanako.actor, wish(weight="62.5"))


async def test_books_are_kept_apart_and_removed_whole(hanako: Visitor) -> None:
    for book, weight in (("a", "8"), ("b", "9"), ("b", "9.5")):
        fields = {"on": "2026-05-01", "weight": weight}
        asked = Wish(CHILD, fields, book=book, is_sure=True)
        await service.write(hanako.actor, asked)
    found = await service.entries(hanako.actor, [CHILD], book="b")
    assert sorted(each.values["weight"] for each in found) == ["9", "9.5"]
    async with unit_of_work(hanako.actor) as tx:
        assert await service.remove_book_in(tx, hanako.actor, "b") == 2
    assert len(await service.entries(hanako.actor, [CHILD])) == 1


async def test_her_doctor_reads_it_opened_on_every_way(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    state = await consent.settings(hanako.actor)
    await hanako.turn("facility", clinic.facility_id, "yes", state.directive.version)
    entry = await service.write(hanako.actor, wish(weight="62.5", remark="朝の体重"))
    subject = hanako.actor.participant_id
    assert subject
    page = await records.read(sato.actor, subject, ("Observation",))
    assert b"sealed" not in page.entries
    assert b'"value":62.5' in page.entries
    assert "朝の体重".encode() in page.entries
    assert b"urn:tsunagu:source:self" in page.entries
    one = await records.read(sato.actor, subject, ("Observation",), record_id=entry.entry_id)
    assert b'"value":62.5' in one.entries
    shown = (await sato.get(f"/clinic/participants/{subject}")).text
    assert "見本" in shown
    own = (await hanako.get(f"/records/{entry.entry_id}")).text
    assert "62.5" in own


async def test_a_forged_seal_opens_nothing_and_harms_nothing(hanako: Visitor) -> None:
    entry = await service.write(hanako.actor, wish(weight="62.5", remark='"sealed":"' + "A" * 20))
    (found,) = await service.entries(hanako.actor, [SAMPLE])
    assert found.values["remark"] == '"sealed":"' + "A" * 20
    assert found.entry_id == entry.entry_id


async def test_postgresql_lets_nobody_else_make_or_see_the_key(
    hanako: Visitor, sato: Visitor
) -> None:
    await service.write(hanako.actor, wish(weight="62.5"))
    subject = hanako.actor.participant_id
    assert subject
    async with unit_of_work(sato.actor) as tx:
        seen = await tx.fetch("SELECT * FROM keystore_phr_keys($1, '{}')", [subject])
        assert seen == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.fetch("SELECT * FROM keystore_phr_keys($1, $2)", [subject], [b"x" * 60])
