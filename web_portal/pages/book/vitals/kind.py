"""One kind of measurement: how it went, in a sentence, a picture and a table, and each of them."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from markupsafe import Markup

from api.core import clock, i18n
from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import PORTAL, VIEW, participants_only
from api.phr.entries.kinds import Kind
from api.phr.vitals import guidance, service
from api.phr.vitals.figures import By, by_period, figures, since, until
from api.phr.vitals.kinds import NUMBERS, OF_NAME, PRESSURE
from api.phr.vitals.summing import Reading, groups_of, points
from web_portal.charts import Dot, Trend, trend
from web_portal.charts.trend import Level
from web_portal.page import Flash, PortalRequest, preferences, render, say
from web_portal.pages.book.vitals import words
from web_portal.pages.book.vitals.words import HERE

# Days of a picture, and what its table counts by.
SPANS: Final[dict[int, By]] = {30: "week", 90: "week", 365: "month"}
ON_A_PAGE: Final = 30


@get(
    f"{HERE}/kinds/{{name:str}}",
    guards=[participants_only],
    opt=PORTAL | VIEW,
    include_in_schema=False,
)
async def show(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    name: FromPath[str],
    days: FromQuery[int] = 30,
    after: Annotated[str, QueryParameter(max_length=100)] = "",
    removed: Annotated[str, QueryParameter(max_length=3)] = "",
) -> Response[bytes]:
    kind = OF_NAME.get(name)
    if kind is None or days not in SPANS:
        raise NotFound
    today = clock.today_in_japan()
    first = today - timedelta(days=days - 1)
    found = await service.period(actor, [kind], first, today)
    readings = service.readings(found.entries)
    page = await service.listed(actor, [kind], after=after, count=ON_A_PAGE)
    said = words.title(request, kind.name)
    week = words.week(request, kind, readings, today)
    flash: Flash | None = None
    if removed == "yes":
        flash = {"kind": "success", "title": say(request, "vitals.removed"), "text": ""}
    return await render(
        request,
        "book/vitals/kind.html",
        actor,
        flash=flash,
        kind=kind.name,
        title=said,
        week=week,
        days=days,
        spans=list(SPANS),
        picture=_picture(request, kind, readings, found.since, today, week),
        table=_table(request, kind, readings, SPANS[days]),
        lines=_lines(request) if kind is PRESSURE else [],
        part=words.part(request, found),
        listed=words.listed(request, kind, page.items),
        next=page.next,
        after=after,
    )


def _picture(
    request: PortalRequest,
    kind: Kind,
    readings: Sequence[Reading],
    first: date,
    last: date,
    week: Sequence[str],
) -> Markup | None:
    """One dot a day: the day's mean."""
    main, *more = NUMBERS[kind.name]
    dots = _dots(kind, readings, main.name)
    if not dots:
        return None
    title = words.title(request, kind.name)
    is_pressure = kind is PRESSURE
    names = ("", "")
    levels: list[Level] = []
    if is_pressure:
        names = (say(request, "vitals.upper"), say(request, "vitals.lower"))
        home = guidance.HOME
        levels = [Level(Decimal(each), str(each)) for each in (home.systolic, home.diastolic)]
    counted = figures(points(kind, readings, main.name))
    says = " ".join(week)
    if counted is not None and not week:
        says = say(
            request,
            "vitals.picture",
            low=words.written(counted.low, main.decimals if main.decimals < 2 else 1),
            high=words.written(counted.high, main.decimals if main.decimals < 2 else 1),
            unit=words.unit(request, main.name),
        )
    return trend(
        Trend(
            name="picture",
            title=title,
            says=says,
            dots=dots,
            band=None,
            first=first,
            last=last,
            levels=levels,
            second=_dots(kind, readings, more[0].name) if is_pressure else (),
            names=names,
        )
    )


def _dots(kind: Kind, readings: Sequence[Reading], field: str) -> list[Dot]:
    number = next(each for each in NUMBERS[kind.name] if each.name == field)
    return [
        Dot(
            each.since,
            each.figures.mean,
            words.written(each.figures.mean, min(number.decimals, 1)),
        )
        for each in by_period(points(kind, readings, field), "day")
    ]


def _table(
    request: PortalRequest, kind: Kind, readings: Sequence[Reading], by: By
) -> dict[str, object]:
    """Of each week or month, the newest first: the mean of the days, by groups."""
    groups = [
        each
        for each in (groups_of(kind)[1:] or ("",))
        if points(kind, readings, NUMBERS[kind.name][0].name, each)
    ]
    starts = sorted({since(each.on, by) for each in readings}, reverse=True)
    rows = []
    for start in starts:
        last = until(start, by)
        mine = [each for each in readings if start <= each.on <= last]
        counted = figures(points(kind, mine, NUMBERS[kind.name][0].name))
        rows.append(
            {
                "name": _period(request, start, last, by),
                "means": [words.mean(kind, mine, each) or "–" for each in groups],
                "times": counted.times if counted else 0,
            }
        )
    return {
        "heads": [say(request, f"vitals.group.{each or 'all'}") for each in groups],
        "rows": rows,
        "by": by,
    }


def _period(request: PortalRequest, start: date, last: date, by: By) -> str:
    locale = preferences(request).locale
    if by == "month":
        return i18n.month(locale, start)
    return f"{start.month}/{start.day}–{last.month}/{last.day}"


def _lines(request: PortalRequest) -> list[str]:
    return [
        say(
            request,
            f"vitals.line.{each.name}",
            upper=each.systolic,
            lower=each.diastolic,
            edition=say(request, f"vitals.edition.{each.edition}"),
        )
        for each in guidance.LINES
    ]


routes: list[ControllerRouterHandler] = [show]
