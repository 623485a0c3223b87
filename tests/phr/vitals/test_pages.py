"""Hanako's book of measurements: two taps, a list, a month on paper, a file."""

import re
from datetime import timedelta

import pytest

from api.core import i18n
from api.phr.vitals import table
from tests.phr.vitals.people import day, measured, pressure, send, today
from tests.portal.scene import Visitor, forms, sent
from web_portal.pages.book.vitals.file import packed, unpacked

HERE = "/book/vitals"
NOW = {"on": day(1), "time": "07:05"}


async def save(who: Visitor, **typed: object):
    return await who.post(HERE, {**NOW, **typed})


async def hand_in(who: Visitor, body: bytes, path: str = f"{HERE}/file"):
    await who.get(path)
    fields = {"_csrf_token": who.browser.cookies["tsunagu_csrf"]}
    return await who.browser.post(path, data=fields, files={"file": ("bp.csv", body)})


async def test_the_first_page_asks_for_blood_pressure_and_the_next_for_what_she_used(
    hanako: Visitor,
) -> None:
    first = (await hanako.get(HERE)).text
    for name in ("systolic", "diastolic", "pulse"):
        assert f'name="{name}"' in first
    assert 'name="weight"' not in first
    assert "まだ記録がありません。" in first
    await save(hanako, weight="62.5")
    assert 'name="weight"' in (await hanako.get(HERE)).text
    assert 'name="weight"' not in (await hanako.get(f"{HERE}?kind=glucose")).text
    assert 'name="meal"' in (await hanako.get(f"{HERE}?kind=glucose")).text


async def test_numbers_and_one_button_and_it_can_be_taken_back(hanako: Visitor) -> None:
    saved = await save(hanako, systolic="１３２", diastolic="84mmHg", pulse="66", weight="62.50")
    page = await hanako.follow(saved)
    assert "保存しました。" in page
    assert "132/84 mmHg、脈拍 66" in page
    assert "62.5 kg" in page
    assert "この7日の朝の平均は132/84です（1日分）。" in page
    assert "5日以上の平均で見るのが目安です。" in page
    assert {each["kind"] for each in await measured(hanako)} == {"blood-pressure", "weight"}
    (undo,) = (form for form in forms(page) if ">元に戻す<" in form)
    assert "記録を消しました。" in await hanako.follow(await hanako.post(*sent(undo)))
    assert await measured(hanako) == []


async def test_what_is_wrong_comes_back_as_typed_and_nothing_is_kept(hanako: Visitor) -> None:
    wrong = await save(hanako, kinds="blood-pressure weight", systolic="132", weight="九十")
    assert wrong.status_code == 422
    assert 'value="132"' in wrong.text
    assert 'value="九十"' in wrong.text
    for said in ("入力してください。", "数字で入力してください。"):
        assert said in wrong.text
    nothing = await save(hanako, kinds="blood-pressure")
    assert "どれか1つは入力してください。" in nothing.text
    outside = await save(hanako, kinds="blood-pressure", systolic="1320", diastolic="84")
    assert "30から350まで（mmHg）の値を入力してください。" in outside.text
    future = await save(hanako, kinds="weight", weight="62", on=day(-1))
    assert "今日までの日付を入力してください。" in future.text
    assert await measured(hanako) == []


async def test_a_blood_pressure_typed_whole_into_one_field_is_taken(hanako: Visitor) -> None:
    page = await hanako.follow(await save(hanako, kinds="blood-pressure", systolic="120/80"))
    assert "120/80 mmHg" in page


async def test_an_odd_value_is_asked_about_once(hanako: Visitor) -> None:
    asked = await save(hanako, kinds="blood-pressure", systolic="230", diastolic="125")
    assert asked.status_code == 422
    assert "この数字で合っていますか" in asked.text
    (form,) = (each for each in forms(asked.text) if ">合っているので保存する<" in each)
    action, fields = sent(form)
    typed = {"systolic": "230", "diastolic": "125", **NOW}
    other = await hanako.post(action, {**fields, **typed, "systolic": "240"})
    assert other.status_code == 422, "a yes is to what was asked about"
    assert "保存しました。" in await hanako.follow(await hanako.post(action, {**fields, **typed}))


