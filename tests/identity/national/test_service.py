"""Signing in, joining and adding a My Number card; and every way each is refused."""

import asyncio
import os
import secrets
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import jwt
import pyotp
import pytest
from msgspec.structs import replace

from api.access_log import service as access_log
from api.consent import service as consent
from api.consent.lifecycle import joining
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, OPERATOR, Actor, ActorKind
from api.core.client_keys import ClientKeys
from api.core.crypto import KeyRing, sha256
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.core.settings import ROOT
from api.directory import service as directory
from api.identity import service as identity
from api.identity.devices import Device
from api.identity.enrolling import enrolment, intake
from api.identity.enrolling.enrolment import Birth, IssuedTicket
from api.identity.errors import (
    AlreadyEnrolled,
    EnrolmentThrottled,
    Frozen,
    LastWayIn,
    NoMatch,
    NotAccepted,
    StepUpNeeded,
)
from api.identity.keys import own_keys, passwords, recovery, stepping_up
from api.identity.national import login, provider, queries
from api.identity.national import service as national
from api.identity.national.errors import (
    MyNumberCardFault,
    MyNumberElsewhere,
    MyNumberGone,
    MyNumberNoMatch,
    MyNumberNotOwn,
    MyNumberRefused,
    MyNumberStopped,
    MyNumberTooWeak,
    MyNumberUnavailable,
    MyNumberUnknown,
)
from api.identity.national.login import Begun, Proof, Purpose
from api.identity.service import OpenedSession
from notifications import service as notifications
from tests.cli.console import tsunagu
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper, some_address, some_card
from tests.identity.national.issuer import Issuer, Key

HANAKO_BORN = date(1940, 4, 9)


async def proved(
    issuer: Issuer, purpose: Purpose = Purpose.SIGN_IN, session: OpenedSession | None = None
) -> Proof:
    session_id = (await own_actor(session)).session_id if session else None
    begun = await login.begin(purpose, session_id=session_id)
    return await national.finish(begun.token, issuer.consent(begun), session_id=session_id)


async def joined(issuer: Issuer) -> OpenedSession:
    """Whoever the issuer names is the only one of their name, and takes part from now on."""
    ticket = await national.enrol(await proved(issuer, Purpose.ENROL))
    assert ticket
    await joining.accept(ticket.token, consent.terms_in_force())
    return await joining.finish_by_my_number(ticket.token)


async def own_actor(session: OpenedSession) -> Actor:
    return await identity.actor_of(session.token)


async def newest(session: OpenedSession) -> tuple[str, str, Any]:
    row = (await access_log.page(await own_actor(session))).rows[0]
    return row.event, row.outcome, row.detail.get("way")


async def told(actor: Actor) -> str:
    """The newest notice in the inbox."""
    while await notifications.deliver():
        pass
    notices, _ = await notifications.inbox(actor)
    return notices[0].event


async def grows_stale(admin: asyncpg.Connection, actor: Actor) -> None:
    await admin.execute(
        "UPDATE session SET stepped_up_at = now() - interval '6 minutes' WHERE session_id = $1",
        actor.session_id,
    )


@pytest.fixture
async def only(issuer: Issuer, hanako: Paper, admin: asyncpg.Connection) -> Paper:
    """Hanako, of a name nobody else has."""
    name = f"山本 花子{secrets.token_hex(4)}"
    await admin.execute(
        "UPDATE participant SET name = $2 WHERE participant_id = $1", hanako.participant_id, name
    )
    issuer.items["name"] = name
    return hanako


async def namesake(issuer: Issuer, born: date = HANAKO_BORN, sex: str = "female") -> Paper:
    card = some_card(directory.profile().card_scheme)
    person = intake.Paper(issuer.items["name"], "ヤマモト ハナコ", sex, born)
    participant_id = await intake.admit(OPERATOR, person, card)
    code = await intake.issue_code(OPERATOR, participant_id)
    birth = Birth(str(born.year), str(born.month), str(born.day))
    return Paper(participant_id, card, code, birth)


# Joining and signing in


async def test_hanako_registers_with_her_card_alone_and_signs_in_with_it(
    issuer: Issuer, only: Paper
):
    session = await joined(issuer)
    actor = await own_actor(session)
    assert actor.participant_id == only.participant_id
    assert (await consent.settings(actor)).participation.state == "participating"
    assert await newest(session) == ("identity:participant:enrolled", "permitted", "my_number")

    again = await national.sign_in(await proved(issuer), session.token)
    assert await own_actor(session) == ANONYMOUS  # the earlier session is over
    assert (await own_actor(again)).account_id == actor.account_id
    events = [row.event for row in (await access_log.page(await own_actor(again))).rows]
    assert events[:2] == ["identity:session:ended", "identity:session:opened"]
    added = await national.own(await own_actor(again))
    assert added
    assert added.last_used_at is not None
    assert added.last_used_at > added.added_at


