"""Ages by months in law, corrected ages, and the days between which a checkup is due."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.phr.child import age, checkups, milestones
from api.phr.child.age import Gestation
from api.phr.law_age import first_day_of, last_day_under, months_of

births = st.dates(date(1990, 1, 1), date(2026, 12, 31)) | st.sampled_from(
    [date(year, 2, 29) for year in range(1992, 2025, 4)]
)


@pytest.mark.parametrize(
    ("born", "on", "said"),
    [
        ("2026-05-01", "2026-05-01", (0, 0)),
        ("2026-05-01", "2026-05-31", (0, 30)),
        ("2026-05-01", "2026-06-01", (1, 0)),
        ("2026-01-31", "2026-02-28", (0, 28)),
        ("2026-01-31", "2026-03-01", (1, 0)),
        ("2026-01-31", "2026-03-30", (1, 29)),
        ("2024-02-29", "2025-02-28", (11, 30)),
        ("2024-02-29", "2025-03-01", (12, 0)),
    ],
)
def test_families_count_from_day_to_day(born, on, said):
    assert age.months_and_days(date.fromisoformat(born), date.fromisoformat(on)) == said


@pytest.mark.parametrize(
    ("gestation", "expected"),
    [
        (None, None),
        (Gestation(37, 0), None),
        (Gestation(40, 3), None),
        (Gestation(36, 6), "2026-05-23"),
        (Gestation(30, 0), "2026-07-10"),
        (Gestation(22, 0), "2026-09-04"),
    ],
)
def test_a_preterm_childs_corrected_age_counts_from_the_day_expected(gestation, expected):
    born = date(2026, 5, 1)
    found = age.corrected_birth(born, gestation)
    assert found == (date.fromisoformat(expected) if expected else None)


@pytest.mark.parametrize(
    ("gestation", "on", "expected"),
    [
        (None, "2026-06-01", None),
        (Gestation(37), "2026-06-01", None),
        (Gestation(36, 6), "2026-06-01", "2026-05-23"),
        (Gestation(36, 6), "2029-04-30", "2026-05-23"),
        (Gestation(36, 6), "2029-05-01", None),
    ],
)
def test_both_ages_are_shown_until_three_years(gestation, on, expected):
    found = age.corrected_on(date(2026, 5, 1), gestation, date.fromisoformat(on))
    assert found == (date.fromisoformat(expected) if expected else None)


@pytest.mark.parametrize(
    ("born", "name", "first", "last"),
    [
        ("2025-03-04", "m1", "2025-04-01", "2025-04-14"),
        ("2025-04-02", "m3", "2025-07-02", "2025-09-01"),
        ("2025-04-02", "m6", "2025-10-02", "2025-12-01"),
        ("2025-04-02", "m9", "2026-01-02", "2026-03-01"),
        ("2025-04-02", "m18", "2026-10-02", "2027-04-01"),
        ("2025-04-02", "y3", "2028-04-02", "2029-04-01"),
        ("2025-04-02", "y5", "2029-10-02", "2030-10-01"),
        ("2024-02-29", "m18", "2025-08-29", "2026-02-28"),
        ("2024-02-29", "y3", "2027-03-01", "2028-02-28"),
        ("2024-08-31", "m18", "2026-03-01", "2026-08-30"),
        ("2024-02-29", "m1", "2024-03-28", "2024-04-10"),
        ("2024-08-31", "y5", "2029-03-01", "2030-02-28"),
    ],
)
def test_a_checkup_is_due_between_two_ages_in_law(born, name, first, last):
    checkup = next(each for each in checkups.CHECKUPS if each.name == name)
    found = checkups.window(checkup, date.fromisoformat(born))
    assert found == (date.fromisoformat(first), date.fromisoformat(last))


def test_the_legal_ones_are_at_eighteen_months_and_three_years():
    legal = [each for each in checkups.CHECKUPS if each.is_legal]
    assert [(each.since, each.until) for each in legal] == [(18, 24), (36, 48)]


def test_past_an_age_begins_a_day_after_from_an_age_and_both_end_on_the_same_day():
    born = date(2025, 4, 2)
    m18 = next(each for each in checkups.CHECKUPS if each.name == "m18")
    first, last = checkups.window(m18, born)
    assert first == first_day_of(born, months=18) + timedelta(days=1)
    assert last == last_day_under(born, months=24)


@given(births, st.integers(0, 2500))
def test_a_checkup_is_due_exactly_while_the_age_is_within(born, days):
    today = born + timedelta(days=days)
    months = months_of(born, today)
    for each in checkups.due(born, (), today):
        age_now = days if each.checkup.in_days else months
        assert (each.state == "due") == (each.checkup.since <= age_now < each.checkup.until)
        assert (each.state == "later") == (age_now < each.checkup.since)


def test_a_checkup_that_was_had_is_done_whenever_that_was():
    found = checkups.due(date(2025, 4, 2), {"m1"}, date(2025, 9, 1))
    assert [each.state for each in found] == ["done", "due", *["later"] * 5]
    found = checkups.due(date(2025, 4, 2), (), date(2025, 9, 2))
    assert [each.state for each in found] == ["over", "over", *["later"] * 5]


@pytest.mark.parametrize(
    ("born", "name", "first", "last"),
    [
        # Born on the 31st and on 29 February: a month that has no such day ends the day before.
        ("2026-01-31", "m1", "2026-02-28", "2026-03-13"),
        ("2026-01-31", "m3", "2026-05-01", "2026-06-30"),
        ("2026-01-31", "m6", "2026-07-31", "2026-09-30"),
        ("2026-01-31", "m9", "2026-10-31", "2026-12-30"),
        ("2026-01-31", "m18", "2027-07-31", "2028-01-30"),
        ("2026-01-31", "y3", "2029-01-31", "2030-01-30"),
        ("2026-01-31", "y5", "2030-07-31", "2031-07-30"),
        ("2024-02-29", "m3", "2024-05-29", "2024-07-28"),
        ("2024-02-29", "m6", "2024-08-29", "2024-10-28"),
        ("2024-02-29", "m9", "2024-11-29", "2025-01-28"),
        ("2024-02-29", "y5", "2028-08-29", "2029-08-28"),
        ("2023-02-28", "y3", "2026-02-28", "2027-02-27"),
        ("2024-03-31", "m18", "2025-10-01", "2026-03-30"),
    ],
)
def test_a_checkup_of_a_child_born_at_the_end_of_a_month(born, name, first, last):
    checkup = next(each for each in checkups.CHECKUPS if each.name == name)
    found = checkups.window(checkup, date.fromisoformat(born))
    assert found == (date.fromisoformat(first), date.fromisoformat(last))


def test_a_checkup_is_due_on_its_first_day_and_on_its_last_and_not_beside_them():
    born = date(2025, 4, 2)
    for today, state in (
        ("2025-07-01", "later"),
        ("2025-07-02", "due"),
        ("2025-09-01", "due"),
        ("2025-09-02", "over"),
    ):
        assert checkups.due(born, (), date.fromisoformat(today))[1].state == state


def test_a_week_is_seven_days_and_term_begins_at_37():
    assert Gestation(36, 6).is_preterm
    assert not Gestation(37).is_preterm
    assert Gestation(37).length == 259
    # 40 weeks less 36 weeks and 6 days are 22 days.
    assert age.corrected_birth(date(2026, 12, 20), Gestation(36, 6)) == date(2027, 1, 11)
    assert age.corrected_birth(date(2028, 2, 20), Gestation(38)) is None


def test_milestones_are_those_of_the_survey():
    assert [(each.name, each.since, each.until) for each in milestones.MILESTONES] == [
        ("head", 4, 5),
        ("roll", 6, 7),
        ("sit", 9, 10),
        ("crawl", 10, 11),
        ("stand", 11, 12),
        ("walk", 16, 17),
    ]
