"""The rows of a directive, as the switches find and replace them."""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from msgspec import structs

from api.consent.facts import TREATMENT, Provision
from api.consent.residences import JAPAN

Rules = tuple[Provision, ...]
Test = Callable[[Provision], bool]

LIFETIME: Final = 130
RENEWAL: Final = timedelta(days=30)


class EndIsPast(ValueError):
    """A grant that would end before it began."""


def replace(rules: Rules, owns: Test, wanted: Provision | None, purpose: str = TREATMENT) -> Rules:
    """The rows for this purpose that a switch owns give way to the one it wants, if any.

    The new row takes the id of the first of them. A row that also serves other purposes keeps
    serving those.
    """
    owned = [rule for rule in rules if serves(rule, purpose) and owns(rule)]
    kept = [rule for rule in rules if rule not in owned]
    if wanted is not None:
        kept.append(structs.replace(wanted, id=owned[0].id if owned else _free(rules)))
    for rule in owned:
        others = tuple(each for each in rule.purposes if each != purpose)
        if others:
            kept.append(structs.replace(rule, id=_free([*rules, *kept]), purposes=others))
    return same_or(rules, kept)


def same_or(rules: Rules, following: Sequence[Provision]) -> Rules:
    """In the order of ids; the very same rows where nothing changed."""
    return rules if set(following) == set(rules) else tuple(sorted(following, key=_id))


def serves(rule: Provision, purpose: str = TREATMENT) -> bool:
    return purpose in rule.purposes if rule.purposes else purpose == TREATMENT


def is_over(rule: Provision, now: datetime) -> bool:
    return rule.valid_to is not None and rule.valid_to <= now


def a_year_on(now: datetime) -> datetime:
    """The midnight in Japan that ends twelve months of which today is the first day."""
    today = now.astimezone(JAPAN).date()
    is_leap_day = (today.month, today.day) == (2, 29)
    end = today.replace(year=today.year + 1, day=28 if is_leap_day else today.day)
    return datetime.combine(end, time(), JAPAN)


def checked_end(until: datetime, now: datetime) -> datetime:
    """Raises `EndIsPast`, and ValueError for a time without its offset."""
    if until.tzinfo is None:
        raise ValueError("an end is a time all clocks agree on")
    if until <= now:
        raise EndIsPast("an end lies ahead")
    if until.year > now.year + LIFETIME:
        raise ValueError("an end lies within a lifetime")
    return until


def _free(rules: Sequence[Provision]) -> int:
    return max((rule.id for rule in rules), default=0) + 1


def _id(rule: Provision) -> int:
    return rule.id