async def test_the_four_items_are_asked_for_at_enrolment_alone(issuer: Issuer):
    scopes = {}
    for purpose in (Purpose.SIGN_IN, Purpose.ENROL):
        asked = parse_qs(urlsplit((await login.begin(purpose)).url).query)
        scopes[purpose] = asked["scope"]
    assert scopes == {
        Purpose.SIGN_IN: ["openid"],
        Purpose.ENROL: ["openid name address birthdate gender"],
    }
    proof = await proved(issuer)
    assert proof.items is None
    assert "/userinfo" not in issuer.seen


async def test_what_is_asked_is_what_the_issuer_demands(issuer: Issuer):
    begun = await login.begin(Purpose.ADD, session_id=uuid7())
    asked = {name: given[0] for name, given in parse_qs(urlsplit(begun.url).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://localhost:8000/sign-in/my-number/callback"
    assert asked["acr_values"] == "aal2"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43


async def test_the_client_proves_itself_by_a_fresh_assertion_for_the_token_endpoint(
    issuer: Issuer,
):
    for _ in range(2):
        await proved(issuer)
    keys = jwt.PyJWKSet.from_dict({"keys": provider.client_keys().published()})
    jtis = set()
    for form in issuer.forms:
        assertion = form["client_assertion"]
        kid = jwt.get_unverified_header(assertion)["kid"]
        claims = jwt.decode(
            assertion, keys[kid], algorithms=["ES256"], audience=f"{issuer.url}/token"
        )
        assert claims["iss"] == claims["sub"] == "RP00000001"
        assert 0 < claims["exp"] - claims["iat"] <= 60
        jtis.add(claims["jti"])
    assert len(jtis) == 2


async def test_a_card_nobody_here_is_known_by_opens_nothing(issuer: Issuer):
    with pytest.raises(MyNumberUnknown):
        await national.sign_in(await proved(issuer))


async def test_registering_once_more_with_the_same_card_finds_the_account(
    issuer: Issuer, only: Paper
):
    await joined(issuer)
    proof = await proved(issuer, Purpose.ENROL)
    assert await national.enrol(proof) is None
    assert (await own_actor(await national.sign_in(proof))).participant_id == only.participant_id


@pytest.mark.parametrize(
    ("on_card", "at_network"),
    [
        ("髙﨑　𠮷男", "高崎 吉男"),
        ("渡邊 眞澄", "渡辺　真澄"),
        ("渡邉真澄", "渡辺 真澄"),
        ("ﾔﾏﾓﾄ ﾊﾅｺ", "ヤマモト　ハナコ"),
        ("TANAKA Hanako", "Ｔａｎａｋａ ＨＡＮＡＫＯ"),
        ("ジョン・スミス", "ジョン スミス"),
        ("葛\U000e0100城 花子", "葛城 花子"),
    ],
)
async def test_a_name_is_the_same_in_every_form_of_its_characters(
    issuer: Issuer, only: Paper, admin: asyncpg.Connection, on_card: str, at_network: str
):
    mark = secrets.token_hex(4)
    issuer.items["name"] = on_card + mark
    await admin.execute(
        "UPDATE participant SET name = $2 WHERE participant_id = $1",
        only.participant_id,
        at_network + mark,
    )
    session = await joined(issuer)
    assert (await own_actor(session)).participant_id == only.participant_id


async def test_the_folding_keeps_different_names_apart(admin: asyncpg.Connection):
    pairs = (("山本 花子", "山木 花子"), ("由美", "由実"), ("ハナコ", "はなこ"), ("大田", "太田"))
    for one, other in pairs:
        assert not await admin.fetchval("SELECT app.name_key($1) = app.name_key($2)", one, other)


@pytest.mark.parametrize(
    "changed",
    [{"birthdate": "19400410"}, {"name": "山本 由美"}, {"gender": "1"}],
    ids=["birth", "name", "sex"],
)
async def test_one_item_that_differs_finds_nobody(
    issuer: Issuer, only: Paper, changed: dict[str, str]
):
    issuer.items |= changed
    if "name" in changed:
        issuer.items["name"] += secrets.token_hex(4)
    with pytest.raises(MyNumberNoMatch):
        await national.enrol(await proved(issuer, Purpose.ENROL))


async def _choose(proof: str, card: str) -> IssuedTicket:
    return await national.choose(
        proof, card, some_address(), scheme=directory.profile().card_scheme
    )


async def test_of_two_of_the_same_name_and_birth_date_the_card_says_which(
    issuer: Issuer, only: Paper
):
    other = await namesake(issuer)
    with pytest.raises(MyNumberNoMatch) as refusal:
        await national.enrol(await proved(issuer, Purpose.ENROL))
    proof = refusal.value.proof
    stranger = some_card(directory.profile().card_scheme)
    with pytest.raises(MyNumberNoMatch):
        await _choose(proof, stranger.digits)
    with pytest.raises(MyNumberCardFault):
        await _choose(proof, "1234")
    with pytest.raises(MyNumberCardFault) as fault:
        await _choose(proof, "123456789018")
    assert fault.value.field_key == "error.card.my_number"
    issued = await _choose(proof, other.card.grouped)
    assert (await enrolment.holder_of(issued.token)).participant_id == other.participant_id
    with pytest.raises(MyNumberGone):  # a proof serves once
        await _choose(proof, only.card.grouped)


async def test_a_card_of_somebody_of_another_name_is_never_joined_to(issuer: Issuer, only: Paper):
    stranger = await namesake(issuer, date(1941, 1, 1))
    await namesake(issuer)
    with pytest.raises(MyNumberNoMatch) as refusal:
        await national.enrol(await proved(issuer, Purpose.ENROL))
    with pytest.raises(MyNumberNoMatch):
        await _choose(refusal.value.proof, stranger.card.digits)


async def test_none_and_several_answer_alike(issuer: Issuer, only: Paper):
    await namesake(issuer)
    with pytest.raises(MyNumberNoMatch) as several:
        await national.enrol(await proved(issuer, Purpose.ENROL))
    issuer.items["name"] = f"だれか{secrets.token_hex(4)}"
    with pytest.raises(MyNumberNoMatch) as none:
        await national.enrol(await proved(issuer, Purpose.ENROL))
    said = [(r.value.status, r.value.key, r.value.params) for r in (several, none)]
    assert said[0] == said[1]
    assert len(several.value.proof) == len(none.value.proof)


async def test_cards_cannot_be_tried_one_after_the_other(issuer: Issuer, only: Paper):
    await namesake(issuer)
    with pytest.raises(MyNumberNoMatch) as refusal:
        await national.enrol(await proved(issuer, Purpose.ENROL))
    source, slowed = some_address(), False
    for _ in range(12):
        stranger = some_card(directory.profile().card_scheme)
        try:
            await national.choose(
                refusal.value.proof,
                stranger.digits,
                source,
                scheme=directory.profile().card_scheme,
            )
        except EnrolmentThrottled:
            slowed = True
        except MyNumberNoMatch:
            continue
    assert slowed


async def test_an_account_with_a_passkey_is_never_opened_by_a_likeness(
    issuer: Issuer, only: Paper, device: Authenticator
):
    await only.register(device)
    with pytest.raises(AlreadyEnrolled):
        await national.enrol(await proved(issuer, Purpose.ENROL))


async def test_the_card_of_a_namesake_does_not_open_an_account_that_has_one(
    issuer: Issuer, only: Paper
):
    await joined(issuer)
    issuer.sub = "a namesake"
    with pytest.raises(AlreadyEnrolled):
        await national.enrol(await proved(issuer, Purpose.ENROL))


async def test_a_paper_left_lying_opens_nothing_after_joining_by_card(issuer: Issuer, only: Paper):
    await joined(issuer)
    with pytest.raises(NoMatch):
        await only.begin()


async def test_a_ticket_of_the_paper_cannot_finish_once_the_card_has(
    issuer: Issuer, only: Paper, device: Authenticator
):
    by_paper = await only.accepted()
    credential = device.create(await enrolment.passkey_options(by_paper))
    await joined(issuer)
    with pytest.raises(AlreadyEnrolled):
        await joining.finish(by_paper, credential)


async def test_a_ticket_of_the_card_makes_no_passkey_and_one_of_the_paper_no_card(
    issuer: Issuer, only: Paper, device: Authenticator
):
    by_paper = await only.accepted()
    with pytest.raises(NotAccepted):
        await joining.finish_by_my_number(by_paper)
    ticket = await national.enrol(await proved(issuer, Purpose.ENROL))
    assert ticket
    with pytest.raises(NotAccepted):
        await joining.finish_by_my_number(ticket.token)
    await joining.accept(ticket.token, consent.terms_in_force())
    credential = device.create(await enrolment.passkey_options(ticket.token))
    with pytest.raises(NotAccepted):
        await joining.finish(ticket.token, credential)


async def test_pressed_many_times_at_once_one_account_comes_about(
    issuer: Issuer, only: Paper, admin: asyncpg.Connection
):
    ticket = await national.enrol(await proved(issuer, Purpose.ENROL))
    assert ticket
    await joining.accept(ticket.token, consent.terms_in_force())
    answers = await asyncio.gather(
        *(joining.finish_by_my_number(ticket.token) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(answer, OpenedSession) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyEnrolled) for answer in answers) == 3
    accounts = await admin.fetchval(
        "SELECT count(*) FROM account WHERE participant_id = $1", only.participant_id
    )
    assert accounts == 1


async def test_the_items_are_kept_nowhere(issuer: Issuer, only: Paper, admin: asyncpg.Connection):
    mark = f"番地{secrets.token_hex(5)}"
    issuer.items["address"] = {"formatted": f"熊本県{mark}"}
    await joined(issuer)
    tables = await admin.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n"
        " ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname IN ('public', 'app')"
    )
    assert len(tables) > 20
    for table in tables:
        sql = f"SELECT count(*) FROM {table['name']} t WHERE t::text LIKE $1"
        assert await admin.fetchval(sql, f"%{mark}%") == 0, table["name"]


# Adding a card to an account


async def test_hanako_adds_her_card_and_signs_in_with_it(
    issuer: Issuer, only: Paper, device: Authenticator
):
    session = await only.register(device)
    actor = await own_actor(session)
    assert await national.own(actor) is None
    for _ in range(2):  # twice is no fault
        await national.add(actor, await proved(issuer, Purpose.ADD, session))
    assert await national.own(actor) is not None
    assert await newest(session) == ("identity:my_number:added", "permitted", None)
    assert await told(actor) == "my_number_added"
    signed_in = await national.sign_in(await proved(issuer))
    assert (await own_actor(signed_in)).account_id == actor.account_id


async def test_a_card_that_opens_one_account_is_added_to_no_other(
    issuer: Issuer, only: Paper, device: Authenticator
):
    await joined(issuer)
    taro = await namesake(issuer, date(1941, 2, 11))
    session = await taro.register(device)
    proof = await proved(issuer, Purpose.ADD, session)
    with pytest.raises(MyNumberElsewhere):
        await national.add(await own_actor(session), proof)
    assert await national.own(await own_actor(session)) is None


async def test_an_account_takes_no_second_card(issuer: Issuer, only: Paper):
    session = await joined(issuer)
    issuer.sub = "another card"
    with pytest.raises(MyNumberElsewhere):
        await national.add(await own_actor(session), await proved(issuer, Purpose.ADD, session))


async def test_dr_sato_has_no_my_number_login(issuer: Issuer):
    sato = Actor(kind=ActorKind.PROFESSIONAL)
    with pytest.raises(NotFound):
        await national.add(sato, Proof(Purpose.ADD, issuer.url, issuer.sub, "aal3", clock.now()))


async def test_a_login_begun_in_one_session_is_not_finished_in_another(
    issuer: Issuer, only: Paper, device: Authenticator
):
    session = await only.register(device)
    begun = await login.begin(Purpose.ADD, session_id=(await own_actor(session)).session_id)
    with pytest.raises(MyNumberGone):
        await national.finish(begun.token, issuer.consent(begun), session_id=uuid7())


async def test_a_proof_serves_for_what_it_was_got(issuer: Issuer, only: Paper):
    session = await joined(issuer)
    actor, proof = await own_actor(session), await proved(issuer)
    with pytest.raises(MyNumberGone):
        await national.add(actor, proof)
    with pytest.raises(MyNumberGone):
        await national.enrol(proof)
    with pytest.raises(MyNumberGone):
        await national.sign_in(await proved(issuer, Purpose.ADD, session))


# Proving oneself again


async def _shown_again(issuer: Issuer, actor: Actor) -> OpenedSession:
    begun = await login.begin(Purpose.STEP_UP, session_id=actor.session_id)
    asked = parse_qs(urlsplit(begun.url).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    proof = await national.finish(begun.token, issuer.consent(begun), session_id=actor.session_id)
    return await national.step_up(actor, proof)


async def test_who_signs_in_with_their_card_has_shown_who_they_are(issuer: Issuer, only: Paper):
    await joined(issuer)
    session = await national.sign_in(await proved(issuer), device=Device("iphone safari"))
    actor = await own_actor(session)
    await stepping_up.demand_now(actor)
    (opened,) = [each for each in await own_keys.own_sessions(actor) if each.is_current]
    assert (opened.way, opened.device) == ("my_number", "iphone safari")


async def test_hanako_shows_her_card_once_more_and_goes_on_under_another_token(
    issuer: Issuer, only: Paper, admin: asyncpg.Connection
):
    earlier = await joined(issuer)
    actor = await own_actor(earlier)
    await grows_stale(admin, actor)
    with pytest.raises(StepUpNeeded):
        await stepping_up.demand_now(actor)
    session = await _shown_again(issuer, actor)
    await stepping_up.demand_now(actor)
    assert await own_actor(earlier) == ANONYMOUS
    assert (await own_actor(session)).session_id == actor.session_id
    assert await newest(session) == ("identity:session:stepped_up", "permitted", "my_number")


async def test_somebody_elses_card_is_no_proof(
    issuer: Issuer, only: Paper, admin: asyncpg.Connection
):
    session = await joined(issuer)
    actor = await own_actor(session)
    await grows_stale(admin, actor)
    issuer.sub = "Yumi"
    with pytest.raises(MyNumberNotOwn):
        await _shown_again(issuer, actor)
    assert await newest(session) == ("identity:session:stepped_up", "denied", "my_number")
    with pytest.raises(StepUpNeeded):
        await stepping_up.demand_now(actor)


async def test_a_card_shown_this_morning_is_no_proof_now(issuer: Issuer, only: Paper):
    session = await joined(issuer)
    issuer.claims["auth_time"] = int(clock.now().timestamp()) - 3600
    with pytest.raises(MyNumberTooWeak):
        await _shown_again(issuer, await own_actor(session))
    assert await newest(session) == ("identity:session:stepped_up", "denied", "my_number")


async def test_a_card_is_added_and_removed_by_who_has_just_shown_who_they_are(
    issuer: Issuer, only: Paper, device: Authenticator, admin: asyncpg.Connection
):
    session = await only.register(device)
    actor = await own_actor(session)
    proof = await proved(issuer, Purpose.ADD, session)
    await grows_stale(admin, actor)
    with pytest.raises(StepUpNeeded):
        await national.add(actor, proof)
    assert await national.own(actor) is None
    await stepping_up.verify(actor, device.get(await stepping_up.options(actor)))
    await national.add(actor, proof)
    await grows_stale(admin, actor)
    with pytest.raises(StepUpNeeded):
        await national.remove(actor)
    assert await national.own(actor) is not None


# Taking it away again, and the last way in


async def test_a_removed_card_opens_nothing_and_what_it_opened_is_closed(
    issuer: Issuer, only: Paper, device: Authenticator
):
    actor = await own_actor(await only.register(device))
    await national.add(actor, await _proof_for(issuer, actor))
    by_card = await national.sign_in(await proved(issuer))
    late = await proved(issuer)
    await national.remove(actor)
    assert await national.own(actor) is None
    assert await told(actor) == "my_number_removed"
    assert await own_actor(by_card) == ANONYMOUS
    with pytest.raises(MyNumberUnknown):
        await national.sign_in(late)
    with pytest.raises(NotFound):
        await national.remove(actor)
    # Neither an account with a key, nor its card, is found by a name's likeness.
    with pytest.raises(AlreadyEnrolled):
        await national.enrol(await proved(issuer, Purpose.ENROL))


async def test_the_last_way_in_cannot_be_taken_away_whichever_it_is(issuer: Issuer, only: Paper):
    actor = await own_actor(await joined(issuer))
    with pytest.raises(LastWayIn):
        await national.remove(actor)
    phone = Authenticator()
    await own_keys.add_passkey(actor, phone.create(await own_keys.creation_options(actor)), "")
    (key,) = await own_keys.own_passkeys(actor)
    await own_keys.revoke_passkey(actor, key.passkey_id)  # the card still opens
    with pytest.raises(LastWayIn):
        await national.remove(actor)
    assert await national.own(actor) is not None


async def test_of_card_and_key_taken_away_at_once_one_is_left(
    issuer: Issuer, only: Paper, device: Authenticator
):
    actor = await own_actor(await only.register(device))
    await national.add(actor, await _proof_for(issuer, actor))
    (key,) = await own_keys.own_passkeys(actor)
    apart = replace(actor, session_id=None)  # of a session that neither opened
    results = await asyncio.gather(
        national.remove(apart),
        own_keys.revoke_passkey(apart, key.passkey_id),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in results) == ["LastWayIn", "NoneType"]


async def test_with_a_password_in_its_place_the_card_goes_and_the_password_stays_a_key(
    issuer: Issuer, only: Paper
):
    actor = await own_actor(await joined(issuer))
    setup = await passwords.begin(actor)
    number = pyotp.TOTP(setup.secret).now()
    await passwords.set_password(actor, "たかはしさんちの ねこは しろい", setup.sealed, number)
    await national.remove(actor)
    with pytest.raises(AlreadyEnrolled):  # a password is a key: likeness does not open it
        await national.enrol(await proved(issuer, Purpose.ENROL))
    with pytest.raises(LastWayIn):
        await passwords.remove(replace(actor, session_id=None))


async def test_a_card_is_a_way_in_when_the_password_goes(issuer: Issuer, only: Paper):
    actor = await own_actor(await joined(issuer))
    setup = await passwords.begin(actor)
    number = pyotp.TOTP(setup.secret).now()
    await passwords.set_password(actor, "たかはしさんちの ねこは しろい", setup.sealed, number)
    await passwords.remove(actor)
    assert not await passwords.is_set(actor)


async def test_where_its_issuer_is_trusted_no_more_a_card_is_no_way_in(
    issuer: Issuer, only: Paper, database: Deployment
):
    actor = await own_actor(await joined(issuer))
    phone = Authenticator()
    await own_keys.add_passkey(actor, phone.create(await own_keys.creation_options(actor)), "")
    (key,) = await own_keys.own_passkeys(actor)
    runtime.start(database.settings, database.keys)
    with pytest.raises(LastWayIn):
        await own_keys.revoke_passkey(actor, key.passkey_id)


async def test_a_recovery_ends_what_the_card_opened_and_leaves_the_card_alone(
    issuer: Issuer, only: Paper
):
    session = await joined(issuer)
    code = await recovery.make_code(await own_actor(session))
    ticket = await recovery.begin(
        only.card.grouped, code.printed, some_address(), scheme=directory.profile().card_scheme
    )
    phone = Authenticator()
    options = await recovery.passkey_options(ticket.token)
    again = await own_actor(await recovery.finish(ticket.token, phone.create(options)))
    assert await own_actor(session) == ANONYMOUS
    # Whoever recovered neither takes the holder's card away for 72 hours, nor adds one.
    with pytest.raises(Frozen):
        await national.remove(again)
    assert await own_actor(await national.sign_in(await proved(issuer))) != ANONYMOUS


async def test_for_72_hours_after_a_recovery_no_card_is_added(
    issuer: Issuer, only: Paper, device: Authenticator
):
    actor = await own_actor(await only.register(device))
    code = await recovery.make_code(actor)
    ticket = await recovery.begin(
        only.card.grouped, code.printed, some_address(), scheme=directory.profile().card_scheme
    )
    options = await recovery.passkey_options(ticket.token)
    session = await recovery.finish(ticket.token, Authenticator().create(options))
    with pytest.raises(Frozen):
        await national.add(await own_actor(session), await proved(issuer, Purpose.ADD, session))


async def _proof_for(issuer: Issuer, actor: Actor) -> Proof:
    begun = await login.begin(Purpose.ADD, session_id=actor.session_id)
    return await national.finish(begun.token, issuer.consent(begun), session_id=actor.session_id)


# What the issuer's side may get wrong, or somebody in between


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"nonce": "another login's"}, "nonce"),
        ({"aud": "RP00000002"}, "audience"),
        ({"iss": "https://elsewhere.example"}, "issuer"),
        ({"exp": 1}, "time"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "access_token"),
        ({"sub": None}, "subject"),
    ],
    ids=str,
)
async def test_an_id_token_that_lies_opens_nothing_and_stands_in_no_log(
    issuer: Issuer, only: Paper, claims: dict[str, Any], reason: str
):
    session = await joined(issuer)
    issuer.claims = claims
    with pytest.raises(MyNumberRefused) as refusal:
        await proved(issuer)
    assert refusal.value.reason == reason
    assert not isinstance(refusal.value, MyNumberTooWeak)
    assert await newest(session) == ("identity:participant:enrolled", "permitted", "my_number")


