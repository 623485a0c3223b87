"""The life of a question: received, answered, then content; or once more, and content."""

from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple

State = Literal["received", "answered", "content", "reopened"]

# What can be wrong with an event; each has its text `question.reason.<code>`.
REASONS: Final = (
    "unknown_facility",
    "unknown_person",
    "not_there_then",
    "too_much",
    "not_mine",
    "other",
)
MOST_WORDS: Final = 1000
MOST_ANSWER: Final = 2000
MOST_STEPS: Final = 5

_FOLLOWS: Final[dict[State, tuple[State, ...]]] = {
    "received": ("answered",),
    "answered": ("content", "reopened"),
    "reopened": ("answered",),
    "content": (),
}


class Step(NamedTuple):
    """`due_on` only where an answer is awaited."""

    state: State
    words: str
    by_name: str
    at: datetime
    due_on: date | None


class Question(NamedTuple):
    """About event `number`; `steps` has the first at the beginning and is never empty."""

    number: int
    reason: str
    steps: tuple[Step, ...]

    @property
    def asked_at(self) -> datetime:
        return self.steps[0].at

    @property
    def state(self) -> State:
        return self.steps[-1].state

    @property
    def awaits_answer(self) -> bool:
        return self.state in ("received", "reopened")

    @property
    def due_on(self) -> date | None:
        return self.steps[-1].due_on

    def is_overdue(self, today: date) -> bool:
        return self.due_on is not None and today > self.due_on

    def may_become(self, state: State) -> bool:
        """It is reopened once."""
        if state == "reopened" and any(each.state == "reopened" for each in self.steps):
            return False
        return state in _FOLLOWS[self.state]


def due(today: date, days: int) -> date:
    return today + timedelta(days=days)


def tidy(words: str) -> str:
    """As typed, without what no reader sees at its ends and at the ends of lines."""
    return "\n".join(line.rstrip() for line in words.replace("\r\n", "\n").split("\n")).strip()
