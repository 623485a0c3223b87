"""Hanako keeps her daughter's vaccines, and her own, on pages."""

import re
from datetime import date
from uuid import uuid4

import pytest

from api.core import clock
from api.core.clock import today_in_japan as this_day
from api.phr.immunization.vaccines import VACCINES
from tests.phr.child.scene import account_of_a_child
from tests.phr.immunization.scene import ago, child, path_of, written
from tests.portal.scene import Place, Visitor, forms, sent, wrote


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def test_a_baby_of_three_months_has_what_is_due_now_and_what_comes(hanako: Visitor):
    yui = await child(hanako, 100)
    page = (await hanako.get(path_of(yui))).text
    said = plain(page)
    assert "ゆいさんの予防接種" in said
    assert "まだ記入がありません。" in said
    assert "五種混合 1回目（全4回） 受ける時期です" in said
    assert "ロタウイルス 1回目" in said
    assert "標準の時期が始まるまで、あと" in said  # BCG is possible, and usual from five months
    assert "1年より先のもの" in said
    assert "2026年4月1日からの定期接種のきまり" in said
    assert f"{path_of(yui)}/new?vaccine=dpt-ipv-hib" in page
    assert len(page.encode()) < 100_000
    english = (await hanako.get(path_of(yui), locale="en")).text
    assert "Vaccines of ゆい" in english
    assert "5-in-1" in english


async def test_a_dose_is_written_corrected_and_removed(hanako: Visitor):
    yui = await child(hanako, 120)
    form = (await hanako.get(path_of(yui, "/new?vaccine=hbv"))).text
    assert all(f'value="{each.code}"' in form for each in VACCINES)
    assert '<option value="hbv" selected>' in form
    page = await written(
        hanako, yui, "hbv", ago(50), lot="ＨＢ１２", maker="KM", site="left-arm",
        given_at="みなと小児科", remark="泣かなかった",
    )  # fmt: skip
    said = plain(page)
    assert "保存しました。" in said
    assert "B型肝炎 2回目（全3回） 受ける時期です" in said
    assert "製造番号（ロット番号）: ＨＢ１２" in said
    assert "接種した部位: 左腕" in said
    (entry,) = set(re.findall(rf'href="({re.escape(path_of(yui))}/[0-9a-f-]{{36}})"', page))
    form = (await hanako.get(entry)).text
    assert "みなと小児科" in form
    answer = await hanako.post(
        entry, {"vaccine": "hbv", "on": ago(40).isoformat(), "lot": "HB13", "version": 1}
    )
    page = await hanako.follow(answer)
    assert "HB13" in page
    assert "みなと小児科" not in page
    # A form of the version before changes nothing.
    stale = await hanako.post(entry, {"vaccine": "hbv", "on": ago(30).isoformat(), "version": 1})
    assert stale.status_code == 409
    asked = plain((await hanako.get(f"{entry}/remove")).text)
    assert "接種の記録を消す" in asked
    assert "HB13" in asked
    page = await hanako.follow(await hanako.post(f"{entry}/remove"))
    assert "消しました。" in page
    assert "まだ記入がありません。" in page
    assert (await hanako.get(entry)).status_code == 404


