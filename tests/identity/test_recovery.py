"""Hanako loses her phone: the printed code, two officers at a counter, and the 72 hours after."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from api.access_log import service as access_log
from api.consent import service as consent
from api.consent.agreeing import desk_code
from api.consent.lifecycle import leaving
from api.consent.settings.switches import SetFacility
from api.core import clock
from api.core.actor import ANONYMOUS, OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.directory import registry
from api.directory import service as directory
from api.directory.registry import NewFacility
from api.identity import service as identity
from api.identity.enrolling import intake
from api.identity.enrolling.enrolment import Birth
from api.identity.errors import (
    EnrolmentFaults,
    EnrolmentThrottled,
    Frozen,
    NoMatch,
    RecoveryRefused,
    RecoveryTicketGone,
    SecondOfficerNeeded,
)
from api.identity.keys import own_keys, recovery
from api.identity.keys.recovery_code import (
    CODE_BITS,
    CODE_LENGTH,
    RecoveryCode,
    RecoveryCodeFault,
    new_recovery_code,
    normalise_recovery_code,
)
from api.identity.service import OpenedSession
from api.support.reading import exporting
from api.support.reading.asked import Asked
from notifications import service as notifications
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper, some_address, some_card


async def at_home(hanako: Paper, device: Authenticator) -> Actor:
    return await identity.actor_of((await hanako.register(device)).token)


async def ticket_for(paper: Paper, code: str, source: str | None = None) -> str:
    issued = await recovery.begin(
        paper.card.grouped,
        code,
        source or some_address(),
        scheme=directory.profile().card_scheme,
    )
    return issued.token


async def with_new_key(ticket: str, phone: Authenticator | None = None) -> OpenedSession:
    credential = (phone or Authenticator()).create(await recovery.passkey_options(ticket))
    return await recovery.finish(ticket, credential)


async def recovered(hanako: Paper, actor: Actor) -> Actor:
    code = await recovery.make_code(actor)
    session = await with_new_key(await ticket_for(hanako, code.printed))
    return await identity.actor_of(session.token)


@pytest_asyncio.fixture
async def officers(database: object) -> list[Actor]:
    """Ueda, and a colleague."""
    made = []
    for name in ("上田 恵子", "上田 一郎"):
        person = await registry.add_officer(
            OPERATOR, name=name, name_kana="ウエダ", trained_on=date(2026, 4, 1)
        )
        account_id = uuid7()
        await intake.open_account(OPERATOR, account_id=account_id, kind="support", person_id=person)
        made.append(Actor(kind=ActorKind.SUPPORT, account_id=account_id, name=name))
    return made


async def started(ueda: Actor, hanako: Paper) -> UUID:
    return await recovery.start_at_counter(
        ueda,
        hanako.card.grouped,
        hanako.birth,
        "passport",
        scheme=directory.profile().card_scheme,
    )


def test_a_code_has_65_bits_all_used():
    assert CODE_BITS >= 64
    assert new_recovery_code(b"\xff" * 9).text == "Z" * CODE_LENGTH
    assert new_recovery_code(b"\0" * 9).text == "0" * CODE_LENGTH
    seen = {new_recovery_code(os.urandom(9)).text for _ in range(200)}
    assert len(seen) == 200
    assert len(set("".join(seen))) == 32


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("abcd-efgh-jkmnp", "ABCDEFGHJKMNP"),
        ("ＡＢＣＤ　ＥＦＧＨ　ＪＫＭＮＰ", "ABCDEFGHJKMNP"),
        ("OIL0-1234-56789", "0110123456789"),
        ("ABCD-EFGH", RecoveryCodeFault.LENGTH),
        ("ABCD-EFGH-JKMN!", RecoveryCodeFault.CHARACTERS),
    ],
    ids=["lower", "full-width", "lookalikes", "short", "mark"],
)
def test_a_code_is_read_as_people_type_it(typed: str, read: object):
    found = normalise_recovery_code(typed)
    assert (found.text if isinstance(found, RecoveryCode) else found) == read


def test_a_code_never_prints_itself():
    code = new_recovery_code(os.urandom(9))
    assert code.text not in f"{code!r} {code}"
    assert re.fullmatch(r"\w{4}-\w{4}-\w{5}", code.printed)


async def test_hanako_makes_a_new_key_with_her_paper_and_every_other_session_ends(
    hanako: Paper, device: Authenticator
):
    old = await hanako.register(device)
    code = await recovery.make_code(await identity.actor_of(old.token))
    phone = Authenticator()
    session = await with_new_key(await ticket_for(hanako, code.printed), phone)
    assert await identity.actor_of(old.token) == ANONYMOUS
    actor = await identity.actor_of(session.token)
    assert actor.participant_id == hanako.participant_id
    assert len(await own_keys.own_passkeys(actor)) == 2
    again = await identity.sign_in(phone.get(await identity.sign_in_options()))
    assert (await identity.actor_of(again.token)).account_id == actor.account_id
    events = [row.event for row in (await access_log.page(actor)).rows]
    assert "identity:account:recovered" in events
    while await notifications.deliver():
        pass
    told = {notice.event for notice in (await notifications.inbox(actor))[0]}
    assert {"account_recovered", "recovery_code_made"} <= told


async def test_a_code_serves_once_and_a_new_one_replaces_it(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    actor = await at_home(hanako, device)
    first, second = await recovery.make_code(actor), await recovery.make_code(actor)
    with pytest.raises(RecoveryRefused):
        await ticket_for(hanako, first.printed)
    await with_new_key(await ticket_for(hanako, second.printed))
    with pytest.raises(RecoveryRefused):
        await ticket_for(hanako, second.printed)
    rows = await admin.fetchval("SELECT string_agg(r::text, ' ') FROM recovery_code r")
    assert second.text not in rows


async def test_a_code_replaced_after_its_ticket_opens_nothing(hanako: Paper, device: Authenticator):
    actor = await at_home(hanako, device)
    stolen = await ticket_for(hanako, (await recovery.make_code(actor)).printed)
    await recovery.make_code(actor)
    with pytest.raises(RecoveryRefused):
        await with_new_key(stolen)
    assert len(await own_keys.own_passkeys(actor)) == 1


async def test_wrong_code_no_code_and_no_such_card_answer_alike(
    hanako: Paper, device: Authenticator
):
    actor = await at_home(hanako, device)
    wrong = new_recovery_code(os.urandom(9)).printed
    with pytest.raises(RecoveryRefused) as without:
        await ticket_for(hanako, wrong)
    own = await recovery.make_code(actor)
    nobody = hanako._replace(card=some_card(directory.profile().card_scheme))
    for paper, code in ((hanako, wrong), (nobody, wrong), (nobody, own.printed)):
        with pytest.raises(RecoveryRefused) as refused:
            await ticket_for(paper, code)
        assert (refused.value.key, refused.value.params) == (without.value.key, {})


async def test_guesses_wait_for_present_and_absent_cards_alike(
    hanako: Paper, device: Authenticator
):
    await at_home(hanako, device)
    nobody = hanako._replace(card=some_card(directory.profile().card_scheme))
    waits = []
    for paper in (hanako, nobody):
        for tried in range(12):
            try:
                await ticket_for(paper, new_recovery_code(os.urandom(9)).printed)
            except EnrolmentThrottled as slow:
                waits.append((tried, slow.retry_after > 0))
                break
            except RecoveryRefused:
                continue
    assert len(waits) == 2
    assert waits[0] == waits[1]


async def test_a_my_number_is_no_card_and_no_code(hanako: Paper):
    for card, code in (
        ("1234 5678 9018", "ABCD-EFGH-JKMNP"),
        (hanako.card.grouped, "123456789018"),
    ):
        with pytest.raises(EnrolmentFaults) as refused:
            await recovery.begin(card, code, some_address(), scheme=directory.profile().card_scheme)
        assert "9018" not in str(refused.value.fields)


async def test_of_two_who_finish_at_once_one_makes_a_key(hanako: Paper, device: Authenticator):
    actor = await at_home(hanako, device)
    code = (await recovery.make_code(actor)).printed
    ticket = await ticket_for(hanako, code)
    made = [Authenticator().create(await recovery.passkey_options(ticket))] * 2
    results = await asyncio.gather(
        *(recovery.finish(ticket, each) for each in made), return_exceptions=True
    )
    assert sum(isinstance(each, OpenedSession) for each in results) == 1
    assert sum(isinstance(each, RecoveryTicketGone) for each in results) == 1


async def test_of_two_tickets_for_one_code_one_makes_a_key(hanako: Paper, device: Authenticator):
    actor = await at_home(hanako, device)
    code = (await recovery.make_code(actor)).printed
    tickets = [await ticket_for(hanako, code), await ticket_for(hanako, code)]
    results = await asyncio.gather(*map(with_new_key, tickets), return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["OpenedSession", "RecoveryRefused"]


async def test_a_ticket_of_nobody_opens_nothing(database: object):
    with pytest.raises(RecoveryTicketGone):
        await recovery.passkey_options("planted")
    with pytest.raises(RecoveryTicketGone):
        await recovery.finish("planted", {})


@pytest_asyncio.fixture
async def clinic(database: object) -> UUID:
    code = f"43{uuid4().int % 10**8:08}"
    return await registry.add_facility(
        OPERATOR, NewFacility(code, "白川医院", "シラカワ", "Shirakawa", "clinic", "aso")
    )


Deed = Callable[[Actor], Awaitable[Any]]


async def test_for_72_hours_nothing_is_opened_or_taken_out_but_closing_goes_on(
    hanako: Paper, device: Authenticator, clinic: UUID
):
    before = await at_home(hanako, device)
    await consent.change(before, [SetFacility(clinic, on=True)], expected_version=0)
    actor = await recovered(hanako, before)
    await consent.change(actor, [SetFacility(clinic, on=False)], expected_version=1)
    deeds: list[Deed] = [
        lambda who: consent.change(who, [SetFacility(clinic, on=True)], expected_version=2),
        lambda who: consent.undo(who, expected_version=2),
        lambda who: desk_code.make(who, level=0),
        lambda who: exporting.export(who, "ja", Asked(), "csv"),
        recovery.make_code,
    ]
    for deed in deeds:
        with pytest.raises(Frozen) as refused:
            await deed(actor)
        left = refused.value.params["until"] - clock.now()  # type: ignore[operator]
        assert timedelta(hours=71, minutes=59) < left <= timedelta(hours=72)
    assert (await consent.settings(actor)).directive.version == 2
    await leaving.take_part(actor, "withdrawn")
    with pytest.raises(Frozen):
        await leaving.take_part(actor, "participating")


async def test_a_thief_with_the_paper_cannot_take_the_owners_key_away_but_she_can_theirs(
    hanako: Paper, device: Authenticator
):
    thief = await recovered(hanako, await at_home(hanako, device))
    hers, his = await own_keys.own_passkeys(thief)
    with pytest.raises(Frozen):
        await own_keys.revoke_passkey(thief, hers.passkey_id)
    session = await identity.sign_in(device.get(await identity.sign_in_options()))
    owner = await identity.actor_of(session.token)
    await own_keys.revoke_passkey(owner, his.passkey_id)
    assert [each.passkey_id for each in await own_keys.own_passkeys(owner)] == [hers.passkey_id]
    assert (await own_keys.own_sessions(owner))[0].session_id == owner.session_id
    assert len(await own_keys.own_sessions(owner)) == 1


async def test_two_officers_hand_over_a_code_and_hanako_makes_the_key_herself(
    hanako: Paper, device: Authenticator, officers: list[Actor]
):
    await at_home(hanako, device)
    ueda, ichiro = officers
    started_id = await started(ueda, hanako)
    (waiting,) = [each for each in await recovery.waiting(ichiro) if each.recovery_id == started_id]
    assert (waiting.card_end, waiting.started_by_name) == (hanako.card.digits[-4:], ueda.name)
    with pytest.raises(SecondOfficerNeeded):
        await recovery.confirm_at_counter(ueda, waiting.participant_id, started_id)
    code = await recovery.confirm_at_counter(ichiro, waiting.participant_id, started_id)
    actor = await identity.actor_of(
        (await with_new_key(await ticket_for(hanako, code.printed))).token
    )
    with pytest.raises(Frozen):
        await desk_code.make(actor, level=0)
    with pytest.raises(RecoveryRefused):
        await ticket_for(hanako, code.printed)
    events = [row.event for row in (await access_log.page(actor)).rows]
    assert events[:3] == [
        "identity:account:recovered",
        "identity:recovery:confirmed",
        "identity:recovery:started",
    ]


async def test_of_two_who_confirm_at_once_one_gets_a_code(
    hanako: Paper, device: Authenticator, officers: list[Actor]
):
    await at_home(hanako, device)
    ueda, ichiro = officers
    started_id = await started(ueda, hanako)
    results = await asyncio.gather(
        *(recovery.confirm_at_counter(ichiro, hanako.participant_id, started_id) for _ in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, RecoveryCode) for each in results) == 1
    assert sum(isinstance(each, NotFound) for each in results) == 2


async def test_a_start_nobody_confirmed_in_a_day_is_over(
    hanako: Paper, device: Authenticator, officers: list[Actor], admin: asyncpg.Connection
):
    await at_home(hanako, device)
    ueda, ichiro = officers
    started_id = await started(ueda, hanako)
    await admin.execute(
        "UPDATE counter_recovery SET started_at = now() - interval '25 hours'"
        " WHERE recovery_id = $1",
        started_id,
    )
    with pytest.raises(NotFound):
        await recovery.confirm_at_counter(ichiro, hanako.participant_id, started_id)


async def test_an_officer_must_have_card_birth_date_and_evidence_right(
    hanako: Paper, officers: list[Actor]
):
    scheme = directory.profile().card_scheme
    ueda = officers[0]
    for birth in (Birth("1941", "4", "9"), Birth("1940", "4", "8")):
        with pytest.raises(NoMatch):
            await recovery.start_at_counter(
                ueda, hanako.card.grouped, birth, "passport", scheme=scheme
            )
    with pytest.raises(EnrolmentFaults):
        await recovery.start_at_counter(
            ueda, hanako.card.grouped, hanako.birth, "a good feeling", scheme=scheme
        )


async def test_postgresql_itself_wants_two_officers_and_each_in_their_own_name(
    hanako: Paper, device: Authenticator, officers: list[Actor]
):
    await at_home(hanako, device)
    ueda, ichiro = officers
    started_id = await started(ueda, hanako)
    confirms = (
        "UPDATE counter_recovery SET confirmed_by = $2, confirmed_at = now(),"
        " code_hmac = decode(repeat('00', 32), 'hex'), code_expires_at = now()"
        " WHERE recovery_id = $1"
    )
    for who, confirmed_by, error in (
        (ueda, ueda.account_id, asyncpg.CheckViolationError),
        (ueda, ichiro.account_id, asyncpg.InsufficientPrivilegeError),
    ):
        with pytest.raises(error):
            async with unit_of_work(who, subject=hanako.participant_id) as tx:
                await tx.execute(confirms, started_id, confirmed_by)


async def test_nobody_starts_a_recovery_in_the_name_of_two(
    hanako: Paper, device: Authenticator, officers: list[Actor]
):
    await at_home(hanako, device)
    ueda, ichiro = officers
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(ueda, subject=hanako.participant_id) as tx:
            await tx.execute(
                "INSERT INTO counter_recovery (participant_id, card_end, evidence, started_by,"
                " started_by_name, confirmed_by, confirmed_at, code_hmac, code_expires_at)"
                " VALUES (app.subject(), '0000', 'passport', app.account(), 'x', $1, now(),"
                " decode(repeat('00', 32), 'hex'), now() + interval '1 day')",
                ichiro.account_id,
            )


async def test_a_confirmed_code_is_exchanged_for_another_by_nobody(
    hanako: Paper, device: Authenticator, officers: list[Actor]
):
    own = await at_home(hanako, device)
    ueda, ichiro = officers
    waits = await started(ueda, hanako)
    another = "UPDATE counter_recovery SET code_hmac = decode(repeat('00', 32), 'hex')"
    alone = (
        f"{another}, confirmed_by = app.account(), confirmed_at = now(), code_expires_at = now()"
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):  # by herself, with no officer at all
        async with unit_of_work(own) as tx:
            await tx.execute(alone)
    await recovery.confirm_at_counter(ichiro, hanako.participant_id, waits)
    for who in (own, ichiro):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unit_of_work(who, subject=hanako.participant_id) as tx:
                await tx.execute(another)
