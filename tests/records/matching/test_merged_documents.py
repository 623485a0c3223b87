"""What documents hold when two registrations become one, and when they are two again."""

import asyncio
import contextvars
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from api import demo
from api.consent.facts import Provision
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.records.incoming import service as ingest
from api.records.matching import merging
from tests.portal import scene
from tests.records import shapes, stored
from tests.records.matching.conftest import Enrolled
from tests.records.matching.test_merging import Pair, merged, pair
from tests.records.test_ingest import named

__all__ = ["pair"]


def letter(of: Enrolled, *illnesses: str, name: str, version: str = "1") -> bytes:
    """A summary of one name that holds these illnesses, each under its own name."""
    number = {
        "system": shapes.patient_in_facility(demo.CLINIC),
        "value": f"P{of.id.hex}",
    }
    subject = {"reference": "urn:uuid:patient"}
    conditions = [
        shapes.condition(identifier=named(f"c-{each}"), code={"text": each}, subject=subject)
        for each in illnesses
    ]
    bundle = shapes.document(*conditions, title=f"退院時サマリー {version}")
    bundle["identifier"]["value"] = name
    bundle["entry"][1]["resource"] = shapes.patient(
        identifier=[number], birthDate=str(of.person.birth_on)
    )
    return json.dumps(bundle, ensure_ascii=False).encode()


async def current(subject: UUID) -> dict[str, dict[str, Any]]:
    """Documents and conditions that stand now, by what they say."""
    rows = [row for row in await stored.records(subject) if row["is_current"]]
    found = {}
    for row in rows:
        body = json.loads(row["body"])
        if row["resource_type"] == "Bundle":
            found[body["identifier"]["value"]] = row
        elif row["resource_type"] == "Condition":
            found[body["code"]["text"]] = row
    return found


async def ties(subject: UUID) -> set[tuple[UUID, UUID, bool]]:
    async with unit_of_work(Actor(kind=ActorKind.PARTICIPANT, participant_id=subject)) as tx:
        rows = await tx.fetch(
            "SELECT document_id, record_id, is_named FROM document_part"
            " WHERE participant_id = app.subject()"
        )
    return {tuple(row.values()) for row in rows}


def is_withdrawn(row: dict[str, Any]) -> bool:
    return "verificationStatus" in json.loads(row["body"])


async def test_what_a_moved_document_holds_stays_held_and_goes_back_with_it(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor
):
    await ingest.store(clinic, letter(pair.other, "胃潰瘍", "高血圧症", name="L"))
    before = await ties(pair.other.id)
    assert len(before) == 2
    merge_id = await merged(pair, ueda, second_officer)
    assert await ties(pair.remains.id) == before
    assert await ties(pair.other.id) == set()
    await merging.split(pair.mine, merge_id)
    assert await ties(pair.other.id) == before
    assert await ties(pair.remains.id) == set()


async def test_a_new_version_after_the_merge_withdraws_what_it_no_longer_holds(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor
):
    await ingest.store(clinic, letter(pair.other, "胃潰瘍", "高血圧症", name="L"))
    merge_id = await merged(pair, ueda, second_officer)
    await ingest.store(clinic, letter(pair.other, "高血圧症", "糖尿病", name="L", version="2"))
    now = await current(pair.remains.id)
    assert {name for name, row in now.items() if is_withdrawn(row)} == {"胃潰瘍"}
    held = await ties(pair.remains.id)
    await merging.split(ueda, merge_id, "別の方とわかりました")
    # What came as part of the document alone goes where the document goes.
    back = await current(pair.other.id)
    assert set(back) == {"L", "胃潰瘍", "高血圧症", "糖尿病"}
    assert await current(pair.remains.id) == {}
    assert await ties(pair.other.id) == held
    assert await ties(pair.remains.id) == set()
    await ingest.store(clinic, letter(pair.other, "高血圧症", name="L", version="3"))
    after = await current(pair.other.id)
    assert {name for name, row in after.items() if is_withdrawn(row)} == {"胃潰瘍", "糖尿病"}


