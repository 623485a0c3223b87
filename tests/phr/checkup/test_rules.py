"""The level of guidance and the metabolic syndrome: a case for every branch of the rules."""

from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from api.phr.checkup import rules
from api.phr.checkup.rules import Facts

ON = date(2025, 6, 10)
AGE_50 = date(1976, 1, 15)  # 50 on 31 March 2026
NO = {name: "2" for name in rules.MEDICINES}
FINE = {
    "waist": "80", "bmi": "22", "systolic_1": "118", "diastolic_1": "70", "tg_fasting": "90",
    "hdl": "60", "glucose_fasting": "90",
}  # fmt: skip
PRESSURE = {"systolic_1": "130"}
LIPID = {"tg_fasting": "150"}
GLUCOSE = {"glucose_fasting": "100"}
SMOKES, SMOKED, NEVER = {"smoking": "1"}, {"smoking": "2"}, {"smoking": "3"}


def facts(*numbers, sex="male", answers=NEVER, without=(), medicine=NO) -> Facts:
    said = {key: value for part in (FINE, *numbers) for key, value in part.items()}
    return Facts(
        sex,
        {name: Decimal(value) for name, value in said.items() if name not in without},
        {name: code for name, code in {**medicine, **answers}.items() if name not in without},
    )


WAIST, BMI = {"waist": "85"}, {"bmi": "25"}
LEVELS = [
    # by the waist
    pytest.param(facts(WAIST, PRESSURE, LIPID), "active", id="waist, two risks"),
    pytest.param(facts(WAIST, PRESSURE, LIPID, GLUCOSE), "active", id="waist, three risks"),
    pytest.param(facts(WAIST, PRESSURE, answers=SMOKES), "active", id="waist, one risk, smoker"),
    pytest.param(facts(WAIST, PRESSURE), "motivational", id="waist, one risk"),
    pytest.param(
        facts(WAIST, PRESSURE, answers=SMOKED), "motivational", id="waist, one risk, stopped"
    ),
    pytest.param(facts(WAIST, answers=SMOKES), "information", id="waist, a smoker without risk"),
    pytest.param(facts(WAIST), "information", id="waist, no risk"),
    # by BMI
    pytest.param(facts(BMI, PRESSURE, LIPID, GLUCOSE), "active", id="BMI, three risks"),
    pytest.param(facts(BMI, LIPID, GLUCOSE, answers=SMOKES), "active", id="BMI, two, smoker"),
    pytest.param(facts(BMI, LIPID, GLUCOSE), "motivational", id="BMI, two risks"),
    pytest.param(facts(BMI, GLUCOSE, answers=SMOKES), "motivational", id="BMI, one, smoker"),
    pytest.param(facts(BMI, GLUCOSE), "motivational", id="BMI, one risk"),
    pytest.param(facts(BMI, answers=SMOKES), "information", id="BMI, no risk"),
    # neither
    pytest.param(facts(PRESSURE, LIPID, GLUCOSE, answers=SMOKES), "information", id="neither"),
    # the waist of women is another
    pytest.param(facts({"waist": "89.9"}, LIPID, sex="female"), "information", id="her 89.9"),
    pytest.param(facts({"waist": "90"}, LIPID, sex="female"), "motivational", id="her 90"),
    pytest.param(facts({"waist": "84.9"}, LIPID), "information", id="his 84.9"),
    # the area of visceral fat goes before the waist
    pytest.param(facts(WAIST, LIPID, {"visceral_fat": "99"}), "information", id="area 99"),
    pytest.param(facts(LIPID, {"visceral_fat": "100"}), "motivational", id="area 100"),
    # each risk by each of its values
    pytest.param(facts(WAIST, {"diastolic_1": "85"}), "motivational", id="lower pressure"),
    pytest.param(facts(WAIST, {"systolic_1": "129"}), "information", id="129"),
    pytest.param(facts(WAIST, {"hdl": "39"}), "motivational", id="HDL 39"),
    pytest.param(facts(WAIST, {"hdl": "40"}), "information", id="HDL 40"),
    pytest.param(facts(WAIST, {"glucose_fasting": "99"}), "information", id="glucose 99"),
    pytest.param(
        facts(WAIST, {"hba1c": "5.6"}, without=["glucose_fasting"]), "motivational", id="HbA1c"
    ),
    pytest.param(
        facts(WAIST, {"hba1c": "5.5"}, without=["glucose_fasting"]), "information", id="HbA1c 5.5"
    ),
    pytest.param(facts(WAIST, {"hba1c": "6.0"}), "information", id="fasting goes before HbA1c"),
    pytest.param(
        facts(WAIST, {"glucose_casual": "100"}, without=["glucose_fasting"]),
        "motivational",
        id="glucose at any time",
    ),
    pytest.param(
        facts(WAIST, {"glucose_casual": "160", "hba1c": "5.0"}, without=["glucose_fasting"]),
        "information",
        id="HbA1c goes before glucose at any time",
    ),
    pytest.param(
        facts(WAIST, {"tg_casual": "175"}, without=["tg_fasting"]), "motivational", id="casual 175"
    ),
    pytest.param(
        facts(WAIST, {"tg_casual": "174"}, without=["tg_fasting"]), "information", id="casual 174"
    ),
    pytest.param(facts(WAIST, {"tg_casual": "400"}), "information", id="fasting fat goes before"),
    # two turns of blood pressure are judged by their mean, and what a place settled on before both
    pytest.param(
        facts(WAIST, {"systolic_1": "136", "systolic_2": "122"}), "information", id="mean 129"
    ),
    pytest.param(
        facts(WAIST, {"systolic_1": "136", "systolic_2": "124"}), "motivational", id="mean 130"
    ),
    pytest.param(
        facts(WAIST, {"systolic_1": "150", "systolic_other": "128"}), "information", id="settled"
    ),
    # BMI from height and weight where it was not written
    pytest.param(
        facts({"height": "170", "weight": "72.3"}, LIPID, without=["bmi"]),
        "motivational",
        id="BMI 25.0 worked out",
    ),
    pytest.param(
        facts({"height": "170", "weight": "72.0"}, LIPID, without=["bmi"]),
        "information",
        id="BMI 24.9 worked out",
    ),
]


