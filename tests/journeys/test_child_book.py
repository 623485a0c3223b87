"""A child's first year in the keeper's book, then handed over; on phones, in both languages."""

from datetime import date, timedelta

import pytest
from playwright.async_api import Page, expect

from api.core import clock
from api.phr.law_age import add_months
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import participating, session_of
from tests.journeys.quality import axe_violations
from tests.phr.child.scene import account_of_a_child

WORDS = {
    "ja": {
        "begin": "お子さまの記録を始める",
        "save": "保存する",
        "girl": "女の子",
        "write": "身長・体重を書く",
        "at_birth": "体重は50パーセンタイルの線上です。",
        "future": "今日までの日付を入力してください。",
        "odd": "この数字で合っていますか",
        "month": "1か月前は50でした。",
        "checkup": "3〜4か月児健診を受けた日を書く",
        "watch": "特に言われたことはない",
        "had": "に受けました。",
        "walk": "ひとり歩き できた日を書く",
        "reached": "（1歳0か月）",
        "all": "すべての身長・体重を見る",
        "hand_over": "お子さま本人に渡す",
        "make": "渡すための番号を作る",
        "take": "家族から記録を受け取る",
        "code": "12けたの番号",
        "look": "内容を見る",
        "go": "受け取る",
        "own": "（ご自分の記録）",
        "none": "まだお子さまの記録はありません。",
    },
    "en": {
        "begin": "Begin a child's book",
        "save": "Save",
        "girl": "Girl",
        "write": "Write growth",
        "at_birth": "Weight is on the line of the 50th percentile.",
        "future": "Please give a day up to today.",
        "odd": "Are these right?",
        "month": "A month before it was 50.",
        "checkup": "Write the day: 3 to 4 months",
        "watch": "Nothing in particular",
        "had": "Had on ",
        "walk": "Walks alone Write the day",
        "reached": "(1 yr 0 mo)",
        "all": "See every measurement",
        "hand_over": "Hand over to the child",
        "make": "Make the number",
        "take": "Take over a book from my family",
        "code": "Number of 12 digits",
        "look": "See what it brings",
        "go": "Take it over",
        "own": "(your own book)",
        "none": "There is no child's book yet.",
    },
}
# The medians of the survey for girls at the middles of its bands: days of age, kg, cm.
MEDIANS = (
    (30, "3.91", "52.4"),
    (107, "6.06", "60.6"),
    (198, "7.47", "66.3"),
    (289, "8.19", "69.9"),
    (320, "8.36", "70.9"),
    (350, "8.53", "71.9"),
)


async def presses(page: Page, button: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=button, exact=True).click()


async def follows(page: Page, link: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("link", name=link).first.click()


async def is_fit(page: Page) -> None:
    assert await axe_violations(page) == []
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wider) <= 0


def born() -> date:
    """A year and a week ago."""
    return add_months(clock.today_in_japan(), -12) - timedelta(days=7)


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_a_childs_first_year(open_phone: OpenPhone, locale: str) -> None:
    said = WORDS[locale]
    _, actor = await participating()
    page = await open_phone(locale, session=await session_of(actor))
    birth_on = born()

    await page.goto("/book/children")
    await expect(page.get_by_text(said["none"])).to_be_visible()
    await is_fit(page)
    await follows(page, said["begin"])
    await is_fit(page)
    await page.locator("#field-on").fill(birth_on.isoformat())
    await page.locator("#field-name").fill("ゆい")
    await page.get_by_label(said["girl"], exact=True).check()
    await page.locator("#field-weeks").fill("39")
    await page.locator("#field-weight").fill("2950g")
    await presses(page, said["save"])
    await expect(page.get_by_role("heading", name="ゆい", level=1)).to_be_visible()
    await expect(page.get_by_text(said["at_birth"]).first).to_be_visible()
    child = page.url.partition("?")[0]

    # A day of tomorrow, and ten times the weight: what was typed stays, and is said right.
    await follows(page, said["write"])
    tomorrow = clock.today_in_japan() + timedelta(days=1)
    await page.locator("#field-on").evaluate("(field, day) => field.value = day", str(tomorrow))
    await page.locator("#field-weight").fill("9")
    await presses(page, said["save"])
    await expect(page.get_by_text(said["future"]).first).to_be_visible()
    await expect(page.locator("#field-weight")).to_have_value("9")
    await page.locator("#field-on").fill(str(birth_on + timedelta(days=30)))
    await presses(page, said["save"])
    await expect(page.get_by_role("heading", name=said["odd"])).to_be_visible()
    await is_fit(page)

    for days, kilos, length in MEDIANS:
        await page.goto(f"{child}/growth/new")
        await page.locator("#field-on").fill(str(birth_on + timedelta(days=days)))
        await page.locator("#field-weight").fill(kilos)
        await page.locator("#field-height").fill(length)
        await presses(page, said["save"])
    await expect(page.get_by_text(said["month"]).first).to_be_visible()
    await expect(page.locator("svg.chart")).to_have_count(2)
    await is_fit(page)

    await follows(page, said["checkup"])
    await page.locator("#field-on").fill(str(birth_on + timedelta(days=110)))
    await page.get_by_label(said["watch"], exact=True).check()
    await presses(page, said["save"])
    await expect(page.get_by_text(said["had"]).first).to_be_visible()
    await follows(page, said["walk"])
    await page.locator("#field-on").fill(str(add_months(birth_on, 12)))
    await presses(page, said["save"])
    await expect(page.get_by_text(said["reached"]).first).to_be_visible()
    await is_fit(page)
    await follows(page, said["all"])
    await expect(page.get_by_role("row")).to_have_count(len(MEDIANS) + 2)
    await is_fit(page)

    # Later the book goes to the child's own account.
    await page.goto(child)
    await follows(page, said["hand_over"])
    await is_fit(page)
    await presses(page, said["make"])
    code = await page.locator(".spoken-code").inner_text()
    await is_fit(page)
    aoi, _ = await account_of_a_child(birth_on)
    theirs = await open_phone(locale, session=await session_of(aoi))
    await theirs.goto("/book/children")
    await follows(theirs, said["take"])
    await theirs.get_by_label(said["code"]).fill(code)
    await presses(theirs, said["look"])
    await is_fit(theirs)
    await presses(theirs, said["go"])
    await expect(theirs.get_by_role("heading", name=said["own"])).to_be_visible()
    await expect(theirs.get_by_text(said["month"]).first).to_be_visible()
    await is_fit(theirs)
    await page.goto("/book/children")
    await expect(page.get_by_text(said["none"])).to_be_visible()
