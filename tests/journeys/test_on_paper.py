"""What people print for a consultation: one sheet where one is enough, and no page left empty."""

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Final
from unicodedata import normalize

import pytest
from playwright.async_api import Page
from pypdf import PdfReader

from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.phr.checkup import kinds as checkup
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from api.phr.maternal import kinds as maternal
from api.phr.maternal import service as pregnancies
from api.phr.maternal.service import Asked
from api.phr.vitals import kinds as vitals
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import participating, session_of

MARGINS: Final = dict.fromkeys(("top", "right", "bottom", "left"), "1cm")
YEARS: Final = 20


def long_month() -> date:
    """The first day of the last whole month of 31 days."""
    first = clock.today_in_japan().replace(day=1)
    while True:
        last = first - timedelta(days=1)
        if last.day == 31:
            return last.replace(day=1)
        first = last.replace(day=1)


def pressures() -> Iterator[Wish]:
    for day in range(31):
        on = (long_month() + timedelta(days=day)).isoformat()
        for time, upper in (("07:05", "136"), ("21:10", "128")):
            said = {"on": on, "time": time, "systolic": upper, "diastolic": "80", "pulse": "66"}
            yield Wish(vitals.PRESSURE, said)


def checkups() -> Iterator[Wish]:
    newest = clock.today_in_japan() - timedelta(days=30)
    for year in range(YEARS):
        on = (newest - timedelta(days=365 * year)).isoformat()
        yield Wish(checkup.CHECKUP, {"on": on, "hba1c": f"{5.9 - year / 50:.1f}"})


async def pregnancy(actor: Actor) -> list[Wish]:
    begun = clock.today_in_japan() - timedelta(weeks=38)
    head = {"lmp": begun.isoformat(), "height": "158", "weight_before": "51", "babies": "1"}
    book = str(await pregnancies.begin(actor, Asked(head)))
    return [
        Wish(
            maternal.VISIT,
            {"on": (begun + timedelta(weeks=week)).isoformat(), "weight": str(48 + week / 4)},
            book=book,
        )
        for week in range(8, 38, 2)
    ]


async def sheets(page: Page, path: str) -> list[str]:
    """The words on each, on paper with the margins a browser leaves."""
    await page.goto(path)
    await page.evaluate("document.fonts.ready")
    printed = await page.pdf(format="A4", margin=MARGINS)
    pages = PdfReader(BytesIO(printed)).pages
    return [normalize("NFKC", each.extract_text()) for each in pages]  # fonts map to radicals


@pytest.fixture
async def page(open_phone: OpenPhone) -> Page:
    _, hanako = await participating()
    wishes = [*pressures(), *checkups(), *await pregnancy(hanako)]
    async with unit_of_work(hanako) as tx:
        await entries.write_all_in(tx, hanako, wishes)
    return await open_phone("ja", session=await session_of(hanako))


async def test_a_month_is_one_sheet_with_one_mean(page: Page) -> None:
    (sheet,) = await sheets(page, f"/book/vitals/month?month={long_month():%Y-%m}")
    assert sheet.count("136/80") == 32  # of each day, and their mean


async def test_pictures_stand_on_the_sheet_of_their_heading(page: Page) -> None:
    trend = await sheets(page, "/book/checkups/trends/hba1c")
    assert "HbA1c" in trend[0]
    assert f"{YEARS}回の値があります" in trend[0]
    assert "指導の目安" in trend[0]
    course = await sheets(page, "/book/vitals/kinds/blood-pressure?days=90")
    assert "グラフ" in course[0]
    await page.goto("/book/pregnancy")
    charts = await page.get_by_role("link", name="グラフ").get_attribute("href")
    assert charts is not None
    weights = await sheets(page, charts)
    assert "体重の変わり方" in weights[0]
    assert "妊娠の週数" in weights[0]