@pytest.mark.parametrize("acr", ["aal1", "", None])
async def test_a_login_weaker_than_asked_for_is_refused_and_hanako_can_see_it(
    issuer: Issuer, only: Paper, acr: str | None
):
    session = await joined(issuer)
    issuer.claims["acr"] = acr
    with pytest.raises(MyNumberTooWeak):
        await proved(issuer)
    assert await newest(session) == ("identity:session:opened", "denied", "my_number")


async def test_a_weak_login_of_nobody_known_is_refused_alike(issuer: Issuer):
    issuer.claims["acr"] = "aal1"
    with pytest.raises(MyNumberTooWeak):
        await proved(issuer)


async def test_a_key_that_signs_under_anothers_name_is_refused(issuer: Issuer):
    await proved(issuer)
    issuer.header["kid"] = issuer.key.jwk["kid"]
    issuer.published, issuer.key = [issuer.key], Key()
    with pytest.raises(MyNumberRefused) as refusal:
        await proved(issuer)
    assert refusal.value.reason == "signature"


async def test_a_rotated_key_is_looked_for_and_found(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
):
    await proved(issuer)
    issuer.key = Key()
    monkeypatch.setattr(provider, "LOOK_AGAIN_AFTER", 0.0)
    await proved(issuer)
    assert issuer.seen.count("/certs") == 2
    await proved(issuer)
    assert issuer.seen.count("/certs") == 2


