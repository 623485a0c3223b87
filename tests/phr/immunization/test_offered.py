"""What older people are offered, on Hanako's page and for apps; and after a long illness."""

import re
from datetime import timedelta

from api.core.clock import today_in_japan as this_day
from api.phr.immunization import adults
from tests.phr.child.scene import account_of_a_child
from tests.phr.immunization.scene import ago, child, door_of, path_of, written
from tests.portal.scene import Place, Visitor, visitor, wrote
from tests.portal_shell.contexts import render


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def test_somebody_of_86_sees_what_is_offered_and_is_sent_to_the_municipality(hanako: Visitor):
    page = (await hanako.get(path_of(None))).text
    said = plain(page)
    assert "大人の定期接種" in said
    assert "インフルエンザ 対象の年齢です 65歳から、年度ごとに1回です。" in said
    assert "くわしくは市区町村へお問い合わせください" in said
    # Past 65 by far, a woman, and not one of this year's ages of shingles alone.
    assert "肺炎球菌（高齢の方）" not in said[: said.index("受けた接種")]
    assert "第5期" not in said
    assert f'href="{path_of(None)}/new?vaccine=influenza"' in page
    # The rule after a long illness is that of older people.
    assert "1年の間、定期接種として受けられることがあります" in said
    assert "五種混合:" not in said


async def test_what_she_had_this_year_is_said(hanako: Visitor):
    page = await written(hanako, None, "influenza", this_day())
    said = plain(page)
    ahead = said[: said.index("受けた接種")]
    assert re.search(r"インフルエンザ \d+年\d+月\d+日に受けました", ahead)
    assert f'href="{path_of(None)}/new?vaccine=influenza"' not in page
    told = (await hanako.ask(door_of(None))).json()
    assert told["offers_edition"] == adults.edition_on(this_day()).name
    offers = {each["vaccine"]: each for each in told["offers"]}
    assert offers["influenza"] == {
        "vaccine": "influenza", "first": "2005-04-08", "last": None,
        "had_on": this_day().isoformat(), "is_unsure": False,
    }  # fmt: skip
    assert offers["covid"]["had_on"] is None


async def test_what_a_facility_gave_her_with_the_product_of_children_is_hers(
    hanako: Visitor, clinic: Place
):
    """20価 has one code, whoever has it."""
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "216"}]}
    await wrote(
        clinic, hanako.actor, "immunization", "肺炎球菌ワクチン（20価）", days_ahead=-30,
        status="completed", vaccineCode=code, occurrenceDateTime=ago(30).isoformat(),
    )  # fmt: skip
    said = plain((await hanako.get(path_of(None))).text)
    given = said[said.index("受けた接種") :]
    assert "肺炎球菌（高齢の方）" in given
    assert "小児用肺炎球菌" not in given
    assert "期間より後" not in given


async def test_of_a_child_the_ages_after_a_long_illness_stand_folded_up(hanako: Visitor):
    yui = await child(hanako, 600)
    said = plain((await hanako.get(path_of(yui))).text)
    assert "大人の定期接種" not in said
    told = said[said.index("長い病気などで受けられなかったとき") :]
    assert "2年の間、定期接種として受けられることがあります" in told
    assert re.search(r"BCG: \d+年\d+月\d+日（4歳の誕生日の前の日）", told)
    assert "ロタウイルスには、このきまりはありません。" in told
    assert (await hanako.ask(door_of(yui))).json()["offers"] == []
    english = plain((await hanako.get(path_of(yui), locale="en")).text)
    assert "(the day before turning 15)" in english


async def test_whoever_began_with_hib_alone_sees_how_it_goes_on(hanako: Visitor):
    yui = await child(hanako, 900)
    await written(hanako, yui, "dpt-ipv", ago(830))
    page = await written(hanako, yui, "hib", ago(830))
    said = plain(page)
    assert "ヒブ（Hib） 追加 受ける時期です" in said
    assert "ヒブだけのワクチンで始めたときの予定です。" in said
    assert "五種混合 : 以前の種類のワクチンで始めています。" in said


async def test_from_60_to_64_it_says_who_may_be_offered_some_sooner(open_browser):
    sooner = "重い障害がある方は、60歳から受けられるものがあります"
    for years, is_shown, is_early in ((59, False, False), (61, True, True), (65, True, False)):
        born = (this_day() - timedelta(days=2)).replace(year=this_day().year - years, day=1)
        person, _ = await account_of_a_child(born)
        said = plain((await (await visitor(await open_browser(), person)).get(path_of(None))).text)
        assert ("大人の定期接種" in said) is is_shown, years
        assert (sooner in said) is is_early, years
        assert ("市区町村か、かかりつけの医師にご確認ください。" in said) is not is_shown, years
        assert ("肺炎球菌（高齢の方） 対象の年齢です" in said) is (years == 65)
        later = re.search(r"インフルエンザ まだです \d+年\d+月\d+日から（65歳）、", said)
        assert (later is not None) is is_early


def test_what_only_the_municipality_can_say_is_not_said_as_certain():
    """MR in short supply: the day of birth alone does not tell who could not have it."""
    said = plain(render("vaccines-perhaps", "ja"))
    first = said[said.index("麻しん・風しん（MR）1期") :]
    first = first[: first.index("を記入する")]
    assert "市区町村にご確認ください 2027年3月31日まで、受けられることがあります。" in first
    assert "受ける時期です" not in first
    assert "受けられる期間" not in first
    assert "ワクチンが足りずに受けられなかったお子さまだけの延長です。" in first


def test_men_of_the_years_without_a_vaccine_against_rubella_are_told_for_whom_it_is_left():
    said = plain(render("vaccines-offered", "ja"))
    assert "風しん（第5期） 対象の年齢です 対象の期間 2025年4月1日から2027年3月31日まで" in said
    assert "2025年3月31日までの検査で" in said


def test_what_no_source_settles_is_said_so_beside_its_days():
    for locale, unsure in (("ja", "まだ確かめられていません"), ("en", "is not confirmed yet")):
        page = plain(render("vaccines-ahead", locale))
        assert page.count(unsure) == 1
        assert unsure not in plain(render("vaccines-offered", locale))
    said = plain(render("vaccines-ahead", "ja"))
    shingles = said[said.index("帯状疱疹 まだです") :]
    assert "対象の期間 2031年5月14日から2032年5月14日まで" in shingles
    assert "市区町村にご確認ください" in shingles
