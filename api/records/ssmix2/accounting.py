"""What became of every file: nothing is found without being counted."""

from collections import Counter
from typing import Final, Literal, NamedTuple

State = Literal[
    "stored",
    "text",
    "unchanged",
    "superseded",
    "deleted",
    "quarantined",
    "refused",
    "left_out",
    "not_a_message",
]
STATES: Final[tuple[State, ...]] = (
    "stored",
    "text",
    "unchanged",
    "superseded",
    "deleted",
    "quarantined",
    "refused",
    "left_out",
    "not_a_message",
)
_NOTABLE: Final = frozenset({"quarantined", "refused"})


class Outcome(NamedTuple):
    """`remains` names what no record says: segments by name, "?" for bytes that mean nothing."""

    name: str
    state: State
    reason: str = ""
    detail: str = ""
    records: int = 0
    remains: tuple[str, ...] = ()


class Account:
    """`keeps_all` for a report in a file; else only what somebody has to look at is kept."""

    def __init__(self, *, keeps_all: bool = False) -> None:
        self.keeps_all = keeps_all
        self.states: Counter[str] = Counter()
        self.reasons: Counter[tuple[str, str, str]] = Counter()
        self.remains: Counter[str] = Counter()
        self.records = 0
        self.delivered = 0
        self.lines: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        self.states[outcome.state] += 1
        self.records += outcome.records
        self.remains.update(outcome.remains)
        if outcome.reason:
            self.reasons[(outcome.state, outcome.reason, outcome.detail)] += 1
        if self.keeps_all or outcome.state in _NOTABLE or outcome.remains:
            self.lines.append(outcome)

    @property
    def files(self) -> int:
        return sum(self.states.values())