@pytest.mark.parametrize(
    ("vaccine", "days_old", "words"),
    [
        ("bcg", 130, "生まれる前の日付です。"),
        ("bcg", -1, "今日までの日付を入力してください。"),
        ("another", 20, "予防接種の名前を書いてください。"),
    ],
)
async def test_what_cannot_be_is_refused_in_words_and_stays_typed(
    hanako: Visitor, vaccine: str, days_old: int, words: str
):
    yui = await child(hanako, 120)
    fields = {"vaccine": vaccine, "on": ago(days_old).isoformat(), "lot": "K77"}
    answer = await hanako.post(path_of(yui, "/new"), fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="K77"' in answer.text
    assert "まだ記入がありません。" in (await hanako.get(path_of(yui))).text


async def test_a_dose_given_late_stands_among_the_given_and_no_longer_among_the_missed(
    hanako: Visitor,
):
    yui = await child(hanako, 600)
    assert "BCG 期間が終わりました" in plain((await hanako.get(path_of(yui))).text)
    fields = {"vaccine": "bcg", "on": ago(100).isoformat()}
    asked = await hanako.post(path_of(yui, "/new"), fields)
    form = next(each for each in forms(asked.text) if 'name="vaccine"' in each)
    action, again = sent(form)
    said = plain(await hanako.follow(await hanako.post(action, {**again, **fields})))
    assert "BCG 期間が終わりました" not in said
    assert "受けた接種" in said


async def test_the_same_vaccine_twice_on_a_day_is_refused(hanako: Visitor):
    yui = await child(hanako, 120)
    await written(hanako, yui, "hbv", ago(40))
    twice = await hanako.post(path_of(yui, "/new"), {"vaccine": "hbv", "on": ago(40).isoformat()})
    assert twice.status_code == 422
    assert "もう記入されています" in twice.text


async def test_what_is_usual_later_waits_though_it_may_be_given_now(hanako: Visitor) -> None:
    """BCG may be given from birth on and usually is from five months."""
    page = (await hanako.get(path_of(await child(hanako, 3)))).text
    ahead = page[page.index('id="next"') : page.index('id="given"')]
    places = [ahead.index(name) for name in ("五種混合", "小児用肺炎球菌", "BCG", "麻しん")]
    assert places == sorted(places)


async def test_an_interval_too_short_is_asked_about_once_and_then_kept(hanako: Visitor):
    yui = await child(hanako, 120)
    await written(hanako, yui, "dpt-ipv-hib", ago(40))
    fields = {"vaccine": "dpt-ipv-hib", "on": ago(20).isoformat(), "remark": "はやめ"}
    asked = await hanako.post(path_of(yui, "/new"), fields)
    assert asked.status_code == 422
    assert "前後の接種との間が、きまりより短くなっています。" in asked.text
    form = next(each for each in forms(asked.text) if 'name="vaccine"' in each)
    action, again = sent(form)
    assert ">はやめ</textarea>" in asked.text
    page = await hanako.follow(await hanako.post(action, {**again, **fields}))
    said = plain(page)
    assert "間が短いため、きまりの回数に入りません。" in said
    assert "医師にご相談ください" in said
    assert "五種混合 2回目（全4回）" in said


async def test_what_began_with_the_vaccine_of_before_goes_to_the_doctor(hanako: Visitor):
    yui = await child(hanako, 400)
    page = await written(hanako, yui, "dpt-ipv", ago(300))
    assert "以前の種類のワクチンで始めています。" in page
    page = await written(hanako, yui, "mumps", ago(10))
    assert "そのほかの予防接種" in page
    assert "おたふくかぜ" in page


async def test_the_table_is_as_in_the_handbook(hanako: Visitor):
    yui = await child(hanako, 200)
    await written(hanako, yui, "rota5", ago(130), maker="MSD", lot="R1", given_at="みなと小児科")
    await written(hanako, yui, "another", ago(20), named="テスト接種")
    table = (await hanako.get(path_of(yui, "/table"))).text
    said = plain(table)
    assert "予防接種の記録（表）" in said
    assert "ロタウイルス（5価・3回のもの） / MSD R1 / みなと小児科" in said
    assert "テスト接種" in said
    assert "証明書ではありません" in said


async def test_the_way_from_the_books_to_a_childs_vaccines(hanako: Visitor):
    yui = await child(hanako, 10)
    hub = (await hanako.get("/book")).text
    assert 'href="/book/vaccines"' in hub
    assert "予防接種：" in plain(hub)
    own = (await hanako.get("/book/vaccines")).text
    assert f'href="{path_of(yui)}"' in own
    assert "ゆいさんの予防接種" in own


async def test_ones_own_doses_stand_beside_those_of_facilities(hanako: Visitor, clinic: Place):
    empty = (await hanako.get(path_of(None))).text
    assert "わたしの予防接種" in empty
    assert "期間が終わりました" not in empty
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "88"}]}
    day = ago(30).isoformat()
    for status, when in (("completed", day), ("not-done", ago(31).isoformat())):
        await wrote(
            clinic, hanako.actor, "immunization", "インフルエンザワクチン", days_ahead=-30,
            status=status, vaccineCode=code, occurrenceDateTime=when,
        )  # fmt: skip
    page = await written(hanako, None, "pneumococcal", ago(400), lot="P23")
    said = plain(page)
    assert said.count("施設の記録から") == 1
    assert "インフルエンザ" in said
    assert "P23" in said
    # The same dose written by herself is one.
    page = await written(hanako, None, "influenza", ago(30))
    assert "施設の記録から" not in page


async def test_a_child_with_an_account_sees_their_own_under_one_way(hanako: Visitor):
    actor, _ = await account_of_a_child(ago(3000))
    assert actor.participant_id
    answer = await hanako.post(
        "/book/children/new?whose=self", {"on": "1940-04-09", "sex": "female"}
    )
    assert answer.status_code == 303, answer.text
    book = answer.headers["location"].partition("?")[0]
    assert (await hanako.get(f"{book}/vaccines")).headers["location"] == "/book/vaccines"


async def test_nobody_else_sees_or_writes_them(hanako: Visitor, yumi: Visitor, sato: Visitor):
    yui = await child(hanako, 120)
    page = await written(hanako, yui, "hbv", ago(50))
    (entry,) = set(re.findall(rf'href="({re.escape(path_of(yui))}/[0-9a-f-]{{36}})"', page))
    number = entry.rpartition("/")[2]
    for path in (path_of(yui), path_of(yui, "/table"), path_of(yui, "/new"), entry):
        assert (await yumi.get(path)).status_code == 404
        assert (await sato.get(path)).status_code == 404
    fields = {"vaccine": "hbv", "on": ago(20).isoformat(), "version": 1}
    for path in (path_of(yui, "/new"), entry, f"{entry}/remove", f"/book/vaccines/{number}/remove"):
        assert (await yumi.post(path, fields)).status_code == 404
    # Her daughter's dose is none of Hanako's own, and of no other child.
    other = await child(hanako, 50)
    assert (await hanako.get(f"/book/vaccines/{number}")).status_code == 404
    assert (await hanako.get(path_of(other, f"/{number}"))).status_code == 404
    assert (await hanako.post(path_of(other, f"/{number}/remove"))).status_code == 404
    assert (await hanako.get(path_of(None, f"/{uuid4()}"))).status_code == 404


async def test_a_birthday_a_day_away_still_is_in_the_period(
    hanako: Visitor, monkeypatch: pytest.MonkeyPatch
):
    """Until one year: the day before the first birthday is the last."""
    yui = await child(hanako, (this_day() - date(2025, 12, 1)).days)
    monkeypatch.setattr(clock, "today_in_japan", lambda: date(2026, 11, 30))
    said = plain((await hanako.get(path_of(yui))).text)
    assert "BCG 1回 受ける時期です 標準の時期は過ぎましたが、" in said
    assert "麻しん・風しん（MR）1期 1回 受ける時期です" in said
