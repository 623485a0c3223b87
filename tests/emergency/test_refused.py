"""What PostgreSQL refuses by itself, each by the very statement that tries it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from msgspec import structs

from api.consent import policies
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.directory import service as directory
from api.emergency import choices
from api.emergency.reach import Choice
from api.records import queries as record_queries
from notifications import service as notifications
from tests.emergency.conftest import opened, who, wrote
from tests.emergency.test_sessions import moved_back
from tests.portal import scene

REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.IntegrityConstraintViolationError)
STEP = (
    "INSERT INTO emergency_step (participant_id, session_id, step, kind, state, after)"
    " VALUES (app.subject(), $1, $2, $3, $4, $5)"
)
REVIEW = (
    "INSERT INTO emergency_review_step (participant_id, session_id, step, state, after, words,"
    " by_name) VALUES (app.subject(), $1, $2, $3, $4, '', '')"
)


def btg(actor: Actor) -> Actor:
    return structs.replace(actor, purpose_of_use="BTG")


async def step(actor: Actor, about: Actor, session_id: UUID, *fields: Any) -> None:
    async with unit_of_work(actor, subject=about.participant_id) as tx:
        await tx.execute(STEP, session_id, *fields)


async def review(actor: Actor, about: Actor, session_id: UUID, *fields: Any) -> None:
    async with unit_of_work(actor, subject=about.participant_id) as tx:
        await tx.execute(REVIEW, session_id, *fields)


async def raw_read(actor: Actor, about: Actor) -> int:
    """All there is, whatever was decided; never committed. Answers how many records came."""
    async with unit_of_work(actor, subject=about.participant_id) as tx:
        held = await policies.locked_policy_in(tx)
        standing = await directory.standing_in(tx, actor)
        assert held is not None
        plan = record_queries.ReadPlan(
            "bundle", (), None, standing.revision, held.policy_version, ("allergy",), (), (), 1,
            None, True, "", None, 50, "", "records:record:read",
        )  # fmt: skip
        row = await record_queries.read_in(tx, actor, who(about), plan)
        assert row is not None
        raise Read(row["shown"])


class Read(Exception):
    """It was read after all."""


@pytest.fixture
async def allergy(clinic, hanako) -> UUID:
    return await wrote(clinic, hanako, "allergy", "ペニシリン")


async def test_a_read_needs_a_running_session(mori, hanako, allergy, admin):
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no emergency session"):
        await raw_read(btg(mori), hanako)
    session = await opened(mori, hanako)
    with pytest.raises(Read, match="1"):
        await raw_read(btg(mori), hanako)
    await moved_back(admin, session, timedelta(hours=6))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no emergency session"):
        await raw_read(btg(mori), hanako)


async def test_a_read_needs_the_same_person_facility_and_participant(
    mori, hanako, taro, hospital, clinic, allergy
):
    await opened(mori, hanako)
    colleague = await scene.professional(hospital, "別の医師", "physician")
    elsewhere = structs.replace(mori, facility_id=clinic.facility_id)
    for actor, about in ((colleague, hanako), (elsewhere, hanako), (mori, taro)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no emergency session"):
            await raw_read(btg(actor), about)
    etreat = structs.replace(colleague, purpose_of_use="ETREAT")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no emergency session"):
        await raw_read(etreat, hanako)


async def test_no_read_once_hanako_refuses_or_it_was_closed(mori, hanako, allergy):
    session = await opened(mori, hanako)
    await choices.choose(hanako, Choice("refuse"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no emergency session"):
        await raw_read(btg(mori), hanako)
    await choices.choose(hanako, Choice("allow"))
    with pytest.raises(Read, match="1"):
        await raw_read(btg(mori), hanako)
    await step(btg(mori), hanako, session.session_id, 3, "closed", "ended", "t1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no emergency session"):
        await raw_read(btg(mori), hanako)


async def test_a_second_renewal(mori, hanako):
    session = await opened(mori, hanako)
    await step(btg(mori), hanako, session.session_id, 3, "renewed", "t1", "t1")
    with pytest.raises(asyncpg.UniqueViolationError):
        await step(btg(mori), hanako, session.session_id, 4, "renewed", "t1", "t1")


async def test_more_than_a_day_in_three_without_a_second_officer(mori, hanako, admin, ueda):
    for hours in (60, 40, 20, 10):
        await moved_back(admin, await opened(mori, hanako), timedelta(hours=hours))
    waiting = await opened(mori, hanako)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="second officer"):
        await step(btg(mori), hanako, waiting.session_id, 2, "activated", "t1", "requested")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="without its notice"):
        await step(ueda, hanako, waiting.session_id, 2, "activated", "t1", "requested")


async def test_a_renewal_beyond_a_day_in_three(mori, hanako, admin):
    for hours in (60, 40, 20):
        await moved_back(admin, await opened(mori, hanako), timedelta(hours=hours))
    session = await opened(mori, hanako)
    await moved_back(admin, session, timedelta(hours=1))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="second officer"):
        await step(btg(mori), hanako, session.session_id, 3, "renewed", "t1", "t1")


async def _requested(tx: Any, mori: Actor) -> UUID:
    session_id = uuid7()
    await tx.execute(
        "INSERT INTO emergency_session (participant_id, session_id, professional_id, facility_id,"
        " by_name, reason, words, identification, identified_at, authenticated_at)"
        " VALUES (app.subject(), $1, $2, $3, '森', 'unconscious', 'x', 'card', now(), now())",
        session_id,
        mori.professional_id,
        mori.facility_id,
    )
    await tx.execute(STEP, session_id, 1, "requested", "requested", None)
    return session_id


@pytest.mark.parametrize("without", ["notice", "review"])
async def test_an_activation_without_its_notice_or_its_review(mori, hanako, without: str):
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f"without its {without}"):  # noqa: PT012
        async with unit_of_work(btg(mori), subject=hanako.participant_id) as tx:
            session_id = await _requested(tx, mori)
            await tx.execute(STEP, session_id, 2, "activated", "t1", "requested")
            if without == "notice":
                await tx.execute(REVIEW, session_id, 1, "pending", None)
            else:
                await notifications.enqueue(tx, "emergency_opened", session=str(session_id))


async def test_a_second_session_at_once(mori, hanako):
    await opened(mori, hanako)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="runs already"):  # noqa: PT012
        async with unit_of_work(btg(mori), subject=hanako.participant_id) as tx:
            session_id = await _requested(tx, mori)
            await tx.execute(STEP, session_id, 2, "activated", "t1", "requested")


async def test_a_session_in_somebody_elses_name_or_on_an_old_sign_in(mori, hanako, hospital):
    colleague = await scene.professional(hospital, "別の医師", "physician")
    for actor, at in ((colleague, "now()"), (mori, "now() - interval '6 minutes'")):
        with pytest.raises(REFUSED):
            async with unit_of_work(btg(actor), subject=hanako.participant_id) as tx:
                await tx.execute(
                    "INSERT INTO emergency_session (participant_id, session_id, professional_id,"
                    " facility_id, by_name, reason, words, identification, identified_at,"
                    " authenticated_at) VALUES (app.subject(), $1, $2, $3, '森', 'unconscious',"
                    f" 'x', 'card', now(), {at})",
                    uuid7(),
                    mori.professional_id,
                    mori.facility_id,
                )


Tries = Callable[[Any, Any, Any, UUID], Awaitable[None]]
TRIES: dict[str, Tries] = {
    "widened by a stranger": lambda mori, hanako, ueda, s: step(
        ueda, hanako, s, 3, "widened", "t2", "t1"
    ),
    "ended, then renewed": lambda mori, hanako, ueda, s: step(
        btg(mori), hanako, s, 4, "renewed", "t1", "t1"
    ),
    "skipping the second confirmation": lambda mori, hanako, ueda, s: step(
        btg(mori), hanako, s, 3, "renewed", "t2", "t1"
    ),
    "the opener reviews": lambda mori, hanako, ueda, s: review(
        btg(mori), hanako, s, 2, "justified", "pending"
    ),
    "the participant reviews": lambda mori, hanako, ueda, s: review(
        hanako, hanako, s, 2, "justified", "pending"
    ),
    "not justified at once": lambda mori, hanako, ueda, s: review(
        ueda, hanako, s, 2, "not_justified", "pending"
    ),
    "told before it is found": lambda mori, hanako, ueda, s: review(
        ueda, hanako, s, 2, "told", "pending"
    ),
    "an officer answers": lambda mori, hanako, ueda, s: review(
        ueda, hanako, s, 2, "answered", "queried"
    ),
}


@pytest.mark.parametrize("what", TRIES)
async def test_a_step_that_does_not_follow(mori, hanako, ueda, what: str):
    session = await opened(mori, hanako)
    with pytest.raises(REFUSED):
        await TRIES[what](mori, hanako, ueda, session.session_id)


async def test_not_justified_by_one(mori, hanako, ueda, colleague):
    session = await opened(mori, hanako)
    await review(ueda, hanako, session.session_id, 2, "doubted", "pending")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="two officers"):
        await review(ueda, hanako, session.session_id, 3, "not_justified", "doubted")
    await review(colleague, hanako, session.session_id, 3, "not_justified", "doubted")


HOLD = (
    "INSERT INTO emergency_hold (participant_id, asked_by, by_name, reason, asked_at, until_at)"
    " VALUES (app.subject(), $1, '', 'x', $2, now() + $3::interval) RETURNING hold_id"
)
CONFIRM = (
    "INSERT INTO emergency_hold_confirmation (participant_id, hold_id, asked_by, confirmed_by,"
    " by_name, confirmed_at) VALUES (app.subject(), $1, $2, $3, '', now())"
)


async def test_a_hold_by_one_beyond_three_days_or_by_nobody_of_the_centre(
    mori, hanako, ueda, colleague
):
    async def hold(actor: Actor, hours: int) -> UUID:
        async with unit_of_work(actor, subject=hanako.participant_id) as tx:
            now = await tx.fetchval("SELECT now() + interval '30 days'")
            return await tx.fetchval(HOLD, colleague.account_id, now, timedelta(hours=hours))

    with pytest.raises(REFUSED):
        await hold(ueda, 73)
    for actor in (btg(mori), hanako):
        with pytest.raises(REFUSED):
            await hold(actor, 71)
    hold_id = await hold(ueda, 71)
    # Who asked is PostgreSQL's to say: naming somebody else changes nothing.
    async with unit_of_work(ueda, subject=hanako.participant_id) as tx:
        with pytest.raises(REFUSED):
            await tx.execute(CONFIRM, hold_id, ueda.account_id, colleague.account_id)


async def test_nobody_changes_what_was_written(mori, hanako):
    session = await opened(mori, hanako)
    for table in ("emergency_session", "emergency_step", "emergency_review_step"):
        for deed in (f"DELETE FROM {table}", f"UPDATE {table} SET session_id = session_id"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with unit_of_work(btg(mori), subject=hanako.participant_id) as tx:
                    await tx.execute(f"{deed} WHERE session_id = '{session.session_id}'")


async def test_others_see_nothing_of_a_session(mori, hanako, taro, hospital):
    session = await opened(mori, hanako)
    colleague = await scene.professional(hospital, "別の医師", "physician")
    for actor in (btg(colleague), taro):
        async with unit_of_work(actor) as tx:
            for table in ("emergency_session", "emergency_step", "emergency_review_step"):
                assert not await tx.fetchval(
                    f"SELECT count(*) FROM {table} WHERE session_id = '{session.session_id}'"
                )
