"""A real browser: it asks for pushes under the page's strict policy, and shows one as it came."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.async_api import Page, Route, async_playwright

from tests.journeys.quality import QUIET, WHOLE

# Enough for a browser on a machine that is busy with others.
SECONDS = 60

# A push service is not to be had here: what it would have given the browser is put in.
SUBSCRIBED = """
PushManager.prototype.subscribe = async function (options) {
  window.asked = { userVisibleOnly: options.userVisibleOnly,
                   bytes: options.applicationServerKey.length };
  return { toJSON: () => ({ endpoint: "https://fcm.googleapis.com/fcm/send/x",
                            keys: { p256dh: "P", auth: "A" } }) };
};
"""


@pytest.fixture
async def page(address: str) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=WHOLE, args=QUIET)
        context = await browser.new_context()
        await context.grant_permissions(["notifications"], origin=address)
        opened = await context.new_page()
        await opened.add_init_script(SUBSCRIBED)
        yield opened
        await browser.close()


async def test_a_browser_is_asked_and_what_it_gives_is_sent_as_a_form(page: Page, address: str):
    sent: list[str] = []

    async def take(route: Route) -> None:
        sent.append(route.request.post_data or "")
        await route.fulfill(status=200, body="")

    await page.route("**/account/notices/browser", take)
    await page.goto(f"{address}/ja/notice-addresses")
    assert await page.locator("#no-push").is_hidden()
    async with page.expect_navigation():
        await page.get_by_role("button", name="このブラウザーに知らせる").click()
    fields = {name: value[0] for name, value in parse_qs(sent[0]).items()}
    assert fields["endpoint"] == "https://fcm.googleapis.com/fcm/send/x"
    assert (fields["p256dh"], fields["auth"]) == ("P", "A")


async def test_a_push_is_shown_and_again_under_its_tag_once(page: Page, address: str):
    await page.goto(f"{address}/ja/notice-addresses")
    session = await page.context.new_cdp_session(page)
    registrations: list[str] = []
    activated = asyncio.Event()

    def told(event: dict[str, Any]) -> None:
        for each in event["versions"]:
            if each["scriptURL"].endswith("/push.js") and each["status"] == "activated":
                registrations.append(each["registrationId"])
                activated.set()

    session.on("ServiceWorker.workerVersionUpdated", told)
    await session.send("ServiceWorker.enable")
    await page.evaluate('navigator.serviceWorker.register("/static/push.js").then(() => true)')
    # Pushed earlier, the browser drops what comes.
    await asyncio.wait_for(activated.wait(), SECONDS)
    says = {
        "title": "つなぐ：大切なお知らせ",
        "body": "開いてご覧ください。",
        "url": "/inbox",
        "tag": "k",
    }
    for _ in range(2):
        await session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": address, "registrationId": registrations[0], "data": json.dumps(says)},
        )
    shown = await page.evaluate(
        """async (most) => {
          const until = performance.now() + most;
          const worker = await navigator.serviceWorker.getRegistration("/static/");
          let all = [];
          for (; !all.length && performance.now() < until; all = await worker.getNotifications())
            await new Promise((r) => setTimeout(r, 50));
          return all.map((n) => [n.title, n.body, n.tag, n.data.url]);
        }""",
        SECONDS * 1000,
    )
    assert shown == [[says["title"], says["body"], "k", "/inbox"]]
