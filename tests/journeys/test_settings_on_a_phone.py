"""Every way of choosing, with a thumb, on a phone without JavaScript."""

from playwright.async_api import Page, expect

from api import demo
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import enter_by_demo_link, participating
from tests.journeys.quality import leads_on


async def opens(page: Page, name: str) -> None:
    await leads_on(page.get_by_role("link", name=name).first)


async def searches(page: Page, words: str) -> None:
    await page.fill("[name=q]", words)
    await leads_on(page.get_by_role("button", name="さがす", exact=True))


async def saves(page: Page, said: str) -> None:
    await leads_on(page.get_by_role("button", name="この内容で保存する"))
    await expect(page.locator(".banner-success")).to_contain_text(said)


async def test_a_doctor_a_team_and_a_region_are_chosen_and_one_is_taken_back(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    page = await open_phone(scripts=False)
    _, hanako = await participating()
    assert hanako.account_id
    await enter_by_demo_link(page, hanako.account_id)

    await page.goto("/disclosure")
    await opens(page, "人を選ぶ")
    await searches(page, "さとう")
    await expect(page.get_by_text("見つかりませんでした")).not_to_be_visible()
    await opens(page, "佐藤 健一")
    await leads_on(page.get_by_role("switch", name="この人に見せる"))
    await page.get_by_label("期限なし").check()
    await page.get_by_label("特に慎重に扱う記録も見せる").check()
    await saves(page, "佐藤 健一")
    await expect(page.get_by_label("期限なし")).to_be_checked()

    await page.goto("/disclosure/teams")
    await searches(page, "伊藤")
    await page.get_by_label("伊藤 美咲 薬剤師・あおば薬局").check()
    await page.fill("[name=name]", "在宅のチーム")
    await page.get_by_role("button", name="この人とチームをつくる").click()
    await expect(page.locator(".banner-success")).to_contain_text("在宅のチーム")
    await searches(page, "さとう けんいち")
    add = "チームに入れる 佐藤 健一 医師・さくら内科クリニック"
    await leads_on(page.get_by_role("button", name=add))
    await expect(page.get_by_role("link", name="佐藤 健一")).to_be_visible()

    await page.goto("/disclosure")
    await opens(page, "地域と施設の種類")
    aso = page.get_by_role("switch", name="阿蘇", exact=True)
    await aso.click()
    await expect(page.get_by_text("まだ保存していません。")).to_be_visible()
    await saves(page, "阿蘇")
    await expect(aso).to_have_attribute("aria-checked", "true")
    await page.get_by_role("button", name="元にもどす").click()
    await expect(aso).to_have_attribute("aria-checked", "false")

    await page.goto("/disclosure")
    await expect(page.get_by_text("1人に見せています")).to_be_visible()
    await expect(page.get_by_text("1つのチームに見せています")).to_be_visible()


async def test_two_screens_at_once_lose_nothing(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    page = await open_phone(scripts=False)
    _, hanako = await participating()
    assert hanako.account_id
    await enter_by_demo_link(page, hanako.account_id)
    await page.goto("/disclosure/facilities?q=中央総合病院")
    other = await page.context.new_page()
    await other.goto("/disclosure/facilities?q=さくら内科")
    await other.get_by_role("switch").click()
    await expect(other.locator(".banner-success")).to_be_visible()
    await page.get_by_role("switch", name="中央総合病院").click()
    await expect(page.get_by_text("この間に変わったこと")).to_be_visible()
    await expect(
        page.get_by_text("「さくら内科クリニック」に見せるようにしました。")
    ).to_be_visible()
    await leads_on(page.get_by_role("button", name="いまの設定に、ご自分の変更を加える"))
    await expect(page.get_by_role("switch", name="中央総合病院")).to_be_visible()
    for name in ("さくら内科クリニック", "中央総合病院"):
        await page.goto(f"/disclosure/facilities?q={name}")
        switch = page.get_by_role("switch", name=name)
        await expect(switch).to_have_attribute("aria-checked", "true")
