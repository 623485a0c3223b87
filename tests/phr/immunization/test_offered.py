"""What older people are offered, on Hanako's page and for apps; and after a long illness."""

import re
from datetime import timedelta

from tests.phr.child.scene import account_of_a_child
from tests.phr.immunization.scene import TODAY, ago, child, door_of, path_of, written
from tests.portal.scene import Place, Visitor, visitor, wrote


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def test_somebody_of_86_sees_what_is_offered_and_is_sent_to_the_municipality(hanako: Visitor):
    page = (await hanako.get(path_of(None))).text
    said = plain(page)
    assert "大人の定期接種" in said
    assert "インフルエンザ 対象の時期です 65歳から、年度ごとに1回です。" in said
    assert "くわしくは市区町村へお問い合わせください" in said
    # Past 65 by far, a woman, and not one of this year's ages of shingles alone.
    assert "肺炎球菌（高齢の方）" not in said[: said.index("受けた接種")]
    assert "第5期" not in said
    assert f'href="{path_of(None)}/new?vaccine=influenza"' in page
    # The rule after a long illness is that of older people.
    assert "1年の間、定期接種として受けられることがあります" in said
    assert "五種混合:" not in said


async def test_what_she_had_this_year_is_said(hanako: Visitor):
    page = await written(hanako, None, "influenza", TODAY)
    said = plain(page)
    ahead = said[: said.index("受けた接種")]
    assert re.search(r"インフルエンザ \d+年\d+月\d+日に受けました", ahead)
    assert f'href="{path_of(None)}/new?vaccine=influenza"' not in page
    told = (await hanako.ask(door_of(None))).json()
    assert told["offers_edition"] == "2026-04"
    offers = {each["vaccine"]: each for each in told["offers"]}
    assert offers["influenza"] == {
        "vaccine": "influenza", "first": "2005-04-08", "last": None, "had_on": TODAY.isoformat(),
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
        born = (TODAY - timedelta(days=2)).replace(year=TODAY.year - years, day=1)
        person, _ = await account_of_a_child(born)
        said = plain((await (await visitor(await open_browser(), person)).get(path_of(None))).text)
        assert ("大人の定期接種" in said) is is_shown, years
        assert (sooner in said) is is_early, years
        assert ("市区町村か、かかりつけの医師にご確認ください。" in said) is not is_shown, years
        assert ("肺炎球菌（高齢の方） 対象の時期です" in said) is (years == 65)
        later = re.search(r"インフルエンザ まだです \d+年\d+月\d+日から（65歳）、", said)
        assert (later is not None) is is_early
