"""A clinic's administrator and her people, at their browsers and their apps."""

import base64
import html
import re
from collections.abc import Iterator
from datetime import timedelta

import asyncpg
import httpx
import pytest
import pytest_asyncio
from msgspec.structs import replace

from api.core import runtime
from api.core.actor import OPERATOR, ActorKind
from api.core.clock import today_in_japan as this_day
from api.core.errors import NotFound
from api.directory import registry, staff
from api.identity import service as identity
from api.identity.guards import SESSION_COOKIE
from tests.conftest import Deployment
from tests.directory.hpki_ca import Authority, folder_of
from tests.identity.authenticator import Authenticator
from tests.portal import scene
from tests.portal.scene import Place, Visitor, forms, sent
from tests.portal.test_account import SCRIPT, shows_who_they_are, some_time_later, with_key
from tests.portal.test_recovery import code_on

SATO = {"name": "佐藤 健一", "name_kana": "サトウ ケンイチ", "profession": "physician"}


@pytest_asyncio.fixture
async def admin(database: Deployment):
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


@pytest.fixture
def signing(database: Deployment, tmp_path) -> Iterator[Authority]:
    """The network trusts this authority while the test runs."""
    root = Authority.root()
    made = root.below()
    settings = runtime.settings()
    crls = [root.crl(), made.crl()]
    folder = folder_of(tmp_path / "hpki", [root], [made], crls)
    runtime.start(replace(settings, hpki=folder), runtime.keys())
    yield made
    runtime.start(settings, runtime.keys())


async def join(browser: httpx.AsyncClient, code: str, device: Authenticator) -> httpx.Response:
    """As somebody with a letter in their hand does it; the page before the passkey."""
    await browser.get("/join", headers={"accept": "text/html"})
    token = browser.cookies["tsunagu_csrf"]
    form = {"code": code.lower(), "_csrf_token": token}
    typed = await browser.post("/join", data=form, headers={"accept": "text/html"})
    assert (typed.status_code, typed.headers["location"]) == (303, "/join/passkey")
    page = await browser.get("/join/passkey", headers={"accept": "text/html"})
    headers = SCRIPT | {"x-csrftoken": token}
    options = await browser.post("/join/passkey/options", json={}, headers=headers)
    made = await browser.post("/join/passkey", json=device.create(options.json()), headers=headers)
    assert made.status_code == 200, made.text
    return page


async def staff_member(desk: Visitor, browser: httpx.AsyncClient, **changed: str) -> Visitor:
    """Invited at the administrator's browser, and joined at their own."""
    page = await desk.post("/facility/invite", SATO | changed)
    await join(browser, code_on(page.text), Authenticator())
    token = browser.cookies[SESSION_COOKIE]
    return Visitor(await identity.actor_of(token), browser, token)


async def shows_certificate(who: Visitor, holder) -> httpx.Response:
    text = (await who.post("/account/profession/challenge")).text
    files = {
        "certificate": ("card.pem", holder.pem),
        "challenge": ("tsunagu-challenge.txt", text.encode()),
        "signature": ("tsunagu-challenge.sig", holder.sign(text)),
    }
    return await who.browser.post(
        "/account/profession",
        files=files,
        data={"_csrf_token": who.browser.cookies["tsunagu_csrf"]},
        headers={"accept": "text/html"},
    )


async def test_from_the_invitation_to_the_first_look_and_to_the_last(
    desk: Visitor, clinic: Place, signing: Authority, open_browser
) -> None:
    assert "まだ職員がいません" in (await desk.get("/facility")).text
    page = await desk.post("/facility/invite", SATO)
    code = code_on(page.text)
    assert f"/join#code={code.replace('-', '')}" in html.unescape(page.text)
    browser, device = await open_browser(), Authenticator()
    invited = await join(browser, code, device)
    for said in ("佐藤 健一", clinic.name, "医師"):
        assert said in invited.text
    sato = Visitor(
        await identity.actor_of(browser.cookies[SESSION_COOKIE]),
        browser,
        browser.cookies[SESSION_COOKIE],
    )
    assert (await sato.get("/clinic")).status_code == 200
    person = f"/facility/people/{sato.actor.professional_id}"
    assert "職種の確認がまだです" in (await desk.get(person)).text
    shown = await shows_certificate(sato, signing.person())
    assert (shown.status_code, shown.headers["location"]) == (303, "/account/profession")
    assert "HPKI証明書で確かめました" in (await sato.get("/account/profession")).text
    assert "研修がまだです" in (await desk.get("/facility")).text
    trained = await desk.press(person, "記録する", trained_on=this_day().isoformat())
    assert "閲覧できます" in await desk.follow(trained)
    assert (await desk.get(f"{person}/leave")).status_code == 200
    gone = await desk.follow(await desk.press(f"{person}/leave", "退職として記録する"))
    assert "退職" in gone
    assert (await sato.get("/clinic")).headers["location"] == "/sign-in"
    assert (await sato.ask("/me/profession")).status_code == 401


