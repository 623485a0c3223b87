"""Pages and JSON of the emergency card: Hanako makes one, Dr Mori's desk and EMR read it."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from html import unescape

import httpx
import pytest
from litestar import Litestar

from api.core import i18n
from api.core.actor import Actor
from api.emergency.cards import service as cards
from tests.emergency.carrying import carried, made, whole
from tests.emergency.test_doors import bearer, carded
from tests.portal import scene
from tests.portal.scene import Visitor
from tests.portal.test_patient_numbers import scanned as scanned_in

BOTH = pytest.mark.parametrize("locale", ["ja", "en"])
WHY = {"reason": "unconscious", "words": "倒れた"}
CAMERA = "camera=(self), geolocation=(), microphone=()"


@pytest.fixture
async def browsers(app: Litestar) -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def at_a_desk(app: Litestar, browsers: AsyncExitStack):
    async def signed_in(actor: Actor) -> Visitor:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")
        return await scene.visitor(await browsers.enter_async_context(client), actor)

    return signed_in


@BOTH
async def test_hanako_picks_looks_makes_and_prints(at_a_desk, hanako, clinic, locale: str):
    ids = await whole(clinic, hanako)
    phone = await at_a_desk(hanako)
    assert (
        i18n.text(locale, "card.none") in (await phone.get("/emergency-card", locale=locale)).text
    )
    page = (await phone.get("/emergency-card/new", locale=locale)).text
    assert re.search(f'value="{ids["allergy"]}" checked', page)
    assert re.search(f'value="{ids["delicate"]}">', page)
    wish = {
        "record": str(ids["allergy"]),
        "blood": "yes",
        "implant_1": "左目の義眼",
        "contact_family_1": "child",
        "contact_name_1": "山本 由美",
        "contact_phone_1": "090-1234-5678",
        "directive": "yes",
        "note": "<b>耳が遠い</b>",
    }
    seen = await phone.post("/emergency-card/preview", wish)
    assert seen.status_code == 200, seen.text
    for said in ("ペニシリン", "A Rh(+)", "左目の義眼", "山本 由美", "&lt;b&gt;耳が遠い"):
        assert said in seen.text
    assert "うつ病" not in seen.text
    back = await phone.post("/emergency-card", wish | {"back": "yes"})
    assert "左目の義眼" in back.text
    assert await cards.mine(hanako) is None
    page = await phone.follow(await phone.post("/emergency-card", wish), locale=locale)
    assert i18n.text(locale, "card.done.made") in page
    sheet = await phone.post("/emergency-card/paper")
    assert sheet.headers["cache-control"] == "no-store"
    assert "&lt;b&gt;耳が遠い" in sheet.text
    for each in i18n.LOCALES:
        assert i18n.text(each, "card.kind.allergy") in sheet.text
    assert scanned_in(sheet.text).startswith("http://localhost:8000/card#")
    page = await phone.follow(await phone.post("/emergency-card/revoked"), locale=locale)
    assert i18n.text(locale, "card.done.revoked") in page


async def test_the_file_for_the_telephone_needs_nothing_from_anywhere(at_a_desk, hanako):
    await made(hanako)
    phone = await at_a_desk(hanako)
    answer = await phone.post("/emergency-card/phone", {"form": "file"})
    assert 'filename="emergency-card.html"' in answer.headers["content-disposition"]
    assert "<style>" in answer.text
    assert not re.search(r"(?:src|href)=|<script|url\(", answer.text)
    assert scanned_in(answer.text).startswith("http://localhost:8000/card#")
    page = (await phone.post("/emergency-card/phone", {"form": "page"})).text
    assert 'href="/static/card.css"' in page
    assert "<style" not in page


@BOTH
async def test_what_is_wrong_is_said_beside_its_field(at_a_desk, hanako, locale: str):
    phone = await at_a_desk(hanako)
    await phone.get("/", locale=locale)
    wrong = {"contact_name_1": "由美", "contact_phone_1": "でんわ", "due_on": "あした"}
    answer = await phone.post("/emergency-card/preview", wrong | {"due_on": ""})
    assert answer.status_code == 422
    assert i18n.text(locale, "error.emergency.card.phone") in answer.text
    assert 'value="でんわ"' in answer.text
    answer = await phone.post("/emergency-card/preview", wrong)
    assert i18n.text(locale, "error.emergency.card.due") in answer.text
    answer = await phone.post("/emergency-card/preview", {"note": "1234 5678 9018"})
    assert answer.status_code == 422
    assert "1234 5678 9018" not in answer.text


@BOTH
async def test_dr_mori_scans_the_card_at_her_desk(at_a_desk, mori, hanako, clinic, locale: str):
    await whole(clinic, hanako)
    card = await carried(hanako)
    desk = await at_a_desk(mori)
    assert (await desk.get("/clinic/emergency", locale=locale)).headers[
        "permissions-policy"
    ] == CAMERA
    form = WHY | {"by": "card", "card": " ".join(card.parts)}
    page = await desk.follow(await desk.post("/clinic/emergency", form), locale=locale)
    assert "ペニシリン" in page
    again = await desk.post("/clinic/emergency", form)
    assert again.status_code == 422
    assert i18n.text(locale, "error.emergency.card.used") in again.text
    assert i18n.text(locale, "error.emergency.card.used.next") in again.text


@BOTH
@pytest.mark.parametrize("how", ["revoked", "replaced", "unreadable"])
async def test_a_card_that_does_not_serve_is_refused_in_plain_words(
    at_a_desk, mori, hanako, how: str, locale: str
):
    card = await carried(hanako)
    text = " ".join(card.parts)
    if how == "revoked":
        await cards.revoke(hanako)
    elif how == "replaced":
        await cards.issue(hanako, "paper")
    else:
        text = text[:200] + ("1" if text[200] != "1" else "2") + text[201:]
    desk = await at_a_desk(mori)
    await desk.get("/clinic", locale=locale)
    answer = await desk.post("/clinic/emergency", WHY | {"by": "card", "card": text})
    assert answer.status_code == 422
    assert i18n.text(locale, f"error.emergency.card.{how}") in unescape(answer.text)
    assert "山本 花子" not in answer.text


async def test_the_emr_opens_by_what_it_scanned(client, hospital, mori, hanako):
    card = await carried(hanako)
    emr = await bearer(hospital, mori)
    asked = WHY | {"emergency_card": "\n".join(card.parts)}
    answer = await client.post("/emergency/sessions", json=asked, headers=emr)
    assert answer.status_code == 201, answer.text
    again = await client.post("/emergency/sessions", json=asked, headers=emr)
    assert (again.status_code, again.json()["type"]) == (
        403,
        "urn:tsunagu:problem:error.emergency.card.used",
    )


async def test_at_the_clinic_an_emergency_card_only_says_its_number(at_a_desk, hanako, clinic):
    """Finding is by consent as ever: Dr Satō sees what Hanako's settings show him, and the code is
    not used up."""
    card = await carried(hanako)
    desk = await at_a_desk(await scene.professional(clinic, "佐藤 健一", "physician"))
    by_card = await desk.post("/clinic/find", {"by": "card", "card": await carded(hanako)})
    scanned = await desk.post("/clinic/find", {"by": "card", "card": card.parts[0]})
    assert (scanned.status_code, scanned.headers.get("location")) == (
        by_card.status_code,
        by_card.headers.get("location"),
    )
    held = await cards.mine(hanako)
    assert [each.state for each in held.codes] == ["good"]


async def test_the_paper_with_the_activation_code_names_its_card_in_an_emergency_too(
    at_a_desk, mori, hanako
):
    desk = await at_a_desk(mori)
    link = f"http://localhost:8000/register#card={await carded(hanako)}&code=ABCDE-FGHJK"
    answer = await desk.post("/clinic/emergency", WHY | {"by": "card", "card": link})
    assert answer.status_code == 303


async def test_an_app_makes_carries_and_revokes(at_a_desk, hanako, clinic):
    await whole(clinic, hanako)
    phone = await at_a_desk(hanako)
    assert (await phone.ask("/me/emergency-card")).status_code == 404
    offered = (await phone.ask("/me/emergency-card/choices")).json()
    assert offered["blood"] == "A Rh(+)"
    wish = {
        "records": [each["record_id"] for each in offered["lines"] if each["is_usual"]],
        "blood": True,
        "contacts": [{"family": "child", "name": "山本 由美", "phone": "090-1234-5678"}],
    }
    drafted = (await phone.tell("/me/emergency-card/preview", wish)).json()
    assert (drafted["codes"], drafted["left_out"]) == (1, [])
    card = (await phone.tell("/me/emergency-card", wish)).json()
    assert card["content"]["lines"][0]["text"] == "ペニシリン"
    copy = (await phone.tell("/me/emergency-card/copies", {"medium": "phone"})).json()
    assert len(copy["parts"]) == 1
    (code,) = (await phone.ask("/me/emergency-card")).json()["codes"]
    assert (code["medium"], code["state"]) == ("phone", "good")
    headers = {"authorization": f"Bearer {phone.token}"}
    assert (await phone.browser.delete("/me/emergency-card", headers=headers)).status_code == 204
    assert (await phone.ask("/me/emergency-card")).status_code == 404


async def test_anybody_anywhere_may_fetch_the_keys_and_the_reader(client):
    answer = await client.get("/.well-known/emergency-card/jwks.json")
    assert answer.headers["access-control-allow-origin"] == "*"
    keys = answer.json()["keys"]
    assert {(key["kty"], key["crv"], key["alg"]) for key in keys} == {("EC", "P-256", "ES256")}
    assert not [key for key in keys if "d" in key]
    page = await client.get("/card")
    assert page.headers["permissions-policy"] == CAMERA
    assert "unsafe" not in page.headers["content-security-policy"]
    assert keys[0]["kid"] in page.text
    kept = await client.get("/card/file")
    assert "attachment" in kept.headers["content-disposition"]
    assert keys[0]["kid"] in kept.text


@pytest.mark.parametrize("path", ["/", "/help", "/sign-in", "/card/file"])
async def test_no_other_page_may_ask_for_the_camera(client, path: str):
    answer = await client.get(path)
    assert answer.headers["permissions-policy"].startswith("camera=(),")


@BOTH
async def test_every_event_of_a_card_is_said_in_hanakos_log(at_a_desk, mori, hanako, locale: str):
    card = await carried(hanako)
    await cards.revoke(hanako)
    desk, phone = await at_a_desk(mori), await at_a_desk(hanako)
    await desk.post("/clinic/emergency", WHY | {"by": "card", "card": card.parts[0]})
    page = (await phone.get("/access-log", locale=locale)).text
    for key in ("made", "revoked"):
        assert i18n.text(locale, f"event.emergency.card.{key}") in page
    printed = i18n.text(locale, "card.medium.paper")
    assert i18n.text(locale, "event.emergency.card.issued", how=printed) in page
    tried = {"ja": "もう使えないご本人の緊急カードのQRコード", "en": "that no longer serves"}
    assert tried[locale] in page
