"""Yumi registers her father Tarō at her phone: he takes part, her powers wait for an officer."""

import re
from datetime import date, timedelta

import asyncpg
import pytest
import pytest_asyncio

from api.consent import service as consent
from api.consent.lifecycle import assisting
from api.core import clock
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.directory import service as directory
from api.identity.enrolling import enrolment, intake
from api.identity.enrolling.enrolment import Birth
from api.identity.errors import NoMatch
from api.proxies import counter, service
from api.proxies.errors import NotThisStepNow, UnknownProxy
from notifications import service as notifications
from tests.access_log.superuser import unguarded
from tests.identity.conftest import Paper, some_address, some_card
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.proxies.conftest import Pair

HERE = "/register/for-someone"
AGREED = {"family": "child", "power_view": "yes", "power_log": "yes", "agreed": "yes"}


@pytest_asyncio.fixture
async def father(database: object) -> Paper:
    """Tarō's card and his letter with the code; he has neither account nor phone."""
    card = some_card(directory.profile().card_scheme)
    person = intake.Paper("山本 太郎", "ヤマモト タロウ", "male", date(1940, 4, 9))
    participant_id = await intake.admit(OPERATOR, person, card)
    return Paper(participant_id, card, await intake.issue_code(OPERATOR, participant_id))


def form(of: Paper, **changes: str) -> dict[str, str]:
    fields = {
        "card": of.card.grouped,
        "code": of.code.printed,
        "birth_era": "showa",
        "birth_year": "15",
        "birth_month": "4",
        "birth_day": "9",
    }
    return fields | changes


def as_father(of: Paper) -> Actor:
    return Actor(kind=ActorKind.PARTICIPANT, participant_id=of.participant_id)


async def registered(yumi: Visitor, father: Paper) -> str:
    """The page that says what comes next."""
    page = await yumi.follow(await yumi.post(HERE, form(father)))
    assert "太郎" not in page  # who holds a card learns no name from it
    return await yumi.follow(await yumi.post(f"{HERE}/agree", AGREED))


async def test_he_takes_part_today_and_she_waits_seven_days_and_for_an_officer(
    yumi: Visitor, father: Paper, ueda: Visitor, admin: asyncpg.Connection
):
    page = await registered(yumi, father)
    opens = clock.today_in_japan() + timedelta(days=7)
    assert f"{opens.month}月{opens.day}日" in page
    assert "きょうから参加しています" in page
    state = await consent.settings(as_father(father))
    assert state.participation.state == "participating"
    assert (await yumi.post("/acting", principal=str(father.participant_id))).status_code == 404
    (one,) = (await service.mine(yumi.actor)).for_others
    assert (one.relation.origin, one.relation.state) == ("assisted", "waiting")
    assert one.standing.powers == frozenset()
    with pytest.raises(NotThisStepNow):
        await counter.confirm(ueda.actor, father.participant_id, one.proxy_id)
    page = (await ueda.get("/support/proxies")).text
    assert "ご家族が登録（登録した方から見た続柄：子）" in page


async def a_week_later(admin: asyncpg.Connection, father: Paper) -> None:
    await unguarded(
        admin,
        "UPDATE proxy SET opens_on = opens_on - 7"
        f" WHERE participant_id = '{father.participant_id}'",
    )


async def test_after_seven_days_and_a_call_an_officer_puts_it_in_force(
    yumi: Visitor, father: Paper, ueda: Visitor, admin: asyncpg.Connection
):
    await registered(yumi, father)
    (one,) = (await service.mine(yumi.actor)).for_others
    with pytest.raises(UnknownProxy):
        await service.accept(yumi.actor, one.proxy_id)
    await a_week_later(admin, father)
    where = f"/support/proxies/{father.participant_id}/{one.proxy_id}/confirm"
    assert (await ueda.post(where)).status_code == 303
    assert (await yumi.post("/acting", principal=str(father.participant_id))).status_code == 303
    assert "山本 太郎" in (await yumi.get("/access-log")).text
    assert (await yumi.get("/disclosure")).status_code == 404  # not among her powers


async def test_where_he_thinks_otherwise_nothing_begins(
    yumi: Visitor, father: Paper, ueda: Visitor
):
    await registered(yumi, father)
    (one,) = (await service.mine(yumi.actor)).for_others
    await counter.refuse(ueda.actor, father.participant_id, one.proxy_id)
    assert (await service.mine(yumi.actor)).for_others == []


async def test_both_names_are_in_his_log_and_he_is_told(yumi: Visitor, father: Paper):
    await registered(yumi, father)
    while await notifications.deliver():
        pass
    notices, _ = await notifications.inbox(as_father(father))
    assert {"proxy_assisted"} <= {each.event for each in notices}
    actor, account_id = as_father(father), uuid7()
    await intake.open_account(
        OPERATOR, account_id=account_id, kind="participant", person_id=father.participant_id
    )
    own = Actor(
        kind=ActorKind.PARTICIPANT, account_id=account_id, participant_id=actor.participant_id
    )
    taro = await scene.visitor(yumi.browser, own)
    sentences = [each["sentence"] for each in await taro.log()]
    assert "山本 由美 さん（続柄：子）が、ご本人を登録しました。" in sentences
    assert "ご家族がカードと登録コードで手続きし、ご本人の参加を記録しました。" in sentences


