"""A worker of its own process tells people, whatever the other end or its own end does."""

import asyncio
import os
import signal
import time
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.listeners import (
    PGNoticeEventListener,
    default_event_router,
    initialize_notice_event_listener,
)

from api.core.provisioning import app_dsn
from api.core.settings import Settings
from notifications import process
from notifications.channels import configured, key_of
from notifications.worker import QUEUES, Manager, worker_dsn
from tests.notifications.house import House, until
from tests.notifications.sinks import HANG


async def test_one_notice_reaches_inbox_phone_browser_and_mailbox(house: House):
    (hanako,) = await house.people()
    await house.phone(hanako, "hanako-phone")
    await house.browser(hanako, "hanako-browser")
    await house.mailbox(hanako, "hanako@example.jp")
    house.start()
    notice = await house.tell(hanako, "emergency_opened", session=str(uuid4()))
    await house.quiet()
    assert await house.inbox(notice) == 1
    for channel in ("fcm", "web_push", "mail"):
        assert await house.state(notice, channel) == ("sent", None)
    got = {each.channel: each for each in house.sinks.got if each.key == key_of(notice)}
    assert set(got) == {"fcm", "web_push", "mail"}
    assert got["fcm"].body["notification"]["title"] == "つなぐ：大切なお知らせ"
    assert got["web_push"].body["title"] == "Tsunagu: an important notice"


async def test_a_notice_is_queued_with_its_commit_and_not_before(house: House):
    (hanako,) = await house.people()
    async with house.admin.transaction():
        await house.tell(hanako)
        other = await asyncpg.connect(house.admin_dsn)
        assert await other.fetchval("SELECT count(*) FROM jobs.pgqueuer") == 0
    assert await other.fetchval("SELECT count(*) FROM jobs.pgqueuer") == 1
    await other.close()
    transaction = house.admin.transaction()
    await transaction.start()
    await house.tell(hanako)
    await transaction.rollback()
    assert await house.admin.fetchval("SELECT count(*) FROM jobs.pgqueuer") == 1


async def test_a_dead_token_is_forgotten_and_the_other_phone_is_told(house: House):
    (hanako,) = await house.people()
    house.sinks.always["old-phone"] = 404
    await house.phone(hanako, "old-phone")
    await house.phone(hanako, "new-phone")
    house.start()
    notice = await house.tell(hanako)
    await house.quiet()
    assert await house.state(notice, "fcm") == ("sent", None)
    left = await house.admin.fetch("SELECT token FROM push_token")
    assert [row["token"] for row in left] == ["new-phone"]


async def test_a_mailbox_that_is_none_is_marked_and_asked_no_more(house: House):
    (taro,) = await house.people()
    house.sinks.always["taro@example.jp"] = 550
    await house.mailbox(taro, "taro@example.jp")
    house.start()
    first = await house.tell(taro)
    await house.quiet()
    assert await house.state(first, "mail") == ("parked", "smtp 550")
    second = await house.tell(taro)
    await house.quiet()
    assert await house.state(second, "mail") is None
    assert house.sinks.asked["taro@example.jp"] == 1


async def test_whoever_asks_for_patience_gets_it(house: House):
    (hanako,) = await house.people()
    house.sinks.plan["busy-phone"].extend([(429, "2"), 200])
    await house.phone(hanako, "busy-phone")
    house.start()
    began = time.monotonic()
    notice = await house.tell(hanako)
    await house.quiet()
    assert await house.state(notice, "fcm") == ("sent", None)
    assert time.monotonic() - began >= 2
    assert len(house.sinks.of("busy-phone")) == 1


async def test_what_always_fails_is_parked_and_the_others_flow(house: House):
    hanako, taro = await house.people(2)
    house.sinks.always["dead-end"] = 500
    await house.phone(hanako, "dead-end")
    await house.phone(taro, "taro-phone")
    house.start()
    poison = await house.tell(hanako)
    good = [await house.tell(taro) for _ in range(20)]
    await house.quiet()
    assert await house.state(poison, "fcm") == ("parked", "unavailable 500")
    assert (await house.delivery(poison, "fcm"))["attempts"] == house.pace["attempts"]
    for each in good:
        assert await house.state(each, "fcm") == ("sent", None)


