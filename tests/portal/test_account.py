"""Hanako's keys and sessions at her browser and her app, and what asks her to show it is she."""

import json
import re
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from api.consent.settings.switches import SetFacility
from api.core.actor import ActorKind
from api.identity import service as identity
from api.identity.guards import SESSION_COOKIE
from api.identity.keys import own_keys
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator
from tests.portal.scene import Place, Visitor, forms, sent, wish

SCRIPT = {"accept": "application/json", "content-type": "application/json"}
NEEDED = "urn:tsunagu:problem:error.step_up.needed"
RENAMED = "むすめのタブレット"


@pytest_asyncio.fixture
async def admin(database: Deployment):
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


async def with_key(who: Visitor) -> Authenticator:
    """A passkey of theirs, made while their session is fresh."""
    device = Authenticator()
    actor = await identity.actor_of(who.token)
    await own_keys.add_passkey(
        actor, device.create(await own_keys.creation_options(actor)), "iPhone"
    )
    return device


async def some_time_later(admin: asyncpg.Connection, who: Visitor) -> None:
    await admin.execute(
        "UPDATE session SET stepped_up_at = now() - interval '6 minutes' WHERE account_id = $1",
        who.actor.account_id,
    )


async def script(who: Visitor, path: str, body: Any) -> httpx.Response:
    """As passkey.js posts."""
    headers = SCRIPT | {"x-csrftoken": who.browser.cookies["tsunagu_csrf"]}
    return await who.browser.post(path, content=json.dumps(body), headers=headers)


async def shows_who_they_are(who: Visitor, page: str, device: Authenticator) -> str:
    """As passkey.js does on the page that asks; where it would go on to."""
    found = re.search(r'data-options="([^"]+)" data-verify="([^"]+)"', page)
    assert found
    options = (await script(who, found[1], {})).json()
    answer = await script(who, found[2].replace("&amp;", "&"), device.get(options))
    assert answer.status_code == 200, answer.text
    who.token = answer.cookies[SESSION_COOKIE]
    return str(answer.json()["next"])


async def test_a_key_is_added_named_and_taken_away_at_the_browser(hanako: Visitor) -> None:
    await with_key(hanako)
    assert (await hanako.get("/account/keys/new")).status_code == 200
    options = (await script(hanako, "/account/keys/options", {})).json()
    headers = SCRIPT | {
        "x-csrftoken": hanako.browser.cookies["tsunagu_csrf"],
        "user-agent": "Mozilla/5.0 (iPad; CPU OS 18) Safari/604.1",
    }
    made = await hanako.browser.post(
        "/account/keys/add", json=Authenticator().create(options), headers=headers
    )
    assert made.json() == {"next": "/account/keys"}
    page = (await hanako.get("/account/keys")).text
    assert "iPad (Safari)" in page
    ids = re.findall(r'id="key-([^"]+)"', page)
    page = await hanako.follow(await hanako.post(f"/account/keys/{ids[1]}/name", name=RENAMED))
    assert RENAMED in page
    asked = await hanako.get(f"/account/keys/{ids[1]}/revoke")
    assert f"「{RENAMED}」を消しますか" in asked.text
    action, fields = sent(next(form for form in forms(asked.text) if 'action="/account' in form))
    page = await hanako.follow(await hanako.post(action, fields))
    assert RENAMED not in page
    last = await hanako.post(f"/account/keys/{ids[0]}/revoke")
    assert last.status_code == 409
    assert "最後の鍵" in last.text


async def test_a_bad_name_is_refused_beside_the_keys(hanako: Visitor) -> None:
    await with_key(hanako)
    key = (await hanako.ask("/me/passkeys")).json()[0]["id"]
    answer = await hanako.post(f"/account/keys/{key}/name", name="1234-5678-9018")
    assert answer.status_code == 422
    assert "この名前は使えません" in answer.text
    assert not re.search(r"\b9018\b", answer.text)


async def test_staff_have_keys_too(sato: Visitor, ueda: Visitor) -> None:
    for who in (sato, ueda):
        await with_key(who)
        assert "iPhone" in (await who.get("/account/keys")).text
        (key,) = (await who.ask("/me/passkeys")).json()
        assert key["name"] == "iPhone"


async def test_sessions_are_ended_one_by_one_and_all_at_once(hanako: Visitor, open_browser) -> None:
    device, browser = await with_key(hanako), await open_browser()
    opened = []
    for _ in range(3):
        assertion = device.get(await identity.sign_in_options())
        answer = await browser.post(
            "/sessions", json=assertion, headers={"user-agent": "Tsunagu/1.0 (iPhone; iOS 18)"}
        )
        opened.append(answer.json()["token"])
    page = (await hanako.get("/account/sessions")).text
    assert page.count("iPhone") >= 3
    assert page.count("いまお使いのところ") == 1
    first = next(form for form in forms(page) if "/account/sessions/" in form)
    page = await hanako.follow(await hanako.post(*sent(first)))
    left = [each for each in opened if (await identity.actor_of(each)).kind is not ANONYMOUS]
    assert len(left) == 2
    page = await hanako.follow(await hanako.post("/account/sessions/end-others"))
    assert "ここ以外をすべて終了する" not in page
    assert [(await identity.actor_of(each)).kind for each in left] == [ANONYMOUS, ANONYMOUS]


ANONYMOUS = ActorKind.ANONYMOUS


