"""With a My Number card, on a phone: to a certified issuer and back, and to the demo's own."""

import re
import secrets
from collections.abc import AsyncIterator
from datetime import date
from typing import NamedTuple

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from api import demo, demo_provider
from api.core.actor import OPERATOR
from api.core.crypto import sha256
from api.directory import service as directory
from api.identity.card import CardNumber
from api.identity.enrolling import intake
from api.identity.national.login import RETURNS
from tests.conftest import Deployment
from tests.identity.conftest import some_card
from tests.identity.national.issuer import CLIENT, HANAKO
from tests.identity.national.real import real_issuer
from tests.journeys.conftest import LANGUAGES, PHONE, OpenPhone
from tests.journeys.quality import PATIENCE_MS, axe_violations
from tests.serving import Served, free_port, serving

MARK = secrets.token_hex(3)
PEOPLE = {
    "hanako": HANAKO | {"name": f"山本 花子{MARK}"},
    "taro": HANAKO | {"name": f"山本 太郎{MARK}", "birthdate": "1941-02-11", "gender": "male"},
    "yumi": HANAKO | {"name": f"山本 由美{MARK}", "birthdate": "1995-09-14"},
    "nobody": HANAKO | {"name": f"だれか{MARK}"},
}
BORN = {
    "hanako": date(1940, 4, 9),
    "taro": date(1941, 2, 11),
    "yumi": date(1995, 9, 14),
}


class Network(NamedTuple):
    served: Served
    issuer: str


async def _admitted(key: str) -> CardNumber:
    card = some_card(directory.profile().card_scheme)
    sex = "male" if key == "taro" else "female"
    paper = intake.Paper(PEOPLE[key]["name"], "ヤマモト", sex, BORN[key])
    await intake.admit(OPERATOR, paper, card)
    return card


@pytest_asyncio.fixture(scope="module")
async def network(database: Deployment, people: dict[str, demo.Cast]) -> AsyncIterator[Network]:
    """The application in its own process, trusting an issuer in another."""
    port = free_port()
    ours = f"http://localhost:{port}"
    client = {
        "redirect_uris": [f"{ours}{path}" for path in RETURNS.values()],
        "jwks_uri": f"{ours}/.well-known/my-number-client/jwks.json",
    }
    with real_issuer(client, PEOPLE) as issuer:
        trusting = {"MY_NUMBER_ISSUER": issuer.url, "MY_NUMBER_CLIENT_ID": CLIENT}
        with serving(
            database.settings.home, database.app_dsn, port=port, settings=trusting
        ) as served:
            yield Network(served, issuer.url)


