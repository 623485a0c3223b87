"""What row security leaves of requests, codes and notices when somebody speaks SQL themselves."""

from datetime import timedelta

import pytest

from api.consent.agreeing import desk_code, facility_notices, requests
from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from tests.attacks.conftest import World


async def seen(actor: Actor, sql: str, *args: object) -> int:
    async with unit_of_work(actor) as tx:
        return int(await tx.fetchval(f"SELECT count(*) FROM {sql}", *args))


async def test_postgresql_itself_shows_the_asker_approvals_and_nothing_else(own_world: World):
    mori, taro = own_world.mori, own_world.taro
    assert await seen(mori, "asked") == 1
    assert await seen(mori, "access_request") == 0, "unanswered"
    until = clock.now() + timedelta(days=2)
    await requests.approve(taro, own_world.request_id, whom="professional", until=until, level=0)
    assert await seen(mori, "access_request") == 1
    assert await seen(own_world.sato, "access_request") == 0
    assert await seen(own_world.sato, "asked") == 0
    assert await seen(own_world.hanako, "access_request") == 0


async def test_a_refusal_stays_unseen_by_the_asker(own_world: World):
    await requests.refuse(own_world.taro, own_world.request_id)
    assert await seen(own_world.mori, "access_request") == 0
    (mine,) = await requests.mine(own_world.mori)
    assert (mine.participant_id, mine.until) == (None, None)


async def test_another_persons_request_is_not_there(own_world: World):
    until = clock.now() + timedelta(days=2)
    with pytest.raises(NotFound):
        await requests.approve(
            own_world.hanako, own_world.request_id, whom="facility", until=until, level=0
        )
    with pytest.raises(NotFound):
        await requests.refuse(own_world.hanako, own_world.request_id)
    assert len(await requests.waiting(own_world.taro)) == 1


async def test_a_code_is_readable_by_its_own_participant_alone(own_world: World):
    await desk_code.make(own_world.taro, level=0)
    for other in (own_world.hanako, own_world.sato, own_world.mori, own_world.ueda):
        assert await seen(other, "desk_code") == 0


async def test_a_notice_is_its_facilitys_and_without_an_own_number_names_nobody(own_world: World):
    (notice,) = await facility_notices.unseen(own_world.mori)
    assert notice.local_id == own_world.number
    assert await facility_notices.unseen(own_world.sato) == []
    await facility_notices.mark_seen(own_world.sato, notice.notice_id)
    assert len(await facility_notices.unseen(own_world.mori)) == 1
    async with unit_of_work(own_world.taro) as tx:
        await tx.execute(
            "SELECT consent_tell_facility($1, NULL, 'access_ended')",
            own_world.clinic.facility_id,
        )
    (unnamed,) = await facility_notices.unseen(own_world.sato)
    assert unnamed.local_id is None


async def test_without_a_subject_nobody_is_told_anything(own_world: World):
    async with unit_of_work(own_world.sato) as tx:
        await tx.execute(
            "SELECT consent_tell_facility($1, NULL, 'access_ended')",
            own_world.clinic.facility_id,
        )
    assert await facility_notices.unseen(own_world.sato) == []