async def test_unknown_keys_do_not_make_us_ask_again_and_again(issuer: Issuer):
    await proved(issuer)
    issuer.header["kid"] = "nobody's"
    for _ in range(3):
        with pytest.raises(MyNumberRefused):
            await proved(issuer)
    assert issuer.seen.count("/certs") == 1
    assert issuer.seen.count("/.well-known/openid-configuration") == 1


async def test_an_hs256_token_made_with_public_words_is_refused(issuer: Issuer):
    issuer.algorithm = "HS256"
    with pytest.raises(MyNumberRefused) as refusal:
        await proved(issuer)
    assert refusal.value.reason == "malformed"


async def test_items_of_somebody_else_are_refused(issuer: Issuer, only: Paper):
    issuer.info["sub"] = "somebody else"
    with pytest.raises(MyNumberRefused) as refusal:
        await proved(issuer, Purpose.ENROL)
    assert refusal.value.reason == "userinfo_subject"


@pytest.mark.parametrize("item", ["name", "birthdate"])
async def test_without_name_or_birth_date_nobody_is_looked_for(issuer: Issuer, item: str):
    issuer.items[item] = "?" * 300
    with pytest.raises(MyNumberRefused) as refusal:
        await proved(issuer, Purpose.ENROL)
    assert refusal.value.reason == f"items_{item}"