async def test_training_opens_the_records_that_hanako_lets_the_clinic_see(
    desk: Visitor, hanako: Visitor, clinic: Place, signing: Authority, open_browser
) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    await scene.wrote(await _elsewhere(), hanako.actor, "prescription", "アムロジピン錠5mg")
    sato = await staff_member(desk, await open_browser())
    assert hanako.card is not None
    before = await sato.find(by="card", card=hanako.card.digits)
    assert before.status_code == 404
    await shows_certificate(sato, signing.person())
    await staff.record_training(desk.actor, sato.actor.professional_id, this_day())
    found = await sato.find(by="card", card=hanako.card.digits)
    assert "アムロジピン錠5mg" in found.text
    await staff.leave(desk.actor, sato.actor.professional_id)
    again = await sato.find(by="card", card=hanako.card.digits)
    assert again.headers["location"] == "/sign-in"


async def _elsewhere() -> Place:
    place = await scene.place("白川病院", "シラカワビョウイン", "Shirakawa Hospital", "hospital")
    await scene.left(place)
    return place


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_a_certificate_of_somebody_else_is_refused_in_words(
    desk: Visitor, signing: Authority, open_browser, locale: str
) -> None:
    sato = await staff_member(desk, await open_browser())
    sato.browser.cookies.set("locale", locale)
    refused = await shows_certificate(sato, signing.person(kanji="森 大輔"))
    assert refused.status_code == 422
    assert {"ja": "お名前が", "en": "name is not the name"}[locale] in refused.text
    assert "森" not in refused.text
    wrong = await shows_certificate(sato, signing.person(roles=("Pharmacist",)))
    assert {"ja": "資格が", "en": "role is not"}[locale] in wrong.text


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_a_wrong_code_is_refused_without_saying_why(open_browser, locale: str) -> None:
    browser = await open_browser()
    browser.cookies.set("locale", locale)
    await browser.get("/join", headers={"accept": "text/html"})
    form = {"code": "ABCD-EFGH-JKMNP", "_csrf_token": browser.cookies["tsunagu_csrf"]}
    answer = await browser.post("/join", data=form, headers={"accept": "text/html"})
    assert answer.status_code == 422
    assert "ABCD" not in answer.text
    assert {"ja": "使えません", "en": "cannot be used"}[locale] in answer.text
    lost = await browser.get("/join/passkey", headers={"accept": "text/html"})
    assert lost.headers["location"] == "/join"


async def test_faults_stand_at_their_fields_and_a_number_is_not_shown_again(desk: Visitor) -> None:
    answer = await desk.post("/facility/invite", SATO | {"name": "佐藤 1234 5678 9018"})
    assert answer.status_code == 422
    assert not re.search(r"\b9018\b", answer.text)
    assert 'href="#field-name"' in answer.text
    assert "サトウ ケンイチ" in answer.text


async def test_an_invitation_waits_for_a_proof_and_goes_on_with_what_was_typed(
    desk: Visitor, admin: asyncpg.Connection
) -> None:
    device = await with_key(desk)
    await some_time_later(admin, desk)
    asked = await desk.post("/facility/invite", SATO)
    assert asked.status_code == 403
    await shows_who_they_are(desk, asked.text, device)
    (held,) = (form for form in forms(asked.text) if "/facility/invite" in form)
    assert code_on((await desk.post(*sent(held))).text)


async def test_a_training_needs_a_day_and_a_shown_profession(desk: Visitor, open_browser) -> None:
    sato = await staff_member(desk, await open_browser())
    training = f"/facility/people/{sato.actor.professional_id}/training"
    early = await desk.post(training, trained_on=this_day().isoformat())
    assert early.status_code == 409
    assert "職種の確認がまだ" in early.text
    for day in ("", "x", (this_day() + timedelta(days=1)).isoformat()):
        assert (await desk.post(training, trained_on=day)).status_code == 422


async def test_the_network_vouches_for_a_clerk_at_the_support_centre(
    desk: Visitor, ueda: Visitor, open_browser, clinic: Place
) -> None:
    clerk = await staff_member(desk, await open_browser(), name="事務担当", profession="clerk")
    assert "この職種は、ネットワークが確認します" in (await clerk.get("/account/profession")).text
    vouch = f"/support/professions/{clerk.actor.professional_id}/vouch"
    assert vouch in (await ueda.get("/support/professions")).text
    until = this_day() + timedelta(days=100)
    bad = await ueda.post(vouch, reason="", until="")
    assert (bad.status_code, "理由を" in bad.text) == (422, True)
    given = await ueda.post(vouch, reason="契約書を確認", until=until.isoformat())
    assert "契約書を確認" in await ueda.follow(given)
    person = f"/facility/people/{clerk.actor.professional_id}"
    await desk.post(f"{person}/training", trained_on=this_day().isoformat())
    assert "閲覧できます" in (await desk.get(person)).text
    await ueda.post(f"/support/professions/{clerk.actor.professional_id}/withdraw")
    assert "職種の確認の期限が過ぎました" in (await desk.get(person)).text


