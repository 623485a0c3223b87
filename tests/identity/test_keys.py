"""Hanako's keys: several, named, taken away; where she is signed in; proving again it is her."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from api.access_log import service as access_log
from api.core import clock
from api.core.actor import ANONYMOUS, Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity import service as identity
from api.identity.devices import BROWSERS, FAMILIES, Device, device_of
from api.identity.errors import (
    LastWayIn,
    NoSuchName,
    PasskeyRefused,
    SignInRefused,
    StepUpNeeded,
    TooManyPasskeys,
)
from api.identity.keys import own_keys, stepping_up
from api.identity.keys.stepping_up import FRESH_FOR, is_fresh
from api.identity.service import OpenedSession
from notifications import service as notifications
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper, sign_in


async def at_home(hanako: Paper, device: Authenticator) -> Actor:
    return await identity.actor_of((await hanako.register(device)).token)


async def grows_stale(admin: asyncpg.Connection, actor: Actor) -> None:
    await admin.execute(
        "UPDATE session SET stepped_up_at = now() - interval '6 minutes' WHERE session_id = $1",
        actor.session_id,
    )


async def one_more(actor: Actor, name: str = "") -> Authenticator:
    tablet = Authenticator()
    await own_keys.add_passkey(actor, tablet.create(await own_keys.creation_options(actor)), name)
    return tablet


async def test_a_second_key_signs_in_and_is_named(hanako: Paper, device: Authenticator):
    actor = await at_home(hanako, device)
    tablet = await one_more(actor, "  むすめの   タブレット ")
    session = await sign_in(tablet)
    assert (await identity.actor_of(session.token)).account_id == actor.account_id
    first, second = await own_keys.own_passkeys(actor)
    assert (first.name, first.last_used_at) == ("", None)
    assert second.name == "むすめの タブレット"
    assert second.last_used_at is not None
    newest = (await access_log.page(actor)).rows
    assert [row.event for row in newest[:2]] == [
        "identity:session:opened",
        "identity:passkey:added",
    ]


async def test_hanako_is_told_of_a_new_key(hanako: Paper, device: Authenticator):
    actor = await at_home(hanako, device)
    await one_more(actor)
    while await notifications.deliver():
        pass
    notices, _ = await notifications.inbox(actor)
    assert notices[0].event == "passkey_added"


async def test_a_device_that_holds_a_key_is_told_to_make_no_second_one(
    hanako: Paper, device: Authenticator
):
    actor = await at_home(hanako, device)
    options = await own_keys.creation_options(actor)
    assert [len(each["id"]) for each in options["excludeCredentials"]] == [43]
    credential = device.create(options)
    with pytest.raises(PasskeyRefused):
        await own_keys.add_passkey(actor, credential, "")


async def test_a_key_made_for_a_challenge_of_somebody_else_is_refused(
    hanako: Paper, device: Authenticator
):
    actor = await at_home(hanako, device)
    for options in ({"challenge": "AAAAAAAAAAAAAAAAAAAAAA"}, await stepping_up.options(actor)):
        with pytest.raises(PasskeyRefused):
            await own_keys.add_passkey(actor, Authenticator().create(options), "")


async def test_ten_keys_are_enough(hanako: Paper, device: Authenticator):
    actor = await at_home(hanako, device)
    last = await own_keys.creation_options(actor)
    for _ in range(own_keys.MOST_PASSKEYS - 1):
        await one_more(actor)
    with pytest.raises(TooManyPasskeys):
        await own_keys.creation_options(actor)
    with pytest.raises(TooManyPasskeys):
        await own_keys.add_passkey(actor, Authenticator().create(last), "")


async def test_the_last_way_in_cannot_be_taken_away(hanako: Paper, device: Authenticator):
    actor = await at_home(hanako, device)
    (only,) = await own_keys.own_passkeys(actor)
    with pytest.raises(LastWayIn):
        await own_keys.revoke_passkey(actor, only.passkey_id)
    assert await own_keys.own_passkeys(actor) == [only]


async def test_of_two_who_take_both_keys_away_at_once_one_is_left(
    hanako: Paper, device: Authenticator
):
    actor = await at_home(hanako, device)
    await one_more(actor)
    keys = await own_keys.own_passkeys(actor)
    # from a session that neither key opened, so that both go on
    results = await asyncio.gather(
        *(own_keys.revoke_passkey(_apart(actor), key.passkey_id) for key in keys),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in results) == ["LastWayIn", "NoneType"]
    assert len(await own_keys.own_passkeys(actor)) == 1


def _apart(actor: Actor) -> Actor:
    return Actor(kind=actor.kind, account_id=actor.account_id, participant_id=actor.participant_id)


async def test_a_revoked_key_opens_nothing_and_its_sessions_end(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    actor = await at_home(hanako, device)
    tablet = await one_more(actor)
    on_the_tablet = await sign_in(tablet)
    _, second = await own_keys.own_passkeys(actor)
    await own_keys.revoke_passkey(actor, second.passkey_id)
    assert await identity.actor_of(on_the_tablet.token) == ANONYMOUS
    with pytest.raises(SignInRefused):
        await sign_in(tablet)
    assert (await own_keys.own_sessions(actor))[0].is_current
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await admin.execute(
            "UPDATE passkey SET revoked_at = NULL WHERE passkey_id = $1", second.passkey_id
        )
    with pytest.raises(NotFound):
        await own_keys.revoke_passkey(actor, second.passkey_id)


async def test_a_key_taken_away_ends_the_session_that_took_it(hanako: Paper, device: Authenticator):
    session = await hanako.register(device)
    actor = await identity.actor_of(session.token)
    await one_more(actor)
    first, _ = await own_keys.own_passkeys(actor)
    await own_keys.revoke_passkey(actor, first.passkey_id)
    assert await identity.actor_of(session.token) == ANONYMOUS


async def test_nobody_touches_the_keys_or_sessions_of_another(
    hanako: Paper, device: Authenticator, people: object
):
    actor = await at_home(hanako, device)
    (key,), (session,) = await own_keys.own_passkeys(actor), await own_keys.own_sessions(actor)
    stranger = Actor(kind=actor.kind, account_id=uuid4(), participant_id=uuid4())
    assert await own_keys.own_passkeys(stranger) == []
    assert await own_keys.own_sessions(stranger) == []
    for attack in (
        own_keys.one_passkey(stranger, key.passkey_id),
        own_keys.rename_passkey(stranger, key.passkey_id, "x"),
        own_keys.revoke_passkey(stranger, key.passkey_id),
        own_keys.end_own_session(stranger, session.session_id),
    ):
        with pytest.raises(NotFound):
            await attack
    assert await own_keys.end_other_sessions(stranger) == 0
    assert await own_keys.own_passkeys(actor) == [key]
    assert len(await own_keys.own_sessions(actor)) == 1


@pytest.mark.parametrize("name", ["1234 5678 9018", "a\0b", "a\u202eb"])
async def test_a_my_number_or_hidden_marks_are_no_name(
    hanako: Paper, device: Authenticator, name: str
):
    actor = await at_home(hanako, device)
    (key,) = await own_keys.own_passkeys(actor)
    with pytest.raises(NoSuchName):
        await own_keys.rename_passkey(actor, key.passkey_id, name)


async def test_sessions_are_listed_with_their_device_and_ended_one_by_one(
    hanako: Paper, device: Authenticator
):
    actor = await at_home(hanako, device)
    assertion = device.get(await identity.sign_in_options())
    phone = await identity.sign_in(
        assertion, device=Device(device_of("Mozilla/5.0 (iPhone) Safari/604"))
    )
    here = await identity.actor_of(phone.token)
    listed = {each.session_id: each for each in await own_keys.own_sessions(here)}
    assert len(listed) == 2
    current = listed[here.session_id]  # type: ignore[index]
    assert (current.device, current.way, current.is_current) == ("iphone safari", "passkey", True)
    assert not listed[actor.session_id].is_current  # type: ignore[index]
    await own_keys.end_own_session(here, actor.session_id)  # type: ignore[arg-type]
    assert [each.session_id for each in await own_keys.own_sessions(here)] == [here.session_id]
    with pytest.raises(NotFound):
        await own_keys.end_own_session(here, actor.session_id)  # type: ignore[arg-type]


async def test_all_others_end_and_this_one_stays(hanako: Paper, device: Authenticator):
    others = [await hanako.register(device), await sign_in(device), await sign_in(device)]
    here = await sign_in(device)
    assert await own_keys.end_other_sessions(await identity.actor_of(here.token)) == 3
    assert all([await identity.actor_of(each.token) == ANONYMOUS for each in others])
    assert await identity.actor_of(here.token) != ANONYMOUS


async def test_a_session_nobody_uses_for_an_hour_has_ended(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    session = await hanako.register(device)
    actor = await identity.actor_of(session.token)
    aged = "UPDATE session SET seen_at = now() - $2::interval WHERE session_id = $1"
    await admin.execute(aged, actor.session_id, timedelta(minutes=59))
    assert await identity.actor_of(session.token) == actor
    seen = "SELECT now() - seen_at FROM session WHERE session_id = $1"
    assert await admin.fetchval(seen, actor.session_id) < timedelta(minutes=1)
    await admin.execute(aged, actor.session_id, timedelta(minutes=61))
    assert await identity.actor_of(session.token) == ANONYMOUS


def test_a_proof_is_fresh_for_five_minutes_and_never_from_the_future():
    now = clock.now()
    moment = timedelta(microseconds=1)
    assert is_fresh(now, now)
    assert is_fresh(now - FRESH_FOR + moment, now)
    assert not is_fresh(now - FRESH_FOR, now)
    assert not is_fresh(now + moment, now)
    assert not is_fresh(None, now)


async def test_an_old_session_must_prove_who_is_there_before_keys_change(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    actor = await at_home(hanako, device)
    await one_more(actor)
    first, _ = await own_keys.own_passkeys(actor)
    made = Authenticator().create(await own_keys.creation_options(actor))
    await grows_stale(admin, actor)
    for change in (
        own_keys.creation_options(actor),
        own_keys.add_passkey(actor, made, ""),
        own_keys.revoke_passkey(actor, first.passkey_id),
    ):
        with pytest.raises(StepUpNeeded):
            await change
    assert len(await own_keys.own_passkeys(actor)) == 2


async def proved(actor: Actor, device: Authenticator) -> OpenedSession:
    return await stepping_up.verify(actor, device.get(await stepping_up.options(actor)))


async def test_a_proof_makes_the_session_fresh_under_another_token(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    before = await hanako.register(device)
    actor = await identity.actor_of(before.token)
    await grows_stale(admin, actor)
    session = await proved(actor, device)
    await own_keys.creation_options(actor)
    assert await identity.actor_of(before.token) == ANONYMOUS
    assert await identity.actor_of(session.token) == actor
    assert session.expires_at == before.expires_at
    assert (await access_log.page(actor)).rows[0].event == "identity:session:stepped_up"


async def test_only_ones_own_key_proves_and_a_refusal_is_in_the_log(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    actor = await at_home(hanako, device)
    await grows_stale(admin, actor)
    impostor = Authenticator()
    impostor.credential_id = device.credential_id
    other_use = device.get(await identity.sign_in_options())
    unverified = device.get(await stepping_up.options(actor), verified=False)
    for credential in (
        Authenticator().get(await stepping_up.options(actor)),
        impostor.get(await stepping_up.options(actor)),
        other_use,
        unverified,
    ):
        with pytest.raises(SignInRefused):
            await stepping_up.verify(actor, credential)
    newest = (await access_log.page(actor)).rows[0]
    assert (newest.event, newest.outcome) == ("identity:session:stepped_up", "denied")
    with pytest.raises(StepUpNeeded):
        await own_keys.creation_options(actor)


async def test_a_proof_serves_once(hanako: Paper, device: Authenticator):
    actor = await at_home(hanako, device)
    proof = device.get(await stepping_up.options(actor))
    await stepping_up.verify(actor, proof)
    with pytest.raises(SignInRefused):
        await stepping_up.verify(actor, proof)


async def test_a_session_that_has_ended_is_not_stepped_up(hanako: Paper, device: Authenticator):
    session = await hanako.register(device)
    actor = await identity.actor_of(session.token)
    proof = device.get(await stepping_up.options(actor))
    await identity.end_session(session.token)
    with pytest.raises(NotFound):
        await stepping_up.verify(actor, proof)


async def test_a_freeze_is_never_shortened(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    actor = await at_home(hanako, device)
    sets = "UPDATE account SET frozen_until = $1 WHERE account_id = app.account()"
    end = clock.now() + timedelta(hours=72)
    async with unit_of_work(actor) as tx:
        await tx.execute(sets, end)
    for sooner in (None, end - timedelta(minutes=1)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unit_of_work(actor) as tx:
                await tx.execute(sets, sooner)


@pytest.mark.parametrize(
    ("says", "device"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) Version/18.1 Mobile Safari/604.1",
            "iphone safari",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 8) Chrome/131.0 Mobile Safari/537.36",
            "android chrome",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537.36 Edg/131.0", "windows edge"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Firefox/133.0", "mac firefox"),
        ("Tsunagu/1.0 (Android 15)", "android"),
        ("curl/8.0", ""),
        ("", ""),
        ("<script>" * 200, ""),
    ],
    ids=["phone", "android", "edge", "mac", "app", "tool", "nothing", "markup"],
)
def test_of_a_device_only_its_family_is_kept(says: str, device: str):
    assert device_of(says) == device
    family, _, browser = device.partition(" ")
    assert family in FAMILIES
    assert browser in ("", *BROWSERS)
