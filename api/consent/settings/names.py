"""The names of the facilities and people that settings and commands speak of."""

from collections.abc import Iterable
from uuid import UUID

from api.consent.facts import Directive
from api.consent.settings.changes import facilities_named, professionals_named
from api.consent.settings.summary import Summary
from api.consent.settings.switches import Command
from api.core.actor import Actor
from api.directory import service as directory

Names = dict[UUID, str]


async def names_of(
    actor: Actor, locale: str, facilities: Iterable[UUID], professionals: Iterable[UUID]
) -> Names:
    """By id, in the reader's language where a name has one."""
    places = await directory.named(actor, facilities)
    people = await directory.people(actor, professionals)
    return {each: line.label(locale) for each, line in places.items()} | {
        each: person.name for each, person in people.items()
    }


async def names_in_summary(actor: Actor, locale: str, summary: Summary) -> Names:
    """What the one sentence on who sees now needs."""
    return await names_of(actor, locale, summary.facility_ids, summary.professional_ids)


async def names_in_commands(actor: Actor, locale: str, commands: Iterable[Command]) -> Names:
    given = list(commands)
    return await names_of(actor, locale, facilities_named(given), professionals_named(given))


async def names_in_directive(actor: Actor, locale: str, directive_now: Directive) -> Names:
    """Everybody any row or team names."""
    rules = directive_now.provisions
    facilities = {each for r in rules for each in (r.facility_id, r.source_facility_id) if each}
    facilities.update(directive_now.refused_sources)
    people = {each for r in rules for each in (r.professional_id, r.delegated_by) if each}
    people.update(*(team.professional_ids for team in directive_now.teams))
    return await names_of(actor, locale, facilities, people)
