"""The review and the holding of notices, walked to their end, and every planted bug found."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.emergency import reviewing
from api.emergency.reviewing import Hold, Review
from tests.emergency import test_model
from tests.emergency.walk import Broken
from tests.emergency.walk_reviews import walk

may_take, is_held, may_hold = reviewing.may_take, reviewing.is_held, reviewing.may_hold


def test_every_state_that_a_review_and_a_hold_can_reach_is_as_it_must_be():
    assert walk() == 47120


def _opener_reviews(review: Review, state: Any, by: Any) -> bool:
    return may_take(Review(reviewing.UUID(int=99), review.steps, review.opened_with), state, by)


def _second_officer_reviews(review: Review, state: Any, by: Any) -> bool:
    return may_take(Review(review.opener, review.steps), state, by)


def _one_is_enough(review: Review, state: Any, by: Any) -> bool:
    last = review.steps[-1]
    if last.state == "doubted" and state in ("justified", "not_justified"):
        return by is not None and by not in (review.opener, review.opened_with)
    return may_take(review, state, by)


def _anybody_answers(review: Review, state: Any, by: Any) -> bool:
    if state == "answered" and reviewing.state_of(review) == "queried":
        return by is not None
    return may_take(review, state, by)


def _the_system_reviews(review: Review, state: Any, by: Any) -> bool:
    follows = state in reviewing._FOLLOWS[review.steps[-1].state]
    return may_take(review, state, by) or (follows and by is None and state != "answered")


def _one_officer_holds(hold: Hold, now: Any) -> bool:
    return hold.confirmed_by is not None and may_hold(hold) and now < hold.until_at


def _holds_unconfirmed(hold: Hold, now: Any) -> bool:
    return hold.confirmed_by != hold.asked_by and may_hold(hold) and now < hold.until_at


def _holds_for_ever(hold: Hold, now: Any) -> bool:
    """An end is scheduled and nobody looks whether it has come."""
    return is_held(hold, hold.asked_at)


def _holds_as_long_as_asked(hold: Hold) -> bool:
    return hold.asked_at < hold.until_at


def _never_overdue(review: Review, now: Any) -> bool:
    return False


def _overdue_once_found(review: Review, now: Any) -> bool:
    return now >= reviewing.due_at(review)


_REOPENED = reviewing._FOLLOWS | {"told": ("queried",)}
_UNDOUBTED = reviewing._FOLLOWS | {"pending": (*reviewing._FOLLOWS["pending"], "not_justified")}


def _anybody_reviews(review: Review, state: Any, by: Any) -> bool:
    return state in reviewing._FOLLOWS[review.steps[-1].state]


BUGS: dict[str, tuple[str, Any]] = {
    "anybody says anything": ("may_take", _anybody_reviews),
    "the opener reviews": ("may_take", _opener_reviews),
    "who opened as second officer reviews": ("may_take", _second_officer_reviews),
    "one officer finds it not justified": ("may_take", _one_is_enough),
    "not justified without a doubt before": ("_FOLLOWS", _UNDOUBTED),
    "anybody answers for the opener": ("may_take", _anybody_answers),
    "the system finds by itself": ("may_take", _the_system_reviews),
    "told before it is found": ("_FOLLOWS", reviewing._FOLLOWS | {"doubted": ("told",)}),
    "a review is over once it is found": (
        "is_open",
        lambda review: review.steps[-1].state not in ("told", "justified"),
    ),
    "what was told is opened again": ("_FOLLOWS", _REOPENED),
    "no review is ever overdue": ("is_overdue", _never_overdue),
    "a review that is over is overdue": ("is_overdue", _overdue_once_found),
    "a review is due a day late": ("DUE", timedelta(days=8)),
    "one officer holds a notice": ("is_held", _one_officer_holds),
    "a notice is held before a second officer": ("is_held", _holds_unconfirmed),
    "a hold has an end that nobody looks at": ("is_held", _holds_for_ever),
    "a hold lasts for a week": ("LONGEST_HOLD", timedelta(days=7)),
    "a hold lasts as long as somebody likes": ("may_hold", _holds_as_long_as_asked),
    "the first finding counts, not the last": ("outcome", lambda steps: "justified"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_in_the_review_is_found(bug: str, monkeypatch: pytest.MonkeyPatch):
    name, bent = BUGS[bug]
    monkeypatch.setattr(reviewing, name, bent)
    with pytest.raises(Broken):
        walk()


def test_the_page_about_the_model_names_every_bug_and_only_tests_that_exist():
    root = Path(__file__).parents[2]
    page = (root / "docs" / "reference" / "emergency-model.md").read_text("utf-8")
    listed = re.findall(r"^- (?!`)(.+)$", page, re.MULTILINE)
    assert listed == [*test_model.BUGS, *BUGS]
    assert len(listed) >= 10
    assert re.findall(r"^\| (\d+) \|", page, re.MULTILINE) == [str(each) for each in range(1, 12)]
    for path, test in re.findall(r"`(tests/[^`:]+)(?:::([^`]+))?`", page):
        source = (root / path).read_text("utf-8")
        assert not test or f"def {test}(" in source, (path, test)
