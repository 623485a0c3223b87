"""What is written down of a pregnancy: its days, visits, blood, ultrasound, birth and newborns.

The entry `pregnancy` is the book; all others carry its id as `book`.
"""

from datetime import date
from functools import partial
from typing import Final

from msgspec.structs import replace

from api.fhir import codes
from api.phr.entries.fields import OURS, Choice, Coded, Day, Flag, Number, Several, Words
from api.phr.entries.kinds import Kind
from api.phr.entries.leaps import Leaps
from api.phr.maternal import checks, schedule
from api.phr.maternal.readings import URINE

CATEGORY: Final = "maternal"
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


def _ours(code: str, display: str) -> Coded:
    return Coded(OURS, code, display)


def _loinc(code: str, display: str) -> Coded:
    return Coded(codes.LOINC, code, display)


def _options(said: dict[str, str]) -> tuple[Coded, ...]:
    return tuple(_ours(code, display) for code, display in said.items())


def _urine() -> tuple[Coded, ...]:
    return _options(dict(zip(URINE, _URINE_SAID, strict=True)))


# Closed without a birth: kept, and out of sight.
CLOSED: Final = _ours("pregnancy-closed", "記録を終えた")
_COUNT: Final = _options({str(each): f"{each}人" for each in range(1, 5)})
# Which of them.
_WHICH: Final = _options({str(each): f"{each}人目" for each in range(1, 5)})

PREGNANCY: Final = Kind(
    name="pregnancy",
    category=CATEGORY,
    code=_loinc(PREGNANCY_LOINC, "妊娠の状態"),
    title="妊娠の記録",
    fields=(
        Day(name="edd", code=_loinc("11778-8", "出産予定日"), may_be_future=True),
        # A day ahead is refused by the room's own words
        Day(name="lmp", code=_loinc("8665-2", "最終月経の初日"), may_be_future=True),
        Choice(
            name="dated_by",
            code=_ours("pregnancy-dated-by", "予定日の決め方"),
            options=_options({"period": "最終月経", "ultrasound": "超音波検査", "other": "その他"}),
        ),
        Number(
            name="height",
            code=_loinc("8302-2", "身長"),
            unit="cm",
            ucum="cm",
            bounds=("80", "230"),
            usual=("135", "185"),
        ),
        Number(
            name="weight_before",
            code=_ours("weight-before-pregnancy", "妊娠前の体重"),
            unit="kg",
            ucum="kg",
            bounds=("20", "300"),
            usual=("35", "110"),
        ),
        Choice(name="babies", code=_ours("pregnancy-babies", "おなかの子の数"), options=_COUNT),
        Words(name="remark", code=_ours("remark", "メモ"), has_lines=True),
        Flag(name="is_closed", code=CLOSED),
    ),
)

