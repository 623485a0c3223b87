"""What code should never do about matching, PostgreSQL refuses whatever the code asks."""

from uuid import UUID

import asyncpg
import pytest

from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from tests.records.matching.conftest import Enrol, Enrolled

CANDIDATES = "SELECT * FROM records_match_candidates('', $1, '{}', $2, '', '{}', '')"
LINK = (
    "INSERT INTO facility_patient (participant_id, facility_id, local_id, way)"
    " VALUES (app.subject(), $1, 'X1', $2)"
)


@pytest.fixture
async def hanako(enrol: Enrol) -> Enrolled:
    return await enrol()


@pytest.mark.parametrize(
    "kind",
    [ActorKind.PARTICIPANT, ActorKind.PROFESSIONAL, ActorKind.SUPPORT, ActorKind.AUDITOR],
)
async def test_only_for_a_facility_that_sends_are_candidates_looked_up(
    hanako: Enrolled, clinic: Actor, kind: ActorKind
):
    actor = Actor(kind=kind, participant_id=hanako.id, facility_id=clinic.facility_id)
    async with unit_of_work(actor) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.fetch(CANDIDATES, hanako.person.birth_on, hanako.person.name)


async def test_nobody_looks_candidates_up_without_a_facility(hanako: Enrolled):
    async with unit_of_work(OPERATOR) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.fetch(CANDIDATES, hanako.person.birth_on, hanako.person.name)


@pytest.mark.parametrize("way", ["officer", "score"])
async def test_an_officer_links_no_number_without_a_decision_of_their_own(
    hanako: Enrolled, clinic: Actor, ueda: Actor, way: str
):
    async with unit_of_work(ueda, subject=hanako.id) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(LINK, clinic.facility_id, way)


async def test_an_officer_decides_no_doubt_in_the_name_of_another(
    hanako: Enrolled, clinic: Actor, ueda: Actor, second_officer: Actor
):
    async with unit_of_work(clinic) as tx:
        await tx.execute(
            "SELECT records_note_doubtful('D1', '{}'::jsonb, $1, '{}'::jsonb, 25)", hanako.id
        )
    async with unit_of_work(ueda, subject=hanako.id) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(
                "UPDATE patient_match SET decision = 'same', reason = 'x', sent = NULL,"
                " decided_by = $1, decided_by_name = '第二', decided_at = now(),"
                " seen_by = app.account(), seen_by_name = '上田', seen_at = now()"
                " WHERE participant_id = app.subject()",
                second_officer.account_id,
            )


async def test_a_facility_ends_no_link(hanako: Enrolled, clinic: Actor):
    async with unit_of_work(clinic, subject=hanako.id) as tx:
        await tx.execute(LINK, clinic.facility_id, "entered")
    async with unit_of_work(clinic, subject=hanako.id) as tx:
        await tx.execute("DELETE FROM facility_patient WHERE participant_id = app.subject()")
        left = await tx.fetchval(
            "SELECT count(*) FROM facility_patient WHERE participant_id = app.subject()"
        )
    assert left == 1


async def test_nobody_but_the_participant_says_that_a_number_is_not_theirs(
    hanako: Enrolled, clinic: Actor
):
    async with unit_of_work(clinic, subject=hanako.id) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(
                "INSERT INTO number_step (participant_id, facility_id, local_id, act)"
                " VALUES (app.subject(), $1, 'X', 'not_me')",
                clinic.facility_id,
            )


@pytest.mark.parametrize("kind", [ActorKind.SYSTEM, ActorKind.PROFESSIONAL, ActorKind.OPERATOR])
async def test_only_officers_ask_for_a_merge(
    hanako: Enrolled, enrol: Enrol, clinic: Actor, kind: ActorKind
):
    other = await enrol()
    actor = Actor(kind=kind, facility_id=clinic.facility_id)
    async with unit_of_work(actor, subject=hanako.id) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(
                "INSERT INTO participant_merge (participant_id, other_id, reason, asked_by,"
                " asked_by_name) VALUES (app.subject(), $1, 'x', $1, 'x')",
                other.id,
            )


async def test_no_record_moves_without_a_merge(hanako: Enrolled):
    me = Actor(kind=ActorKind.PARTICIPANT, participant_id=hanako.id)
    for statement in (
        "SELECT records_take_over($1, '{}', false)",
        "SELECT records_give_back($1)",
    ):
        async with unit_of_work(me) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await tx.execute(statement, UUID(int=5))


async def test_the_application_moves_no_record_itself(hanako: Enrolled, enrol: Enrol):
    other = await enrol()
    me = Actor(kind=ActorKind.PARTICIPANT, participant_id=hanako.id)
    async with unit_of_work(me) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute("UPDATE record SET participant_id = $1", other.id)
