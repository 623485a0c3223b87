"""Officer Ueda acts for Hanako: identified first, logged and told, nothing clinical."""

import re
from datetime import date, timedelta
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.routes import HTTPRoute

from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.directory import registry
from api.identity.enrolling import intake, look_alikes, paper_enrolment_queries
from api.records.matching import merging
from api.support import counter
from api.support import queries as cases
from api.support.service import CALL_BACK
from notifications import service as notifications
from tests.identity import conftest as identity
from tests.portal import scene
from tests.portal.scene import Place, Visitor

admin = identity.admin
WAY = "driving_licence"


def who(of: Visitor, **changes: str) -> dict[str, str]:
    assert of.card
    born = {"birth_era": "showa", "birth_year": "15", "birth_month": "4", "birth_day": "9"}
    return {"card": of.card.grouped, "way": WAY, **born, **changes}


@pytest_asyncio.fixture
async def visit(ueda: Visitor, hanako: Visitor) -> str:
    """The path of an open visit."""
    answer = await ueda.post("/support/counter", who(hanako))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def told(of: Visitor) -> list[str]:
    while await notifications.deliver():
        pass
    return [each["body"] for each in (await of.ask("/me/notices")).json()["notices"]]


async def test_hanako_reads_who_identified_her_and_how(hanako: Visitor, ueda: Visitor, visit: str):
    page = (await ueda.get(visit)).text
    assert "山本 花子 さんの手続き" in page
    sentence = (await hanako.log())[0]["sentence"]
    assert (
        sentence
        == "サポートセンターの 上田 恵子 さんが、ご本人であることを確かめました（運転免許証）。"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"card": "12"}, "16けた"),
        ({"birth_day": "10"}, "組み合わせ"),
        ({"way": ""}, "選んでください"),
        ({"way": "call_back"}, "登録された電話番号がない"),
    ],
    ids=["card", "birth", "way", "nobody_to_call"],
)
async def test_nobody_is_identified_by_half(
    hanako: Visitor, ueda: Visitor, changes: dict[str, str], said: str
):
    answer = await ueda.post("/support/counter", who(hanako, **changes))
    assert answer.status_code == 422
    assert said in answer.text


async def test_by_phone_the_registered_number_is_called_back(hanako: Visitor, ueda: Visitor):
    async with unit_of_work(hanako.actor) as tx:
        await paper_enrolment_queries.set_registration(
            tx, "熊本県阿蘇市1-2-3", "0967123456", "", "", "", "", "", ""
        )
    answer = await ueda.post("/support/counter", who(hanako, way="call_back"))
    page = (await ueda.get(answer.headers["location"])).text
    assert "tel:0967123456" in page
    assert "先に、登録されたこの番号にかけなおして" in page


async def test_a_new_letter_lets_her_register_and_is_shown_once(
    hanako: Visitor, ueda: Visitor, visit: str, open_browser
):
    alone = await ueda.post(f"{visit}/code")
    assert alone.status_code == 409
    assert "職員2人がそれぞれ" in alone.text
    assert not any("登録コード" in e["sentence"] for e in await hanako.log())
    second = await scene.visitor(await open_browser(), await scene.officer("第二 担当"))
    theirs = (await second.post("/support/counter", who(hanako))).headers["location"]
    answer = await second.post(f"{theirs}/code")
    code = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", answer.text)
    assert code
    assert "<svg" in answer.text
    assert code[0] not in (await second.get(theirs)).text
    assert hanako.card
    began = await hanako.browser.post(
        "/enrolments", json={"card": hanako.card.digits, "birth_on": "1940-04-09", "code": code[0]}
    )
    assert began.status_code == 201, began.text
    assert any("登録コードを新しく作りました" in e["sentence"] for e in await hanako.log())
    assert any("新しい登録コードを作りました" in body for body in await told(hanako))


