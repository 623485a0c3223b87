"""Hanako and Dr Satō agree on access; whoever loses it hears so, and never why."""

import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from api.consent import service as consent
from api.consent.agreeing import asking, requests
from api.consent.errors import AskingThrottled
from api.consent.settings.switches import Exclude, SetFacility
from api.core import clock
from api.core.actor import Actor
from api.core.ids import uuid7
from api.identity.card import CardNumber
from notifications import service as notifications
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor

TITLE = "アムロジピン錠5mg"


@pytest_asyncio.fixture
async def admin(database: Deployment):
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def clinic(database: Deployment) -> Place:
    return await scene.place("こだま内科", "コダマナイカ", "Kodama Clinic", "clinic")


@pytest_asyncio.fixture
async def pharmacy(database: Deployment) -> Place:
    return await scene.place("ひなた薬局", "ヒナタヤッキョク", "Hinata Pharmacy", "pharmacy")


@pytest_asyncio.fixture
async def mori(open_browser) -> Visitor:
    """At a hospital of her own."""
    hospital = await scene.place(
        "あかね病院", "アカネビョウイン", f"Akane {uuid7().hex[-8:]}", "hospital"
    )
    actor = await scene.professional(hospital, "森 大輔", "physician")
    return await scene.visitor(await open_browser(), actor)


async def block(hanako: Visitor, **whom: Any) -> None:
    version = (await consent.settings(hanako.actor)).directive.version
    await consent.change(hanako.actor, [Exclude(on=True, **whom)], expected_version=version)


async def code_of(hanako: Visitor, **level: str) -> str:
    page = (await hanako.post("/disclosure/desk-code", **level)).text
    found = re.search(r'class="spoken-code">(\d{4}-\d{4})<', page)
    assert found, page
    return found.group(1)


async def notices(hanako: Visitor, *, language: str = "ja") -> list[dict[str, Any]]:
    while await notifications.deliver():
        pass
    return list((await hanako.ask("/me/notices", language=language)).json()["notices"])


async def allow(hanako: Visitor, place: Place, **more: Any) -> None:
    version = (await consent.settings(hanako.actor)).directive.version
    command = SetFacility(place.facility_id, on=True, **more)
    await consent.change(hanako.actor, [command], expected_version=version)


async def ask(sato: Visitor, card: CardNumber, **changed: str) -> str:
    wish = {"whom": "professional", "days": "30", "reason": "medication", "note": "お薬のこと"}
    answer = await sato.post("/clinic/ask", card=card.grouped, **(wish | changed))
    return re.sub(r'(_csrf_token" value=")[^"]+', r"\1", await sato.follow(answer))


async def request_id(hanako: Visitor) -> str:
    (only,) = (await hanako.ask("/me/disclosure/requests")).json()["requests"]
    return str(only["id"])


# The code told at the desk


async def test_a_code_told_at_the_desk_opens_the_records_for_a_day_and_hanako_is_told(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "prescription", TITLE)
    code = await code_of(hanako)
    answer = await sato.post("/clinic/desk-code", code=f" {code} ")
    assert answer.headers["location"] == f"/clinic/participants/{hanako.actor.participant_id}"
    assert TITLE in await sato.follow(answer)
    state = await consent.settings(hanako.actor)
    (row,) = state.directive.provisions
    assert (row.facility_id, row.level, row.origin) == (clinic.facility_id, 0, "desk_code")
    assert row.valid_to
    assert timedelta(hours=23, minutes=59) < row.valid_to - clock.now() <= timedelta(hours=24)
    (first, notice, *_) = await notices(hanako)
    assert first["title"] == "はじめての施設が記録を見ました"
    assert notice["title"] == "窓口で番号が使われました"
    assert "こだま内科の佐藤 健一さんが番号を入力しました" in notice["body"]
    (_, english, *_) = await notices(hanako, language="en")
    assert "佐藤 健一 of Kodama Clinic typed your code" in english["body"]
    assert 'href="/disclosure/requests#agreed"' in (await hanako.get("/inbox")).text
    log = await hanako.log()
    (changed,) = [line for line in log if line["event"] == "consent:provision:changed"]
    assert changed["sentence"].startswith(
        "こだま内科の佐藤 健一さん（医師）がご本人の番号を入力し、"
    )


