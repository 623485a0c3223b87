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
    mine = [c for c in await cases_of(ueda) if c.params.get("phone") == "09012345678"]
    opened = [e for e in await hanako.log() if e["event"] == "support:case:opened"]
    assert (len(mine), len(opened)) == (1, 1)
    newest = await newest_pages_of(ueda)
    assert "電話をかけてほしい" in newest
    assert 'href="tel:09012345678"' in newest
    assert (await ueda.post(f"/support/cases/{mine[0].case_id}/close")).status_code == 303
    assert "09012345678" not in await newest_pages_of(ueda)
    (closed, *_) = await hanako.log()
    assert closed["sentence"] == "サポートセンターが受付を終えました。"
    assert 'name="phone"' in (await hanako.get("/help")).text


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
    (case,) = [c for c in await cases_of(ueda) if c.params.get("phone") == "0960000002"]
    for other in (hanako, yumi, sato):
        path = f"/support/cases/{case.case_id}/close"
        assert (await other.post(path)).status_code == 404
    assert await service.queue(yumi.actor) == ([], 0)
    async with unit_of_work(yumi.actor) as tx:
        assert await queries.close(tx, UUID(str(case.case_id)), None) is None
    assert (await ueda.post(f"/support/cases/{uuid7()}/close")).status_code == 404
