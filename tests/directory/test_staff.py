"""A facility looks after its own people: invited, shown, trained, and gone at once."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio
from msgspec.structs import replace

from api.core import runtime
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.clock import today_in_japan as this_day
from api.core.crypto import base64url
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.directory import professions, registry, service, staff
from api.directory.errors import (
    CertificateNeeded,
    CertificateRefused,
    HasLeft,
    NoAnchors,
    ProfessionNotShown,
    StaffFaults,
)
from api.directory.staff import NewColleague
from api.identity import service as identity
from api.identity.errors import (
    EnrolmentFaults,
    HasKey,
    InvitationGone,
    InvitationRefused,
    InvitationThrottled,
    PasskeyRefused,
    SignInRefused,
    StepUpNeeded,
)
from api.identity.service import OpenedSession
from api.identity.staff import invitations
from tests.conftest import Deployment
from tests.directory.hpki_ca import Authority, folder_of
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import some_address
from tests.portal import scene
from tests.portal.scene import Place

SATO = NewColleague("佐藤 健一", "サトウ ケンイチ", "physician")
CLERK = NewColleague("事務担当", "ジムタントウ", "clerk")


@pytest_asyncio.fixture
async def hospital(database: Deployment) -> AsyncIterator[Place]:
    place = await scene.place("白川病院", "シラカワビョウイン", "Shirakawa Hospital", "hospital")
    yield place
    await scene.left(place)


@pytest_asyncio.fixture
async def desk(hospital: Place) -> Actor:
    return await scene.administrator(hospital)


@pytest_asyncio.fixture
async def admin(database: Deployment) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root()


@pytest.fixture
def signing(root: Authority, database: Deployment, tmp_path) -> AsyncIterator[Authority]:
    """The network trusts this authority while the test runs."""
    made = root.below()
    settings = runtime.settings()
    runtime.start(
        replace(settings, hpki=folder_of(tmp_path / "hpki", [root], [made])), runtime.keys()
    )
    yield made
    runtime.start(settings, runtime.keys())


async def join(code: str, device: Authenticator, *, verified: bool = True) -> OpenedSession:
    ticket = (await invitations.begin(code, some_address())).token
    options = await invitations.passkey_options(ticket)
    return await invitations.finish(ticket, device.create(options, verified=verified))


async def joined(desk: Actor, wish: NewColleague, device: Authenticator) -> tuple[Actor, str]:
    """Invited, and signed in with the new passkey."""
    added = await staff.invite(desk, wish)
    session = await join(added.invitation.code.printed, device)
    return await identity.actor_of(session.token), session.token


async def prove(actor: Actor, holder) -> None:
    asked = await professions.challenge(actor)
    await professions.prove(actor, holder.pem, asked.text, holder.sign(asked.text))


async def events(admin: asyncpg.Connection, facility: Place) -> list[str]:
    rows = await admin.fetch(
        "SELECT event FROM system_event WHERE facility_id = $1 ORDER BY eid", facility.facility_id
    )
    return [row["event"] for row in rows]


async def test_an_invited_doctor_makes_a_passkey_and_signs_in_with_it(desk: Actor, hospital, admin):
    device = Authenticator()
    added = await staff.invite(desk, SATO)
    code = added.invitation.code
    assert added.invitation.link == f"http://localhost:8000/join#code={code.text}"
    ticket = (await invitations.begin(f" {code.printed.lower()} ", some_address())).token
    who = await invitations.invited(ticket)
    assert (who.kind, who.name, who.profession) == (
        ActorKind.PROFESSIONAL, "佐藤 健一", "physician",
    )  # fmt: skip
    assert who.facility_id == hospital.facility_id
    options = await invitations.passkey_options(ticket)
    assert options["authenticatorSelection"]["userVerification"] == "required"
    await invitations.finish(ticket, device.create(options))
    again = await identity.sign_in(device.get(await identity.sign_in_options()))
    actor = await identity.actor_of(again.token)
    assert actor.professional_id == added.professional_id
    assert actor.facility_id == hospital.facility_id
    assert set(await events(admin, hospital)) == {
        "directory:professional:added",
        "identity:staff:invited",
        "identity:staff:joined",
        "identity:session:opened",
    }


async def test_a_code_serves_once_for_one_and_not_after_its_days(desk: Actor, admin):
    added = await staff.invite(desk, SATO)
    code = added.invitation.code.printed
    first = (await invitations.begin(code, some_address())).token
    device = Authenticator()
    await join(code, device)
    for used in (first, "x"):
        with pytest.raises(InvitationGone):
            await invitations.passkey_options(used)
    with pytest.raises(InvitationRefused):
        await invitations.begin(code, some_address())
    with pytest.raises(HasKey):
        await staff.invite_again(desk, added.professional_id)
    other = await staff.invite(desk, CLERK)
    await admin.execute(
        "UPDATE invitation SET expires_at = now() - interval '1 second' WHERE code_hmac = $1",
        runtime.keys().keyed_hash("invitation", other.invitation.code.text),
    )
    with pytest.raises(InvitationRefused):
        await invitations.begin(other.invitation.code.printed, some_address())


async def test_of_two_who_use_one_code_at_once_one_makes_a_key(desk: Actor, admin):
    added = await staff.invite(desk, SATO)
    ticket = (await invitations.begin(added.invitation.code.printed, some_address())).token
    made = Authenticator().create(await invitations.passkey_options(ticket))
    met = await asyncio.gather(
        *(invitations.finish(ticket, made) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(each, OpenedSession) for each in met) == 1
    assert sum(isinstance(each, InvitationGone) for each in met) == 3


async def test_a_new_code_takes_the_place_of_the_lost_one(desk: Actor):
    added = await staff.invite(desk, SATO)
    lost = (await invitations.begin(added.invitation.code.printed, some_address())).token
    new = await staff.invite_again(desk, added.professional_id)
    with pytest.raises(InvitationGone):
        await invitations.passkey_options(lost)
    with pytest.raises(InvitationRefused):
        await invitations.begin(added.invitation.code.printed, some_address())
    assert (await join(new.code.printed, Authenticator())).kind is ActorKind.PROFESSIONAL


async def test_a_device_that_does_not_ask_who_is_there_makes_no_key(desk: Actor):
    added = await staff.invite(desk, SATO)
    with pytest.raises(PasskeyRefused):
        await join(added.invitation.code.printed, Authenticator(), verified=False)
    await join(added.invitation.code.printed, Authenticator())


async def test_what_is_no_code_and_a_my_number_are_told_apart_from_a_wrong_code(database):
    for typed in ("", "1234", "ÄÖÜ"):
        with pytest.raises(EnrolmentFaults):
            await invitations.begin(typed, some_address())
    with pytest.raises(EnrolmentFaults) as my_number:
        await invitations.begin("1234 5678 9018", some_address())
    assert my_number.value.fields == {"code": "error.card.my_number"}
    with pytest.raises(InvitationRefused):
        await invitations.begin("0000-0000-00000", some_address())


async def test_guesses_from_one_address_come_to_wait(database):
    address = some_address()
    met = []
    for number in range(80):
        with pytest.raises((InvitationRefused, InvitationThrottled)) as answer:
            await invitations.begin(f"{number:013}", address)
        met.append(answer.type)
    first_wait = met.index(InvitationThrottled)
    assert 30 < first_wait < 70
    assert InvitationThrottled in met[70:]


async def test_nobody_is_trained_before_the_profession_is_shown(desk: Actor, signing, admin):
    actor, _ = await joined(desk, SATO, Authenticator())
    sato = actor.professional_id
    assert (await staff.one(desk, sato)).state(this_day()) == "profession_open"
    with pytest.raises(ProfessionNotShown):
        await staff.record_training(desk, sato, this_day())
    await prove(actor, signing.person())
    assert (await staff.one(desk, sato)).state(this_day()) == "training_open"
    with pytest.raises(StaffFaults):
        await staff.record_training(desk, sato, this_day() + timedelta(days=1))
    standing = await service.standing(actor)
    assert standing.trained_on is None
    await staff.record_training(desk, sato, this_day())
    colleague = await staff.one(desk, sato)
    assert (colleague.state(this_day()), colleague.shown_by) == ("working", "hpki")
    async with unit_of_work(actor) as tx:
        assert (await service.standing_in(tx, actor)).trained_on == this_day()


async def test_whoever_leaves_is_out_at_once_and_the_history_stays(desk: Actor, signing, admin):
    device = Authenticator()
    actor, token = await joined(desk, SATO, device)
    sato = actor.professional_id
    await prove(actor, signing.person())
    await staff.record_training(desk, sato, this_day())
    await staff.leave(desk, sato)
    assert (await identity.actor_of(token)).kind is ActorKind.ANONYMOUS
    with pytest.raises(SignInRefused):
        await identity.sign_in(device.get(await identity.sign_in_options()))
    async with unit_of_work(actor) as tx:
        gone = await service.standing_in(tx, actor)
    assert not gone.is_at_work(this_day())
    colleague = await staff.one(desk, sato)
    assert (colleague.state(this_day()), colleague.trained_on, colleague.shown_by) == (
        "left", None, None,
    )  # fmt: skip
    history = await admin.fetch(
        "SELECT is_active, trained_on FROM professional_history WHERE professional_id = $1"
        " ORDER BY revision",
        sato,
    )
    assert [tuple(row) for row in history] == [
        (True, None),
        (True, this_day()),
        (False, None),
    ]
    for deed in (staff.leave(desk, sato), staff.record_training(desk, sato, this_day())):
        with pytest.raises(HasLeft):
            await deed


async def test_app_tokens_end_with_leaving_too(desk: Actor, admin):
    actor, _ = await joined(desk, SATO, Authenticator())
    async with unit_of_work(actor) as tx:
        bound = await identity.open_session(tx, actor, jkt=os.urandom(32))
    assert bound.pair is not None
    holder = "SELECT count(*) FROM identity_account_of_token($1, 'access')"
    hashed = identity.sha256(bound.pair.access_token.encode())
    assert await admin.fetchval(holder, hashed) == 1
    await staff.leave(desk, actor.professional_id)
    assert await admin.fetchval(holder, hashed) == 0
    left = await admin.fetchval(
        "SELECT count(*) FROM session WHERE account_id = $1 AND ended_at IS NULL", actor.account_id
    )
    assert left == 0


async def test_whoever_comes_back_is_the_same_person_and_begins_anew(desk: Actor, signing):
    old, new = Authenticator(), Authenticator()
    actor, _ = await joined(desk, SATO, old)
    await prove(actor, signing.person())
    await staff.record_training(desk, actor.professional_id, this_day())
    await staff.leave(desk, actor.professional_id)
    invitation = await staff.invite_again(desk, actor.professional_id)
    session = await join(invitation.code.printed, new)
    back = await identity.actor_of(session.token)
    # An exclusion that names them goes on naming them.
    assert back.professional_id == actor.professional_id
    assert (await staff.one(desk, back.professional_id)).state(this_day()) == "profession_open"
    with pytest.raises(SignInRefused):
        await identity.sign_in(old.get(await identity.sign_in_options()))


async def test_another_facilitys_people_are_not_there(desk: Actor, database):
    clinic = await scene.place("こぶし内科", "コブシナイカ", "Kobushi Clinic", "clinic")
    sato = await scene.professional(clinic, "佐藤 健一", "physician")
    theirs = sato.professional_id
    for deed in (
        staff.one(desk, theirs),
        staff.invite_again(desk, theirs),
        staff.record_training(desk, theirs, this_day()),
        staff.leave(desk, theirs),
    ):
        with pytest.raises(NotFound):
            await deed
    people, total = await staff.staff(desk, page=1, count=20)
    assert (people, total) == ([], 0)
    await scene.left(clinic)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "あ" * 81}, "name"),
        ({"name": "佐藤 123456789018"}, "name"),
        ({"name_kana": " "}, "name_kana"),
        ({"profession": "magician"}, "profession"),
    ],
)
async def test_an_invitation_says_who_and_what(desk: Actor, changed, field):
    with pytest.raises(StaffFaults) as faults:
        await staff.invite(desk, SATO._replace(**changed))
    assert list(faults.value.fields) == [field]


async def test_inviting_asks_who_is_there_and_shutting_out_does_not(desk: Actor, admin):
    added = await staff.invite(desk, SATO)
    async with unit_of_work(desk) as tx:
        token = (await identity.open_session(tx, desk, way="password")).token
    stale = await identity.actor_of(token)
    for deed in (
        staff.invite(stale, CLERK),
        staff.invite_again(stale, added.professional_id),
        staff.record_training(stale, added.professional_id, this_day()),
    ):
        with pytest.raises(StepUpNeeded):
            await deed
    await staff.leave(stale, added.professional_id)


# The profession


async def test_a_certificate_must_show_this_profession_this_name_and_this_challenge(
    desk: Actor, signing, admin, hospital
):
    actor, _ = await joined(desk, SATO, Authenticator())
    for holder, reason in (
        (signing.person(roles=("Pharmacist",)), "role"),
        (signing.person(kanji="佐藤 健二"), "name"),
        (Authority.root("Nobody").below().person(), "chain"),
    ):
        with pytest.raises(CertificateRefused) as refused:
            await prove(actor, holder)
        assert refused.value.reason == reason
    holder = signing.person()
    asked = await professions.challenge(actor)
    await professions.prove(actor, holder.pem, asked.text, holder.sign(asked.text))
    with pytest.raises(CertificateRefused) as again:
        await professions.prove(actor, holder.pem, asked.text, holder.sign(asked.text))
    assert again.value.reason == "challenge"
    denied = await admin.fetchval(
        "SELECT count(*) FROM system_event WHERE facility_id = $1"
        " AND event = 'directory:profession:proved' AND outcome = 'denied'",
        hospital.facility_id,
    )
    assert denied == 4


async def test_a_text_made_for_somebody_else_or_altered_proves_nothing(desk: Actor, signing):
    sato, _ = await joined(desk, SATO, Authenticator())
    mori, _ = await joined(desk, SATO._replace(name="森 大輔"), Authenticator())
    holder = signing.person()
    for text in (
        (await professions.challenge(mori)).text,
        (await professions.challenge(sato)).text.replace("v1", "v2"),
        f"nonce {base64url(os.urandom(32))}\n",
        "nonce ###\n",
        "",
    ):
        with pytest.raises(CertificateRefused) as refused:
            await professions.prove(sato, holder.pem, text, holder.sign(text))
        assert refused.value.reason == "challenge"


async def test_without_certificates_to_trust_nothing_is_shown(desk: Actor, root: Authority):
    sato, _ = await joined(desk, SATO, Authenticator())
    with pytest.raises(NoAnchors):
        await prove(sato, root.below().person())


async def test_the_network_vouches_for_a_clerk_with_a_reason_and_an_end(desk: Actor, hospital):
    ueda = await scene.officer("上田 恵子")
    actor, _ = await joined(desk, CLERK, Authenticator())
    clerk = actor.professional_id
    waiting, _ = await professions.to_vouch_for(ueda)
    assert clerk in {each.professional_id for each in waiting}
    for reason, until in (("", this_day() + timedelta(days=30)), ("雇用契約", this_day()),
                          ("雇用契約", this_day() + timedelta(days=400))):  # fmt: skip
        with pytest.raises(StaffFaults):
            await professions.vouch(ueda, clerk, reason, until)
    await professions.vouch(ueda, clerk, "雇用契約書を確認", this_day() + timedelta(days=200))
    await staff.record_training(desk, clerk, this_day())
    assert (await staff.one(desk, clerk)).state(this_day()) == "working"
    async with unit_of_work(actor) as tx:
        standing = await service.standing_in(tx, actor)
    assert standing.is_at_work(this_day() + timedelta(days=200))
    assert not standing.is_at_work(this_day() + timedelta(days=201))
    _, vouched = await professions.to_vouch_for(ueda)
    assert clerk in {each.professional_id for each in vouched}
    await professions.withdraw(ueda, clerk)
    async with unit_of_work(actor) as tx:
        assert not (await service.standing_in(tx, actor)).is_at_work(this_day())
    assert (await staff.one(desk, clerk)).state(this_day()) == "vouch_over"
    with pytest.raises(NotFound):
        await professions.withdraw(ueda, clerk)


async def test_for_a_doctor_only_the_certificate_speaks(desk: Actor):
    ueda = await scene.officer("上田 恵子")
    actor, _ = await joined(desk, SATO, Authenticator())
    with pytest.raises(CertificateNeeded):
        await professions.vouch(ueda, actor.professional_id, "知人", this_day() + timedelta(days=9))


# Behind the services PostgreSQL says the same


async def refused(actor: Actor, sql: str, *args: object) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(actor) as tx:
            await tx.execute(sql, *args)


async def test_postgresql_lets_each_change_only_what_is_theirs(desk: Actor, hospital, database):
    clinic = await scene.place("こぶし内科", "コブシナイカ", "Kobushi Clinic", "clinic")
    theirs = await scene.professional(clinic, "佐藤 健一", "physician")
    sato, _ = await joined(desk, SATO, Authenticator())
    ueda = await scene.officer("上田 恵子")
    mine = sato.professional_id
    train = "UPDATE professional SET trained_on = current_date WHERE professional_id = $1"
    for actor in (desk, sato, ueda):
        await refused(actor, train, mine)
    await refused(
        desk,
        "INSERT INTO professional (facility_id, name, name_kana, profession, trained_on)"
        " VALUES ($1, 'x', 'x', 'physician', current_date)",
        hospital.facility_id,
    )
    await refused(
        desk,
        "INSERT INTO professional (facility_id, name, name_kana, profession)"
        " VALUES ($1, 'x', 'x', 'physician')",
        clinic.facility_id,
    )
    vouched = "UPDATE professional SET vouched_until = $2 WHERE professional_id = $1"
    await refused(desk, vouched, mine, this_day())
    await refused(sato, vouched, mine, this_day())
    await refused(
        ueda, "UPDATE professional SET is_active = false WHERE professional_id = $1", mine
    )
    word = (
        "INSERT INTO profession_proof (professional_id, way, profession, reason, vouched_by,"
        " vouched_by_name, valid_until)"
        " VALUES ($1, 'vouched', 'physician', 'x', app.account(), 'x', current_date)"
    )
    for actor in (desk, sato):
        await refused(actor, word, mine)
    shown = (
        "INSERT INTO profession_proof (professional_id, way, profession, issuer, fingerprint)"
        " VALUES ($1, 'hpki', 'physician', 'x', sha256('x'))"
    )
    for actor in (desk, ueda):
        await refused(actor, shown, mine)
    await refused(sato, shown, theirs.professional_id)
    async with unit_of_work(desk) as tx:
        for deed in ("identity_invite($1, sha256('x'), now())", "identity_shut_out($1)"):
            assert not await tx.fetchval(f"SELECT {deed}", theirs.account_id)
        changed = "UPDATE professional SET is_active = false WHERE professional_id = $1 RETURNING 1"
        assert await tx.fetchval(changed, theirs.professional_id) is None
        for table in ("participant", "record", "access_event", "directive", "passkey"):
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0
    await refused(sato, "SELECT * FROM identity_staff_accounts()")
    await scene.left(clinic)


async def test_an_administrator_is_appointed_by_the_operator_and_ends_at_once(hospital):
    made, invitation = await registry.appoint_administrator(
        OPERATOR, hospital.facility_id, name="管理担当", name_kana="カンリタントウ"
    )
    session = await join(invitation.code.printed, Authenticator())
    desk = await identity.actor_of(session.token)
    assert (desk.kind, desk.facility_id) == (ActorKind.FACILITY_ADMIN, hospital.facility_id)
    await staff.invite(desk, CLERK)
    await registry.end_administrator(OPERATOR, made.administrator_id)
    assert (await identity.actor_of(session.token)).kind is ActorKind.ANONYMOUS
    with pytest.raises(NotFound):
        await registry.end_administrator(OPERATOR, made.administrator_id)
