"""Doses given, a birth day and a day: what is done, what is next and until when, by the rules.

A dose is judged by the rules of its own day, what is next by those of today. What is next is never
sooner than any interval allows, also after doses that do not count, and never after the last day.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from api.phr.immunization import vaccines
from api.phr.immunization.editions import EDITIONS
from api.phr.immunization.plans import Dose, Given, Next, Plan, Status, Why
from api.phr.immunization.schedule import Course, Edition, Step, Target, edition_on, target_in
from api.phr.immunization.sharing import shared_out
from api.phr.immunization.steps import (
    course_of,
    earliest_of,
    extended_by,
    how_many_left,
    last_day,
    opens_again,
    step_for,
    usual_period,
)
from api.phr.immunization.walking import Walk, walk_of


class Person(NamedTuple):
    """`sex` as FHIR has it."""

    birth_on: date
    sex: str


def plans(
    person: Person,
    doses: Sequence[Dose],
    today: date,
    editions: Sequence[Edition] = EDITIONS,
) -> list[Plan]:
    """One for each vaccine of today's routine, in the order of the rules; of one of before for
    whoever had it."""
    edition = edition_on(editions, today)
    shares = shared_out(edition, person.birth_on, doses)
    found = []
    for target in edition.targets:
        own = shares[target.name]
        if target.is_former and not own:
            continue
        one = _plan(target, person, own, doses, today, editions)
        found.append(one._replace(changes_on=_changes(one, person, own, doses, today, editions)))
    return found


def beside(doses: Sequence[Dose], today: date) -> list[Dose]:
    """Those no rule of today's routine speaks of: voluntary ones, and some of former years."""
    named: set[str] = set()
    for target in edition_on(EDITIONS, today).targets:
        named |= target.products | target.older
    return [each for each in doses if each.vaccine not in named]


def is_had(plan: Plan, today: date) -> bool:
    """Over, and given as often as the rules want, though some came when they count no longer:
    nothing of it was missed."""
    target = target_in(edition_on(EDITIONS, today), plan.target)
    if target is None or plan.status is not Status.CLOSED:
        return False
    given = [each.dose.vaccine for each in plan.given if each.number or each.why is Why.TOO_LATE]
    wanted = [len(each.steps) for each in target.courses if each.products & set(given)]
    return bool(wanted) and len(given) >= max(wanted)


def _changes(
    now: Plan,
    person: Person,
    own: Sequence[Dose],
    doses: Sequence[Dose],
    today: date,
    editions: Sequence[Edition],
) -> date | None:
    """The first day from which rules to come say something else than those of today would."""
    if now.status in (Status.DONE, Status.CLOSED):
        return None
    in_force = editions.index(edition_on(editions, today))
    target = target_in(editions[in_force], now.target)
    for edition in editions[in_force + 1 :]:
        following, begins = target_in(edition, now.target), edition.valid_from
        if target is None or following is None:
            return begins
        then = _plan(following, person, own, doses, begins, editions)
        as_now = _plan(target, person, own, doses, begins, editions[: in_force + 1])
        if (then.status, then.next, then.of) != (as_now.status, as_now.next, as_now.of):
            return begins
    return None


def _plan(
    target: Target,
    person: Person,
    own: Sequence[Dose],
    doses: Sequence[Dose],
    today: date,
    editions: Sequence[Edition],
) -> Plan:
    if target.is_for_girls and person.sex == "male":
        return Plan(target.name, Status.NOT_FOR, _uncounted(own, Why.NOT_FOR))
    current = [each for each in own if each.vaccine not in target.older]
    mine, live = frozenset(current), list[date]()
    is_live = any(vaccines.is_live(each) for each in target.products)
    if is_live:
        others = (each for each in doses if vaccines.is_live(each.vaccine) and each not in mine)
        live = sorted({each.on for each in others})
    walk = walk_of(target, person.birth_on, current, live, editions)
    if any(each.why is Why.MIXED for each in walk.given):
        return Plan(target.name, Status.MIXED, _with_older(target, own, walk))
    if is_live:  # what does not count keeps its interval all the same
        live = sorted({*live, *(each.dose.on for each in walk.given if not each.number)})
    found = _following(target, person.birth_on, current, live, walk, today)
    if not found.next:
        return found._replace(given=_with_older(target, own, walk))
    begun = _begun(target, person.birth_on, walk)
    is_mixed = any(each.vaccine in target.beside for each in doses)
    if len(current) < len(own) or is_mixed or (begun and begun.is_former):
        return Plan(target.name, Status.OLDER, _with_older(target, own, walk))
    return found


