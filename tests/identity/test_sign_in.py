"""Signing in with a passkey, and every way that fails; sessions and their end."""

from datetime import date, timedelta

import asyncpg
import pytest
from msgspec.structs import replace

from api.access_log import service as access_log
from api.core import clock
from api.core.actor import ANONYMOUS, OPERATOR, Actor, ActorKind
from api.core.ids import uuid7
from api.directory import registry
from api.directory.registry import NewFacility
from api.identity import demo_door
from api.identity import service as identity
from api.identity.enrolling import intake
from api.identity.errors import SignInRefused
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper, sign_in


async def test_signing_in_stands_in_hanakos_own_log(hanako: Paper, device: Authenticator):
    await hanako.register(device)
    session = await sign_in(device)
    actor = await identity.actor_of(session.token)
    assert (await access_log.page(actor)).rows[0].event == "identity:session:opened"


async def test_the_options_name_nobody_and_ask_to_verify_the_owner(database: Deployment):
    options = await identity.sign_in_options()
    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials")
    assert options["rpId"] == "localhost"


async def test_an_assertion_serves_once(hanako: Paper, device: Authenticator):
    await hanako.register(device)
    assertion = device.get(await identity.sign_in_options())
    await identity.sign_in(assertion)
    with pytest.raises(SignInRefused):
        await identity.sign_in(assertion)


async def test_a_challenge_past_five_minutes_is_refused(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    await hanako.register(device)
    assertion = device.get(await identity.sign_in_options())
    await admin.execute("UPDATE sign_in_challenge SET expires_at = now()")
    with pytest.raises(SignInRefused):
        await identity.sign_in(assertion)


async def test_a_challenge_we_never_gave_is_refused(hanako: Paper, device: Authenticator):
    await hanako.register(device)
    with pytest.raises(SignInRefused):
        await identity.sign_in(device.get({"challenge": "AAAAAAAAAAAAAAAAAAAAAA"}))


async def test_a_device_that_did_not_check_its_owner_is_refused_and_hanako_can_see_it(
    hanako: Paper, device: Authenticator
):
    session = await hanako.register(device)
    with pytest.raises(SignInRefused):
        await sign_in(device, verified=False)
    newest = (await access_log.page(await identity.actor_of(session.token))).rows[0]
    assert (newest.event, newest.outcome) == ("identity:session:opened", "denied")


async def test_a_cloned_passkey_is_refused(hanako: Paper, device: Authenticator):
    await hanako.register(device)
    await sign_in(device)
    await sign_in(device)
    device.count = 1  # the clone counts from where it was copied
    with pytest.raises(SignInRefused):
        await sign_in(device)


@pytest.mark.parametrize(
    ("origin", "rp_id"),
    [("https://tsunagu.example", "localhost"), ("http://localhost:8000", "tsunagu.example")],
)
async def test_an_assertion_for_another_site_is_refused(
    hanako: Paper, device: Authenticator, origin: str, rp_id: str
):
    await hanako.register(device)
    device.origin, device.rp_id = origin, rp_id
    with pytest.raises(SignInRefused):
        await sign_in(device)


async def test_another_key_behind_the_same_name_is_refused(hanako: Paper, device: Authenticator):
    await hanako.register(device)
    impostor = Authenticator()
    impostor.credential_id = device.credential_id
    with pytest.raises(SignInRefused):
        await sign_in(impostor)


async def test_an_unknown_passkey_is_refused(database: Deployment):
    with pytest.raises(SignInRefused):
        await sign_in(Authenticator())


@pytest.mark.parametrize("credential", [{}, {"id": []}, {"response": {"clientDataJSON": "!"}}])
async def test_nonsense_is_refused(database: Deployment, credential: dict):
    with pytest.raises(SignInRefused):
        await identity.sign_in(credential)


async def test_signing_in_ends_the_session_the_request_came_with(
    hanako: Paper, device: Authenticator
):
    before = await hanako.register(device)
    after = await identity.sign_in(device.get(await identity.sign_in_options()), before.token)
    assert after.token != before.token
    assert await identity.actor_of(before.token) == ANONYMOUS
    assert (await identity.actor_of(after.token)).participant_id == hanako.participant_id


async def test_a_planted_token_is_never_taken_up(hanako: Paper, device: Authenticator):
    await hanako.register(device)
    session = await identity.sign_in(device.get(await identity.sign_in_options()), "planted")
    assert session.token != "planted"
    assert await identity.actor_of("planted") == ANONYMOUS


async def test_an_ended_session_stays_ended(hanako: Paper, device: Authenticator):
    session = await hanako.register(device)
    await identity.end_session(session.token)
    await identity.end_session(session.token)
    assert await identity.actor_of(session.token) == ANONYMOUS


async def test_a_participants_session_lasts_twelve_hours(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    session = await hanako.register(device)
    left = session.expires_at - clock.now()
    assert timedelta(hours=11, minutes=59) < left <= timedelta(hours=12)
    await admin.execute("UPDATE session SET expires_at = now()")
    assert await identity.actor_of(session.token) == ANONYMOUS


async def test_the_token_itself_is_not_stored(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    session = await hanako.register(device)
    rows = await admin.fetchval("SELECT array_agg(s::text) FROM session s")
    assert session.token not in " ".join(rows)


async def test_dr_sato_acts_for_her_clinic_until_she_leaves(
    database: Deployment, admin: asyncpg.Connection
):
    await demo_door.declare_deployment(is_demo=True)
    facility_id = await registry.add_facility(
        OPERATOR, NewFacility("4311111110", "泉医院", "イズミイイン", "Izumi", "clinic", "aso")
    )
    sato = await registry.add_professional(
        OPERATOR,
        facility_id,
        name="佐藤 健一",
        name_kana="サトウ ケンイチ",
        profession="physician",
        trained_on=date(2026, 4, 1),
    )
    account_id = uuid7()
    await intake.open_account(OPERATOR, account_id=account_id, kind="professional", person_id=sato)
    session = await demo_door.redeem_demo_link(await demo_door.make_demo_link(account_id))
    assert session.expires_at - clock.now() <= timedelta(hours=8)
    actor = await identity.actor_of(session.token)
    assert actor.session_id is not None
    assert replace(actor, session_id=None) == Actor(
        kind=ActorKind.PROFESSIONAL,
        account_id=account_id,
        professional_id=sato,
        facility_id=facility_id,
        profession="physician",
        purpose_of_use="TREAT",
        name="佐藤 健一",
    )
    await admin.execute(
        "UPDATE professional SET is_active = false WHERE professional_id = $1", sato
    )
    assert await identity.actor_of(session.token) == ANONYMOUS


async def test_officer_ueda_signs_in_to_the_systems_log(
    database: Deployment, admin: asyncpg.Connection
):
    await demo_door.declare_deployment(is_demo=True)
    ueda = await registry.add_officer(
        OPERATOR, name="上田 恵子", name_kana="ウエダ ケイコ", trained_on=date(2026, 4, 1)
    )
    account_id = uuid7()
    await intake.open_account(OPERATOR, account_id=account_id, kind="support", person_id=ueda)
    session = await demo_door.redeem_demo_link(await demo_door.make_demo_link(account_id))
    actor = await identity.actor_of(session.token)
    assert (actor.kind, actor.name) == (ActorKind.SUPPORT, "上田 恵子")
    logged = await admin.fetchval("SELECT event FROM system_event WHERE actor_id = $1", account_id)
    assert logged == "identity:session:opened"
