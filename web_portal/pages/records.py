"""A participant's own records: the list, one record in plain words, and who may see it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.facts import SECRET, Provision
from api.consent.settings.record_changes import LEVELS
from api.consent.settings.telling import end_said, label
from api.consent.stored import Settings
from api.core import clock, i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.service import FacilityLine, PersonLine
from api.identity.guards import LOG, PORTAL, VIEW, participants_only
from api.records.errors import UnknownPlace
from api.records.own import service as own
from api.records.own.plain import Fact
from api.records.own.service import Asked, OwnRecord, OwnRecordInFull, Shelves
from api.support.reading import accesses
from api.support.reading.log_lines import LogLine
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.sentences import made_said

ON_A_PAGE = 50
SEEN_AT_ONCE = 5

Text = Annotated[str, QueryParameter(max_length=100)]
YearText = Annotated[str, QueryParameter(pattern=r"^([1-9][0-9]{3})?$")]
Changed = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)]
Names = Mapping[UUID, FacilityLine]


@get("/records", guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def listed(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    category: Text = "",
    facility: Text = "",
    year: YearText = "",
    q: Text = "",
    after: Text = "",
    aside: Annotated[str, QueryParameter(pattern=r"^(yes)?$")] = "",
) -> Response[bytes]:
    wanted_year = int(year) if year else None
    asked = Asked(category or None, _facility(facility), wanted_year, q, bool(aside))
    page = await own.page(actor, asked, after=after or None, count=ON_A_PAGE)
    shelves = await own.shelves(actor, with_aside=asked.with_aside)
    names = await directory.named(actor, shelves.facilities)
    chosen = {"category": category, "facility": facility, "year": year, "q": q}
    chosen = {name: value for name, value in chosen.items() if value}
    shown = {"aside": aside} if aside else {}
    return await render(
        request,
        "records/list.html",
        actor,
        visits=[
            {
                "on": visit.on,
                "facility": say(request, "clinic.by.proxy")
                if visit.is_by_proxy
                else _name(request, names, visit.facility_id),
                "records": [line(request, each) for each in visit.records],
            }
            for visit in page.visits
        ],
        total=page.total,
        has_any=bool(shelves.years),
        is_first=not after,
        chosen=chosen,
        options=_options(request, shelves, names),
        newest=_address(chosen | shown),
        following=_address(chosen | shown | {"after": page.after}) if page.after else None,
        with_aside=asked.with_aside,
        aside=_address(chosen | {"aside": "yes"}) if page.has_aside else None,
        usual=_address(chosen),
    )


@get(
    "/records/{record_id:uuid}",
    guards=[participants_only],
    opt=PORTAL | VIEW,
    include_in_schema=False,
)
async def shown(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    record_id: FromPath[UUID],
    changed: Changed = None,
) -> Response[bytes]:
    return await record_page(request, actor, record_id, changed=changed)


async def record_page(
    request: PortalRequest,
    actor: Actor,
    record_id: UUID,
    *,
    changed: int | None = None,
) -> Response[bytes]:
    full = await own.one(actor, record_id)
    seen = await accesses.of_record(actor, preferences(request).locale, record_id, count=ON_A_PAGE)
    looks = looks_by_day(seen.lines)
    choices, state = full.record.choices, full.settings
    names = await directory.named(actor, {full.record.facility_id, *_facilities(choices.shares)})
    people = await directory.people(actor, _people(choices.shares))
    is_by_proxy = full.record.by == "proxy"
    facility = (
        say(request, "clinic.by.proxy")
        if is_by_proxy
        else _name(request, names, full.record.facility_id)
    )
    return await render(
        request,
        "records/one.html",
        actor,
        flash=None,
        path=f"/records/{record_id}",
        record=line(request, full.record) | {"on": full.record.on, "facility": facility},
        facts=[fact_line(request, each) for each in full.facts],
        status_text=say(request, f"my_records.now.{_status(full)}"),
        is_participating=state.participation.state == "participating",
        visit=full.visit,
        is_visit_hidden=bool(choices.periods),
        levels=_levels(request, full.record),
        set_level=LEVELS[choices.set_level] if choices.set_level is not None else "came",
        may_share=may_be_shared(full),
        shares=[share_line(request, rule, names, people) for rule in choices.shares],
        version=state.directive.version,
        undo=await last_change(request, actor, state, changed),
        seen=looks[:SEEN_AT_ONCE],
        has_more=seen.before is not None or len(looks) > SEEN_AT_ONCE,
        is_partial=seen.is_partial,
    )


@get(
    "/records/{record_id:uuid}/accesses",
    guards=[participants_only],
    opt=PORTAL | LOG,
    include_in_schema=False,
)
async def seen_by(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    record_id: FromPath[UUID],
    before: Annotated[int | None, QueryParameter(ge=1, le=2**62)] = None,
) -> Response[bytes]:
    """All who have seen it, page by page."""
    full = await own.one(actor, record_id)
    locale = preferences(request).locale
    seen = await accesses.of_record(actor, locale, record_id, before=before, count=ON_A_PAGE)
    return await render(
        request,
        "records/accesses.html",
        actor,
        path=f"/records/{record_id}/accesses",
        record=line(request, full.record),
        seen=looks_by_day(seen.lines),
        is_partial=seen.is_partial,
        is_first=before is None,
        following=f"/records/{record_id}/accesses?before={seen.before}" if seen.before else None,
    )


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


async def last_change(
    request: PortalRequest, actor: Actor, state: Settings, changed: int | None
) -> str | None:
    """Right after a change, what it did; None once anything newer was saved."""
    version = state.directive.version
    if not changed or changed != version:
        return None
    made = await consent.turned(actor, version)
    return await made_said(request, actor, made) if made else None


def may_be_shared(full: OwnRecordInFull) -> bool:
    """A share opens neither what is shown to nobody nor what is older than the participation."""
    is_secret = full.record.choices.level >= SECRET
    return not is_secret and not _is_too_old(full.record.on, full.settings)


def share_line(
    request: PortalRequest, rule: Provision, names: Names, people: Mapping[UUID, PersonLine]
) -> dict[str, object]:
    locale = preferences(request).locale
    person = people.get(rule.professional_id) if rule.professional_id else None
    if person is not None:
        facility = person.facility_label(locale)
        to = say(request, "my_records.share.person", name=person.name, facility=facility)
    else:
        to = _name(request, names, rule.facility_id)
    return {
        "id": rule.id,
        "to": to,
        "until": end_said(locale, rule.valid_to) if rule.valid_to else "",
        "records": len(rule.record_ids),
    }


def _status(full: OwnRecordInFull) -> str:
    """Which sentence says who may see the record now, the strongest reason first."""
    choices, state = full.record.choices, full.settings
    if state.participation.state != "participating":
        return "left"
    if choices.level >= SECRET:
        return "secret"
    if choices.is_kept_back:
        return "hidden"
    if _is_too_old(full.record.on, state):
        return "too_old"
    return "restricted" if choices.level else "normal"


def _is_too_old(on: date, state: Settings) -> bool:
    data_from = state.participation.data_from
    return data_from is not None and on < data_from


def _levels(request: PortalRequest, record: OwnRecord) -> list[tuple[str, str]]:
    came = say(request, f"my_records.level.{LEVELS[record.sensitivity]}")
    return [
        ("came", say(request, "my_records.level.came", level=came)),
        *((each, say(request, f"my_records.level.{each}.means")) for each in LEVELS),
    ]


def fact_line(request: PortalRequest, fact: Fact) -> tuple[str, str]:
    name = fact.label or say(request, f"my_records.fact.{fact.kind}")
    if fact.on is not None:
        return name, i18n.day(preferences(request).locale, fact.on)
    if fact.kind == "criticality":
        return name, say(request, "my_records.fact.criticality.high")
    if fact.kind in ("answer", "result") and fact.value in ("true", "false"):
        return name, say(request, f"my_records.fact.{fact.value}")
    return name, fact.value


def _options(
    request: PortalRequest, shelves: Shelves, names: Names
) -> dict[str, list[tuple[str, str]]]:
    """What the list can be narrowed to: only what there is, with how much of it."""
    locale, profile = preferences(request).locale, directory.profile()
    order = [category.code for category in profile.categories]
    order += sorted(shelves.categories.keys() - set(order))

    def counted(name: str, count: int) -> str:
        return say(request, "my_records.filter.option", name=name, count=count)

    return {
        "category": [
            (code, counted(label(profile, "category", code, locale), shelves.categories[code]))
            for code in order
            if code in shelves.categories
        ],
        "facility": [
            (str(each), counted(_name(request, names, each), count))
            for each, count in shelves.facilities.most_common()
        ],
        "year": [
            (str(year), counted(say(request, "my_records.filter.in_year", year=year), count))
            for year, count in shelves.years.items()
        ],
    }


def looks_by_day(lines: Iterable[LogLine]) -> list[tuple[LogLine, int]]:
    """Of lines in order, newest first, each person's newest of a day, and how many that day."""
    found: dict[tuple[object, ...], list[LogLine]] = {}
    for each in lines:
        whose = (each.facility, each.who, each.profession, each.withheld)
        found.setdefault((clock.day_in_japan(each.at), *whose), []).append(each)
    return [(looks[0], len(looks)) for looks in found.values()]


def _facility(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise UnknownPlace from error


def _name(request: PortalRequest, names: Names, facility_id: UUID | None) -> str:
    found = names.get(facility_id) if facility_id else None
    return found.label(preferences(request).locale) if found else ""


def _facilities(rules: Iterable[Provision]) -> set[UUID]:
    return {rule.facility_id for rule in rules if rule.facility_id is not None}


def _people(rules: Iterable[Provision]) -> set[UUID]:
    return {rule.professional_id for rule in rules if rule.professional_id is not None}


def _address(chosen: Mapping[str, str]) -> str:
    return f"/records?{urlencode(chosen)}" if chosen else "/records"


routes: list[ControllerRouterHandler] = [listed, shown, seen_by]
