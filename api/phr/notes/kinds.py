"""What one notes of oneself, as kinds of entries: medicines, allergies, doctors, school."""

from typing import Final

from api.fhir.codes import LOINC
from api.phr import slack
from api.phr.entries.fields import (
    OURS,
    Choice,
    Coded,
    Day,
    Field,
    Number,
    Values,
    Words,
)
from api.phr.entries.kinds import Checked, Kind
from api.phr.notes import shapes
from api.phr.notes.allergens import OF_CODE
from api.phr.telephones import is_telephone


def _own(code: str, display: str = "") -> Coded:
    return Coded(OURS, code, display)


MEDICATION: Final = Kind(
    name="medication",
    category="prescription",
    code=_own("medication", "本人が記録した薬"),
    title="本人が記録した薬",
    fields=(
        Words(name="name", code=_own("medication-name"), longest=100, is_required=True),
        Choice(
            name="sort",
            code=_own("medication-sort"),
            options=(
                _own("prescribed", "処方された薬"),
                _own("otc", "市販の薬"),
                _own("supplement", "サプリメント・健康食品"),
            ),
            is_required=True,
        ),
        Words(name="dose", code=_own("medication-dose"), longest=100),
        Words(name="how", code=_own("medication-how"), longest=200),
        Day(name="since", code=_own("medication-since")),
        Day(name="until", code=_own("medication-until"), may_be_future=True),
        Words(name="place", code=_own("medication-place"), longest=100),
        Number(
            name="left",
            code=_own("medication-left", "残っている数"),
            unit="個",
            ucum="{count}",
            bounds=("0", "9999"),
            usual=("0", "300"),
        ),
        Words(name="left_why", code=_own("medication-left-why"), longest=200),
        Words(name="remark", code=_own("medication-remark"), longest=500, has_lines=True),
    ),
    check=lambda values: _check_medication(values),
    shape=shapes.MEDICATION,
)

ALLERGY: Final = Kind(
    name="allergy",
    category="allergy",
    code=_own("allergy", "本人が記録したアレルギー"),
    title="本人が記録したアレルギー",
    fields=(
        Words(name="name", code=_own("allergy-name"), longest=100, is_required=True),
        Words(name="allergen", code=_own("allergy-allergen"), longest=20),
        Choice(
            name="sort",
            code=_own("allergy-sort"),
            options=(
                _own("food", "食べ物"),
                _own("medication", "薬"),
                _own("environment", "そのほか"),
            ),
            is_required=True,
        ),
        Words(name="reaction", code=_own("allergy-reaction"), longest=300),
        Choice(
            name="severity",
            code=_own("allergy-severity"),
            options=(
                _own("mild", "軽い"),
                _own("moderate", "中くらい"),
                _own("severe", "重い"),
            ),
        ),
        Words(name="since", code=_own("allergy-since"), longest=100),
        Words(name="remark", code=_own("allergy-remark"), longest=500, has_lines=True),
    ),
    check=lambda values: _check_allergy(values),
    shape=shapes.ALLERGY,
)

DOCTOR: Final = Kind(
    name="doctor",
    category="care",
    code=_own("doctor", "かかりつけの医療機関"),
    title="かかりつけの医療機関（本人の記録）",
    fields=(
        Words(name="place", code=_own("doctor-place"), longest=100, is_required=True),
        Words(name="name", code=_own("doctor-name"), longest=100),
        Words(name="department", code=_own("doctor-department"), longest=100),
        Words(name="telephone", code=_own("doctor-telephone"), longest=40),
        Words(name="reason", code=_own("doctor-reason"), longest=300),
        Choice(
            name="is_main",
            code=_own("doctor-main"),
            options=(_own("yes", "いちばんの、かかりつけ"), _own("no", "そのほか")),
        ),
        Words(name="remark", code=_own("doctor-remark"), longest=500, has_lines=True),
    ),
    check=lambda values: _check_doctor(values),
    shape=shapes.DOCTOR,
)

GRADES: Final = (
    ("k3", "年少"),
    ("k4", "年中"),
    ("k5", "年長"),
    *((f"e{year}", f"小学{year}年") for year in range(1, 7)),
    *((f"j{year}", f"中学{year}年") for year in range(1, 4)),
    *((f"h{year}", f"高校{year}年") for year in range(1, 4)),
)
# How schools write eyesight: the four bands of the rules on school health checkups (学校保健安全法
# 施行規則に基づく健康診断: 370方式).
SIGHT: Final = (
    ("a", "A（1.0以上）"),
    ("b", "B（0.7から0.9）"),
    ("c", "C（0.3から0.6）"),
    ("d", "D（0.3未満）"),
)
_HEARING: Final = (("fine", "所見なし"), ("noted", "所見あり"))


