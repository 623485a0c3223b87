"""Switches over one facility, person or team: grants with an end, shares, exclusions."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import structs

from api.consent.facts import NORMAL, RESTRICTED, Directive, NetworkRules, Provision
from api.consent.settings import areas
from api.consent.settings.rows import (
    Rules,
    a_year_on,
    checked_end,
    is_over,
    replace,
    same_or,
    serves,
)

Workplaces = Mapping[UUID, UUID]


class Term(NamedTuple):
    """Until when a grant lets in, and up to which sensitivity."""

    until: datetime | None
    is_endless: bool
    level: int


def facility(
    rules: Rules, facility_id: UUID, on: bool, term: Term, network: NetworkRules, now: datetime
) -> Rules:
    named = Provision(0, "permit", "recipient", facility_id=facility_id)
    if on:
        return _granted(rules, named, term, now)
    return _turned_off(rules, named, areas.is_let_in(named, rules, network, now))


def professional(
    directive: Directive,
    professional_id: UUID,
    on: bool,
    term: Term,
    network: NetworkRules,
    now: datetime,
    workplaces: Workplaces,
) -> Rules:
    rules = directive.provisions
    named = Provision(0, "permit", "recipient", professional_id=professional_id)
    if on:
        return _granted(rules, named, term, now)
    workplace = workplaces.get(professional_id)
    teams = _teams(directive, professional_id)
    is_let_in = areas.is_let_in(named, rules, network, now) or any(
        rule.kind == "permit"
        and serves(rule)
        and not is_over(rule, now)
        and (
            rule.team_id in teams
            or (rule.facility_id is not None and workplace in (None, rule.facility_id))
        )
        for rule in rules
        if areas.rank(rule) == areas.NAMED and rule.axis == "recipient"
    )
    return _turned_off(rules, named, is_let_in)


def team(rules: Rules, team_id: UUID, on: bool, term: Term, now: datetime) -> Rules:
    """Off shuts nobody out: its people may be let in otherwise."""
    named = Provision(0, "permit", "recipient", team_id=team_id)
    if on:
        return _granted(rules, named, term, now)
    return same_or(rules, [rule for rule in rules if rule.team_id != team_id])


def exclude(
    rules: Rules, on: bool, professional_id: UUID | None, facility_id: UUID | None
) -> Rules:
    if (professional_id is None) == (facility_id is None):
        raise ValueError("an exclusion blocks one professional or one facility")
    wanted = Provision(
        0, "exclusion", "recipient", professional_id=professional_id, facility_id=facility_id
    )
    return replace(
        rules,
        lambda rule: rule.kind == "exclusion" and _target(rule) == _target(wanted),
        wanted if on else None,
    )


def share(
    rules: Rules,
    professional_id: UUID | None,
    facility_id: UUID | None,
    record_ids: tuple[UUID, ...],
    category: str | None,
    until: datetime,
    now: datetime,
) -> Rules:
    wanted = Provision(
        0,
        "permit",
        "share",
        professional_id=professional_id,
        facility_id=facility_id,
        record_ids=tuple(sorted(set(record_ids))),
        category=category,
        valid_to=checked_end(until, now),
    )
    return replace(
        rules,
        lambda rule: (
            rule.axis == "share"
            and _target(rule) == _target(wanted)
            and (rule.record_ids, rule.category) == (wanted.record_ids, category)
        ),
        wanted,
    )


def extend(rules: Rules, provision_id: int, until: datetime | None, now: datetime) -> Rules:
    """Raises ValueError where there is no such row, or it grants nothing to anyone by name."""
    rule = next((rule for rule in rules if rule.id == provision_id), None)
    if rule is None or not is_grant(rule):
        raise ValueError("only a grant or a share gets a new end")
    end = a_year_on(now) if until is None else checked_end(until, now)
    extended = structs.replace(rule, valid_to=end)
    return same_or(rules, [extended if each is rule else each for each in rules])


def without(rules: Rules, provision_id: int) -> Rules:
    """Without this row; a deny that only waited for it to end is back at once."""
    row = next((rule for rule in rules if rule.id == provision_id), None)
    if row is None:
        return rules
    return tuple(
        structs.replace(rule, valid_from=None) if _waits_for(rule, row) else rule
        for rule in rules
        if rule is not row
    )


def is_grant(rule: Provision) -> bool:
    """A permit for one professional, facility or team, a share included."""
    return rule.kind == "permit" and rule.axis != "filter" and any(_target(rule))


def without_orphans(old: Directive, new: Directive, now: datetime, workplaces: Workplaces) -> Rules:
    """The new rows without what people delegated who lost their own grant, or were shut out."""
    rules = new.provisions
    while True:
        now_set = structs.replace(new, provisions=rules)
        orphans = [
            rule
            for rule in rules
            if (by := rule.delegated_by) is not None
            and (
                (
                    _is_backed(old, by, now, workplaces)
                    and not _is_backed(now_set, by, now, workplaces)
                )
                or (
                    _is_shut_out(now_set, by, now, workplaces)
                    and not _is_shut_out(old, by, now, workplaces)
                )
            )
        ]
        if not orphans:
            return rules
        rules = tuple(rule for rule in rules if rule not in orphans)


def _granted(rules: Rules, named: Provision, term: Term, now: datetime) -> Rules:
    if term.level not in (NORMAL, RESTRICTED):
        raise ValueError("a grant reaches normal or restricted records")
    until = _end(rules, named, term, now)
    wanted = structs.replace(named, level=term.level, valid_to=until)
    return replace(rules, lambda rule: _is_of(rule, named), wanted)


def _end(rules: Rules, named: Provision, term: Term, now: datetime) -> datetime | None:
    """As said; else as chosen before; else twelve months."""
    if term.is_endless:
        return None
    if term.until is not None:
        return checked_end(term.until, now)
    for rule in rules:
        if (
            _is_of(rule, named)
            and rule.kind == "permit"
            and rule.origin == "participant"
            and serves(rule)
            and not is_over(rule, now)
        ):
            return rule.valid_to
    return a_year_on(now)


def _turned_off(rules: Rules, named: Provision, is_let_in: bool) -> Rules:
    wanted = structs.replace(named, kind="deny") if is_let_in else None
    return replace(rules, lambda rule: _is_of(rule, named), wanted)


def _is_of(rule: Provision, named: Provision) -> bool:
    """A permit or deny for this very recipient, not an exclusion."""
    return rule.axis == "recipient" and rule.kind != "exclusion" and _target(rule) == _target(named)


def _waits_for(rule: Provision, row: Provision) -> bool:
    return (
        (rule.kind, rule.axis) == ("deny", "recipient")
        and (row.kind, row.axis) == ("permit", "recipient")
        and _target(rule) == _target(row)
        and rule.valid_from is not None
        and rule.valid_from == row.valid_to
    )


def _target(rule: Provision) -> tuple[UUID | None, UUID | None, UUID | None]:
    return rule.professional_id, rule.facility_id, rule.team_id


def _teams(directive: Directive, professional_id: UUID) -> set[UUID]:
    return {team.id for team in directive.teams if professional_id in team.professional_ids}


def _is_backed(directive: Directive, person: UUID, now: datetime, workplaces: Workplaces) -> bool:
    teams, workplace = _teams(directive, person), workplaces.get(person)
    return any(
        rule.kind == "permit"
        and rule.axis == "recipient"
        and not is_over(rule, now)
        and (
            rule.professional_id == person
            or (rule.facility_id is not None and rule.facility_id == workplace)
            or rule.team_id in teams
        )
        for rule in directive.provisions
    )


def _is_shut_out(directive: Directive, person: UUID, now: datetime, workplaces: Workplaces) -> bool:
    return any(
        rule.kind != "permit"
        and rule.axis == "recipient"
        and not is_over(rule, now)
        and (
            rule.professional_id == person
            or (rule.facility_id is not None and rule.facility_id == workplaces.get(person))
        )
        for rule in directive.provisions
    )