VISIT: Final = Kind(
    name="pregnancy-visit",
    category=CATEGORY,
    code=_ours("pregnancy-visit", "妊婦健診"),
    title="妊婦健診の記録",
    fields=(
        Number(
            name="weight",
            code=_loinc("29463-7", "体重"),
            unit="kg",
            ucum="kg",
            bounds=("20", "300"),
            usual=("35", "120"),
        ),
        Number(
            name="systolic",
            code=_loinc("8480-6", "収縮期血圧"),
            unit="mmHg",
            ucum="mm[Hg]",
            bounds=("30", "350"),
            usual=("80", "180"),
            decimals=0,
        ),
        Number(
            name="diastolic",
            code=_loinc("8462-4", "拡張期血圧"),
            unit="mmHg",
            ucum="mm[Hg]",
            bounds=("15", "250"),
            usual=("40", "120"),
            decimals=0,
        ),
        Number(
            name="fundal_height",
            code=_loinc("11881-0", "子宮底長"),
            unit="cm",
            ucum="cm",
            bounds=("3", "70"),
            usual=("8", "45"),
        ),
        Number(
            name="girth",
            code=_ours("girth", "腹囲"),
            unit="cm",
            ucum="cm",
            bounds=("40", "220"),
            usual=("55", "130"),
        ),
        Choice(
            name="oedema",
            code=_ours("oedema", "浮腫"),
            options=_options({"minus": "－", "trace": "±", "plus1": "＋", "plus2": "2＋"}),
        ),
        Choice(name="urine_protein", code=_loinc("20454-5", "尿蛋白"), options=_urine()),
        Choice(name="urine_glucose", code=_loinc("25428-4", "尿糖"), options=_urine()),
        Several(
            name="tests",
            code=_ours("pregnancy-tests", "受けた検査"),
            options=tuple(_ours(each, _TEST_SAID[each]) for each in schedule.TESTS),
        ),
        Words(name="remark", code=_ours("remark", "メモ"), has_lines=True),
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
    code=_ours("pregnancy-blood", "妊娠中の血液検査"),
    title="妊娠中の血液検査の記録",
    fields=(
        Number(
            name="haemoglobin",
            code=_loinc("718-7", "ヘモグロビン"),
            unit="g/dL",
            ucum="g/dL",
            bounds=("2", "25"),
            usual=("7", "17"),
        ),
        _glucose(0, _ours("glucose-75g-0", "75gブドウ糖負荷試験 空腹時")),
        _glucose(60, _ours("glucose-75g-60", "75gブドウ糖負荷試験 1時間")),
        _glucose(120, _ours("glucose-75g-120", "75gブドウ糖負荷試験 2時間")),
        Words(name="remark", code=_ours("remark", "メモ"), has_lines=True),
    ),
)


def _length(name: str, code: Coded, bounds: tuple[str, str], usual: tuple[str, str]) -> Number:
    return Number(name=name, code=code, unit="mm", ucum="mm", bounds=bounds, usual=usual)


ULTRASOUND: Final = Kind(
    name="pregnancy-ultrasound",
    category=CATEGORY,
    code=_ours("pregnancy-ultrasound", "胎児超音波計測"),
    title="おなかの赤ちゃんの超音波検査の記録",
    fields=(
        _length("bpd", _loinc("11820-8", "児頭大横径（BPD）"), ("10", "130"), ("15", "110")),
        _length("ac", _loinc("11979-2", "腹部周囲長（AC）"), ("30", "500"), ("50", "400")),
        _length("fl", _loinc("11963-6", "大腿骨長（FL）"), ("5", "100"), ("8", "85")),
        Number(
            name="weight_told",
            code=_loinc("11727-5", "推定児体重（EFW）"),
            unit="g",
            ucum="g",
            bounds=("10", "7000"),
            usual=("50", "4500"),
            decimals=0,
        ),
        Choice(name="fetus", code=_ours("fetus", "どの子か（双子など）"), options=_WHICH),
        Words(name="remark", code=_ours("remark", "メモ"), has_lines=True),
    ),
    check=checks.of_ultrasound,
)

BIRTH: Final = Kind(
    name="birth",
    category=CATEGORY,
    code=_ours("birth", "出産"),
    title="出産の記録",
    has_time=True,
    fields=(
        Choice(
            name="mode",
            code=_ours("birth-mode", "出産の方法"),
            options=_options(
                {
                    "vaginal": "経腟分娩",
                    "vacuum": "吸引分娩",
                    "forceps": "鉗子分娩",
                    "caesarean_planned": "予定帝王切開",
                    "caesarean_emergency": "緊急帝王切開",
                    "other": "その他",
                }
            ),
        ),
        Words(name="place", code=_ours("birth-place", "出産した場所"), longest=100),
        Number(
            name="blood_loss",
            code=_ours("birth-blood-loss", "出血量"),
            unit="mL",
            ucum="mL",
            bounds=("0", "20000"),
            usual=("0", "2500"),
            decimals=0,
        ),
        Choice(
            name="babies",
            code=_ours("birth-babies", "生まれた子の数"),
            options=_COUNT,
            is_required=True,
        ),
        Words(name="remark", code=_ours("remark", "メモ"), has_lines=True),
    ),
)


def _apgar(minutes: int) -> Number:
    return Number(
        name=f"apgar_{minutes}",
        code=_ours(f"newborn-apgar-{minutes}", f"アプガースコア {minutes}分"),
        unit="点",
        ucum="{score}",
        bounds=("0", "10"),
        decimals=0,
    )


def _newborn_length(
    name: str, said: str, bounds: tuple[str, str], usual: tuple[str, str]
) -> Number:
    code = _ours(f"newborn-{name}", said)
    return Number(name=name, code=code, unit="cm", ucum="cm", bounds=bounds, usual=usual)


NEWBORN: Final = Kind(
    name="newborn",
    category=CATEGORY,
    code=_ours("newborn", "生まれたときの子"),
    title="生まれたときの記録",
    is_of_somebody_else=True,
    fields=(
        Choice(
            name="number",
            code=_ours("newborn-number", "何番目に生まれたか"),
            options=_WHICH,
            is_required=True,
        ),
        Choice(
            name="sex",
            code=_ours("newborn-sex", "性別"),
            options=_options({"female": "女", "male": "男", "unknown": "わからない"}),
        ),
        Number(
            name="weight",
            code=_ours("newborn-weight", "出生体重"),
            unit="g",
            ucum="g",
            bounds=("10", "7000"),  # one who died at 16 weeks is written too
            usual=("1500", "4500"),
            decimals=0,
        ),
        _newborn_length("length", "出生身長", ("5", "65"), ("40", "56")),
        _newborn_length("head", "出生時の頭囲", ("5", "45"), ("28", "38")),
        _newborn_length("chest", "出生時の胸囲", ("5", "45"), ("25", "38")),
        _apgar(1),
        _apgar(5),
        # Died before birth or soon after: nothing of a life ahead is offered
        Flag(name="is_parted", code=_ours("newborn-parted", "亡くなった子")),
    ),
)

KINDS: Final = (PREGNANCY, VISIT, BLOOD, ULTRASOUND, BIRTH, NEWBORN)
OF_BOOK: Final = KINDS[1:]
OF_NAME: Final = {each.name: each for each in KINDS}


def pregnancy(today: date) -> Kind:
    """Its days are held to today."""
    return replace(PREGNANCY, check=partial(checks.of_pregnancy, today=today))


def within(kind: Kind, due_on: date, leaps: Leaps | None = None) -> Kind:
    """Of the pregnancy with this due date: on one of its days, a visit's weight beside others."""
    check = partial(checks.of_entry, due_on=due_on, also=kind.check)
    return replace(kind, check=check, leaps=leaps if kind is VISIT else None)


def birth(due_on: date, least: int) -> Kind:
    """Of this pregnancy, with at least so many children."""
    also = partial(checks.of_birth, due_on=due_on, least=least)
    return replace(BIRTH, check=partial(checks.of_entry, due_on=due_on, also=also))


def numbered(most: int, taken: frozenset[str]) -> Kind:
    """A newborn of a birth of so many, of whom these are written."""
    return replace(NEWBORN, check=partial(checks.of_newborn, most=most, taken=taken))