# The way back


async def test_a_code_serves_once_and_so_does_the_login(issuer: Issuer):
    begun = await login.begin(Purpose.SIGN_IN)
    answer = issuer.consent(begun)
    await national.finish(begun.token, answer)
    with pytest.raises(MyNumberGone):
        await national.finish(begun.token, answer)
    another = await login.begin(Purpose.SIGN_IN)
    replayed = issuer.consent(another)._replace(code=answer.code)
    with pytest.raises(MyNumberRefused) as refusal:
        await national.finish(another.token, replayed)
    assert refusal.value.reason == "code"


async def test_of_many_at_once_with_one_login_one_gets_through(issuer: Issuer):
    begun = await login.begin(Purpose.SIGN_IN)
    answer = issuer.consent(begun)
    found = await asyncio.gather(
        *(national.finish(begun.token, answer) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(each, Proof) for each in found) == 1
    assert sum(isinstance(each, MyNumberGone) for each in found) == 3


async def test_a_code_of_another_login_is_refused_for_its_verifier(issuer: Issuer):
    hers, his = await login.begin(Purpose.SIGN_IN), await login.begin(Purpose.SIGN_IN)
    stolen = issuer.consent(hers).code
    with pytest.raises(MyNumberRefused):
        await national.finish(his.token, issuer.consent(his)._replace(code=stolen))


async def test_an_answer_somebody_else_began_is_refused_and_uses_up_nothing(issuer: Issuer):
    hers, his = await login.begin(Purpose.SIGN_IN), await login.begin(Purpose.SIGN_IN)
    with pytest.raises(MyNumberGone):
        await national.finish(hers.token, issuer.consent(his))
    assert await national.finish(hers.token, issuer.consent(hers))


@pytest.mark.parametrize("token", ["", "planted"])
async def test_a_browser_that_began_nothing_finishes_nothing(issuer: Issuer, token: str):
    begun = await login.begin(Purpose.SIGN_IN)
    with pytest.raises(MyNumberGone):
        await national.finish(token, issuer.consent(begun))


async def test_a_login_past_ten_minutes_is_over(issuer: Issuer, admin: asyncpg.Connection):
    begun = await login.begin(Purpose.SIGN_IN)
    await admin.execute(
        "UPDATE national_login SET expires_at = now() WHERE login_hash = $1", _hash(begun)
    )
    with pytest.raises(MyNumberGone):
        await national.finish(begun.token, issuer.consent(begun))


async def test_a_login_of_the_app_is_not_finished_in_the_portal(issuer: Issuer):
    begun = await login.begin(Purpose.SIGN_IN, door="app")
    with pytest.raises(MyNumberGone):
        await national.finish(begun.token, issuer.consent(begun), door="portal")


@pytest.mark.parametrize("iss", ["", "https://elsewhere.example"])
async def test_an_answer_of_another_issuer_is_refused(issuer: Issuer, iss: str):
    begun = await login.begin(Purpose.SIGN_IN)
    with pytest.raises(MyNumberRefused) as refusal:
        await national.finish(begun.token, issuer.consent(begun)._replace(iss=iss))
    assert refusal.value.reason == "issuer"


@pytest.mark.parametrize(
    "changed",
    [{"code": "", "error": "access_denied"}, {"code": ""}, {"code": "x" * 2049}],
    ids=["refused", "no code", "long code"],
)
async def test_who_stops_at_the_issuer_is_told_so(issuer: Issuer, changed: dict[str, str]):
    begun = await login.begin(Purpose.SIGN_IN)
    with pytest.raises(MyNumberStopped):
        await national.finish(begun.token, issuer.consent(begun)._replace(**changed))
    assert issuer.forms == []


async def test_neither_browser_nor_database_alone_has_the_verifier(
    issuer: Issuer, admin: asyncpg.Connection
):
    begun = await login.begin(Purpose.SIGN_IN)
    row = await admin.fetchval(
        "SELECT l::text FROM national_login l WHERE login_hash = $1", _hash(begun)
    )
    await national.finish(begun.token, issuer.consent(begun))
    verifier = issuer.forms[0]["code_verifier"]
    assert len(verifier) == 43
    assert verifier not in begun.url
    for secret in (verifier, begun.token):
        assert secret not in row


# The issuer away or strange


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "https://elsewhere.example/token", "jwks_uri": "ftp://x"},
        {"token_endpoint": None},
        {"jwks_uri": 7},
    ],
    ids=["issuer", "scheme", "missing", "type"],
)
async def test_a_strange_discovery_document_is_not_followed(
    issuer: Issuer, metadata: dict[str, Any]
):
    issuer.metadata = metadata
    with pytest.raises(MyNumberUnavailable):
        await login.begin(Purpose.SIGN_IN)


