"""The officers' pages of enrolling on paper: faults beside the fields, a scan, a second officer."""

import html
import re
import secrets

import pytest
import pytest_asyncio
from litestar import Litestar
from msgspec.structs import replace

from api.core import runtime
from api.core.settings import SettingFault, android_apps, ios_apps
from tests.identity.papers import PDF, PNG, card, some_kana
from tests.portal import scene
from tests.portal.scene import Visitor

HERE = "/support/enrolments"


def form(**changes: str) -> dict[str, str]:
    fields = {
        "name": "阿部 " + "".join(secrets.choice("阿伊宇江於加木久介己") for _ in range(6)),
        "name_kana": some_kana(),
        "sex": "male",
        "birth_era": "western",
        "birth_year": str(1900 + secrets.randbelow(60)),
        "birth_month": "3",
        "birth_day": str(1 + secrets.randbelow(28)),
        "card": card().grouped,
        "address": "熊本県阿蘇市1-2-3",
    }
    return fields | changes


@pytest_asyncio.fixture
async def second(open_browser) -> Visitor:
    return await scene.visitor(await open_browser(), await scene.officer("第二 担当"))


async def attach(officer: Visitor, where: str, content: bytes):
    await officer.get(where)
    return await officer.browser.post(
        f"{where}/scan",
        data={"_csrf_token": officer.browser.cookies["tsunagu_csrf"]},
        files={"scan": ("form.pdf", content, "application/pdf")},
        headers={"accept": "text/html"},
    )


async def put_down(officer: Visitor, **changes: str) -> str:
    answer = await officer.post(HERE, form(**changes))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_what_was_typed_comes_back_with_each_fault_beside_its_field(ueda: Visitor):
    sent = form(name_kana="阿部", insurer="33120016", address="阿蘇市 123456789018")
    answer = await ueda.post(HERE, sent)
    assert answer.status_code == 422
    for field in ("name_kana", "insurer", "insurance_number", "address"):
        assert f'id="error-{field}"' in answer.text
    assert f'value="{sent["name"]}"' in answer.text
    assert 'value="33120016"' in answer.text
    assert "123456789018" not in answer.text
    assert sent["name"] not in (await ueda.get(HERE)).text


async def test_two_officers_and_a_letter_shown_once(ueda: Visitor, second: Visitor):
    where = await put_down(ueda)
    assert "申込書の画像がまだありません" in (await second.get(where)).text
    assert (await attach(ueda, where, b"GIF89a")).status_code == 422
    assert (await attach(ueda, where, PNG)).status_code == 303
    assert "この申込書はご自分で入力しました" in (await ueda.get(where)).text
    assert (await ueda.post(f"{where}/confirm")).status_code == 409
    early = await second.post(f"{where}/confirm")
    assert early.status_code == 409
    assert "申込書の画像をまだ見ていません" in early.text
    scan = await second.get(f"{where}/scan")
    assert scan.headers["content-type"] == "image/png"
    assert scan.headers["cache-control"] == "no-store"
    assert scan.content == PNG
    done = await second.post(f"{where}/confirm")
    assert done.status_code == 200, done.text
    assert re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", done.text)
    assert "<svg" in done.text
    assert (await second.get(where)).status_code == 404
    assert (await second.post(f"{where}/confirm")).status_code == 404


async def test_a_form_is_undone_before_anybody_confirmed_it(ueda: Visitor, second: Visitor):
    where = await put_down(ueda)
    await attach(ueda, where, PDF)
    assert (await ueda.post(f"{where}/withdraw")).status_code == 303
    for path in (where, f"{where}/scan"):
        assert (await second.get(path)).status_code == 404


async def test_somebody_alike_is_shown_with_why_and_a_reason_is_asked_for(
    ueda: Visitor, second: Visitor
):
    sent = form()
    first = (await ueda.post(HERE, sent)).headers["location"]
    await attach(ueda, first, PDF)
    await second.get(f"{first}/scan")
    assert (await second.post(f"{first}/confirm")).status_code == 200
    again = (await ueda.post(HERE, sent | {"card": card().grouped})).headers["location"]
    await attach(ueda, again, PDF)
    await second.get(f"{again}/scan")
    page = (await second.get(again)).text
    found = re.search(r'name="join" value="([0-9a-f-]{36})"', page)
    assert found
    assert "同じもの：ふりがなと生年月日" in html.unescape(page)
    bare = await second.post(f"{again}/confirm", join=found[1])
    assert bare.status_code == 422
    assert 'id="error-reason"' in bare.text
    assert f'value="{found[1]}" checked' in bare.text
    joined = await second.post(f"{again}/confirm", join=found[1], reason="住所も同じ")
    assert joined.status_code == 200


async def test_pairs_are_decided_on_the_page(ueda: Visitor):
    await scene.participant("阿部 花", "アベ ハナ")
    await scene.participant("阿部　花", "ｱﾍﾞ ﾊﾅ")
    page = (await ueda.get("/support/look-alikes")).text
    where = re.search(r'action="(/support/look-alikes/[^"]+)"', page)
    assert where
    assert 'href="/support/enrolments"' in page
    assert 'href="/support/look-alikes?from=matches"' in (await ueda.get("/support/matches")).text
    from_matches = (await ueda.get("/support/look-alikes?from=matches")).text
    assert 'href="/support/matches"' in from_matches
    assert f'action="{where[1]}?from=matches"' in from_matches
    assert (await ueda.post(where[1], decision="same")).status_code == 422
    assert (await ueda.post(where[1], decision="different", reason="双子")).status_code == 303
    assert where[1] not in (await ueda.get("/support/look-alikes")).text
    assert (await ueda.post(where[1], decision="same", reason="x")).status_code == 404


async def test_apps_that_may_open_our_links_are_those_of_the_settings(client, app: Litestar):
    assert (await client.get("/.well-known/assetlinks.json")).json() == []
    apple = await client.get("/.well-known/apple-app-site-association")
    assert apple.headers["content-type"].startswith("application/json")
    assert apple.json() == {"applinks": {"details": []}, "webcredentials": {"apps": []}}


PRINT = ":".join(["AB"] * 32)


def test_the_settings_of_apps_are_read_or_refused():
    assert android_apps(f"jp.example.app={PRINT}") == (("jp.example.app", (PRINT,)),)
    assert ios_apps("ABCDE12345.jp.example.app") == ("ABCDE12345.jp.example.app",)
    assert android_apps("") == ios_apps("") == ()
    for text in ("jp.example.app", f"app={PRINT}", "jp.example.app=AB:CD", f"jp.a b={PRINT}"):
        with pytest.raises(SettingFault):
            android_apps(text)
    with pytest.raises(SettingFault):
        ios_apps("jp.example.app")


async def test_an_app_that_is_set_is_named(database, client):
    settings = replace(
        database.settings,
        android_apps=android_apps(f"jp.example.app={PRINT}"),
        ios_apps=("ABCDE12345.jp.example.app",),
    )
    runtime.start(settings, database.keys)
    try:
        (link,) = (await client.get("/.well-known/assetlinks.json")).json()
        apple = (await client.get("/.well-known/apple-app-site-association")).json()
    finally:
        runtime.start(database.settings, database.keys)
    assert link["target"]["package_name"] == "jp.example.app"
    assert link["target"]["sha256_cert_fingerprints"] == [PRINT]
    assert apple["webcredentials"]["apps"] == ["ABCDE12345.jp.example.app"]
    assert apple["applinks"]["details"][0]["components"] == [{"/": "/register*"}]
