"""A phone in somebody's hand, in front of the real process."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.journeys.quality import CHROMIUM, PATIENCE_MS, QUIET
from tests.serving import Served

PHONE = {"width": 390, "height": 844}
LANGUAGES = {"ja": "ja-JP", "en": "en-GB"}

OpenPhone = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture
async def open_phone(browser: Browser, served: Served) -> AsyncIterator[OpenPhone]:
    """Each phone has its own cookies; `session` is the token of somebody already signed in."""
    contexts: list[BrowserContext] = []

    async def opened(locale: str = "ja", *, session: str = "", scripts: bool = True) -> Page:
        context = await browser.new_context(
            base_url=served.url,
            viewport=PHONE,
            is_mobile=True,
            has_touch=True,
            locale=LANGUAGES[locale],
            java_script_enabled=scripts,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if session:
            cookie = {"name": "tsunagu_session", "value": session, "url": served.url}
            await context.add_cookies([cookie])
        return await context.new_page()

    yield opened
    for context in contexts:
        await context.close()


@pytest_asyncio.fixture
async def phone(open_phone: OpenPhone) -> Page:
    return await open_phone()
