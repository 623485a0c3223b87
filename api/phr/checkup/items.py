"""The items of a checkup that are set side by side: names, codes, units and what is plausible.

Codes are JLAC10, 17 digits, as the ministry's form of the specific health checkup (特定健診, fourth
period, from 2024) lists them. The first twelve say what is measured and in which material; the
rest, by which method: variants of one method are one item. HbA1c by the older JDS scale is none.
"""

from decimal import Decimal
from typing import Final, Literal, NamedTuple

Part = Literal["body", "pressure", "lipid", "liver", "glucose", "kidney", "blood", "asked", "told"]
PARTS: Final[tuple[Part, ...]] = (
    *("body", "pressure", "lipid", "liver", "glucose", "kidney", "blood", "asked", "told"),
)
OID: Final = "urn:oid:1.2.392.200119.6"
_YES_NO: Final = f"{OID}.2003"
_STRIP: Final = f"{OID}.2102"
_SAME_TEST: Final = 12
CODE_LENGTH: Final = 17


class Measured(NamedTuple):
    """`bounds`: nobody alive is outside; `usual`: outside it a form asks once."""

    name: str
    part: Part
    code: str
    display: str
    unit: str
    ucum: str
    bounds: tuple[str, str]
    usual: tuple[str, str]
    decimals: int = 0
    others: tuple[str, ...] = ()


class Answered(NamedTuple):
    """`answers`: code and Japanese words of the form's own table `system`."""

    name: str
    part: Part
    code: str
    display: str
    system: str
    answers: tuple[tuple[str, str], ...]
    others: tuple[str, ...] = ()


Item = Measured | Answered

_YES_OR_NO: Final = (("1", "はい"), ("2", "いいえ"))
_STRIPS: Final = (("1", "－"), ("2", "±"), ("3", "＋"), ("4", "＋＋"), ("5", "＋＋＋"))
_SMOKES: Final = (
    ("1", "はい"),
    ("2", "以前は吸っていたが、最近1か月間は吸っていない"),
    ("3", "いいえ"),
)
_METABOLIC: Final = (("1", "基準該当"), ("2", "予備群該当"), ("3", "非該当"), ("4", "判定不能"))
_LEVEL: Final = (
    ("1", "積極的支援"),
    ("2", "動機付け支援"),
    ("3", "なし（情報提供）"),
    ("4", "判定不能"),
)

_PRESSURE: Final = ("mmHg", "mm[Hg]")
_MG: Final = ("mg/dL", "mg/dL")
_U: Final = ("U/L", "U/L")
_UPPER: Final = (("30", "350"), ("80", "200"))
_LOWER: Final = (("15", "250"), ("40", "120"))
_LIVER: Final = (("1", "4000"), ("5", "500"))
_FAT: Final = (("5", "10000"), ("20", "1000"))
_SUGAR: Final = (("10", "2000"), ("60", "300"))

