"""The metabolic syndrome and the level of guidance of one checkup, by the published rules.

標準的な健診・保健指導プログラム（令和6年度版）, 厚生労働省, steps 1 to 4, in force from April 2024;
whom they are for: 特定健康診査及び特定保健指導の実施に関する基準, articles 1 and 4. What is not
known stays open: a result is given where every way of filling the gaps leads to it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from typing import Final, Literal, NamedTuple, TypeVar

from msgspec import Struct

from api.phr.checkup.thresholds import Sex, limits_of
from api.phr.law_age import age_of

YOUNGEST: Final = 40
NOT_ACTIVE_FROM: Final = 65
OUT_FROM: Final = 75
ADULT: Final = 18

Guidance = Literal["active", "motivational", "information"]
Metabolic = Literal["met", "near", "not_met"]
Risk = Literal["pressure", "lipid", "glucose"]
RISKS: Final[tuple[Risk, ...]] = ("pressure", "lipid", "glucose")
MEDICINES: Final = ("on_pressure_medicine", "on_lipid_medicine", "on_glucose_medicine")
YES: Final = "1"
Found = TypeVar("Found")


class Facts(Struct, frozen=True):
    """What one checkup says: numbers in the items' own units, answers by their codes."""

    sex: Sex | None
    numbers: Mapping[str, Decimal]
    answers: Mapping[str, str]


class Claim(NamedTuple):
    """True, false or open; `missing` are the items that would close it, `by` those it rests on."""

    is_so: bool | None
    missing: tuple[str, ...] = ()
    by: tuple[str, ...] = ()


class LevelFound(Struct, frozen=True, kw_only=True):
    """`level` is None while `missing` may still change it, and for ages the programme leaves out
    (`outside`: young or old). `age` is that of 31 March. `branch`: by which of waist and BMI."""

    level: Guidance | None
    age: int
    outside: Literal["young", "old"] | None = None
    branch: Literal["waist", "bmi"] | None = None
    risks: tuple[Risk, ...] = ()
    by: tuple[str, ...] = ()
    smokes: bool = False
    is_on_medicine: bool = False
    is_capped: bool = False
    missing: tuple[str, ...] = ()


class MetabolicFound(Struct, frozen=True, kw_only=True):
    """`found` is None while `missing` may still change it, and before 18 (`is_outside`)."""

    found: Metabolic | None
    risks: tuple[Risk, ...] = ()
    missing: tuple[str, ...] = ()
    is_outside: bool = False


def age_of_year(birth_on: date, on: date) -> int:
    """The age reached on 31 March of the checkup's fiscal year: at its end, as the law counts."""
    ends = on.year + 1 if on.month >= 4 else on.year
    return age_of(birth_on, date(ends, 4, 1))


def pressure_of(numbers: Mapping[str, Decimal], side: str) -> Decimal | None:
    """As it is judged: the one the place settled on, else the mean of two, else the only one."""
    settled = numbers.get(f"{side}_other")
    if settled is not None:
        return settled
    turns = [numbers[name] for name in (f"{side}_1", f"{side}_2") if name in numbers]
    if not turns:
        return None
    mean = sum(turns, Decimal(0)) / len(turns)
    return mean.quantize(Decimal(1), ROUND_HALF_UP) if len(turns) > 1 else mean


def bmi_of(numbers: Mapping[str, Decimal]) -> Decimal | None:
    """As measured, else from height and weight, to one decimal."""
    if "bmi" in numbers:
        return numbers["bmi"]
    height, weight = numbers.get("height"), numbers.get("weight")
    if not height or weight is None:
        return None
    return (weight / (height / 100) ** 2).quantize(Decimal("0.1"), ROUND_HALF_UP)


def level_of(facts: Facts, birth_on: date, on: date) -> LevelFound:
    age = age_of_year(birth_on, on)
    if age < YOUNGEST:
        return LevelFound(level=None, age=age, outside="young")
    if age_of(birth_on, on) >= OUT_FROM:
        return LevelFound(level=None, age=age, outside="old")
    claims = {
        "belly": _belly(facts),
        "bmi": _bmi(facts),
        "pressure": _pressure(facts),
        "lipid": _lipid(facts),
        "glucose": _glucose(facts, ("100", "5.6")),
        "smoking": _answer(facts, "smoking"),
        "medicine": _any_answer(facts, MEDICINES),
    }
    is_old = age >= NOT_ACTIVE_FROM
    level, missing = _settled(claims, lambda known: _level(known, is_old=is_old))
    risks = tuple(each for each in RISKS if claims[each].is_so)
    is_on_medicine = bool(claims["medicine"].is_so)
    branch: Literal["waist", "bmi"] | None = None
    if claims["belly"].is_so:
        branch = "waist"
    elif claims["belly"].is_so is False and claims["bmi"].is_so:
        branch = "bmi"
    smokes = bool(claims["smoking"].is_so)
    would = {**{name: bool(claim.is_so) for name, claim in claims.items()}, "medicine": False}
    return LevelFound(
        level=level,
        age=age,
        branch=branch,
        risks=risks,
        by=tuple(name for each in RISKS for name in claims[each].by),
        smokes=smokes,
        is_on_medicine=is_on_medicine,
        is_capped=level == "motivational" and _level(would, is_old=False) == "active",
        missing=missing,
    )


