"""What a change of settings opens and closes, before it is saved."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct, structs

from api.consent.decide import Policy, Scope, compile_policy
from api.consent.facts import (
    TREATMENT,
    Directive,
    NetworkRules,
    Participation,
    RecordFacts,
    Request,
    Requester,
)
from api.consent.recipients import NOTICE

Cell = tuple[str, str]


class Change(NamedTuple):
    """One participant's settings before and after; both are asked at `now`."""

    network: NetworkRules
    participation: Participation
    before: Directive
    after: Directive
    now: datetime

    @property
    def policies(self) -> tuple[Policy, Policy]:
        return (
            compile_policy(self.network, self.participation, self.before),
            compile_policy(self.network, self.participation, self.after),
        )


class Look(NamedTuple):
    """What `requester` may touch before and after, and with it their like at all `facilities`."""

    requester: Requester
    facilities: tuple[UUID, ...]
    before: Scope
    after: Scope


class Cuts(NamedTuple):
    """What the settings can tell records apart by, beside category and sensitivity.

    Records between the same `days`, from no source and with no id named here, get one decision.
    """

    sources: tuple[UUID, ...]
    days: tuple[date, ...]
    record_ids: tuple[UUID, ...]


class Group(NamedTuple):
    """So many records that get one decision."""

    facts: RecordFacts
    size: int


class Comparison(Struct, frozen=True):
    """What opens and what closes, for treatment, at one moment.

    A facility is open if any profession there sees any category beyond what the facility wrote.
    Cells (profession, category) are told of facilities open both before and after. A record
    counts once, however many it opens to. `later_*`: facilities that join later, after their
    notice.
    """

    facilities_opened: tuple[UUID, ...] = ()
    facilities_closed: tuple[UUID, ...] = ()
    people_opened: tuple[UUID, ...] = ()
    people_closed: tuple[UUID, ...] = ()
    cells_opened: tuple[Cell, ...] = ()
    cells_closed: tuple[Cell, ...] = ()
    records_opened: int = 0
    records_closed: int = 0
    later_opened: bool = False
    later_closed: bool = False

    @property
    def is_nothing(self) -> bool:
        return self == NOTHING


NOTHING: Final = Comparison()


def cuts(
    participation: Participation, directives: Iterable[Directive], sources: Iterable[UUID] = ()
) -> Cuts:
    """`sources`: facilities who will ask, and see what they wrote themselves."""
    directives = tuple(directives)
    rules = [rule for each in directives for rule in each.provisions]
    days = {participation.data_from, *(day for r in rules for day in (r.data_from, r.data_to))}
    named = {*(rule.source_facility_id for rule in rules), *sources}
    marked = {mark.record_id for each in directives for mark in each.marks}
    return Cuts(
        tuple(sorted(each for each in named if each is not None)),
        tuple(sorted(day for day in days if day is not None)),
        tuple(sorted(marked.union(*(rule.record_ids for rule in rules)))),
    )


def looks(
    change: Change,
    facilities: Sequence[Requester],
    people: Iterable[Requester],
    holders: Iterable[UUID],
) -> list[Look]:
    """Everybody who may ask, those alike only once.

    `facilities`: the active ones, as systems of no profession yet. `people`: those the settings
    name, singly or in a team. `holders`: facilities that wrote records.
    """
    policies = change.policies
    found = [_look(policies, who, (who.facility_id,), change.now) for who in people]
    for alike in _alike(change, policies, facilities, frozenset(holders)):
        ids = tuple(who.facility_id for who in alike)
        for profession in change.network.professions:
            who = structs.replace(alike[0], profession=profession)
            found.append(_look(policies, who, ids, change.now))
    return found


def compare(seen: Sequence[Look]) -> Comparison:
    """All but the records and the facilities to come."""
    people = [look for look in seen if look.requester.professional_id is not None]
    by_place: dict[tuple[UUID, ...], list[Look]] = {}
    for look in seen:
        if look.requester.professional_id is None:
            by_place.setdefault(look.facilities, []).append(look)
    opened: list[UUID] = []
    closed: list[UUID] = []
    cells: set[tuple[Cell, bool]] = set()
    for facilities, there in by_place.items():
        was = any(_sees(look.before) for look in there)
        will = any(_sees(look.after) for look in there)
        if was and will:
            cells.update(each for look in there for each in _cells_moved(look))
        elif was or will:
            (opened if will else closed).extend(facilities)
    return Comparison(
        facilities_opened=tuple(opened),
        facilities_closed=tuple(closed),
        people_opened=tuple(_id(p) for p in people if _sees(p.after) and not _sees(p.before)),
        people_closed=tuple(_id(p) for p in people if _sees(p.before) and not _sees(p.after)),
        cells_opened=tuple(sorted(cell for cell, is_open in cells if is_open)),
        cells_closed=tuple(sorted(cell for cell, is_open in cells if not is_open)),
    )


