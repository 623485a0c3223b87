"""Who is one person and who is not: the rules alone, and a population of 5,000 measured by them."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from api.records.matching.persons import (
    Demographics,
    Insured,
    folded,
    folded_address,
    folded_kana,
    is_near,
    near_dates,
    one_edit_apart,
)
from api.records.matching.rules import CHANCES, DOUBTFUL, LINK, WEIGHTS, compare, decide
from benchmarks.matching import measure, without_insurance
from benchmarks.population import Written, population

HANAKO = Demographics(
    "山本 花子",
    "ヤマモト ハナコ",
    "female",
    date(1985, 3, 14),
    "熊本県熊本市中央区水前寺六丁目18番1号",
    Insured("430011", "熊", "1234567", "02"),
)
HER_ID = UUID(int=1)


def verdict(sent: Demographics, registered: Demographics = HANAKO) -> str:
    return compare(folded(sent), folded(registered)).verdict


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("オオノ ユウコ", "オーノ ユーコ"),
        ("オウノ", "オオノ"),
        ("ｱｷﾔﾏ", "アキヤマ"),
        ("ミヅホ", "ミズホ"),
        ("キョウコ", "キヨウコ"),
        ("けいこ", "ケーコ"),
    ],
)
def test_kana_written_in_several_ways_is_one(one: str, other: str) -> None:
    assert folded_kana(one) == folded_kana(other)


def test_a_long_vowel_left_out_is_another_kana() -> None:
    assert folded_kana("ユウタ") != folded_kana("ユタ")


@pytest.mark.parametrize(
    "text",
    [
        "熊本県熊本市中央区水前寺六丁目18番1号",
        "熊本市中央区水前寺６－１８－１",
        "熊本市中央区水前寺6丁目18-1 水前寺マンション203",
        "熊本県 熊本市中央区 水前寺 6-18-1",
    ],
)
def test_one_house_has_one_address(text: str) -> None:
    assert folded_address(text) == ("熊本市中央区水前寺", "熊本市中央区水前寺6-18-1")


@pytest.mark.parametrize(
    ("text", "town"),
    [("東京都千代田区", "千代田区"), ("", ""), ("12-3", ""), ("天草市本町新休", "天草市本町新休")],
)
def test_an_address_without_a_house_names_a_town_at_most(text: str, town: str) -> None:
    assert folded_address(text) == (town, "")


def test_ten_and_more_in_characters_are_numbers() -> None:
    assert folded_address("春日十二丁目三番")[1] == "春日12-3"
    assert folded_address("春日二十丁目一番")[1] == "春日20-1"


def test_near_days_are_one_digit_or_an_exchange_away() -> None:
    day = date(1985, 3, 4)
    near = near_dates(day)
    assert date(1985, 4, 3) in near
    assert date(1986, 3, 4) in near
    assert date(1985, 3, 14) in near
    assert day not in near
    assert date(1986, 4, 4) not in near
    assert all(is_near(day, each) for each in near)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("ハナコ", "ハナエ", True),
        ("ハナコ", "ハコ", True),
        ("ハナコ", "ハナココ", True),
        ("ハナコ", "ナハコ", True),
        ("ハナコ", "ハナコ", False),
        ("ハナコ", "ヨシコ", False),
        ("ハナコ", "コハナ", False),
    ],
)
def test_one_sound_apart(one: str, other: str, *, expected: bool) -> None:
    assert one_edit_apart(one, other) is expected
    assert one_edit_apart(other, one) is expected


def test_hanako_as_she_is_registered_is_linked() -> None:
    assert verdict(HANAKO) == "link"


def test_a_card_links_where_nothing_speaks_against_it() -> None:
    card = "8" * 16
    registered = replace(HANAKO, card=card)
    assert verdict(Demographics(card=card, birth_on=HANAKO.birth_on), registered) == "link"
    other_day = Demographics(card=card, birth_on=date(1950, 1, 1))
    assert verdict(other_day, registered) == "doubtful"
    daughter = Demographics("山本 由美", "ヤマモト ユミ", card=card, birth_on=HANAKO.birth_on)
    assert verdict(daughter, registered) == "doubtful"


def test_insurance_and_birth_date_link_after_a_wedding_and_a_move() -> None:
    sent = replace(
        HANAKO, name="高橋 花子", name_kana="タカハシ ハナコ", address="大阪府大阪市北区梅田1-1"
    )
    found = compare(folded(sent), folded(HANAKO))
    assert (found.verdict, found.way) == ("link", "insurance")


def test_the_six_and_the_eight_digits_of_an_insurer_are_one() -> None:
    insured = Insured("00430011", "熊", "１２３４５６７", "2")
    sent = Demographics("山本 花子", "", "", HANAKO.birth_on, "", insured)
    assert verdict(sent) == "link"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "山本　花子"},
        {"name": "山本花子", "name_kana": "ﾔﾏﾓﾄﾊﾅｺ"},
        {"name_kana": "ヤマモト ハナヨ"},
        {"address": "熊本市中央区水前寺6-18-1"},
    ],
)
def test_one_slip_still_links_by_name_and_address(change: dict[str, object]) -> None:
    sent = replace(HANAKO, insured=None, **change)
    found = compare(folded(sent), folded(HANAKO))
    assert (found.verdict, found.way) == ("link", "score")


@pytest.mark.parametrize(
    ("one", "other"),
    [("髙橋 惠子", "高橋 恵子"), ("齋藤 花子", "斉藤 花子"), ("山﨑 花", "山崎 花")],
)
def test_old_and_new_characters_are_one_name(one: str, other: str) -> None:
    sent, registered = (
        replace(HANAKO, name=each, name_kana="", insured=None) for each in (one, other)
    )
    assert verdict(sent, registered) == "link"


def test_name_birth_date_and_sex_alone_are_for_a_person_to_judge() -> None:
    assert verdict(replace(HANAKO, insured=None, address="")) == "doubtful"


def test_a_wrong_birth_date_takes_a_certificate_to_be_linked() -> None:
    sent = replace(HANAKO, birth_on=date(1985, 3, 24))
    assert verdict(sent) == "link"
    assert verdict(replace(sent, insured=None)) == "doubtful"


@pytest.mark.parametrize("branch", ["01", "02", ""])
def test_a_twin_is_never_linked_by_itself(branch: str) -> None:
    """Same family name, birth date, address and certificate, even by a card held by mistake."""
    twin = replace(
        HANAKO,
        name="山本 春子",
        name_kana="ヤマモト ハルコ",
        insured=Insured("430011", "熊", "1234567", branch),
    )
    assert verdict(twin) == "doubtful"
    assert verdict(replace(twin, card="8" * 16), replace(HANAKO, card="8" * 16)) == "doubtful"


def test_a_twin_whose_name_sounds_the_same_is_never_linked() -> None:
    twin = replace(HANAKO, name="山本 華子", insured=None)
    assert verdict(twin) == "doubtful"


def test_a_twin_whose_name_sounds_nearly_the_same_is_never_linked() -> None:
    twin = replace(HANAKO, name="山本 華奈", name_kana="ヤマモト ハナ")
    assert verdict(twin) == "doubtful"
    in_kana = replace(HANAKO, name="", name_kana="ヤマモト ハナ")
    assert verdict(in_kana) == "doubtful"


def test_others_of_the_same_house_are_not_in_question() -> None:
    mother = replace(
        HANAKO, name="山本 節子", name_kana="ヤマモト セツコ", birth_on=date(1955, 1, 2)
    )
    assert verdict(mother) == "none"


def test_both_of_two_registrations_of_one_person_are_doubtful() -> None:
    other = UUID(int=2)
    outcome = decide(folded(HANAKO), {HER_ID: folded(HANAKO), other: folded(HANAKO)})
    assert outcome.verdict == "doubtful"
    assert {each.participant_id for each in outcome.ranked} == {HER_ID, other}


def test_a_twin_beside_her_does_not_keep_her_from_being_linked() -> None:
    twin = replace(
        HANAKO,
        name="山本 春子",
        name_kana="ヤマモト ハルコ",
        insured=Insured("430011", "熊", "1234567", "01"),
    )
    outcome = decide(folded(HANAKO), {UUID(int=2): folded(twin), HER_ID: folded(HANAKO)})
    assert outcome.verdict == "link"
    assert outcome.ranked[0].participant_id == HER_ID


def test_no_field_at_all_is_nobody() -> None:
    assert decide(folded(Demographics()), {HER_ID: folded(HANAKO)}).verdict == "none"


@pytest.fixture(scope="module")
def people() -> list[Written]:
    return population(5_000, seed=21)


def test_five_thousand_people_are_matched_as_promised(people: list[Written]) -> None:
    found = measure(people)
    assert found.precision >= 0.9999
    assert found.recall >= 0.95
    assert found.doubtful <= 0.02
    assert found.twins_linked == 0


def test_nobody_wrong_is_linked_where_no_certificate_is_known(people: list[Written]) -> None:
    found = measure(without_insurance(people))
    assert found.precision >= 0.9999
    assert found.twins_linked == 0


def test_every_score_is_the_sum_of_its_weights() -> None:
    found = compare(folded(HANAKO), folded(HANAKO))
    assert set(found.levels) == {"family", "given", "sex", "birth", "address", "insurance"}
    assert found.bits > LINK


def test_the_reference_names_every_chance_and_both_thresholds() -> None:
    text = (Path(__file__).parents[3] / "docs" / "reference" / "matching.md").read_text("utf-8")
    for field, levels in CHANCES.items():
        for level, (m, u) in levels.items():
            bits = f"{WEIGHTS[field][level]:.1f}".replace("-", "−")
            assert f"| {_plain(m)} | {_plain(u)} | {bits} |" in text, (field, level)
    assert f"score of {LINK:.0f} bits" in text
    assert f"**{DOUBTFUL:.0f} bits" in text


def _plain(value: float) -> str:
    return f"{value:.6f}".rstrip("0") if value < 0.001 else f"{value:.5f}".rstrip("0")
