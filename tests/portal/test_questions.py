"""Hanako sees something that looks wrong and asks; officer Ueda answers; both see how it stands."""

import re
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.support import service as support
from notifications import service as notifications
from tests.conftest import Deployment
from tests.portal.looks import happened
from tests.portal.scene import Place, Visitor, wrote

WORDS = "この日は家にいました。\nかかっていません。"
ANSWER = "薬局に確かめました。お薬手帳の確認でした。"
DAYS = 14


async def case_of(ueda: Visitor, number: int, who: Visitor) -> UUID:
    """The open case about this event; many people of the tests share a name."""
    cases, _ = await support.queue(ueda.actor, count=1000)
    async with unit_of_work(who.actor) as tx:
        found: UUID = await tx.fetchval(
            "SELECT case_id FROM support_case WHERE closed_at IS NULL"
            " AND (params ->> 'number')::bigint = $1",
            number,
        )
    assert found in {case.case_id for case in cases}
    return found


async def notices(who: Visitor) -> list[tuple[str, str]]:
    while await notifications.deliver():
        pass
    found = (await who.ask("/me/notices")).json()["notices"]
    return [(each["title"], each["body"]) for each in found]


async def events(who: Visitor) -> list[str]:
    return [each["event"].removeprefix("support:log_question:") for each in await who.log()]


def due() -> str:
    day = clock.today_in_japan() + timedelta(days=DAYS)
    return f"{day.year}年{day.month}月{day.day}日"


async def test_from_asking_to_being_content_and_both_see_every_step(
    hanako: Visitor, ueda: Visitor, pharmacy: Place, busy: dict[str, int]
) -> None:
    number = busy["pharmacy"]
    log = (await hanako.get("/access-log")).text
    assert f'href="/access-log/{number}/question"' in log
    form = (await hanako.get(f"/access-log/{number}/question")).text
    assert "すみれ薬局の伊藤 美咲さん（薬剤師）が" in form
    asked = await hanako.press(
        f"/access-log/{number}/question",
        "サポートセンターに問い合わせる",
        reason="not_there_then",
        words=WORDS,
    )
    page = await hanako.follow(asked)
    assert f"問い合わせを受け付けました。{due()}までにお返事します。" in page
    assert WORDS in page
    log = (await hanako.get("/access-log")).text
    assert "問い合わせ中" in log
    assert f"{due()}までにお返事します" in log
    assert (await events(hanako))[0] == "asked"
    assert (await notices(hanako))[0][0] == "問い合わせを受け付けました"

    case_id = await case_of(ueda, number, hanako)
    desk = (await ueda.get(f"/support/questions/{case_id}")).text
    for shown in (
        f"<dd>{number}</dd>",
        "すみれ薬局",
        "伊藤 美咲 薬剤師",
        "処方（医師が出した薬）",
        "2件",
        "山本 花子",
        "この日や時間には、かかっていない",
        WORDS,
    ):
        assert shown in desk
    assert (await events(hanako))[0] == "read"
    answered = await ueda.press(f"/support/questions/{case_id}", "お返事を送る", words=ANSWER)
    assert (answered.status_code, answered.headers["location"]) == (303, "/support")
    page = (await hanako.get(f"/access-log/{number}/question")).text
    assert ANSWER in page
    assert "サポートセンターの上田 恵子がお返事しました" in page
    title, body = (await notices(hanako))[0]
    assert title == "問い合わせにお返事があります"
    assert f"（{number}番）のできごと" in body
    assert "お返事があります" in (await hanako.get("/access-log")).text
    inbox = (await hanako.get("/inbox")).text
    assert f'href="/access-log/{number}/question"' in inbox

    ended = await hanako.press(f"/access-log/{number}/question", "わかりました（終わりにする）")
    assert "この問い合わせは終わりました。" in await hanako.follow(ended)
    assert (await events(hanako))[:4] == ["settled", "answered", "read", "read"]
    assert (await notices(hanako))[0][0] == "問い合わせが終わりました"
    desk = (await ueda.get(f"/support/questions/{case_id}")).text
    assert "お返事は済んでいます。" in desk
    assert 'name="words"' not in desk


