"""Laboratory results and vitals over time, a picture and a table for each test and unit."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent.settings.telling import label
from api.core import clock, i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, professionals_only
from api.records.viewing.series import Origin, Series, Source, Value, series_of
from api.records.viewing.service import MOST_ROWS, Part, Wanted
from web_portal.charts import Band, Dot, Trend, legend_mark, trend
from web_portal.page import PortalRequest, pages_of, preferences, say
from web_portal.pages.clinic.frame import (
    Months,
    Names,
    Page,
    Text,
    body_of,
    opened,
    path_of,
    periods,
    refused,
    shown,
    since,
)

CHARTS_ON_A_PAGE: Final = 8
ROWS_UNDER_A_CHART: Final = 4
MOST_ROWS_OF_ONE: Final = 60
MOST_OTHERS: Final = 120  # one checkup in full, and what else was measured once
Tab = Literal["labs", "vitals"]
KINDS: Final[dict[Tab, tuple[str, ...]]] = {
    "labs": ("lab", "infection", "checkup"),
    "vitals": ("vitals", "checkup"),
}


@get(
    "/clinic/participants/{participant_id:uuid}/labs",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def labs(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    months: Months = "12",
    test: Text = "",
    page: Page = 1,
) -> Response[bytes]:
    return await _measured(request, actor, participant_id, "labs", months, test, page)


@get(
    "/clinic/participants/{participant_id:uuid}/vitals",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def vitals(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    months: Months = "12",
    test: Text = "",
    page: Page = 1,
) -> Response[bytes]:
    return await _measured(request, actor, participant_id, "vitals", months, test, page)


async def _measured(
    request: PortalRequest,
    actor: Actor,
    participant_id: UUID,
    tab: Tab,
    months: str,
    test: str,
    page: int,
) -> Response[bytes]:
    months = months or "12"
    first, today = since(months), clock.today_in_japan()
    wanted = Wanted(categories=KINDS[tab], of_checkups=tab, since=first, count=MOST_ROWS)
    found = await opened(request, actor, participant_id, wanted)
    if found is None:
        return await refused(request, actor)
    seen, names = found
    part = seen.parts[1]
    every = series_of(_sources(part))
    drawn = [each for each in every if len(each.numbers) > 1]
    others = [each for each in every if len(each.numbers) <= 1]
    alone = [each for each in every if each.key == test] if test else []
    here = alone or drawn[(page - 1) * CHARTS_ON_A_PAGE : page * CHARTS_ON_A_PAGE]
    begin = first or min((each.on for each in part.records), default=today)
    own = path_of(participant_id, tab)
    return await shown(
        request,
        actor,
        tab,
        seen,
        names,
        path=f"{own}?{urlencode({'months': months} | ({'test': test} if alone else {}))}",
        months=months,
        periods=periods(request),
        test=test if alone else "",
        charts=[
            _chart(
                request,
                each,
                names,
                place,
                (begin, today),
                MOST_ROWS_OF_ONE if alone else ROWS_UNDER_A_CHART,
            )
            | {"href": f"{own}?{urlencode({'months': months, 'test': each.key})}"}
            for place, each in enumerate(here)
        ],
        others=[
            _row(request, each.values[-1], each, names, is_named=True)
            for each in others[:MOST_OTHERS]
            if not alone and page == 1
        ],
        is_cut=part.total > len(part.records) or len(others) > MOST_OTHERS,
        base=f"{own}?months={months}",
        pager={"page": page, "pages": 1 if alone else pages_of(len(drawn), CHARTS_ON_A_PAGE)},
    )


def _sources(part: Part) -> list[Source]:
    return [
        Source(
            each.record_id,
            each.facility_id,
            each.on,
            each.at,
            each.marks,
            body_of(each),
            each.category == "checkup",
            each.is_new,
        )
        for each in part.records
        if each.body and each.type == "Observation"
    ]


def _chart(
    request: PortalRequest,
    series: Series,
    names: Names,
    place: int,
    span: tuple[date, date],
    most: int,
) -> dict[str, object]:
    sources = {origin: mark for mark, origin in enumerate(series.origins)}
    says = trend_said(request, series, names)
    drawn = [each for each in series.values if each.number is not None]
    # What the participant's side measured has a line of its own: it is no facility's course.
    theirs = [_dot(each, sources) for each in drawn if not each.source.origin.by]
    own = [_dot(each, sources) for each in drawn if each.source.origin.by]
    band = series.range
    title = f"{series.name}（{series.unit}）" if series.unit else series.name
    picture = Trend(
        f"chart-{place}",
        title,
        says,
        theirs or own,
        Band(*band) if band else None,
        min(span[0], drawn[0].source.on) if drawn else span[0],
        max(span[1], drawn[-1].source.on) if drawn else span[1],
        second=own if theirs else (),
    )
    return {
        "key": f"test-{place}",
        "name": series.name,
        "unit": series.unit,
        "says": says,
        "picture": trend(picture) if drawn else "",
        "legend": [
            (legend_mark(mark), _origin(request, origin, names)) for origin, mark in sources.items()
        ],
        "range": next((each.range_text for each in reversed(series.values) if each.range_text), ""),
        "has_several_methods": series.has_several_methods,
        "has_several_ranges": series.has_several_ranges,
        "words": len(series.words),
        "rows": [_row(request, each, series, names) for each in reversed(series.values[-most:])],
        "more": max(len(series.values) - most, 0),
    }


def _dot(value: Value, sources: Mapping[Origin, int]) -> Dot:
    number = value.number if value.number is not None else Decimal()
    place = sources[value.source.origin]
    return Dot(value.source.on, number, value.text, place, value.comparator[:1])


def _origin(request: PortalRequest, origin: Origin, names: Names) -> str:
    if origin.by:
        return say(request, f"clinic.by.{origin.by}")
    return names[origin.facility_id].label(preferences(request).locale)


def _row(
    request: PortalRequest, value: Value, series: Series, names: Names, *, is_named: bool = False
) -> dict[str, object]:
    locale = preferences(request).locale
    return {
        "id": value.source.record_id,
        "on": value.source.on,
        "name": series.name if is_named else "",
        "text": _with_unit(value.text, series) if is_named else value.text,
        "is_number": value.number is not None,
        "flag": say(request, f"clinic.flag.{value.flag}") if value.flag else "",
        "range": value.range_text,
        "mark": legend_mark(series.origins.index(value.source.origin)),
        "facility": _origin(request, value.source.origin, names),
        "is_new": value.source.is_new,
        "kind": label(directory.profile(), "category", "checkup", locale)
        if value.source.is_checkup
        else "",
        "marks": [i18n.text(locale, f"mark.{mark}") for mark in value.source.marks],
    }


def trend_said(request: PortalRequest, series: Series, names: Names) -> str:
    """How many, the newest, and how it moved since the one before: what the picture shows."""
    locale = preferences(request).locale
    newest = series.values[-1]
    parts = [
        say(
            request,
            "clinic.trend.newest",
            count=len(series.values),
            day=i18n.day(locale, newest.source.on),
            value=_with_unit(newest.text, series),
            facility=_origin(request, newest.source.origin, names),
        )
    ]
    if newest.flag:
        parts.append(say(request, f"clinic.trend.flag.{newest.flag}"))
    parts += _movement(request, series.values)
    return "".join(parts) if locale == "ja" else " ".join(parts)


def _with_unit(text: str, series: Series) -> str:
    """Never in two lines."""
    return f"{text}\u00a0{series.unit}".strip()


def _movement(request: PortalRequest, values: Sequence[Value]) -> list[str]:
    """Only between two plain numbers: what lies beyond a limit has no difference."""
    if len(values) < 2:
        return []
    before, newest = values[-2:]
    if before.number is None or newest.number is None or before.comparator or newest.comparator:
        return []
    moved: Decimal = newest.number - before.number
    way = "up" if moved > 0 else "down" if moved < 0 else "same"
    day = i18n.day(preferences(request).locale, before.source.on)
    if way == "same":
        return [say(request, "clinic.trend.same", day=day)]
    return [say(request, f"clinic.trend.{way}", day=day, value=before.text, by=f"{abs(moved):f}")]


routes: list[ControllerRouterHandler] = [labs, vitals]