async def test_an_issuer_that_fails_is_no_refusal(issuer: Issuer):
    begun = await login.begin(Purpose.SIGN_IN)
    issuer.token_status = 503
    with pytest.raises(MyNumberUnavailable):
        await national.finish(begun.token, issuer.consent(begun))


async def test_an_issuer_that_is_away_is_said_to_be(nobody: None):
    with pytest.raises(MyNumberUnavailable):
        await login.begin(Purpose.SIGN_IN)


async def test_the_next_client_key_is_published_before_it_signs(issuer: Issuer):
    keys = provider.client_keys()
    before = {key["kid"] for key in keys.published()}
    assert len(before) == 2
    kid = keys.rotate()
    assert kid in before
    await proved(issuer)
    header = jwt.get_unverified_header(issuer.forms[-1]["client_assertion"])
    assert header["kid"] == kid
    assert "d" not in keys.published()[0]


def test_an_operator_changes_the_client_key_while_it_serves(tmp_path: Path):
    keys = ClientKeys(KeyRing(tmp_path / "keys").my_number_client)
    _, following = (key["kid"] for key in keys.published())
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    answer = tsunagu(
        "keys", "rotate", "my-number", env=environment | {"TSUNAGU_HOME": str(tmp_path)}
    )
    assert answer.returncode == 0, answer.stderr
    assert following in answer.stdout
    assert keys.current().kid == following


