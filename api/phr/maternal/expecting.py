"""What is written down while a child is expected: the days, visits, blood, ultrasound."""

from typing import Final

from api.phr.entries.fields import Choice, Coded, Day, Flag, Number, Several, Words
from api.phr.entries.kinds import Kind
from api.phr.maternal import checks, schedule
from api.phr.maternal.coding import CATEGORY, COUNT, WHICH, loinc, options, ours
from api.phr.maternal.readings import URINE

PREGNANCY_LOINC: Final = "82810-3"

_URINE_SAID: Final = ("－", "±", "1＋", "2＋", "3＋")
_TEST_SAID: Final = {
    "blood_group": "血液型・不規則抗体",
    "blood_count": "血算（貧血など）",
    "blood_glucose": "血糖",
    "hbs": "B型肝炎",
    "hcv": "C型肝炎",
    "hiv": "HIV",
    "syphilis": "梅毒",
    "rubella": "風疹抗体",
    "cytology": "子宮頸がん検診",
    "ultrasound": "超音波検査",
    "htlv1": "HTLV-1抗体",
    "chlamydia": "性器クラミジア",
    "gbs": "B群溶血性レンサ球菌（GBS）",
}


def _urine() -> tuple[Coded, ...]:
    return options(dict(zip(URINE, _URINE_SAID, strict=True)))


# Closed without a birth: kept, and out of sight.
CLOSED: Final = ours("pregnancy-closed", "記録を終えた")


PREGNANCY: Final = Kind(
    name="pregnancy",
    category=CATEGORY,
    code=loinc(PREGNANCY_LOINC, "妊娠の状態"),
    title="妊娠の記録",
    fields=(
        Day(name="edd", code=loinc("11778-8", "出産予定日"), may_be_future=True),
        # A day ahead is refused by the room's own words
        Day(name="lmp", code=loinc("8665-2", "最終月経の初日"), may_be_future=True),
        Choice(
            name="dated_by",
            code=ours("pregnancy-dated-by", "予定日の決め方"),
            options=options({"period": "最終月経", "ultrasound": "超音波検査", "other": "その他"}),
        ),
        Number(
            name="height",
            code=loinc("8302-2", "身長"),
            unit="cm",
            ucum="cm",
            bounds=("80", "230"),
            usual=("135", "185"),
        ),
        Number(
            name="weight_before",
            code=ours("weight-before-pregnancy", "妊娠前の体重"),
            unit="kg",
            ucum="kg",
            bounds=("20", "300"),
            usual=("35", "110"),
        ),
        Choice(name="babies", code=ours("pregnancy-babies", "おなかの子の数"), options=COUNT),
        Words(name="remark", code=ours("remark", "メモ"), has_lines=True),
        Flag(name="is_closed", code=CLOSED),
    ),
)


VISIT: Final = Kind(
    name="pregnancy-visit",
    category=CATEGORY,
    code=ours("pregnancy-visit", "妊婦健診"),
    title="妊婦健診の記録",
    fields=(
        Number(
            name="weight",
            code=loinc("29463-7", "体重"),
            unit="kg",
            ucum="kg",
            bounds=("20", "300"),
            usual=("35", "120"),
        ),
        Number(
            name="systolic",
            code=loinc("8480-6", "収縮期血圧"),
            unit="mmHg",
            ucum="mm[Hg]",
            bounds=("30", "350"),
            usual=("80", "180"),
            decimals=0,
        ),
        Number(
            name="diastolic",
            code=loinc("8462-4", "拡張期血圧"),
            unit="mmHg",
            ucum="mm[Hg]",
            bounds=("15", "250"),
            usual=("40", "120"),
            decimals=0,
        ),
        Number(
            name="fundal_height",
            code=loinc("11881-0", "子宮底長"),
            unit="cm",
            ucum="cm",
            bounds=("3", "70"),
            usual=("8", "45"),
        ),
        Number(
            name="girth",
            code=ours("girth", "腹囲"),
            unit="cm",
            ucum="cm",
            bounds=("40", "220"),
            usual=("55", "130"),
        ),
        Choice(
            name="oedema",
            code=ours("oedema", "浮腫"),
            options=options({"minus": "－", "trace": "±", "plus1": "＋", "plus2": "2＋"}),
        ),
        Choice(name="urine_protein", code=loinc("20454-5", "尿蛋白"), options=_urine()),
        Choice(name="urine_glucose", code=loinc("25428-4", "尿糖"), options=_urine()),
        Several(
            name="tests",
            code=ours("pregnancy-tests", "受けた検査"),
            options=tuple(ours(each, _TEST_SAID[each]) for each in schedule.TESTS),
        ),
        Words(name="remark", code=ours("remark", "メモ"), has_lines=True),
    ),
)


def _glucose(minutes: int, code: Coded) -> Number:
    return Number(
        name=f"glucose_{minutes}",
        code=code,
        unit="mg/dL",
        ucum="mg/dL",
        bounds=("10", "1000"),
        usual=("50", "300"),
        decimals=0,
    )


BLOOD: Final = Kind(
    name="pregnancy-blood",
    category=CATEGORY,
    code=ours("pregnancy-blood", "妊娠中の血液検査"),
    title="妊娠中の血液検査の記録",
    fields=(
        Number(
            name="haemoglobin",
            code=loinc("718-7", "ヘモグロビン"),
            unit="g/dL",
            ucum="g/dL",
            bounds=("2", "25"),
            usual=("7", "17"),
        ),
        _glucose(0, ours("glucose-75g-0", "75gブドウ糖負荷試験 空腹時")),
        _glucose(60, ours("glucose-75g-60", "75gブドウ糖負荷試験 1時間")),
        _glucose(120, ours("glucose-75g-120", "75gブドウ糖負荷試験 2時間")),
        Words(name="remark", code=ours("remark", "メモ"), has_lines=True),
    ),
)


def _length(name: str, code: Coded, bounds: tuple[str, str], usual: tuple[str, str]) -> Number:
    return Number(name=name, code=code, unit="mm", ucum="mm", bounds=bounds, usual=usual)


ULTRASOUND: Final = Kind(
    name="pregnancy-ultrasound",
    category=CATEGORY,
    code=ours("pregnancy-ultrasound", "胎児超音波計測"),
    title="おなかの赤ちゃんの超音波検査の記録",
    fields=(
        _length("bpd", loinc("11820-8", "児頭大横径（BPD）"), ("10", "130"), ("15", "110")),
        _length("ac", loinc("11979-2", "腹部周囲長（AC）"), ("30", "500"), ("50", "400")),
        _length("fl", loinc("11963-6", "大腿骨長（FL）"), ("5", "100"), ("8", "85")),
        Number(
            name="weight_told",
            code=loinc("11727-5", "推定児体重（EFW）"),
            unit="g",
            ucum="g",
            bounds=("10", "7000"),
            usual=("50", "4500"),
            decimals=0,
        ),
        Choice(name="fetus", code=ours("fetus", "どの子か（双子など）"), options=WHICH),
        Words(name="remark", code=ours("remark", "メモ"), has_lines=True),
    ),
    check=checks.of_ultrasound,
)