async def test_no_officer_alone_makes_a_code_not_even_in_postgresql(
    hanako: Visitor, ueda: Visitor, visit: str
):
    for opened in (visit, (await ueda.post("/support/counter", who(hanako))).headers["location"]):
        assert (await ueda.post(f"{opened}/code")).status_code == 409
    async with unit_of_work(ueda.actor, subject=hanako.actor.participant_id) as tx:
        for statement in (
            "INSERT INTO activation_code (participant_id, code_hmac, expires_at)"
            " VALUES (app.subject(), decode(repeat('00', 32), 'hex'), now() + interval '1 day')",
            "INSERT INTO counter_visit (participant_id, way, officer, officer_name)"
            " SELECT app.subject(), 'passport', account_id, 'x' FROM account"
            " WHERE account_id <> app.account() UNION ALL"
            " SELECT app.subject(), 'passport', uuidv7(), 'x' LIMIT 1",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with tx.connection.transaction():
                    await tx.execute(statement)


async def test_who_has_a_key_gets_no_code_but_a_recovery(
    hanako: Visitor, ueda: Visitor, visit: str, admin
):
    await admin.execute(
        "INSERT INTO passkey (account_id, credential_id, public_key, sign_count, is_backed_up)"
        " VALUES ($1, $2, '\\x00', 0, false)",
        hanako.actor.account_id,
        hanako.actor.account_id.bytes,
    )
    assert (await ueda.post(f"{visit}/code")).status_code == 409
    assert f'action="{visit}/code"' not in (await ueda.get(visit)).text


async def test_who_signs_in_by_my_number_alone_gets_no_code_either(
    hanako: Visitor, ueda: Visitor, visit: str, admin
):
    await admin.execute(
        "INSERT INTO national_identity (account_id, iss, sub) VALUES ($1, 'https://x.example', $2)",
        hanako.actor.account_id,
        str(hanako.actor.account_id),
    )
    assert (await ueda.post(f"{visit}/code")).status_code == 409


async def test_a_lost_phone_is_signed_out_at_once(hanako: Visitor, ueda: Visitor, visit: str):
    assert (await hanako.ask("/me")).status_code == 200
    page = await ueda.follow(await ueda.post(f"{visit}/sessions"))
    assert "すべての端末でサインインを終わらせました" in page
    assert (await hanako.ask("/me")).status_code == 401


async def test_a_paper_of_withdrawal_ends_taking_part(hanako: Visitor, ueda: Visitor, visit: str):
    await ueda.follow(await ueda.post(f"{visit}/withdrawal"))
    sentences = [each["sentence"] for each in await hanako.log()]
    assert "撤回の書類にもとづいて、ご本人の参加を終わりにしました。" in sentences
    assert any("上田 恵子 さんの手続き：紙の撤回書を記録しました" in each for each in sentences)
    assert any("紙の撤回書を記録しました" in body for body in await told(hanako))
    assert (await ueda.post(f"{visit}/withdrawal")).status_code == 409


async def test_a_wish_to_be_called_becomes_a_case(hanako: Visitor, ueda: Visitor, visit: str):
    assert (await ueda.post(f"{visit}/call", phone="12")).status_code == 422
    await ueda.follow(await ueda.post(f"{visit}/call", phone="096-123-4567"))
    async with unit_of_work(hanako.actor) as tx:
        assert await cases.waiting(tx, CALL_BACK)


async def test_a_visit_is_one_officers_and_lasts_half_an_hour(
    hanako: Visitor, ueda: Visitor, visit: str, open_browser, admin
):
    colleague = await scene.visitor(await open_browser(), await scene.officer("第二 担当"))
    assert (await colleague.get(visit)).status_code == 404
    assert (await colleague.post(f"{visit}/sessions")).status_code == 404
    await admin.execute(
        "UPDATE counter_visit SET opened_at = $2 WHERE participant_id = $1",
        hanako.actor.participant_id,
        clock.now() - timedelta(minutes=31),
    )
    assert (await ueda.post(f"{visit}/sessions")).status_code == 404
    assert (await hanako.ask("/me")).status_code == 200


async def test_a_visit_that_was_ended_serves_nothing(hanako: Visitor, ueda: Visitor, visit: str):
    await ueda.post(f"{visit}/end")
    assert (await ueda.get(visit)).status_code == 404
    parts = visit.split("/")
    with pytest.raises(NotFound):
        await counter.end_sessions(ueda.actor, hanako.actor.participant_id, parts[-1])


async def test_no_page_of_the_support_centre_shows_anything_clinical(
    hanako: Visitor, ueda: Visitor, clinic: Place, visit: str, app: Litestar
):
    title = "カルボシステイン錠250mg"
    record_id = await scene.wrote(clinic, hanako.actor, "prescription", title)
    code = await intake.issue_code(OPERATOR, hanako.actor.participant_id)
    assert code
    seen = 0
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or not route.path_format.startswith("/support"):
            continue
        for method in route.methods - {"OPTIONS", "HEAD"}:
            path = re.sub(r"\{(\w+)\}", str(hanako.actor.participant_id), route.path_format)
            answer = await (ueda.get(path) if method == "GET" else ueda.post(path))
            assert answer.status_code < 500, path
            assert title not in answer.text
            assert str(record_id) not in answer.text
            seen += 1
    assert seen > 30
    assert title not in (await ueda.get(visit)).text
    async with unit_of_work(ueda.actor, subject=hanako.actor.participant_id) as tx:
        assert await tx.fetchval("SELECT count(*) FROM record") == 0


async def test_an_officer_without_safety_training_opens_nothing(
    hanako: Visitor, ueda: Visitor, admin
):
    officer = "(SELECT officer_id FROM account WHERE account_id = $1)"
    for day in ("NULL", "current_date + 2"):
        await admin.execute(
            f"UPDATE officer SET trained_on = {day} WHERE officer_id = {officer}",
            ueda.actor.account_id,
        )
        answer = await ueda.get("/support")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in"
    await admin.execute(
        f"UPDATE officer SET trained_on = current_date - 1 WHERE officer_id = {officer}",
        ueda.actor.account_id,
    )
    assert (await ueda.get("/support")).status_code == 200


async def test_training_is_recorded_by_an_operator_alone_and_in_the_log(
    ueda: Visitor, sato: Visitor, admin
):
    day = date(2026, 5, 1)
    officer = await admin.fetchval(
        "SELECT officer_id FROM account WHERE account_id = $1", ueda.actor.account_id
    )
    for person in (officer, sato.actor.professional_id):
        await registry.record_training(OPERATOR, person, day)
    assert day == await admin.fetchval(
        "SELECT trained_on FROM officer WHERE officer_id = $1", officer
    )
    assert day == await admin.fetchval(
        "SELECT trained_on FROM professional WHERE professional_id = $1",
        sato.actor.professional_id,
    )
    noted = await admin.fetchval(
        "SELECT count(*) FROM system_event WHERE event = 'operator:training:recorded'"
    )
    assert noted >= 2
    for actor, person in ((ueda.actor, officer), (OPERATOR, uuid4())):
        with pytest.raises(NotFound):
            await registry.record_training(actor, person, date(2020, 1, 1))


@pytest_asyncio.fixture
async def again(hanako: Visitor, ueda: Visitor, open_browser) -> Visitor:
    """Her other registration; two officers found that it is hers, and it waits for her yes."""
    actor, card = await scene.participant(str(hanako.actor.name), "ヤマモト ハナコ")
    mine = hanako.actor.participant_id
    assert mine is not None
    assert actor.participant_id is not None
    await look_alikes.decide(ueda.actor, actor.participant_id, mine, "same", "カードが2枚ある")
    merge_id = await merging.ask(ueda.actor, mine, actor.participant_id, "同じ方と確認")
    await merging.confirm(await scene.officer("第二 担当"), merge_id)
    return await scene.visitor(await open_browser(), actor, card)


async def merge_of(hanako: Visitor) -> str:
    (waiting,) = (await hanako.ask("/me/merges")).json()["merges"]
    return str(waiting["id"])


async def test_hanakos_yes_to_one_registration_is_written_down_at_the_counter(
    hanako: Visitor, again: Visitor, ueda: Visitor, visit: str
):
    where = f"{visit}/merges/{await merge_of(hanako)}"
    assert again.card
    assert f"カードの下4けた {again.card.digits[-4:]}" in (await ueda.get(visit)).text
    empty = await ueda.post(where, reason=" ")
    assert empty.status_code == 422
    assert "判断した理由を入力してください" in empty.text
    answer = await ueda.post(where, reason="二枚のカードを持参")
    assert "ご本人の返事を書きとめました" in await ueda.follow(answer)
    assert where not in (await ueda.get(visit)).text
    for person, remains in ((hanako, True), (again, False)):
        (merge,) = (await person.ask("/me/merges")).json()["merges"]
        assert (merge["state"], merge["remains"]) == ("accepted", remains)
        sentences = [row["sentence"] for row in await person.log()]
        said = "ご本人が窓口で「はい」と答えました（二枚のカードを持参）。"
        assert f"二つの登録がひとつになりました。{said}" in sentences
        assert any("二つの登録がひとつになりました" in each for each in await told(person))
    assert any("上田 恵子" in each for each in await told(hanako))
    # She takes it back by herself.
    split = await hanako.tell(f"/me/merges/{await merge_of(hanako)}/split", {})
    assert split.status_code == 204
    assert (await ueda.post(where, reason="もう一度")).status_code == 409


async def test_no_yes_is_written_down_for_who_is_not_there(
    hanako: Visitor, again: Visitor, ueda: Visitor, visit: str
):
    merge_id = await merge_of(hanako)
    # Of the other registration nobody says yes; over the phone nobody does.
    other = await ueda.post("/support/counter", who(again))
    at_other = f"{other.headers['location']}/merges/{merge_id}"
    assert (await ueda.post(at_other, reason="電話で")).status_code == 404
    await ueda.post(f"{visit}/end")
    assert (await ueda.post(f"{visit}/merges/{merge_id}", reason="電話で")).status_code == 404
    async with unit_of_work(hanako.actor) as tx:
        await paper_enrolment_queries.set_registration(
            tx, "熊本県阿蘇市1-2-3", "0967123456", "", "", "", "", "", ""
        )
    calls = await ueda.post("/support/counter", who(hanako, way="call_back"))
    by_phone = calls.headers["location"]
    assert "もうひとつの登録" not in (await ueda.get(by_phone)).text
    assert (await ueda.post(f"{by_phone}/merges/{merge_id}", reason="電話で")).status_code == 409
    step = (
        "INSERT INTO participant_merge_step (participant_id, merge_id, step, act, by_name, reason)"
        " VALUES (app.subject(), $1, 2, 'accepted', '上田', $2)"
    )
    async with unit_of_work(ueda.actor, subject=hanako.actor.participant_id) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(step, merge_id, "来ていない方の返事")


async def test_an_officer_moves_no_record_on_the_yes_another_wrote_down(
    hanako: Visitor, again: Visitor, ueda: Visitor, visit: str
):
    merge_id = await merge_of(hanako)
    await ueda.post(f"{visit}/merges/{merge_id}", reason="二枚のカードを持参")
    other = await scene.officer("第三 担当")
    async with unit_of_work(other, subject=hanako.actor.participant_id) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.fetchval("SELECT records_take_over($1, '{}', false)", merge_id)