def movers(seen: Iterable[Look], holders: frozenset[UUID]) -> list[Requester]:
    """Requesters enough to see every record that opens or closes for anybody."""
    by_reach: dict[object, list[Requester]] = {}
    for look in seen:
        was, will = _reach(look.before), _reach(look.after)
        if was != will:
            by_reach.setdefault((was, will), []).append(look.requester)
    found: list[Requester] = []
    for alike in by_reach.values():
        # What a facility wrote stays open to itself, and moves for any other of its like.
        stranger = next((who for who in alike if who.facility_id not in holders), None)
        others = (who for who in alike if who.facility_id != alike[0].facility_id)
        found += [stranger] if stranger else [alike[0], *list(others)[:1]]
    return found


def count_moved(
    change: Change, asking: Sequence[Requester], groups: Sequence[Group]
) -> tuple[int, int]:
    """Records opened and records closed to at least one of those asking."""
    before, after = change.policies
    requests = [Request(who, TREATMENT, change.now) for who in asking]

    def moved(was: Policy, will: Policy, group: Group) -> int:
        is_moved = any(
            will.decide(each, group.facts).outcome == "permit"
            and was.decide(each, group.facts).outcome == "deny"
            for each in requests
        )
        return group.size if is_moved else 0

    return (
        sum(moved(before, after, group) for group in groups),
        sum(moved(after, before, group) for group in groups),
    )


def moved_later(change: Change, places: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[bool, bool]:
    """Whether facilities that join later come under the change: opened, closed.

    `places`: each facility type with each region and those around it.
    """
    joined_at = change.now + timedelta(days=1)
    who = Requester(
        "system",
        UUID(int=0),
        profession=_anybody(change.network),
        facility_joined_at=joined_at,
        facility_is_active=True,
    )
    before, after = change.policies
    seen = set()
    for facility_type, regions in places:
        newcomer = structs.replace(who, facility_type=facility_type, regions=regions)
        request = Request(newcomer, TREATMENT, joined_at + NOTICE)
        seen.add((before.scope(request).outcome, after.scope(request).outcome))
    return ("deny", "permit") in seen, ("permit", "deny") in seen


def _alike(
    change: Change,
    policies: tuple[Policy, Policy],
    facilities: Sequence[Requester],
    holders: frozenset[UUID],
) -> list[list[Requester]]:
    """Facilities that get one answer; those named, or holding records, stand by themselves."""
    named = holders | _named(change)
    turns = _turning_points(change)
    by_kind: dict[object, list[Requester]] = {}
    for who in facilities:
        kind: object = who.facility_id
        if kind not in named:
            joined = who.facility_joined_at
            age = joined and (bisect_left(turns, joined), bisect_right(turns, joined))
            kind = who.facility_type, who.regions, age
        by_kind.setdefault(kind, []).append(who)
    merged: dict[object, list[Requester]] = {}
    for kind, alike in by_kind.items():
        if not isinstance(kind, UUID):
            who = structs.replace(alike[0], profession=_anybody(change.network))
            look = _look(policies, who, (), change.now)
            kind = _reach(look.before), _reach(look.after)
        merged.setdefault(kind, []).extend(alike)
    return list(merged.values())


def _named(change: Change) -> set[UUID | None]:
    return {rule.facility_id for each in (change.before, change.after) for rule in each.provisions}


def _turning_points(change: Change) -> list[datetime]:
    """When a facility joined matters only beside these."""
    points = {change.now - NOTICE, change.participation.joined_at}
    for each in (change.before, change.after):
        points.add(each.asks_first_since)
        points.update(rule.set_at for rule in each.provisions)
    return sorted(point for point in points if point is not None)


def _anybody(network: NetworkRules) -> str:
    """Who is let in never depends on the profession, so any will do."""
    return network.professions[0]


def _look(
    policies: tuple[Policy, Policy], who: Requester, facilities: tuple[UUID, ...], now: datetime
) -> Look:
    before, after = policies
    request = Request(who, TREATMENT, now)
    return Look(who, facilities, before.scope(request), after.scope(request))


def _reach(scope: Scope) -> tuple[object, ...]:
    """What a scope gives, without its reasons."""
    return (
        scope.outcome,
        scope.own_facility,
        scope.categories,
        scope.level,
        scope.data_from,
        scope.source_permitted,
        scope.source_denied,
        scope.exceptions,
    )


def _sees(scope: Scope) -> bool:
    return bool(_categories(scope) or scope.exceptions.shared)


def _categories(scope: Scope) -> set[str]:
    from_sources = (category for _, category in scope.source_permitted)
    return {*scope.categories, *from_sources, *scope.exceptions.shared_categories}


def _cells_moved(look: Look) -> list[tuple[Cell, bool]]:
    was, will = _categories(look.before), _categories(look.after)
    return [((look.requester.profession or "", each), each in will) for each in was ^ will]


def _id(look: Look) -> UUID:
    return look.requester.professional_id or UUID(int=0)
