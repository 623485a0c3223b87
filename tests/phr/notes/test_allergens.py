"""Words lead to allergens: the table, and how it is searched."""

from hashlib import sha256

import pytest

from api.phr.notes import allergens
from api.phr.notes.allergens import OF_CODE, found

# Of code, Japanese, kana and English of each row of the edition that is neither a dummy nor ended.
EDITION = "3e0eb9db3eb55f34ab45c6cbbaf72dfec666fb39aba601b7c03556be5a0c66ed"


def test_the_table_is_that_of_the_edition_to_the_last_character() -> None:
    rows = ("|".join((each.code, each.ja, each.kana, each.en)) for each in OF_CODE.values())
    assert sha256("\n".join(rows).encode()).hexdigest() == EDITION
    assert len(OF_CODE) == 1733
    assert sum(each.is_main for each in OF_CODE.values()) == 111


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("そば", "そば"),
        ("ソバ", "そば"),
        ("ｿﾊﾞ", "そば"),
        ("蕎麦", "そば"),
        ("Buckwheat", "そば"),
        ("buckwheat", "そば"),
        ("ｂｕｃｋ ｗｈｅａｔ", "そば"),
        ("たまご", "鶏卵"),
        ("卵", "鶏卵"),
        ("玉子", "鶏卵"),
        ("けいらん", "鶏卵"),
        ("ミルク", "牛乳"),
        ("ピーナッツ", "落花生"),
        ("ぴーなっつ", "落花生"),
        ("らっかせい", "落花生"),
        ("peanut", "落花生"),
        ("海老", "えび"),
        ("えび", "えび"),
        ("かに", "かに"),
        ("小麦", "小麦"),
        ("こむぎ", "小麦"),
        ("くるみ", "くるみ"),
        ("すぎ", "スギ"),
        ("はうすだすと", "ハウスダスト"),
        ("猫", "ネコ"),
        ("犬", "イヌ"),
    ],
)
def test_what_people_call_it_leads_to_it_first(words: str, first: str) -> None:
    assert found(words)[0].ja == first


def test_every_everyday_word_leads_to_a_code_of_the_table() -> None:
    for word, code in allergens._ALSO_CALLED.items():
        assert found(word)[0].code == code


def test_main_terms_stand_before_others_that_are_as_near() -> None:
    names = [each.ja for each in found("えび")]
    assert names[0] == "えび"
    assert len(names) == len(set(names)) > 5
    beginning = [each.is_main for each in found("さ") if each.kana.startswith("さ")]
    assert beginning == sorted(beginning, reverse=True)


def test_a_list_is_never_long_and_nothing_is_found_for_nothing() -> None:
    assert len(found("え")) == allergens.MOST_FOUND
    assert len(found("え", most=3)) == 3
    assert found("") == []
    assert found("　 ") == []
    assert found("そんなものはない") == []


def test_a_code_says_its_system() -> None:
    egg, cat = found("たまご")[0], found("ねこ")[0]
    assert (egg.is_food, cat.is_food) == (True, False)
    assert egg.system == "http://jpfhir.jp/fhir/core/CodeSystem/JP_JfagyFoodAllergen_CS"
    assert cat.system.endswith("JP_JfagyNonFoodNonMedicationAllergen_CS")
    assert (egg.label("ja"), egg.label("en")) == ("鶏卵", "Poultry egg")
