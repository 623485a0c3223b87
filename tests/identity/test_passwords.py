"""Hanako without her passkey: card, password and the number her app shows, and nothing less."""

import asyncio
import hashlib
import os
import time
from datetime import timedelta
from typing import NamedTuple

import asyncpg
import pyotp
import pytest
import pytest_asyncio

from api.core import runtime
from api.core.actor import Actor
from api.core.errors import Unavailable
from api.directory import service as directory
from api.identity import service as identity
from api.identity.devices import Device
from api.identity.errors import (
    EnrolmentThrottled,
    PasswordFaults,
    PasswordSetupGone,
    SignInRefused,
    StepUpNeeded,
)
from api.identity.keys import own_keys, password_hashing, passwords, stepping_up
from api.identity.keys.password_rules import fault_of
from api.identity.service import OpenedSession
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper, some_address, some_card

PASSWORD = "梅干しと麦茶と縁側の午後三時"


class Owner(NamedTuple):
    actor: Actor
    paper: Paper
    secret: str

    def number(self, *, steps: int = 1) -> str:
        """The step after the one that set it up: each serves once."""
        return pyotp.TOTP(self.secret).at(time.time() + 30 * steps)

    async def enter(
        self, *, password: str = PASSWORD, number: str | None = None, source: str | None = None
    ) -> OpenedSession:
        return await passwords.sign_in(
            self.paper.card.grouped,
            password,
            self.number() if number is None else number,
            source or some_address(),
            scheme=directory.profile().card_scheme,
            device=Device("iphone safari"),
        )


async def with_password(actor: Actor, paper: Paper, password: str = PASSWORD) -> Owner:
    setup = await passwords.begin(actor)
    await passwords.set_password(actor, password, setup.sealed, pyotp.TOTP(setup.secret).now())
    return Owner(actor, paper, setup.secret)


@pytest_asyncio.fixture
async def owner(hanako: Paper, device: Authenticator) -> Owner:
    actor = await identity.actor_of((await hanako.register(device)).token)
    return await with_password(actor, hanako)


async def test_card_password_and_number_sign_in_but_prove_too_little_to_open_anything(
    owner: Owner,
):
    session = await owner.enter()
    actor = await identity.actor_of(session.token)
    assert actor.account_id == owner.actor.account_id
    listed = {each.session_id: each.way for each in await own_keys.own_sessions(actor)}
    assert listed[actor.session_id] == "password"  # type: ignore[index]
    with pytest.raises(StepUpNeeded):
        await stepping_up.demand_now(actor)


async def test_a_number_serves_once_and_no_earlier_one_after_it(owner: Owner):
    number = owner.number()
    await owner.enter(number=number)
    for again in (number, owner.number(steps=0)):
        with pytest.raises(SignInRefused):
            await owner.enter(number=again)


async def test_of_two_with_one_number_one_gets_in(owner: Owner):
    number = owner.number()
    results = await asyncio.gather(
        *(owner.enter(number=number) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in results) == ["OpenedSession", "SignInRefused"]


async def test_whatever_is_wrong_the_answer_is_one(owner: Owner, hanako: Paper):
    nobody = owner._replace(paper=hanako._replace(card=some_card(directory.profile().card_scheme)))
    tries = (
        owner.enter(password=PASSWORD + "x"),
        owner.enter(number="000000"),
        owner.enter(number=""),
        owner.enter(number=owner.number(steps=9)),
        owner.enter(password="short"),
        owner.enter(password="長" * 5000),
        nobody.enter(),
    )
    for each in tries:
        with pytest.raises(SignInRefused) as refused:
            await each
        assert (refused.value.key, refused.value.params) == ("error.sign_in.refused", {})


async def test_a_card_of_nobody_takes_the_same_hashing(
    owner: Owner, hanako: Paper, monkeypatch: pytest.MonkeyPatch
):
    nobody = owner._replace(paper=hanako._replace(card=some_card(directory.profile().card_scheme)))
    hashed: list[str] = []
    verified = password_hashing._verified

    def counted(stored: str, password: str) -> bool:
        hashed.append(stored.rpartition("$")[0].rpartition("$")[0])
        return verified(stored, password)

    monkeypatch.setattr(password_hashing, "_verified", counted)
    for who in (owner, nobody):
        with pytest.raises(SignInRefused):
            await who.enter(password=PASSWORD + "x")
    assert len(hashed) == 2
    assert hashed[0] == hashed[1]
    assert hashed[0].startswith("$argon2id$v=19$m=19456,t=2,p=1")


async def test_guesses_wait(owner: Owner):
    met = []
    for _ in range(12):
        try:
            await owner.enter(password=PASSWORD + "x")
        except (SignInRefused, EnrolmentThrottled) as refusal:
            met.append(type(refusal))
    assert met[0] is SignInRefused
    assert met[-1] is EnrolmentThrottled


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("twelve chars", "error.password.short"),
        ("x" * 129, "error.password.long"),
        ("password12345", "error.password.common"),
        ("PASSWORD12345", "error.password.common"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaa", "error.password.common"),
        ("きょうの晩ごはん 1234 5678 9018", "error.password.number"),
    ],
    ids=["short", "long", "common", "upper", "one-letter", "my-number"],
)
async def test_a_poor_password_is_refused(
    hanako: Paper, device: Authenticator, password: str, fault: str
):
    actor = await identity.actor_of((await hanako.register(device)).token)
    setup = await passwords.begin(actor)
    number = pyotp.TOTP(setup.secret).now()
    with pytest.raises(PasswordFaults) as refused:
        await passwords.set_password(actor, password, setup.sealed, number)
    assert refused.value.fields == {"password": fault}
    assert not await passwords.is_set(actor)


