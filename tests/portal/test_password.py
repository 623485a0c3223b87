"""Hanako's password at her browser and her app: set, used, taken away."""

import html
import re
import time

import pyotp

from api.identity import service as identity
from tests.portal.scene import Visitor
from tests.portal.test_account import NEEDED, with_key
from tests.portal.test_patient_numbers import scanned

PASSWORD = "梅干しと麦茶と縁側の午後三時"


def setup_on(page: str) -> tuple[str, pyotp.TOTP]:
    """What comes back, and the app that was given the secret."""
    sealed = re.search(r'name="setup" value="([^"]+)"', page)
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert sealed
    assert secret
    return html.unescape(sealed[1]), pyotp.TOTP(secret[1].replace(" ", ""))


async def test_a_password_is_set_and_signs_in_at_the_browser(hanako: Visitor, open_browser) -> None:
    await with_key(hanako)
    page = (await hanako.get("/account/password/new")).text
    sealed, app = setup_on(page)
    assert pyotp.parse_uri(scanned(page)).secret == app.secret
    poor = await hanako.post(
        "/account/password", password="password12345", setup=sealed, number=app.now()
    )
    assert poor.status_code == 422
    assert "よく使われる" in poor.text
    assert "password12345" not in poor.text
    sealed, app = setup_on(poor.text)
    page = await hanako.follow(
        await hanako.post("/account/password", password=PASSWORD, setup=sealed, number=app.now())
    )
    assert "パスワードでサインインできます" in page
    elsewhere = await open_browser()
    await elsewhere.get("/sign-in/password", headers={"accept": "text/html"})
    assert hanako.card is not None
    form = {
        "_csrf_token": elsewhere.cookies["tsunagu_csrf"],
        "card": hanako.card.grouped,
        "password": PASSWORD,
        "number": app.at(time.time() + 30),
    }
    wrong = await elsewhere.post(
        "/sign-in/password",
        data=form | {"password": PASSWORD + "x"},
        headers={"accept": "text/html"},
    )
    assert (wrong.status_code, PASSWORD in wrong.text) == (403, False)
    answer = await elsewhere.post("/sign-in/password", data=form, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/home")
    listed = (await hanako.get("/account/sessions")).text
    assert "パスワードと確認番号で" in listed
    page = await hanako.follow(await hanako.post("/account/password/remove"))
    assert "パスワードを決める" in page
    home = await elsewhere.get("/home", headers={"accept": "text/html"})
    assert home.headers["location"] == "/sign-in"


async def test_an_app_sets_a_password_and_what_opens_records_still_asks_for_a_key(
    hanako: Visitor,
) -> None:
    await with_key(hanako)
    begun = (await hanako.tell("/me/password/options", {})).json()
    app = pyotp.parse_uri(begun["uri"])
    assert isinstance(app, pyotp.TOTP)
    bearer = {"authorization": f"Bearer {hanako.token}"}
    body = {"password": PASSWORD, "setup": begun["setup"], "number": app.now()}
    assert (await hanako.browser.put("/me/password", json=body, headers=bearer)).status_code == 204
    assert (await hanako.ask("/me/password")).json() == {"is_set": True}
    assert hanako.card is not None
    credentials = {
        "card": hanako.card.digits,
        "password": PASSWORD,
        "number": app.at(time.time() + 30),
    }
    session = await hanako.browser.post("/sessions/password", json=credentials)
    assert session.status_code == 201
    hanako.token = session.json()["token"]
    refused = await hanako.tell("/me/disclosure/desk-codes", {"level": "normal"})
    assert refused.json()["type"] == NEEDED
    again = await hanako.browser.post("/sessions/password", json=credentials)
    assert again.status_code == 403
    assert (await identity.actor_of(hanako.token)).participant_id == hanako.actor.participant_id
