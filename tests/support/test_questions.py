"""The life of a question, and days that pass."""

from datetime import UTC, date, datetime

import pytest

from api.support.questions.rules import Question, State, Step, due, tidy

DUE = date(2026, 5, 17)
AT = datetime(2026, 5, 3, tzinfo=UTC)


def question(*states: State) -> Question:
    steps = tuple(
        Step(state, "", "", AT, DUE if state in ("received", "reopened") else None)
        for state in states
    )
    return Question(7, "other", steps)


@pytest.mark.parametrize(
    ("states", "may"),
    [
        (("received",), {"answered"}),
        (("received", "answered"), {"content", "reopened"}),
        (("received", "answered", "content"), set()),
        (("received", "answered", "reopened"), {"answered"}),
        (("received", "answered", "reopened", "answered"), {"content"}),
        (("received", "answered", "reopened", "answered", "content"), set()),
    ],
)
def test_what_may_follow(states: tuple[State, ...], may: set[State]) -> None:
    every: tuple[State, ...] = ("received", "answered", "content", "reopened")
    found = question(*states)
    assert {each for each in every if found.may_become(each)} == may


def test_an_answer_is_awaited_until_it_is_there_and_overdue_after_its_day() -> None:
    waiting, answered = question("received"), question("received", "answered")
    assert waiting.awaits_answer
    assert not waiting.is_overdue(DUE)
    assert waiting.is_overdue(date(2026, 5, 18))
    assert not answered.awaits_answer
    assert not answered.is_overdue(date(2099, 1, 1))


def test_fourteen_days_from_the_day_it_was_asked() -> None:
    assert due(date(2026, 12, 20), 14) == date(2027, 1, 3)


def test_words_are_kept_as_typed_but_for_what_nobody_sees() -> None:
    assert tidy("  この日は \r\n家に\tいました。\n\n ") == "この日は\n家に\tいました。"
