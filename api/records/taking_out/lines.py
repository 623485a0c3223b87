"""A record as a line people read: for the tables and the booklet alike."""

from datetime import date, datetime
from typing import NamedTuple

from api.core import i18n
from api.core.clock import JAPAN
from api.records.own.plain import Fact


class Line(NamedTuple):
    """`at` where the time of day is known; `source` is who wrote it, as people call them."""

    record_id: str
    category: str
    on: date
    at: datetime | None
    title: str
    facts: list[Fact]
    source: str

    @property
    def time(self) -> str:
        return self.at.astimezone(JAPAN).strftime("%H:%M") if self.at else ""

    def said(self, locale: str) -> list[tuple[str, str]]:
        """What is said, with the name of each."""
        return [said(fact, locale) for fact in self.facts]


def said(fact: Fact, locale: str) -> tuple[str, str]:
    name = fact.label or i18n.text(locale, f"my_records.fact.{fact.kind}")
    if fact.on is not None:
        return name, i18n.day(locale, fact.on)
    if fact.kind == "criticality":
        return name, i18n.text(locale, "my_records.fact.criticality.high")
    if fact.kind in ("answer", "result") and fact.value in ("true", "false"):
        return name, i18n.text(locale, f"my_records.fact.{fact.value}")
    return name, fact.value
