"""Hanako keeps her notebook: medicines, allergies, doctors, checkups at school."""

import re
from uuid import UUID, uuid4

import httpx
import pytest

from api.consent import service as consent
from api.consent.lifecycle import leaving
from api.phr.child import service as children
from tests.phr.notes.test_kinds import FULL
from tests.portal import scene
from tests.portal.scene import Place, Visitor, forms, sent

SHELVES = {
    "medication": "/book/medications",
    "allergy": "/book/allergies",
    "doctor": "/book/doctors",
    "school-checkup": "/book/school-checkups",
}
DOORS = {name: here.replace("/book/", "/me/") for name, here in SHELVES.items()}
SEEN = {
    "medication": ("アムロジピン錠5mg", "病院で出された薬", "1錠", "朝食後", "12.5", "飲み忘れた"),
    "allergy": ("鶏卵", "食べ物", "本人の記入", "重い症状", "じんましん", "子どものころ"),
    "doctor": ("佐藤医院", "佐藤先生", "tel:0961234567", "いちばんのかかりつけ", "血圧"),
    "school-checkup": ("2026年度", "小学3年", "128.1", "A（1.0以上）", "眼科へ"),
}
EACH = pytest.mark.parametrize("name", SHELVES)


def full(name: str, /, **changed: str) -> dict[str, str]:
    until = {"until": "2099-12-31"} if name == "medication" else {}
    return {**FULL[name], **until, **changed}


async def entry_id(who: Visitor, name: str) -> str:
    found = (await who.ask(DOORS[name])).json()
    return str((found["now"] if "now" in found else found["entries"])[0]["id"])


async def write(who: Visitor, name: str, /, **changed: str) -> str:
    """Writes one on its page; the list that follows."""
    return await who.follow(await who.post(f"{SHELVES[name]}/new", full(name, **changed)))


async def tell(who: Visitor, method: str, path: str, body: object = None) -> httpx.Response:
    headers = {"authorization": f"Bearer {who.token}", "accept-language": "ja"}
    return await who.browser.request(method, path, json=body, headers=headers)


@EACH
async def test_what_she_writes_stands_on_its_page_in_words(hanako: Visitor, name: str) -> None:
    empty = (await hanako.get(SHELVES[name])).text
    assert "まだ書いていません" in empty
    assert (await hanako.get(f"{SHELVES[name]}/new")).status_code == 200
    page = await write(hanako, name)
    for words in ("保存しました。", *SEEN[name]):
        assert words in page
    assert "まだ書いていません" not in page
    english = (await hanako.get(SHELVES[name], locale="en")).text
    assert not re.search(r"(notes|own)\.[a-z_]+\.", english)


