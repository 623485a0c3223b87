"""One checkup against the published rules, and one item over the years."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from msgspec import Struct

from api.phr.checkup import kidney, rules
from api.phr.checkup.items import DRAWN, ITEMS, SIDES, Part, unit_of
from api.phr.checkup.rules import Facts, LevelFound, MetabolicFound
from api.phr.checkup.thresholds import EDITION_FROM, Position, Sex, position_of
from api.phr.law_age import age_of
from api.records.checkups.reading import Checkup, Value


class Person(NamedTuple):
    """`sex` is None where the registration says neither."""

    birth_on: date
    sex: Sex | None


class Row(NamedTuple):
    """One item of one checkup. `is_worked_out`: from others of it, not written there."""

    name: str
    part: Part
    value: Value
    position: Position | None
    is_worked_out: bool = False


class Judged(Struct, frozen=True, kw_only=True):
    """`told_level`, `told_metabolic`: the codes the result itself carries. `is_earlier`: before the
    edition whose rules are applied."""

    checkup: Checkup
    rows: tuple[Row, ...]
    level: LevelFound
    metabolic: MetabolicFound
    told_level: str
    told_metabolic: str
    egfr_worked_out: Decimal | None
    stage: kidney.Stage | None
    is_earlier: bool

    def row(self, name: str) -> Row | None:
        return next((each for each in self.rows if each.name == name), None)


class Point(NamedTuple):
    checkup: Checkup
    number: Decimal
    text: str
    position: Position | None


# The rows of the table, in its order: blood pressure as it is judged, after what was measured.
_ORDER: Final[tuple[tuple[str, Part], ...]] = (
    *((each.name, each.part) for each in ITEMS if each.part == "body"),
    *((side, "pressure") for side in SIDES),
    *(
        (each.name, each.part)
        for part in ("lipid", "liver", "glucose", "kidney", "blood", "asked", "told")
        for each in ITEMS
        if each.part == part
    ),
)


def judged(checkup: Checkup, person: Person) -> Judged:
    facts = Facts(person.sex, checkup.numbers, checkup.answers)
    rate = _rate(checkup, person)
    said = checkup.numbers.get("egfr")
    known = said if said is not None else rate
    answers = checkup.answers
    return Judged(
        checkup=checkup,
        rows=tuple(_rows(checkup, person, rate)),
        level=rules.level_of(facts, person.birth_on, checkup.on),
        metabolic=rules.metabolic_of(facts, person.birth_on, checkup.on),
        told_level=answers.get("told_level", ""),
        told_metabolic=answers.get("told_metabolic", ""),
        egfr_worked_out=rate,
        stage=None if known is None else kidney.stage(known),
        is_earlier=checkup.on < EDITION_FROM,
    )


def points(checkups: Iterable[Checkup], item: str, person: Person) -> list[Point]:
    """The oldest first; only what can be drawn."""
    assert item in DRAWN
    found = []
    for checkup in sorted(checkups, key=lambda each: each.on):
        row = judged_row(checkup, person, item)
        if row is not None and row.value.number is not None:
            number = row.value.number
            found.append(Point(checkup, number, row.value.text, row.position))
    return found


def judged_row(checkup: Checkup, person: Person, item: str) -> Row | None:
    rate = _rate(checkup, person) if item == "egfr" else None
    return next((each for each in _rows(checkup, person, rate) if each.name == item), None)


def _rows(checkup: Checkup, person: Person, rate: Decimal | None) -> Sequence[Row]:
    worked_out = {
        "bmi": rules.bmi_of(checkup.numbers),
        "egfr": rate,
        **{side: rules.pressure_of(checkup.numbers, side) for side in SIDES},
    }
    found = []
    for name, part in _ORDER:
        value = checkup.values.get(name)
        is_worked_out = value is None and worked_out.get(name) is not None
        if value is None:
            number = worked_out.get(name)
            value = None if number is None else Value(f"{number:f}", unit_of(name), number)
        if value is None and name in SIDES:
            value = _unread(checkup, name)
        if value is not None:
            where = None
            if value.number is not None:
                where = position_of(name, value.number, person.sex)
            is_odd_out = is_worked_out and name not in SIDES
            found.append(Row(name, part, value, where, is_odd_out))
    return found


def _unread(checkup: Checkup, side: str) -> Value | None:
    """A reading that cannot be judged is shown as it was written."""
    turns = (checkup.values.get(f"{side}_{turn}") for turn in ("other", "1", "2"))
    return next((each for each in turns if each is not None), None)


def _rate(checkup: Checkup, person: Person) -> Decimal | None:
    creatinine = checkup.numbers.get("creatinine")
    if creatinine is None or person.sex is None:
        return None
    return kidney.egfr(creatinine, age_of(person.birth_on, checkup.on), person.sex)
