"""What a session reaches: the national summary and its periods, within what Hanako chose."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.consent.facts import EmergencyReach
from api.directory.profile import KNOWN_CATEGORIES
from api.emergency.reach import ANY, NOTHING, SUMMARY, Choice, Period, Reach, reach

TODAY = date(2026, 5, 31)


def covers(reached: Reach, category: str, level: int, cared_on: date, is_hidden: bool) -> bool:
    """By what it says alone; that the decision goes by it is in tests/records."""
    first = dict(reached.open.since).get(category)
    return (
        category in reached.open.categories
        and level <= reached.open.level
        and (first is None or cared_on >= first)
        and (reached.open.shows_hidden or not is_hidden)
    )


def test_the_summary_reaches_back_as_far_as_the_national_one():
    summary = reach("t1", Choice(), KNOWN_CATEGORIES, TODAY)
    assert dict(summary.open.since) == {
        "prescription": date(2026, 2, 28),
        "injection": date(2026, 2, 28),
        "procedure": date(2026, 2, 28),
        "encounter": date(2026, 2, 28),
        "dispensing": date(2026, 4, 16),
        "maternal": date(2025, 7, 31),
    }
    assert summary.operations_since == date(2021, 5, 31)
    for category in ("allergy", "contraindication", "infection", "condition", "directive"):
        assert covers(summary, category, 1, date(1990, 1, 1), False), category
    for category in ("lab", "imaging", "document", "dental", "checkup", "vitals", "insurance"):
        assert category not in summary.open.categories


@pytest.mark.parametrize(
    ("category", "cared_on", "is_seen"),
    [
        ("prescription", date(2026, 2, 28), True),
        ("prescription", date(2026, 2, 27), False),
        ("dispensing", date(2026, 4, 16), True),
        ("dispensing", date(2026, 4, 15), False),
        ("lab", TODAY, False),
    ],
)
def test_a_record_at_the_edge_of_its_period(category, cared_on, is_seen):
    assert covers(reach("t1", Choice(), KNOWN_CATEGORIES, TODAY), category, 0, cared_on, False) is (
        is_seen
    )


def test_the_second_tier_has_no_period_and_every_category_but_no_secret():
    timeless = tuple(each for each in KNOWN_CATEGORIES if SUMMARY.get(each) == ANY)
    assert set(timeless) == {
        *("basic", "allergy", "contraindication", "infection", "condition", "directive"),
    }
    assert reach("t2", Choice(), KNOWN_CATEGORIES, TODAY) == Reach(
        EmergencyReach(KNOWN_CATEGORIES, 1, True, timeless=timeless), date(2021, 5, 31)
    )


def test_who_refuses_is_not_reached_at_all():
    for tier in ("t1", "t2"):
        assert reach(tier, Choice("refuse"), KNOWN_CATEGORIES, TODAY) == NOTHING


CHOICES = st.builds(
    Choice,
    st.just("ceiling"),
    st.lists(st.sampled_from(KNOWN_CATEGORIES), unique=True).map(tuple),
    st.integers(0, 1),
    st.booleans(),
) | st.sampled_from([Choice(), Choice("refuse")])


@given(
    CHOICES,
    st.sampled_from(["t1", "t2"]),
    st.sampled_from(KNOWN_CATEGORIES),
    st.integers(0, 2),
    st.dates(date(2015, 1, 1), TODAY),
    st.booleans(),
)
def test_reads_are_within_the_tier_and_the_ceiling(
    choice, tier, category, level, cared_on, is_hidden
):
    if not covers(
        reach(tier, choice, KNOWN_CATEGORIES, TODAY), category, level, cared_on, is_hidden
    ):
        return
    assert choice.kind != "refuse"
    assert level <= 1, "a secret record stays shut"
    if choice.kind == "ceiling":
        assert category in choice.categories
        assert level <= choice.level
        assert choice.shows_hidden or not is_hidden
    if tier == "t1":
        assert category in SUMMARY
        first = SUMMARY[category].since(TODAY)
        assert first is None or cared_on >= first


@given(CHOICES, st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_the_second_tier_reaches_whatever_the_first_does(choice, today):
    first, second = (reach(tier, choice, KNOWN_CATEGORIES, today) for tier in ("t1", "t2"))
    assert set(first.open.categories) <= set(second.open.categories)
    assert first.open.level <= second.open.level
    assert set(first.open.timeless) <= set(second.open.timeless)
    assert first.operations_since == second.operations_since
    assert all(day <= today for _, day in first.open.since)


@pytest.mark.parametrize("wrong", [{"level": 2}, {"kind": "refuse", "categories": ("lab",)}])
def test_a_choice_that_means_nothing_cannot_be_made(wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=r"emergency|ceiling"):
        Choice(**wrong)


def test_a_period_counts_back_to_the_same_day_or_the_months_last():
    assert Period(months=3).since(date(2024, 5, 31)) == date(2024, 2, 29)
    assert Period(months=60).since(date(2026, 1, 1)) == date(2021, 1, 1)
    assert Period(days=45).since(date(2026, 2, 14)) == date(2025, 12, 31)


@pytest.mark.parametrize(
    ("before", "wish", "opens"),
    [
        (Choice(), Choice("refuse"), False),
        (Choice("refuse"), Choice(), True),
        (Choice("refuse"), Choice("ceiling", ("allergy",), 0, False), True),
        (Choice(), Choice("ceiling", ("allergy",)), False),
        (Choice("ceiling", ("allergy",)), Choice(), True),
        (Choice("ceiling", ("allergy", "lab")), Choice("ceiling", ("allergy",)), False),
        (Choice("ceiling", ("allergy",)), Choice("ceiling", ("allergy", "lab")), True),
        (Choice("ceiling", ("lab",), 0), Choice("ceiling", ("lab",), 1), True),
        (Choice("ceiling", ("lab",), 0, False), Choice("ceiling", ("lab",), 0, True), True),
        (Choice("ceiling", ("lab",), 1, True), Choice("ceiling", ("lab",), 0, False), False),
    ],
)
def test_a_choice_that_opens_more_is_told_from_one_that_does_not(
    before: Choice, wish: Choice, opens: bool
):
    assert wish.opens_more_than(before) is opens
