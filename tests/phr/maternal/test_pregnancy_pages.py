"""Hanako keeps the record of a pregnancy on pages: from its first day to the birth, or its end."""

import asyncio
import re
from datetime import date, timedelta

import pytest

from api.core import clock, i18n
from api.phr.maternal import service
from api.phr.maternal.errors import PregnancyOpen
from api.phr.maternal.service import Asked
from api.phr.vitals import service as vitals
from api.phr.vitals.kinds import WEIGHT
from tests.portal.scene import Place, Visitor, forms, sent

HERE = "/book/pregnancy"


def today(weeks: int = 0, days: int = 0) -> date:
    return clock.today_in_japan() + timedelta(weeks=weeks, days=days)


async def begun(who: Visitor, weeks: int = 30, **fields: str) -> str:
    """The page of a pregnancy that is so many weeks old."""
    due_on = today(40 - weeks)
    answer = await who.post(f"{HERE}/new", {"edd": due_on.isoformat(), **fields})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def written(who: Visitor, here: str, kind: str, **fields: str) -> str:
    """The page after it was saved."""
    fields = {"on": today().isoformat(), **fields}
    return await who.follow(await who.post(f"{here}/new/{kind}", fields))


async def entry_of(who: Visitor, here: str) -> str:
    """The only entry's page."""
    page = (await who.get(here)).text
    (found,) = set(re.findall(rf'href="({re.escape(here)}/entries/[0-9a-f-]+)"', page))
    return found


async def shelf(who: Visitor) -> str:
    """What all her books' page says of this one."""
    page = (await who.get("/book")).text
    return " ".join(re.findall(r'(?s)href="/book/pregnancy">.*?</a>', page))


async def test_nothing_is_kept_before_she_begins(hanako: Visitor) -> None:
    page = (await hanako.get(HERE)).text
    assert "今つけている妊娠の記録はありません。" in page
    assert "これまで" not in page
    assert (await hanako.get(f"{HERE}/visits/new")).headers["location"] == HERE
    assert "これまでの記録はありません。" in (await hanako.get(f"{HERE}/earlier")).text


async def test_the_last_period_gives_week_and_due_date(hanako: Visitor) -> None:
    period = today(-12, -3)
    page = await hanako.follow(await hanako.post(f"{HERE}/new", lmp=period.isoformat()))
    due_on = period + timedelta(days=280)
    assert "妊娠12週3日" in page
    assert f"{due_on.year}年{due_on.month}月{due_on.day}日" in page
    assert "予定日まで193日" in page
    assert "妊娠12週3日" in (await hanako.get(HERE)).text
    assert (await hanako.get(f"{HERE}/new")).status_code == 303, "one is open"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "出産予定日か、最終月経の初日を入力してください。"),
        ({"lmp": "1"}, "最終月経の初日は、今日までの日付を入力してください。"),
        ({"edd": "295"}, "予定日が先すぎます"),
    ],
)
async def test_days_that_cannot_be_are_refused_and_stay_typed(
    hanako: Visitor, fields: dict[str, str], said: str
) -> None:
    fields = {name: today(days=int(days)).isoformat() for name, days in fields.items()}
    answer = await hanako.post(f"{HERE}/new", {**fields, "height": "158"})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="158"' in answer.text
    assert all(f'value="{each}"' in answer.text for each in fields.values())
    assert "今つけている" in (await hanako.get(HERE)).text


async def test_a_day_long_past_is_asked_about_once_and_then_kept(hanako: Visitor) -> None:
    fields = {"edd": today(-60).isoformat()}
    asked = await hanako.post(f"{HERE}/new", fields)
    assert asked.status_code == 422
    (form,) = (each for each in forms(asked.text) if f'action="{HERE}/new"' in each)
    action, hidden = sent(form)
    assert (await hanako.post(action, hidden | fields)).status_code == 303


async def test_two_at_once_are_refused_in_words_also_at_the_same_moment(
    hanako: Visitor,
) -> None:
    await begun(hanako)
    answer = await hanako.post(f"{HERE}/new", edd=today(10).isoformat())
    assert answer.status_code == 409
    assert "妊娠の記録がもう1つあります。" in answer.text
    assert "出産を記録してから" in answer.text
    (book,) = await service.books(hanako.actor)
    await service.remove(hanako.actor, book.id)
    wishes = [Asked({"edd": today(10, day).isoformat()}) for day in range(4)]
    ended = await asyncio.gather(
        *(service.begin(hanako.actor, each) for each in wishes), return_exceptions=True
    )
    assert sum(isinstance(each, PregnancyOpen) for each in ended) == 3
    assert len(await service.books(hanako.actor)) == 1


