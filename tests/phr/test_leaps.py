"""When a number is far from the same person's others: a table, and what holds for every one."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.phr import slack
from api.phr.entries.leaps import Leaps, Point, far

START = date(2026, 5, 1)
ADULT = slack.adult()
BORN = START - timedelta(days=30)
SCHOOL = slack.pupil()


def after(days: int) -> date:
    return START + timedelta(days=days)


def baby(**at_birth: str) -> Leaps:
    return slack.child(BORN, at_birth)


def asks(leaps: Leaps, name: str, before: str, days: int, value: str) -> bool:
    others = [(START, {name: before})]
    return name in far(leaps, after(days), {name: value}, others)


@pytest.mark.parametrize(
    ("before", "days", "value", "is_asked"),
    [
        ("57.3", 7, "87.3", True),
        ("57.3", 7, "67.3", True),
        ("57.3", 7, "47.3", True),
        ("57.3", 7, "60.1", False),
        ("57.3", 0, "61.2", False),
        ("57.3", 0, "75.3", True),
        ("110", 1, "100", True),
        ("57.3", 180, "70.5", False),  # half a kilogram a week
        ("57.3", 180, "41", False),
        ("57.3", 2000, "87.3", False),
        ("38", 1, "42", False),  # never less than four
    ],
)
def test_an_adults_weight(before: str, days: int, value: str, is_asked: bool) -> None:
    assert asks(ADULT, "weight", before, days, value) is is_asked


@pytest.mark.parametrize(
    ("name", "before", "days", "value", "is_asked"),
    [
        ("height", "61.5", 30, "58.5", True),
        ("height", "61.5", 30, "60", False),  # lying or standing
        ("height", "61.5", 30, "65.8", False),
        ("height", "61.5", 30, "71.5", True),
        ("weight", "5.9", 30, "9.5", True),
        ("weight", "5.9", 30, "7.1", False),
        ("weight", "6.3", 5, "3.6", True),
        ("weight", "6.3", 5, "6.0", False),
        ("head", "39.5", 30, "41.2", False),
        ("head", "39.5", 30, "36.5", True),
        ("head", "39.5", 30, "45", True),
        ("chest", "39.5", 30, "60", False),
    ],
)
def test_a_babys_measures(name: str, before: str, days: int, value: str, is_asked: bool) -> None:
    assert asks(baby(), name, before, days, value) is is_asked


@pytest.mark.parametrize(
    ("name", "before", "days", "value", "is_asked"),
    [
        ("height", "118.2", 365, "124.9", False),
        ("height", "124.9", 365, "114.9", True),
        ("height", "118.2", 365, "142", True),
        ("height", "158", 365, "170", False),  # as fast as anybody grows
        ("weight", "42", 365, "53", False),
        ("weight", "42", 365, "32", True),
    ],
)
def test_a_pupils_measures(name: str, before: str, days: int, value: str, is_asked: bool) -> None:
    assert asks(SCHOOL, name, before, days, value) is is_asked


def test_what_was_measured_at_birth_stands_beside_the_first() -> None:
    born = baby(weight="3.2", height="49.5")
    assert far(born, BORN + timedelta(days=4), {"weight": "2.95"}, []) == {}
    assert far(born, BORN + timedelta(days=4), {"weight": "2.3"}, []) == {
        "weight": Point(BORN, Decimal("3.2"))
    }
    first = {"weight": "9.4", "height": "76"}
    assert far(born, BORN + timedelta(days=380), first, []) == {}, "a year makes three of one"


def test_a_birth_lets_a_weight_fall_and_nothing_rise() -> None:
    born = slack.adult([after(3)])
    assert asks(ADULT, "weight", "66.5", 7, "57.5")
    assert not asks(born, "weight", "66.5", 7, "57.5")
    assert asks(born, "weight", "66.5", 2, "57.5"), "not before it"
    assert asks(born, "weight", "57.5", 7, "66.5")


def test_an_entry_for_an_earlier_day_is_held_to_those_before_and_after_it() -> None:
    others = [(after(14), {"weight": "57.9"}), (START, {"weight": "57.3"})]
    assert far(ADULT, after(7), {"weight": "57.6"}, others) == {}
    assert far(ADULT, after(7), {"weight": "87.6"}, others) == {
        "weight": Point(START, Decimal("57.3"))
    }
    assert far(ADULT, after(-7), {"weight": "87.6"}, others) == {
        "weight": Point(START, Decimal("57.3"))
    }


def test_what_is_in_its_place_on_one_side_is_not_asked_about() -> None:
    slipped = [(after(14), {"weight": "57.9"}), (after(6), {"weight": "87.3"})]
    assert far(ADULT, after(7), {"weight": "57.6"}, slipped) == {}


def test_entries_without_the_field_are_passed_over() -> None:
    others = [(after(6), {"height": "61"}), (START, {"weight": "57.3"})]
    assert "weight" in far(ADULT, after(7), {"weight": "87.3"}, others)
    assert far(ADULT, after(7), {"weight": ""}, others) == {}
    assert far(ADULT, after(7), {"weight": "87.3"}, []) == {}


WEIGHTS = st.decimals(3, 300, places=1)


@given(WEIGHTS, st.integers(-900, 900), st.integers(0, 900))
def test_the_same_value_is_never_asked_about(value: Decimal, days: int, more: int) -> None:
    others = [(after(days + more), {"weight": f"{value}"}), (after(days), {"weight": f"{value}"})]
    for leaps in (ADULT, baby(), SCHOOL):
        assert far(leaps, START, {"weight": f"{value}"}, others) == {}


@given(WEIGHTS, WEIGHTS, st.integers(0, 900), st.integers(0, 900))
def test_what_is_not_asked_about_is_not_after_more_time(
    before: Decimal, value: Decimal, days: int, more: int
) -> None:
    for leaps in (ADULT, baby(), SCHOOL):
        if not asks(leaps, "weight", f"{before}", days, f"{value}"):
            assert not asks(leaps, "weight", f"{before}", days + more, f"{value}")
