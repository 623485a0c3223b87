"""How one's own records are said: a record, its facts, its shares, who looked at it."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from litestar.response import Redirect, Response

from api.consent import service as consent
from api.consent.facts import Provision
from api.consent.settings.record_changes import LEVELS
from api.consent.settings.telling import end_said, label
from api.consent.stored import Settings
from api.core import clock, i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.service import FacilityLine, PersonLine
from api.records.own.plain import Fact
from api.records.own.service import OwnRecord
from api.support.reading.log_lines import LogLine
from web_portal.page import PortalRequest, preferences, say
from web_portal.sentences import made_said

Names = Mapping[UUID, FacilityLine]


def line(request: PortalRequest, record: OwnRecord) -> dict[str, object]:
    """A record without a title of its own goes by its kind."""
    kind = label(directory.profile(), "category", record.category, preferences(request).locale)
    return {
        "id": str(record.record_id),
        "title": record.title or kind,
        "category": kind,
        "level": LEVELS[record.choices.level],
        "is_hidden": record.choices.is_hidden,
        "is_kept_back": record.choices.is_kept_back,
        "is_shared": bool(record.choices.shares),
    }


def share_line(
    request: PortalRequest, rule: Provision, names: Names, people: Mapping[UUID, PersonLine]
) -> dict[str, object]:
    locale = preferences(request).locale
    person = people.get(rule.professional_id) if rule.professional_id else None
    if person is not None:
        facility = person.facility_label(locale)
        to = say(request, "my_records.share.person", name=person.name, facility=facility)
    else:
        to = name_of(request, names, rule.facility_id)
    return {
        "id": rule.id,
        "to": to,
        "until": end_said(locale, rule.valid_to) if rule.valid_to else "",
        "records": len(rule.record_ids),
    }


def fact_line(request: PortalRequest, fact: Fact) -> tuple[str, str]:
    name = fact.label or say(request, f"my_records.fact.{fact.kind}")
    if fact.on is not None:
        return name, i18n.day(preferences(request).locale, fact.on)
    if fact.kind == "criticality":
        return name, say(request, "my_records.fact.criticality.high")
    if fact.kind in ("answer", "result") and fact.value in ("true", "false"):
        return name, say(request, f"my_records.fact.{fact.value}")
    return name, fact.value


def name_of(request: PortalRequest, names: Names, facility_id: UUID | None) -> str:
    found = names.get(facility_id) if facility_id else None
    return found.label(preferences(request).locale) if found else ""


async def last_change(
    request: PortalRequest, actor: Actor, state: Settings, changed: int | None
) -> str | None:
    """Right after a change, what it did; None once anything newer was saved."""
    version = state.directive.version
    if not changed or changed != version:
        return None
    made = await consent.turned(actor, version)
    return await made_said(request, actor, made) if made else None


def looks_by_day(lines: Iterable[LogLine]) -> list[tuple[LogLine, int]]:
    """Of lines in order, newest first, each person's newest of a day, and how many that day."""
    found: dict[tuple[object, ...], list[LogLine]] = {}
    for each in lines:
        whose = (each.facility, each.who, each.profession, each.withheld)
        found.setdefault((clock.day_in_japan(each.at), *whose), []).append(each)
    return [(looks[0], len(looks)) for looks in found.values()]


def saved(path: str, state: Settings, before: int) -> Response[bytes]:
    """Back to the page, which says what was changed, if anything was."""
    version = state.directive.version
    return Redirect(
        f"{path}?changed={version}#main" if version != before else f"{path}#main", status_code=303
    )