async def test_which_baby_is_asked_only_where_there_are_several(hanako: Visitor) -> None:
    one = await begun(hanako, babies="1")
    assert 'name="fetus"' not in (await hanako.get(f"{one}/new/ultrasound")).text
    await hanako.post(f"{one}/remove")
    two = await begun(hanako, babies="2")
    assert 'name="fetus"' in (await hanako.get(f"{two}/new/ultrasound")).text


async def test_an_ultrasound_moves_the_due_date_and_the_earlier_one_is_kept(
    hanako: Visitor,
) -> None:
    here = await begun(hanako, 12)
    before, after = today(28), today(28, 4)
    page = (await hanako.get(f"{here}/dates")).text
    form = next(each for each in forms(page) if f'action="{here}/dates"' in each)
    action, fields = sent(form)
    moved = fields | {"edd": after.isoformat(), "dated_by": "ultrasound"}
    page = await hanako.follow(await hanako.post(action, moved))
    assert f"前の予定日 {before.year}年{before.month}月{before.day}日" in page
    assert "妊娠11週3日" in page
    late = await hanako.post(action, moved | {"dated_by": ""})
    assert late.status_code == 409
    assert "先に変更しています" in late.text
    wrong = await hanako.post(action, moved | {"version": "2", "edd": today(50).isoformat()})
    assert wrong.status_code == 422


async def test_a_visit_is_written_ticked_off_changed_and_taken_back(hanako: Visitor) -> None:
    here = await begun(hanako)
    assert (await hanako.get(f"{HERE}/visits/new")).headers["location"] == f"{here}/new/visit"
    assert (await hanako.get(f"{here}/new/visit")).status_code == 200
    page = await written(
        hanako, here, "visit", weight="59.4kg", systolic="162", diastolic="96", tests="gbs",
        urine_protein="plus1", remark="よく動く",
    )  # fmt: skip
    assert "妊婦健診を保存しました。" in page
    for shown in ("59.4\u00a0kg", "妊娠30週0日", "160/110以上でした", "尿たんぱくが（1＋）以上"):
        assert shown in page
    assert "異常" not in page
    assert "産婦人科診療ガイドライン産科編（2023年）" in page
    plan = (await hanako.get(f"{here}/schedule")).text
    assert plan.count(">記入しました<") == 2, "the visit of week 30 and GBS"
    for said in (
        "平成27年厚生労働省告示第226号",
        "RSウイルスの予防接種",
        "2026年4月1日からの定期接種",
    ):
        assert said in plan
    (undo,) = (each for each in forms(page) if ">元に戻す<" in each)
    entry = await entry_of(hanako, here)
    form = next(
        each for each in forms((await hanako.get(entry)).text) if f'action="{entry}"' in each
    )
    fields = sent(form)[1] | {"on": today().isoformat(), "weight": "58.4"}
    assert "58.4\u00a0kg" in await hanako.follow(await hanako.post(entry, fields))
    late = await hanako.post(entry, fields | {"weight": "58.6"})
    assert late.status_code == 409
    assert 'value="58.6"' in late.text
    assert "58.4\u00a0kg" in late.text
    assert "消すと" in (await hanako.get(f"{entry}/remove")).text
    assert "まだ何も書いていません。" in await hanako.follow(await hanako.post(*sent(undo)))


async def test_what_cannot_be_is_refused_and_what_is_odd_is_asked_once(hanako: Visitor) -> None:
    here = await begun(hanako)
    for fields, said in (
        ({"on": today(-31).isoformat(), "weight": "55"}, "この妊娠の期間ではない日付です。"),
        ({"on": today(1).isoformat(), "weight": "55"}, "今日までの日付を入力してください。"),
        ({"weight": "5500"}, "体重：20から300まで"),
        ({"weight": "5.512"}, "体重：20から300まで"),
        ({"systolic": "120"}, "上と下の両方"),
        ({}, "どれか1つは入力してください。"),
    ):
        answer = await hanako.post(f"{here}/new/visit", {"on": today().isoformat(), **fields})
        assert answer.status_code == 422
        assert said in answer.text
    odd = {"on": today().isoformat(), "weight": "130"}
    asked = await hanako.post(f"{here}/new/visit", odd)
    assert asked.status_code == 422
    assert "この数字で合っていますか" in asked.text
    (form,) = (each for each in forms(asked.text) if "/new/visit" in each)
    assert "ご確認ください：" in form
    assert "エラー：" not in form
    assert "aria-invalid" not in form
    assert 'aria-describedby="error-weight"' in form
    action, hidden = sent(form)
    assert "130\u00a0kg" in await hanako.follow(await hanako.post(action, hidden | odd))
    assert (await hanako.get(f"{here}/new/nonsense")).status_code == 404


