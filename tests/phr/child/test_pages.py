"""Children's books at the browser and over JSON."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.consent import service as consent
from api.consent.lifecycle import leaving
from api.core.clock import today_in_japan as this_day
from api.phr.child import handing_over, service
from api.records import service as records
from tests.phr.child.scene import (
    BORN,
    account_of_a_child,
    acting_as_parent,
    begun,
    day,
    grown,
)
from tests.portal import scene
from tests.portal.scene import Place, Visitor, forms, sent
from tests.proxies.conftest import Pair

HERE = "/book/children"


async def test_she_begins_a_book_and_writes_into_it(hanako: Visitor) -> None:
    empty = (await hanako.get(HERE)).text
    assert "まだお子さまの記録はありません" in empty
    assert "自分の成長の記録を始める" not in empty, "she is grown up"
    form = (await hanako.get(f"{HERE}/new")).text
    assert "生まれた日" in form
    assert "(週)" in form
    assert "(weeks)" in (await hanako.get(f"{HERE}/new", locale="en")).text
    answer = await hanako.post(
        f"{HERE}/new", on=BORN.isoformat(), name="ゆい", sex="female", weight="2950g", weeks="39"
    )
    page = await hanako.follow(answer)
    assert "保存しました。" in page
    assert "<h1>ゆい</h1>" in page
    assert "2.95\u00a0kg" in page
    assert "体重は50パーセンタイルの線上です。" in page
    assert "ゆい" in (await hanako.get(HERE)).text
    here = answer.headers["location"].partition("?")[0]

    assert (
        'type="date" value="' + this_day().isoformat()
        in (await hanako.get(f"{here}/growth/new")).text
    )
    answer = await hanako.post(f"{here}/growth/new", on=day(120), weight="6.06", head="40")
    page = await hanako.follow(answer)
    assert answer.headers["location"].endswith("#growth")
    assert page.count('class="chart"') == 2
    assert "こども家庭庁「令和5年（2023年）乳幼児身体発育調査」" in page
    assert "母子保健法第12条" in page
    assert "頭囲は" in page
    page = (await hanako.get(here, locale="en")).text
    assert "Weight is on the line of the " in page
    assert "Infant and Child Growth Survey 2023" in page


async def test_a_month_ago_is_compared(hanako: Visitor) -> None:
    yui = await begun(hanako, weight="")
    await grown(hanako, yui, 120, weight="6.06")
    await grown(hanako, yui, 150, weight="6.9")
    page = (await hanako.get(f"{HERE}/{yui.book_id}")).text
    assert "1か月前は" in page
    english = (await hanako.get(f"{HERE}/{yui.book_id}", locale="en")).text
    assert "A month before it was " in english
    await grown(hanako, yui, 118, height="61")
    await grown(hanako, yui, 40, height="55")
    page = (await hanako.get(f"{HERE}/{yui.book_id}")).text
    assert "日は" in page.partition("身長は")[2][:60]


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        ("5", "体重は3パーセンタイルの線より下です。"),
        ("9.5", "体重は97パーセンタイルの線より上です。"),
    ],
)
async def test_beyond_the_outer_lines_it_says_so_in_words(
    hanako: Visitor, weight: str, said: str
) -> None:
    yui = await begun(hanako)
    await grown(hanako, yui, 150, weight=weight)
    page = (await hanako.get(f"{HERE}/{yui.book_id}")).text
    assert said in page
    assert "異常" not in page


async def test_what_comes_next_stands_above_all_else(hanako: Visitor) -> None:
    yui = await begun(hanako, born=this_day() - timedelta(days=100))
    page = (await hanako.get(f"{HERE}/{yui.book_id}")).text
    ahead = page[page.index('id="ahead"') : page.index('id="growth"')]
    assert "3〜4か月児健診" in ahead
    assert "受ける時期です" in ahead
    assert ahead.count("<li>") == 5, "a checkup and the first four vaccines"
    assert f'href="{HERE}/{yui.book_id}/vaccines"' in ahead
    grown_up = await begun(hanako, born=this_day() - timedelta(days=365 * 30))
    assert 'id="ahead"' not in (await hanako.get(f"{HERE}/{grown_up.book_id}")).text


async def test_of_a_preterm_child_both_ages_are_shown(hanako: Visitor) -> None:
    early = await begun(hanako, weeks="30", days="0", weight="1.6")
    page = (await hanako.get(f"{HERE}/{early.book_id}")).text
    assert "修正月齢（予定日から数えた月齢）: 2か月と" in page
    assert "予定日より早く生まれたお子さまは、修正月齢でくらべるのがふつうです。" in page
    assert "予定日より前の体重は、修正月齢では曲線の上に置けません。" in page
    await grown(hanako, early, 150, weight="5.4")
    page = (await hanako.get(f"{HERE}/{early.book_id}")).text
    assert "修正月齢でみると、体重は" in page
    assert "生まれた日から数えた月齢では" in page
    assert "[ ] の中は、修正月齢でのパーセンタイルです。" in page
    unborn = await begun(hanako, weeks="30", born=this_day() - timedelta(days=20), weight="1.6")
    page = (await hanako.get(f"{HERE}/{unborn.book_id}")).text
    assert "予定日まであと48日" in page


async def test_beyond_six_and_a_half_there_is_no_curve_and_the_value_stands(
    hanako: Visitor,
) -> None:
    grown_up = await begun(hanako, born=this_day() - timedelta(days=3000), weight="")
    await grown(hanako, grown_up, 2990, weight="25")
    page = (await hanako.get(f"{HERE}/{grown_up.book_id}")).text
    assert "この年齢の体重は、全国の調査にありません。" in page
    assert "8歳" in page


async def test_what_cannot_be_is_said_and_what_was_typed_stays(hanako: Visitor) -> None:
    yui = await begun(hanako)
    here = f"{HERE}/{yui.book_id}/growth/new"
    wrong = await hanako.post(here, on=(this_day() + timedelta(days=1)).isoformat(), weight="700")
    assert wrong.status_code == 422
    assert "今日までの日付を入力してください" in wrong.text
    assert 'value="700"' in wrong.text
    odd = await hanako.post(here, on=day(150), weight="15")
    assert odd.status_code == 422
    assert "この数字で合っていますか" in odd.text
    (form,) = (each for each in forms(odd.text) if "合っているので保存する" in each)
    action, fields = sent(form)
    saved = await hanako.post(action, {**fields, "on": day(150), "weight": "15"})
    assert saved.status_code == 303
    wrong = await hanako.post(f"{HERE}/new", on=day(0), sex="female")
    assert wrong.status_code == 422
    assert "入力してください。" in wrong.text


async def test_an_entry_is_corrected_and_removed(hanako: Visitor) -> None:
    yui = await begun(hanako)
    entry = await grown(hanako, yui, 100, weight="5.8")
    here = f"{HERE}/{yui.book_id}/growth/{entry.entry_id}"
    page = (await hanako.get(here)).text
    assert 'value="5.8"' in page
    (form,) = (each for each in forms(page) if "保存する" in each)
    _, fields = sent(form)
    answer = await hanako.post(here, {**fields, "on": day(100), "weight": "5.9"})
    assert "5.9" in await hanako.follow(answer)
    late = await hanako.post(here, {**fields, "on": day(100), "weight": "6.1"})
    assert late.status_code == 409
    assert 'value="6.1"' in late.text
    asked = (await hanako.get(f"{here}/remove")).text
    assert "5.9\u00a0kg" in asked
    assert "消しました。" in await hanako.follow(await hanako.post(f"{here}/remove"))
    assert (await hanako.get(here)).status_code == 404


async def test_checkups_and_milestones_are_written_from_their_lines(hanako: Visitor) -> None:
    yui = await begun(hanako)
    here = f"{HERE}/{yui.book_id}"
    page = (await hanako.get(here)).text
    assert "1歳6か月児健診" in page
    assert "法律で決まった健診" in page
    assert "10人中9人ができるころ：6〜7か月" in page
    form = (await hanako.get(f"{here}/checkup/new?which=m3")).text
    assert 'value="m3" selected' in form
    answer = await hanako.post(
        f"{here}/checkup/new", on=day(110), which="m3", result="watch", note="2回目は市で"
    )
    page = await hanako.follow(answer)
    assert "様子を見ましょう、と言われた" in page
    assert "2回目は市で" in page
    answer = await hanako.post(f"{here}/milestone/new", on=day(120), which="head")
    assert '<span class="sr-only">首がすわる </span>直す</a>' in await hanako.follow(answer)
    again = await hanako.post(f"{here}/milestone/new", on=day(121), which="head")
    assert again.status_code == 422
    assert "もう記録してあります" in again.text


async def test_every_value_is_in_a_table_page_by_page(hanako: Visitor) -> None:
    yui = await begun(hanako)
    for age in range(1, 53):
        await grown(hanako, yui, age, height="55", note="" if age > 1 else "はじめて")
    page = (await hanako.get(f"{HERE}/{yui.book_id}")).text
    assert "すべての身長・体重を見る" in page
    first = (await hanako.get(f"{HERE}/{yui.book_id}/growth")).text
    assert first.count('scope="row"') == 50
    last = (await hanako.get(f"{HERE}/{yui.book_id}/growth?page=9")).text
    assert last.count('scope="row"') == 3
    assert "生まれたとき" in last
    assert "はじめて" in last


async def test_a_book_is_corrected_and_removed(hanako: Visitor) -> None:
    yui = await begun(hanako)
    here = f"{HERE}/{yui.book_id}"
    page = (await hanako.get(f"{here}/change")).text
    assert 'value="ゆい"' in page
    (form,) = (each for each in forms(page) if "保存する" in each)
    _, fields = sent(form)
    whole = {**fields, "on": BORN.isoformat(), "name": "ゆいちゃん", "sex": "female"}
    assert "ゆいちゃん" in await hanako.follow(await hanako.post(f"{here}/change", whole))
    again = await hanako.post(f"{here}/change", {**whole, "name": "ゆい"})
    assert again.status_code == 409
    nameless = await hanako.post(f"{here}/change", whole | {"name": "", "version": 2})
    assert nameless.status_code == 422
    assert "元に戻せません" in (await hanako.get(f"{here}/remove")).text
    page = await hanako.follow(await hanako.post(f"{here}/remove"))
    assert "お子さまの記録を消しました。" in page
    assert (await hanako.get(here)).status_code == 404


async def test_who_left_is_told_and_what_was_typed_stays(hanako: Visitor) -> None:
    await leaving.take_part(hanako.actor, "withdrawn")
    answer = await hanako.post(f"{HERE}/new", on=BORN.isoformat(), name="ゆい", sex="female")
    assert answer.status_code == 409
    assert 'value="ゆい"' in answer.text


async def test_a_book_is_handed_over_at_two_browsers(hanako: Visitor, open_browser) -> None:
    yui = await begun(hanako)
    await grown(hanako, yui, 100, weight="5.8")
    here = f"{HERE}/{yui.book_id}/hand-over"
    page = (await hanako.get(here)).text
    assert "身長・体重など" in page
    assert "これまでの変更の記録もいっしょに移ります" in page
    page = (await hanako.post(here)).text
    shown = page.partition('class="spoken-code">')[2].partition("</p>")[0]
    code = shown.replace("<wbr>", "")
    assert code not in (await hanako.get(here)).text, "shown once"
    actor, card = await account_of_a_child()
    aoi = await scene.visitor(await open_browser(), actor, card)
    listed = (await aoi.get(HERE)).text
    assert "自分の成長の記録を始める" in listed
    wrong = await aoi.post(f"{HERE}/take", code="1234")
    assert wrong.status_code == 422
    assert "この番号では受け取れません" in wrong.text
    seen = await aoi.post(f"{HERE}/take", code=code)
    assert "ゆい" in seen.text
    (form,) = (each for each in forms(seen.text) if ">受け取る<" in each)
    page = await aoi.follow(await aoi.post(*sent(form)))
    assert "山本 結衣さん（ご自分の記録）" in page
    assert "記録を受け取りました" in page
    assert "お子さま本人に渡す" not in page
    assert "まだお子さまの記録はありません" in (await hanako.get(HERE)).text
    again = await aoi.post(f"{HERE}/take/now", code=code)
    assert again.status_code == 422


async def test_what_stands_of_the_birth_is_filled_in(hanako: Visitor) -> None:
    due = (this_day() + timedelta(days=14)).isoformat()
    told = await hanako.tell("/me/pregnancies", {"fields": {"edd": due}})
    record = f"/me/pregnancies/{told.json()['id']}/entries"
    birth = {"kind": "birth", "fields": {"on": this_day().isoformat(), "babies": "1"}}
    birth_id = (await hanako.tell(record, birth)).json()["id"]
    fields = {"number": "1", "sex": "female", "weight": "2980", "length": "49.5"}
    await hanako.tell(record, {"kind": "newborn", "fields": fields})
    form = (await hanako.get(f"{HERE}/new?from={birth_id}&number=1")).text
    for value in (this_day().isoformat(), "2.98", "49.5", "38"):
        assert f'value="{value}"' in form
    assert 'value="female" id="field-sex" checked' in form
    empty = (await hanako.get(f"{HERE}/new?from={uuid4()}&number=1")).text
    assert 'value="2.98"' not in empty


async def test_an_offer_is_called_off(hanako: Visitor) -> None:
    yui = await begun(hanako)
    here = f"{HERE}/{yui.book_id}/hand-over"
    await hanako.post(here)
    assert "まだ受け取られていません" in (await hanako.get(here)).text
    page = await hanako.follow(await hanako.post(f"{here}/call-off"))
    assert "渡すための番号を作る" in page


async def test_a_child_begins_a_book_of_themselves(open_browser) -> None:
    actor, card = await account_of_a_child()
    aoi = await scene.visitor(await open_browser(), actor, card)
    form = (await aoi.get(f"{HERE}/new?whose=self")).text
    assert f'value="{BORN.isoformat()}"' in form
    assert 'name="name"' not in form
    own = {"on": BORN.isoformat(), "sex": "female"}
    wrong = await aoi.post(f"{HERE}/new?whose=self", own | {"on": day(1)})
    assert "登録されている生年月日とちがいます" in wrong.text
    page = await aoi.follow(await aoi.post(f"{HERE}/new?whose=self", own))
    assert "山本 結衣さん（ご自分の記録）" in page
    assert (await aoi.post(f"{HERE}/new?whose=self", own)).status_code == 409


async def test_no_proxy_of_the_keeper_gives_a_book_away(hanako: Visitor, ueda: Visitor) -> None:
    acting = await acting_as_parent(hanako, ueda.actor)
    mine = await service.begin(acting, {"on": day(0), "sex": "female"}, is_self=True)
    headers = {
        "authorization": f"Bearer {hanako.token}",
        "tsunagu-acting-for": str(acting.participant_id),
    }
    read = await hanako.browser.get(f"/me/children/{mine.book_id}", headers=headers)
    assert read.status_code == 200
    offered = await hanako.browser.post(f"/me/children/{mine.book_id}/offer", headers=headers)
    assert offered.status_code == 404


async def test_who_may_look_alone_finds_nothing_to_write(pair: Pair) -> None:
    """Yumi acts for Tarō with the power to see."""
    kept = await begun(pair.taro)
    await grown(pair.taro, kept, 100, weight="5.8")
    await pair.switch()
    page = (await pair.yumi.get(f"{HERE}/{kept.book_id}")).text
    assert "5.8" in page
    for path in ("/growth/new", "/change", "/hand-over", "/checkup/new"):
        assert f"{HERE}/{kept.book_id}{path}" not in page
    assert f"{HERE}/new" not in (await pair.yumi.get(HERE)).text
    every = (await pair.yumi.get(f"{HERE}/{kept.book_id}/growth")).text
    assert "/growth/new" not in every
    looked = [each["event"] for each in await pair.taro.log()]
    assert "proxies:record:looked" in looked


async def test_somebody_elses_book_is_not_there(hanako: Visitor, yumi: Visitor) -> None:
    yui = await begun(hanako)
    for path in ("", "/growth", "/change", "/remove", "/hand-over", "/growth/new"):
        assert (await yumi.get(f"{HERE}/{yui.book_id}{path}")).status_code == 404
    assert (await yumi.ask(f"/me/children/{yui.book_id}")).status_code == 404
    assert (await hanako.get(f"{HERE}/{uuid4()}")).status_code == 404


async def test_an_app_keeps_a_book(hanako: Visitor) -> None:
    fields = {"on": BORN.isoformat(), "name": "ゆい", "sex": "female", "weeks": "33"}
    made = (await hanako.tell("/me/children", {"fields": fields})).json()
    assert (made["gestation"], made["version"], made["is_self"]) == ([33, 0], 1, False)
    here = f"/me/children/{made['id']}"
    headers = {"authorization": f"Bearer {hanako.token}"}
    wish = {"fields": {"on": day(100), "weight": "5.8"}}
    entry = (await hanako.tell(f"{here}/entries/growth", wish)).json()
    assert entry["values"] == {"weight": "5.8"}
    odd = await hanako.tell(f"{here}/entries/growth", {"fields": {"on": day(99), "weight": "15"}})
    assert odd.status_code == 422
    assert set(odd.json()["odd"]) == {"weight"}
    assert odd.json()["sure"]
    one = f"{here}/entries/growth/{entry['id']}"
    change = {"fields": {"on": day(100), "weight": "5.9"}, "version": 1}
    changed = await hanako.browser.put(one, json=change, headers=headers)
    assert changed.json()["version"] == 2
    change["fields"] = {"on": day(100), "weight": "6.1"}
    late = await hanako.browser.put(one, json=change, headers=headers)
    assert late.status_code == 409
    await hanako.tell(f"{here}/entries/checkup", {"fields": {"on": day(30), "which": "m1"}})
    await hanako.tell(f"{here}/entries/milestone", {"fields": {"on": day(120), "which": "head"}})
    book = (await hanako.ask(here)).json()
    (placed,) = book["positions"]
    assert (placed["measure"], placed["value"], placed["age"]) == ("weight", "5.9", 100)
    assert placed["corrected_age"] == 51
    assert placed["position"] == {"percentile": 50, "beyond": ""}
    assert placed["corrected"] == {"percentile": None, "beyond": "above"}
    assert {each["name"]: each["state"] for each in book["due"]}["m1"] == "done"
    assert book["editions"] == {"positions": "2023", "due": "2024-04", "milestones": "2023"}
    assert [each["values"]["which"] for each in book["milestones"]] == ["head"]
    assert [each["name"] for each in (await hanako.ask("/me/children")).json()] == ["ゆい"]
    rename = {"fields": fields | {"name": "ゆいちゃん"}, "version": 1}
    renamed = await hanako.browser.put(here, json=rename, headers=headers)
    assert renamed.json()["name"] == "ゆいちゃん"
    unknown = await hanako.tell(f"{here}/entries/teeth", wish)
    assert unknown.status_code in (400, 404)
    assert (await hanako.browser.delete(one, headers=headers)).status_code == 204
    assert (await hanako.browser.delete(here, headers=headers)).status_code == 204
    assert (await hanako.ask(here)).status_code == 404


async def test_an_app_hands_a_book_over(hanako: Visitor, open_browser) -> None:
    yui = await begun(hanako)
    here = f"/me/children/{yui.book_id}/offer"
    waiting = (await hanako.ask(here)).json()
    assert (waiting["content"]["total"], waiting["expires_at"]) == (1, None)
    code = (await hanako.tell(here, {})).json()["code"]
    actor, card = await account_of_a_child()
    aoi = await scene.visitor(await open_browser(), actor, card)
    seen = (await aoi.tell("/me/children/take/preview", {"code": code})).json()
    assert (seen["name"], seen["total"]) == ("ゆい", 1)
    taken = (await aoi.tell("/me/children/take", {"code": code})).json()
    assert taken == {"id": str(yui.book_id)}
    other = await begun(hanako, name="けん")
    here = f"/me/children/{other.book_id}/offer"
    code = (await hanako.tell(here, {})).json()["code"]
    headers = {"authorization": f"Bearer {hanako.token}"}
    assert (await hanako.browser.delete(here, headers=headers)).status_code == 204
    refused = await aoi.tell("/me/children/take", {"code": code})
    assert refused.status_code == 422


async def read_by(doctor: Visitor, of: Visitor) -> str:
    assert of.actor.participant_id
    page = await records.read(doctor.actor, of.actor.participant_id, ("Observation",))
    return page.entries.decode()


async def test_what_a_doctor_reads_of_a_child_is_never_the_mothers_weight(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    yui = await begun(hanako, born=this_day() - timedelta(days=150))
    await grown(hanako, yui, 150, weight="6.5")
    state = await consent.settings(hanako.actor)
    await hanako.turn("facility", clinic.facility_id, "yes", state.directive.version)
    found = await read_by(sato, hanako)
    assert "29463-7" not in found
    assert "child-growth" in found
    assert "focus" in found
    # In the child's own account it is a weight to every reader.
    actor, _ = await account_of_a_child(yui.birth_on)
    code = await handing_over.offer(hanako.actor, yui.book_id)
    await handing_over.take(actor, code.digits)
    assert "child-growth" not in await read_by(sato, hanako)