async def test_the_app_lists_and_ends_sessions(hanako: Visitor, yumi: Visitor) -> None:
    device = await with_key(hanako)
    other = await identity.sign_in(device.get(await identity.sign_in_options()))
    listed = (await hanako.ask("/me/sessions")).json()
    assert [each["is_current"] for each in listed].count(True) == 1
    (strange,) = [each["id"] for each in listed if not each["is_current"]]
    bearer = {"authorization": f"Bearer {yumi.token}"}
    answer = await yumi.browser.delete(f"/me/sessions/{strange}", headers=bearer)
    assert answer.status_code == 404
    bearer = {"authorization": f"Bearer {hanako.token}"}
    answer = await hanako.browser.delete("/me/sessions/others", headers=bearer)
    assert answer.json() == {"count": 1}
    assert (await identity.actor_of(other.token)).kind is ANONYMOUS


async def test_letting_a_clinic_in_asks_who_is_there_and_goes_on_with_what_was_wished(
    hanako: Visitor, clinic: Place, admin: asyncpg.Connection
) -> None:
    device = await with_key(hanako)
    version = await hanako.version()
    await some_time_later(admin, hanako)
    command = SetFacility(clinic.facility_id, on=True)
    back = f"/disclosure/facilities#facility-{clinic.facility_id}"
    asked = await hanako.wish(command, version=version, back=back)
    assert asked.status_code == 403
    assert "ご本人の確認" in asked.text
    assert await hanako.version() == version
    held = next(form for form in forms(asked.text) if 'id="held"' in form)
    action, fields = sent(held)
    assert (action, fields["change"], fields["back"]) == ("/disclosure/save", wish(command), back)
    await shows_who_they_are(hanako, asked.text, device)
    page = await hanako.follow(await hanako.post(action, fields))
    assert clinic.name in page
    assert await hanako.version() == version + 1


async def test_closing_never_asks_who_is_there(
    hanako: Visitor, clinic: Place, admin: asyncpg.Connection
) -> None:
    await hanako.wish(SetFacility(clinic.facility_id, on=True))
    version = await hanako.version()
    await some_time_later(admin, hanako)
    answer = await hanako.wish(SetFacility(clinic.facility_id, on=False))
    assert answer.status_code == 303
    assert await hanako.version() == version + 1
    answer = await hanako.post("/disclosure/participation", state="withdrawn")
    assert answer.status_code == 303
    asked = await hanako.post("/disclosure/participation", state="participating")
    assert asked.status_code == 403


OPENINGS = {
    "a change": (
        "/me/disclosure/changes",
        {"version": 0, "commands": [{"kind": "facility", "id": "{clinic}", "on": True}]},
    ),
    "a desk code": ("/me/disclosure/desk-codes", {"level": "normal"}),
    "earlier records": ("/me/participation/records", {"data_from": None}),
    "a new key": ("/me/passkeys/options", {}),
}


@pytest.mark.parametrize("case", OPENINGS)
async def test_the_app_is_told_how_to_step_up_and_then_goes_on(
    hanako: Visitor, clinic: Place, admin: asyncpg.Connection, case: str
) -> None:
    device = await with_key(hanako)
    await some_time_later(admin, hanako)
    path, body = OPENINGS[case]
    body = json.loads(json.dumps(body).replace("{clinic}", str(clinic.facility_id)))
    before = await hanako.log()
    refused = await hanako.tell(path, body)
    assert refused.status_code == 403, refused.text
    problem = refused.json()
    assert problem["type"] == NEEDED
    assert await hanako.log() == before
    options = (await hanako.tell(problem["step_up"]["options"], {})).json()
    session = await hanako.tell(problem["step_up"]["proof"], device.get(options))
    assert (await hanako.tell(path, body)).status_code == 401
    hanako.token = session.json()["token"]
    assert (await hanako.tell(path, body)).status_code < 300


async def test_taking_the_log_out_asks_who_is_there_and_then_gives_it(
    hanako: Visitor, admin: asyncpg.Connection
) -> None:
    device = await with_key(hanako)
    await some_time_later(admin, hanako)
    assert (await hanako.ask("/me/access-log/export")).json()["type"] == NEEDED
    asked = await hanako.post("/access-log/export", format="csv", kind="settings")
    assert asked.status_code == 403
    action, fields = sent(next(form for form in forms(asked.text) if 'id="held"' in form))
    assert fields["kind"] == "settings"
    await shows_who_they_are(hanako, asked.text, device)
    assert (await hanako.post(action, fields)).headers["content-type"].startswith("text/csv")


async def test_a_page_that_was_asked_for_is_where_the_proof_leads(
    hanako: Visitor, admin: asyncpg.Connection
) -> None:
    device = await with_key(hanako)
    await some_time_later(admin, hanako)
    asked = await hanako.get("/account/keys/new")
    assert asked.status_code == 403
    assert await shows_who_they_are(hanako, asked.text, device) == "/account/keys/new"
    assert (await hanako.get("/account/keys/new")).status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil"])
async def test_a_proof_leads_to_no_other_site(hanako: Visitor, elsewhere: str) -> None:
    device = await with_key(hanako)
    page = await hanako.browser.get("/step-up", params={"next": elsewhere})
    assert await shows_who_they_are(hanako, page.text, device) == "/"


async def test_signing_out_clears_what_the_browser_kept(hanako: Visitor) -> None:
    answer = await hanako.post("/sign-out")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