async def test_a_day_that_is_odd_is_asked_about_in_words(hanako: Visitor) -> None:
    nothing = (await hanako.post(f"{HERE}/new")).text
    assert nothing.count("出産予定日か、最終月経の初日のどちらかを入力してください。") == 2
    due_on = today(20)
    typed = {"edd": due_on.isoformat(), "lmp": today(-30).isoformat()}
    asked = (await hanako.post(f"{HERE}/new", typed)).text
    assert f"出産予定日 {i18n.day('ja', due_on)}:" in asked


async def test_charts_say_in_words_and_tables_what_they_draw(hanako: Visitor) -> None:
    here = await begun(hanako, height="158.5", weight_before="52")
    empty = (await hanako.get(f"{here}/charts")).text
    assert "健診で体重を書くと" in empty
    assert "<svg class" not in empty
    await written(hanako, here, "visit", weight="59.4")
    await written(hanako, here, "ultrasound", bpd="75", ac="250", fl="55")
    page = (await hanako.get(f"{here}/charts")).text
    for shown in (
        "妊娠30週0日の体重は59.4 kgでした。妊娠前とくらべて＋7.4 kgです。",
        "妊娠前のBMIは20.7です。出産までの増え方のめやすは10〜13 kgです。",
        "妊娠30週0日の推定体重は1,483 gでした。この週の平均は1,470 gで、±2SDの範囲に入っています。",
        "1,098–1,842 g",
        "日本超音波医学会、2003年",
        "日本産科婦人科学会、2021年",
    ):
        assert shown in page
    assert page.count('<svg class="chart"') == 2
    assert len(page.encode()) < 60_000


async def test_twins_are_born_and_each_ones_book_can_begin(hanako: Visitor) -> None:
    here = await begun(hanako, 37, babies="2")
    early = await hanako.post(f"{here}/new/newborn", number="1", weight="2450")
    assert early.status_code == 409
    assert "先に出産の日を書いてください。" in early.text
    born_on = today(days=-2)
    page = await written(
        hanako, here, "birth", on=born_on.isoformat(), time="3:25", mode="vaginal",
        blood_loss="350", babies="2", place="熊本",
    )  # fmt: skip
    assert "生まれたときのお子さま" in page, "the first newborn's form follows"
    sizes = {"weight": "2450", "length": "47.5", "head": "32"}
    page = await written(hanako, here, "newborn", number="1", sex="female", **sizes)
    assert "妊娠36週5日" in page
    assert "2人目のお子さまの体重などを書く" in page
    for number, said in (("1", "もう書いてあります"), ("3", "人数より多い番号です")):
        wrong = await hanako.post(f"{here}/new/newborn", number=number, weight="2300")
        assert wrong.status_code == 422
        assert said in wrong.text
    page = await written(hanako, here, "newborn", number="2", sex="male", weight="2300")
    (book,) = await service.books(hanako.actor)
    assert book.birth is not None
    for number in (1, 2):
        link = f"/book/children/new?from={book.birth.entry_id}&amp;number={number}"
        assert f'href="{link}"' in page
    child = await service.newborn(hanako.actor, book.birth.entry_id, 1)
    assert child is not None
    assert (child.sex, child.born_on, child.weight_g) == ("female", born_on, 2450)
    assert (child.length_cm, child.head_cm) == (pytest.approx(47.5), 32)
    assert (child.weeks, child.days) == (36, 5)
    assert await service.newborn(hanako.actor, book.birth.entry_id, 3) is None
    assert await service.newborn(hanako.actor, book.id, 1) is None, "no birth's entry"
    assert f'href="{here}"' in (await hanako.get(HERE)).text, "under earlier births"

    again = await hanako.post(f"{here}/new/birth", on=born_on.isoformat(), babies="1")
    assert again.status_code == 409
    assert "出産の記録はもうあります。" in again.text
    entry = f"{here}/entries/{book.birth.entry_id}"
    fewer = {"on": born_on.isoformat(), "babies": "1", "version": "1"}
    assert "少ない人数です" in (await hanako.post(entry, fewer)).text
    moved = {"on": today(days=-1).isoformat(), "babies": "2", "version": "1"}
    await hanako.follow(await hanako.post(entry, moved))
    child = await service.newborn(hanako.actor, book.birth.entry_id, 2)
    assert child is not None
    assert child.born_on == today(days=-1)

    assert "続けられます" in (await hanako.get(f"{entry}/remove")).text
    assert "予定日まで" in await hanako.follow(await hanako.post(f"{entry}/remove"))
    assert await service.newborn(hanako.actor, book.birth.entry_id, 1) is None