@pytest_asyncio.fixture
async def phones(browser: Browser, network: Network) -> AsyncIterator[OpenPhone]:
    contexts = []

    async def opened(locale: str = "ja", *, scripts: bool = True) -> Page:
        context = await browser.new_context(
            base_url=network.served.url,
            viewport=PHONE,
            is_mobile=True,
            has_touch=True,
            locale=LANGUAGES[locale],
            java_script_enabled=scripts,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return await context.new_page()

    yield opened
    for context in contexts:
        await context.close()


async def _show_card(page: Page, network: Network, start: str, button: str, person: str) -> None:
    """The page between goes on by itself, with scripts and without."""
    await page.goto(start)
    await page.get_by_role("button", name=button).click()
    await page.wait_for_url(re.compile(re.escape(f"{network.issuer}/interaction/")))
    await page.get_by_role("link", name=person, exact=True).click()


REGISTER = ("/register", "マイナンバーカードで登録する")
SIGN_IN = ("/sign-in", "マイナンバーカードでログイン")


@pytest.mark.parametrize(
    ("person", "scripts"), [("hanako", True), ("taro", False)], ids=["scripts", "no scripts"]
)
async def test_somebody_registers_with_their_card_and_comes_back_with_it(
    phones: OpenPhone, network: Network, person: str, scripts: bool
):
    card = await _admitted(person)
    page = await phones(scripts=scripts)
    await _show_card(page, network, *REGISTER, person)
    await page.wait_for_url("**/register/agree")
    await expect(page.get_by_text(card.masked)).to_be_visible()
    await page.locator("button[value=accept]").click()
    await page.wait_for_url("**/home")
    await page.goto("/account/my-number")
    await expect(page.get_by_text("マイナンバーカードでログインできます。")).to_be_visible()

    again = await phones(scripts=scripts)
    await _show_card(again, network, *SIGN_IN, person)
    await again.wait_for_url("**/home")
    names = {cookie["name"] for cookie in await again.context.cookies(network.served.url)}
    assert "tsunagu_session" in names
    assert "tsunagu_my_number" not in names
    await again.goto("/access-log")
    said = again.get_by_text("ご本人がマイナンバーカードでサインインしました。").first
    await expect(said).to_be_visible()


async def test_of_two_of_one_name_yumi_says_which_by_her_card(phones: OpenPhone, network: Network):
    await _admitted("yumi")
    hers = await _admitted("yumi")
    page = await phones()
    await _show_card(page, network, *REGISTER, "yumi")
    await page.wait_for_url("**/register/my-number/card")
    assert await axe_violations(page) == []
    await page.get_by_label("カードの番号").fill(some_card(directory.profile().card_scheme).digits)
    await page.get_by_role("button", name="次へ").click()
    await expect(page.get_by_text("参加の窓口かサポートセンターで登録できます")).to_be_visible()
    await page.get_by_label("カードの番号").fill(hers.grouped)
    await page.get_by_role("button", name="次へ").click()
    await page.wait_for_url("**/register/agree")
    await expect(page.get_by_text(hers.masked)).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize(
    ("person", "said"),
    [
        ("nobody", "このマイナンバーカードでは、まだログインできません。"),
        ("stop", "マイナンバーカードの確認は、途中で終わりました。"),
        ("nobody weakly", "マイナンバーカードをかざしての確認が必要です。"),
    ],
    ids=["nobody", "stop", "weakly"],
)
async def test_who_may_not_come_in_is_told_what_to_do(
    phones: OpenPhone, network: Network, person: str, said: str, scripts: bool
):
    page = await phones(scripts=scripts)
    await _show_card(page, network, *SIGN_IN, person)
    await expect(page.get_by_text(said)).to_be_visible()
    names = {cookie["name"] for cookie in await page.context.cookies(network.served.url)}
    assert "tsunagu_session" not in names


async def test_nothing_of_a_login_is_in_the_servers_log(phones: OpenPhone, network: Network):
    page = await phones()
    await _show_card(page, network, *SIGN_IN, "nobody")
    await expect(page.get_by_text("まだログインできません")).to_be_visible()
    log = network.served.log.read_text()
    assert "/sign-in/my-number/callback" in log
    for secret in ("code=", "state=", MARK, "19400409"):
        assert secret not in log


# The demo's own, which needs neither Node nor a card


@pytest_asyncio.fixture
async def somebody(database: Deployment, served: Served) -> AsyncIterator[str]:
    """One more person of the demo, so that the cast stay as they are."""
    home, mark = database.settings.home, secrets.token_hex(3)
    name, cast = f"山本 花子{mark}", demo_provider.holders(home)
    more = demo_provider.Holder(f"somebody{mark}", name, "熊本県", "19400409", "2")
    await intake.admit(
        OPERATOR,
        intake.Paper(name, "ヤマモト ハナコ", "female", date(1940, 4, 9)),
        some_card(directory.profile().card_scheme),
    )
    demo_provider.write_holders(home, [*cast, more])
    yield name
    demo_provider.write_holders(home, cast)


async def test_in_the_demo_hanako_registers_and_comes_back_and_it_says_what_it_is(
    open_phone: OpenPhone, somebody: str
):
    page = await open_phone()
    await page.goto("/register")
    await page.get_by_role("button", name="マイナンバーカードで登録する").click()
    await page.wait_for_url("**/demo/my-number/**")
    await expect(page.get_by_text("デモ用の画面です（本物ではありません）")).to_be_visible()
    for name in ("山本 花子", "山本 由美", "山本 太郎"):
        hold_up = page.get_by_role("button", name=f"{name}さんのカードをかざす", exact=True)
        await expect(hold_up).to_be_visible()
    assert await axe_violations(page) == []
    await page.get_by_role("button", name=f"{somebody}さんのカードをかざす").click()
    await page.wait_for_url("**/register/agree")
    await page.locator("button[value=accept]").click()
    await page.wait_for_url("**/home")

    again = await open_phone("en", scripts=False)
    await again.goto("/sign-in")
    await again.get_by_role("button", name="Sign in with my My Number card").click()
    await expect(again.get_by_text("A demo page, not the real one")).to_be_visible()
    await again.get_by_role("button", name=f"Hold up {somebody}'s card").click()
    await again.wait_for_url("**/home")


async def test_in_the_demo_somebody_stops(open_phone: OpenPhone):
    page = await open_phone()
    await page.goto("/sign-in")
    await page.get_by_role("button", name="マイナンバーカードでログイン").click()
    await page.get_by_role("button", name="やめて戻る").click()
    said = page.get_by_text("マイナンバーカードの確認は、途中で終わりました。")
    await expect(said).to_be_visible()


SAID = {
    "ja": {
        "register": "マイナンバーカードで登録する",
        "hold up": "{name}さんのカードをかざす",
        "by card": "マイナンバーカードで確かめる",
        "go on": "続ける",
        "make": "新しい回復コードを作る",
        "remove": "このカードでのログインをやめる",
        "last": "これは、サインインできる最後の鍵です。",
    },
    "en": {
        "register": "Register with my My Number card",
        "hold up": "Hold up {name}'s card",
        "by card": "Confirm with your My Number card",
        "go on": "Go on",
        "make": "Make a new recovery code",
        "remove": "Remove this card",
        "last": "This is the last key you can sign in with.",
    },
}


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_before_an_important_step_somebody_shows_their_card_again(
    open_phone: OpenPhone, somebody: str, database: Deployment, locale: str, scripts: bool
):
    said, page = SAID[locale], await open_phone(locale, scripts=scripts)
    hold_up = said["hold up"].format(name=somebody)
    await page.goto("/register")
    await page.get_by_role("button", name=said["register"]).click()
    await page.get_by_role("button", name=hold_up).click()
    await page.wait_for_url("**/register/agree")
    await page.locator("button[value=accept]").click()
    await page.wait_for_url("**/home")

    await _time_passes(database, page)
    await page.goto("/account/keys/new")
    assert not scripts or await axe_violations(page) == []
    await page.get_by_role("button", name=said["by card"]).click()
    await page.get_by_role("button", name=hold_up).click()
    await page.wait_for_url("**/account/keys/new")

    # What is asked by a form stays where it is, while the card is shown on another page
    await _time_passes(database, page)
    await page.goto("/account/recovery")
    await page.get_by_role("button", name=said["make"]).click()
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name=said["by card"]).click()
    beside = await opened.value
    await beside.get_by_role("button", name=hold_up).click()
    await beside.wait_for_url("**/step-up/done")
    await beside.close()
    await page.get_by_role("button", name=said["go on"], exact=True).click()
    await expect(page.locator("code")).to_be_visible()

    await page.goto("/account/my-number")
    assert not scripts or await axe_violations(page) == []
    await page.get_by_role("button", name=said["remove"]).click()
    await expect(page.get_by_text(said["last"])).to_be_visible()


async def _time_passes(database: Deployment, page: Page) -> None:
    """Six minutes, for the session of this page."""
    (token,) = [c["value"] for c in await page.context.cookies() if c["name"] == "tsunagu_session"]
    admin = await asyncpg.connect(database.admin_dsn)
    await admin.execute(
        "UPDATE session SET stepped_up_at = now() - interval '6 minutes' WHERE session_hash = $1",
        sha256(token.encode()),
    )
    await admin.close()
