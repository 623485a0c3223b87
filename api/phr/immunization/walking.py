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


class At(NamedTuple):
    """Where a walk stands between two doses; `first` is the one that began the course."""

    days: tuple[date, ...] = ()
    step: int = 0
    has_fallen_back: bool = False
    first: Dose | None = None


def walk_of(
    target: Target,
    birth_on: date,
    own: Sequence[Dose],
    live: Sequence[date],
    editions: Sequence[Edition],
) -> Walk:
    """`own` and `live`, the days of other live vaccines, the oldest first."""
    given: list[Given] = []
    at = At()
    for dose in own:
        at, why = after(at, target, birth_on, dose, live, editions)
        given.append(Given(dose, 0 if why else len(at.days), why))
    return Walk(tuple(given), at.days, at.step, at.has_fallen_back)


def after(
    at: At,
    target: Target,
    birth_on: date,
    dose: Dose,
    live: Sequence[date],
    editions: Sequence[Edition],
) -> tuple[At, Why | None]:
    """One dose further, and why it does not count."""
    days, has_fallen_back = at.days, at.has_fallen_back
    then = target_in(edition_on(editions, dose.on), target.name) or target
    course = course_of(then, birth_on, at.first or dose)
    if course is None or (at.first and dose.vaccine not in course.products | course.also):
        return at, Why.MIXED
    steps = course.or_else if has_fallen_back and course.or_else else course.steps
    index = step_for(steps, at.step, birth_on, dose.on, days)
    why = fault_of(then, steps, index, birth_on, dose.on, days, live)
    if why is Why.TOO_SOON and course.or_else and not has_fallen_back and index == 1:
        other = fault_of(then, course.or_else, index, birth_on, dose.on, days, live)
        has_fallen_back, why = other is None, other
    if why is not None:
        return At(days, index, has_fallen_back, at.first), why
    return At((*days, dose.on), index + 1, has_fallen_back, at.first or dose), None
