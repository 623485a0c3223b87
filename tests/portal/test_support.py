"""Hanako asks to be called; officer Ueda sees whom to call and nothing clinical."""

from uuid import UUID

import pytest

from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.support import queries, service
from tests.portal.scene import Visitor


async def cases_of(visitor: Visitor) -> list[service.Case]:
    everything, _ = await service.queue(visitor.actor, count=200)
    return everything


async def case_of(visitor: Visitor) -> UUID:
    """Where they wait for a call."""
    async with unit_of_work(visitor.actor) as tx:
        found = await queries.waiting(tx, service.CALL_BACK)
    assert found
    return found


async def newest_pages_of(officer: Visitor) -> str:
    """The queue's end: the oldest cases stand first, and other tests open some too."""
    _, total = await service.queue(officer.actor)
    last = max(1, -(-total // 20))
    pages = [await officer.get(f"/support?page={n}") for n in range(max(1, last - 1), last + 1)]
    return "".join(page.text for page in pages)


async def test_asking_twice_to_be_called_opens_one_case(hanako: Visitor, ueda: Visitor) -> None:
    for _ in range(2):
        page = await hanako.follow(await hanako.post("/help/call-back", phone="０９０−1234-5678"))
        assert "お電話の希望を受け付けました。" in page
    assert (await hanako.tell("/me/call-backs", {"phone": "09012345678"})).status_code == 202
    opened = [e for e in await hanako.log() if e["event"] == "support:case:opened"]
    assert len(opened) == 1
    case_id = await case_of(hanako)
    assert f'href="/support/cases/{case_id}"' in await newest_pages_of(ueda)
    assert (await ueda.post(f"/support/cases/{case_id}/close")).status_code == 303
    assert str(case_id) not in await newest_pages_of(ueda)
    (closed, *_) = await hanako.log()
    assert closed["sentence"] == "サポートセンターが受付を終えました。"
    assert 'name="phone"' in (await hanako.get("/help")).text


async def test_whom_a_case_is_about_takes_a_look_which_her_log_tells_her_of(
    hanako: Visitor, ueda: Visitor
) -> None:
    await hanako.post("/help/call-back", phone="0960000009")
    assert "0960000009" not in await newest_pages_of(ueda)
    case_id = await case_of(hanako)
    assert {c.params.get("phone") for c in await cases_of(ueda)} == {None}
    page = (await ueda.get(f"/support/cases/{case_id}")).text
    assert 'href="tel:0960000009"' in page
    assert "このページを開いたことは、ご本人の「だれが見たかの記録」に残りました。" in page
    (looked, *_) = await hanako.log()
    assert looked["event"] == "support:participant:looked_up"
    assert ueda.actor.name
    assert looked["sentence"] == (
        f"サポートセンターの{ueda.actor.name}さんが、ご本人の情報を見ました。"
    )
    assert looked["reason"] == "サポートセンターが、受け付けた手続きのために行いました。"
    await ueda.post(f"/support/cases/{case_id}/close")
    assert (await ueda.get(f"/support/cases/{case_id}")).status_code == 404


@pytest.mark.parametrize("typed", ["", "12345", "123456789018", "電話して", "+819012345678"])
async def test_what_is_no_telephone_number_is_asked_for_again(hanako: Visitor, typed: str) -> None:
    answer = await hanako.post("/help/call-back", phone=typed)
    assert answer.status_code == 422
    assert 'id="error-phone"' in answer.text
    assert not await service.is_call_waiting(hanako.actor)


async def test_a_case_about_nobody_stands_in_the_queue_oldest_first(
    hanako: Visitor, ueda: Visitor
) -> None:
    async with unit_of_work(OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO support_case (kind, params, due_on)"
            " VALUES ('quarantine', '{\"facility\": \"あおば薬局\"}', current_date)"
        )
    await hanako.post("/help/call-back", phone="0960000001")
    kinds = [case.kind for case in await cases_of(ueda)]
    assert kinds.index("quarantine") < len(kinds) - 1
    opened = [case.opened_at for case in await cases_of(ueda)]
    assert opened == sorted(opened)
    assert "取り込めなかった記録" in await newest_pages_of(ueda)
    (quarantined, *_) = [c for c in await cases_of(ueda) if c.kind == "quarantine"]
    await ueda.post(f"/support/cases/{quarantined.case_id}/close")
    assert quarantined.case_id not in {case.case_id for case in await cases_of(ueda)}


async def test_nobody_else_sees_or_closes_a_case(
    hanako: Visitor, yumi: Visitor, sato: Visitor, ueda: Visitor
) -> None:
    await hanako.post("/help/call-back", phone="0960000002")
    case_id = await case_of(hanako)
    for other in (hanako, yumi, sato):
        path = f"/support/cases/{case_id}"
        assert (await other.get(path)).status_code == 404
        assert (await other.post(f"{path}/close")).status_code == 404
    assert await service.queue(yumi.actor) == ([], 0)
    async with unit_of_work(yumi.actor) as tx:
        assert await queries.close(tx, case_id, None) is None
    assert (await ueda.post(f"/support/cases/{uuid7()}/close")).status_code == 404
