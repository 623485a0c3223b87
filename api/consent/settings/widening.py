"""Whether a change opens anything: what only closes is never held up by asking who is there.

Wary where rows are many: a permit that was not there, in its full reach, opens, also where another
row already did. The laws of the core (adding a deny or ending a permit never opens) make the rest
a closing.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from uuid import UUID

from api.consent.facts import (
    SECRET,
    Directive,
    Mark,
    NetworkRules,
    Participation,
    Provision,
    Residence,
)

# What two rows may differ in and still speak of the same thing.
_APART: Final = {"id", "origin", "delegated_by", "level", "valid_from", "valid_to"}
_SAME: Final = tuple(name for name in Provision.__struct_fields__ if name not in _APART)


def opens(before: Directive, after: Directive, now: datetime) -> bool:
    was, will = _in_force(before.provisions, now), _in_force(after.provisions, now)
    return (
        any(rule.kind == "permit" and not _within_any(rule, was) for rule in will)
        or any(rule.kind != "permit" and not _within_any(rule, will) for rule in was)
        or _joins_a_team(before, after)
        or _loses_a_mark(before.marks, after.marks)
        or after.incoming_level < before.incoming_level
        or _asks_less(before.asks_first_since, after.asks_first_since)
    )


def takes_part_more(
    before: Participation, state: str, data_from: date | None, now: datetime
) -> bool:
    """Joining, coming back, or letting earlier records be seen."""
    is_member = before.state == "participating" and (before.ends_at is None or now < before.ends_at)
    if state != "participating":
        return False
    return not is_member or _from_earlier(before.data_from, data_from)


def moves_somewhere(
    before: Iterable[Residence],
    after: Iterable[Residence],
    directive: Directive,
    network: NetworkRules,
) -> bool:
    """A place or a time more to have lived in may bring its facilities under a permit."""
    counts = network.recipient_default == "home_area" or any(
        rule.lived is not None for rule in directive.provisions
    )
    return counts and bool(set(after) - set(before))


def _in_force(rules: Iterable[Provision], now: datetime) -> list[Provision]:
    return [rule for rule in rules if rule.valid_to is None or rule.valid_to > now]


def _within_any(rule: Provision, others: Iterable[Provision]) -> bool:
    return any(_within(rule, other) for other in others)


def _within(rule: Provision, other: Provision) -> bool:
    """`other` says all that `rule` says, at least as long and as far."""
    begins = other.valid_from is None or (
        rule.valid_from is not None and rule.valid_from >= other.valid_from
    )
    ends = other.valid_to is None or (rule.valid_to is not None and rule.valid_to <= other.valid_to)
    is_alike = all(getattr(rule, name) == getattr(other, name) for name in _SAME)
    return is_alike and rule.level <= other.level and begins and ends


def _joins_a_team(before: Directive, after: Directive) -> bool:
    members: dict[UUID, set[UUID]] = {each.id: set(each.professional_ids) for each in before.teams}
    return any(set(each.professional_ids) - members.get(each.id, set()) for each in after.teams)


def _loses_a_mark(before: Iterable[Mark], after: Iterable[Mark]) -> bool:
    """A mark newly set may stand below the level its record came with."""
    was = {mark.record_id: mark.level for mark in before}
    will = {mark.record_id: mark.level for mark in after}
    lowered = any(level < was.get(record_id, SECRET) for record_id, level in will.items())
    return lowered or bool(was.keys() - will.keys())


def _asks_less(before: datetime | None, after: datetime | None) -> bool:
    return before is not None and (after is None or after > before)


def _from_earlier(before: date | None, after: date | None) -> bool:
    return before is not None and (after is None or after < before)
