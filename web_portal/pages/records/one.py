"""One of a participant's own records in plain words, and who may see it and who did."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent.facts import SECRET, Provision
from api.consent.settings.record_changes import LEVELS
from api.consent.stored import Settings
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import LOG, PORTAL, VIEW, participants_only
from api.records.own import service as own
from api.records.own.service import OwnRecord, OwnRecordInFull
from api.support.reading import accesses
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages.records.said import (
    fact_line,
    last_change,
    line,
    looks_by_day,
    name_of,
    share_line,
)

ON_A_PAGE = 50
SEEN_AT_ONCE = 5

Changed = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)]


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
        else name_of(request, names, full.record.facility_id)
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


def may_be_shared(full: OwnRecordInFull) -> bool:
    """A share opens neither what is shown to nobody nor what is older than the participation."""
    is_secret = full.record.choices.level >= SECRET
    return not is_secret and not _is_too_old(full.record.on, full.settings)


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


def _facilities(rules: Iterable[Provision]) -> set[UUID]:
    return {rule.facility_id for rule in rules if rule.facility_id is not None}


def _people(rules: Iterable[Provision]) -> set[UUID]:
    return {rule.professional_id for rule in rules if rule.professional_id is not None}


routes: list[ControllerRouterHandler] = [shown, seen_by]
