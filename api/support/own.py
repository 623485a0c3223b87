"""Questions participants ask about the facilities and people they can choose."""

from typing import NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.consent import policies
from api.consent import service as consent
from api.consent.errors import UnknownChoice
from api.consent.recipients import NOTICE
from api.consent.settings.entry import Entry, entry
from api.consent.settings.requesters import anybody_of, standing_well
from api.core import clock
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.service import FacilityLine, PersonLine
from api.records.own import service as own_records

MOST_FACILITIES = 50
MOST_PEOPLE = 50


class FacilityChoice(NamedTuple):
    """`holds`: wrote records the participant may know of; `has_read`: has seen some."""

    facility: FacilityLine
    entry: Entry
    holds: bool
    has_read: bool

    @property
    def is_on(self) -> bool:
        return self.entry.is_open


class PersonChoice(NamedTuple):
    person: PersonLine
    entry: Entry


class FacilityChoices(NamedTuple):
    """At most 50; `total` says how many there are to be found."""

    choices: list[FacilityChoice]
    total: int


async def facility_choices(
    actor: Actor, words: str = "", *, region: str = "", facility_type: str = ""
) -> FacilityChoices:
    """With anything to look for, those found; without, those chosen or known to the participant.

    A network of no more than 50 facilities is shown whole. Facilities that hold or have read the
    participant's records come first, then those chosen by name, each in kana order.
    Raises `UnknownChoice` for a region or facility type this network does not have.
    """
    profile = directory.profile()
    if not (
        {region} - {""} <= {each.code for each in profile.regions}
        and {facility_type} - {""} <= {each.code for each in profile.facility_types}
    ):
        raise UnknownChoice
    state = await consent.settings(actor)
    policy, now = policies.compiled(state), clock.now()
    chosen = {
        rule.facility_id
        for rule in state.directive.provisions
        if rule.axis == "recipient" and rule.facility_id is not None
    }
    holders, readers = await own_records.holders(actor), await access_log.readers(actor)
    found, total = await directory.search(
        actor,
        words,
        limit=MOST_FACILITIES,
        region=region,
        facility_type=facility_type,
        first=(holders | readers, chosen),
    )
    if not (words.strip() or region or facility_type):
        known = await directory.named(actor, chosen | holders | readers)
        kept = {i: each for i, each in known.items() if each.is_active or i in chosen}
        others = found if total <= MOST_FACILITIES else []
        total = max(total, len(kept))
        found = sorted(
            (kept | {each.facility_id: each for each in others}).values(),
            key=lambda each: (
                each.facility_id not in holders | readers,
                each.facility_id not in chosen,
                each.name_kana,
            ),
        )[:MOST_FACILITIES]
    return FacilityChoices(
        [
            FacilityChoice(
                each,
                entry(policy, anybody_of(each), now),
                each.facility_id in holders,
                each.facility_id in readers,
            )
            for each in found
        ],
        total,
    )


async def professional_choices(
    actor: Actor, words: str = "", facility_id: UUID | None = None
) -> list[PersonLine]:
    """Professionals at work, by name, kana or facility; at most 50, nobody for nothing asked."""
    if not words.strip() and facility_id is None:
        return []
    found, _ = await directory.search_people(
        actor, words, limit=MOST_PEOPLE, facility_id=facility_id
    )
    return found


async def facility_choice(actor: Actor, facility_id: UUID) -> FacilityChoice:
    """Raises `NotFound` for a facility this network never had."""
    found = (await directory.named(actor, [facility_id])).get(facility_id)
    if found is None:
        raise NotFound
    policy = policies.compiled(await consent.settings(actor))
    return FacilityChoice(
        found,
        entry(policy, anybody_of(found), clock.now()),
        facility_id in await own_records.holders(actor),
        facility_id in await access_log.readers(actor),
    )


async def person_choice(actor: Actor, professional_id: UUID) -> PersonChoice:
    """Raises `NotFound` for somebody this network never had."""
    found = (await directory.people(actor, [professional_id])).get(professional_id)
    if found is None:
        raise NotFound
    policy = policies.compiled(await consent.settings(actor))
    return PersonChoice(found, entry(policy, standing_well(found), clock.now()))


async def waiting_facilities(actor: Actor) -> list[FacilityLine]:
    """Those that joined and are not covered yet by what the participant chose wider.

    They come under it after their notice, or only when let in by name where the participant
    wishes to be asked first.
    """
    state = await consent.settings(actor)
    policy, now = policies.compiled(state), clock.now()
    since = min(filter(None, (state.directive.asks_first_since, now - NOTICE)))
    return [
        each
        for each in await directory.joined_since(actor, since)
        if entry(policy, anybody_of(each), now).waits
    ]
