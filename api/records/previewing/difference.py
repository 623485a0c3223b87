"""What a change of settings would open and close, told before it is saved."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple
from uuid import UUID

from msgspec import structs

from api.consent import service as consent
from api.consent import stored
from api.consent.settings import comparing
from api.consent.settings.comparing import Change, Comparison
from api.consent.settings.requesters import anybody_of, standing_well
from api.consent.settings.switches import Command
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.directory import service as directory
from api.directory.service import FacilityLine, PersonLine
from api.records.own import queries as own_queries
from api.records.own.service import most_shown
from api.records.previewing.service import groups_in

NAMED_AT_MOST = 5


class Difference(NamedTuple):
    """`comparison` has all ids and counts; the lines are of the first few, those who hold records
    of the participant before others."""

    version: int
    comparison: Comparison
    facilities_opened: list[FacilityLine]
    facilities_closed: list[FacilityLine]
    people_opened: list[PersonLine]
    people_closed: list[PersonLine]


async def difference(actor: Actor, commands: Sequence[Command]) -> Difference:
    """What these commands would open and close, in facilities and records; nothing is stored.

    Raises as saving them would.
    """
    async with unit_of_work(actor) as tx:
        before, after = await consent.trial_in(tx, commands)
        change = Change(
            stored.network_rules(),
            before.participation,
            before.directive,
            after.directive,
            clock.now(),
        )
        facilities = await directory.facilities_in(tx)
        named = await directory.people_in(tx, sorted(_people(change)))
        people = {each.professional_id: each for each in named if each.is_active}
        holders = frozenset(await own_queries.sources(tx, most_shown(tx.acting)))
        seen = comparing.looks(
            change,
            [anybody_of(each) for each in facilities],
            [standing_well(each) for each in people.values()],
            holders,
        )
        found = comparing.compare(seen)
        found = await _with_records(tx, change, found, seen, holders)
    opened, closed = comparing.moved_later(change, _places())
    facilities.sort(key=lambda each: each.facility_id not in holders)

    def lines(ids: Iterable[UUID]) -> list[FacilityLine]:
        moved = frozenset(ids)
        return [each for each in facilities if each.facility_id in moved][:NAMED_AT_MOST]

    return Difference(
        before.directive.version,
        structs.replace(found, later_opened=opened, later_closed=closed),
        lines(found.facilities_opened),
        lines(found.facilities_closed),
        [people[each] for each in found.people_opened[:NAMED_AT_MOST]],
        [people[each] for each in found.people_closed[:NAMED_AT_MOST]],
    )


async def _with_records(
    tx: Transaction,
    change: Change,
    found: Comparison,
    seen: Sequence[comparing.Look],
    holders: frozenset[UUID],
) -> Comparison:
    asking = comparing.movers(seen, holders)
    if not asking:
        return found
    sources = holders & {who.facility_id for who in asking}
    cuts = comparing.cuts(change.participation, (change.before, change.after), sources)
    opened, closed = comparing.count_moved(change, asking, await groups_in(tx, cuts))
    return structs.replace(found, records_opened=opened, records_closed=closed)


def _people(change: Change) -> set[UUID]:
    named = {
        rule.professional_id
        for each in (change.before, change.after)
        for rule in each.provisions
        if rule.professional_id is not None
    }
    members = (
        member
        for each in (change.before, change.after)
        for team in each.teams
        for member in team.professional_ids
    )
    return named.union(members)


def _places() -> list[tuple[str, tuple[str, ...]]]:
    profile = directory.profile()
    return [
        (kind.code, profile.regions_around(region.code))
        for kind, region in product(profile.facility_types, profile.regions)
    ]
