"""Whoever closed their account finds the certificate's page again, without signing in."""

from api.core import runtime
from api.support.closing import service
from tests.portal.scene import Visitor

HERE = "/account/closing"
LOG_STAYS_IF = "だれが見たかの記録（手続きを始めるときに選ぶと、読めなくなります）"
LOG_STAYS = "だれが見たかの記録（決められた年数のあいだ残ります）"
LOG_ENDS = "「だれが見たかの記録」も読めなくなります。"


async def test_its_address_stands_beside_the_code_and_the_sign_in_page_leads_there(
    hanako: Visitor, open_browser
) -> None:
    begun = await hanako.press(HERE, "登録をやめる手続きを始める", sure="yes")
    address = f"{runtime.settings().public_url}/closing-certificate"
    assert address in begun.text
    signed_out = await open_browser()
    assert 'href="/closing-certificate"' in (await signed_out.get("/sign-in")).text


async def test_while_it_runs_what_becomes_of_the_log_is_said_as_it_was_chosen(
    hanako: Visitor,
) -> None:
    assert LOG_STAYS_IF in (await hanako.get(HERE)).text
    for erases_log, there, gone in ((True, LOG_ENDS, LOG_STAYS), (False, LOG_STAYS, LOG_ENDS)):
        await service.begin(hanako.actor, erases_log=erases_log)
        page = (await hanako.get(HERE)).text
        assert there in page
        assert gone not in page
        assert LOG_STAYS_IF not in page, "there is nothing to choose any more"
        assert "新しい番号が出ます" in page
        await service.call_off(hanako.actor)
