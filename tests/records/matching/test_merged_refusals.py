"""Whose records either of two registrations refuses, the one that they become refuses too."""

import json
from uuid import UUID

import asyncpg
import pytest

from api import demo
from api.consent import service as consent
from api.consent.settings.switches import RefuseSource
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.records.errors import NotStored
from api.records.incoming import service as ingest
from api.records.matching import merging
from tests.records import shapes, stored
from tests.records.matching.test_merging import Pair, merged, pair

__all__ = ["pair"]


async def refuse(actor: Actor, facility: Actor, *, on: bool = True) -> None:
    assert facility.facility_id is not None
    version = (await consent.settings(actor)).directive.version
    await consent.change(
        actor, [RefuseSource(facility.facility_id, on=on)], expected_version=version
    )


async def refused_by(actor: Actor) -> list[UUID]:
    return list((await consent.settings(actor)).directive.refused_sources)


def result_of(subject: UUID, value: str) -> bytes:
    number = {"system": shapes.patient_in_facility(demo.CLINIC), "value": f"P{subject.hex}"}
    return json.dumps(shapes.lab(subject={"identifier": number}, valueString=value)).encode()


async def test_what_the_other_refused_is_refused_by_who_remains(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor, hospital: Actor
):
    await refuse(pair.theirs, clinic)
    await refuse(pair.mine, hospital)
    for value in ("1", "2"):
        await ingest.store(clinic, result_of(pair.remains.id, value))
    count = len(await stored.records(pair.remains.id)) + len(await stored.records(pair.other.id))
    await merged(pair, ueda, second_officer)
    assert set(await refused_by(pair.mine)) == {clinic.facility_id, hospital.facility_id}
    for subject in (pair.remains.id, pair.other.id):
        with pytest.raises(NotStored) as refusal:
            await ingest.store(clinic, result_of(subject, "3"))
        assert refusal.value.status == 403
    assert len(await stored.records(pair.remains.id)) == count


@pytest.mark.parametrize("by", ["ueda", "mine", "theirs"])
async def test_a_split_gives_back_what_was_refused_before(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor, hospital: Actor, by: str
):
    await refuse(pair.theirs, clinic)
    await refuse(pair.mine, hospital)
    merge_id = await merged(pair, ueda, second_officer)
    actor = {"ueda": ueda, "mine": pair.mine, "theirs": pair.theirs}[by]
    await merging.split(actor, merge_id, "別の方とわかりました")
    assert await refused_by(pair.mine) == [hospital.facility_id]
    assert await refused_by(pair.theirs) == [clinic.facility_id]
    await ingest.store(clinic, result_of(pair.remains.id, "3"))
    with pytest.raises(NotStored):
        await ingest.store(clinic, result_of(pair.other.id, "3"))


async def test_what_both_refused_and_what_she_chose_anew_stays_hers_after_a_split(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor, hospital: Actor
):
    for actor, facility in (
        (pair.mine, hospital),
        (pair.theirs, hospital),
        (pair.theirs, clinic),
    ):
        await refuse(actor, facility)
    merge_id = await merged(pair, ueda, second_officer)
    await refuse(pair.mine, clinic, on=False)
    await refuse(pair.mine, clinic)
    await merging.split(pair.theirs, merge_id)
    assert set(await refused_by(pair.mine)) == {clinic.facility_id, hospital.facility_id}


async def test_nothing_refused_leaves_no_version_of_the_settings(
    pair: Pair, ueda: Actor, second_officer: Actor
):
    merge_id = await merged(pair, ueda, second_officer)
    await merging.split(pair.mine, merge_id)
    assert (await consent.settings(pair.mine)).directive.version == 0


async def test_nobody_notes_a_refusal_without_a_yes(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor
):
    merge_id = await merging.ask(ueda, pair.remains.id, pair.other.id, "同じ方と確認")
    async with unit_of_work(pair.mine) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(
                "INSERT INTO participant_merge_refusal VALUES (app.subject(), $1, $2, 1)",
                merge_id,
                clinic.facility_id,
            )
