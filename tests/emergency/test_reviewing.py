"""Every opening is reviewed to the end, by others than who opened; a hold takes two officers."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from api.emergency import reviewing
from api.emergency.reviewing import Hold, Review, Step

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
MORI, UEDA, KATO = UUID(int=1), UUID(int=31), UUID(int=32)
STATES = tuple(reviewing._FOLLOWS)
PENDING = Review(MORI, (Step("pending", NOW),))


class Broken(AssertionError):
    """An invariant of the reviews does not hold."""


def walk_reviews() -> int:
    """Every history up to eight steps, of one opener and two officers."""
    waiting, seen = [PENDING], 0
    while waiting:
        review = waiting.pop()
        seen += 1
        check(review)
        if len(review.steps) == 8:
            continue
        for state in STATES:
            for by in (None, MORI, UEDA, KATO):
                if reviewing.may_take(review, state, by):
                    step = Step(state, NOW, by)
                    waiting.append(Review(MORI, (*review.steps, step)))
    return seen


def check(review: Review) -> None:
    found = {"justified", "not_justified"}
    for before, step in pairwise(review.steps):
        if before.state == "told":
            raise Broken("what was told is the end of it")
        if step.by == MORI and step.state != "answered":
            raise Broken("the opener answers and never reviews")
        if step.state == "answered" and (before.state != "queried" or step.by != MORI):
            raise Broken("only what was asked is answered, by whom it was asked of")
        if step.state == "not_justified" and (before.state != "doubted" or before.by == step.by):
            raise Broken("not justified is what two officers say")
        if step.state == "justified" and before.state == "doubted" and before.by == step.by:
            raise Broken("who doubted does not decide alone either way")
        if step.state in found | {"doubted", "queried", "told"} and step.by is None:
            raise Broken("somebody says it")
        if (step.state == "told") != (before.state in found):
            raise Broken("what was found is told, and nothing else follows")
    is_over = review.steps[-1].state == "told"
    if reviewing.is_open(review) == is_over:
        raise Broken("open until it is told")
    late = NOW + timedelta(days=7)
    if reviewing.is_overdue(review, late) == is_over:
        raise Broken("overdue after seven days until it is told")
    if reviewing.is_overdue(review, late - timedelta(seconds=1)):
        raise Broken("not overdue within seven days")
    if is_over and reviewing.outcome(review.steps) != review.steps[-2].state:
        raise Broken("the outcome is what was found")


def test_the_officer_who_opened_with_dr_mori_reviews_no_more_than_she_does():
    review = Review(MORI, PENDING.steps, opened_with=UEDA)
    for state in ("queried", "justified", "doubted"):
        assert not reviewing.may_take(review, state, UEDA)
        assert reviewing.may_take(review, state, KATO)


def test_every_review_goes_as_it_must():
    assert walk_reviews() > 300


follows, may_take, is_held = reviewing._FOLLOWS, reviewing.may_take, reviewing.is_held


def _anybody(review: Review, state: Any, by: UUID | None) -> bool:
    return state in follows[review.steps[-1].state]


def _alone(review: Review, state: Any, by: UUID | None) -> bool:
    if review.steps[-1].state == "doubted":
        return state in follows["doubted"] and by not in (None, MORI)
    return may_take(review, state, by)


def _answers_for_her(review: Review, state: Any, by: UUID | None) -> bool:
    if state == "answered":
        return state in follows[review.steps[-1].state] and by is not None
    return may_take(review, state, by)


BUGS: dict[str, tuple[str, Any]] = {
    "the opener reviews": ("may_take", _anybody),
    "one officer finds it not justified": ("may_take", _alone),
    "an officer answers for the opener": ("may_take", _answers_for_her),
    "not justified at once": (
        "_FOLLOWS",
        follows | {"pending": ("queried", "justified", "not_justified")},
    ),
    "told before it is found": ("_FOLLOWS", follows | {"doubted": ("told",)}),
    "opened again after it was told": ("_FOLLOWS", follows | {"told": ("queried",)}),
    "never overdue": ("is_overdue", lambda review, now: False),
    "overdue by a day": ("DUE", timedelta(days=8)),
    "done once it is found": (
        "is_open",
        lambda review: review.steps[-1].state not in ("told", "justified"),
    ),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_planted_in_the_review_is_found(bug: str, monkeypatch: pytest.MonkeyPatch):
    name, bent = BUGS[bug]
    monkeypatch.setattr(reviewing, name, bent)
    with pytest.raises(Broken):
        walk_reviews()


def holds() -> list[tuple[Hold, datetime]]:
    hours = (0, 1, 71, 72, 73)
    return [
        (Hold(UEDA, NOW, NOW + timedelta(hours=until), by), NOW + timedelta(hours=at))
        for until in hours
        for at in hours
        for by in (None, UEDA, KATO)
    ]


def check_holds() -> None:
    for hold, now in holds():
        ought = hold.confirmed_by == KATO and NOW < hold.until_at <= NOW + timedelta(hours=72)
        if reviewing.is_held(hold, now) != (ought and now < hold.until_at):
            raise Broken("held by two officers for at most 72 hours, and then no more")


def test_a_notice_is_held_by_two_officers_for_three_days_at_most():
    check_holds()


HOLD_BUGS: dict[str, tuple[str, Any]] = {
    "one officer holds": ("is_held", lambda hold, now: now < hold.until_at),
    "the same officer twice": (
        "is_held",
        lambda hold, now: (
            hold.confirmed_by is not None and reviewing.may_hold(hold) and now < hold.until_at
        ),
    ),
    "held for ever": ("is_held", lambda hold, now: is_held(hold, hold.asked_at)),
    "held for a week": ("LONGEST_HOLD", timedelta(days=7)),
}


@pytest.mark.parametrize("bug", HOLD_BUGS)
def test_a_bug_planted_in_the_hold_is_found(bug: str, monkeypatch: pytest.MonkeyPatch):
    name, bent = HOLD_BUGS[bug]
    monkeypatch.setattr(reviewing, name, bent)
    with pytest.raises(Broken):
        check_holds()