async def test_once_more_and_no_more_than_once_through_the_app(
    hanako: Visitor, ueda: Visitor, busy: dict[str, int]
) -> None:
    number, path = busy["refused"], f"/me/access-log/{busy['refused']}/question"
    assert (await hanako.ask(path)).status_code == 404
    body = {"reason": "other", "words": WORDS}
    asked = await hanako.tell(path, body)
    assert asked.status_code == 201, asked.text
    assert (asked.json()["state"], asked.json()["is_overdue"]) == ("received", False)
    again = await hanako.tell(path, body)
    assert (again.status_code, again.json()["type"]) == (
        409,
        "urn:tsunagu:problem:error.question.asked_already",
    )
    early = await hanako.tell(f"{path}/settlement", None)
    assert early.status_code == 409
    assert (await hanako.tell(f"{path}/reopening", {"words": "x"})).status_code == 409

    first = await case_of(ueda, number, hanako)
    await ueda.post(f"/support/questions/{first}/answer", words=ANSWER)
    found = (await hanako.ask(path)).json()
    assert (found["state"], found["may_settle"], found["may_reopen"]) == ("answered", True, True)
    assert found["due_on"] is None
    reopened = await hanako.tell(f"{path}/reopening", {"words": "まだわかりません。"})
    assert reopened.json()["state"] == "reopened"
    assert reopened.json()["due_on"] == str(clock.today_in_japan() + timedelta(days=DAYS))
    second = await case_of(ueda, number, hanako)
    assert second != first
    desk = (await ueda.get(f"/support/questions/{second}")).text
    for said in (WORDS, ANSWER, "まだわかりません。"):
        assert said in desk
    await ueda.post(f"/support/questions/{second}/answer", words="もう一度確かめました。")
    found = (await hanako.ask(path)).json()
    assert (found["may_settle"], found["may_reopen"]) == (True, False)
    assert (await hanako.tell(f"{path}/reopening", {"words": "x"})).status_code == 409
    assert (await hanako.tell(f"{path}/settlement", None)).json()["state"] == "content"
    assert (await hanako.tell(f"{path}/settlement", None)).status_code == 409
    states = [each["state"] for each in (await hanako.ask(path)).json()["steps"]]
    assert states == ["received", "answered", "reopened", "answered", "content"]
    (listed,) = (await hanako.ask("/me/access-log/questions")).json()["questions"]
    assert (listed["number"], listed["state"]) == (number, "content")
    rows = {each["number"]: each["question"] for each in await hanako.log()}
    assert rows[number] == {"state": "content", "due_on": None, "is_overdue": False}
    assert rows[busy["read"]] is None