def test_the_card_number_is_no_part_of_a_password():
    assert fault_of("my card 1234-5678-9012-3456", "1234567890123456", False)
    assert fault_of("梅干しと麦茶と縁側の午後三時", "1234567890123456", False) is None


async def test_a_password_on_the_operators_list_is_refused(deployment: Deployment):
    stolen = [f"a stolen password {n}" for n in range(200)]
    lines = sorted(hashlib.sha1(each.encode()).hexdigest().upper() for each in stolen)
    path = runtime.settings().home / password_hashing.STOLEN
    path.write_text("".join(f"{line}\n" for line in lines))
    try:
        assert all([await password_hashing.is_known(each) for each in stolen])
        assert not await password_hashing.is_known(PASSWORD)
    finally:
        path.unlink()


async def test_a_setup_of_somebody_else_or_of_long_ago_is_over(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
):
    stranger = Actor(
        kind=owner.actor.kind, account_id=owner.actor.participant_id, participant_id=None
    )
    setup = await passwords.begin(owner.actor)
    number = pyotp.TOTP(setup.secret).now()
    for who, sealed in ((stranger, setup.sealed), (owner.actor, "x"), (owner.actor, "")):
        with pytest.raises(PasswordSetupGone):
            await passwords.set_password(who, PASSWORD, sealed, number)
    monkeypatch.setattr(passwords, "SETUP_VALID_FOR", timedelta(seconds=-1))
    late = await passwords.begin(owner.actor)
    with pytest.raises(PasswordSetupGone):
        await passwords.set_password(owner.actor, PASSWORD, late.sealed, number)


async def test_the_second_factor_must_be_proved_before_it_counts(
    hanako: Paper, device: Authenticator
):
    actor = await identity.actor_of((await hanako.register(device)).token)
    setup = await passwords.begin(actor)
    with pytest.raises(PasswordFaults) as refused:
        await passwords.set_password(actor, PASSWORD, setup.sealed, "000000")
    assert refused.value.fields == {"number": "error.password.number_wrong"}


async def test_a_changed_or_removed_password_ends_its_sessions(owner: Owner):
    session = await owner.enter()
    changed = await with_password(owner.actor, owner.paper, PASSWORD + "と猫")
    assert (await identity.actor_of(session.token)).account_id is None
    with pytest.raises(SignInRefused):
        await changed.enter(password=PASSWORD)
    await passwords.remove(owner.actor)
    with pytest.raises(SignInRefused):
        await changed.enter(password=PASSWORD + "と猫")


async def test_with_a_password_the_only_key_may_go(owner: Owner):
    (key,) = await own_keys.own_passkeys(owner.actor)
    await own_keys.revoke_passkey(owner.actor, key.passkey_id)
    assert await own_keys.own_passkeys(owner.actor) == []
    assert await owner.enter()


async def test_neither_password_nor_secret_can_be_read_from_the_database(
    owner: Owner, admin: asyncpg.Connection
):
    rows = await admin.fetchval("SELECT string_agg(p::text, ' ') FROM password p")
    assert PASSWORD not in rows
    assert owner.secret not in rows
    assert owner.secret.encode().hex() not in rows


async def test_a_flood_is_refused_before_it_is_hashed(database: Deployment):
    many = [
        password_hashing.is_right(None, os.urandom(8).hex())
        for _ in range(password_hashing.AT_ONCE + password_hashing.MOST_WAITING + 5)
    ]
    results = await asyncio.gather(*many, return_exceptions=True)
    assert sum(isinstance(each, Unavailable) for each in results) == 5
    assert sum(each is False for each in results) == len(many) - 5
