"""The pages and the JSON doors: Dr Mori at her desk, Hanako on her phone, officer Ueda at hers."""

from datetime import timedelta

import pytest

from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.records.emergency import service as in_emergency
from tests.attacks.conftest import install
from tests.emergency.conftest import joined, opened, wrote
from tests.emergency.test_sessions import moved_back
from tests.portal import scene
from tests.portal.scene import Place


async def carded(hanako: Actor) -> str:
    async with unit_of_work(hanako) as tx:
        return str(
            await tx.fetchval("SELECT number FROM card WHERE participant_id = app.subject()")
        )


async def bearer(place: Place, doctor: Actor, purpose: str = "BTG") -> dict[str, str]:
    """The hospital's EMR, with Dr Mori before it."""
    system = await install(place, doctor)
    system.person["purpose_of_use"] = purpose
    return {"authorization": f"Bearer {await system.token()}"}


async def test_the_hospitals_emr_opens_and_reads_as_fhir(client, hospital, mori, hanako, clinic):
    await wrote(clinic, hanako, "allergy", "ペニシリン", body='{"resourceType":"Observation"}')
    await wrote(clinic, hanako, "lab", "HbA1c", body='{"resourceType":"Observation"}')
    asked = {"card": await carded(hanako), "reason": "unconscious", "words": "倒れた"}
    treating = await bearer(hospital, mori, "TREAT")
    answer = await client.post("/emergency/sessions", json=asked, headers=treating)
    assert answer.status_code == 403
    emr = await bearer(hospital, mori)
    answer = await client.post("/emergency/sessions", json=asked, headers=emr)
    assert answer.status_code == 201, answer.text
    session = answer.json()
    assert session["state"] == "t1"
    path = f"/emergency/sessions/{session['session_id']}"
    bundle = await client.get(f"{path}/records", headers=emr)
    assert bundle.json()["total"] == 1
    assert "tsunagu-receipt" in bundle.headers
    assert (await client.post(f"{path}/widened", headers=emr)).json()["state"] == "t2"
    assert (await client.get(f"{path}/records/Observation", headers=emr)).json()["total"] == 2
    assert (await client.post(f"{path}/renewed", headers=emr)).json()["may_renew"] is False
    assert (await client.post(f"{path}/closed", headers=emr)).json()["ending"] == "closed"
    over = await client.get(f"{path}/records", headers=emr)
    assert over.status_code == 403
    assert "entry" not in over.json()


async def test_one_emr_cannot_read_in_the_session_of_another(
    client, hospital, clinic, mori, hanako
):
    session = await opened(mori, hanako)
    sato = await scene.professional(clinic, "佐藤 健一", "physician")
    path = f"/emergency/sessions/{session.session_id}/records"
    for headers in (await bearer(clinic, sato), await bearer(clinic, mori)):
        assert (await client.get(path, headers=headers)).status_code == 404


async def test_the_decision_of_an_emergency_read_can_be_made_again(at_a_desk, mori, hanako, clinic):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    session = await opened(mori, hanako)
    await in_emergency.summary(mori, session.session_id)
    phone = await at_a_desk(hanako)
    read = (await phone.log())[0]
    assert read["event"] == "records:record:read"
    again = (await phone.ask(f"/me/access-log/{read['number']}/decision")).json()
    assert (again["agrees"], again["again"]) == (True, "emergency")


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_dr_mori_opens_by_card_and_sees_what_kills_first(
    at_a_desk, mori, hanako, clinic, locale: str
):
    await wrote(clinic, hanako, "encounter", "受診のきろく")
    await wrote(clinic, hanako, "allergy", "ペニシリンアレルギー")
    desk = await at_a_desk(mori)
    assert (await desk.get("/clinic/emergency", locale=locale)).status_code == 200
    form = {"by": "card", "card": await carded(hanako), "reason": "unconscious", "words": "倒れた"}
    page = await desk.follow(await desk.post("/clinic/emergency", form), locale=locale)
    assert page.index("ペニシリンアレルギー") < page.index("受診のきろく")
    assert "山本 花子" in page
    for deed in ("widen", "renew", "close"):
        answer = await desk.post(page_action(page, deed), {"words": ""})
        assert answer.status_code == 303, answer.text
    closed = await desk.get(page_action(page, "close").rpartition("/")[0], locale=locale)
    assert "ペニシリンアレルギー" not in closed.text


async def test_whoever_has_no_card_is_opened_by_four_items_with_the_era(at_a_desk, mori, clinic):
    own = "".join("アイウエオカキクケコサシスセソタ"[int(digit, 16)] for digit in uuid7().hex[-8:])
    kana = f"コマツ {own}"
    alone = await joined("小松 鶴代", kana)
    await wrote(clinic, alone, "allergy", "ペニシリンアレルギー")
    desk = await at_a_desk(mori)
    items = {"by": "four_items", "name": "小松 鶴代", "name_kana": kana, "sex": "female"}
    born = {"birth_era": "showa", "birth_year": "15", "birth_month": "4", "birth_day": "9"}
    why = {"reason": "unconscious", "words": "倒れた"}
    nobody = await desk.post("/clinic/emergency", items | born | why | {"birth_era": "heisei"})
    assert nobody.status_code == 422
    page = await desk.follow(await desk.post("/clinic/emergency", items | born | why))
    assert "ペニシリンアレルギー" in page