@pytest.mark.parametrize(("given", "expected"), LEVELS)
def test_the_level_of_guidance(given: Facts, expected: str) -> None:
    found = rules.level_of(given, AGE_50, ON)
    assert (found.level, found.missing) == (expected, ())


def test_why_it_is_so_is_said() -> None:
    by_waist = rules.level_of(facts(WAIST, PRESSURE, {"hdl": "35"}, answers=SMOKES), AGE_50, ON)
    assert (by_waist.branch, by_waist.risks) == ("waist", ("pressure", "lipid"))
    assert by_waist.by == ("systolic", "hdl", "glucose_fasting")
    assert by_waist.smokes
    by_bmi = rules.level_of(facts(BMI, GLUCOSE), AGE_50, ON)
    assert (by_bmi.branch, by_bmi.risks, by_bmi.smokes) == ("bmi", ("glucose",), False)
    assert rules.level_of(facts(LIPID), AGE_50, ON).branch is None


@pytest.mark.parametrize("medicine", rules.MEDICINES)
def test_whoever_takes_one_of_the_three_medicines_is_offered_none(medicine: str) -> None:
    given = facts(WAIST, PRESSURE, LIPID, GLUCOSE, medicine={**NO, medicine: "1"})
    found = rules.level_of(given, AGE_50, ON)
    assert (found.level, found.is_on_medicine, found.is_capped) == ("information", True, False)
    only = facts(WAIST, PRESSURE, LIPID, medicine={medicine: "1"})
    assert rules.level_of(only, AGE_50, ON).level == "information", "one yes is enough"


AGES = [
    # born, day of the checkup, age of 31 March, level of two risks by the waist
    pytest.param(date(1986, 4, 1), ON, 40, "active", id="forty at the end of 31 March"),
    pytest.param(date(1986, 4, 2), ON, 39, None, id="forty a day later"),
    pytest.param(date(1961, 4, 2), ON, 64, "active", id="64"),
    pytest.param(date(1961, 4, 1), ON, 65, "motivational", id="65 by 31 March"),
    pytest.param(date(1951, 4, 2), ON, 74, "motivational", id="74"),
    pytest.param(date(1950, 6, 11), ON, 75, "motivational", id="75 within the year, not yet"),
    pytest.param(date(1950, 6, 10), ON, 75, None, id="75 on the day"),
    pytest.param(date(1985, 9, 1), date(2026, 3, 31), 40, "active", id="the last day of the year"),
    pytest.param(date(1986, 4, 1), date(2026, 4, 1), 41, "active", id="the first day of the next"),
    pytest.param(date(1987, 4, 1), date(2026, 4, 1), 40, "active", id="forty in the year begun"),
]