async def test_a_birth_is_not_taken_back_while_another_pregnancy_is_open(hanako: Visitor) -> None:
    here = await begun(hanako, 39)
    await written(hanako, here, "birth", babies="1")
    await begun(hanako, 5)
    (_, book) = sorted(await service.books(hanako.actor), key=lambda each: each.state == "born")
    assert book.birth is not None
    entry = f"{here}/entries/{book.birth.entry_id}"
    assert "妊娠の記録がもう1つあります。" in (await hanako.post(f"{entry}/remove")).text
    assert "これまでの記録を見る" in (await hanako.get(HERE)).text


async def test_it_may_end_without_a_question_and_is_out_of_sight(hanako: Visitor) -> None:
    here = await begun(hanako, 10)
    await written(hanako, here, "visit", weight="52")
    assert "全部で2件" in await shelf(hanako)
    asked = (await hanako.get(f"{here}/close")).text
    assert "理由を書く必要はありません。" in asked
    (form,) = (each for each in forms(asked) if f'action="{here}/close"' in each)
    assert "<input" not in re.sub(r'<input type="hidden"[^>]*>', "", form), "nothing is asked"
    page = await hanako.follow(await hanako.post(f"{here}/close"))
    assert "記録を終えました" in page
    assert "おめでとう" not in page
    assert (await hanako.get(f"{here}/close")).status_code == 404

    assert "全部で" not in await shelf(hanako), "the shelf does not speak of it"
    shown = (await hanako.get(HERE)).text
    assert here not in shown
    assert "健診のめやす" not in shown
    listed = (await hanako.get(f"{HERE}/earlier")).text
    assert here in listed
    closed = (await hanako.get(here)).text
    assert "次の健診" not in closed
    assert "予定日まで" not in closed
    birth = await hanako.post(f"{here}/new/birth", on=today().isoformat(), babies="1")
    assert birth.status_code == 409

    other = await begun(hanako, 6)
    refused = await hanako.post(f"{here}/reopen")
    assert refused.status_code == 409
    assert "妊娠の記録がもう1つあります。" in refused.text
    assert "全部消します" in (await hanako.get(f"{other}/remove")).text
    await hanako.follow(await hanako.post(f"{other}/remove"))
    assert "妊娠10週0日" in await hanako.follow(await hanako.post(f"{here}/reopen"))
    assert (await hanako.get(f"{here}/closed")).headers["location"] == here


async def test_closed_it_stands_in_no_list_until_she_asks_for_it(hanako: Visitor) -> None:
    here = await begun(hanako, 10)
    await written(hanako, here, "visit", weight="52")
    await vitals.write(hanako.actor, WEIGHT, {"on": today().isoformat(), "weight": "52"})
    titles = ("妊娠の記録", "妊婦健診の記録")
    usual = (await hanako.get("/records")).text
    assert all(each in usual for each in titles)
    assert "出していない記録" not in usual
    await hanako.post(f"{here}/close")
    for where in ("/records", "/records?category=maternal", "/records?q=妊", "/home"):
        page = (await hanako.get(where)).text
        assert not any(each in page for each in titles), where
    page = (await hanako.get("/records")).text
    assert "ぜんぶで1件" in page
    assert "maternal" not in page, "it cannot be chosen either"
    assert "この一覧に出していない記録があります。" in page
    with_it = (await hanako.get("/records?aside=yes")).text
    assert all(each in with_it for each in titles)
    assert "いつもの一覧に戻る" in with_it
    assert (await hanako.ask("/me/records")).json()["total"] == 1
    assert (await hanako.ask("/me/records?aside=true")).json()["total"] == 3
    summary = (await hanako.ask("/me/summary")).text
    assert "妊娠" not in summary, "nobody takes her for pregnant"
    await hanako.post(f"{here}/reopen")
    again = (await hanako.get("/records")).text
    assert all(each in again for each in titles)
    assert "出していない記録" not in again


async def test_long_after_the_due_date_both_ways_stand_open(hanako: Visitor) -> None:
    here = await begun(hanako, 47)
    page = (await hanako.get(HERE)).text
    assert "予定日から2週間が過ぎました" in page
    assert "妊娠47週" not in page
    for way in ("/new/birth", "/close"):
        assert f'href="{here}{way}"' in page


