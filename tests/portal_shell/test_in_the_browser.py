"""What Chromium says about every page: axe, zoom, touch targets, and the two scripts."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import webauthn
from playwright.async_api import Browser, Page, Route
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tests.journeys.quality import axe_violations, bring_axe, lighthouse
from tests.portal_shell.contexts import PAGES

TOO_SMALL = """
() => [...document.querySelectorAll('a.button, a.link-row, nav a, a.phone, button, input, select')]
  .filter(e => e.offsetParent !== null && e.type !== 'hidden' && e.tabIndex >= 0)
  .map(e => e.closest('.choice') ?? e)
  .filter(e => { const r = e.getBoundingClientRect(); return r.width < 48 || r.height < 48 })
  .map(e => e.outerHTML.slice(0, 120))
"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    opened = await browser.new_page(viewport=PHONE)
    yield opened
    await opened.close()


LOUD = "?contrast=high&text_size=large"
# Both looks are one page with other attributes on its root.
OTHER_LOOK = """
() => {
  const said = document.documentElement.dataset
  said.text = said.text === 'large' ? 'normal' : 'large'
  said.contrast = said.contrast === 'high' ? 'normal' : 'high'
}
"""
NAV_STAYS = """
() => [...document.querySelectorAll('.site-nav')]
  .filter(e => getComputedStyle(e).position !== 'static').map(e => e.outerHTML.slice(0, 120))
"""
PHONE = {"width": 360, "height": 780}
AT_400_PERCENT = {"width": 320, "height": 256}  # of 1280 x 1024


async def too_small(page: Page) -> list[str]:
    wider = ["wider than the window"] if await page.evaluate(OVERFLOW) > 0 else []
    return [*await page.evaluate(TOO_SMALL), *wider]


@pytest.mark.parametrize(("locale", "look"), [("ja", ""), ("en", LOUD)], ids=["ja", "en loud"])
async def test_no_page_has_an_axe_violation_or_a_small_target(
    page: Page, address: str, locale: str, look: str
) -> None:
    """What axe judges are the words, which the look does not change, and the look, which the words
    do not: it sees each once. Sizes hang on both, and at 400 % nothing scrolls sideways or covers
    the page."""
    found = {}
    await bring_axe(page)
    for name in PAGES:
        await page.goto(f"{address}/{locale}/{name}{look}")
        faults = await axe_violations(page) + await too_small(page)
        await page.evaluate(OTHER_LOOK)
        faults += await too_small(page)
        await page.evaluate(OTHER_LOOK)
        await page.set_viewport_size(AT_400_PERCENT)
        if await page.evaluate(OVERFLOW) > 0:
            faults.append("wider than the window at 400 %")
        faults += await page.evaluate(NAV_STAYS)
        await page.set_viewport_size(PHONE)
        found[name] = faults
    assert {name: faults for name, faults in found.items() if faults} == {}


async def test_axe_really_looks(page: Page, address: str) -> None:
    await page.goto(f"{address}/ja/welcome")
    await page.evaluate("document.querySelector('main').innerHTML += '<img src=/static/icon.svg>'")
    (violation,) = await axe_violations(page)
    assert violation.startswith("image-alt: ")


async def test_the_qr_link_fills_the_form_and_leaves_no_trace_in_the_address(
    page: Page, address: str
) -> None:
    await page.goto(f"{address}/ja/start#card=1234567890123456&code=ABCDE12345")
    assert await page.input_value("[name=card]") == "1234-5678-9012-3456"
    assert await page.input_value("[name=code]") == "ABCDE-12345"
    assert page.url == f"{address}/ja/start"
    assert await page.evaluate("document.activeElement.name") == "birth_era"
    assert await page.get_by_text("QRコードから番号を読み取りました").is_visible()


async def test_without_javascript_the_passkey_page_says_what_to_do(
    browser: Browser, address: str
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{address}/ja/sign-in")
    assert await page.get_by_text("JavaScriptを有効にする").is_visible()
    assert await page.get_by_role("button", name="鍵で入る").count() == 0
    await context.close()


@pytest.mark.parametrize("offers_by_itself", [True, False])
async def test_a_passkey_is_created_and_signs_in_again(
    page: Page, address: str, offers_by_itself: bool
) -> None:
    keys: dict[str, Any] = {}
    party = {"rp_id": "localhost"}
    expected = {"expected_rp_id": "localhost", "expected_origin": address}

    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix(address)
        assert route.request.headers["x-csrftoken"] == "token"
        sent = route.request.post_data_json
        if path == "/register/passkey/options":
            options = webauthn.generate_registration_options(
                **party,
                rp_name="Tsunagu",
                user_name="花子",
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
            )
        elif path == "/sign-in/options":
            options = webauthn.generate_authentication_options(
                **party, user_verification=UserVerificationRequirement.REQUIRED
            )
        elif path == "/register/passkey":
            made = webauthn.verify_registration_response(
                credential=sent,
                expected_challenge=keys["challenge"],
                require_user_verification=True,
                **expected,
            )
            keys["public"] = made.credential_public_key
            await route.fulfill(json={"next": "/ja/sign-in"})
            return
        else:
            webauthn.verify_authentication_response(
                credential=sent,
                expected_challenge=keys["challenge"],
                credential_public_key=keys["public"],
                credential_current_sign_count=0,
                require_user_verification=True,
                **expected,
            )
            await route.fulfill(json={"next": "/ja/home"})
            return
        keys["challenge"] = options.challenge
        await route.fulfill(body=webauthn.options_to_json(options))

    await page.route(re.compile(r"/register/|/sign-in/"), answer)
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("WebAuthn.enable")
    authenticator = await cdp.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    if not offers_by_itself:
        no = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
        await page.add_init_script(no)
    await page.goto(f"{address}/ja/passkey")
    await page.get_by_role("button", name="鍵を作る").click()
    if not offers_by_itself:
        await page.wait_for_url("**/ja/sign-in")
        await page.get_by_role("button", name="鍵で入る").click()
    await page.wait_for_url("**/ja/home")
    held = await cdp.send("WebAuthn.getCredentials", authenticator)
    assert len(held["credentials"]) == 1


async def test_a_refused_passkey_says_what_the_server_said_and_can_be_tried_again(
    page: Page, address: str
) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(
            status=429, json={"title": "少し待ってください。", "next": "カードは使えます。"}
        )

    await page.route("**/register/passkey/options", refuse)
    await page.goto(f"{address}/ja/passkey")
    await page.get_by_role("button", name="鍵を作る").click()
    await page.get_by_text("うまくいきませんでした").wait_for()
    assert await page.get_by_text("少し待ってください。 カードは使えます。").is_visible()
    assert await page.get_by_role("button", name="鍵を作る").is_enabled()


@pytest.mark.parametrize("name", ["welcome", "home"])
async def test_lighthouse_scores_at_least_95_as_a_phone(address: str, name: str) -> None:
    scores = await lighthouse(f"{address}/ja/{name}")
    assert scores.keys() == {"performance", "accessibility", "best-practices", "seo"}
    assert {key: score for key, score in scores.items() if score < 95} == {}
