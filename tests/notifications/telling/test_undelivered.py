"""Officer Ueda sees what did not arrive, sends it again, or calls; never where, what or who."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from api.core.database import unit_of_work
from api.support import service as support
from notifications import service as notifications
from notifications.officers import undelivered
from tests.notifications.telling.inboxes import id_of, told
from tests.portal.scene import Visitor, forms, sent

PATH = "/support/notices"


async def missed(who: Visitor, admin: asyncpg.Connection) -> dict[str, Any]:
    """Told by a mail that failed again and again; the fields of its forms."""
    async with unit_of_work(who.actor) as tx:
        await notifications.enqueue(tx, "password_set")
    while await notifications.deliver():
        pass
    row = await admin.fetchrow(
        "INSERT INTO notice_delivery (participant_id, notice_id, channel, subject_id, event, state,"
        " attempts, reason) SELECT $1, notice_id, 'mail', $1, event, 'parked', 8, 'mail_refused'"
        " FROM outbox WHERE participant_id = $1 AND event = 'password_set'"
        " RETURNING participant_id, notice_id, channel",
        id_of(who),
    )
    assert row
    return {"participant": row[0], "notice": row[1], "channel": row[2]}


async def state(fields: dict[str, Any], admin: asyncpg.Connection) -> tuple[Any, ...]:
    row = await admin.fetchrow(
        "SELECT state, attempts, reason, settled_at IS NOT NULL FROM notice_delivery"
        " WHERE participant_id = $1 AND notice_id = $2 AND channel = $3",
        *fields.values(),
    )
    return tuple(row)


async def test_ueda_sees_the_end_of_a_card_the_way_and_why_and_nothing_else(
    hanako: Visitor, ueda: Visitor, admin: asyncpg.Connection
):
    await missed(hanako, admin)
    assert hanako.card
    page = (await ueda.get(PATH)).text
    assert f"番号の終わりが{hanako.card.digits[-4:]}の方" in page
    assert "サインインと安全のこと" in page
    assert "mail_refused" in page
    assert hanako.card.digits not in page
    assert "山本 花子" not in page
    assert "パスワード" not in page


async def test_sent_again_it_waits_anew_and_her_log_says_who_did_it(
    hanako: Visitor, ueda: Visitor, admin: asyncpg.Connection
):
    fields = await missed(hanako, admin)
    page = (await ueda.get(PATH)).text
    form = next(each for each in forms(page) if str(fields["notice"]) in each and "retry" in each)
    action, hidden = sent(form)
    assert action == f"{PATH}/retry"
    assert "もう一度送ります。" in await ueda.follow(await ueda.post(action, hidden))
    assert await state(fields, admin) == ("waiting", 0, None, False)
    (row, *_) = await hanako.log()
    assert row["event"] == "notifications:delivery:retried"
    assert (await ueda.post(action, hidden)).status_code == 404


async def test_called_instead_it_is_a_case_that_says_whom_and_not_why(
    hanako: Visitor, ueda: Visitor, admin: asyncpg.Connection
):
    fields = await missed(hanako, admin)
    assert "電話の手続きを作りました。" in await ueda.follow(
        await ueda.post(f"{PATH}/call", fields)
    )
    assert await state(fields, admin) == ("parked", 8, "mail_refused", True)
    found, _ = await undelivered.listed(ueda.actor, count=10_000)
    assert (fields["notice"], "mail") not in [(each.notice_id, each.channel) for each in found]
    case_id = await admin.fetchval(
        "SELECT case_id FROM support_case WHERE participant_id = $1 AND kind = 'undelivered'",
        id_of(hanako),
    )
    case = await support.look(ueda.actor, case_id)
    assert case.params == {"name": "山本 花子", "phone": ""}
    assert (await ueda.get(f"/support/cases/{case_id}")).status_code == 200
    assert (await ueda.post(f"{PATH}/call", fields)).status_code == 404


async def test_for_two_notices_of_hers_there_is_one_call(
    hanako: Visitor, ueda: Visitor, admin: asyncpg.Connection
):
    for _ in range(2):
        await ueda.post(f"{PATH}/call", await missed_once_more(hanako, admin))
    cases = await admin.fetchval(
        "SELECT count(*) FROM support_case WHERE participant_id = $1 AND kind = 'undelivered'",
        id_of(hanako),
    )
    assert cases == 1


async def missed_once_more(who: Visitor, admin: asyncpg.Connection) -> dict[str, Any]:
    notice = uuid4()
    await admin.execute(
        "INSERT INTO notice_delivery (participant_id, notice_id, channel, subject_id, event, state)"
        " VALUES ($1, $2, 'letter', $1, 'password_set', 'no_address')",
        id_of(who),
        notice,
    )
    return {"participant": id_of(who), "notice": notice, "channel": "letter"}


@pytest.mark.parametrize("who", ["hanako", "sato", "auditor", "desk"])
async def test_nobody_else_sees_it_or_sends_anything(
    who: str,
    hanako: Visitor,
    sato: Visitor,
    auditor: Visitor,
    desk: Visitor,
    admin: asyncpg.Connection,
):
    fields = await missed(hanako, admin)
    other = {"hanako": hanako, "sato": sato, "auditor": auditor, "desk": desk}[who]
    assert (await other.get(PATH)).status_code == 404
    for deed in ("retry", "call"):
        assert (await other.post(f"{PATH}/{deed}", fields)).status_code == 404
    assert await state(fields, admin) == ("parked", 8, "mail_refused", False)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(other.actor) as tx:
            await tx.fetch("SELECT * FROM notifications_undelivered(0, 10)")


async def test_what_arrived_is_neither_sent_again_nor_called_about(
    hanako: Visitor, ueda: Visitor, admin: asyncpg.Connection
):
    fields = await missed(hanako, admin)
    await admin.execute(
        "UPDATE notice_delivery SET state = 'sent', sent_at = now() WHERE notice_id = $1",
        fields["notice"],
    )
    for deed in ("retry", "call"):
        assert (await ueda.post(f"{PATH}/{deed}", fields)).status_code == 404


async def test_what_was_read_in_the_inbox_needs_no_call(
    hanako: Visitor, ueda: Visitor, admin: asyncpg.Connection
):
    fields = await missed(hanako, admin)
    found, _ = await undelivered.listed(ueda.actor, count=10_000)
    assert fields["notice"] in [each.notice_id for each in found]
    assert "password_set" in [each.event for each in await told(hanako)]
    found, _ = await undelivered.listed(ueda.actor, count=10_000)
    assert fields["notice"] not in [each.notice_id for each in found]