async def test_a_way_that_hangs_holds_up_no_other(house: House):
    hanako, taro = await house.people(2)
    house.sinks.always["hanging"] = HANG
    await house.phone(hanako, "hanging")
    await house.mailbox(taro, "quick@example.jp")
    house.start()
    for _ in range(60):
        await house.tell(hanako)
    notice = await house.tell(taro)

    async def is_told() -> bool:
        return await house.state(notice, "mail") == ("sent", None)

    await until(is_told)
    still = "SELECT count(*) FROM notice_delivery WHERE channel = 'fcm' AND state = 'waiting'"
    assert house.sinks.asked["hanging"]
    assert await house.admin.fetchval(still), "told once nothing hung any more"


async def test_a_wrong_setting_is_shown_and_costs_no_notice(house: House):
    (hanako,) = await house.people()
    await house.phone(hanako, "patient-phone")
    house.sinks.token_behaviour = 400
    house.start()
    notice = await house.tell(hanako)

    async def is_shown() -> bool:
        return await house.state(notice, "fcm") == ("waiting", "credentials")

    await until(is_shown)
    await asyncio.sleep(2)
    assert (await house.delivery(notice, "fcm"))["attempts"] <= 1
    assert b'"notices:channel:misconfigured"' in house.log.read_bytes()
    house.sinks.token_behaviour = None
    await house.quiet()
    assert await house.state(notice, "fcm") == ("sent", None)


async def test_killed_between_sending_and_noting_it_sends_again_under_the_same_key(house: House):
    (hanako,) = await house.people()
    await house.phone(hanako, "twice-phone")
    house.sinks.plan["twice-phone"].append(HANG)  # it has the notice, its answer never arrives
    worker = house.start()
    notice = await house.tell(hanako)

    async def was_asked() -> bool:
        return house.sinks.asked["twice-phone"] == 1

    await until(was_asked)
    house.kill(worker)
    house.start()
    await house.quiet()
    assert await house.state(notice, "fcm") == ("sent", None)
    assert (await house.delivery(notice, "fcm"))["attempts"] == 2
    assert [each.key for each in house.sinks.of("twice-phone")] == [key_of(notice)]
    assert await house.inbox(notice) == 1


async def test_it_goes_on_by_itself_once_the_database_is_back(house: House):
    (hanako,) = await house.people()
    await house.phone(hanako, "steady-phone")
    worker = house.start()
    first = await house.tell(hanako)
    await house.quiet()
    await house.admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename IN ('tsunagu_worker', 'tsunagu_app')"
    )
    second = await house.tell(hanako)
    await house.quiet()
    for notice in (first, second):
        assert await house.state(notice, "fcm") == ("sent", None)
    assert worker.poll() is None


async def test_told_to_end_while_it_is_made_ready_it_ends(house: House, monkeypatch):
    def told_to_end(*_: object) -> dict[str, object]:
        os.kill(os.getpid(), signal.SIGTERM)
        return {}

    monkeypatch.setattr(configured, "channels", told_to_end)
    dsn = app_dsn(house.admin_dsn, house.keys)
    try:
        async with asyncio.timeout(60):
            await process.run(Settings(home=house.home), house.keys, dsn)
    finally:
        for ending in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(ending)


async def test_a_probe_that_went_out_before_anybody_listened_is_sent_again(house: House):
    dsn = worker_dsn(app_dsn(house.admin_dsn, house.keys), house.keys)
    async with (
        asyncpg.create_pool(dsn, min_size=2) as pool,
        AsyncpgPoolDriver(pool) as driver,
    ):
        settings = QueryBuilderEnvironment(settings=QUEUES)
        manager = Manager(Queries(driver, qbe=settings))
        probe = asyncio.create_task(manager.listener_healthy(timedelta(seconds=4)))
        await asyncio.sleep(0.5)
        assert manager.pending_health_check
        router = default_event_router(
            notice_event_queue=PGNoticeEventListener(),
            canceled={},
            pending_health_check=manager.pending_health_check,
        )
        await initialize_notice_event_listener(driver, manager.channel, router)
        assert (await probe).type == "health_check_event"