async def test_his_code_is_spent_and_opens_nothing_again(yumi: Visitor, father: Paper):
    await registered(yumi, father)
    with pytest.raises(NoMatch):
        await enrolment.begin(
            father.card.digits,
            father.birth,
            father.code.printed,
            some_address(),
            scheme=directory.profile().card_scheme,
        )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"agreed": "no"}, "agreed"),
        ({"family": "neighbour"}, "family"),
        ({"power_view": "no", "power_log": "no"}, "powers"),
        ({"power_proxy_admin": "yes"}, "powers"),
    ],
    ids=["he_did_not_agree", "no_relation", "no_power", "naming_others"],
)
async def test_what_is_missing_is_said_and_nothing_is_registered(
    yumi: Visitor, father: Paper, changes: dict[str, str], field: str
):
    await yumi.post(HERE, form(father))
    answer = await yumi.post(f"{HERE}/agree", AGREED | changes)
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text
    assert (await consent.settings(as_father(father))).participation.state == "unanswered"
    assert "登録しました" in await yumi.follow(await yumi.post(f"{HERE}/agree", AGREED))


async def test_a_wrong_birth_date_tells_nothing(yumi: Visitor, father: Paper):
    wrong = await yumi.post(HERE, form(father, birth_day="10"))
    absent = await yumi.post(
        HERE, form(father, card=some_card(directory.profile().card_scheme).grouped)
    )
    assert wrong.status_code == absent.status_code == 422

    def said(page: str) -> list[str]:
        return re.findall(r"banner-error.*?</div>", page, re.DOTALL)

    assert said(wrong.text) == said(absent.text) != []


async def test_a_child_is_registered_at_the_counter(yumi: Visitor):
    card = some_card(directory.profile().card_scheme)
    born = clock.today_in_japan().replace(day=1) - timedelta(days=365 * 8)
    person = intake.Paper("山本 健太", "ヤマモト ケンタ", "male", born)
    child = await intake.admit(OPERATOR, person, card)
    paper = Paper(
        child,
        card,
        await intake.issue_code(OPERATOR, child),
        Birth(str(born.year), str(born.month), str(born.day)),
    )
    typed = form(paper, birth_era="western", birth_year=str(born.year))
    typed |= {"birth_month": str(born.month), "birth_day": str(born.day)}
    await yumi.post(HERE, typed)
    answer = await yumi.post(f"{HERE}/agree", AGREED)
    assert answer.status_code == 422
    assert "お子さまの登録は窓口で受け付けます" in answer.text


async def test_the_app_does_the_same(yumi: Visitor, father: Paper):
    began = await yumi.tell(
        "/me/family-registrations",
        {"card": father.card.digits, "birth_on": "1940-04-09", "code": father.code.text},
    )
    assert began.status_code == 201, began.text
    ticket = began.json()
    assert "太郎" not in ticket["name"]
    wish = {
        "ticket": ticket["ticket"],
        "family": "child",
        "powers": ["view"],
        "terms_version": ticket["terms_version"],
        "has_agreed": True,
    }
    stale = await yumi.tell("/me/family-registrations/current", wish | {"terms_version": "old"})
    assert stale.status_code == 409
    done = await yumi.tell("/me/family-registrations/current", wish)
    assert done.status_code == 201, done.text
    opens = clock.today_in_japan() + timedelta(days=7)
    assert done.json()["begins_on"] == opens.isoformat()
    assert (await yumi.tell("/me/family-registrations/current", wish)).status_code in (409, 410)


async def test_a_proxy_registers_nobody_in_anothers_name(pair: Pair, father: Paper):
    await pair.switch()
    assert (await pair.yumi.post(HERE, form(father))).status_code == 404


async def test_without_his_card_and_code_postgresql_lets_nobody_begin(
    yumi: Visitor, taro: Visitor, clinic: Place
):
    yumi_for_taro = Actor(
        kind=ActorKind.PARTICIPANT,
        account_id=yumi.actor.account_id,
        participant_id=taro.actor.participant_id,
        name="山本 由美",
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(yumi_for_taro) as tx:
            await tx.execute(
                "INSERT INTO proxy (participant_id, representative_id, typed_name, kind, origin,"
                " opens_on) VALUES (app.subject(), $1, 'x', 'voluntary', 'assisted',"
                " app.day_in_japan(now()) + 7)",
                yumi.actor.participant_id,
            )


async def test_with_them_nobody_but_the_holder_and_never_sooner(
    yumi: Visitor, hanako: Visitor, father: Paper
):
    ticket = await father.accepted()
    assert ticket
    for account, representative, days in (
        (yumi.actor.account_id, yumi.actor.participant_id, 6),
        (yumi.actor.account_id, hanako.actor.participant_id, 7),
    ):
        acting = Actor(
            kind=ActorKind.PARTICIPANT, account_id=account, participant_id=father.participant_id
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unit_of_work(acting) as tx:
                await tx.execute(
                    "INSERT INTO proxy (participant_id, representative_id, typed_name, kind,"
                    " origin, opens_on) VALUES (app.subject(), $1, 'x', 'voluntary', 'assisted',"
                    " app.day_in_japan(now()) + $2::integer)",
                    representative,
                    days,
                )


async def test_a_professional_finds_no_such_service(sato: Visitor, father: Paper):
    with pytest.raises(NotFound):
        await assisting.begin(
            sato.actor, father.card.digits, father.birth, father.code.printed, some_address()
        )
