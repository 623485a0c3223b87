"""Hanako without her phone: at her daughter's browser, at an app, and at the counter."""

import re
from datetime import date

import asyncpg
import httpx
import pytest

from api.identity import service as identity
from api.identity.enrolling import intake
from api.identity.keys import own_keys
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator
from tests.portal import scene
from tests.portal.scene import Visitor, forms, sent
from tests.portal.test_account import SCRIPT, with_key


@pytest.fixture(autouse=True)
async def nobody_guessed_before(database: Deployment) -> None:
    """All tests come from one address, whose guesses are counted together."""
    connection = await asyncpg.connect(database.admin_dsn)
    await connection.execute("DELETE FROM throttle")
    await connection.close()


CODE = re.compile(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5})</code>")


def code_on(page: str) -> str:
    found = CODE.search(page)
    assert found
    return found[1]


async def recover(browser: httpx.AsyncClient, card: str, code: str) -> httpx.Response:
    await browser.get("/recover", headers={"accept": "text/html"})
    form = {"card": card, "code": code, "_csrf_token": browser.cookies["tsunagu_csrf"]}
    return await browser.post("/recover", data=form, headers={"accept": "text/html"})


async def test_the_paper_code_is_shown_once_and_makes_a_new_key(
    hanako: Visitor, open_browser
) -> None:
    await with_key(hanako)
    assert "いまのコード" not in (await hanako.get("/account/recovery")).text
    code = code_on((await hanako.post("/account/recovery")).text)
    again = (await hanako.get("/account/recovery")).text
    assert code not in again
    assert "いまのコード" in again
    borrowed = await open_browser()
    assert hanako.card is not None
    answer = await recover(borrowed, hanako.card.grouped, code.lower())
    assert (answer.status_code, answer.headers["location"]) == (303, "/recover/passkey")
    page = await borrowed.get("/recover/passkey", headers={"accept": "text/html"})
    assert "72時間" in page.text
    headers = SCRIPT | {"x-csrftoken": borrowed.cookies["tsunagu_csrf"]}
    options = await borrowed.post("/recover/passkey/options", json={}, headers=headers)
    made = await borrowed.post(
        "/recover/passkey", json=Authenticator().create(options.json()), headers=headers
    )
    assert made.json() == {"next": "/account/keys"}
    assert (await hanako.get("/home")).headers.get("location") == "/sign-in"
    token = borrowed.cookies["tsunagu_csrf"]
    frozen = await borrowed.post(
        "/disclosure/desk-code", data={"_csrf_token": token}, headers={"accept": "text/html"}
    )
    assert frozen.status_code == 403
    assert re.search(r"安全のため、\d{4}年\d+月\d+日\(.\) \d+:\d\dまでは", frozen.text)
    assert "ご本人の確認" not in frozen.text


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_a_wrong_code_is_refused_without_saying_what_was_wrong(
    hanako: Visitor, open_browser, locale: str
) -> None:
    browser = await open_browser()
    browser.cookies.set("locale", locale)
    assert hanako.card is not None
    answer = await recover(browser, hanako.card.grouped, "ABCD-EFGH-JKMNP")
    assert answer.status_code == 422
    assert "ABCD" not in answer.text
    assert {"ja": "組み合わせ", "en": "do not belong together"}[locale] in answer.text


async def test_an_app_recovers_too(hanako: Visitor, open_browser) -> None:
    await with_key(hanako)
    code = (await hanako.tell("/me/recovery-code", {})).json()["code"]
    assert (await hanako.ask("/me/recovery-code")).json()["made_at"]
    app = await open_browser()
    assert hanako.card is not None
    begun = await app.post("/recoveries", json={"card": hanako.card.digits, "code": code})
    ticket = {"authorization": f"Bearer {begun.json()['ticket']}"}
    options = await app.post("/recoveries/current/passkey/options", headers=ticket)
    credential = Authenticator().create(options.json())
    session = await app.post("/recoveries/current/passkey", json=credential, headers=ticket)
    actor = await identity.actor_of(session.json()["token"])
    assert len(await own_keys.own_passkeys(actor)) == 2
    hanako.token = session.json()["token"]
    refused = await hanako.tell("/me/disclosure/desk-codes", {"level": "normal"})
    assert refused.json()["type"] == "urn:tsunagu:problem:error.frozen"
    again = await app.post("/recoveries/current/passkey", json=credential, headers=ticket)
    assert again.status_code == 410


async def test_at_the_counter_the_second_officer_gets_the_code(
    hanako: Visitor, ueda: Visitor, open_browser
) -> None:
    ichiro = await scene.visitor(await open_browser(), await scene.officer("上田 一郎"))
    assert hanako.card is not None
    birth = {"birth_era": "showa", "birth_year": "15", "birth_month": "4", "birth_day": "9"}
    begun = await ueda.post(
        "/support/recovery", birth, card=hanako.card.grouped, evidence="passport"
    )
    assert begun.status_code == 303
    end = f"カードの下4けた：{hanako.card.digits[-4:]}"
    own = (await ueda.get("/support/recovery")).text
    mine = own[own.index(end) : own.index("</li>", own.index(end))]
    assert "ほかの職員の確認を待っています" in mine
    page = (await ichiro.get("/support/recovery")).text
    its = page[page.index(end) : page.index("</li>", page.index(end))]
    action, fields = sent(forms(its)[0])
    refused = await ueda.post(action, fields)
    assert refused.status_code == 409
    code = code_on((await ichiro.post(action, fields)).text)
    assert (await ichiro.post(action, fields)).status_code == 404
    answer = await recover(await open_browser(), hanako.card.grouped, code)
    assert answer.headers["location"] == "/recover/passkey"


async def test_a_wrong_birth_date_starts_nothing_and_is_not_said_which(
    hanako: Visitor, ueda: Visitor
) -> None:
    assert hanako.card is not None
    birth = {"birth_era": "showa", "birth_year": "16", "birth_month": "4", "birth_day": "9"}
    refused = await ueda.post(
        "/support/recovery", birth, card=hanako.card.grouped, evidence="passport"
    )
    assert refused.status_code == 422
    assert hanako.card.digits[-4:] not in (await ueda.get("/support/recovery")).text
    born = date(1940, 4, 9)
    assert await intake.person_of(ueda.actor, hanako.card, born) == hanako.actor.participant_id