async def test_what_kills_every_worker_is_parked_in_the_end(house: House):
    (hanako,) = await house.people()
    await house.phone(hanako, "deadly-phone")
    notice = uuid4()
    # Begun as often as it may be, and never ended: each of its workers died of it.
    await house.admin.execute(
        "INSERT INTO notice_delivery"
        " (participant_id, notice_id, channel, subject_id, event, attempts)"
        " VALUES ($1, $2, 'fcm', $1, 'welcome', $3)",
        hanako,
        notice,
        int(house.pace["attempts"]),
    )
    house.start()
    await house.quiet()
    assert await house.state(notice, "fcm") == ("parked", "never_ended")
    assert house.sinks.asked["deadly-phone"] == 0


async def test_no_word_of_what_happened_leaves_the_house(house: House):
    """Canary: what a notice is filled with is told inside alone."""
    (hanako,) = await house.people()
    await house.phone(hanako, "canary-phone")
    await house.browser(hanako, "canary-browser")
    await house.mailbox(hanako, "canary@example.jp")
    house.sinks.plan["canary-phone"].extend([500, (429, "1"), 200])
    house.sinks.plan["canary@example.jp"].extend([451, 200])
    house.start()
    notice = await house.tell(
        hanako,
        "proxy_acted",
        by="カナリア花子",
        facility={"ja": "カナリア病院", "en": "Canary Hospital"},
        act="records:record:read",
    )
    await house.quiet()
    said = [each for each in house.sinks.got if each.key == key_of(notice)]
    assert {each.channel for each in said} == {"fcm", "web_push", "mail"}
    kept = await house.admin.fetch(
        "SELECT traceback::text AS t FROM jobs.pgqueuer_log WHERE traceback IS NOT NULL"
    )
    whole = [str(said), house.log.read_text(), *(row["t"] for row in kept)]
    assert kept
    for text in whole:
        for canary in ("カナリア", "Canary", "records:record", str(hanako)):
            assert canary not in text
    outside = [house.log.read_text(), *(row["t"] for row in kept)]
    for text in outside:
        for address in ("canary-phone", "canary-browser", "canary@example.jp"):
            assert address not in text


async def test_the_queue_is_as_its_library_declares_it(house: House):
    queries = Queries(AsyncpgDriver(house.admin), qbe=QueryBuilderEnvironment(settings=QUEUES))
    plan = await queries.plan_upgrade()
    # The function that notifies says the same in fewer words.
    changes = [each for each in plan.statements if "fn_pgqueuer_changed()" not in each]
    assert changes == []


async def test_each_role_does_its_own_work_alone(house: House):
    app = await asyncpg.connect(app_dsn(house.admin_dsn, house.keys))
    worker = await asyncpg.connect(worker_dsn(app_dsn(house.admin_dsn, house.keys), house.keys))
    try:
        for statement in (
            "SELECT * FROM jobs.pgqueuer",
            "DELETE FROM jobs.pgqueuer",
            "INSERT INTO notice_delivery SELECT * FROM notice_delivery",
            "DELETE FROM notice_delivery",
            "UPDATE notice_delivery SET reached = '{}'",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(statement)
        # Without a signed context, the service's own work is nobody's.
        assert await app.fetch("SELECT * FROM notifications_due(NULL, NULL, 10)") == []
        assert await app.fetch("SELECT * FROM push_token") == []
        for table in ("participant", "outbox", "inbox_notice", "push_token", "record", "account"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await worker.execute(f"SELECT * FROM public.{table}")
    finally:
        await app.close()
        await worker.close()
