"""Everything taken out on one phone and brought in on another, in both languages."""

import asyncio
import io
import json
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from api.core.i18n import text
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import participating, session_of
from tests.journeys.quality import is_for_everyone


async def fetched(page: Page, form: str) -> bytes:
    async with page.expect_download() as waiting:
        await page.locator(f"main a[href$='/{form}']").click()
    saved = await (await waiting.value).path()
    return await asyncio.to_thread(Path(saved).read_bytes)


async def until_it_is_done(page: Page) -> None:
    """Looks again, as the page offers, until nothing is under way."""
    again = page.locator("main section:has(progress) a.button")
    while await again.count():
        async with page.expect_navigation():
            await again.click()


async def presses(page: Page, locale: str, key: str, **params: object) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=text(locale, key, **params), exact=True).click()


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_everything_goes_from_one_account_to_another(
    open_phone: OpenPhone, locale: str
) -> None:
    _, hanako = await participating()
    page = await open_phone(locale, session=await session_of(hanako))
    await page.goto("/book/vitals")
    await page.fill("[name=systolic]", "152")
    await page.fill("[name=diastolic]", "94")
    async with page.expect_navigation():
        await page.locator("form:has([name=systolic]) button").first.click()
    await expect(page.get_by_text("152/94 mmHg").first).to_be_visible()
    await page.goto("/book")
    await page.locator("main a[href='/book/out']").click()
    await page.wait_for_url("**/book/out")
    await is_for_everyone(page)

    # Begun: a bar says how far it is, until the files are there.
    await presses(page, locale, "taking_out.go")
    await is_for_everyone(page)
    await until_it_is_done(page)
    await expect(page.locator("main a[href^='/book/out/']")).to_have_count(3)
    await is_for_everyone(page)
    bundle = await fetched(page, "fhir")
    kinds = {each["resource"]["resourceType"] for each in json.loads(bundle)["entry"]}
    assert {"Patient", "Observation", "Consent"} <= kinds
    with zipfile.ZipFile(io.BytesIO(await fetched(page, "csv"))) as tables:
        assert tables.testzip() is None
    assert (await fetched(page, "pdf")).startswith(b"%PDF")

    # Elsewhere: what is no such file is refused in words, and this one is looked at first.
    _, again = await participating()
    other = await open_phone(locale, session=await session_of(again))
    await other.goto("/book/out")
    await other.locator("main a[href='/book/bring-in']").click()
    await other.wait_for_url("**/book/bring-in")
    await is_for_everyone(other)
    for content in (b"%PDF-1.7 a booklet", bundle):
        file = {"name": "my.fhir.json", "mimeType": "application/json", "buffer": content}
        await other.locator("[name=file]").set_input_files([file])  # type: ignore[list-item]
        await presses(other, locale, "bringing_in.look")
        await is_for_everyone(other)
        if content != bundle:
            await expect(other.locator("#error-file")).to_be_visible()
    await expect(
        other.get_by_role("heading", name=text(locale, "bringing_in.heading.looked"))
    ).to_be_visible()
    await expect(other.get_by_text(text(locale, "bringing_in.says.looked"))).to_be_visible()
    await other.locator("form[action$='/keep'] button").click()
    await expect(other.locator("form[action$='/keep']")).to_have_count(0)
    await until_it_is_done(other)
    await expect(
        other.get_by_role("heading", level=1, name=text(locale, "bringing_in.heading.done"))
    ).to_be_visible()
    await is_for_everyone(other)
    await other.get_by_role("link", name=text(locale, "bringing_in.see")).click()
    await other.wait_for_url("**/book")
    await other.goto("/book/vitals")
    await expect(other.get_by_text("152/94 mmHg").first).to_be_visible()

    # Where it stands already nothing is stored twice.
    await other.goto("/book/bring-in")
    file = {"name": "my.fhir.json", "mimeType": "application/json", "buffer": bundle}
    await other.locator("[name=file]").set_input_files([file])  # type: ignore[list-item]
    await presses(other, locale, "bringing_in.look")
    await expect(other.locator("form[action$='/keep']")).to_have_count(0)
    await expect(other.get_by_text(text(locale, "bringing_in.held"))).to_be_visible()
    await is_for_everyone(other)
