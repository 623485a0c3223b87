"""A child's values beside the curves and beside each other."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from api.phr.child import reading
from api.phr.child.age import Gestation
from api.phr.child.reading import Child, Measured

BORN = date(2026, 5, 1)


def child(gestation: Gestation | None = None, **birth: str) -> Child:
    return Child(UUID(int=1), "ゆい", "female", BORN, gestation, False, 1, birth)


def measured(days: int, **values: str) -> Measured:
    return Measured(UUID(int=days), BORN + timedelta(days=days), values)


def weights(of: Child, *entries: Measured):
    return next(each for each in reading.courses(of, entries) if each.measure == "weight")


def test_what_was_measured_at_birth_is_the_first_value():
    course = weights(child(weight="2.95"), measured(30, weight="3.91"))
    assert [(each.age, each.value) for each in course.values] == [
        (0, Decimal("2.95")),
        (30, Decimal("3.91")),
    ]
    assert (course.newest.position.rounded, course.before.position.rounded) == (50, 50)


def test_values_are_in_the_order_of_their_days_and_each_measure_by_itself():
    entries = [measured(60, weight="5.1"), measured(30, height="52.4", note="はかりなおし")]
    weight, height, head = reading.courses(child(), entries)
    assert (weight.measure, height.measure, head.measure) == ("weight", "height", "head")
    assert [each.age for each in weight.values] == [60]
    assert [each.age for each in height.values] == [30]
    assert (head.values, head.newest, head.before) == ([], None, None)


@pytest.mark.parametrize(
    ("days", "before", "is_a_month"),
    [
        ((100,), None, False),
        ((70, 100), 70, True),
        ((65, 72, 98, 100), 72, True),
        ((60, 98, 100), 98, False),
        ((10, 100), 10, False),
        ((75, 100), 75, True),
        ((65, 100), 65, True),
        ((64, 100), 64, False),
        ((100, 100), None, False),
    ],
)
def test_the_newest_is_compared_with_a_month_before_or_else_with_the_last(days, before, is_a_month):
    course = weights(child(), *(measured(each, weight="6") for each in days))
    assert (course.before.of.age if course.before else None, course.is_a_month) == (
        before,
        is_a_month,
    )


def test_of_a_preterm_child_both_positions_are_there_until_three_years():
    preterm = child(Gestation(30, 0), weight="1.4")
    course = weights(
        preterm,
        measured(60, weight="3.0"),
        measured(180, weight="6.0"),
        measured(1100, weight="13.5"),
    )
    points = [reading.placed(preterm, "weight", each) for each in course.values]
    first, early, later, last = points
    assert (first.of.corrected_age, first.corrected) == (-70, None)
    assert (early.of.corrected_age, early.corrected) == (-10, None)
    assert later.of.corrected_age == 110
    assert later.corrected.rounded > later.position.rounded
    assert (last.of.corrected_age, last.corrected) == (None, None)


def test_who_came_at_term_has_one_age():
    course = weights(child(Gestation(39, 2)), measured(60, weight="5"))
    assert (course.newest.of.corrected_age, course.newest.corrected) == (None, None)


def test_beyond_the_survey_there_is_a_value_and_no_position():
    head = reading.courses(child(), [measured(1200, head="49")])[2]
    assert head.newest.position is None
    assert head.newest.of.value == 49


def test_weeks_and_days_make_a_length():
    assert reading.gestation_of("", "") is None
    assert reading.gestation_of("36", "") == Gestation(36, 0)
    assert reading.gestation_of("36", "5") == Gestation(36, 5)
