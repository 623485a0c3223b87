"""The life of a declaration by its rules alone: two officers, three days, and its own end."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from api.emergency.disaster.rules import (
    Disaster,
    Turn,
    is_length,
    may_confirm,
    may_end,
    may_renew,
    runs,
    until,
    waits,
)

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
UEDA, KATO = UUID(int=1), UUID(int=2)


def asked(hours_ago: float = 1, hours: int = 24) -> Turn:
    return Turn(UEDA, NOW - hours_ago * HOUR, hours)


def confirmed(hours_ago: float = 1, hours: int = 24) -> Turn:
    at = NOW - hours_ago * HOUR
    return Turn(UEDA, at, hours, KATO, at)


def test_nothing_runs_on_one_officers_word():
    disaster = Disaster((asked(),))
    assert (until(disaster), runs(disaster, NOW), waits(disaster, NOW)) == (None, False, True)
    assert may_confirm(disaster, KATO, NOW)
    assert not may_confirm(disaster, UEDA, NOW)
    assert not may_confirm(disaster, None, NOW)


def test_what_was_asked_for_lapses_after_a_day():
    assert not may_confirm(Disaster((asked(hours_ago=24),)), KATO, NOW)
    assert may_confirm(Disaster((asked(hours_ago=23.9),)), KATO, NOW)


def test_it_ends_by_itself_at_its_hour():
    disaster = Disaster((confirmed(hours_ago=24, hours=24),))
    assert runs(disaster, NOW - timedelta(microseconds=1))
    assert not runs(disaster, NOW)
    assert not may_renew(disaster, NOW)
    assert not may_end(disaster, NOW)


def test_a_renewal_takes_two_again_and_only_while_it_runs():
    running = confirmed(hours_ago=23, hours=24)
    assert may_renew(Disaster((running,)), NOW)
    again = Disaster((running, asked(hours_ago=0.5, hours=72)))
    assert until(again) == NOW + HOUR
    assert not may_renew(again, NOW)
    assert may_confirm(again, KATO, NOW)
    assert not may_confirm(again, UEDA, NOW)
    assert not may_confirm(again, KATO, NOW + HOUR)


def test_one_officer_ends_it_early():
    ended = Disaster((confirmed(hours=72),), NOW - HOUR / 2)
    assert not runs(ended, NOW)
    assert not may_end(ended, NOW)
    assert may_end(Disaster((confirmed(hours=72),)), NOW)
    assert may_end(Disaster((asked(),)), NOW)
    assert not may_confirm(Disaster((asked(),), NOW), KATO, NOW)


turns = st.builds(
    lambda ago, hours, by: Turn(
        UEDA, NOW - ago * HOUR, hours, by, None if by is None else NOW - ago * HOUR
    ),
    st.integers(0, 200),
    st.integers(1, 72),
    st.sampled_from([None, KATO]),
)


@given(st.lists(turns, min_size=1, max_size=4), st.one_of(st.none(), st.integers(0, 100)))
def test_it_never_runs_without_two_officers_of_the_last_three_days(rows, ended):
    at = None if ended is None else NOW - ended * HOUR
    disaster = Disaster(tuple(rows), at)
    if runs(disaster, NOW):
        assert at is None
        assert any(
            turn.confirmed_by not in (None, turn.asked_by)
            and turn.confirmed_at is not None
            and turn.confirmed_at > NOW - 72 * HOUR
            for turn in rows
        )


def test_three_days_are_the_longest():
    assert [is_length(hours) for hours in (0, 1, 72, 73)] == [False, True, True, False]
