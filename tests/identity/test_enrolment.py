"""From the paper on the table to an account, and every way it is refused."""

import asyncio
import secrets
from uuid import UUID

import asyncpg
import pytest

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import service as consent
from api.consent.lifecycle import joining
from api.core.actor import OPERATOR, ActorKind
from api.core.database import DB, Transaction
from api.core.ids import uuid7
from api.directory import service as directory
from api.identity import service as identity
from api.identity.enrolling import enrolment, intake
from api.identity.enrolling.activation_code import new_activation_code
from api.identity.enrolling.enrolment import Birth
from api.identity.errors import (
    AlreadyEnrolled,
    EnrolmentFaults,
    EnrolmentThrottled,
    NoMatch,
    NotAccepted,
    PasskeyRefused,
    TicketGone,
)
from notifications import service as notifications
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper, sign_in, some_address, some_card

A_MY_NUMBER = "123456789018"


def _wrong_code() -> str:
    return new_activation_code(secrets.token_bytes(7)).text


async def test_hanako_registers_and_takes_part(hanako: Paper, device: Authenticator):
    session = await hanako.register(device)
    actor = await identity.actor_of(session.token)
    assert (actor.kind, actor.participant_id) == (ActorKind.PARTICIPANT, hanako.participant_id)
    assert (await consent.settings(actor)).participation.state == "participating"
    events = {row.event for row in (await access_log.page(actor)).rows}
    assert {EventName.ENROLLED, EventName.PARTICIPATION_CHANGED} <= events
    while await notifications.deliver():
        pass
    notices, _ = await notifications.inbox(actor)
    assert [notice.event for notice in notices] == ["welcome"]


async def test_the_ticket_shows_enough_to_know_oneself_and_no_more(hanako: Paper):
    person = await enrolment.ticket(await hanako.begin())
    assert person.name == "山● 花●"
    assert person.card == f"•••• •••• •••• {hanako.card.digits[-4:]}"
    assert str(person.birth_on) == "1940-04-09"


async def test_full_width_digits_and_small_letters_are_read(hanako: Paper):
    wide = hanako.card.digits.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    await enrolment.begin(
        wide,
        Birth("１９４０", "４月", "９日"),
        hanako.code.text.lower(),
        "2001:db8::9",
        scheme=directory.profile().card_scheme,
    )


async def test_every_fault_is_named_at_its_field(database: Deployment):
    with pytest.raises(EnrolmentFaults) as refusal:
        await enrolment.begin(
            "1234",
            Birth("40", "4", "9"),
            "ABC",
            "2001:db8::9",
            scheme=directory.profile().card_scheme,
        )
    assert refusal.value.fields == {
        "card": "error.card.not_16_digits",
        "birth": "error.birth_date.year",
        "code": "error.activation_code.length",
    }


@pytest.mark.parametrize("field", ["card", "code"])
async def test_a_typed_my_number_is_refused_by_name(hanako: Paper, field: str):
    typed = {"card": hanako.card.digits, "code": hanako.code.text} | {field: A_MY_NUMBER}
    with pytest.raises(EnrolmentFaults) as refusal:
        await enrolment.begin(
            typed["card"],
            hanako.birth,
            typed["code"],
            "2001:db8::9",
            scheme=directory.profile().card_scheme,
        )
    assert refusal.value.fields == {field: "error.card.my_number"}


async def test_absent_and_present_cards_meet_the_same_statements(
    hanako: Paper, monkeypatch: pytest.MonkeyPatch
):
    said: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        original = getattr(Transaction, name)

        async def spoken(self, sql, *args, original=original):
            said.append(sql)
            return await original(self, sql, *args)

        monkeypatch.setattr(Transaction, name, spoken)

    async def statements(paper: Paper) -> list[str]:
        said.clear()
        with pytest.raises(NoMatch):
            await paper.begin(code=_wrong_code())
        return list(said)

    absent = hanako._replace(card=some_card(directory.profile().card_scheme))
    assert await statements(hanako) == await statements(absent) != []


async def test_a_wrong_birth_date_and_a_wrong_code_answer_alike(hanako: Paper):
    for paper, code in ((hanako._replace(birth=Birth("1941", "4", "9")), None), (hanako, "0" * 10)):
        with pytest.raises(NoMatch) as refusal:
            await paper.begin(code=code)
        assert refusal.value.params == {}


async def test_a_used_code_opens_nothing(hanako: Paper, device: Authenticator):
    await hanako.register(device)
    with pytest.raises(NoMatch):
        await hanako.begin()


async def test_an_expired_code_opens_nothing(hanako: Paper, admin: asyncpg.Connection):
    await admin.execute(
        "UPDATE activation_code SET expires_at = now() - interval '1 second'"
        " WHERE participant_id = $1",
        hanako.participant_id,
    )
    with pytest.raises(NoMatch):
        await hanako.begin()


async def _refusal(paper: Paper) -> Exception:
    try:
        await paper.begin(code=_wrong_code())
    except (NoMatch, EnrolmentThrottled) as refusal:
        return refusal
    raise AssertionError("a wrong code opened the door")


async def test_guessing_at_one_card_is_slowed_from_wherever_it_comes(hanako: Paper):
    answers = [await _refusal(hanako) for _ in range(12)]
    first = [type(answer) for answer in answers].index(EnrolmentThrottled)
    assert 5 <= first <= 10
    assert 1 <= answers[first].params["seconds"] <= 60


async def test_the_count_is_one_for_all_workers_and_outlives_them(
    hanako: Paper, database: Deployment, monkeypatch: pytest.MonkeyPatch
):
    """Each try on a pool of its own, as another worker or a restarted one would have."""
    answers = []
    for _ in range(12):
        async with asyncpg.create_pool(database.app_dsn, min_size=1, max_size=1) as pool:
            with monkeypatch.context() as patch:
                patch.setattr(DB, "pool", pool)
                answers.append(type(await _refusal(hanako)))
    assert EnrolmentThrottled in answers[:11]