async def test_only_a_keyed_hash_of_the_code_is_kept(
    hanako: Visitor, admin: asyncpg.Connection
) -> None:
    code = (await code_of(hanako)).replace("-", "")
    rows = await admin.fetch(
        "SELECT d::text AS kept FROM desk_code d WHERE participant_id = $1",
        hanako.actor.participant_id,
    )
    assert len(rows) == 1
    assert code not in rows[0]["kept"]
    assert code not in (await hanako.get("/disclosure/desk-code")).text
    assert "取り消す" in (await hanako.get("/disclosure/desk-code")).text


@pytest.mark.parametrize("why", ["unknown", "used", "replaced", "cancelled", "expired"])
async def test_a_code_that_opens_nothing_never_says_why(
    hanako: Visitor, sato: Visitor, admin: asyncpg.Connection, why: str
) -> None:
    code = await code_of(hanako)
    match why:
        case "unknown":
            code = f"{(int(code.replace('-', '')) + 1) % 10**8:08}"
        case "used":
            assert (await sato.post("/clinic/desk-code", code=code)).status_code == 303
        case "replaced":
            await code_of(hanako)
        case "cancelled":
            await hanako.post("/disclosure/desk-code/cancel")
        case "expired":
            await admin.execute(
                "UPDATE desk_code SET expires_at = now() WHERE participant_id = $1",
                hanako.actor.participant_id,
            )
    version = (await consent.settings(hanako.actor)).directive.version
    answer = await sato.post("/clinic/desk-code", code=code)
    assert answer.status_code == 422
    assert "この番号では開けません。" in answer.text
    assert (await consent.settings(hanako.actor)).directive.version == version


async def test_guessing_is_slowed_for_the_person_who_guesses(
    sato: Visitor, hanako: Visitor
) -> None:
    code = await code_of(hanako)
    statuses = [
        (await sato.post("/clinic/desk-code", code=f"{n:08}")).status_code for n in range(8)
    ]
    assert statuses[:3] == [422] * 3
    assert statuses[-1] == 429
    waiting = await sato.post("/clinic/desk-code", code=code)
    assert waiting.status_code == 429
    assert waiting.headers["retry-after"]


