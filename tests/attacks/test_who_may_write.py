"""A true context of somebody else: row security refuses what the code never does in its name."""

import contextlib
from typing import Any

import asyncpg
import pytest

from api.consent.agreeing import desk_code
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.directory import registry
from tests.attacks.conftest import World

DIRECTIVE = (
    "INSERT INTO directive (participant_id, version, provisions, change, profile_id,"
    " profile_version) SELECT app.subject(), 77, '[]', '[]', profile_id, version"
    " FROM network_profile LIMIT 1"
)
PARTICIPATION = (
    "INSERT INTO participation (participant_id, version, state, terms_version)"
    " VALUES (app.subject(), 77, 'participating', 'x')"
)
RESIDENCE = (
    "INSERT INTO residence (participant_id, version, places) VALUES (app.subject(), 77, '[]')"
)
RECEIPT = (
    "INSERT INTO receipt (participant_id, version, kid, jws)"
    " VALUES (app.subject(), 1, 'k', 'a.b.c')"
)
CODE = (
    "INSERT INTO desk_code (participant_id, code_hmac, level, expires_at) VALUES (app.subject(),"
    " sha256('x'), 1, now() + interval '9 years')"
)
ANSWER = "UPDATE access_request SET answer = 'approved', answered_at = now(), until = now()"
PAPER = (
    "INSERT INTO paper_consent (participant_id, row_hash, choice, signed_on)"
    " VALUES (app.subject(), sha256('x'), 'participate', current_date)"
)
QUESTION = (
    "INSERT INTO consent_question (participant_id, campaign_id, held_terms)"
    " VALUES (app.subject(), uuidv7(), 'x')"
)
PARTICIPANT = (
    "INSERT INTO participant (participant_id, name, name_kana, sex, birth_on)"
    " VALUES (app.subject(), 'x', 'x', 'unknown', '1940-04-09')"
)
CARD = "INSERT INTO card (participant_id, number) VALUES (app.subject(), '9999000011112222')"
SYSTEM, NOBODY = "a facility's system", "nobody signed in"
NEVER = {
    DIRECTIVE: (SYSTEM, NOBODY),
    PARTICIPATION: ("professional", SYSTEM),
    RESIDENCE: ("professional", "support", SYSTEM),
    RECEIPT: (SYSTEM, NOBODY),
    CODE: ("professional", "support", SYSTEM, NOBODY),
    ANSWER: ("professional", "support", SYSTEM, NOBODY),
    PAPER: ("participant", "professional", SYSTEM, NOBODY),
    QUESTION: ("participant", "professional", "support", SYSTEM, NOBODY),
    PARTICIPANT: ("participant", "professional", SYSTEM, NOBODY),
    CARD: ("participant", "professional", SYSTEM, NOBODY),
}


def actors(world: World) -> dict[str, Actor]:
    return {
        "participant": world.taro,
        "professional": world.mori,
        "support": world.ueda,
        SYSTEM: Actor(
            kind=ActorKind.SYSTEM,
            facility_id=world.hospital.facility_id,
            profession="physician",
            purpose_of_use="TREAT",
        ),
        NOBODY: Actor(kind=ActorKind.ANONYMOUS),
    }


@pytest.mark.parametrize(
    ("statement", "who"),
    [(statement, who) for statement, never in NEVER.items() for who in never],
    ids=lambda each: " ".join(each.split()[:3]),
)
async def test_it_is_refused_in_their_name(world: World, statement: str, who: str):
    actor, subject = actors(world)[who], world.taro.participant_id
    done: Any = []
    with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(actor, subject=subject) as tx:
            done = await tx.fetch(f"{statement} RETURNING participant_id")
    assert done == []


@pytest.mark.parametrize("entered", ["participant", "card"])
async def test_no_officer_enters_anybody_alone(world: World, entered: str):
    newcomer = uuid7() if entered == "participant" else world.taro.participant_id
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="two officers"):
        async with unit_of_work(world.ueda, subject=newcomer) as tx:
            await tx.execute(PARTICIPANT if entered == "participant" else CARD)


async def test_nobody_who_enrols_becomes_an_officer(world: World):
    """With SQL slipped into an enrolment, whose account is still to be opened."""
    officer = await registry.add_officer(
        OPERATOR, name="新任 担当", name_kana="シンニン", trained_on=None
    )
    enrolling = Actor(
        kind=ActorKind.PARTICIPANT, account_id=uuid7(), participant_id=world.taro.participant_id
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(enrolling) as tx:
            await tx.execute(
                "INSERT INTO account (account_id, kind, officer_id)"
                " VALUES (app.account(), 'support', $1)",
                officer,
            )


@pytest.mark.parametrize("table", ["directive", "participation", "residence", "receipt",
                                   "desk_code", "access_request", "paper_consent"])  # fmt: skip
async def test_nobody_writes_about_whom_they_are_not_about(world: World, table: str):
    """Hanako's context names Hanako; rows of Tarō's are neither seen nor made."""
    taro = world.taro.participant_id
    async with unit_of_work(world.hanako) as tx:
        count = await tx.fetchval(f"SELECT count(*) FROM {table} WHERE participant_id = $1", taro)
    assert count == 0


async def test_the_digest_of_a_code_is_hidden_from_whoever_reads_the_records(own_world: World):
    await desk_code.make(own_world.taro, level=1)
    subject = own_world.taro.participant_id
    for who in (SYSTEM, "support", NOBODY):
        async with unit_of_work(actors(own_world)[who], subject=subject) as tx:
            assert await tx.fetchval("SELECT count(*) FROM desk_code") == 0, who


@pytest.mark.parametrize(
    "call",
    [
        "SELECT consent_open_campaign('x', current_date + 30)",
        "SELECT consent_call_off_campaign(uuidv7())",
        "SELECT * FROM consent_campaign_progress(uuidv7())",
        "SELECT consent_tell_of_facility(uuidv7(), '{}', 'permit')",
    ],
)
async def test_what_concerns_everybody_is_not_done_in_their_name(world: World, call: str):
    for who in ("participant", "professional", SYSTEM, NOBODY):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unit_of_work(actors(world)[who]) as tx:
                await tx.fetch(call)


@pytest.mark.parametrize(
    "table",
    ["residence", "receipt", "desk_code", "access_request", "asked", "facility_notice",
     "consent_question", "paper_consent", "paper_scan", "paper_import", "paper_import_fault"],
)  # fmt: skip
async def test_a_stolen_connection_reads_none_of_it(world: World, database, table: str):
    connection = await asyncpg.connect(database.app_dsn)
    try:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
        for word in ("UPDATE {} SET participant_id = participant_id", "DELETE FROM {}",
                     "TRUNCATE {}"):  # fmt: skip
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedColumnError)):
                await connection.execute(word.format(table))
    finally:
        await connection.close()


async def test_the_past_of_the_directory_is_written_by_nobody(database, world: World):
    connection = await asyncpg.connect(database.app_dsn)
    try:
        for table in ("facility_history", "professional_history"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1")
        for function in ("app.keep_facility()", "app.bump_policy()"):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.PostgresError)):
                await connection.execute(f"SELECT {function}")
    finally:
        await connection.close()
