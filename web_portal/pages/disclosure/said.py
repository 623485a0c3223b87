"""Rows, names and standings of the settings in the reader's language."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from api.consent.facts import Provision
from api.consent.settings import names
from api.consent.settings.entry import Entry
from api.consent.settings.rows_said import row_said
from api.consent.settings.telling import label
from api.consent.stored import Settings
from api.core import i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.profile import Kind
from api.directory.service import FacilityLine, PersonLine
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.disclosure.frame import last_day


def code_name(request: PortalRequest, kind: Kind, code: str) -> str:
    return label(directory.profile(), kind, code, preferences(request).locale)


def about_facility(request: PortalRequest, line: FacilityLine) -> str:
    """What it is and where."""
    return say(
        request,
        "disclosure.facility.about",
        kind=code_name(request, "facility_type", line.facility_type),
        region=code_name(request, "region", line.region),
    )


def about_person(request: PortalRequest, line: PersonLine) -> str:
    """What they are and where they work."""
    place = line.facility_label(preferences(request).locale)
    profession = code_name(request, "profession", line.profession)
    return say(request, "disclosure.joint").join((profession, place))


def day_said(request: PortalRequest, ends_at: datetime) -> str:
    return i18n.day(preferences(request).locale, last_day(ends_at))


def end_said(request: PortalRequest, rule: Provision | None) -> str:
    """Until when a row holds; of a row that closes, that it opens again."""
    if rule is None or rule.valid_to is None:
        return ""
    kind = "permit" if rule.kind == "permit" else "deny"
    return say(request, f"disclosure.end.{kind}", day=day_said(request, rule.valid_to))


async def names_of(
    request: PortalRequest, actor: Actor, state: Settings, rules: Iterable[Provision]
) -> dict[UUID, str]:
    """Of every facility, professional and team these rows name."""
    rules = list(rules)
    facilities = [each for r in rules for each in (r.facility_id, r.source_facility_id) if each]
    people = [rule.professional_id for rule in rules if rule.professional_id]
    found = await names.names_of(actor, preferences(request).locale, facilities, people)
    return found | {team.id: team.name for team in state.directive.teams}


async def rows_said(
    request: PortalRequest, actor: Actor, state: Settings, rules: Iterable[Provision]
) -> list[tuple[Provision, str]]:
    rules = list(rules)
    found, locale = await names_of(request, actor, state, rules), preferences(request).locale
    return [(rule, row_said(rule, locale, directory.profile(), found)) for rule in rules]


async def standing_said(
    request: PortalRequest, actor: Actor, state: Settings, found: Entry, *, own: bool
) -> str:
    """How a facility or person stands now; where a wider row decides, which one. `own`: the row
    that decided names just them."""
    if found.is_excluded:
        return say(request, "disclosure.standing.excluded")
    if found.waits:
        return say(request, "disclosure.standing.waits")
    way = "on" if found.is_open else "off"
    if found.rule is None:
        return say(request, f"disclosure.standing.{way}.nothing")
    if own:
        return say(request, f"disclosure.standing.{way}.own")
    ((_, said),) = await rows_said(request, actor, state, [found.rule])
    return say(request, f"disclosure.standing.{way}.wider", row=said)