@EACH
async def test_she_corrects_it_and_takes_it_away_after_being_asked(
    hanako: Visitor, name: str
) -> None:
    await write(hanako, name)
    one = f"{SHELVES[name]}/{await entry_id(hanako, name)}"
    (form,) = (each for each in forms((await hanako.get(one)).text) if f'action="{one}"' in each)
    _, hidden = sent(form)
    assert hidden["version"] == "1"
    again = await hanako.post(one, full(name, remark="書き直しました"), version="1")
    assert "書き直しました" in await hanako.follow(again)
    stale = await hanako.post(one, full(name, remark="古い画面から"), version="1")
    assert stale.status_code == 409
    assert "先に変更しています" in stale.text
    assert "古い画面から" in stale.text
    asked = (await hanako.get(f"{one}/remove")).text
    assert "消すと元に戻せません" in asked
    assert "消しました。" in await hanako.follow(await hanako.post(f"{one}/remove"))
    assert (await hanako.get(one)).status_code == 404


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("medication", {"until": "2026-03-01"}, "飲みはじめた日より前です"),
        ("medication", {"left": ""}, "残っている数も入力してください"),
        ("medication", {"name": ""}, "入力してください"),
        ("allergy", {"sort": ""}, "入力してください"),
        ("doctor", {"telephone": "12"}, "0から始まる10けたか11けた"),
        ("school-checkup", {"height": "1281"}, "50から230まで"),
        ("school-checkup", {"weight": "-27"}, "数字で入力してください"),
        ("school-checkup", {"on": "2999-01-01"}, "今日までの日付"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    hanako: Visitor, name: str, changed: dict[str, str], said: str
) -> None:
    typed = full(name, **{"allergen": "", **changed} if name == "allergy" else changed)
    answer = await hanako.post(f"{SHELVES[name]}/new", typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert typed["remark"].splitlines()[0] in answer.text


async def test_a_seldom_number_is_asked_about_once(hanako: Visitor) -> None:
    asked = await hanako.post("/book/school-checkups/new", full("school-checkup", height="210"))
    assert "この数字で合っていますか" in asked.text
    (form,) = (each for each in forms(asked.text) if "/new" in each)
    _, hidden = sent(form)
    kept = await hanako.post(
        "/book/school-checkups/new", full("school-checkup", height="210"), sure=hidden["sure"]
    )
    assert "210" in await hanako.follow(kept)


async def test_medicines_taken_no_more_stand_below_and_those_of_pharmacies_apart(
    hanako: Visitor, pharmacy: Place
) -> None:
    await write(hanako, "medication", until="2026-04-02")
    given = await scene.wrote(pharmacy, hanako.actor, "dispensing", "酸化マグネシウム錠")
    page = (await hanako.get("/book/medications")).text
    now, pharmacies, before = (
        page.index(f'<h2 id="{each}">') for each in ("now", "given", "before")
    )
    assert now < pharmacies < page.index(f"/records/{given}") < before
    assert "酸化マグネシウム錠" in page
    assert "すみれ薬局" in page
    assert before < page.index("アムロジピン錠5mg")
    assert "まだ書いていません" in page


async def test_an_allergy_is_found_in_the_table_and_keeps_its_code(hanako: Visitor) -> None:
    page = (await hanako.get("/book/allergies/find")).text
    assert "J-FAGYコード（2025年4月1日版、CC0 1.0）" in page
    found = (await hanako.post("/book/allergies/find", words="たまご")).text
    (form,) = (each for each in forms(found) if ">鶏卵<" in each)
    action, hidden = sent(form)
    assert (action, hidden["allergen"]) == ("/book/allergies/picked", "J9FB13110000")
    filled = (await hanako.post(action, hidden)).text
    assert 'value="鶏卵"' in filled
    assert re.search(r'value="food"[^>]* checked', filled)
    (form,) = (each for each in forms(filled) if 'action="/book/allergies/new"' in each)
    _, hidden = sent(form)
    fields = {**hidden, "on": "2026-05-01", "name": "鶏卵", "sort": "food"}
    await hanako.follow(await hanako.post("/book/allergies/new", fields))
    (written,) = (await hanako.ask("/me/allergies")).json()["entries"]
    assert written["fields"]["allergen"] == "J9FB13110000"


async def test_what_the_table_does_not_have_is_written_in_her_words(hanako: Visitor) -> None:
    found = (await hanako.post("/book/allergies/find", words="ペニシリン")).text
    assert "見つかりませんでした" in found
    (form,) = (each for each in forms(found) if "自分の言葉で書く" in each)
    filled = (await hanako.post(*sent(form))).text
    assert 'value="ペニシリン"' in filled
    typed = {"on": "2026-05-01", "name": "ペニシリン", "sort": "medication", "allergen": ""}
    page = await hanako.follow(await hanako.post("/book/allergies/new", typed))
    assert "ペニシリン" in page


async def test_a_code_does_not_stay_with_another_name(hanako: Visitor) -> None:
    await write(hanako, "allergy", name="うずらの卵だけ")
    (written,) = (await hanako.ask("/me/allergies")).json()["entries"]
    assert written["fields"]["name"] == "うずらの卵だけ"
    assert "allergen" not in written["fields"]


async def test_what_a_clinic_wrote_of_her_allergies_stands_apart(
    hanako: Visitor, clinic: Place
) -> None:
    await write(hanako, "allergy")
    for category, title in (("allergy", "セフェム系"), ("contraindication", "ヨード造影剤")):
        await scene.wrote(clinic, hanako.actor, category, title)
    page = (await hanako.get("/book/allergies")).text
    own, confirmed = (page.index(f'<h2 id="{each}">') for each in ("own", "confirmed"))
    assert own < page.index("鶏卵") < confirmed
    assert confirmed < page.index("セフェム系")
    assert confirmed < page.index("ヨード造影剤")
    assert page.count("<h3>鶏卵</h3>") == 1
    assert "まだ確かめていません" in page


async def test_the_main_doctor_stands_first(hanako: Visitor) -> None:
    await write(hanako, "doctor", place="あおい薬局", is_main="no", telephone="")
    page = await write(hanako, "doctor")
    assert page.index("佐藤医院") < page.index("あおい薬局")


async def child_of(who: Visitor, name: str = "ゆい") -> UUID:
    fields = {"name": name, "sex": "female", "on": "2017-05-01"}
    return (await children.begin(who.actor, fields)).book_id


async def test_a_childs_checkups_stand_in_the_childs_book_alone(hanako: Visitor) -> None:
    child, other = await child_of(hanako), await child_of(hanako, "そうた")
    here = f"/book/children/{child}/school-checkups"
    assert f'href="{here}"' in (await hanako.get(f"/book/children/{child}")).text
    empty = (await hanako.get(here)).text
    assert "まだ書いていません" in empty
    assert f'href="/book/children/{child}"' in empty
    assert (await hanako.get(f"{here}/new")).status_code == 200
    page = await hanako.follow(await hanako.post(f"{here}/new", full("school-checkup")))
    assert "小学3年" in page
    assert "小学3年" not in (await hanako.get("/book/school-checkups")).text
    assert "小学3年" not in (await hanako.get(f"/book/children/{other}/school-checkups")).text
    door = f"/me/school-checkups/children/{child}"
    (written,) = (await hanako.ask(door)).json()["entries"]
    one = f"{here}/{written['id']}"
    assert (await hanako.get(one)).status_code == 200
    again = await hanako.post(one, full("school-checkup", grade="e4"), version="1")
    assert "小学4年" in await hanako.follow(again)
    assert "小学4年" in (await hanako.get(f"{one}/remove")).text
    told = await tell(hanako, "POST", door, {"fields": full("school-checkup")})
    assert told.status_code == 201
    assert (await hanako.get(f"/book/school-checkups/{written['id']}")).status_code == 404
    assert "消しました。" in await hanako.follow(await hanako.post(f"{one}/remove"))


async def test_no_checkup_is_written_of_a_child_without_a_book_or_of_anothers(
    hanako: Visitor, yumi: Visitor
) -> None:
    await leaving.take_part(yumi.actor, "participating")
    for child in (uuid4(), await child_of(yumi)):
        here = f"/book/children/{child}/school-checkups"
        door = f"/me/school-checkups/children/{child}"
        for answer in (
            await hanako.get(here),
            await hanako.get(f"{here}/new"),
            await hanako.post(f"{here}/new", full("school-checkup")),
            await hanako.ask(door),
            await tell(hanako, "POST", door, {"fields": full("school-checkup")}),
        ):
            assert answer.status_code == 404


@EACH
async def test_her_app_does_all_of_it(hanako: Visitor, name: str) -> None:
    door = DOORS[name]
    body = {"fields": full(name), "key": "app-1"}
    written = await tell(hanako, "POST", door, body)
    assert written.status_code == 201, written.text
    one = written.json()
    assert one["fields"] == {k: v for k, v in full(name).items() if k != "on"}
    assert (await tell(hanako, "POST", door, body)).json()["id"] == one["id"]
    change = {"fields": full(name, remark="アプリから"), "version": 1}
    changed = await tell(hanako, "PUT", f"{door}/{one['id']}", change)
    assert (changed.json()["version"], changed.json()["by"]) == (2, "self")
    other = {"fields": full(name, remark="べつのアプリから"), "version": 1}
    assert (await tell(hanako, "PUT", f"{door}/{one['id']}", other)).status_code == 409
    versions = (await hanako.ask(f"{door}/{one['id']}/versions")).json()
    assert [each["version"] for each in versions] == [2, 1]
    wrong = await tell(hanako, "POST", door, {"fields": {"on": "2026-05-01"}})
    assert wrong.status_code == 422
    assert wrong.json()["fields"]
    for _ in ("once", "a tap too many"):
        assert (await tell(hanako, "DELETE", f"{door}/{one['id']}")).status_code == 204
    assert (await hanako.ask(f"{door}/{one['id']}/versions")).status_code == 404


async def test_her_app_finds_codes_of_allergens(hanako: Visitor) -> None:
    first, *_ = (await hanako.ask("/me/allergens?q=buckwheat", language="en")).json()
    assert first == {
        "code": "J9FA19140000",
        "system": "http://jpfhir.jp/fhir/core/CodeSystem/JP_JfagyFoodAllergen_CS",
        "name": "Buckwheat",
        "is_food": True,
    }
    assert (await hanako.ask("/me/allergens")).json() == []


async def test_a_page_of_one_kind_does_not_touch_another(hanako: Visitor) -> None:
    await write(hanako, "medication")
    medicine = await entry_id(hanako, "medication")
    for name in ("allergy", "doctor", "school-checkup"):
        one = f"{SHELVES[name]}/{medicine}"
        assert (await hanako.get(one)).status_code == 404
        assert (await hanako.post(f"{one}/remove")).status_code == 404
        assert (await hanako.post(one, full(name), version="1")).status_code == 404
        assert (await tell(hanako, "DELETE", f"{DOORS[name]}/{medicine}")).status_code == 404
    assert await entry_id(hanako, "medication") == medicine


@EACH
async def test_yumi_finds_nothing_of_her_mothers(hanako: Visitor, yumi: Visitor, name: str) -> None:
    await leaving.take_part(yumi.actor, "participating")
    await write(hanako, name)
    one = f"{SHELVES[name]}/{await entry_id(hanako, name)}"
    assert "まだ書いていません" in (await yumi.get(SHELVES[name])).text
    for answer in (
        await yumi.get(one),
        await yumi.get(f"{one}/remove"),
        await yumi.post(one, full(name), version="1"),
        await yumi.post(f"{one}/remove"),
        await yumi.ask(f"{one.replace('/book/', '/me/')}/versions"),
    ):
        assert answer.status_code == 404
    assert await entry_id(hanako, name) == one.rpartition("/")[2]


async def test_whoever_left_writes_nothing(hanako: Visitor) -> None:
    await leaving.take_part(hanako.actor, "withdrawn")
    answer = await hanako.post("/book/doctors/new", full("doctor"))
    assert answer.status_code == 409
    assert "佐藤医院" in answer.text


async def test_her_summary_names_her_allergy_as_her_own_word(hanako: Visitor) -> None:
    await write(hanako, "allergy")
    document = (await hanako.ask("/me/summary")).json()
    resources = {each["resource"]["resourceType"]: each["resource"] for each in document["entry"]}
    allergy = resources["AllergyIntolerance"]
    assert allergy["code"]["text"] == "鶏卵"
    assert allergy["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    sections = resources["Composition"]["section"]
    said = next(each for each in sections if each["code"]["coding"][0]["code"] == "48765-2")
    assert "ご本人の登録" in said["text"]["div"]


async def test_her_long_standing_medicine_is_in_the_summary_until_its_last_day(
    hanako: Visitor,
) -> None:
    for name, until in (("ずっと飲む薬", ""), ("もう飲まない薬", "2026-01-31")):
        await write(hanako, "medication", name=name, since="2020-01-01", until=until)
    document = (await hanako.ask("/me/summary")).text
    assert "ずっと飲む薬" in document
    assert "もう飲まない薬" not in document


async def test_a_doctor_she_lets_in_reads_what_she_wrote_by_its_name(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    for name in ("allergy", "medication", "doctor"):
        await write(hanako, name)
    await write(hanako, "allergy", name="そば", allergen="")
    version = (await consent.settings(hanako.actor)).directive.version
    await hanako.turn("facility", clinic.facility_id, "yes", version)
    here = f"/clinic/participants/{hanako.actor.participant_id}"
    page = (await sato.get(f"{here}/timeline")).text
    for words in ("鶏卵", "そば", "アムロジピン錠5mg", "佐藤医院", "ご本人"):
        assert words in page
    overview = (await sato.get(here)).text
    assert "鶏卵" in overview
    assert "アムロジピン錠5mg" in (await sato.get(f"{here}/medication")).text
    one = (await sato.get(f"{here}/records/{await entry_id(hanako, 'medication')}")).text
    assert "残っている数: 12.5、旅行で飲み忘れた" in one
