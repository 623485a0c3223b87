"""Days and times as files write them."""

from datetime import date

import pytest

from api.phr.vitals.moments import Moment, read_clock, read_moment

FIRST_OF_MAY = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("2026/5/1", ""),
        ("2026/05/01", ""),
        ("２０２６／５／１", ""),
        ("2026-05-01", ""),
        ("2026.5.1", ""),
        ("20260501", ""),
        ("202605010730", "07:30"),
        ("20260501 073015", "07:30"),
        ("2026年5月1日", ""),
        ("令和8年5月1日", ""),
        ("R8.5.1", ""),
        ("r8/5/1 7:30", "07:30"),
        ("2026年5月1日(金) 7時30分", "07:30"),
        ("2026年5月1日（金）午後7時05分", "19:05"),
        ("2026/5/1 7:30", "07:30"),
        ("2026/5/1 午前0:30", "00:30"),
        ("2026/05/01 07:30:15", "07:30"),
        ("2026/05/01 07:30:15.250", "07:30"),
        ("2026-05-01T07:30:00", "07:30"),
        ("2026-05-01T07:30:00+09:00", "07:30"),
        ("2026-05-01T07:30+0900", "07:30"),
        ("2026-04-30T22:30:00Z", "07:30"),
        ("2026-05-01 12:15 AM", "00:15"),
        ("2026-05-01 12:15 pm", "12:15"),
    ],
)
def test_the_first_of_may_in_every_hand(written: str, time: str) -> None:
    assert read_moment(written) == Moment(FIRST_OF_MAY, time)


def test_the_eras_first_years_and_borders() -> None:
    assert read_moment("令和元年5月1日") == Moment(date(2019, 5, 1), "")
    assert read_moment("平成31年4月30日") == Moment(date(2019, 4, 30), "")
    assert read_moment("平成31年5月1日") is None, "an era that was over"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "5/1/2026",
        "1/5/2026",
        "26/5/1",
        "2026/13/1",
        "2026/2/30",
        "20260230",
        "20260501 2560",
        "2026/5/1 25:00",
        "2026/5/1 7:60",
        "2026/5/1 午後13:00",
        "きのう",
        "46143",
    ],
)
def test_what_is_no_day_or_could_be_two_is_not_guessed(written: str) -> None:
    assert read_moment(written) is None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", ""),
        ("7:30", "07:30"),
        ("０７：３０", "07:30"),
        ("07:30:00", "07:30"),
        ("午後9時5分", "21:05"),
        ("9:05 PM", "21:05"),
        ("24:00", None),
        ("朝", None),
    ],
)
def test_a_time_alone(written: str, said: str | None) -> None:
    assert read_clock(written) == said
