"""Hanako closed her account, and comes back: she begins anew, and what was destroyed stays so."""

import re
from datetime import date, timedelta

import asyncpg
import pytest
import pytest_asyncio

from api.access_log import keystore
from api.consent import service as consent
from api.consent.lifecycle import joining, leaving
from api.core import clock
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.crypto import new_token, sha256
from api.core.database import unit_of_work
from api.directory import service as directory
from api.identity import service as identity
from api.identity.closed import open_anew_in
from api.identity.enrolling import intake
from api.identity.enrolling.enrolment import Birth
from api.identity.enrolling.paper_enrolment import Choice, Confirmed
from api.identity.errors import AccountClosed, ClosingGoesOn, RecoveryRefused
from api.identity.keys import recovery
from api.identity.national import queries as national
from api.phr.entries import sealing
from api.phr.entries import service as entries
from api.phr.entries.errors import NotTakingPart
from api.phr.entries.service import Wish
from api.proxies import counter as proxy_counter
from api.proxies.errors import ProxyFaults
from api.records.errors import NotStored
from api.support import counter
from api.support.closing import carrying_out, service
from notifications import service as notifications
from tests.identity import papers
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper
from tests.identity.test_doors import Browser
from tests.phr.samples import WEIGHT
from tests.phr.vitals.people import measured, pressure
from tests.phr.vitals.test_pages import save
from tests.portal import scene
from tests.portal.scene import SESSION_COOKIE, Place, Visitor
from tests.portal.test_clinic import allow, find
from tests.portal.test_counter import who
from tests.portal.test_enrolments import attach, form
from tests.portal.test_matching import kana_of, number, send, written
from tests.records.taking_out import taking
from tests.support.closing.rounds import carried_out, is_open
from tests.support.closing.test_at_counter import begun, code_on, ids, met, second
from tests.support.closing.test_closing import CANARY, WRITTEN, closed, said

__all__ = ["second"]
BORN = Birth("15", "4", "9", "showa")
SAME = "窓口でご本人に確かめました"
CLOSED = "この方の登録は終わっています"


async def enrolled_anew(first: Visitor, then: Visitor, person: Visitor) -> Confirmed:
    """By a form on paper, with the card of before."""
    assert person.card
    typed = papers.typed(person.card, name="山本　花子", sex="female")
    enrolment_id = await papers.put_down(first.actor, typed, BORN)
    choice = Choice(person.actor.participant_id, SAME)
    return await papers.confirm(then.actor, enrolment_id, choice)


async def registered(letter: Confirmed, who_: Visitor) -> Visitor:
    assert letter.code
    paper = Paper(letter.participant_id, letter.card, letter.code, BORN)
    opened = await paper.register(Authenticator())
    who_.actor, who_.token = await identity.actor_of(opened.token), opened.token
    who_.browser.cookies.set(SESSION_COOKIE, opened.token)
    return who_


async def registered_by_pages(person: Visitor, code: str) -> None:
    assert person.card
    browser = Browser(person.browser)
    await browser.open("/register")
    await browser.send(
        "/register",
        card=person.card.grouped,
        birth_era=BORN.era,
        birth_year=BORN.year,
        birth_month=BORN.month,
        birth_day=BORN.day,
        code=code,
    )
    await browser.open("/register/agree")
    await browser.send("/register/agree", answer="accept")
    await browser.open("/register/passkey")
    options = (await browser.script("/register/passkey/options", {})).json()
    done = await browser.script("/register/passkey", Authenticator().create(options))
    assert done.json() == {"next": "/home"}


async def back(hanako: Visitor, ueda: Visitor, second: Visitor) -> Visitor:
    return await registered(await enrolled_anew(ueda, second, hanako), hanako)


async def keys_of(admin: asyncpg.Connection, person: Visitor) -> list[int]:
    rows = await admin.fetch(
        "SELECT version FROM keystore.participant_key WHERE participant_id = $1"
        " AND purpose = 'phr'",
        person.actor.participant_id,
    )
    return [row["version"] for row in rows]


@pytest_asyncio.fixture
async def gone(hanako: Visitor, days_pass) -> Visitor:
    """Hanako, whose account is closed."""
    await taking.wrote_own(hanako.actor, CANARY)
    await closed(hanako, days_pass)
    return hanako


