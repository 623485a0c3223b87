"""Fourteen visits, and each test in its weeks."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from api.phr.maternal import schedule
from api.phr.maternal.schedule import Done

DUE = date(2026, 10, 8)
BEGIN = date(2026, 1, 1)


def day(week: int, days: int = 0) -> date:
    return BEGIN + timedelta(weeks=week, days=days)


def states(today: date, *written: date) -> list[str]:
    return [each.state for each in schedule.visits(DUE, written, today)]


def test_there_are_fourteen_visits_every_four_every_two_and_every_week() -> None:
    visits = schedule.visits(DUE, [], BEGIN)
    weeks = [each.week for each in visits]
    assert weeks == [8, 12, 16, 20, 24, 26, 28, 30, 32, 34, 36, 37, 38, 39]
    apart = [later - earlier for earlier, later in pairwise(weeks)]
    assert apart == [4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 1, 1, 1]
    assert [each.number for each in visits] == list(range(1, 15))
    assert [each.from_on for each in visits] == [day(week) for week in weeks]
    assert all(
        later.from_on - earlier.until_on == timedelta(days=1) for earlier, later in pairwise(visits)
    ), "no day between two of them"
    assert visits[-1].until_on == day(44)


def test_a_visit_is_ticked_off_by_what_was_written_in_its_days() -> None:
    assert states(day(12), day(5), day(13)) == ["done", "done"] + ["ahead"] * 12
    assert states(day(16, 1), day(12)) == ["passed", "done", "now"] + ["ahead"] * 11
    assert states(day(50)) == ["passed"] * 14
    found = schedule.visits(DUE, [day(9), day(8), day(9)], day(10))
    assert found[0].done_on == (day(8), day(9))
    assert (following := schedule.following(found)) is not None
    assert following.week == 12
    assert schedule.following(schedule.visits(DUE, [], day(50))) is None


# From, until (inclusive) and how often: 告示第226号
WINDOWS = {
    "blood_group": [(0, 23, 1)],
    "blood_count": [(0, 23, 1), (24, 35, 1), (36, 43, 1)],
    "blood_glucose": [(0, 23, 1), (24, 35, 1)],
    "hbs": [(0, 23, 1)],
    "hcv": [(0, 23, 1)],
    "hiv": [(0, 23, 1)],
    "syphilis": [(0, 23, 1)],
    "rubella": [(0, 23, 1)],
    "cytology": [(0, 23, 1)],
    "htlv1": [(0, 30, 1)],
    "chlamydia": [(0, 30, 1)],
    "gbs": [(33, 37, 1)],
    "ultrasound": [(0, 23, 2), (24, 35, 1), (36, 43, 1)],
}


def test_each_test_stands_in_its_weeks() -> None:
    found = schedule.tests(DUE, [], BEGIN)
    assert set(schedule.TESTS) == set(WINDOWS)
    for test, windows in WINDOWS.items():
        mine = [each for each in found if each.test == test]
        assert [(each.first, each.last, each.times) for each in mine] == windows
        for each, (first, last, _) in zip(mine, windows, strict=True):
            assert (each.from_on, each.until_on) == (day(first), day(last, 6))
    assert sum(each.times for each in found if each.test == "ultrasound") == 4


@pytest.mark.parametrize(
    ("done", "today", "expected"),
    [
        ([], day(20), ["now", "ahead", "ahead"]),
        ([day(10)], day(20), ["now", "ahead", "ahead"]),
        ([day(10), day(19)], day(20), ["done", "ahead", "ahead"]),
        ([day(10), day(19), day(30)], day(37), ["done", "done", "now"]),
        ([day(36)], day(37), ["passed", "passed", "done"]),
    ],
)
def test_ultrasounds_are_counted_within_their_weeks(
    done: list[date], today: date, expected: list[str]
) -> None:
    found = schedule.tests(DUE, [Done("ultrasound", on) for on in done], today)
    assert [each.state for each in found if each.test == "ultrasound"] == expected


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (day(11, 6), ["now", "ahead"]),
        (day(12), ["passed", "now"]),
        (day(15, 6), ["passed", "now"]),
        (day(16), ["passed", "passed"]),
    ],
)
def test_a_visit_is_there_from_its_first_day_to_its_last(today: date, expected: list[str]) -> None:
    assert states(today)[:2] == expected


def test_a_visit_on_the_last_day_before_the_next_is_of_the_one_before() -> None:
    assert states(day(16), day(15, 6))[:3] == ["passed", "done", "now"]
    assert states(day(16), day(16))[:3] == ["passed", "passed", "done"]
    # 39 weeks is the last; what comes after until 44 weeks is of it.
    assert states(day(44), day(44))[-1] == "done"


@pytest.mark.parametrize(
    ("on", "today", "expected"),
    [
        (None, day(23, 6), ["now", "ahead", "ahead"]),
        (None, day(24), ["passed", "now", "ahead"]),
        (None, day(35, 6), ["passed", "now", "ahead"]),
        (None, day(36), ["passed", "passed", "now"]),
        (day(23, 6), day(24), ["done", "now", "ahead"]),
        (day(24), day(24), ["passed", "done", "ahead"]),
        (day(35, 6), day(36), ["passed", "done", "now"]),
        (day(36), day(36), ["passed", "passed", "done"]),
    ],
)
def test_blood_is_counted_from_the_first_day_of_its_weeks_to_the_last(
    on: date | None, today: date, expected: list[str]
) -> None:
    found = schedule.tests(DUE, [Done("blood_count", on)] if on else [], today)
    assert [each.state for each in found if each.test == "blood_count"] == expected


def test_the_same_day_twice_is_one_ultrasound_and_the_last_days_are_shown() -> None:
    twice = [Done("ultrasound", day(10))] * 2
    assert _one("ultrasound", twice).state == "now"
    many = [Done("ultrasound", day(week)) for week in (8, 10, 12)]
    assert _one("ultrasound", many).done_on == (day(10), day(12))


def test_a_test_asked_for_once_in_all_is_done_whenever_it_was() -> None:
    assert _one("gbs", [Done("gbs", day(32))]).state == "done"
    assert _one("htlv1", [Done("htlv1", day(34))]).done_on == (day(34),)
    assert _one("hbs", [Done("hcv", day(10))]).state == "now"


def _one(test: str, done: list[Done]) -> schedule.Due:
    return next(each for each in schedule.tests(DUE, done, day(14)) if each.test == test)


@pytest.mark.parametrize(
    ("due_on", "expected"),
    [
        # As a city explains it: weeks 28 to 36 from 29 January on, the routine on 1 April alone.
        ("2026-04-23", ("2026-04-01", "2026-04-01")),
        ("2026-04-22", None),
        ("2026-06-24", ("2026-04-01", "2026-06-02")),
        ("2026-10-08", ("2026-07-16", "2026-09-16")),
    ],
)
def test_the_vaccine_against_rsv_is_for_weeks_28_to_36_since_april_2026(
    due_on: str, expected: tuple[str, str] | None
) -> None:
    found = schedule.rsv_vaccine(date.fromisoformat(due_on))
    assert (found and tuple(each.isoformat() for each in found)) == expected