def _options(of: tuple[tuple[str, str], ...]) -> tuple[Coded, ...]:
    return tuple(_own(code, display) for code, display in of)


def _school_fields(*, is_child: bool) -> tuple[Field, ...]:
    """LOINC says of whom it is by the subject: a child's in another's record has codes of ours."""

    def code(ours: str, loinc: str, display: str) -> Coded:
        return _own(f"school-{ours}", display) if is_child else Coded(LOINC, loinc, display)

    return (
        Choice(
            name="grade",
            code=_own("school-grade", "学年"),
            options=_options(GRADES),
            is_required=True,
        ),
        Number(
            name="height",
            code=code("height", "8302-2", "身長"),
            unit="cm",
            ucum="cm",
            bounds=("50", "230"),
            usual=("85", "195"),
        ),
        Number(
            name="weight",
            code=code("weight", "29463-7", "体重"),
            unit="kg",
            ucum="kg",
            bounds=("5", "250"),
            usual=("10", "110"),
        ),
        Choice(
            name="sight_right",
            code=_own("school-sight-right", "視力（右）"),
            options=_options(SIGHT),
        ),
        Choice(
            name="sight_left", code=_own("school-sight-left", "視力（左）"), options=_options(SIGHT)
        ),
        Choice(
            name="hearing_right",
            code=_own("school-hearing-right", "聴力（右）"),
            options=_options(_HEARING),
        ),
        Choice(
            name="hearing_left",
            code=_own("school-hearing-left", "聴力（左）"),
            options=_options(_HEARING),
        ),
        Number(
            name="teeth_bad",
            code=_own("school-teeth-bad", "治療していないむし歯"),
            unit="本",
            ucum="{count}",
            bounds=("0", "32"),
            usual=("0", "16"),
            decimals=0,
        ),
        Number(
            name="teeth_treated",
            code=_own("school-teeth-treated", "治療した歯"),
            unit="本",
            ucum="{count}",
            bounds=("0", "32"),
            usual=("0", "16"),
            decimals=0,
        ),
        Words(name="remark", code=_own("school-remark", "先生の言葉"), longest=500, has_lines=True),
    )


def _check_school(values: Values) -> Checked:
    """A grade alone says nothing of a checkup."""
    said = [name for name, value in values.items() if value and name not in ("on", "time", "grade")]
    return Checked({} if said else {"height": "error.own.empty"}, {})


SCHOOL: Final = Kind(
    name="school-checkup",
    category="checkup",
    code=_own("school-checkup", "学校の健康診断"),
    title="学校の健康診断（本人の記録）",
    fields=_school_fields(is_child=False),
    check=_check_school,
    leaps=slack.pupil(),
)
CHILD_SCHOOL: Final = Kind(
    name="school-checkup-child",
    category="checkup",
    code=_own("school-checkup-child", "子どもの学校の健康診断"),
    title="子どもの学校の健康診断（保護者の記録）",
    fields=_school_fields(is_child=True),
    check=_check_school,
    leaps=slack.pupil(),
    is_of_somebody_else=True,
)

KINDS: Final = (MEDICATION, ALLERGY, DOCTOR, SCHOOL, CHILD_SCHOOL)


def _check_medication(values: Values) -> Checked:
    faults = {}
    if values["until"] and values["until"] < values["since"]:
        faults["until"] = "error.notes.until"
    if values["left_why"] and not values["left"]:
        faults["left"] = "error.notes.left"
    return Checked(faults, {})


def _check_allergy(values: Values) -> Checked:
    """A code is one of the table, and stands with what it means."""
    allergen = OF_CODE.get(values["allergen"])
    if values["allergen"] and allergen is None:
        return Checked({"name": "error.notes.allergen"}, {})
    if allergen is not None and values["sort"] != ("food" if allergen.is_food else "environment"):
        return Checked({"sort": "error.notes.allergen_sort"}, {})
    return Checked({}, {})


def _check_doctor(values: Values) -> Checked:
    telephone = values["telephone"]
    if telephone and not is_telephone(telephone):
        return Checked({"telephone": "error.notes.telephone"}, {})
    return Checked({}, {})