async def test_an_app_does_all_of_it_too(
    desk: Visitor, signing: Authority, open_browser, admin: asyncpg.Connection
) -> None:
    made = (await desk.tell("/me/facility/people", SATO)).json()
    app = await open_browser()
    begun = await app.post("/invitations", json={"code": made["code"]})
    ticket = {"authorization": f"Bearer {begun.json()['ticket']}"}
    who = (await app.get("/invitations/current", headers=ticket)).json()
    assert (who["kind"], who["profession"]) == ("professional", "physician")
    options = await app.post("/invitations/current/passkey/options", headers=ticket)
    credential = Authenticator().create(options.json())
    session = await app.post("/invitations/current/passkey", json=credential, headers=ticket)
    sato = Visitor(await identity.actor_of(session.json()["token"]), app, session.json()["token"])
    asked = (await sato.tell("/me/profession/challenge", {})).json()["text"]
    holder = signing.person()
    proof = {
        "certificate": holder.pem.decode(),
        "challenge": asked,
        "signature": base64.b64encode(holder.sign(asked)).decode(),
    }
    for garbled in ("\u0082", "AAA", "="):
        answer = await sato.tell("/me/profession", proof | {"signature": garbled})
        assert answer.json()["type"].endswith("certificate.signature")
    assert (await sato.tell("/me/profession", proof)).status_code == 204
    again = await sato.tell("/me/profession", proof)
    assert again.json()["type"] == "urn:tsunagu:problem:error.profession.certificate.challenge"
    assert (await sato.ask("/me/profession")).json()["way"] == "hpki"
    path = f"/me/facility/people/{made['id']}"
    headers = {"authorization": f"Bearer {desk.token}"}
    training = {"trained_on": this_day().isoformat()}
    trained = await desk.browser.put(f"{path}/training", json=training, headers=headers)
    assert trained.status_code == 204
    assert (await desk.ask(path)).json()["state"] == "working"
    key = await desk.tell(f"{path}/invitation", {})
    assert key.json()["type"] == "urn:tsunagu:problem:error.invitation.has_key"
    assert (await desk.tell(f"{path}/leaving", {})).status_code == 204
    assert (await sato.ask("/me/profession")).status_code == 401
    assert (await desk.ask("/me/facility/people")).json()["people"][0]["state"] == "left"
    faults = await desk.tell("/me/facility/people", SATO | {"profession": "magician"})
    assert list(faults.json()["fields"]) == ["profession"]
    await some_time_later(admin, desk)
    stale = await desk.tell("/me/facility/people", SATO)
    assert (stale.status_code, "step_up" in stale.json()) == (403, True)


async def test_the_administrator_meets_no_participant_and_no_record(
    desk: Visitor, hanako: Visitor
) -> None:
    assert desk.actor.kind is ActorKind.FACILITY_ADMIN
    assert hanako.card is not None
    for path in ("/clinic", "/home", "/records", "/access-log", "/support", "/auditor"):
        assert (await desk.get(path)).status_code == 404
    find = await desk.find(by="card", card=hanako.card.digits)
    assert find.status_code == 404
    assert not re.search("花子", find.text)


@pytest.mark.parametrize(
    ("is_auditor", "words", "place"),
    [(False, "サポートセンターの職員", "/support"), (True, "閲覧履歴の監査", "/auditor")],
    ids=["officer", "auditor"],
)
async def test_an_officer_is_invited_by_the_operator_alone_and_reads_as_what(
    open_browser, desk: Visitor, ueda: Visitor, *, is_auditor: bool, words: str, place: str
):
    officer_id, invitation = await registry.appoint_officer(
        OPERATOR,
        name="第二 担当",
        name_kana="ダイニ タントウ",
        is_auditor=is_auditor,
        trained_on=None if is_auditor else this_day(),
    )
    for other in (desk.actor, ueda.actor):
        assert officer_id not in {each.officer_id for each in await registry.officers(other)}
        with pytest.raises(NotFound):
            await registry.invite_officer(other, officer_id)
        with pytest.raises(NotFound):
            await registry.end_officer(other, officer_id)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await registry.appoint_officer(
                other, name="偽 担当", name_kana="ニセ タントウ", is_auditor=True, trained_on=None
            )
    browser = await open_browser()
    page = await join(browser, invitation.code.printed, Authenticator())
    for part in ("第二 担当", "ネットワーク", words):
        assert part in page.text
    headers = {"accept": "text/html"}
    assert (await browser.get(place, headers=headers)).status_code == 200
    await registry.end_officer(OPERATOR, officer_id)
    assert (await browser.get(place, headers=headers)).status_code in (303, 401)
