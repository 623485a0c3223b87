"""Until when, and how far, somebody is let in: the form a facility, person and team share."""

from datetime import date, datetime
from typing import Annotated, Literal, TypedDict

from msgspec import Meta, Struct

from api.consent.facts import NORMAL, RESTRICTED, Provision
from api.consent.settings.rows import a_year_on
from api.core import clock
from web_portal.page import PortalRequest, say
from web_portal.pages.disclosure.frame import end_of, last_day
from web_portal.pages.disclosure.said import day_said


class Limits(Struct):
    """`day` counts with "day" alone."""

    version: Annotated[int, Meta(ge=0, le=2_000_000_000)]
    until: Literal["year", "day", "open"] = "year"
    day: Annotated[str, Meta(max_length=40)] = ""
    restricted: Literal["yes", "no"] = "no"


class Term(TypedDict):
    """As grants take it."""

    until: datetime | None
    is_endless: bool
    level: int


def read(request: PortalRequest, limits: Limits) -> tuple[Term, dict[str, str]]:
    """What was typed, and errors by field; the term counts only where there are none."""
    level = RESTRICTED if limits.restricted == "yes" else NORMAL
    term: Term = {"until": None, "is_endless": limits.until == "open", "level": level}
    if limits.until == "year":
        term["until"] = a_year_on(clock.now())
    elif limits.until == "day":
        try:
            day = date.fromisoformat(limits.day.strip())
            term["until"] = end_of(day)
        except (ValueError, OverflowError):
            return term, {"day": say(request, "disclosure.limits.day.fault")}
        if day < clock.today_in_japan():
            return term, {"day": say(request, "disclosure.limits.day.past")}
    return term, {}


def shown(
    request: PortalRequest, rule: Provision | None, typed: Limits | None = None
) -> dict[str, object]:
    """What the form holds: as typed, else as the row in force says."""
    ends_at = rule.valid_to if rule is not None else a_year_on(clock.now())
    until, day = ("day", last_day(ends_at).isoformat()) if ends_at else ("open", "")
    is_restricted = rule is not None and rule.level >= RESTRICTED
    if typed is not None:
        until, day, is_restricted = typed.until, typed.day, typed.restricted == "yes"
    return {
        "until": until,
        "day": day,
        "restricted": is_restricted,
        "in_a_year": day_said(request, a_year_on(clock.now())),
        "today": clock.today_in_japan().isoformat(),
    }