def metabolic_of(facts: Facts, birth_on: date, on: date) -> MetabolicFound:
    """日本内科学会ほか8学会 2005, as the specific checkup counts it: medicine is a risk, and HbA1c
    from 6.0 stands for fasting glucose from 110 where that was not measured. Unsure: glucose at any
    time after both, as for the level."""
    if age_of(birth_on, on) < ADULT:
        return MetabolicFound(found=None, is_outside=True)
    claims = {
        "belly": _belly(facts),
        "pressure": _or_medicine(_pressure(facts), facts, "on_pressure_medicine"),
        "lipid": _or_medicine(_lipid(facts), facts, "on_lipid_medicine"),
        "glucose": _or_medicine(_glucose(facts, ("110", "6.0")), facts, "on_glucose_medicine"),
    }
    found, missing = _settled(claims, _metabolic)
    risks = tuple(each for each in RISKS if claims[each].is_so)
    return MetabolicFound(found=found, risks=risks, missing=missing)


def _level(known: Mapping[str, bool], *, is_old: bool) -> Guidance:
    """Steps 1 to 4. Smoking counts beside another risk alone; 65 and older get no active support;
    whoever takes medicine is in a doctor's care and is offered none."""
    risks = sum(known[each] for each in RISKS)
    counted = risks + (known["smoking"] and risks > 0)
    if known["medicine"] or risks == 0 or not (known["belly"] or known["bmi"]):
        return "information"
    needed = 2 if known["belly"] else 3
    return "active" if counted >= needed and not is_old else "motivational"


def _metabolic(known: Mapping[str, bool]) -> Metabolic:
    risks = sum(known[each] for each in RISKS)
    if not known["belly"] or risks == 0:
        return "not_met"
    return "met" if risks > 1 else "near"


def _settled(
    claims: Mapping[str, Claim], decide: Callable[[Mapping[str, bool]], Found]
) -> tuple[Found | None, tuple[str, ...]]:
    """What every filling of the gaps leads to; else None and the gaps that make a difference."""
    open_ones = [name for name, claim in claims.items() if claim.is_so is None]
    known = {name: bool(claim.is_so) for name, claim in claims.items()}
    results = {
        filled: decide(known | dict(zip(open_ones, filled, strict=True)))
        for filled in product((False, True), repeat=len(open_ones))
    }
    if len(set(results.values())) == 1:
        return results[(False,) * len(open_ones)], ()
    missing: list[str] = []
    for place, name in enumerate(open_ones):
        if any(
            found != results[(*filled[:place], not filled[place], *filled[place + 1 :])]
            for filled, found in results.items()
        ):
            missing += claims[name].missing
    return None, tuple(dict.fromkeys(missing))


def _belly(facts: Facts) -> Claim:
    """The area of visceral fat stands for the waist where it was measured (基準 article 4)."""
    area, waist = facts.numbers.get("visceral_fat"), facts.numbers.get("waist")
    if area is not None:
        return Claim(_reaches(facts, "visceral_fat", area), (), ("visceral_fat",))
    if waist is None:
        return Claim(None, ("waist",))
    if facts.sex is None:
        return Claim(None, ("sex",))
    return Claim(_reaches(facts, "waist", waist), (), ("waist",))


def _bmi(facts: Facts) -> Claim:
    number = bmi_of(facts.numbers)
    return Claim(None, ("bmi",)) if number is None else Claim(_reaches(facts, "bmi", number))


def _pressure(facts: Facts) -> Claim:
    sides = {side: pressure_of(facts.numbers, side) for side in ("systolic", "diastolic")}
    return _either(facts, sides)


def _lipid(facts: Facts) -> Claim:
    """Blood that was not taken fasting counts where no other was."""
    fat = "tg_fasting"
    if fat not in facts.numbers and "tg_casual" in facts.numbers:
        fat = "tg_casual"
    return _either(facts, {name: facts.numbers.get(name) for name in (fat, "hdl")})


def _glucose(facts: Facts, limits: tuple[str, str]) -> Claim:
    """Fasting glucose goes before HbA1c; glucose at any time counts where there is neither: so the
    insurers read the ministry's 手引き, though 告示8号 says 「又は」."""
    of_glucose, of_hba1c = (Decimal(each) for each in limits)
    for name in ("glucose_fasting", "hba1c", "glucose_casual"):
        if name in facts.numbers:
            limit = of_hba1c if name == "hba1c" else of_glucose
            return Claim(facts.numbers[name] >= limit, (), (name,))
    return Claim(None, ("glucose",))


def _either(facts: Facts, numbers: Mapping[str, Decimal | None]) -> Claim:
    """One that is reached is enough; not reached is only what was measured whole."""
    measured = {name: number for name, number in numbers.items() if number is not None}
    reached = [name for name, number in measured.items() if _reaches(facts, name, number)]
    if reached:
        return Claim(is_so=True, by=tuple(reached))
    missing = tuple(name for name in numbers if name not in measured)
    return Claim(None, missing) if missing else Claim(is_so=False, by=tuple(measured))


def _or_medicine(claim: Claim, facts: Facts, medicine: str) -> Claim:
    taken = _answer(facts, medicine)
    if claim.is_so or taken.is_so:
        return Claim(is_so=True)
    if claim.is_so is None or taken.is_so is None:
        return Claim(None, (*claim.missing, *taken.missing))
    return Claim(is_so=False)


def _answer(facts: Facts, name: str) -> Claim:
    said = facts.answers.get(name)
    return Claim(None, (name,)) if said is None else Claim(said == YES)


def _any_answer(facts: Facts, names: Iterable[str]) -> Claim:
    answers = [_answer(facts, name) for name in names]
    if any(each.is_so for each in answers):
        return Claim(is_so=True)
    missing = tuple(name for each in answers for name in each.missing)
    return Claim(None, missing) if missing else Claim(is_so=False)


def _reaches(facts: Facts, item: str, number: Decimal) -> bool:
    limits = limits_of(item, facts.sex)
    return limits is not None and limits.is_reached(limits.guidance, number)