@pytest.mark.parametrize(("birth_on", "on", "age", "expected"), AGES)
def test_the_age_is_that_of_31_march_as_the_law_counts(birth_on, on, age, expected) -> None:
    found = rules.level_of(facts(WAIST, PRESSURE, LIPID), birth_on, on)
    assert (found.age, found.level) == (age, expected)
    assert found.outside == (None if expected else ("young" if age < 40 else "old"))
    assert found.is_capped == (expected == "motivational")


MISSING = [
    pytest.param(["waist"], (WAIST, PRESSURE, LIPID), ("waist",), id="waist"),
    pytest.param(["bmi"], (LIPID,), ("bmi",), id="BMI, and neither height nor weight"),
    pytest.param(["systolic_1"], (WAIST, LIPID), ("systolic",), id="upper pressure"),
    pytest.param(["diastolic_1"], (WAIST, LIPID), ("diastolic",), id="lower pressure"),
    pytest.param(["tg_fasting"], (WAIST, PRESSURE), ("tg_fasting",), id="fat"),
    pytest.param(["hdl"], (WAIST, PRESSURE), ("hdl",), id="HDL"),
    pytest.param(["glucose_fasting"], (WAIST, PRESSURE), ("glucose",), id="glucose"),
    pytest.param(["smoking"], (WAIST, PRESSURE), ("smoking",), id="smoking"),
    pytest.param(
        ["on_lipid_medicine"], (WAIST, PRESSURE), ("on_lipid_medicine",), id="one question"
    ),
    pytest.param(
        ["glucose_fasting", "smoking"],
        (WAIST, PRESSURE),
        ("glucose", "smoking"),
        id="either of two",
    ),
    pytest.param(
        ["tg_fasting", "glucose_fasting"],
        (BMI, PRESSURE),
        ("tg_fasting", "glucose"),
        id="two that count together alone",
    ),
    pytest.param(["bmi"], (LIPID, {"height": "170"}), ("bmi",), id="a height alone"),
    pytest.param(["bmi"], (LIPID, {"weight": "72"}), ("bmi",), id="a weight alone"),
    pytest.param(list(rules.MEDICINES), (WAIST, PRESSURE), rules.MEDICINES, id="all questions"),
]


@pytest.mark.parametrize(("without", "numbers", "expected"), MISSING)
def test_what_is_missing_for_a_level_is_said(without, numbers, expected) -> None:
    found = rules.level_of(facts(*numbers, without=without), AGE_50, ON)
    assert (found.level, found.missing) == (None, expected)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            facts(WAIST, PRESSURE, LIPID, without=["hdl", "glucose_fasting", "smoking"]),
            "active",
            id="two risks are enough",
        ),
        pytest.param(facts(without=["tg_fasting", "smoking"]), "information", id="slim"),
        pytest.param(facts(WAIST, without=["smoking"]), "information", id="no risk"),
        pytest.param(
            facts(WAIST, BMI, PRESSURE, LIPID, GLUCOSE, without=["waist"]),
            "active",
            id="three risks by either way",
        ),
        pytest.param(facts(WAIST, PRESSURE, LIPID, without=["bmi"]), "active", id="no BMI"),
    ],
)
def test_what_would_change_nothing_is_not_asked_for(given: Facts, expected: str) -> None:
    found = rules.level_of(given, AGE_50, ON)
    assert (found.level, found.missing) == (expected, ())


def test_a_waist_of_nobody_knows_which_sex_leaves_it_open() -> None:
    found = rules.level_of(facts(WAIST, PRESSURE, LIPID, sex=None), AGE_50, ON)
    assert (found.level, found.missing) == (None, ("sex",))


def test_at_65_smoking_makes_no_difference_and_is_not_missing() -> None:
    given = facts(WAIST, PRESSURE, without=["smoking"])
    assert rules.level_of(given, date(1958, 1, 1), ON).level == "motivational"