# PostgreSQL's own word


async def test_another_accounts_card_is_neither_seen_nor_touched(issuer: Issuer, only: Paper):
    owner = await own_actor(await joined(issuer))
    async with unit_of_work(owner) as tx:
        assert await tx.fetchval("SELECT count(*) FROM national_identity") == 1
    stranger = Actor(kind=ActorKind.PARTICIPANT, account_id=uuid7(), participant_id=uuid7())
    async with unit_of_work(stranger) as tx:
        assert await tx.fetchval("SELECT count(*) FROM national_identity") == 0
        await tx.execute("UPDATE national_identity SET last_used_at = now()")
    used = await national.own(owner)
    assert used
    assert used.last_used_at == used.added_at


@pytest.mark.parametrize("kind", ["support", "professional", "operator"])
async def test_postgresql_gives_a_card_to_nobodys_account_but_a_participants(
    issuer: Issuer, only: Paper, kind: str
):
    account_id = (await own_actor(await joined(issuer))).account_id
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(Actor(kind=ActorKind(kind), account_id=account_id)) as tx:
            await queries.add_identity(tx, "https://elsewhere.example", "x")


def _hash(begun: Begun) -> bytes:
    return sha256(begun.token.encode())


async def test_where_it_is_not_offered_nothing_of_it_is_there(database: Deployment):
    runtime.start(replace(database.settings, is_demo=False), database.keys)
    try:
        assert not national.is_offered()
        with pytest.raises(NotFound):
            await login.begin(Purpose.SIGN_IN)
    finally:
        runtime.start(database.settings, database.keys)