async def test_a_whole_pregnancy_stays_a_light_page(hanako: Visitor) -> None:
    here = await begun(hanako, 40, height="158.5", weight_before="52")
    (book,) = await service.books(hanako.actor)
    visit = {
        "weight": "59.4", "systolic": "142", "diastolic": "88", "fundal_height": "30",
        "girth": "92", "oedema": "trace", "urine_protein": "plus1", "urine_glucose": "minus",
        "tests": "blood_count ultrasound", "remark": "よく動いている。次は二週間後。" * 4,
    }  # fmt: skip
    scan = {"bpd": "75", "ac": "250", "fl": "55", "remark": "元気"}
    for weeks in range(20):
        on = {"on": today(-weeks).isoformat()}
        await service.write(hanako.actor, book.id, "pregnancy-visit", Asked(on | visit))
        await service.write(hanako.actor, book.id, "pregnancy-ultrasound", Asked(on | scan))
    for way in ("", "/schedule", "/charts"):
        assert len((await hanako.get(f"{here}{way}")).content) < 70_000, way


async def test_after_a_birth_there_is_nothing_to_close(hanako: Visitor) -> None:
    here = await begun(hanako, 39)
    await written(hanako, here, "birth", babies="1")
    assert (await hanako.post(f"{here}/close")).headers["location"] == here
    assert (await hanako.get(HERE)).text.count("出産した日の記録") == 1


async def test_nobody_else_finds_it(hanako: Visitor, yumi: Visitor) -> None:
    here = await begun(hanako)
    await written(hanako, here, "visit", weight="59")
    entry = await entry_of(hanako, here)
    ways = ("", "/schedule", "/charts", "/dates", "/close", "/closed", "/remove", "/new/visit")
    for path in (*(f"{here}{way}" for way in ways), entry, f"{entry}/remove"):
        assert (await yumi.get(path)).status_code == 404, path
    for path in ("/dates", "/close", "/reopen", "/remove", "/new/visit"):
        fields = {"edd": today(10).isoformat(), "on": today().isoformat(), "weight": "50"}
        assert (await yumi.post(f"{here}{path}", fields)).status_code == 404, path
    for path in (entry, f"{entry}/remove"):
        fields = {"on": today().isoformat(), "weight": "50", "version": "1"}
        assert (await yumi.post(path, fields)).status_code == 404, path
    assert "59\u00a0kg" in (await hanako.get(here)).text


async def test_a_removed_pregnancy_is_gone_with_all_in_it(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    here = await begun(hanako)
    await written(hanako, here, "visit", weight="59")
    assert (await hanako.ask("/me/records")).json()["total"] == 2
    assert (await sato.get(here)).status_code == 404
    page = await hanako.follow(await hanako.post(f"{here}/remove"))
    assert "今つけている妊娠の記録はありません。" in page
    assert (await hanako.ask("/me/records")).json()["total"] == 0
    assert (await hanako.get(here)).status_code == 404


async def test_the_pages_speak_english_too(hanako: Visitor) -> None:
    here = await begun(hanako, height="158", weight_before="52")
    await written(hanako, here, "visit", weight="59", urine_glucose="plus2")
    ways = ("", "/schedule", "/charts", "/dates", "/close", "/new/visit", "/new/birth")
    for path in (HERE, f"{HERE}/earlier", *(f"{here}{way}" for way in ways)):
        page = (await hanako.get(path, locale="en")).text
        assert not re.search(r"[^/\w](?:own|maternal)\.[a-z]", page), path
    assert "30 weeks 0 days" in (await hanako.get(here, locale="en")).text


async def test_a_doctor_reads_it_as_hers_and_a_closed_one_only_if_let(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    here = await begun(hanako, 10)
    await written(hanako, here, "visit", weight="52")
    await hanako.turn("facility", clinic.facility_id, "yes", await hanako.version())
    assert hanako.actor.participant_id
    page = f"/clinic/participants/{hanako.actor.participant_id}"
    assert "妊婦健診の記録" in (await sato.get(page)).text
    await hanako.post(f"{here}/close")
    shown = (await sato.get(page)).text
    assert "妊婦健診の記録" not in shown
    assert "妊娠の記録" not in shown
    await written(hanako, here, "blood", haemoglobin="12")
    assert "妊娠中の血液検査" not in (await sato.get(page)).text
    await hanako.post(f"{here}/reopen")
    assert "52\u00a0kg" in (await hanako.get(here)).text
    assert "妊婦健診の記録" not in (await sato.get(page)).text, "until she says otherwise"
