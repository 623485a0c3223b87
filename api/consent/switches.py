"""The switches a participant turns: the next version of a directive, and how it stands now."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct, structs

from api.consent.facts import NORMAL, TREATMENT, Directive, NetworkRules, Provision


class SetFacility(Struct, frozen=True, tag_field="kind", tag="facility"):
    """`until` and `level` (the highest sensitivity reached) are for turning on alone."""

    facility_id: UUID
    on: bool
    until: datetime | None = None
    level: int = NORMAL


class SetProfession(Struct, frozen=True, tag_field="kind", tag="profession"):
    code: str
    on: bool


class SetCategory(Struct, frozen=True, tag_field="kind", tag="category"):
    code: str
    on: bool


Command = SetFacility | SetProfession | SetCategory


class Difference(Struct, frozen=True):
    added: tuple[Provision, ...]
    removed: tuple[Provision, ...]


class FacilitySwitch(Struct, frozen=True):
    facility_id: UUID
    until: datetime | None = None


class Switch(Struct, frozen=True):
    """`by` is "settings" where the participant turned it off, else what the network gives."""

    code: str
    is_on: bool
    by: Literal["settings", "network"]


class Summary(Struct, frozen=True):
    """`facilities` are those let in by name, in row order; the rest in the profile's order."""

    facilities: tuple[FacilitySwitch, ...]
    professions: tuple[Switch, ...]
    categories: tuple[Switch, ...]


def apply(directive: Directive, command: Command, network: NetworkRules) -> Directive:
    """The next version, or the same one where the command changes nothing.

    A facility off needs no row where nothing matching denies; where a wider permit or the
    network's default would still let it in, off is a deny. A profession or category off is a
    deny; on takes that deny away, so that the network's matrix holds again. Exclusions, and rows
    for other purposes than treatment, stay as they are.
    """
    match command:
        case SetFacility(facility_id):
            return _turn(
                directive,
                lambda rule: rule.facility_id == facility_id and rule.kind != "exclusion",
                _facility_row(directive, command, network),
            )
        case SetProfession(code, on):
            off = Provision(0, "deny", "filter", profession=code)
        case SetCategory(code, on):
            off = Provision(0, "deny", "filter", category=code)
    return _turn(directive, lambda rule: _is_off(rule, off), None if on else off)


def difference(old: Directive, new: Directive) -> Difference:
    """Rows by what they say, not by their ids."""
    before = {structs.replace(rule, id=0) for rule in old.provisions}
    after = {structs.replace(rule, id=0) for rule in new.provisions}
    return Difference(
        added=tuple(r for r in new.provisions if structs.replace(r, id=0) not in before),
        removed=tuple(r for r in old.provisions if structs.replace(r, id=0) not in after),
    )


def summary(directive: Directive, network: NetworkRules, now: datetime) -> Summary:
    """What the switches show for treatment at this moment."""
    live = [rule for rule in directive.provisions if rule.applies(TREATMENT, now)]
    shut = {rule.facility_id for rule in live if rule.kind != "permit"}
    permits = {
        rule.facility_id: FacilitySwitch(rule.facility_id, rule.valid_to)
        for rule in live
        if rule.kind == "permit" and rule.facility_id is not None and rule.facility_id not in shut
    }
    seen_by_someone = frozenset[str]().union(*network.matrix.values())
    return Summary(
        facilities=tuple(permits.values()),
        professions=tuple(
            _switch(code, live, Provision(0, "deny", "filter", profession=code), bool(seen))
            for code, seen in network.matrix.items()
        ),
        categories=tuple(
            _switch(
                code, live, Provision(0, "deny", "filter", category=code), code in seen_by_someone
            )
            for code in network.categories
        ),
    )


def _turn(
    directive: Directive, is_turned: Callable[[Provision], bool], wanted: Provision | None
) -> Directive:
    """Replace the rows for treatment that a switch stands for by the one it wants, if any."""
    old = directive.provisions
    turned = [
        rule
        for rule in old
        if is_turned(rule) and (not rule.purposes or TREATMENT in rule.purposes)
    ]
    new = [rule for rule in old if rule not in turned]
    if wanted is not None:
        free = max((rule.id for rule in old), default=0) + 1
        new.append(structs.replace(wanted, id=turned[0].id if turned else free))
    if set(new) == set(old):
        return directive
    return Directive(directive.version + 1, tuple(sorted(new, key=lambda rule: rule.id)))


def _facility_row(
    directive: Directive, command: SetFacility, network: NetworkRules
) -> Provision | None:
    facility_id, level, until = command.facility_id, command.level, command.until
    if command.on:
        return Provision(
            0, "permit", "recipient", facility_id=facility_id, level=level, valid_to=until
        )
    is_open_wider = network.recipient_default == "permit" or any(
        rule.kind == "permit" and (rule.facility_type is not None or rule.region is not None)
        for rule in directive.provisions
    )
    return Provision(0, "deny", "recipient", facility_id=facility_id) if is_open_wider else None


def _is_off(rule: Provision, off: Provision) -> bool:
    """The switch's own row, whatever its period."""
    return (rule.kind, rule.axis, rule.profession, rule.category, rule.source_facility_id) == (
        off.kind,
        off.axis,
        off.profession,
        off.category,
        off.source_facility_id,
    )


def _switch(code: str, live: list[Provision], off: Provision, by_network: bool) -> Switch:
    if any(_is_off(rule, off) for rule in live):
        return Switch(code, is_on=False, by="settings")
    return Switch(code, is_on=by_network, by="network")