async def test_what_both_had_is_held_by_the_one_that_goes_on(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor
):
    await ingest.store(clinic, letter(pair.remains, "高血圧症", name="mine"))
    await ingest.store(clinic, letter(pair.remains, name="both"))
    await ingest.store(clinic, letter(pair.other, "高血圧症", name="theirs"))
    await ingest.store(clinic, letter(pair.other, "胃潰瘍", name="both"))
    before = await ties(pair.remains.id), await ties(pair.other.id)
    merge_id = await merged(pair, ueda, second_officer)
    now = await current(pair.remains.id)
    assert {(now["theirs"]["record_id"], now["高血圧症"]["record_id"], True),
            (now["both"]["record_id"], now["胃潰瘍"]["record_id"], True)} < await ties(
        pair.remains.id
    )  # fmt: skip
    # One document drops it; the other, which came along, holds it still.
    await ingest.store(clinic, letter(pair.remains, name="mine", version="2"))
    assert not is_withdrawn((await current(pair.remains.id))["高血圧症"])
    await merging.split(pair.mine, merge_id)
    mine, (document, record, _) = await ties(pair.remains.id), min(before[0])
    assert (mine, await ties(pair.other.id)) == ({(document, record, False)}, before[1])


async def test_a_document_that_came_meanwhile_keeps_nothing_of_who_goes(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor
):
    await ingest.store(clinic, letter(pair.other, "胃潰瘍", name="L"))
    merge_id = await merged(pair, ueda, second_officer)
    await ingest.store(clinic, letter(pair.remains, "胃潰瘍", name="M"))
    assert len(await ties(pair.remains.id)) == 2
    await merging.split(pair.mine, merge_id)
    assert await ties(pair.remains.id) == set()
    assert set(await current(pair.remains.id)) == {"M"}
    assert len(await ties(pair.other.id)) == 1


@pytest.mark.parametrize("is_theirs", [True, False])
async def test_hidden_with_its_document_a_part_stays_hidden(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor, is_theirs: bool
):
    """She hid the document in one registration; either holds what is hidden with it."""
    await ingest.store(clinic, letter(pair.other, "胃潰瘍", name="L"))
    await ingest.store(clinic, letter(pair.other, "高血圧症", name="open"))
    hider, actor = (pair.other, pair.theirs) if is_theirs else (pair.remains, pair.mine)
    if not is_theirs:
        await ingest.store(clinic, letter(pair.remains, name="L"))
    hidden = (await current(hider.id))["L"]["record_id"]
    await scene.decided(actor, Provision(id=1, kind="deny", axis="filter", record_ids=(hidden,)))
    merge_id = await merged(pair, ueda, second_officer)
    now = await current(pair.remains.id)
    assert now["胃潰瘍"]["sensitivity"] == 2
    assert now["高血圧症"]["sensitivity"] == now["open"]["sensitivity"] == 0
    # What it comes to hold after the merge is no more open than it.
    new = letter(pair.other, "胃潰瘍", "糖尿病", name="L", version="2")
    await ingest.store(clinic, new)
    assert (await current(pair.remains.id))["糖尿病"]["sensitivity"] == 2
    await merging.split(pair.mine, merge_id)
    # As it was; what came meanwhile stays as closed as it came.
    rows = [row for row in await stored.records(pair.other.id) if row["version"] == 1]
    levels = {row["title"]: row["sensitivity"] for row in rows}
    assert levels["胃潰瘍"] == 0
    assert (await current(pair.other.id))["胃潰瘍"]["sensitivity"] == 2


async def test_what_was_given_back_is_not_given_back_again(
    pair: Pair, ueda: Actor, second_officer: Actor
):
    merge_id = await merged(pair, ueda, second_officer)
    await merging.split(pair.mine, merge_id)
    for actor in (pair.mine, pair.theirs):
        async with unit_of_work(actor) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="given back"):
                await tx.fetchval("SELECT records_give_back($1)", merge_id)


async def test_what_never_moved_is_not_given_back(pair: Pair, ueda: Actor, second_officer: Actor):
    merge_id = await merging.ask(ueda, pair.remains.id, pair.other.id, "同じ方と確認")
    await merging.confirm(second_officer, merge_id)
    await merging.split(pair.mine, merge_id)
    async with unit_of_work(pair.mine) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.fetchval("SELECT records_give_back($1)", merge_id)


async def test_a_yes_said_while_it_is_taken_apart_goes_back_whole(
    pair: Pair, ueda: Actor, second_officer: Actor, monkeypatch: pytest.MonkeyPatch
):
    merge_id = await merging.ask(ueda, pair.remains.id, pair.other.id, "同じ方と確認")
    await merging.confirm(second_officer, merge_id)
    outside, real, waits = contextvars.copy_context(), merging._held_still, [True]

    async def after_the_yes(*args: Any) -> Any:
        if waits:
            waits.clear()
            yes = merging.answer(pair.mine, merge_id, is_yes=True)
            await outside.run(asyncio.create_task, yes)
        return await real(*args)

    monkeypatch.setattr(merging, "_held_still", after_the_yes)
    await merging.split(ueda, merge_id, "別の方とわかりました")
    assert len(await stored.records(pair.other.id)) == 2