async def test_the_time_says_morning_or_evening(hanako: Visitor) -> None:
    for time, said in (("07:05", "（朝）"), ("21:05", "（夜）"), ("13:05", "13:05 の値")):
        page = (await save(hanako, kinds="blood-pressure", time=time)).text
        assert said in page


async def test_a_list_corrects_and_removes(hanako: Visitor) -> None:
    await hanako.follow(await save(hanako, systolic="132", diastolic="84"))
    (entry,) = await measured(hanako)
    listed = (await hanako.get(f"{HERE}/kinds/blood-pressure")).text
    assert f"{HERE}/{entry['id']}/correct" in listed
    form = next(
        each
        for each in forms((await hanako.get(f"{HERE}/{entry['id']}/correct")).text)
        if "/correct" in each
    )
    assert 'value="132"' in form
    action, fields = sent(form)
    typed = {**NOW, "systolic": "128", "diastolic": "82"}
    half = await hanako.post(action, {**fields, **typed, "diastolic": ""})
    assert half.status_code == 422
    after = await hanako.follow(await hanako.post(action, {**fields, **typed}))
    assert "128/82 mmHg" in after
    late = await hanako.post(action, {**fields, **typed, "systolic": "150"})
    assert late.status_code == 409
    assert 'value="150"' in late.text

    asking = (await hanako.get(f"{HERE}/{entry['id']}/remove")).text
    assert "この記録を消しますか" in asking
    assert "128/82 mmHg" in asking
    (form,) = (each for each in forms(asking) if "/remove" in each)
    assert "記録を消しました。" in await hanako.follow(await hanako.post(*sent(form)))
    assert await measured(hanako) == []


async def test_a_course_has_a_sentence_a_picture_and_a_table(hanako: Visitor) -> None:
    for ago in range(1, 6):
        await hanako.tell("/me/vitals", pressure(130 + ago, 80, ago, "07:00"))
        await hanako.tell("/me/vitals", pressure(120, 76, ago, "21:00"))
    page = (await hanako.get(f"{HERE}/kinds/blood-pressure")).text
    assert "この7日の朝の平均は133/80です（5日分）。" in page
    assert "この7日の夜の平均は120/76です（5日分）。" in page
    assert "5日以上の平均" not in page
    (picture,) = re.findall(r"<svg class=\"chart\".*?</svg>", page, re.DOTALL)
    assert "この7日の朝の平均は133/80です" in picture
    assert picture.count("<polyline") == 2
    for said in ("135/85 mmHg以上", "140/90 mmHg以上", "130/80 mmHg未満"):
        assert said in page
    for said in ("高血圧管理・治療ガイドライン2025", "125/75 mmHg未満", "130/80 mmHg未満"):
        assert said in page
    assert "異常" not in page
    heads = re.findall(r"<th scope=\"col\">([^<]+)</th>", page)
    assert heads == ["期間", "朝", "夜", "回数"]
    english = (await hanako.get(f"{HERE}/kinds/blood-pressure?days=365", locale="en")).text
    assert "The mean of the mornings of these 7 days is 133/80 (5 days)." in english
    assert i18n.month("en", today() - timedelta(days=1)) in english
    for absent in (f"{HERE}/kinds/mood", f"{HERE}/kinds/weight?days=31"):
        assert (await hanako.get(absent)).status_code == 404


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("pulse", {"pulse": 66}, "この7日の平均は66 回/分です。"),
        ("weight", {"weight": 62.25}, "この7日の平均は62.3 kgです。"),
        ("glucose", {"glucose": 101, "meal": "fasting"}, "101 mg/dL（空腹時）"),
        ("hba1c", {"hba1c": 6.4}, "この7日の平均は6.4 %です。"),
        ("steps", {"steps": 8214}, "この7日の平均は8,214 歩です。"),
        ("temperature", {"temperature": 36.4}, "この7日の平均は36.4 ℃です。"),
        ("oxygen", {"oxygen": 97}, "この7日の平均は97 %です。"),
    ],
)
async def test_each_kind_has_its_page(
    hanako: Visitor, kind: str, values: dict[str, object], said: str
) -> None:
    body = {"kind": kind, "on": day(1), "values": values}
    assert (await hanako.tell("/me/vitals", body)).status_code == 201
    page = (await hanako.get(f"{HERE}/kinds/{kind}")).text
    assert said in page
    assert '<svg class="chart"' in page
    (entry,) = await measured(hanako)
    correction = await hanako.get(f"{HERE}/{entry['id']}/correct", locale="en")
    assert correction.status_code == 200