async def test_closed_enrolled_anew_written_in_read_and_closed_a_second_time(
    hanako: Visitor, ueda: Visitor, second: Visitor, days_pass, admin: asyncpg.Connection
) -> None:
    await taking.wrote_own(hanako.actor, CANARY)
    first = await closed(hanako, days_pass)
    kept = await service.certificate(first)
    assert await keys_of(admin, hanako) == []

    await back(hanako, ueda, second)
    assert (await hanako.ask("/me/records")).json()["total"] == 0, "nothing came back"
    assert await service.running(hanako.actor) is None
    answer = await hanako.tell("/me/vitals", pressure(132, 84))
    assert answer.status_code == 201, answer.text
    assert await keys_of(admin, hanako) == [2]
    assert await measured(hanako) == [answer.json()]

    again = await closed(hanako, days_pass)
    assert await keys_of(admin, hanako) == []
    assert await service.certificate(first) == kept, "the first one stays as it was signed"
    before, after = said(kept)["destroyed"], said(await service.certificate(again))["destroyed"]
    assert before["own_record_versions"] == 5  # type: ignore[index]
    assert after["own_record_versions"] == 1  # type: ignore[index]
    assert before["own_key"] != after["own_key"], "each names the key it destroyed"  # type: ignore[index]
    with pytest.raises(NotTakingPart):
        await entries.write(hanako.actor, Wish(WEIGHT, WRITTEN))
    await back(hanako, ueda, second)
    await entries.write(hanako.actor, Wish(WEIGHT, WRITTEN))
    assert await keys_of(admin, hanako) == [3]


async def test_by_the_pages_alone_from_the_counter_to_the_second_certificate(
    hanako: Visitor, ueda: Visitor, second: Visitor, days_pass
) -> None:
    _, sheet = await begun(ueda, second, hanako)
    await days_pass(hanako, 14)
    await carried_out(hanako.actor.participant_id)
    visit = await met(ueda, hanako)
    page = (await ueda.get(visit)).text
    assert CLOSED in page
    assert "/support/enrolments/new" in page
    assert f'action="{visit}/code"' not in page

    assert hanako.card
    typed = form(
        name="山本 花子",
        sex="female",
        card=hanako.card.grouped,
        birth_year="1940",
        birth_month="4",
        birth_day="9",
    )
    put_down = await ueda.post("/support/enrolments", typed)
    where = str(put_down.headers["location"])
    await attach(ueda, where, papers.PNG)
    await second.get(f"{where}/scan")
    join = str(hanako.actor.participant_id)
    letter = await second.post(f"{where}/confirm", {"join": join, "reason": SAME})
    assert letter.status_code == 200, letter.text
    (code,) = re.findall(r'spoken-code">([^<]+)<', letter.text)
    page = (await ueda.get(visit)).text
    assert CLOSED not in page
    assert f'action="{visit}/code"' in page, "a letter that is lost is sent again"
    await registered_by_pages(hanako, code)
    page = await hanako.follow(await save(hanako, systolic="132", diastolic="84"))
    assert "132/84 mmHg" in page
    assert "132/84 mmHg" in (await hanako.get("/book/vitals")).text
    _, again = await begun(ueda, second, hanako)
    assert code_on(again) != code_on(sheet)
    await days_pass(hanako, 14)
    await carried_out(hanako.actor.participant_id)
    for each in (sheet, again):
        page = await ueda.post("/closing-certificate", code=code_on(each))
        assert page.status_code == 200


