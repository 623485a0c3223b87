"""The log page before the real log: what the phone proves of it, and what it makes of a lie."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from api import demo
from api.consent.agreeing import desk_code
from tests.access_log.sealed import seal
from tests.conftest import Deployment
from tests.journeys import emr
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import as_actor, participating, session_of
from tests.journeys.quality import axe_violations
from tests.serving import Served

BOTH = pytest.mark.parametrize("locale", ["ja", "en"])
SAID = {"ja": "抜けも書きかえもありません", "en": "none is missing and none was altered"}
CONTINUED = {"ja": "とぎれずに続いています", "en": "without a break"}
BUNDLE = "**/access-log/bundle*"


async def checked(page: Page, path: str = "/access-log") -> None:
    await page.goto(path)
    await expect(page.locator("#check progress")).to_have_count(0)


async def is_praised(page: Page, locale: str = "ja") -> None:
    await expect(page.locator("#check .banner-success")).to_contain_text(SAID[locale])
    await expect(page.get_by_role("alert")).to_have_count(0)
    rows = await page.locator("main li[data-number]").count()
    assert rows
    await expect(page.locator("li > .mark-good, li > .mark-waits")).to_have_count(rows)


async def is_alarmed(page: Page, code: str) -> None:
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.locator("#check")).to_have_attribute("data-code", code)
    await expect(page.locator(".mark-good, .checked")).to_have_count(0)


@BOTH
async def test_every_row_of_hanakos_log_agrees_with_its_proof(
    open_phone: OpenPhone,
    served: Served,
    database: Deployment,
    people: dict[str, demo.Cast],
    locale: str,
) -> None:
    for person in ("sato", "mori"):
        client = await emr.reader(served, database.settings, person)
        hanako = str(people["hanako"].person_id)
        await client.resources("MedicationRequest").search(patient=hanako).fetch()
    session = await session_of(as_actor(people["hanako"]))
    await seal(database)
    page = await open_phone(locale, session=session)
    await checked(page)
    await is_praised(page, locale)
    assert await axe_violations(page) == []
    pages = 1
    while await (older := page.locator(".pager a[href*='page=']").last).count() and pages < 4:
        pages += 1
        await checked(page, str(await older.get_attribute("href")))
        await is_praised(page, locale)
        await expect(page.locator("#check")).to_contain_text(CONTINUED[locale])


async def test_a_newcomers_log_is_checked_and_held_to_at_the_next_visit(
    open_phone: OpenPhone, served: Served, database: Deployment
) -> None:
    _, hanako = await participating()
    page = await open_phone(session=await session_of(hanako))
    await seal(database)
    await checked(page)
    await is_praised(page)
    await desk_code.make(hanako, level=0)
    await seal(database)
    await checked(page)
    await is_praised(page)
    await expect(page.locator("#check")).to_contain_text(CONTINUED["ja"])


async def test_an_old_proof_shown_again_is_an_alarm(
    open_phone: OpenPhone, served: Served, database: Deployment
) -> None:
    _, hanako = await participating()
    session = await session_of(hanako)
    await seal(database)
    page = await open_phone(session=session)
    kept: list[str] = []

    async def keep(route: Route) -> None:
        answer = await route.fetch()
        kept.append(await answer.text())
        await route.fulfill(response=answer)

    await page.route(BUNDLE, keep)
    await checked(page)
    await is_praised(page)
    await desk_code.make(hanako, level=0)
    await seal(database)
    await checked(page)
    await is_praised(page)

    async def again(route: Route) -> None:
        await route.fulfill(body=kept[0], content_type="application/json")

    await page.route(BUNDLE, again)
    await checked(page)
    await is_alarmed(page, "rolled_back")


def alter(bundle: dict[str, Any]) -> None:
    for event in bundle["events"]:
        event["fields"] = [
            [name, text.replace('"permitted"', '"denied"')] for name, text in event["fields"]
        ]


def leave_out(bundle: dict[str, Any]) -> None:
    del bundle["events"][0]


@pytest.mark.parametrize(("lie", "code"), [(alter, "event_altered"), (leave_out, "gap")])
async def test_a_changed_proof_is_an_alarm(
    open_phone: OpenPhone,
    served: Served,
    database: Deployment,
    lie: Callable[[dict[str, Any]], None],
    code: str,
) -> None:
    _, hanako = await participating()
    session = await session_of(hanako)
    await desk_code.make(hanako, level=0)
    await seal(database)
    page = await open_phone(session=session)

    async def lies(route: Route) -> None:
        answer = await route.fetch()
        bundle = json.loads(await answer.text())
        lie(bundle)
        await route.fulfill(body=json.dumps(bundle), content_type="application/json")

    await page.route(BUNDLE, lies)
    await checked(page)
    await is_alarmed(page, code)


async def test_the_way_by_file_leads_to_a_file_a_program_and_the_key(
    open_phone: OpenPhone, served: Served, database: Deployment
) -> None:
    _, hanako = await participating()
    session = await session_of(hanako)
    await seal(database)
    page = await open_phone(session=session, scripts=False)
    await page.goto("/access-log")
    await page.get_by_role("link", name="ファイルで確かめる方法").click()
    for name, begins in (("証明ファイルを保存する", b"{"), ("プログラムを保存する", b'"""')):
        async with page.expect_download() as download:
            await page.get_by_role("link", name=name).click()
        path = await (await download.value).path()
        assert path.read_bytes().startswith(begins)
    await expect(page.get_by_text("この記録の鍵")).to_be_visible()