async def test_a_question_past_its_day_is_overdue_for_both(
    hanako: Visitor, ueda: Visitor, busy: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = busy["read"]
    await hanako.tell(f"/me/access-log/{number}/question", {"reason": "too_much"})
    case_id = await case_of(ueda, number, hanako)
    late = clock.today_in_japan() + timedelta(days=DAYS + 1)
    monkeypatch.setattr(clock, "today_in_japan", lambda: late)
    found = (await hanako.ask(f"/me/access-log/{number}/question")).json()
    assert found["is_overdue"]
    assert (
        f"お返事の期限（{due_of(found['due_on'])}）を過ぎています。"
        in (await hanako.get(f"/access-log/{number}/question")).text
    )
    assert "期限を過ぎています" in (await hanako.get("/access-log")).text
    assert "期限を過ぎています" in (await hanako.get("/access-log/questions")).text
    assert "を過ぎています。" in (await ueda.get(f"/support/questions/{case_id}")).text
    _, total = await support.queue(ueda.actor)
    last = -(-total // 20)
    assert "期限を過ぎています" in (await ueda.get(f"/support?page={last}")).text


def due_of(day: str) -> str:
    year, month, on = map(int, day.split("-"))
    return f"{year}年{month}月{on}日"


async def test_the_officer_sees_no_title_no_value_and_no_setting(
    hanako: Visitor, ueda: Visitor, sato: Visitor, clinic: Place
) -> None:
    await wrote(clinic, hanako.actor, "prescription", "アムロジピン錠5mg")
    version = (await hanako.ask("/me/disclosure")).json()["version"]
    await hanako.turn("facility", clinic.facility_id, "yes", version)
    assert hanako.card
    read = await sato.find(by="card", card=hanako.card.grouped)
    assert "アムロジピン錠5mg" in read.text
    changed, looked = 0, 0
    for row in await hanako.log():
        if row["event"] == EventName.DISCLOSURE_CHANGED:
            changed = row["number"]
        if row["event"] == EventName.RECORD_READ:
            looked = row["number"]
    for number in (changed, looked):
        await hanako.tell(f"/me/access-log/{number}/question", {"reason": "not_mine"})
        case_id = await case_of(ueda, number, hanako)
        for locale in ("ja", "en"):
            desk = (await ueda.get(f"/support/questions/{case_id}", locale=locale)).text
            for hidden in ("アムロジピン", "に見せるようにしました", "can see", hanako.card.digits):
                assert hidden not in desk
    assert (
        "れんげ内科クリニック"
        not in (await ueda.get(f"/support/questions/{await case_of(ueda, changed, hanako)}")).text
    )


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"reason": "other"}, 422, "words"),
        ({"reason": "other", "words": "  \n "}, 422, "words"),
        ({"reason": "too_much", "words": "長" * 1001}, 422, "words"),
        ({"reason": "planet"}, 400, ""),
        ({"reason": "other", "words": "x", "number": 1}, 400, ""),
        ({}, 400, ""),
    ],
)
async def test_what_cannot_be_asked_is_refused_and_nothing_opens(
    hanako: Visitor, body: dict[str, str], status: int, field: str
) -> None:
    answer = await hanako.tell("/me/access-log/1/question", body)
    assert answer.status_code == status, answer.text
    if field:
        assert answer.json()["fields"].keys() == {field}
    form = {"reason": body.get("reason", ""), "words": body.get("words", "")}
    if status == 422 or body.get("reason") != "other":
        page = await hanako.post("/access-log/1/question", form)
        assert page.status_code == 422
        assert 'id="errors"' in page.text
    assert (await hanako.ask("/me/access-log/1/question")).status_code == 404
    assert (await hanako.ask("/me/access-log/questions")).json() == {"questions": []}


async def test_an_empty_answer_is_asked_for_again_and_a_question_is_not_just_closed(
    hanako: Visitor, ueda: Visitor, busy: dict[str, int]
) -> None:
    number = busy["read"]
    await hanako.tell(f"/me/access-log/{number}/question", {"reason": "too_much"})
    case_id = await case_of(ueda, number, hanako)
    answer = await ueda.post(f"/support/questions/{case_id}/answer", words="   ")
    assert answer.status_code == 422
    assert "お返事を書いてください。" in answer.text
    assert (await ueda.post(f"/support/cases/{case_id}/close")).status_code == 409
    queue = (await ueda.get("/support")).text
    if str(case_id) in queue:
        assert f'action="/support/cases/{case_id}/close"' not in queue
    assert (await hanako.ask(f"/me/access-log/{number}/question")).json()["state"] == "received"
    await ueda.post(f"/support/questions/{case_id}/answer", words=ANSWER)
    twice = await ueda.post(f"/support/questions/{case_id}/answer", words="別のお返事")
    assert twice.status_code == 303
    assert "別のお返事" not in (await hanako.get(f"/access-log/{number}/question")).text


async def test_nobody_else_reads_asks_or_answers(
    hanako: Visitor, yumi: Visitor, sato: Visitor, ueda: Visitor, busy: dict[str, int]
) -> None:
    number = busy["pharmacy"]
    await hanako.tell(f"/me/access-log/{number}/question", {"reason": "other", "words": WORDS})
    case_id = await case_of(ueda, number, hanako)
    for other in (hanako, yumi, sato):
        assert (await other.get(f"/support/questions/{case_id}")).status_code == 404
        answer = await other.post(f"/support/questions/{case_id}/answer", words="x")
        assert answer.status_code == 404
    for other in (yumi, sato, ueda):
        assert (await other.get(f"/access-log/{number}/question")).status_code == 404
        assert (await other.ask(f"/me/access-log/{number}/question")).status_code == 404
    assert (
        await yumi.tell("/me/access-log/99/question", {"reason": "not_mine"})
    ).status_code == 404
    assert (await yumi.ask("/me/access-log/questions")).json() == {"questions": []}
    assert (await ueda.get(f"/support/questions/{uuid7()}")).status_code == 404
    call_back = await support.queue(ueda.actor)  # a case of another kind is none of a question
    other_kinds = [case for case in call_back[0] if case.kind != "log_question"]
    if other_kinds:
        path = f"/support/questions/{other_kinds[0].case_id}"
        assert (await ueda.get(path)).status_code == 404


