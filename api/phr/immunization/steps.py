"""One step of a rule, for one person: whether a dose may be it, and when it may be had."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta

from api.phr.immunization.plans import Dose, Why
from api.phr.immunization.schedule import LIVE_GAP, Cohort, Course, Step, Target


def course_of(target: Target, birth_on: date, first: Dose) -> Course | None:
    """The course that a first dose began; None where it begins none."""
    for course in target.courses:
        limit = course.first_until
        if first.vaccine in course.products and (not limit or first.on <= limit.last(birth_on)):
            return course
    return None


def fault_of(
    target: Target,
    steps: Sequence[Step],
    index: int,
    birth_on: date,
    on: date,
    days: Sequence[date],
    live: Sequence[date],
) -> Why | None:
    """`live`: the days of other live vaccines, the oldest first."""
    if index >= len(steps):
        return Why.TOO_MANY
    step = steps[index].after(index, len(days))
    if on < step.since.first(birth_on):
        return Why.TOO_YOUNG
    if not is_in_time(target, step, birth_on, on, days):
        return Why.TOO_LATE
    if days and (
        (step.gap and on < (step.allowed_gap or step.gap).after(days[-1]))
        or (step.from_first and on < step.from_first.after(days[0]))
    ):
        return Why.TOO_SOON
    before = bisect_left(live, on)
    if before and on < LIVE_GAP.after(live[before - 1]):
        return Why.LIVE
    return None


def step_for(
    steps: Sequence[Step], index: int, birth_on: date, on: date, days: Sequence[date]
) -> int:
    """The step a dose of that day would be."""
    while index < len(steps):
        past, late = steps[index].skipped_past, steps[index].skipped_if
        is_skipped = past is not None and on > past.last(birth_on)
        if late is not None and days and days[-1] > late.last(birth_on):
            is_skipped = True
        if not is_skipped:
            break
        index += 1
    return index


def how_many_left(steps: Sequence[Step], index: int, birth_on: date, on: date) -> int:
    """With what is next given on that day, and no later step left out for its age."""
    left = 1
    for place, step in enumerate(steps[index + 1 :]):
        past, late = step.skipped_past, step.skipped_if
        is_left_out = past is not None and on > past.last(birth_on)
        if place == 0 and late is not None and on > late.last(birth_on):
            is_left_out = True
        left += not is_left_out
    return left


def cohorts_of(target: Target, birth_on: date, days: Sequence[date]) -> list[Cohort]:
    """Those that hold for who was born that day and had these doses."""
    return [
        each
        for each in target.cohorts
        if each.born_from <= birth_on <= each.born_until
        and (each.begun is None or any(each.begun.since <= day <= each.begun.until for day in days))
    ]


def is_in_time(target: Target, step: Step, birth_on: date, on: date, days: Sequence[date]) -> bool:
    """Whether the rules allow a dose on the day, both ends inside."""
    return on <= step.until.last(birth_on) or any(
        (each.since is None or each.since.first(birth_on) <= on) and on <= each.until.last(birth_on)
        for each in cohorts_of(target, birth_on, days)
    )


def opens_again(target: Target, step: Step, birth_on: date, days: Sequence[date], on: date) -> date:
    """The first day in time from `on`: a period of one's own may begin after the usual one."""
    if is_in_time(target, step, birth_on, on, days):
        return on
    later = [
        each.since.first(birth_on)
        for each in cohorts_of(target, birth_on, days)
        if each.since is not None and each.since.first(birth_on) > on
    ]
    return min(later, default=on)


def extended_by(
    target: Target, step: Step, birth_on: date, days: Sequence[date], last: date
) -> str:
    """Why somebody has until a later day than others; "" where they have not."""
    if last <= step.until.last(birth_on):
        return ""
    found = [
        each.why for each in cohorts_of(target, birth_on, days) if last <= each.until.last(birth_on)
    ]
    return found[0] if found else ""


def until_of(target: Target, step: Step, birth_on: date, days: Sequence[date]) -> date:
    """The last day of whichever period is the longest."""
    cohorts = cohorts_of(target, birth_on, days)
    return max([step.until.last(birth_on), *(each.until.last(birth_on) for each in cohorts)])


def earliest_of(
    step: Step,
    birth_on: date,
    own: Sequence[Dose],
    live: Sequence[date],
    days: Sequence[date],
) -> date:
    """Intervals also from doses that do not count."""
    found = [step.since.first(birth_on)]
    if own:
        found.append(step.gap.after(own[-1].on) if step.gap else own[-1].on + timedelta(days=1))
    if step.from_first and days:
        found.append(step.from_first.after(days[0]))
    if live:
        found.append(LIVE_GAP.after(live[-1]))
    return max(found)


def usual_period(
    step: Step, birth_on: date, days: Sequence[date], earliest: date, latest: date
) -> tuple[date | None, date | None]:
    """Cut to what is possible; (None, None) where the rules name no period or it cannot be kept."""
    since, until = step.usual
    begins = [since.first(birth_on)] if since else []
    ends = [until.last(birth_on)] if until else []
    for gaps, day in ((step.usual_gap, days[-1:]), (step.usual_from_first, days[:1])):
        if gaps and day:
            begins.append(gaps[0].after(day[0]))
            if gaps[1]:
                ends.append(gaps[1].after(day[0]))
    if not ends:
        return None, None
    begin, end = max([*begins, earliest]), min([*ends, latest])
    return (begin, end) if begin <= end else (None, None)


def last_day(target: Target, step: Step, birth_on: date, days: Sequence[date]) -> date:
    """Until when it may be proposed: not past what is advised, nor when it is left out."""
    ends = [until_of(target, step, birth_on, days)]
    if step.skipped_past:
        ends.append(step.skipped_past.last(birth_on))
    if step.advised and not days:
        ends.append(step.advised.last(birth_on))
    return min(ends)
