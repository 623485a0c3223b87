"""Guessing is slowed until it is hopeless, and nobody can lock Hanako's card."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity.enrolling.activation_code import CODE_BITS, CODE_VALID_FOR
from api.identity.throttle import (
    ENROLMENT,
    Allowed,
    Policy,
    RetryAfter,
    Throttle,
    ThrottleKey,
    ThrottleKind,
    attempt,
    give_back,
    source_of,
    step,
)

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
YEAR = timedelta(days=365.25)
EVERYONE = ThrottleKey(ThrottleKind.EVERYONE)

policies = st.builds(
    lambda burst, free, delay, refill: Policy(
        burst=burst,
        free=min(free, burst),
        first_delay=timedelta(seconds=delay),
        refill=timedelta(seconds=refill),
    ),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(0, 90),
    st.integers(1, 60),
)
gaps = st.lists(st.integers(0, 40_000).map(lambda ms: timedelta(milliseconds=ms)), max_size=120)


def card_from(card: str, source: str, code: str = "code") -> tuple[ThrottleKey, ...]:
    return (
        ThrottleKey(ThrottleKind.CARD, card),
        ThrottleKey(ThrottleKind.CODE_AND_SOURCE, code + source),
        ThrottleKey(ThrottleKind.SOURCE, source),
        EVERYONE,
    )


def test_fewer_than_one_account_in_a_hundred_thousand_years_is_stolen() -> None:
    """Even if every failed try of the year is a thief's who knows all cards and birth dates."""
    promise_per_year = 1e-5
    cards = 112_034
    chance_per_try = 2**-CODE_BITS

    tries_a_year_by_everyone = ENROLMENT[ThrottleKind.EVERYONE].most_tries_in(YEAR)
    stolen_a_year = tries_a_year_by_everyone * chance_per_try
    assert tries_a_year_by_everyone == 631_153_000
    assert stolen_a_year == pytest.approx(5.6e-7, rel=0.01)
    assert stolen_a_year <= promise_per_year / 10

    # One paper: one live code, 30 days, single use, every slot of its card taken by the thief.
    tries_on_one_code = ENROLMENT[ThrottleKind.CARD].most_tries_in(CODE_VALID_FOR)
    assert tries_on_one_code == 43_210
    assert tries_on_one_code * chance_per_try == pytest.approx(3.8e-11, rel=0.02)

    # Without the budget for everyone: each card enrols once, its one code tried for all its days.
    assert tries_on_one_code * cards * chance_per_try <= promise_per_year


@given(policies, gaps)
def test_no_period_ever_holds_more_tries_than_the_policy_says(
    policy: Policy, waits: list[timedelta]
) -> None:
    state, now, tries = None, NOON, []
    for wait in waits:
        now += wait
        state, verdict = step(state, now, policy)
        if verdict == Allowed():
            tries.append(now)
    for first, start in enumerate(tries):
        for last in range(first, len(tries)):
            assert last - first + 1 <= policy.most_tries_in(tries[last] - start)


@given(policies, gaps)
def test_whoever_waits_as_told_is_let_in_and_never_waits_longer_than_one_refill(
    policy: Policy, waits: list[timedelta]
) -> None:
    state, now = None, NOON
    for wait in waits:
        now += wait
        state, verdict = step(state, now, policy)
        if isinstance(verdict, RetryAfter):
            told = timedelta(seconds=verdict.seconds)
            assert SECOND <= told < policy.refill + SECOND
            assert step(state, now + told, policy)[1] == Allowed()


@given(policies, gaps)
def test_refused_tries_do_not_prolong_the_wait(policy: Policy, waits: list[timedelta]) -> None:
    state: Throttle | None = None
    for _ in range(policy.burst):
        state, verdict = step(state, NOON, policy)
    opens, now = state.open_at, NOON
    for wait in waits:
        now += wait
        if now >= opens:
            break
        state, verdict = step(state, now, policy)
        assert isinstance(verdict, RetryAfter)
        assert state.open_at == opens