async def test_another_process_opens_with_the_new_key_within_a_minute(
    hanako: Visitor, ueda: Visitor, second: Visitor, days_pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It read her book before, and did not take part in the closing."""
    await taking.wrote_own(hanako.actor, CANARY)
    await hanako.ask("/me/records")
    monkeypatch.setattr(keystore, "forget", lambda _: None)
    await closed(hanako, days_pass)
    await back(hanako, ueda, second)
    monkeypatch.setattr(keystore, "REMEMBERED_SECONDS", 0.0)
    await entries.write(hanako.actor, Wish(WEIGHT, WRITTEN))
    assert hanako.actor.participant_id
    async with unit_of_work(hanako.actor) as tx:
        (cipher,) = (
            await keystore.phr_ciphers(tx.connection, [hanako.actor.participant_id])
        ).values()
        row = await tx.fetchval(
            "SELECT body FROM record WHERE participant_id = (SELECT app.subject())"
            " AND source_facility_id = app.self_source()"
        )
    assert not sealing.is_sealed(sealing.opened(cipher, hanako.actor.participant_id, row))


async def test_what_let_somebody_in_does_not_wake_up_and_who_was_kept_out_stays_out(
    hanako: Visitor,
    ueda: Visitor,
    second: Visitor,
    sato: Visitor,
    clinic: Place,
    pharmacy: Place,
    days_pass,
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠5mg", status="active")
    await allow(hanako, clinic)
    assert "アムロジピン" in await find(sato, hanako)
    before = (await consent.settings(hanako.actor)).directive
    await closed(hanako, days_pass)
    await back(hanako, ueda, second)
    state = await consent.settings(hanako.actor)
    assert state.participation.state == "participating"
    assert any(each.kind == "permit" for each in before.provisions)
    kept = {each for each in before.provisions if each.kind != "permit"}
    assert not [each for each in state.directive.provisions if each.kind == "permit"]
    assert kept <= set(state.directive.provisions)
    path = f"/clinic/participants/{hanako.actor.participant_id}"
    assert "アムロジピン" not in (await sato.get(path)).text
    shown = (await hanako.ask("/me/records")).json()
    assert shown["total"] == 1, "her own page shows what facilities kept"


async def test_no_letter_and_no_recovery_reaches_a_closed_account(
    gone: Visitor, ueda: Visitor, second: Visitor
) -> None:
    await met(ueda, gone)
    visit = await met(second, gone)
    answer = await second.post(f"{visit}/code")
    assert answer.status_code == 409
    assert CLOSED in answer.text
    assert "新しい申込書で" in answer.text
    for act in (
        counter.send_code,
        counter.suspend_proxies,
        counter.end_sessions,
        counter.withdraw,
    ):
        with pytest.raises(AccountClosed):
            await act(second.actor, *ids(visit))
    with pytest.raises(AccountClosed):
        await counter.wants_call(second.actor, *ids(visit), "0967123456")
    fields = {k: v for k, v in who(gone).items() if k != "way"}
    page = await ueda.post("/support/recovery", {**fields, "evidence": "passport"})
    assert page.status_code == 409
    assert CLOSED in page.text


async def test_postgresql_opens_no_closed_account_whoever_asks(
    gone: Visitor, ueda: Visitor
) -> None:
    subject, her = gone.actor.participant_id, gone.actor
    assert subject
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="closed"):
        await intake.issue_code(OPERATOR, subject)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="nobody enrols"):
        async with unit_of_work(ueda.actor, subject=subject) as tx:
            await open_anew_in(tx)
    for statement in (
        "INSERT INTO counter_recovery (participant_id, card_end, evidence, started_by,"
        " started_by_name) VALUES (app.subject(), '0000', 'passport', app.account(), '')",
        "UPDATE account_closing SET returned_at = now()",
    ):
        async with unit_of_work(ueda.actor, subject=subject) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with tx.connection.transaction():
                    await tx.execute(statement)
    for statement in (
        "INSERT INTO passkey (account_id, credential_id, public_key, sign_count, is_backed_up,"
        " name) VALUES (app.account(), '\\x01', '\\x02', 0, false, '')",
        "INSERT INTO participation (participant_id, version, state, terms_version)"
        " VALUES (app.subject(), 99, 'participating', '1')",
        "SELECT account_open_anew()",
    ):
        async with unit_of_work(her) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"closed|nobody enrols"):
                async with tx.connection.transaction():
                    await tx.execute(statement)


async def test_a_recovery_begun_before_ends_with_the_account(
    hanako: Visitor, ueda: Visitor, second: Visitor, days_pass
) -> None:
    assert hanako.card
    scheme = directory.profile().card_scheme
    await service.begin(hanako.actor, erases_log=False)
    await days_pass(hanako, 14)
    started = [
        await recovery.start_at_counter(
            ueda.actor, hanako.card.grouped, BORN, "passport", scheme=scheme
        )
        for _ in range(2)
    ]
    subject = ids(await met(ueda, hanako))[0]
    code = await recovery.confirm_at_counter(second.actor, subject, started[0])
    await carried_out(hanako.actor.participant_id)
    with pytest.raises(AccountClosed):
        await recovery.confirm_at_counter(second.actor, subject, started[1])
    with pytest.raises(RecoveryRefused):
        await recovery.begin(hanako.card.grouped, code.printed, "2001:db8::77", scheme=scheme)


async def test_while_there_are_days_to_think_the_counter_does_what_it_did(
    hanako: Visitor, ueda: Visitor, second: Visitor
) -> None:
    await begun(ueda, second, hanako)
    visit = await met(ueda, hanako)
    assert CLOSED not in (await ueda.get(visit)).text
    await counter.send_code(ueda.actor, *ids(visit))
    await counter.end_sessions(ueda.actor, *ids(visit))


async def test_nobody_enrols_anew_before_the_certificate_is_made(
    hanako: Visitor, ueda: Visitor, second: Visitor, days_pass, admin: asyncpg.Connection
) -> None:
    """An open case keeps her log, and with it the end."""
    await service.begin(hanako.actor, erases_log=True)
    case_id = await admin.fetchval(
        "INSERT INTO support_case (participant_id, kind, params, due_on)"
        " VALUES ($1, 'call_back', '{}', current_date) RETURNING case_id",
        hanako.actor.participant_id,
    )
    await days_pass(hanako, 14)
    assert await carrying_out.go_round() == 0
    with pytest.raises(ClosingGoesOn):
        await enrolled_anew(ueda, second, hanako)
    await admin.execute("UPDATE support_case SET closed_at = now() WHERE case_id = $1", case_id)
    await carried_out(hanako.actor.participant_id)
    await back(hanako, ueda, second)
    assert (await hanako.log())[0]["event"], "her log begins anew"


async def test_whoever_is_held_back_holds_nobody_else_back(
    hanako: Visitor, yumi: Visitor, days_pass, admin: asyncpg.Connection, monkeypatch
) -> None:
    monkeypatch.setattr(carrying_out, "AT_ONCE", 1)
    held, other = sorted((hanako, yumi), key=lambda each: each.actor.participant_id)
    for each in (held, other):
        await service.begin(each.actor, erases_log=True)
    await admin.execute(
        "INSERT INTO support_case (participant_id, kind, params, due_on)"
        " VALUES ($1, 'call_back', '{}', current_date)",
        held.actor.participant_id,
    )
    await days_pass(held, 15)
    await days_pass(other, 14)
    await carried_out(other.actor.participant_id)
    assert await is_open(held.actor.participant_id)


async def test_nobody_is_tied_to_who_closed_their_account(
    gone: Visitor, yumi: Visitor, ueda: Visitor, second: Visitor, admin: asyncpg.Connection
) -> None:
    """Her card is as one of nobody's; what happens meanwhile waits in no inbox."""
    assert gone.card
    assert await intake.holder_of(gone.card) is None
    async with unit_of_work(OPERATOR, subject=gone.actor.participant_id) as tx:
        await notifications.enqueue(tx, "welcome")
    count = "SELECT count(*) FROM outbox WHERE participant_id = $1"
    assert await admin.fetchval(count, gone.actor.participant_id) == 0
    await back(gone, ueda, second)
    assert await intake.holder_of(gone.card) is not None
    assert await admin.fetchval(count, gone.actor.participant_id) > 0


async def test_with_her_my_number_card_she_comes_back_by_herself(
    gone: Visitor, admin: asyncpg.Connection
) -> None:
    token, subject = new_token(), gone.actor.participant_id
    nobody = Actor(kind=ActorKind.PARTICIPANT, participant_id=subject)
    sub = new_token()
    async with unit_of_work(nobody) as tx:
        until = clock.now() + timedelta(minutes=5)
        await national.add_ticket(tx, sha256(token.encode()), "https://issuer.example", sub, until)
    await joining.accept(token, consent.terms_in_force())
    opened = await joining.finish_by_my_number(token)
    gone.actor, gone.token = await identity.actor_of(opened.token), opened.token
    answer = await gone.tell("/me/vitals", pressure(132, 84))
    assert answer.status_code == 201, answer.text
    assert await keys_of(admin, gone) == [2]


async def test_a_facility_sends_as_for_whoever_takes_no_part(
    gone: Visitor, yumi: Visitor, clinic: Place, admin: asyncpg.Connection
) -> None:
    """Nothing is taken in of either, and the facility hears the same."""
    for wish in ("participating", "withdrawn"):
        await leaving.take_part(yumi.actor, wish)
    heard = []
    for each in (gone, yumi):
        of = number()
        await scene.knows_as(clinic, each.actor, of)
        with pytest.raises(NotStored) as refusal:
            await send(clinic, written(each, of, clinic, await kana_of(each)))
        heard.append([fault.reason for fault in refusal.value.faults])
    assert heard[0] == heard[1]
    count = "SELECT count(*) FROM outbox WHERE participant_id = $1"
    assert await admin.fetchval(count, gone.actor.participant_id) == 0


async def test_nobody_names_or_registers_who_closed_their_account(
    gone: Visitor, yumi: Visitor, ueda: Visitor
) -> None:
    assert gone.card
    assert yumi.card
    with pytest.raises(ProxyFaults) as refusal:
        await proxy_counter.witness(
            ueda.actor,
            proxy_counter.Witnessed(
                gone.card.digits,
                date(1940, 4, 9),
                yumi.card.digits,
                date(1940, 4, 9),
                "voluntary",
                frozenset({"view"}),
                None,
                "棚3",
            ),
        )
    assert "cards" in refusal.value.fields
    insert = (
        "INSERT INTO proxy (participant_id, representative_id, typed_name, kind, origin, opens_on)"
        " VALUES (app.subject(), $1, '花子', 'voluntary', 'participant', current_date)"
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="closed"):
        async with unit_of_work(yumi.actor) as tx:
            await tx.execute(insert, gone.actor.participant_id)
