"""A month of measurements on one sheet, to print and take along."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, NamedTuple

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core import clock, i18n
from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import PORTAL, VIEW, participants_only
from api.phr.entries.kinds import Kind
from api.phr.vitals import guidance, service
from api.phr.vitals.figures import until
from api.phr.vitals.kinds import KINDS, PRESSURE, PULSE
from api.phr.vitals.summing import Reading, groups_of
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages.book.vitals import words
from web_portal.pages.book.vitals.words import HERE

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


class Column(NamedTuple):
    kind: Kind
    group: str
    field: str
    title: str


@get(f"{HERE}/month", guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def show(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    month: Annotated[str, QueryParameter(max_length=7)] = "",
) -> Response[bytes]:
    today = clock.today_in_japan()
    first = _first(month or f"{today:%Y-%m}")
    if first is None or first > today:
        raise NotFound
    last = until(first, "month")
    read = await service.period(actor, KINDS, first, last)
    found = read.entries
    by_kind = {
        kind.name: service.readings(each for each in found if each.kind == kind.name)
        for kind in KINDS
    }
    columns = [each for each in _columns(request) if _cell(each, by_kind[each.kind.name])]
    days = sorted({each.on for each in found})
    locale = preferences(request).locale
    before, after = first - timedelta(days=1), last + timedelta(days=1)
    earlier = f"{before:%Y-%m}"
    home = guidance.HOME
    return await render(
        request,
        "book/vitals/month.html",
        actor,
        name=i18n.month(locale, first),
        part=words.part(request, read),
        columns=[each.title for each in columns],
        rows=[
            (
                f"{on.month}/{on.day}",
                [_cell(each, _on(by_kind[each.kind.name], on)) for each in columns],
            )
            for on in days
        ],
        means=[_cell(each, by_kind[each.kind.name]) for each in columns],
        line=say(
            request,
            "vitals.line.home",
            upper=home.systolic,
            lower=home.diastolic,
            edition=say(request, f"vitals.edition.{home.edition}"),
        )
        if by_kind[PRESSURE.name]
        else "",
        previous=(earlier, i18n.month(locale, before)) if _first(earlier) else None,
        following=(f"{after:%Y-%m}", i18n.month(locale, after)) if after <= today else None,
    )


def _columns(request: PortalRequest) -> list[Column]:
    """Blood pressure with its pulse by the part of the day, glucose by the meal, else by kind."""
    found = []
    for kind in KINDS:
        for group in ("",) if kind is PULSE else (groups_of(kind)[1:] or ("",)):
            found.append(Column(kind, group, "", _title(request, kind, group)))
            if kind is PRESSURE:
                found.append(Column(kind, group, "pulse", _title(request, PULSE, group)))
    return found


def _title(request: PortalRequest, kind: Kind, group: str) -> str:
    said = words.title(request, kind.name)
    if not group:
        return said
    name = say(request, f"vitals.group.{group}")
    return say(request, "vitals.month.column", group=name, kind=said)


def _cell(column: Column, readings: Sequence[Reading]) -> str:
    """The mean of what was measured then."""
    return words.mean(column.kind, readings, column.group, field=column.field)


def _on(readings: Sequence[Reading], on: date) -> list[Reading]:
    return [each for each in readings if each.on == on]


def _first(month: str) -> date | None:
    matched = _MONTH.fullmatch(month)
    return date(int(matched[1]), int(matched[2]), 1) if matched and matched[1] > "1900" else None


routes: list[ControllerRouterHandler] = [show]
