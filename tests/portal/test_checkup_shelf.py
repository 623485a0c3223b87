"""Hanako sees her checkups side by side: a file, what she typed in, what a centre sent."""

import re
from datetime import date, timedelta

import httpx
import pytest

from api.consent.lifecycle import leaving
from api.core import clock
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.proxies import safety
from api.records.checkup_xml import service as ingesting
from tests.portal.checkup_shelf import FULL, HERS, TYPED, full
from tests.portal.scene import Place, Visitor, forms, sent
from tests.portal.test_checkup_file import keep
from tests.records.checkup_files import checkup, choice, quantity

HERE = "/book/checkups"


async def put(who: Visitor, path: str, body: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {who.token}"}
    return await who.browser.put(path, json=body, headers=headers)


async def drop(who: Visitor, path: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {who.token}"}
    return await who.browser.delete(path, headers=headers)


async def type_in(who: Visitor, **changed: str) -> str:
    """A year typed in on the page; its id."""
    answer = await who.post(f"{HERE}/new", {**TYPED, **changed})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].split("/")[-1].partition("?")[0]


def row(page: str, name: str) -> str:
    found = re.search(rf'<tr>\s*<th scope="row">(?:<a[^>]*>)?{re.escape(name)}.*?</tr>', page, re.S)
    assert found, name
    return found.group(0)


async def test_a_shelf_without_checkups_says_what_to_do(hanako: Visitor) -> None:
    page = (await hanako.get(HERE)).text
    assert "まだ健診の結果がありません" in page
    assert 'href="/records/checkup-file"' in page
    assert f'href="{HERE}/new"' in page
    assert "Checkup results" in (await hanako.get(HERE, locale="en")).text


async def test_a_file_stands_beside_what_she_typed_the_newest_first(hanako: Visitor) -> None:
    await type_in(hanako)
    await keep(hanako, full())
    page = (await hanako.get(HERE)).text
    assert page.index('datetime="2026-05-12"', page.index("<thead>")) < page.index(
        'datetime="2024-05-20"', page.index("<thead>")
    )
    waist = row(page, "腹囲")
    assert waist.index("91.5") < waist.index("88")
    assert "95.0" not in waist, "measured goes before judged by oneself"
    assert "指導" in waist
    upper = row(page, "上の血圧（収縮期）")
    assert "136" in upper, "the mean of two"
    assert "126" in upper
    assert "120" in row(page, "空腹時中性脂肪"), "method variants are one row"
    assert "受診" in row(page, "LDLコレステロール")
    assert "ご自分で書き入れたもの" in page
    assert "ファイルから入れたもの" in page
    assert "第4期" in page
    assert len(page) < 100_000


async def test_one_checkup_says_where_each_value_lies_and_both_levels(hanako: Visitor) -> None:
    """She is 86: the programme gives no level, and the file's own is shown all the same."""
    await keep(hanako, full())
    (one,) = (await hanako.ask("/me/checkups")).json()["checkups"]
    page = (await hanako.get(f"{HERE}/{one['id']}")).text
    assert "75歳からは別の健診になるため" in page
    assert "結果に書かれている判定: 積極的支援" in page
    assert "基準に該当" in page
    assert "1回目138、2回目134の平均です。" in page
    assert "保健指導の目安に入っています" in page
    assert "受診をすすめる目安に入っています" in page
    assert "単位か桁がちがうようなので" in page, "13800 g/dL"
    assert "区分 G3a" in page or "区分 G2" in page
    assert "異常" not in page
    assert f'href="/records/checkup-file/{one["id"]}/remove"' in page
    english = (await hanako.get(f"{HERE}/{one['id']}", locale="en")).text
    assert "As the result itself says: Active support" in english
    assert "my_checkups." not in english


async def test_a_level_is_worked_out_of_what_was_typed_and_said_with_its_reasons(
    yumi: Visitor,
) -> None:
    born = await born_on(yumi)
    on = date(born.year + 50, 7, 1)
    checkup_id = await type_in(
        yumi, on=on.isoformat(), waist="92", systolic_1="131", smoking="1", tg_fasting="90"
    )
    page = (await yumi.get(f"{HERE}/{checkup_id}?saved=yes")).text
    assert "健診の結果を保存しました" in page
    assert '<p class="lead strong">積極的支援</p>' in page
    for why in (
        "年齢: 50歳",
        "目安（90cm）以上",
        "目安に入っている項目: 血圧",
        "たばこを吸っている",
    ):
        assert why in page
    assert "決めるのに使った値: 上の血圧（収縮期）" in page
    seen = (await yumi.ask(f"/me/checkups/{checkup_id}")).json()
    assert seen["level"]["computed"] == "active"
    assert seen["level"]["branch"] == "waist"
    assert seen["metabolic"]["computed"] == "near"
    trend = (await yumi.get(f"{HERE}/trends/tg_fasting")).text
    assert "保健指導や受診の目安には入っていません" in trend
    assert "うすい色の帯は、保健指導や受診の目安に入っていない範囲です。" in trend


async def test_a_year_before_the_edition_says_so_with_its_first_day(hanako: Visitor) -> None:
    for on, is_earlier in (("2024-03-31", True), ("2024-04-01", False)):
        page = (await hanako.get(f"{HERE}/{await type_in(hanako, on=on)}")).text
        assert "標準的な健診・保健指導プログラム（令和6年度版）" in page
        assert ("2024年4月1日" in page and "より前のもの" in page) == is_earlier


async def test_what_is_missing_for_a_level_is_said(yumi: Visitor) -> None:
    born = await born_on(yumi)
    on = date(born.year + 50, 7, 1)
    checkup_id = await type_in(
        yumi, on=on.isoformat(), waist="", systolic_1="131", smoking="", hba1c=""
    )
    page = (await yumi.get(f"{HERE}/{checkup_id}")).text
    assert "まだ決められません" in page
    assert "腹囲" in page.partition("決めるのに足りない項目:")[2][:60]
    assert "空腹時血糖かHbA1c" in page


async def test_typed_values_are_held_to_what_is_possible_and_stay_in_the_form(
    hanako: Visitor,
) -> None:
    tomorrow = clock.today_in_japan() + timedelta(days=1)
    for wrong, said in (
        ({"waist": "8800"}, "腹囲：30から300まで"),
        ({"weight": "-58"}, "数字で入力してください"),
        ({"on": tomorrow.isoformat()}, "今日までの日付"),
        ({"on": ""}, "受けた日：入力してください"),
        ({"systolic_1": "78", "diastolic_1": "126"}, "血圧"),
        ({"hba1c": "540"}, "2から25まで"),
    ):
        answer = await hanako.post(f"{HERE}/new", {**TYPED, **wrong})
        assert answer.status_code == 422, wrong
        assert said in answer.text, wrong
        for name in TYPED.keys() - wrong.keys() - {"on", "program", "smoking"}:
            if not name.startswith("on_"):
                assert f'value="{TYPED[name]}"' in answer.text, name
    assert (await hanako.ask("/me/checkups")).json()["checkups"] == []
    await hanako.get(HERE, locale="en")
    english = await hanako.post(f"{HERE}/new", {**TYPED, "waist": "x"})
    assert "Please enter" in english.text or "number" in english.text
    assert "my_checkups." not in english.text


async def test_full_width_digits_and_units_are_forgiven(hanako: Visitor) -> None:
    await type_in(hanako, weight="５８．５kg", waist="88 cm")
    (one,) = (await hanako.ask("/me/checkups")).json()["checkups"]
    numbers = {each["item"]: each["number"] for each in one["values"]}
    assert (numbers["weight"], numbers["waist"]) == (58.5, 88)
    assert numbers["bmi"] == 25.2, "worked out of height and weight"


async def test_an_odd_value_is_asked_about_once(hanako: Visitor) -> None:
    asked = await hanako.post(f"{HERE}/new", {**TYPED, "hdl": "140"})
    assert asked.status_code == 422
    assert "この数字で合っていますか" in asked.text
    (form,) = (each for each in forms(asked.text) if 'name="sure"' in each)
    action, fields = sent(form)
    answer = await hanako.post(action, {**TYPED, "hdl": "140", "sure": fields["sure"]})
    assert answer.status_code == 303
    odd = await hanako.post(f"{HERE}/new", {**TYPED, "bmi": "31"})
    assert "身長と体重から計算した値と合いません" in odd.text


async def test_what_was_typed_is_corrected_and_removed_for_good(hanako: Visitor) -> None:
    checkup_id = await type_in(hanako)
    form = (await hanako.get(f"{HERE}/{checkup_id}/edit")).text
    assert 'value="88"' in form
    assert 'name="version" value="1"' in form
    changed = await hanako.post(f"{HERE}/{checkup_id}/edit", {**TYPED, "waist": "87", "version": 1})
    assert changed.status_code == 303
    stale = await hanako.post(f"{HERE}/{checkup_id}/edit", {**TYPED, "waist": "86", "version": 1})
    assert stale.status_code == 409
    assert "先に変更しています" in stale.text
    assert 'value="86"' in stale.text
    question = (await hanako.get(f"{HERE}/{checkup_id}/remove")).text
    assert "この健診の結果を消しますか" in question
    answer = await hanako.post(f"{HERE}/{checkup_id}/remove")
    assert "健診の結果を消しました" in await hanako.follow(answer)
    assert (await hanako.get(f"{HERE}/{checkup_id}")).status_code == 404
    async with unit_of_work(OPERATOR, subject=hanako.actor.participant_id) as tx:
        assert await tx.fetchval("SELECT count(*) FROM record WHERE category = 'checkup'") == 0


async def test_apps_write_read_correct_and_remove(hanako: Visitor) -> None:
    values = {name: value for name, value in TYPED.items() if name != "on"}
    refused = await hanako.tell("/me/checkups", {"on": "2024-05-20", "values": {"waist": "880"}})
    assert refused.status_code == 422
    assert "waist" in refused.json()["fields"]
    odd = await hanako.tell("/me/checkups", {"on": "2024-05-20", "values": {"hdl": "140"}})
    assert odd.status_code == 422
    again = {"on": "2024-05-20", "values": {"hdl": "140"}, "sure": odd.json()["sure"]}
    assert (await hanako.tell("/me/checkups", again)).status_code == 201
    made = (await hanako.tell("/me/checkups", {"on": "2025-05-20", "values": values})).json()
    path = f"/me/checkups/{made['id']}"
    better = {"on": "2025-05-20", "values": {**values, "waist": "87"}, "version": made["version"]}
    assert (await put(hanako, path, better)).json()["version"] == 2
    other = {**better, "values": {**values, "waist": "86"}}
    assert (await put(hanako, path, other)).status_code == 409
    seen = (await hanako.ask(path)).json()
    assert (seen["source"], seen["edition"], seen["place"]) == ("typed", "4", TYPED["place"])
    trend = (await hanako.ask("/me/checkups/trends/waist")).json()
    assert (trend["guidance"], trend["referral"]) == (90, None)
    assert [each["number"] for each in trend["points"]] == [87]
    assert (await hanako.ask("/me/checkups/trends/nothing")).status_code == 404
    assert (await drop(hanako, path)).status_code == 204
    assert (await drop(hanako, path)).status_code == 204, "a tap too many"
    assert (await hanako.ask(path)).status_code == 404
    await safety.go_safe(hanako.actor)
    assert {each["place"] for each in (await hanako.ask("/me/checkups")).json()["checkups"]} == {""}


async def test_a_trend_has_a_picture_a_sentence_and_a_table(hanako: Visitor) -> None:
    await type_in(hanako)
    await type_in(hanako, on="2025-05-20", hba1c="5.7")
    page = (await hanako.get(f"{HERE}/trends/hba1c")).text
    assert 'role="img"' in page
    assert "2回の値があります" in page
    assert "（5.4\u00a0%）より0.3\u00a0%ふえています" in page
    assert "保健指導の目安 5.6" in page
    assert page.count('class="figure') >= 4
    pressure = (await hanako.get(f"{HERE}/trends/systolic")).text
    assert "126/78" in pressure
    assert 'polyline class="broken"' in pressure
    assert "まだありません" in (await hanako.get(f"{HERE}/trends/ldl")).text
    assert (await hanako.get(f"{HERE}/trends/other")).status_code == 404
    english = (await hanako.get(f"{HERE}/trends/hba1c", locale="en")).text
    assert "Values: 2." in english
    assert "my_checkups." not in english


async def test_what_a_centre_sent_stands_there_too_and_the_same_file_only_once(
    hanako: Visitor, clinic: Place
) -> None:
    await sent_by(clinic, hanako, full())
    (one,) = (await hanako.ask("/me/checkups")).json()["checkups"]
    assert (one["source"], one["facility_id"]) == ("facility", str(clinic.facility_id))
    assert f"{clinic.name}から届いたもの" in (await hanako.get(HERE)).text
    await keep(hanako, full())
    (still,) = (await hanako.ask("/me/checkups")).json()["checkups"]
    assert still["id"] == one["id"]
    page = (await hanako.get(f"{HERE}/{one['id']}")).text
    assert "入れたファイルと同じ" in page
    (file,) = (await hanako.ask("/me/checkup-files")).json()
    assert f"/records/checkup-file/{file['id']}/remove" in page
    assert (await hanako.get(f"{HERE}/{one['id']}/edit")).status_code == 404
    corrected = (*FULL[1:], quantity("9N001000000000001", "151.0", "cm"))
    await keep(hanako, checkup(HERS, corrected, on="20260512"))
    assert len((await hanako.ask("/me/checkups")).json()["checkups"]) == 2, "what differs is shown"


async def test_what_is_not_told_yet_or_no_checkup_is_not_there(
    hanako: Visitor, clinic: Place
) -> None:
    await sent_by(clinic, hanako, checkup(HERS, [choice("9N736000000000011", "x", "9")]))
    (only,) = (await hanako.ask("/me/checkups")).json()["checkups"]
    assert [each["text"] for each in only["values"]] == ["9"]
    async with unit_of_work(OPERATOR, subject=hanako.actor.participant_id) as tx:
        await tx.execute("UPDATE record SET is_current = false")
    assert (await hanako.ask("/me/checkups")).json()["checkups"] == []


async def test_nobody_reads_corrects_or_removes_anothers(hanako: Visitor, yumi: Visitor) -> None:
    checkup_id = await type_in(hanako)
    for path in (
        f"{HERE}/{checkup_id}",
        f"{HERE}/{checkup_id}/edit",
        f"{HERE}/{checkup_id}/remove",
    ):
        assert (await yumi.get(path)).status_code == 404
    fields = {**TYPED, "version": 1}
    assert (await yumi.post(f"{HERE}/{checkup_id}/edit", fields)).status_code == 404
    assert (await yumi.post(f"{HERE}/{checkup_id}/remove")).status_code == 404
    assert (await yumi.ask(f"/me/checkups/{checkup_id}")).status_code == 404
    assert (await drop(yumi, f"/me/checkups/{checkup_id}")).status_code == 404
    assert len((await hanako.ask("/me/checkups")).json()["checkups"]) == 1


async def test_whoever_left_writes_nothing_and_keeps_what_was_typed(hanako: Visitor) -> None:
    await leaving.take_part(hanako.actor, "withdrawn")
    answer = await hanako.post(f"{HERE}/new", TYPED)
    assert answer.status_code == 409
    assert 'value="88"' in answer.text


@pytest.mark.parametrize("text", ["123456789018", "１２３４５６７８９０１８"])
async def test_a_my_number_typed_as_the_place_is_not_kept(hanako: Visitor, text: str) -> None:
    answer = await hanako.post(f"{HERE}/new", {**TYPED, "place": text})
    assert answer.status_code == 422
    assert text not in answer.text


async def sent_by(clinic: Place, who: Visitor, body: bytes) -> None:
    participant = who.actor.participant_id
    assert participant
    outcome = await ingesting.ingest(
        Actor(kind=ActorKind.SYSTEM, facility_id=clinic.facility_id),
        "h1.xml",
        body,
        {"00430017:くま:１２３:01": participant},
    )
    assert outcome.state == "stored", outcome


async def born_on(who: Visitor) -> date:
    async with unit_of_work(OPERATOR, subject=who.actor.participant_id) as tx:
        found = await tx.fetchval("SELECT birth_on FROM participant")
    assert isinstance(found, date)
    return found