async def test_what_was_answered_is_in_the_log_word_for_word(
    hanako: Visitor, ueda: Visitor, busy: dict[str, int]
) -> None:
    number = busy["read"]
    await hanako.tell(f"/me/access-log/{number}/question", {"reason": "other", "words": WORDS})
    case_id = await case_of(ueda, number, hanako)
    await ueda.post(f"/support/questions/{case_id}/answer", words=ANSWER)
    page = await access_log.page(hanako.actor, count=2)
    answered, asked = page.rows
    assert (answered.detail["said"], answered.detail["about"]) == (ANSWER, number)
    assert asked.detail["said"] == WORDS


@pytest.mark.parametrize(
    ("step", "after", "state", "kind"),
    [
        (3, "answered", "content", "participant"),  # before any answer
        (2, "received", "content", "participant"),
        (2, "received", "answered", "participant"),  # only the support centre answers
        (1, None, "received", "participant"),  # a second beginning
        (2, None, "answered", "support"),
    ],
)
async def test_postgresql_refuses_a_step_out_of_order_or_out_of_place(
    hanako: Visitor,
    ueda: Visitor,
    busy: dict[str, int],
    step: int,
    after: str | None,
    state: str,
    kind: str,
) -> None:
    number = busy["read"]
    await hanako.tell(f"/me/access-log/{number}/question", {"reason": "too_much"})
    who = hanako.actor if kind == "participant" else ueda.actor
    with pytest.raises(asyncpg.PostgresError):
        async with unit_of_work(who, subject=hanako.actor.participant_id) as tx:
            await tx.execute(
                "INSERT INTO log_question_step (participant_id, question_id, step, state, after,"
                " words, due_on, by_name) SELECT participant_id, question_id, $1, $2, $3, '',"
                " CASE WHEN $2 = 'received' THEN current_date END, '' FROM log_question",
                step,
                state,
                after,
            )


async def test_what_was_said_is_never_changed(
    hanako: Visitor, busy: dict[str, int], database: Deployment
) -> None:
    await hanako.tell(f"/me/access-log/{busy['read']}/question", {"reason": "too_much"})
    connection = await asyncpg.connect(database.admin_dsn)
    try:
        for statement in (
            "UPDATE log_question_step SET words = 'x'",
            "DELETE FROM log_question_step",
            "UPDATE log_question SET number = 1",
            "TRUNCATE log_question_step",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_word_with_markup_stays_a_word(
    hanako: Visitor, ueda: Visitor, busy: dict[str, int]
) -> None:
    number = busy["read"]
    words = "<script>alert(1)</script>"
    await hanako.tell(f"/me/access-log/{number}/question", {"reason": "other", "words": words})
    case_id = await case_of(ueda, number, hanako)
    for page in (
        (await ueda.get(f"/support/questions/{case_id}")).text,
        (await hanako.get(f"/access-log/{number}/question")).text,
    ):
        assert words not in page
        assert re.search(r"&lt;script&gt;", page)


async def test_any_event_can_be_asked_about(hanako: Visitor, busy: dict[str, int]) -> None:
    for number in range(1, busy["support"] + 1):
        page = await hanako.get(f"/access-log/{number}/question")
        assert page.status_code == 200
        answer = await hanako.tell(f"/me/access-log/{number}/question", {"reason": "not_mine"})
        assert answer.status_code == 201
    await happened(hanako.actor, hanako, EventName.SIGNED_OUT)
    assert (await hanako.get("/access-log/questions")).text.count("link-row") >= busy["support"]


@pytest.mark.parametrize("typed", ["\0", "a\0b"])
async def test_what_no_database_can_hold_is_refused_and_nothing_opens(
    hanako: Visitor, typed: str
) -> None:
    answer = await hanako.tell("/me/access-log/1/question", {"reason": "other", "words": typed})
    assert answer.status_code == 400
    assert (await hanako.ask("/me/access-log/questions")).json() == {"questions": []}
    assert "support:case:opened" not in [each["event"] for each in await hanako.log()]