def _with_older(target: Target, own: Sequence[Dose], walk: Walk) -> tuple[Given, ...]:
    """With the doses of vaccines that this one took the place of, day by day."""
    older = _uncounted([each for each in own if each.vaccine in target.older], Why.OLDER)
    return tuple(sorted((*walk.given, *older), key=lambda each: each.dose.on))


def _following(
    target: Target,
    birth_on: date,
    own: Sequence[Dose],
    live: Sequence[date],
    walk: Walk,
    today: date,
) -> Plan:
    course, until = _course_ahead(target, birth_on, own, walk, today)
    steps = course.or_else if walk.has_fallen_back and course.or_else else course.steps
    index = walk.step
    while True:
        index = min(index, len(steps))
        if index == len(steps):
            done = Status.DONE if walk.days else Status.CLOSED
            return Plan(target.name, done, walk.given, of=len(walk.days))
        step = steps[index].after(index, len(walk.days))
        earliest = earliest_of(step, birth_on, own, live, walk.days)
        earliest = _first_open(target, step, birth_on, walk.days, earliest, today)
        following = step_for(steps, index, birth_on, max(earliest, today), walk.days)
        if following == index:
            break
        index = following
    latest = last_day(target, step, birth_on, walk.days)
    if max(earliest, today) > latest:
        return Plan(target.name, Status.CLOSED, walk.given, of=0)
    usual_from, usual_until = usual_period(step, birth_on, walk.days, earliest, latest)
    number = len(walk.days) + 1
    return Plan(
        target.name,
        Status.OPEN if earliest <= today else Status.LATER,
        walk.given,
        Next(number, earliest, latest, usual_from, usual_until, step.is_booster),
        0
        if course.is_open
        else len(walk.days) + how_many_left(steps, index, birth_on, max(earliest, today)),
        until,
        extended_by=extended_by(target, step, birth_on, walk.days, latest),
    )


def _first_open(
    target: Target, step: Step, birth_on: date, days: Sequence[date], earliest: date, today: date
) -> date:
    """Put off only where neither that day nor today is in time, and a later one will be."""
    now = max(earliest, today)
    opens = opens_again(target, step, birth_on, days, now)
    return opens if opens > now else earliest


def _course_ahead(
    target: Target, birth_on: date, own: Sequence[Dose], walk: Walk, today: date
) -> tuple[Course, date | None]:
    """The course begun, or that of whoever begins as soon as may be, and until when it is so."""
    if course := _begun(target, birth_on, walk):
        return course, None
    proposed = [each for each in target.courses if each.is_proposed]
    for course in proposed:
        if course.first_until is None:
            break
        earliest = earliest_of(course.steps[0], birth_on, own, (), ())
        if max(today, earliest) <= course.first_until.last(birth_on):
            return course, course.first_until.last(birth_on)
    return proposed[-1], None


def _begun(target: Target, birth_on: date, walk: Walk) -> Course | None:
    first = next((each.dose for each in walk.given if each.number == 1), None)
    return course_of(target, birth_on, first) if first else None


def _uncounted(own: Sequence[Dose], why: Why) -> tuple[Given, ...]:
    return tuple(Given(each, 0, why) for each in own)
