"""An 85-year-old's thumb, no JavaScript: how notices reach Tarō, and whether a month was as it
should be.
"""

from datetime import date, timedelta

import asyncpg
from playwright.async_api import expect

from api import demo
from api.access_log import service as access_log
from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from notifications import rounds
from notifications import service as notifications
from tests.access_log.superuser import unguarded
from tests.conftest import Deployment
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import enter_by_demo_link, participating
from tests.journeys.quality import leads_on
from tests.portal import scene
from tests.portal.looks import READ, named


async def test_taro_turns_a_switch_and_takes_it_back_and_sleeps_longer(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    page = await open_phone(scripts=False)
    _, taro = await participating()
    assert taro.account_id
    await enter_by_demo_link(page, taro.account_id)
    await page.goto("/inbox")
    await page.get_by_role("link", name="お知らせの届け方を変える").click()
    mail = page.locator("#access-mail").get_by_role("switch")
    await expect(mail).to_have_attribute("aria-checked", "true")
    await leads_on(mail)
    await expect(mail).to_have_attribute("aria-checked", "false")
    await expect(page.locator(".banner-success")).to_contain_text("記録を見る人のことをメールで")
    await leads_on(page.get_by_role("button", name="もとに戻す"))
    await expect(mail).to_have_attribute("aria-checked", "true")

    await leads_on(page.locator("#emergency-mail").get_by_role("switch"))
    await leads_on(page.locator("#emergency-push").get_by_role("switch"))
    await expect(page.get_by_text("すべてを止めることはできません。").first).to_be_visible()
    push = page.locator("#emergency-push").get_by_role("switch")
    await expect(push).to_have_attribute("aria-checked", "true")

    await page.get_by_label("何時から").select_option("20")
    await leads_on(page.get_by_role("button", name="この時間にする"))
    await expect(page.get_by_label("何時から")).to_have_value("20")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = await page.locator("main .switch").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 44


async def test_taro_reads_a_month_in_sum_and_says_that_something_looks_wrong(
    open_phone: OpenPhone, people: dict[str, demo.Cast], database: Deployment
) -> None:
    page = await open_phone(scripts=False)
    _, taro = await participating()
    assert taro.account_id
    month = await looked_at_last_month(taro, database)
    await enter_by_demo_link(page, taro.account_id)
    await page.goto("/inbox")
    digest = page.locator("li.card", has_text="のまとめ").first
    await expect(digest).to_contain_text("1か所が、あわせて1回")
    await leads_on(digest.get_by_role("link", name="くわしく見る"))
    await leads_on(page.get_by_role("button", name="おかしいものがある"))
    seen = page.locator("main h2, main h3", has_text="れんげ内科クリニック")
    await expect(seen.first).to_be_visible()
    await page.goto(f"/access-log/months/{month.isoformat()[:7]}")
    await expect(page.get_by_text("おかしいものがあると、お答えいただきました。")).to_be_visible()


async def looked_at_last_month(taro: Actor, database: Deployment) -> date:
    """A clinic read once, in the month before, which was summed up; its first day."""
    clinic = await scene.place("れんげ内科クリニック", "レンゲナイカ", "Renge Clinic", "clinic")
    sato = await scene.professional(clinic, "佐藤 健一", "physician")
    lab = [{"type": "Observation", "category": "lab", "count": 3}]
    async with unit_of_work(sato, subject=taro.participant_id) as tx:
        detail = {"actor": named(sato, clinic, "physician"), "resources": lab}
        await access_log.append(tx, READ, detail=detail)
    last = (clock.today_in_japan().replace(day=1) - timedelta(days=1)).replace(day=1)
    admin = await asyncpg.connect(database.admin_dsn)
    try:
        await unguarded(
            admin,
            f"UPDATE access_event SET at = '{last} 12:00+09'::timestamptz"
            f" + pseq * interval '1 second' WHERE participant_id = '{taro.participant_id}'",
        )
        await rounds.sum_up(last)
        while await notifications.deliver():
            pass
        # Above passes over what the service took up itself: this waits until it has placed that.
        waits = "SELECT FROM outbox WHERE participant_id = $1 FOR UPDATE"
        await admin.execute(waits, taro.participant_id)
    finally:
        await admin.close()
    return last
