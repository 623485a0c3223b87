"""Officers close Hanako's account at the counter: she has no phone, and stands before them."""

import re
import secrets
from datetime import date
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.card import issue
from api.identity.enrolling import intake, paper_enrolment_queries
from api.support.closing import at_counter, carrying_out, service
from api.support.closing.errors import InPersonOnly, MetByOne, NotClosing
from notifications import service as notifications
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.portal.test_counter import who
from tests.proxies.conftest import Pair
from tests.records.taking_out import taking
from tests.support.closing.rounds import carried_out
from tests.support.closing.test_closing import said

CERTIFICATE = "/closing-certificate"


@pytest_asyncio.fixture
async def second(open_browser) -> Visitor:
    return await scene.visitor(await open_browser(), await scene.officer("第二 担当"))


async def met(officer: Visitor, person: Visitor, **changes: str) -> str:
    """The path of an open visit."""
    answer = await officer.post("/support/counter", who(person, **changes))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def ids(visit: str) -> tuple[UUID, UUID]:
    *_, person, visit_id = visit.split("/")
    return UUID(person), UUID(visit_id)


async def begun(ueda: Visitor, second: Visitor, person: Visitor) -> tuple[str, str]:
    """Of the second officer, who begins: the visit, and the sheet they print."""
    await met(ueda, person)
    visit = await met(second, person)
    answer = await second.post(f"{visit}/closing", sure="yes")
    assert answer.status_code == 200, answer.text
    return visit, answer.text


async def told(of: Visitor) -> list[str]:
    while await notifications.deliver():
        pass
    return [each["title"] for each in (await of.ask("/me/notices")).json()["notices"]]


def code_on(sheet: str) -> str:
    (code,) = re.findall(r"<code>([0-9A-Z-]{19})</code>", sheet)
    return str(code)


async def test_the_second_officer_who_met_her_begins_and_prints_a_sheet(
    hanako: Visitor, ueda: Visitor, second: Visitor
) -> None:
    first = await met(ueda, hanako)
    page = (await ueda.get(f"{first}/closing")).text
    assert "職員2人がそれぞれご本人を確かめてから始めます" in page
    assert f'action="{first}/closing' not in page
    visit = await met(second, hanako)
    assert f"{visit}/closing" in (await second.get(visit)).text
    page = (await second.get(f"{visit}/closing")).text
    for part in ("なくなるもの", "残るもの", "先に受け取りますか", "14日間"):
        assert part in page
    unsure = await second.post(f"{visit}/closing")
    assert unsure.status_code == 422
    assert await service.running(hanako.actor) is None

    answer = await second.post(f"{visit}/closing", sure="yes")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    running = await service.running(hanako.actor)
    assert running is not None
    assert (running.ends_at - running.asked_at).days == 14
    for part in ("山本 花子 さん", "気が変わったとき", "窓口にお越しください", "しまっておいて"):
        assert part in answer.text
    assert "選ぶと、読めなくなります" not in answer.text, "it was chosen already"
    code = code_on(answer.text)
    after = (await second.get(f"{visit}/closing")).text
    assert code not in after, "it is shown once"
    assert "この方の登録が終わります" in after
    assert (await second.post(f"{visit}/closing", sure="yes")).status_code == 409


async def test_her_log_says_which_officer_began_it_at_the_counter(
    hanako: Visitor, ueda: Visitor, second: Visitor
) -> None:
    await begun(ueda, second, hanako)
    acted, asked = (await hanako.log())[:2]
    assert acted["sentence"] == (
        "サポートセンターの 第二 担当 さんの手続き：登録をやめる手続きを、窓口で始めました。"
    )
    assert asked["event"] == "identity:closing:asked"
    assert (await told(hanako)).count("登録をやめる手続きが始まりました") == 1