def test_the_whole_table_of_the_programme() -> None:
    """Every combination against the table as it is printed: waist or BMI, risks, smoking, age."""
    printed = {
        ("waist", 0): ("information",) * 4,
        ("waist", 1): ("motivational", "active", "motivational", "motivational"),
        ("waist", 2): ("active", "active", "motivational", "motivational"),
        ("waist", 3): ("active", "active", "motivational", "motivational"),
        ("bmi", 0): ("information",) * 4,
        ("bmi", 1): ("motivational",) * 4,
        ("bmi", 2): ("motivational", "active", "motivational", "motivational"),
        ("bmi", 3): ("active", "active", "motivational", "motivational"),
        ("neither", 0): ("information",) * 4,
        ("neither", 1): ("information",) * 4,
        ("neither", 2): ("information",) * 4,
        ("neither", 3): ("information",) * 4,
    }
    branches = {"waist": WAIST, "bmi": BMI, "neither": {}}
    for (branch, number), expected in printed.items():
        for place, (born, smoking) in enumerate(
            product((AGE_50, date(1958, 1, 1)), (NEVER, SMOKES))
        ):
            for risks in product((0, 1), repeat=3):
                if sum(risks) == number:
                    chosen = [r for r, on in zip((PRESSURE, LIPID, GLUCOSE), risks, strict=True)
                              if on]  # fmt: skip
                    given = facts(branches[branch], *chosen, answers=smoking)
                    found = rules.level_of(given, born, ON).level
                    assert found == expected[place], (branch, risks, born, smoking)


METABOLIC = [
    pytest.param(facts(WAIST, PRESSURE, LIPID), "met", id="two"),
    pytest.param(facts(WAIST, PRESSURE), "near", id="one"),
    pytest.param(facts(WAIST), "not_met", id="none"),
    pytest.param(facts(PRESSURE, LIPID), "not_met", id="a slim waist"),
    pytest.param(facts(BMI, PRESSURE, LIPID), "not_met", id="BMI alone"),
    pytest.param(facts(WAIST, {"glucose_fasting": "109"}), "not_met", id="glucose 109"),
    pytest.param(facts(WAIST, {"glucose_fasting": "110"}), "near", id="glucose 110"),
    pytest.param(
        facts(WAIST, {"hba1c": "6.0"}, without=["glucose_fasting"]), "near", id="HbA1c 6.0"
    ),
    pytest.param(
        facts(WAIST, {"hba1c": "5.9"}, without=["glucose_fasting"]), "not_met", id="HbA1c 5.9"
    ),
    pytest.param(
        facts(WAIST, medicine={**NO, "on_lipid_medicine": "1"}), "near", id="medicine is a risk"
    ),
    pytest.param(
        facts(WAIST, PRESSURE, medicine={**NO, "on_glucose_medicine": "1"}),
        "met",
        id="and a second",
    ),
    pytest.param(
        facts(WAIST, PRESSURE, medicine={**NO, "on_pressure_medicine": "1"}),
        "near",
        id="pressure and its medicine are one",
    ),
]


@pytest.mark.parametrize(("given", "expected"), METABOLIC)
def test_the_metabolic_syndrome(given: Facts, expected: str) -> None:
    found = rules.metabolic_of(given, AGE_50, ON)
    assert (found.found, found.missing) == (expected, ())


@pytest.mark.parametrize(
    ("without", "numbers", "expected"),
    [
        (["waist"], (PRESSURE,), ("waist",)),
        (["hdl"], (WAIST, PRESSURE), ("hdl",)),
        (["on_lipid_medicine"], (WAIST, PRESSURE), ("on_lipid_medicine",)),
        (["glucose_fasting"], (WAIST, PRESSURE), ("glucose",)),
    ],
)
def test_what_is_missing_for_the_metabolic_syndrome_is_said(without, numbers, expected) -> None:
    found = rules.metabolic_of(facts(*numbers, without=without), AGE_50, ON)
    assert (found.found, found.missing) == (None, expected)


def test_the_metabolic_syndrome_is_for_adults_and_has_no_upper_age() -> None:
    given = facts(WAIST, PRESSURE, LIPID)
    assert rules.metabolic_of(given, date(2007, 6, 11), ON).is_outside
    assert rules.metabolic_of(given, date(2007, 6, 10), ON).found == "met"
    assert rules.metabolic_of(given, date(1940, 4, 9), ON).found == "met"
