"""Switches over what may be seen: profession × category × source, single records, periods."""

from typing import Any, Literal
from uuid import UUID

from msgspec import structs

from api.consent.facts import Outcome, Provision
from api.consent.settings.rows import Rules, replace, same_or, serves


def turn(rules: Rules, outcome: Outcome | Literal["none"], **names: Any) -> Rules:
    """The one row that names exactly this; "none" takes it away."""
    wanted = Provision(0, "permit" if outcome == "permit" else "deny", "filter", **names)
    return replace(
        rules, lambda rule: _names_same(rule, wanted), None if outcome == "none" else wanted
    )


def is_like(rule: Provision, wanted: Provision) -> bool:
    """Of one kind, over just the same, whatever its period."""
    return rule.kind == wanted.kind and _names_same(rule, wanted)


def hide(rules: Rules, record_ids: tuple[UUID, ...], on: bool) -> Rules:
    """All records hidden from everyone stand in one row."""
    if not record_ids:
        raise ValueError("which records to hide must be said")
    rows = [rule for rule in rules if _hides_from_all(rule)]
    if on:
        lasting = [rule for rule in rows if rule.valid_from is None and rule.valid_to is None]
        hidden = {each for rule in lasting for each in rule.record_ids}
        if hidden >= set(record_ids):
            return rules
        wanted = Provision(0, "deny", "filter", record_ids=tuple(sorted(hidden.union(record_ids))))
        return replace(rules, lambda rule: rule in lasting, wanted)
    shown = set(record_ids)
    following: list[Provision] = []
    for rule in rules:
        if rule in rows and not shown.isdisjoint(rule.record_ids):
            left = tuple(each for each in rule.record_ids if each not in shown)
            if not left:
                continue
            rule = structs.replace(rule, record_ids=left)
        following.append(rule)
    return same_or(rules, following)


def _hides_from_all(rule: Provision) -> bool:
    return (
        rule.axis == "filter"
        and bool(rule.record_ids)
        and rule.profession is None
        and rule.professional_id is None
        and rule.facility_id is None
        and serves(rule)
    )


def _names_same(rule: Provision, wanted: Provision) -> bool:
    return rule.axis == "filter" and _key(rule) == _key(wanted)


def _key(rule: Provision) -> tuple[object, ...]:
    return (
        rule.profession,
        rule.category,
        rule.source_facility_id,
        rule.professional_id,
        rule.facility_id,
        rule.record_ids,
        rule.data_from,
        rule.data_to,
    )