async def test_one_officer_alone_begins_nothing_not_even_in_postgresql(
    hanako: Visitor, ueda: Visitor
) -> None:
    await met(ueda, hanako)
    visit = await met(ueda, hanako)
    assert (await ueda.post(f"{visit}/closing", sure="yes")).status_code == 409
    with pytest.raises(MetByOne):
        await at_counter.begin(ueda.actor, *ids(visit), erases_log=False)
    person, visit_id = ids(visit)
    async with unit_of_work(ueda.actor, subject=person) as tx:
        for statement in (
            "SELECT closing_begin_at_the_counter($1, false, sha256(''))",
            "INSERT INTO account_closing (participant_id, closing_id, erases_log, claim_hash)"
            " VALUES (app.subject(), $1, false, sha256(''))",
            "SELECT closing_visit($1)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with tx.connection.transaction():
                    await tx.execute(statement, visit_id)
    assert await service.running(hanako.actor) is None


async def test_nobody_closes_an_account_on_the_telephone_but_keeps_it(
    hanako: Visitor, ueda: Visitor, second: Visitor
) -> None:
    async with unit_of_work(hanako.actor) as tx:
        await paper_enrolment_queries.set_registration(
            tx, "熊本県阿蘇市1-2-3", "0967123456", "", "", "", "", "", ""
        )
    by_phone = await met(ueda, hanako, way="call_back")
    assert "お電話では" in (await ueda.get(f"{by_phone}/closing")).text
    visit = await met(second, hanako)
    with pytest.raises(MetByOne):
        await at_counter.begin(second.actor, *ids(visit), erases_log=False)
    with pytest.raises(InPersonOnly):
        await at_counter.begin(ueda.actor, *ids(by_phone), erases_log=False)
    await met(ueda, hanako)
    await second.post(f"{visit}/closing", sure="yes")
    page = await ueda.follow(await ueda.post(f"{by_phone}/closing/call-off"))
    assert "登録をやめる手続きを、窓口で取りやめました" in page
    assert await service.running(hanako.actor) is None


async def test_she_comes_back_and_one_officer_keeps_it_as_it_was(
    hanako: Visitor, ueda: Visitor, second: Visitor, days_pass
) -> None:
    await taking.wrote_own(hanako.actor)
    await begun(ueda, second, hanako)
    await days_pass(hanako, 13)
    visit = await met(ueda, hanako)
    assert "あと1日あります" in (await ueda.get(f"{visit}/closing")).text
    await ueda.follow(await ueda.post(f"{visit}/closing/call-off"))
    assert (await ueda.post(f"{visit}/closing/call-off")).status_code == 409
    with pytest.raises(NotClosing):
        await at_counter.call_off(ueda.actor, *ids(visit))
    await days_pass(hanako, 14)
    assert await carrying_out.go_round() == 0
    assert (await hanako.ask("/me/records")).json()["total"] == 5
    sentences = [each["sentence"] for each in await hanako.log()]
    assert any("窓口で取りやめました" in each for each in sentences)
    assert "登録をやめる手続きを取りやめました" in await told(hanako)


async def test_at_the_end_the_certificate_of_her_sheet_is_printed_at_the_counter(
    hanako: Visitor, ueda: Visitor, second: Visitor, days_pass
) -> None:
    await taking.wrote_own(hanako.actor)
    visit, sheet = await begun(ueda, second, hanako)
    await days_pass(hanako, 13)
    assert await carrying_out.go_round() == 0
    await days_pass(hanako, 1)
    await carried_out(hanako.actor.participant_id)
    assert (await hanako.ask("/me/records")).status_code == 401
    assert "この方の登録は終わりました" in (await second.get(f"{visit}/closing")).text
    assert CERTIFICATE in (await ueda.get("/support/counter")).text
    page = await ueda.post(CERTIFICATE, code=code_on(sheet))
    assert page.status_code == 200
    for part in ("お子さまの成長・健診", "サインインの方法", "残っているもの", "故障にそなえて"):
        assert part in page.text
    assert "花子" not in page.text
    certificate = said(await service.certificate(code_on(sheet)))
    assert certificate["destroyed"]["own_record_versions"] == 5  # type: ignore[index]
    again = await met(ueda, hanako)
    assert (await ueda.post(f"{again}/closing", sure="yes")).status_code == 409


async def test_who_never_made_an_account_closes_it_too_and_no_letter_at_home_opens_it(
    ueda: Visitor, second: Visitor, days_pass
) -> None:
    """Somebody of paper alone: a card, and a letter with a code that was never used."""
    scheme = directory.profile().card_scheme
    card = issue(f"6{secrets.randbelow(10**13):013}", scheme)
    paper = intake.Paper("山本 太郎", "ヤマモト タロウ", "male", date(1940, 4, 9))
    person = await intake.admit(OPERATOR, paper, card)
    code = (await intake.issue_code(OPERATOR, person)).text
    taro = Visitor(Actor(kind=ActorKind.PARTICIPANT, participant_id=person), ueda.browser, "", card)
    letter = {"card": card.digits, "birth_on": "1940-04-09", "code": code}
    assert (await ueda.browser.post("/enrolments", json=letter)).status_code == 201
    _, sheet = await begun(ueda, second, taro)
    await days_pass(taro, 14)
    await carried_out(person)
    assert said(await service.certificate(code_on(sheet)))["type"]
    assert (await ueda.browser.post("/enrolments", json=letter)).status_code == 422


async def test_another_officer_a_facility_s_and_her_proxy_learn_and_do_nothing(
    pair: Pair, open_browser, ueda: Visitor, second: Visitor, sato: Visitor, clinic: Place
) -> None:
    visit, _ = await begun(ueda, second, pair.taro)
    desk = await scene.visitor(await open_browser(), await scene.administrator(clinic))
    for other in (ueda, sato, desk, pair.yumi, pair.taro):
        assert (await other.get(f"{visit}/closing")).status_code == 404
        assert (await other.post(f"{visit}/closing", sure="yes")).status_code == 404
        assert (await other.post(f"{visit}/closing/call-off")).status_code == 404
        with pytest.raises((NotFound, asyncpg.InsufficientPrivilegeError)):
            await at_counter.call_off(other.actor, *ids(visit))
    await pair.switch()
    assert (await pair.yumi.get(f"{visit}/closing")).status_code == 404
    assert await service.running(pair.taro.actor) is not None
    await second.post(f"{visit}/end")
    assert (await second.post(f"{visit}/closing/call-off")).status_code == 404
    async with unit_of_work(second.actor, subject=pair.taro.actor.participant_id) as tx:
        assert await tx.fetch("SELECT * FROM account_closing") == []


async def test_the_support_centre_s_own_software_does_it_too(
    hanako: Visitor, ueda: Visitor, second: Visitor
) -> None:
    first = json_of(await met(ueda, hanako))
    asked = (await ueda.ask(first)).json()
    assert asked["may_begin"] is False
    assert (await ueda.tell(first, {})).status_code == 409
    theirs = json_of(await met(second, hanako))
    assert (await second.ask(theirs)).json()["may_begin"] is True
    answer = await second.tell(theirs, {"erases_log": True})
    assert answer.status_code == 201
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", answer.json()["claim_code"])
    found = (await ueda.ask(first)).json()
    assert found["erases_log"] is True
    assert found["ends_at"] == answer.json()["ends_at"]
    for other in (hanako, second):
        assert (await other.ask(first)).status_code == 404
    headers = {"authorization": f"Bearer {ueda.token}"}
    assert (await ueda.browser.delete(first, headers=headers)).status_code == 204
    assert (await ueda.browser.delete(first, headers=headers)).status_code == 409


def json_of(visit: str) -> str:
    person, visit_id = ids(visit)
    return f"/support-centre/visits/{person}/{visit_id}/closing"