async def test_many_at_once_from_one_place_wait_in_line_and_none_deadlocks(hanako: Paper):
    source = some_address()
    answers = await asyncio.gather(
        *(hanako.begin(code=_wrong_code(), source=source) for _ in range(12)),
        return_exceptions=True,
    )
    assert {type(answer) for answer in answers} == {NoMatch, EnrolmentThrottled}


async def test_success_is_not_counted(hanako: Paper):
    source = some_address()
    for _ in range(15):
        assert await hanako.begin(source=source)


async def test_what_is_counted_cannot_be_read_back(hanako: Paper, admin: asyncpg.Connection):
    with pytest.raises(NoMatch):
        await hanako.begin(code=_wrong_code(), source="192.0.2.77")
    stored = " ".join(await admin.fetchval("SELECT array_agg(t::text) FROM throttle t"))
    assert stored
    assert hanako.card.digits not in stored
    assert "192.0.2.77" not in stored
    assert b"192.0.2.77".hex() not in stored


async def test_sending_the_last_step_twice_makes_one_account(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    ticket = await hanako.accepted()
    credential = device.create(await enrolment.passkey_options(ticket))
    answers = await asyncio.gather(
        *(joining.finish(ticket, credential) for _ in range(4)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert [type(answer) for answer in refused] == [AlreadyEnrolled] * 3
    assert await _accounts(admin, hanako.participant_id) == 1


async def test_a_second_paper_does_not_make_a_second_account(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    await hanako.register(device)

    again = hanako._replace(code=await intake.issue_code(OPERATOR, hanako.participant_id))
    with pytest.raises(AlreadyEnrolled):
        await again.register(Authenticator())
    assert await _accounts(admin, hanako.participant_id) == 1


async def test_an_account_opened_at_the_counter_gets_its_first_passkey(
    hanako: Paper, device: Authenticator
):

    account_id = uuid7()
    await intake.open_account(
        OPERATOR, account_id=account_id, kind="participant", person_id=hanako.participant_id
    )
    session = await hanako.register(device)
    assert (await identity.actor_of(session.token)).account_id == account_id


async def test_a_fault_at_the_last_step_leaves_everything_as_it_was(
    hanako: Paper,
    device: Authenticator,
    admin: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
):
    ticket = await hanako.accepted()
    credential = device.create(await enrolment.passkey_options(ticket))

    async def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(notifications, "enqueue", fails)
        with pytest.raises(RuntimeError):
            await joining.finish(ticket, credential)
    assert await _accounts(admin, hanako.participant_id) == 0
    assert (await joining.finish(ticket, credential)).token


async def test_whoever_refuses_today_may_come_back_with_the_same_paper(
    hanako: Paper, device: Authenticator, admin: asyncpg.Connection
):
    ticket = await hanako.accepted()
    await joining.refuse(ticket)
    with pytest.raises(TicketGone):
        await enrolment.ticket(ticket)
    state = "SELECT state FROM participation WHERE participant_id = $1 ORDER BY version DESC"
    assert await admin.fetchval(state, hanako.participant_id) == "refused"
    await hanako.register(device)
    assert await admin.fetchval(state, hanako.participant_id) == "participating"


async def test_no_passkey_before_the_terms_are_accepted(hanako: Paper):
    with pytest.raises(NotAccepted):
        await enrolment.passkey_options(await hanako.begin())


async def test_nobody_agrees_to_terms_that_are_not_in_force(hanako: Paper):
    with pytest.raises(NotAccepted):
        await joining.accept(await hanako.begin(), "1999-01")


async def test_a_device_that_did_not_check_its_owner_is_refused(
    hanako: Paper, device: Authenticator
):
    ticket = await hanako.accepted()
    options = await enrolment.passkey_options(ticket)
    assert options["authenticatorSelection"]["userVerification"] == "required"
    with pytest.raises(PasskeyRefused):
        await joining.finish(ticket, device.create(options, verified=False))


@pytest.mark.parametrize("credential", [{}, {"id": 1}, {"id": "x", "rawId": "x", "response": {}}])
async def test_nonsense_for_a_passkey_is_refused(hanako: Paper, credential: dict):
    ticket = await hanako.accepted()
    await enrolment.passkey_options(ticket)
    with pytest.raises(PasskeyRefused):
        await joining.finish(ticket, credential)


async def test_a_passkey_made_elsewhere_is_refused(hanako: Paper):
    ticket = await hanako.accepted()
    options = await enrolment.passkey_options(ticket)
    with pytest.raises(PasskeyRefused):
        await joining.finish(ticket, Authenticator("https://tsunagu.example").create(options))


async def test_a_ticket_past_its_hour_is_gone(hanako: Paper, admin: asyncpg.Connection):
    ticket = await hanako.begin()
    await admin.execute(
        "UPDATE enrolment_ticket SET expires_at = now() WHERE participant_id = $1",
        hanako.participant_id,
    )
    with pytest.raises(TicketGone):
        await enrolment.ticket(ticket)
    with pytest.raises(TicketGone):
        await enrolment.ticket("never-issued")


async def test_the_new_passkey_signs_in(hanako: Paper, device: Authenticator):
    await hanako.register(device)
    actor = await identity.actor_of((await sign_in(device)).token)
    assert actor.participant_id == hanako.participant_id


async def _accounts(admin: asyncpg.Connection, participant_id: UUID) -> int:
    found: int = await admin.fetchval(
        "SELECT count(*) FROM account WHERE participant_id = $1", participant_id
    )
    return found
