"""Hanako decides beforehand how delicate the records are that will arrive."""

import asyncio

import pytest

from api.access_log.events import EventName
from api.consent import service as consent
from api.consent.facts import NORMAL, RESTRICTED
from api.consent.settings.switches import SetIncomingLevel
from api.core.actor import Actor, ActorKind
from api.records.incoming import service as ingest
from tests.records import shapes, stored
from tests.records.conftest import Person
from tests.records.test_ingest import as_bytes, named, take_part


async def wish(person: Person, level: int) -> None:
    actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=person.id)
    version = (await consent.settings(actor)).directive.version
    await consent.change(actor, [SetIncomingLevel(level)], expected_version=version)


async def levels(person: Person) -> list[tuple[str, int]]:
    """Title and sensitivity of every version, oldest first."""
    return [(row["title"], row["sensitivity"]) for row in await stored.records(person.id)]


async def test_only_what_arrives_from_then_on_is_of_that_level(clinic: Actor, hanako: Person):
    await take_part(hanako, "participating")
    lab = shapes.lab(subject=hanako.as_patient)
    await ingest.store(clinic, as_bytes(lab | {"code": {"text": "before"}}))
    await wish(hanako, RESTRICTED)
    await ingest.store(clinic, as_bytes(lab | {"code": {"text": "after"}}))
    await wish(hanako, NORMAL)
    await ingest.store(clinic, as_bytes(lab | {"code": {"text": "again"}}))
    assert await levels(hanako) == [("before", NORMAL), ("after", RESTRICTED), ("again", NORMAL)]


@pytest.mark.parametrize("wished", [NORMAL, RESTRICTED])
async def test_what_comes_as_more_delicate_stays_so(clinic: Actor, hanako: Person, wished: int):
    await take_part(hanako, "participating")
    await wish(hanako, wished)
    await ingest.store(
        clinic, as_bytes(shapes.condition(subject=hanako.as_patient, code={"text": "うつ病"}))
    )
    assert await levels(hanako) == [("うつ病", RESTRICTED)]


async def test_a_new_version_is_never_less_delicate_than_the_one_before(
    clinic: Actor, hanako: Person
):
    await take_part(hanako, "participating")
    lab = shapes.lab(subject=hanako.as_patient, identifier=named("lab-1"))
    await ingest.store(clinic, as_bytes(lab | {"status": "preliminary"}))
    await wish(hanako, RESTRICTED)
    await ingest.store(clinic, as_bytes(lab))
    assert [level for _, level in await levels(hanako)] == [NORMAL, NORMAL]
    other = lab | {"identifier": named("lab-2")}
    await ingest.store(clinic, as_bytes(other | {"status": "preliminary"}))
    await wish(hanako, NORMAL)
    await ingest.store(clinic, as_bytes(other))
    assert [level for _, level in await levels(hanako)] == [NORMAL, NORMAL, RESTRICTED, RESTRICTED]


async def test_one_name_twice_in_one_bundle_is_of_one_level(clinic: Actor, hanako: Person):
    await take_part(hanako, "participating")
    await wish(hanako, RESTRICTED)
    lab = shapes.lab(subject=hanako.as_patient, identifier=named("lab-1"))
    bundle = shapes.posted(lab | {"status": "preliminary"}, lab)
    await ingest.store(clinic, as_bytes(bundle))
    assert [level for _, level in await levels(hanako)] == [RESTRICTED, RESTRICTED]


async def test_a_setting_changed_while_bundles_come_in_holds_for_whole_bundles_in_log_order(
    clinic: Actor, hanako: Person
):
    """Each bundle has a size of its own, by which its event in the log is known."""
    await take_part(hanako, "participating")
    lab = shapes.lab(subject=hanako.as_patient)
    bundles = [
        as_bytes(shapes.posted(*(lab | {"code": {"text": f"{size}-{n}"}} for n in range(size))))
        for size in range(1, 9)
    ]
    sending = [ingest.store(clinic, body) for body in bundles]
    await asyncio.gather(*sending[:4], wish(hanako, RESTRICTED), *sending[4:])
    level, expected = NORMAL, {}
    for event in reversed(await stored.log(hanako.id)):
        if event.event == EventName.DISCLOSURE_CHANGED:
            level = RESTRICTED
        if event.event == EventName.RECORD_STORED:
            (kinds,) = event.detail["resources"]
            expected[kinds["count"]] = level
    assert expected.keys() == set(range(1, 9))
    for title, kept in await levels(hanako):
        assert kept == expected[int(title.partition("-")[0])], title
