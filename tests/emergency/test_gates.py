"""Who may open a session, and how long and how often: ER Dr Mori at her hospital, about Hanako."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from api.emergency import rules
from api.emergency.gates import REASONS, Gate, Opening, gate
from api.emergency.reach import Choice
from api.emergency.rules import Opener, Session, Step

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MORI = Opener(UUID(int=1), UUID(int=11), UUID(int=21))
OPENING = Opening(
    is_designated=True,
    has_right=True,
    authenticated_at=NOW - timedelta(minutes=4),
    reason="unconscious",
    words="Brought in by ambulance, does not answer",
    identification="card",
    identified_at=NOW,
)


def session(hours_ago: float, *, hours: float = 6, closed: bool = False) -> Session:
    begins = NOW - hours_ago * HOUR
    steps = [
        Step("requested", begins, begins + rules.LIMITS.waiting),
        Step("activated", begins, begins + (6 if closed else hours) * HOUR),
    ]
    if closed:
        steps.append(Step("closed", begins + hours * HOUR))
    return Session(MORI, tuple(steps))


def test_dr_mori_opens_for_somebody_who_cannot_answer():
    assert gate(OPENING, NOW) == Gate(None, needs_officer=False)


REFUSED: dict[str, dict[str, Any]] = {
    "not_designated": {"is_designated": False},
    "no_right": {"has_right": False},
    "not_fresh": {"authenticated_at": NOW - timedelta(minutes=5, seconds=1)},
    "no_reason": {"reason": "curious"},
    "no_words": {"words": "  \n"},
    "not_identified": {"identification": "looks_like_her"},
    "oneself": {"is_oneself": True},
    "represents": {"represents": True},
    "shares_insurance": {"shares_insurance": True},
    "not_participating": {"participates": False},
    "excluded": {"is_excluded": True},
    "refused": {"choice": Choice("refuse")},
    "already_open": {"earlier": (session(1),)},
    "readable": {"can_read_t1": True},
}


@pytest.mark.parametrize("refusal", REFUSED)
def test_each_gate_shuts_by_itself(refusal: str):
    assert gate(structs.replace(OPENING, **REFUSED[refusal]), NOW).refusal == refusal


ORDER = list(REFUSED)


@given(st.sets(st.sampled_from(ORDER), min_size=1))
def test_the_first_gate_that_is_shut_answers(shut: set[str]):
    changes: dict[str, Any] = {}
    for name in shut:
        changes |= REFUSED[name]
    first = min(shut, key=ORDER.index)
    assert gate(structs.replace(OPENING, **changes), NOW).refusal == first


@pytest.mark.parametrize(
    ("field", "value", "refusal"),
    [
        ("authenticated_at", None, "not_fresh"),
        ("authenticated_at", NOW + timedelta(seconds=1), "not_fresh"),
        ("authenticated_at", NOW - timedelta(minutes=5), None),
        ("words", "あ" * 500, None),
        ("words", "あ" * 501, "no_words"),
        ("identified_at", None, "not_identified"),
        ("identified_at", NOW - timedelta(minutes=6), "not_identified"),
        ("reason", "", "no_reason"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_at_the_edge_of_a_gate(field: str, value: Any, refusal: str | None):
    assert gate(structs.replace(OPENING, **{field: value}), NOW).refusal == refusal


def test_every_reason_on_the_list_opens():
    assert {gate(structs.replace(OPENING, reason=each), NOW).refusal for each in REASONS} == {None}


def test_four_whole_sessions_in_three_days_are_all_dr_mori_has_alone():
    three = (session(60), session(40), session(20))
    assert gate(structs.replace(OPENING, earlier=three), NOW) == Gate(None, needs_officer=False)
    four = (*three, session(10))
    assert gate(structs.replace(OPENING, earlier=four), NOW) == Gate(None, needs_officer=True)


def test_what_was_closed_early_counts_as_long_as_it_lasted():
    earlier = (session(60), session(40), session(20), session(10, hours=5, closed=True))
    assert gate(structs.replace(OPENING, earlier=earlier), NOW).needs_officer
    earlier = (session(60), session(40), session(20, hours=3, closed=True))
    assert not gate(structs.replace(OPENING, earlier=(*earlier, session(9, hours=3))), NOW)[1]


def test_what_lies_beyond_three_days_no_longer_counts():
    earlier = (session(73), session(67), session(20), session(10))
    assert not gate(structs.replace(OPENING, earlier=earlier), NOW).needs_officer


def test_a_session_is_renewed_once_for_six_hours_from_then():
    opened = session(5)
    assert rules.may_renew(opened, (), NOW)
    again = rules.renewed(NOW)
    assert again.expires_at == NOW + 6 * HOUR
    twice = Session(MORI, (*opened.steps, again))
    assert not rules.may_renew(twice, (), NOW + 5 * HOUR)


def test_no_renewal_beyond_the_budget():
    earlier = (session(60), session(40), session(20))
    assert not rules.may_renew(session(5), earlier, NOW)
    assert rules.may_renew(session(5), earlier[1:], NOW)


def test_a_request_waits_half_an_hour_for_the_second_officer():
    asked = Session(MORI, (rules.requested(NOW),))
    assert rules.may_follow(asked, "activated", NOW + timedelta(minutes=29))
    assert not rules.may_follow(asked, "activated", NOW + timedelta(minutes=30))
    assert rules.fold(asked.steps, NOW + timedelta(minutes=30)).ending == "expired"


@pytest.mark.parametrize(
    ("is_on", "is_excluded", "may_practise", "ending"),
    [
        (True, False, True, None),
        (False, False, True, "switched_off"),
        (True, True, True, "excluded"),
        (True, False, False, "revoked"),
        (False, True, False, "switched_off"),
    ],
)
def test_why_a_running_session_ends(is_on, is_excluded, may_practise, ending):
    assert rules.ends_by(is_on, is_excluded, may_practise) == ending


@given(st.lists(st.sampled_from(list(rules._FOLLOWS)), max_size=8), st.integers(0, 2000))
def test_a_history_has_one_meaning_or_none(moves, minutes):
    """Folding what may follow never fails, and an ended session stays ended at every later time."""
    steps = [rules.requested(NOW)]
    for _, kind in moves:
        expires = None if kind in rules.ENDINGS else steps[-1].expires_at
        steps.append(Step(kind, NOW, expires))
    now = NOW + timedelta(minutes=minutes)
    try:
        standing = rules.fold(steps, now)
    except rules.ImpossibleStep:
        assert not _follow_each_other(steps)
        return
    assert _follow_each_other(steps)
    if standing.state == "ended":
        assert rules.fold(steps, now + HOUR).state == "ended"
    else:
        assert standing.expires_at is not None
        assert now < standing.expires_at


def _follow_each_other(steps: list[Step]) -> bool:
    state: Any = "requested"
    for step in steps[1:]:
        state = rules._FOLLOWS.get((state, step.kind))
    return state is not None


def test_a_history_begins_with_a_request():
    for steps in ((), (Step("activated", NOW, NOW + HOUR),)):
        with pytest.raises(rules.ImpossibleStep):
            rules.fold(steps, NOW)
