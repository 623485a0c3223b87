"""Questions about the log as apps see them."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from api.core import clock, i18n
from api.support.questions.rules import MOST_WORDS, Question, State

Words = Annotated[
    str, Meta(max_length=MOST_WORDS + 200, description=f"{MOST_WORDS} characters at most.")
]


class NewQuestion(Struct, forbid_unknown_fields=True):
    """`words` may be empty, but for the reason `other`."""

    reason: Literal[
        "unknown_facility", "unknown_person", "not_there_then", "too_much", "not_mine", "other"
    ]
    words: Words = ""


class Reopening(Struct, forbid_unknown_fields=True):
    """What the answer left open."""

    words: Words


class StepView(Struct):
    """`by` names who said it; `due_on` is the day an answer is promised by."""

    state: State
    at: datetime
    by: str
    words: str
    due_on: date | None


class QuestionView(Struct):
    """About event `number` of the log. `may_reopen`: once, while an answer stands."""

    number: int
    reason: str
    reason_label: str
    state: State
    asked_at: datetime
    due_on: date | None
    is_overdue: bool
    may_settle: bool
    may_reopen: bool
    steps: list[StepView]


class Questions(Struct):
    """The newest first, at most 100."""

    questions: list[QuestionView]


def view(question: Question, locale: str) -> QuestionView:
    return QuestionView(
        number=question.number,
        reason=question.reason,
        reason_label=i18n.text(locale, f"question.reason.{question.reason}"),
        state=question.state,
        asked_at=question.asked_at,
        due_on=question.due_on,
        is_overdue=question.is_overdue(clock.today_in_japan()),
        may_settle=question.may_become("content"),
        may_reopen=question.may_become("reopened"),
        steps=[
            StepView(each.state, each.at, each.by_name, each.words, each.due_on)
            for each in question.steps
        ],
    )