@given(policies, st.integers(1, 10**6))
def test_a_clock_set_back_locks_nobody(policy: Policy, seconds_back: int) -> None:
    state: Throttle | None = None
    for _ in range(policy.burst + 3):
        state, _ = step(state, NOON, policy)
    earlier = NOON - timedelta(seconds=seconds_back)
    state, verdict = step(state, earlier, policy)
    assert isinstance(verdict, RetryAfter)
    assert step(state, earlier + policy.refill, policy)[1] == Allowed()


def test_the_waits_of_one_card_grow_to_a_minute_and_fade() -> None:
    policy = ENROLMENT[ThrottleKind.CARD]
    state, now, waits = None, NOON, []
    for _ in range(12):
        state, verdict = step(state, now, policy)
        assert verdict == Allowed()
        waits.append((state.open_at - now) // SECOND)
        now = max(now, state.open_at)
    assert waits[:4] == [0, 0, 0, 0]
    assert waits[4:8] == [1, 2, 4, 8]
    assert all(0 < before <= after <= 60 for before, after in pairwise(waits[4:]))
    assert state.open_at <= state.empty_at
    _, verdict = step(state, state.empty_at, policy)
    assert step(None, state.empty_at, policy)[1] == verdict == Allowed()


def test_a_flood_on_tarōs_card_never_blocks_hanako() -> None:
    states: dict[ThrottleKey, Throttle] = {}
    now = NOON
    for n in range(20_000):
        now += timedelta(milliseconds=10)
        keys = card_from("taro", f"198.51.100.{n % 200}", code=str(n))
        after, _ = attempt({key: states.get(key) for key in keys}, now)
        states |= after
        if n % 100 == 0:
            hanako = card_from("hanako", f"2001:db8:{n}::/64")
            _, verdict = attempt({key: states.get(key) for key in hanako}, now)
            assert verdict == Allowed()
    # Tarō himself is let in within a minute once he is the next to try.
    keys = card_from("taro", "192.0.2.1")
    _, verdict = attempt({key: states.get(key) for key in keys}, now + timedelta(minutes=1))
    assert verdict == Allowed()


def test_a_refused_try_is_charged_to_no_key() -> None:
    states: dict[ThrottleKey, Throttle] = {}
    keys = card_from("taro", "192.0.2.1")
    for _ in range(50):
        after, verdict = attempt({key: states.get(key) for key in keys}, NOON)
        states |= after
    assert isinstance(verdict, RetryAfter)
    fresh = states[EVERYONE].empty_at - NOON
    assert fresh == 3 * ENROLMENT[ThrottleKind.EVERYONE].refill  # the three tries let through


def test_the_longest_of_several_waits_is_told() -> None:
    keys = card_from("taro", "192.0.2.1")
    held: dict[ThrottleKey, Throttle | None] = {key: None for key in keys}
    held[keys[0]] = Throttle(NOON + 50 * SECOND, NOON + 40 * SECOND)
    held[keys[2]] = Throttle(NOON + 50 * SECOND, NOON + 5 * SECOND)
    assert attempt(held, NOON)[1] == RetryAfter(40)


def test_a_ward_enrolling_a_hundred_people_from_one_address_is_not_slowed() -> None:
    states: dict[ThrottleKey, Throttle] = {}
    for n in range(100):
        keys = card_from(f"card {n}", "192.0.2.1", code=str(n))
        after, verdict = attempt({key: states.get(key) for key in keys}, NOON)
        assert verdict == Allowed()
        states |= {key: give_back(state, ENROLMENT[key.kind]) for key, state in after.items()}


@given(policies, st.integers(0, 30))
def test_a_success_takes_nothing_from_the_next_person(policy: Policy, tries: int) -> None:
    state: Throttle | None = None
    for _ in range(tries):
        state, verdict = step(state, NOON, policy)
        assert verdict == Allowed()
        state = give_back(state, policy)
    assert step(state, NOON, policy)[1] == Allowed()


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
    ],
)
def test_a_household_counts_as_one_source(address: str, source: str) -> None:
    assert source_of(address) == source
