"""Yumi makes the emergency card for her father; somebody trusted with less makes none."""

from api.core import i18n
from notifications import service as notifications
from tests.proxies.conftest import Pair


async def test_yumi_makes_and_prints_taros_card_and_his_log_says_it_was_she(pair: Pair):
    await pair.switch()
    made = await pair.yumi.post("/emergency-card", note="父は耳が遠いです")
    assert made.status_code == 303, made.text
    sheet = await pair.yumi.post("/emergency-card/paper")
    assert "父は耳が遠いです" in sheet.text
    assert "山本 太郎" in sheet.text
    page = (await pair.taro.get("/emergency-card")).text
    assert "父は耳が遠いです" in page
    lines = [each for each in await pair.taro.log() if each["event"].startswith("emergency:card:")]
    assert [each["event"] for each in lines] == ["emergency:card:issued", "emergency:card:made"]
    assert all("山本 由美" in str(each) for each in lines)
    while await notifications.deliver():
        pass
    for locale in i18n.LOCALES:
        inbox = await pair.taro.get("/inbox", locale=locale)
        assert inbox.status_code == 200
        assert i18n.text(locale, "notice.act.emergency") in inbox.text


async def test_once_taro_acts_alone_again_yumi_meets_no_card(pair: Pair):
    await pair.taro.post("/emergency-card", note="父です")
    await pair.switch()
    assert "父です" in (await pair.yumi.get("/emergency-card")).text
    answer = await pair.taro.post("/proxies/private", sure="yes")
    assert answer.status_code in (200, 303), answer.text
    page = (await pair.yumi.get("/emergency-card")).text
    assert "父です" not in page