MEASURED: Final[tuple[Measured, ...]] = (
    Measured("height", "body", "9N001000000000001", "身長", "cm", "cm",
             ("50", "260"), ("130", "200"), 1),
    Measured("weight", "body", "9N006000000000001", "体重", "kg", "kg",
             ("10", "400"), ("30", "150"), 1),
    Measured("bmi", "body", "9N011000000000001", "BMI", "kg/m2", "kg/m2",
             ("5", "120"), ("14", "50"), 1),
    Measured("waist", "body", "9N016160100000001", "腹囲", "cm", "cm",
             ("30", "300"), ("50", "150"), 1, ("9N0161602000", "9N0161603000")),
    Measured("visceral_fat", "body", "9N021000000000001", "内臓脂肪面積", "cm2", "cm2",
             ("1", "900"), ("10", "400"), 1),
    Measured("systolic_1", "pressure", "9A751000000000001", "収縮期血圧（1回目）", *_PRESSURE,
             *_UPPER),
    Measured("diastolic_1", "pressure", "9A761000000000001", "拡張期血圧（1回目）", *_PRESSURE,
             *_LOWER),
    Measured("systolic_2", "pressure", "9A752000000000001", "収縮期血圧（2回目）", *_PRESSURE,
             *_UPPER),
    Measured("diastolic_2", "pressure", "9A762000000000001", "拡張期血圧（2回目）", *_PRESSURE,
             *_LOWER),
    Measured("systolic_other", "pressure", "9A755000000000001", "収縮期血圧（その他）", *_PRESSURE,
             *_UPPER),
    Measured("diastolic_other", "pressure", "9A765000000000001", "拡張期血圧（その他）", *_PRESSURE,
             *_LOWER),
    Measured("tg_fasting", "lipid", "3F015000002327101", "空腹時中性脂肪", *_MG, *_FAT),
    Measured("tg_casual", "lipid", "3F015129902327101", "随時中性脂肪", *_MG, *_FAT),
    Measured("hdl", "lipid", "3F070000002327101", "HDLコレステロール", *_MG,
             ("1", "300"), ("20", "130")),
    Measured("ldl", "lipid", "3F077000002327101", "LDLコレステロール", *_MG,
             ("5", "1000"), ("30", "300")),
    Measured("non_hdl", "lipid", "3F069000002391901", "Non-HDLコレステロール", *_MG,
             ("5", "1200"), ("40", "350")),
    Measured("ast", "liver", "3B035000002327201", "AST（GOT）", *_U, *_LIVER),
    Measured("alt", "liver", "3B045000002327201", "ALT（GPT）", *_U, *_LIVER),
    Measured("ggt", "liver", "3B090000002327101", "γ-GT（γ-GTP）", *_U, *_LIVER),
    Measured("glucose_fasting", "glucose", "3D010000001926101", "空腹時血糖", *_MG, *_SUGAR, 0,
             ("3D0100000022",)),
    Measured("glucose_casual", "glucose", "3D010129901926101", "随時血糖", *_MG, *_SUGAR, 0,
             ("3D0101299022",)),
    Measured("hba1c", "glucose", "3D046000001906202", "HbA1c（NGSP値）", "%", "%",
             ("2", "25"), ("4", "12"), 1),
    Measured("creatinine", "kidney", "3C015000002327101", "血清クレアチニン", *_MG,
             ("0.05", "40"), ("0.3", "3"), 2),
    Measured("egfr", "kidney", "8A065000002391901", "eGFR", "mL/min/1.73m2", "mL/min/{1.73_m2}",
             ("1", "250"), ("15", "150"), 1),
    Measured("hemoglobin", "blood", "2A030000001930101", "血色素量（ヘモグロビン値）", "g/dL",
             "g/dL", ("1", "30"), ("7", "20"), 1),
)  # fmt: skip
ANSWERED: Final[tuple[Answered, ...]] = (
    Answered("urine_glucose", "kidney", "1A020000000191111", "尿糖", _STRIP, _STRIPS),
    Answered("urine_protein", "kidney", "1A010000000191111", "尿蛋白", _STRIP, _STRIPS),
    Answered("on_pressure_medicine", "asked", "9N701000000000011", "血圧を下げる薬の使用",
             _YES_NO, _YES_OR_NO),
    Answered("on_glucose_medicine", "asked", "9N706000000000011",
             "血糖を下げる薬またはインスリン注射の使用", _YES_NO, _YES_OR_NO),
    Answered("on_lipid_medicine", "asked", "9N711000000000011",
             "コレステロールや中性脂肪を下げる薬の使用", _YES_NO, _YES_OR_NO),
    Answered("smoking", "asked", "9N736000000000011", "喫煙", f"{OID}.24060", _SMOKES),
    Answered("told_metabolic", "told", "9N501000000000011", "メタボリックシンドローム判定",
             f"{OID}.1008", _METABOLIC),
    Answered("told_level", "told", "9N506000000000011", "保健指導レベル", f"{OID}.3001", _LEVEL),
)  # fmt: skip
ITEMS: Final[tuple[Item, ...]] = (*MEASURED, *ANSWERED)
OF_NAME: Final = {each.name: each for each in ITEMS}
SIDES: Final = ("systolic", "diastolic")
# What has a picture over the years: everything measured, blood pressure as it is judged.
DRAWN: Final[tuple[str, ...]] = (
    *(each.name for each in MEASURED if each.part == "body"),
    *SIDES,
    *(each.name for each in MEASURED if each.part not in ("body", "pressure")),
)

_OF_TEST: Final = {each.code[:_SAME_TEST]: each for each in ITEMS} | {
    other: each for each in ITEMS for other in each.others
}
# Four digits more than what is measured: what a question is about, and whether one was asked at
# all (対象者, 実施理由), end otherwise than a number or a code of results.
_ENDINGS: Final = {Measured: ("01", "02"), Answered: ("11",)}


def item_of(code: str) -> Item | None:
    """The item a 17-digit code is of, by whatever method; None for any other code."""
    found = _OF_TEST.get(code[:_SAME_TEST]) if len(code) == CODE_LENGTH else None
    if found is None or code[-2:] not in _ENDINGS[type(found)]:
        return None
    return found


def unit_of(name: str) -> str:
    """As it is printed; "" for what has none, or no such item."""
    item = OF_NAME.get(f"{name}_1" if name in SIDES else name)
    return item.unit if isinstance(item, Measured) else ""


def decimals_of(name: str) -> int:
    """How many digits stand behind the point."""
    item = OF_NAME.get(name)
    return item.decimals if isinstance(item, Measured) else 0


def is_plausible(item: Measured, number: Decimal) -> bool:
    """Whether anybody alive can have it; both bounds inside."""
    return Decimal(item.bounds[0]) <= number <= Decimal(item.bounds[1])