async def test_older_measurements_have_a_picture_without_a_week(hanako: Visitor) -> None:
    for ago, weight in ((20, 62.5), (15, 61)):
        body = {"kind": "weight", "on": day(ago), "values": {"weight": weight}}
        await hanako.tell("/me/vitals", body)
    page = (await hanako.get(f"{HERE}/kinds/weight")).text
    assert "いちばん低い値は61.0、高い値は62.5 kgです。" in page


async def test_a_month_is_one_sheet(hanako: Visitor) -> None:
    before = today().replace(day=1) - timedelta(days=1)
    month, first = f"{before:%Y-%m}", f"{before:%Y-%m}-01"
    for upper, time in ((130, "00:00"), (134, "00:01")):
        wish = pressure(upper, 84, pulse=66) | {"on": first, "time": time}
        assert (await hanako.tell("/me/vitals", wish)).status_code == 201
    pulse = {"kind": "pulse", "on": first, "time": "00:02", "values": {"pulse": 70}}
    await hanako.tell("/me/vitals", pulse)
    page = (await hanako.get(f"{HERE}/month?month={month}")).text
    heads = re.findall(r"<th scope=\"col\">([^<]+)</th>", page)
    assert heads == ["日付", "そのほかの血圧", "そのほかの脈拍", "脈拍"]
    cells = re.findall(r"<td class=\"figure\">(?:<b>)?([^<]*)", page)
    assert cells == ["132/84", "66", "70"] * 2
    assert "135/85 mmHg以上" in page
    empty = (await hanako.get(f"{HERE}/month?month=2020-02", locale="en")).text
    assert "There is nothing in this month." in empty
    assert "2020-03" in empty
    first = (await hanako.get(f"{HERE}/month?month=1901-01")).text
    assert "month=1901-02" in first
    assert "month=1900-12" not in first
    for absent in ("2020-13", "9999-01", "x", "0001-01"):
        assert (await hanako.get(f"{HERE}/month?month={absent}")).status_code == 404
    assert (await hanako.get(f"{HERE}/month")).status_code == 200


async def test_a_file_is_seen_kept_and_taken_back(hanako: Visitor) -> None:
    lines = [f"{day(3)},132,84,66", f"{day(2)},40,84,", f"{day(1)},230,125,", f"{day(3)},132,84,66"]
    body = "\n".join(["日付,最高血圧,最低血圧,メモ", *lines]).encode("cp932")
    seen = (await hand_in(hanako, body)).text
    for said in (
        "まだ保存していません。",
        "この列の名前は、わかりません。",
        "3行目 最高血圧: 上の血圧は、下の血圧より高い値を入れてください。",
        "めずらしい値が1件あります。",
        "もうあります",
        "2件を保存する",
    ):
        assert said in seen
    assert await measured(hanako) == []
    (form,) = (each for each in forms(seen) if "/keep" in each)
    page = await hanako.follow(await hanako.post(*sent(form)))
    assert "2件の記録を保存しました。" in page
    assert "新しく保存する記録はありません。" in (await hand_in(hanako, body)).text
    again = await hanako.follow(await hanako.post(*sent(form)))
    assert "新しく保存する記録はありません。" in again
    (undo,) = (form for form in forms(page) if ">元に戻す<" in form)
    gone = await hanako.follow(await hanako.post(*sent(undo)))
    assert "取り込んだ記録をすべて消しました。" in gone
    assert await measured(hanako) == []


