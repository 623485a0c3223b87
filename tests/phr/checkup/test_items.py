"""Method variants of the national table are one item, and what only looks alike is none."""

from decimal import Decimal

import pytest

from api.phr.checkup import items
from api.records.checkup_xml import items as national

# How the ministry's table names each item, in whatever method variant.
NAMES = {
    "height": "身長",
    "weight": "体重",
    "bmi": "BMI",
    "waist": "腹囲",
    "visceral_fat": "内臓脂肪面積",
    "systolic_1": "収縮期血圧(1回目)",
    "systolic_2": "収縮期血圧(2回目)",
    "systolic_other": "収縮期血圧(その他)",
    "diastolic_1": "拡張期血圧(1回目)",
    "diastolic_2": "拡張期血圧(2回目)",
    "diastolic_other": "拡張期血圧(その他)",
    "tg_fasting": "空腹時中性脂肪(トリグリセリド)",
    "tg_casual": "随時中性脂肪(トリグリセリド)",
    "hdl": "HDLコレステロール",
    "ldl": "LDLコレステロール",
    "non_hdl": "Non-HDLコレステロール",
    "ast": "AST(GOT)",
    "alt": "ALT(GPT)",
    "ggt": "γ-GT(γ-GTP)",
    "glucose_fasting": "空腹時血糖",
    "glucose_casual": "随時血糖",
    "hba1c": "HbA1c(NGSP値)",
    "creatinine": "血清クレアチニン",
    "egfr": "eGFR",
    "hemoglobin": "血色素量(ヘモグロビン値)",
    "urine_glucose": "尿糖",
    "urine_protein": "尿蛋白",
    "on_pressure_medicine": "服薬1(血圧)",
    "on_glucose_medicine": "服薬2(血糖)",
    "on_lipid_medicine": "服薬3(脂質)",
    "smoking": "喫煙",
    "told_metabolic": "メタボリックシンドローム判定",
    "told_level": "保健指導レベル",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_method_variant_of_the_national_table_is_the_one_item(name: str) -> None:
    said = NAMES[name]
    variants = [
        code
        for code, text in national.NAMES.items()
        if text == said or (name == "waist" and text.startswith("腹囲("))
    ]
    assert items.OF_NAME[name].code in variants
    assert {items.item_of(code) for code in variants} == {items.OF_NAME[name]}


def test_no_other_code_of_the_national_table_is_taken_for_an_item() -> None:
    taken = {code for code in national.NAMES if items.item_of(code)}
    named = {
        code
        for code, text in national.NAMES.items()
        if text in NAMES.values() or text.startswith("腹囲(")
    }
    assert taken == named
    assert set(items.OF_NAME) == set(NAMES)


@pytest.mark.parametrize(
    "code",
    [
        "3C015161602399911",  # whom creatinine was measured for
        "3D045000001906202",  # HbA1c by JDS
        "3F050000002327101",  # total cholesterol
        "3D0460000019062",  # fifteen digits
        "",
    ],
)
def test_what_only_looks_alike_is_no_item(code: str) -> None:
    assert items.item_of(code) is None


def test_the_answers_are_those_of_the_national_code_tables() -> None:
    for item in items.ANSWERED:
        oid = item.system.removeprefix("urn:oid:")
        ours = {code: text.replace("（", "(").replace("）", ")") for code, text in item.answers}
        theirs = {code: text for (table, code), text in national.CHOICES.items() if table == oid}
        assert {code: text.replace("1か月", "1ヶ月") for code, text in ours.items()} == theirs


def test_units_are_those_the_form_writes() -> None:
    for item in items.MEASURED:
        assert national.unit_code(item.unit) == item.ucum


def test_what_is_usual_lies_inside_what_is_possible() -> None:
    for item in items.MEASURED:
        low, high = (Decimal(each) for each in item.bounds)
        assert low < Decimal(item.usual[0]) < Decimal(item.usual[1]) < high
        assert items.is_plausible(item, low)
        assert items.is_plausible(item, high)
        middle = (Decimal(item.usual[0]) * Decimal(item.usual[1])).sqrt()
        assert items.is_plausible(item, middle)
        assert not items.is_plausible(item, middle * 100), item.name