async def test_a_code_does_not_open_for_a_facility_hanako_has_blocked(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await block(hanako, facility_id=clinic.facility_id)
    code = await code_of(hanako)
    version = (await consent.settings(hanako.actor)).directive.version
    assert (await sato.post("/clinic/desk-code", code=code)).status_code == 422
    assert (await consent.settings(hanako.actor)).directive.version == version
    (tried, *_) = await hanako.log()
    assert (tried["event"], tried["outcome"]) == ("consent:desk_code:tried", "denied")
    assert "ご本人の設定によりお断りしました" in tried["sentence"]


async def test_hanako_ends_with_one_tap_what_the_code_opened(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    opened = await sato.post("/clinic/desk-code", code=await code_of(hanako, level="yes"))
    page = (await hanako.get("/disclosure/requests")).text
    assert "こだま内科" in page
    assert "特に慎重に扱う記録も" in page
    end = re.search(r'action="(/disclosure/agreed/\d+/end)"', page)
    assert end
    assert "終わりにしました" in await hanako.follow(await hanako.post(end.group(1)))
    assert (await sato.get(opened.headers["location"])).status_code == 404
    assert (await consent.settings(hanako.actor)).directive.provisions == ()
    assert (await hanako.post(end.group(1))).status_code == 303
    said = [line["sentence"] for line in await hanako.log()]
    assert "ご本人が、「こだま内科」に見せるのを終わりにしました。" in said
    kept = (await hanako.get("/disclosure/receipts")).text
    assert "窓口でご本人の番号が入力され" in kept
    assert "期限つきで見せていた相手を、終わりにしました。" in kept
    assert "見られなくなりました" in (await sato.get("/clinic")).text


async def test_who_does_not_take_part_makes_no_code(yumi: Visitor) -> None:
    assert "spoken-code" not in (await yumi.post("/disclosure/desk-code")).text
    assert (await yumi.tell("/me/disclosure/desk-codes", {})).status_code == 404


async def test_an_app_makes_and_ends_a_code(hanako: Visitor, sato: Visitor) -> None:
    made = await hanako.tell("/me/disclosure/desk-codes", {"level": "restricted"})
    assert made.status_code == 201
    body = made.json()
    assert re.fullmatch(r"\d{8}", body["code"])
    assert body["level"] == "restricted"
    headers = {"authorization": f"Bearer {hanako.token}"}
    ended = await hanako.browser.delete("/me/disclosure/desk-codes/current", headers=headers)
    assert ended.status_code == 204
    assert (await sato.post("/clinic/desk-code", code=body["code"])).status_code == 422
    assert (await hanako.tell("/me/disclosure/desk-codes", {"level": "secret"})).status_code == 400


# A clinician asks


async def test_hanako_edits_what_dr_sato_asks_for_and_approves(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "prescription", TITLE)
    assert hanako.card
    await ask(sato, hanako.card, whom="facility", days="365", level="yes")
    (notice, *_) = await notices(hanako)
    assert "こだま内科の佐藤 健一さんからです" in notice["body"]
    page = (await hanako.get("/disclosure/requests")).text
    for shown in ("佐藤 健一さん（医師）", "お薬の確認", "お薬のこと"):
        assert shown in page
    path = f"/disclosure/requests/{await request_id(hanako)}"
    answer = await hanako.post(f"{path}/approve", whom="professional", days=7)
    assert "見せるようにしました" in await hanako.follow(answer)
    (row,) = (await consent.settings(hanako.actor)).directive.provisions
    assert (row.professional_id, row.facility_id) == (sato.actor.professional_id, None)
    assert (row.level, row.origin) == (0, "request")
    assert row.valid_to
    assert row.valid_to - clock.now() <= timedelta(days=8)
    assert "佐藤 健一さん（こだま内科）に" in (await hanako.log())[0]["sentence"]
    clinic_page = (await sato.get("/clinic")).text
    assert "認められました" in clinic_page
    assert TITLE in (await sato.get(f"/clinic/participants/{hanako.actor.participant_id}")).text
    assert (await hanako.post(f"{path}/approve", whom="facility", days=7)).status_code == 404


async def test_the_asker_cannot_tell_declined_unanswered_and_nobody_apart(
    hanako: Visitor, sato: Visitor, open_browser
) -> None:
    nobody = scene.issue(f"{uuid7().int % 10**14:014}", scene.directory.profile().card_scheme)
    _, unanswered = await scene.participant("山本 由美", "ヤマモト ユミ")
    assert hanako.card
    answers = [await ask(sato, card) for card in (hanako.card, nobody, unanswered)]
    assert answers[0] == answers[1] == answers[2]
    before = (await sato.get("/clinic")).text
    assert before.count("お返事を待っています") == 3
    path = f"/disclosure/requests/{await request_id(hanako)}"
    version = (await consent.settings(hanako.actor)).directive.version
    told = "お願いを断りました。何も変わっていません。"
    assert told in await hanako.follow(await hanako.post(f"{path}/refuse"))
    assert (await consent.settings(hanako.actor)).directive.version == version
    assert (await sato.get("/clinic")).text == before
    assert "お願いを断りました" in (await hanako.log())[0]["sentence"]
    for card in (hanako.card, nobody):
        assert await ask(sato, card) == answers[0]
    assert (await hanako.ask("/me/disclosure/requests")).json()["requests"] == []
    assert (await sato.get("/clinic")).text == before, "asking again changes nothing"


async def test_a_request_ends_after_thirty_days(
    hanako: Visitor, sato: Visitor, admin: asyncpg.Connection
) -> None:
    assert hanako.card
    await ask(sato, hanako.card)
    old = await request_id(hanako)
    for table, owner in (
        ("access_request", hanako.actor.participant_id),
        ("asked", sato.actor.professional_id),
    ):
        column = "participant_id" if table == "access_request" else "professional_id"
        await admin.execute(
            f"UPDATE {table} SET asked_at = asked_at - interval '31 days' WHERE {column} = $1",
            owner,
        )
    assert (await hanako.ask("/me/disclosure/requests")).json()["requests"] == []
    late = {"who": "facility", "until": in_days(5)}
    answer = await hanako.tell(f"/me/disclosure/requests/{old}/approval", late)
    assert answer.status_code == 404
    assert "お返事を待っています" not in (await sato.get("/clinic")).text
    await ask(sato, hanako.card)
    assert await request_id(hanako) != old


async def test_whoever_hanako_blocked_does_not_reach_her(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await block(hanako, professional_id=sato.actor.professional_id)
    assert hanako.card
    await ask(sato, hanako.card)
    assert (await hanako.ask("/me/disclosure/requests")).json()["requests"] == []
    (asked, *_) = await hanako.log()
    assert (asked["event"], asked["outcome"]) == ("consent:request:asked", "denied")
    assert all("お願い" not in each["title"] for each in await notices(hanako))


async def test_approving_someone_blocked_since_changes_nothing(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    assert hanako.card
    await ask(sato, hanako.card)
    await block(hanako, facility_id=clinic.facility_id)
    path = f"/disclosure/requests/{await request_id(hanako)}"
    answer = await hanako.post(f"{path}/approve", whom="professional", days=7)
    assert answer.status_code == 409
    assert "いまの設定では、この方に見せられません。" in answer.text
    assert len((await consent.settings(hanako.actor)).directive.provisions) == 1


def in_days(days: int) -> str:
    return (clock.now() + timedelta(days=days)).isoformat()


@pytest.mark.parametrize("days", [-1, 400])
async def test_an_end_that_is_past_or_too_far_is_refused(
    hanako: Visitor, sato: Visitor, days: int
) -> None:
    until = in_days(days)
    assert hanako.card
    await ask(sato, hanako.card)
    path = f"/me/disclosure/requests/{await request_id(hanako)}/approval"
    answer = await hanako.tell(path, {"who": "facility", "until": until})
    assert answer.status_code == 422
    assert (await consent.settings(hanako.actor)).directive.version == 0
    answer = await hanako.tell(
        path, {"who": "facility", "until": in_days(3), "level": "restricted"}
    )
    assert answer.json() == {"version": 1}


@pytest.mark.parametrize(
    ("field", "typed"), [("card", "1234"), ("card", "123456789018"), ("note", "あ" * 201)]
)
async def test_a_request_that_cannot_be_right_is_asked_for_again(
    hanako: Visitor, sato: Visitor, field: str, typed: str
) -> None:
    assert hanako.card
    fields = {"card": hanako.card.grouped, "note": "", field: typed}
    answer = await sato.post("/clinic/ask", **fields)
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text
    assert "123456789018" not in answer.text
    assert (await hanako.ask("/me/disclosure/requests")).json()["requests"] == []


async def test_many_requests_are_slowed(sato: Visitor) -> None:
    scheme = scene.directory.profile().card_scheme
    wish = requests.Wish("professional", 30, 0, "treatment", "")
    cards = [scene.issue(f"{uuid7().int % 10**14:014}", scheme) for _ in range(16)]
    for card in cards[:15]:
        await requests.ask(sato.actor, card.digits, wish)
    with pytest.raises(AskingThrottled) as slowed:
        await requests.ask(sato.actor, cards[15].digits, wish)
    assert 0 < slowed.value.retry_after <= 240


# Handing on


async def hand_on(sato: Visitor, hanako: Visitor, receiver: Actor, **changed: str) -> str:
    wish = {"professional_id": str(receiver.professional_id), "days": "30", "reason": "referral"}
    path = f"/clinic/participants/{hanako.actor.participant_id}/hand-on"
    answer = await sato.post(path, **(wish | changed))
    return await sato.follow(answer) if answer.status_code == 303 else answer.text


async def test_dr_sato_hands_his_access_on_and_hanako_is_told_and_ends_it(
    hanako: Visitor, sato: Visitor, mori: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "prescription", TITLE)
    ends = clock.now() + timedelta(days=10)
    await allow(hanako, clinic, until=ends)
    path = f"/clinic/participants/{hanako.actor.participant_id}/hand-on"
    found = (await sato.post(f"{path}/find", q="あかね病院")).text
    assert f'value="{mori.actor.professional_id}"' in found
    assert f'value="{sato.actor.professional_id}"' not in found
    assert "引き継ぎました" in await hand_on(sato, hanako, mori.actor)
    (_, row) = (await consent.settings(hanako.actor)).directive.provisions
    assert (row.professional_id, row.origin) == (mori.actor.professional_id, "delegation")
    assert row.delegated_by == sato.actor.professional_id
    assert row.valid_to
    assert abs(row.valid_to - ends) < timedelta(seconds=1)
    page = f"/clinic/participants/{hanako.actor.participant_id}"
    assert TITLE in (await mori.get(page)).text
    (_, notice, *_) = await notices(hanako)
    assert "佐藤 健一さんが、森 大輔さん（あかね病院）に" in notice["body"]
    assert "紹介や相談" in notice["body"]
    shown = (await hanako.get("/disclosure/requests")).text
    assert "森 大輔さん（あかね病院）" in shown
    assert "佐藤 健一さん（こだま内科）" in shown
    await hanako.post(f"/disclosure/agreed/{row.id}/end")
    assert (await mori.get(page)).status_code == 404
    assert TITLE in (await sato.get(page)).text


async def test_what_was_handed_on_goes_no_further(
    hanako: Visitor, sato: Visitor, mori: Visitor, ito: Visitor, clinic: Place
) -> None:
    await allow(hanako, clinic)
    await hand_on(sato, hanako, mori.actor)
    path = f"/clinic/participants/{hanako.actor.participant_id}/hand-on"
    assert "この方の記録は引き継げません" in (await mori.get(path)).text
    version = (await consent.settings(hanako.actor)).directive.version
    assert "この方には引き継げません。" in await hand_on(mori, hanako, ito.actor)
    assert (await consent.settings(hanako.actor)).directive.version == version
    assert (await hanako.log())[0]["event"] == "consent:delegation:tried"


async def test_nobody_hands_on_more_than_they_have(
    hanako: Visitor,
    sato: Visitor,
    ito: Visitor,
    mori: Visitor,
    clinic: Place,
    pharmacy: Place,
) -> None:
    await allow(hanako, clinic)
    await allow(hanako, pharmacy)
    version = (await consent.settings(hanako.actor)).directive.version
    beyond_level = await hand_on(sato, hanako, mori.actor, level="yes")
    wider_profession = await hand_on(ito, hanako, mori.actor)
    colleague = await scene.professional(clinic, "青木 進", "physician")
    same_facility = await hand_on(sato, hanako, colleague)
    await block(hanako, professional_id=mori.actor.professional_id)
    blocked = await hand_on(sato, hanako, mori.actor)
    for refused in (beyond_level, wider_profession, same_facility, blocked):
        assert "この方には引き継げません。" in refused
    assert (await consent.settings(hanako.actor)).directive.version == version + 1


async def test_who_may_not_see_her_may_hand_nothing_on(
    hanako: Visitor, sato: Visitor, mori: Visitor
) -> None:
    path = f"/clinic/participants/{hanako.actor.participant_id}/hand-on"
    unknown = f"/clinic/participants/{uuid7()}/hand-on"
    assert (await sato.get(path)).status_code == (await sato.get(unknown)).status_code == 404
    assert "ページは見つからない" in await hand_on(sato, hanako, mori.actor)


async def test_what_was_handed_on_ends_with_the_grant_it_came_from(
    hanako: Visitor, sato: Visitor, mori: Visitor, clinic: Place
) -> None:
    await sato.post("/clinic/desk-code", code=await code_of(hanako))
    await hand_on(sato, hanako, mori.actor)
    page = f"/clinic/participants/{hanako.actor.participant_id}"
    assert (await mori.get(page)).status_code == 200
    first = (await consent.settings(hanako.actor)).directive.provisions[0]
    await hanako.post(f"/disclosure/agreed/{first.id}/end")
    assert (await mori.get(page)).status_code == 404
    assert (await consent.settings(hanako.actor)).directive.provisions == ()


# Changed by somebody else


async def test_what_hanako_does_herself_is_logged_and_no_notice(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    before = len(await notices(hanako))
    await allow(hanako, clinic)
    await sato.post("/clinic/desk-code", code=await code_of(hanako))
    (row,) = asking.agreed((await consent.settings(hanako.actor)).directive)
    await hanako.post(f"/disclosure/agreed/{row.id}/end")
    told = [each["title"] for each in await notices(hanako)]
    assert len(told) == before + 1
    assert told[0] == "窓口で番号が使われました"


# Word of the end


async def test_those_shut_out_are_told_by_their_own_number_and_not_why(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
) -> None:
    number = f"P-{uuid7().hex[-10:]}"
    await scene.knows_as(clinic, hanako.actor, number)
    await allow(hanako, clinic)
    await allow(hanako, pharmacy)
    await hanako.turn("facility", clinic.facility_id, "no", 2)
    page = (await sato.get("/clinic")).text
    assert f"患者番号 {number} の方の記録は、いまは見られません。" in page
    assert "見られなくなった方" not in (await ito.get("/clinic")).text
    seen = re.search(r'action="(/clinic/notices/[^"]+/seen)"', page)
    assert seen
    await ito.post(seen.group(1))
    assert number in (await sato.get("/clinic")).text, "another facility's hand marks nothing"
    await sato.post(seen.group(1))
    assert number not in (await sato.get("/clinic")).text


async def test_leaving_tells_everyone_let_in_by_name_and_coming_back_tells_nobody(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await allow(hanako, clinic)
    await allow(hanako, pharmacy)
    await hanako.post("/disclosure/participation", state="withdrawn")
    for each in (sato, ito):
        page = (await each.get("/clinic")).text
        assert "この施設の患者番号がない方の記録が、見られなくなりました。" in page
        assert "参加" not in page.split("見られなくなった方")[1].split("確認しました")[0]
    await hanako.post("/disclosure/participation", state="participating")
    page = (await sato.get("/clinic")).text
    assert page.count("見られなくなりました。") == 1


async def test_a_notice_for_one_person_is_not_shown_to_their_colleagues(
    hanako: Visitor, sato: Visitor, clinic: Place, open_browser
) -> None:
    assert hanako.card
    await ask(sato, hanako.card)
    path = f"/disclosure/requests/{await request_id(hanako)}"
    await hanako.post(f"{path}/approve", whom="professional", days=7)
    (row,) = (await consent.settings(hanako.actor)).directive.provisions
    await hanako.post(f"/disclosure/agreed/{row.id}/end")
    colleague = await scene.professional(clinic, "青木 進", "physician")
    aoki = await scene.visitor(await open_browser(), colleague)
    assert "ご自身あて" in (await sato.get("/clinic")).text
    assert "見られなくなった方" not in (await aoki.get("/clinic")).text