async def test_what_cannot_be_read_is_said_and_a_page_is_not_believed(hanako: Visitor) -> None:
    for body, said in ((b"", "測った値の行がありません"), (b"PK\x03\x04", "CSV")):
        refused = await hand_in(hanako, body)
        assert (refused.status_code, said in refused.text) == (422, True)
    bomb = packed(bytes(table.MAX_BYTES * 50))
    for content in ("???", packed(b"x")[:-8] + "AAAA", packed(b"x"), bomb, ""):
        answer = await hanako.post(f"{HERE}/file/keep", content=content)
        assert answer.status_code == 422
    assert len(unpacked(bomb)) == table.MAX_BYTES + 1


async def test_a_file_far_too_large_is_said_on_the_page(hanako: Visitor) -> None:
    answer = await hand_in(hanako, b"x" * (table.MAX_BYTES * 2))
    page = await hanako.get(answer.headers["location"])
    assert (answer.status_code, page.status_code) == (303, 422)
    assert "ファイルが大きすぎます（2メガバイトまで）。" in page.text
    assert "期間を分けて書き出すと、取り込めます。" in page.text


async def test_a_long_list_and_file_stay_light(hanako: Visitor) -> None:
    batch = [
        {
            "id": f"k{number}",
            "kind": "blood-pressure",
            "measured_at": f"{day(1 + number // 2)}T{7 + 12 * (number % 2):02}:05:00+09:00",
            "values": {"systolic": 130, "diastolic": 80},
        }
        for number in range(200)
    ]
    await send(hanako, *batch, device="HEM-7600")
    page = (await hanako.get(f"{HERE}/kinds/blood-pressure?days=365")).text
    assert len(page.encode()) < 100_000
    assert page.count("機器から ・ HEM-7600") == 30
    assert "もっと前の記録を見る" in page
    (link,) = re.findall(r'href="(/book/vitals/kinds/blood-pressure[^"]*after=[^"]*)"', page)
    older = (await hanako.get(link.replace("&amp;", "&"))).text
    assert older.count("機器から ・ HEM-7600") == 30
    assert "新しい記録にもどる" in older
    lines = [f"{day(number // 100)},{100 + number % 100},60" for number in range(10_000)]
    body = "\n".join(["日付,最高血圧,最低血圧", *lines]).encode()
    preview = (await hand_in(hanako, body)).text
    assert len(preview.encode()) < 100_000
    assert "ほかに9950行あります。" in preview


async def test_somebody_else_sees_none_of_it(hanako: Visitor, yumi: Visitor) -> None:
    await hanako.follow(await save(hanako, systolic="132", diastolic="84"))
    (entry,) = await measured(hanako)
    for page in ("correct", "remove"):
        assert (await yumi.get(f"{HERE}/{entry['id']}/{page}")).status_code == 404
        assert (await yumi.post(f"{HERE}/{entry['id']}/{page}")).status_code == 404
    assert (await yumi.post(f"{HERE}/undo", ids=entry["id"])).status_code == 404
    assert "132/84" not in (await yumi.get(f"{HERE}?saved={entry['id']}")).text
    assert len(await measured(hanako)) == 1
    assert (await hanako.get(f"{HERE}?saved=x,{entry['id']}")).status_code == 200


async def test_of_two_devices_the_most_steps_of_a_day_count_and_it_is_said_whose(
    hanako: Visitor,
) -> None:
    for device, steps in (("スマートフォン", 6000), ("腕時計", 8000)):
        at = f"{day(1)}T21:00:00+09:00"
        walked = {"id": device, "kind": "steps", "measured_at": at, "values": {"steps": steps}}
        await send(hanako, walked, device=device)
    fields = {"kind": "steps", "on": day(2), "values": {"steps": 4000}}
    assert (await hanako.tell("/me/vitals", fields)).status_code == 201
    page = (await hanako.get("/book/vitals/kinds/steps")).text
    assert "この7日の平均は6,000 歩です。" in page, "of 8,000 and 4,000"
    assert page.count("この日は、この歩数を使います。") == 1
    assert "いちばん多い歩数を使います。" in page
    (watch,) = re.findall(r"(?s)<li><b[^>]*>8,?000.*?</li>", page)
    assert "腕時計" in watch
    assert "この日は、この歩数を使います。" in watch
    said = (await hanako.ask("/me/vitals/summary?kind=steps&by=day")).json()
    assert "7000" not in str(said)