def page_action(page: str, deed: str) -> str:
    at = page.index(f'/{deed}"')
    return page[page.rindex('"', 0, at) + 1 : at] + f"/{deed}"


async def test_nobody_and_whoever_refused_look_alike(at_a_desk, mori, hanako, taro):
    desk, phone = await at_a_desk(mori), await at_a_desk(hanako)
    answer = await phone.post("/disclosure/emergency", {"kind": "refuse"})
    assert answer.status_code == 303
    form = {"by": "card", "reason": "unconscious", "words": "倒れた"}
    refused = await desk.post("/clinic/emergency", form | {"card": await carded(hanako)})
    nobody = await desk.post("/clinic/emergency", form | {"local_id": "x", "by": "local_id"})
    for page in (refused, nobody):
        assert page.status_code == 422
        assert "この方の記録は、緊急の閲覧では開けません。" in page.text


async def test_a_pharmacist_finds_no_form_and_no_door(at_a_desk, hospital, hanako):
    ito = await scene.professional(hospital, "伊藤 美咲", "pharmacist")
    desk = await at_a_desk(ito)
    page = (await desk.get("/clinic/emergency")).text
    assert 'name="card"' not in page
    form = {"by": "card", "card": await carded(hanako), "reason": "unconscious", "words": "x"}
    assert (await desk.post("/clinic/emergency", form)).status_code == 422


async def test_hanako_ticks_one_box_on_the_page_and_it_is_kept(at_a_desk, hanako):
    phone = await at_a_desk(hanako)
    ticked = {"kind": "ceiling", "category": "allergy"}
    assert (await phone.post("/disclosure/emergency", ticked)).status_code == 303
    assert (await phone.ask("/me/emergency")).json()["categories"] == ["allergy"]


async def test_hanako_sets_a_ceiling_and_sees_what_was_opened(at_a_desk, mori, hanako):
    phone = await at_a_desk(hanako)
    answer = await phone.browser.put(
        "/me/emergency",
        json={"kind": "ceiling", "categories": ["allergy"], "level": "normal"},
        headers={"authorization": f"Bearer {phone.token}"},
    )
    assert answer.status_code == 200, answer.text
    assert (await phone.ask("/me/emergency")).json()["categories"] == ["allergy"]
    await opened(mori, hanako)
    page = (await phone.get("/disclosure/emergency")).text
    assert "森 直子" in page
    assert "意識がない" in page
    (seen,) = (await phone.ask("/me/emergency/sessions")).json()
    assert (seen["who"], seen["review"]) == ("森 直子", "pending")


async def test_ueda_reviews_at_her_desk(at_a_desk, mori, hanako, ueda):
    session = await opened(mori, hanako)
    desk = await at_a_desk(ueda)
    assert (await desk.get("/support/emergency")).status_code == 200
    path = f"/support/emergency/{session.session_id}"
    page = (await desk.get(path)).text
    assert "路上で倒れていた" in page
    assert "山本 花子" not in page
    assert (await desk.post(f"{path}/justified", {"words": "適切"})).status_code == 303
    assert "適切でした" in (await desk.get(path)).text


async def test_others_meet_no_door(at_a_desk, mori, hanako, ueda):
    session = await opened(mori, hanako)
    phone, support = await at_a_desk(hanako), await at_a_desk(ueda)
    for visitor in (phone, support):
        assert (await visitor.get(f"/clinic/emergency/{session.session_id}")).status_code == 404
    for visitor in (phone, await at_a_desk(mori)):
        assert (await visitor.get(f"/support/emergency/{session.session_id}")).status_code == 404


async def test_ueda_agrees_at_her_desk_to_what_goes_beyond_the_hours(
    at_a_desk, mori, hanako, ueda, admin
):
    for hours in (60, 40, 20, 10):
        await moved_back(admin, await opened(mori, hanako), timedelta(hours=hours))
    waiting = await opened(mori, hanako)
    desk, support = await at_a_desk(mori), await at_a_desk(ueda)
    path = f"/clinic/emergency/{waiting.session_id}"
    assert "サポートセンターの確認を待っています。" in (await desk.get(path)).text
    approve = f"/support/emergency/{waiting.session_id}/approve"
    assert approve in (await support.get("/support/emergency")).text
    assert (await support.post(approve, {"words": ""})).status_code == 303
    assert "アレルギー・禁忌" in (await desk.get(path)).text
    assert approve not in (await support.get("/support/emergency")).text
