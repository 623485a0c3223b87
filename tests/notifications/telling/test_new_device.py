"""A sign-in from a device an account has not seen is told; the first or a known one is not."""

import contextlib

import asyncpg
import httpx
import pytest
import pytest_asyncio

from api.core.actor import Actor
from api.core.database import unit_of_work
from api.identity import service as identity
from api.identity.devices import UNKNOWN, Device
from api.identity.guards import DEVICE_COOKIE
from tests.conftest import Deployment
from tests.identity import conftest as identity_house
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper
from tests.identity.test_doors import Browser
from tests.notifications.telling.inboxes import told
from tests.portal import scene

EVENT = "new_device"
NEW = Device("iphone safari", "")


async def opened(actor: Actor, device: Device = NEW, *, jkt: bytes | None = None) -> str:
    async with unit_of_work(actor) as tx:
        return (await identity.open_session(tx, actor, device=device, jkt=jkt)).device_mark


paper = identity_house.hanako


@pytest_asyncio.fixture
async def hanako(database: Deployment) -> Actor:
    actor, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    return actor


async def test_the_first_device_is_known_and_the_second_is_told_by_its_name(hanako: Actor):
    mark = await opened(hanako)
    assert len(mark) >= 20
    assert await told(hanako, EVENT) == []
    assert await opened(hanako, Device("iphone safari", mark)) == mark
    assert await told(hanako, EVENT) == []
    other = await opened(hanako, Device("windows edge", ""))
    assert other != mark
    (one,) = await told(hanako, EVENT)
    assert "Windowsのパソコン" in one.body
    await opened(hanako, Device("windows edge", other))
    assert len(await told(hanako, EVENT)) == 1


async def test_a_mark_nobody_gave_this_account_is_a_new_device(hanako: Actor):
    yumi, _ = await scene.participant("山本 由美", "ヤマモト ユミ")
    hers = await opened(yumi)
    await opened(hanako)
    await opened(hanako, Device("iphone safari", hers))
    assert len(await told(hanako, EVENT)) == 1
    assert await told(yumi, EVENT) == []


async def test_two_accounts_on_one_device_have_nothing_in_common(
    hanako: Actor, admin: asyncpg.Connection
):
    yumi, _ = await scene.participant("山本 由美", "ヤマモト ユミ")
    mark = await opened(yumi)
    await opened(hanako, Device("iphone safari", mark))
    rows = await admin.fetch(
        "SELECT mark FROM known_device WHERE account_id = ANY ($1)",
        [hanako.account_id, yumi.account_id],
    )
    assert len({row["mark"] for row in rows}) == 2


async def test_an_app_is_known_by_its_key(hanako: Actor):
    await opened(hanako)
    for _ in range(2):
        assert await opened(hanako, UNKNOWN, jkt=b"k" * 32) == ""
    assert len(await told(hanako, EVENT)) == 1


async def test_what_keeps_nothing_and_shows_no_key_is_not_told(hanako: Actor):
    await opened(hanako)
    assert await opened(hanako, UNKNOWN) == ""
    assert await told(hanako, EVENT) == []


async def test_nobody_reads_anothers_devices(hanako: Actor):
    await opened(hanako)
    yumi, _ = await scene.participant("山本 由美", "ヤマモト ユミ")
    async with unit_of_work(yumi) as tx:
        assert await tx.fetch("SELECT FROM known_device") == []


async def signs_in(client: httpx.AsyncClient, key: Authenticator) -> str:
    """As a browser does on the page; the mark it keeps afterwards."""
    browser = Browser(client)
    await browser.open("/sign-in")
    options = (await browser.script("/sign-in/options", {})).json()
    answer = await browser.script("/sign-in/verify", key.get(options))
    assert answer.status_code == 200, answer.text
    await browser.open("/home")
    await browser.send("/sign-out")
    return client.cookies[DEVICE_COOKIE]


async def test_a_browser_keeps_its_mark_after_signing_out_and_another_is_told(
    client: httpx.AsyncClient, open_browser, paper: Paper, device: Authenticator
):
    actor = await identity.actor_of((await paper.register(device)).token)
    first = await signs_in(client, device)
    assert await signs_in(client, device) == first
    assert len(await told(actor, EVENT)) == 1  # she registered by an app
    assert await signs_in(await open_browser(), device) != first
    assert len(await told(actor, EVENT)) == 2


@pytest.mark.parametrize("mark", ["short", "x" * 101, "a-b;c=d", "../../../etc/passwd-----"])
async def test_a_strange_mark_is_none_and_a_new_one_is_given(
    client: httpx.AsyncClient, paper: Paper, device: Authenticator, mark: str
):
    await paper.register(device)
    client.cookies.set(DEVICE_COOKIE, mark)
    with contextlib.suppress(httpx.CookieConflict):
        assert await signs_in(client, device) != mark
    kept = {each.value for each in client.cookies.jar if each.name == DEVICE_COOKIE} - {mark}
    assert len(kept) == 1
