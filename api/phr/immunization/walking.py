"""Which of the doses given count, one after another, each by the rules of its own day."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from api.phr.immunization.plans import Dose, Given, Why
from api.phr.immunization.schedule import Edition, Target, edition_on, target_in
from api.phr.immunization.steps import course_of, fault_of, step_for


class Walk(NamedTuple):
    """How far the doses of one target lead. `days`: of the doses that count."""

    given: tuple[Given, ...]
    days: tuple[date, ...]
    step: int
    has_fallen_back: bool


def walk_of(
    target: Target,
    birth_on: date,
    own: Sequence[Dose],
    live: Sequence[date],
    editions: Sequence[Edition],
) -> Walk:
    given: list[Given] = []
    days: list[date] = []
    index, has_fallen_back, first = 0, False, None
    for dose in own:
        then = target_in(edition_on(editions, dose.on), target.name) or target
        course = course_of(then, birth_on, first or dose)
        if course is None or (first and dose.vaccine not in course.products | course.also):
            given.append(Given(dose, 0, Why.MIXED))
            continue
        steps = course.or_else if has_fallen_back and course.or_else else course.steps
        index = step_for(steps, index, birth_on, dose.on, days)
        why = fault_of(then, steps, index, birth_on, dose.on, days, live)
        if why is Why.TOO_SOON and course.or_else and not has_fallen_back and index == 1:
            other = fault_of(then, course.or_else, index, birth_on, dose.on, days, live)
            has_fallen_back, why = other is None, other
        if why is None:
            first = first or dose
            index += 1
            days.append(dose.on)
        given.append(Given(dose, 0 if why else len(days), why))
    return Walk(tuple(given), tuple(days), index, has_fallen_back)
