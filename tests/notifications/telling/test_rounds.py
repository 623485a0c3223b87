"""What is told on its day: ends that come near, and the month before in sum; each once."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from api.consent.settings.switches import SetFacility
from api.core import clock
from api.core.actor import OPERATOR
from api.core.clock import JAPAN
from api.core.database import unit_of_work
from api.records import service as records
from notifications import rounds
from notifications.choices import digests
from notifications.choices import service as preferences
from notifications.choices.service import Wish
from notifications.rounds import month_due
from tests.access_log.superuser import unguarded
from tests.notifications.telling.inboxes import id_of, told
from tests.portal.scene import Place, Visitor
from tests.proxies.conftest import Pair

NINE = 9
MONTH = clock.today_in_japan().replace(day=1)
LAST = (MONTH - timedelta(days=1)).replace(day=1)


def morning() -> datetime:
    """Late enough to ring, whatever the clock says while this runs."""
    return datetime.combine(clock.today_in_japan(), datetime.min.time(), JAPAN).replace(hour=12)


async def went_round() -> None:
    await rounds.go_round(morning())


async def granted(who: Visitor, place: Place, admin: Any, *, ends_in: int, given: int) -> None:
    """The clinic was let in `given` days ago, until so many days from now."""
    assert (await who.wish(SetFacility(place.facility_id, on=True))).status_code == 303
    now = clock.now()
    ends, set_at = (now + timedelta(days=ends_in), now - timedelta(days=given))
    await unguarded(
        admin,
        "UPDATE directive SET provisions = (SELECT jsonb_agg(r || jsonb_build_object("
        f"'valid_to', '{ends.isoformat()}', 'set_at', '{set_at.isoformat()}'))"
        " FROM jsonb_array_elements(provisions) r)"
        f" WHERE participant_id = '{id_of(who)}'",
    )


async def test_a_permission_that_ends_in_a_week_is_told_once(
    hanako: Visitor, clinic: Place, admin: asyncpg.Connection
):
    await granted(hanako, clinic, admin, ends_in=5, given=300)
    await went_round()
    await went_round()
    (one,) = await told(hanako, "grant_ends")
    assert clinic.name in one.body
    day = (clock.now() + timedelta(days=5)).astimezone(JAPAN).date()
    assert f"{day.month}月{day.day}日" in one.body


@pytest.mark.parametrize(("ends_in", "given"), [(30, 300), (5, 2), (-1, 300)])
async def test_neither_a_far_end_nor_what_was_given_for_days_nor_what_is_over(
    hanako: Visitor, clinic: Place, admin: asyncpg.Connection, ends_in: int, given: int
):
    await granted(hanako, clinic, admin, ends_in=ends_in, given=given)
    await went_round()
    assert await told(hanako, "grant_ends") == []


async def test_both_sides_of_a_proxy_hear_that_it_ends(pair: Pair, admin: asyncpg.Connection):
    last = clock.today_in_japan() + timedelta(days=3)
    await unguarded(
        admin,
        f"UPDATE proxy_step SET ends_on = '{last}' WHERE proxy_id = '{pair.proxy_id}'",
        "UPDATE proxy SET opens_on = opens_on - 100, made_at = made_at - interval '100 days'"
        f" WHERE proxy_id = '{pair.proxy_id}'",
    )
    await went_round()
    await went_round()
    (his,) = await told(pair.taro, "proxy_ends")
    assert "山本 由美さんが代わりに" in his.body
    (hers,) = await told(pair.yumi, "acting_ends")
    assert "山本 太郎さんの代わりに" in hers.body


async def test_two_rounds_at_once_tell_once(
    hanako: Visitor, clinic: Place, admin: asyncpg.Connection
):
    await granted(hanako, clinic, admin, ends_in=5, given=300)
    await asyncio.gather(*(went_round() for _ in range(4)))
    assert len(await told(hanako, "grant_ends")) == 1


async def looked_last_month(
    hanako: Visitor, sato: Visitor, place: Place, admin: Any, times: int
) -> None:
    """Records were seen so often, and all that happened was in the month before this one."""
    assert (await hanako.wish(SetFacility(place.facility_id, on=True))).status_code == 303
    for _ in range(times):
        await records.read(sato.actor, id_of(hanako))
    at = datetime.combine(LAST, datetime.min.time(), JAPAN) + timedelta(days=10)
    await unguarded(
        admin,
        f"UPDATE access_event SET at = '{at.astimezone(UTC).isoformat()}'::timestamptz"
        f" + pseq * interval '1 second' WHERE participant_id = '{id_of(hanako)}'",
    )


async def test_the_month_before_is_summed_up_once_and_answered_with_one_tap(
    hanako: Visitor, sato: Visitor, clinic: Place, admin: asyncpg.Connection
):
    await looked_last_month(hanako, sato, clinic, admin, 3)
    await rounds.sum_up(LAST)
    await rounds.sum_up(LAST)
    (one,) = await told(hanako, "digest")
    assert "1か所が、あわせて3回" in one.body
    month = LAST.isoformat()[:7]
    assert f'href="/access-log/months/{month}"' in (await hanako.get("/inbox")).text
    where = f"/access-log/months/{month}"
    page = await hanako.follow(await hanako.press(where, "思い当たらないものはない"))
    assert "「思い当たらないものはない」とお答えいただきました。" in page
    answered = (await hanako.ask("/me/digests")).json()["digests"]
    assert [(each["month"], each["times"], each["answer"]) for each in answered] == [
        (month, 3, "nothing")
    ]
    (row, *_) = await hanako.log()
    assert row["event"] == "notifications:digest:answered"
    assert month in row["sentence"]


async def test_what_looks_wrong_leads_to_the_list_where_it_can_be_asked_about(
    hanako: Visitor, sato: Visitor, clinic: Place, admin: asyncpg.Connection
):
    await looked_last_month(hanako, sato, clinic, admin, 1)
    await rounds.sum_up(LAST)
    where = f"/access-log/months/{LAST.isoformat()[:7]}"
    listed = await hanako.follow(await hanako.press(where, "おかしいものがある"))
    assert clinic.name in listed
    assert "/question" in listed
    assert "おかしいものがあると、お答えいただきました。" in (await hanako.get(where)).text


async def test_by_an_app_it_is_answered_too_and_only_for_a_month_that_was_summed_up(
    hanako: Visitor, sato: Visitor, clinic: Place, admin: asyncpg.Connection
):
    await looked_last_month(hanako, sato, clinic, admin, 1)
    await rounds.sum_up(LAST)
    path = f"/me/digests/{LAST.isoformat()[:7]}/answer"
    assert (await hanako.tell(path, {"answer": "wrong"})).json()["answer"] == "wrong"
    assert (await hanako.tell(path, {"answer": "maybe"})).status_code == 400
    assert (await hanako.tell("/me/digests/1999-01/answer", {"answer": "wrong"})).status_code == 404


async def test_who_does_not_want_it_and_who_was_not_looked_at_hear_nothing(
    hanako: Visitor, sato: Visitor, taro: Visitor, clinic: Place, admin: asyncpg.Connection
):
    await looked_last_month(hanako, sato, clinic, admin, 2)
    await preferences.change(hanako.actor, Wish(wants_digest=False))
    await rounds.sum_up(LAST)
    assert await told(hanako, "digest") == []
    assert await told(taro, "digest") == []
    assert await digests.mine(taro.actor) == []


async def test_nobody_makes_a_month_in_sum_but_the_service(hanako: Visitor):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(hanako.actor) as tx:
            await tx.execute("SELECT notices_sum_up($1, 10)", LAST)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(OPERATOR, subject=id_of(hanako)) as tx:
            await tx.execute(
                "INSERT INTO notice_digest (participant_id, month, facilities, times)"
                " VALUES (app.subject(), $1, 1, 1)",
                LAST,
            )


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (datetime(2026, 5, 1, NINE, tzinfo=JAPAN), date(2026, 4, 1)),
        (datetime(2026, 5, 1, 8, 59, tzinfo=JAPAN), None),
        (datetime(2026, 5, 7, 23, tzinfo=JAPAN), date(2026, 4, 1)),
        (datetime(2026, 5, 8, NINE, tzinfo=JAPAN), None),
        (datetime(2027, 1, 1, NINE, tzinfo=JAPAN), date(2026, 12, 1)),
        (datetime(2026, 4, 30, 23, tzinfo=UTC), None),
        (datetime(2026, 5, 1, 0, tzinfo=UTC), date(2026, 4, 1)),
    ],
)
def test_a_month_is_due_from_the_first_at_nine_in_japan(now: datetime, month: date | None):
    assert month_due(now) == month


async def test_at_night_nothing_is_made(hanako: Visitor, clinic: Place, admin: asyncpg.Connection):
    await granted(hanako, clinic, admin, ends_in=5, given=300)
    assert await rounds.go_round(morning().replace(hour=3)) == 0
    assert await told(hanako, "grant_ends") == []
