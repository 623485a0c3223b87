"""One item of the checkups over the years: a picture, a sentence and a table."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core import i18n
from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import PORTAL, VIEW, participants_only
from api.phr.checkup.items import DRAWN, SIDES, unit_of
from api.phr.checkup.thresholds import limits_of
from api.records.checkups import service
from api.records.checkups.judging import Person, Point, points
from api.records.checkups.reading import Checkup
from web_portal.charts import Band, Dot, Level, Trend, legend_mark, trend
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages.book.checkups import words
from web_portal.pages.book.checkups.pages import HERE, names_of

SOURCES: Final = ("facility", "file", "typed")


@get(
    f"{HERE}/trends/{{item:str}}",
    guards=[participants_only],
    opt=PORTAL | VIEW,
    include_in_schema=False,
)
async def over_years(
    request: PortalRequest, actor: NamedDependency[Actor], item: FromPath[str]
) -> Response[bytes]:
    if item not in DRAWN:
        raise NotFound
    found = await service.shelf(actor)
    series = [points(found.checkups, each, found.person) for each in _lines_of(item)]
    names = await names_of(actor, [each.checkup for each in series[0]])
    sides = _lines_of(item)
    title = say(request, "my_checkups.pressure") if len(sides) > 1 else words.item_said(
        request, item
    )  # fmt: skip
    days = sorted({each.checkup.on for line in series for each in line})
    sources = [name for name in SOURCES if any(p.checkup.source == name for p in series[0])]
    return await render(
        request,
        "book/checkups/trend.html",
        actor,
        heading=title,
        unit=words.unit_said(unit_of(item)),
        says=_says(request, item, series) if days else "",
        picture=_picture(request, title, item, series, found.person, sources) if days else "",
        legend=[
            (legend_mark(mark), say(request, f"my_checkups.legend.{name}"))
            for mark, name in enumerate(sources)
        ]
        if len(sources) > 1
        else [],
        limits=[
            (words.item_said(request, each) if len(sides) > 1 else "", said)
            for each in sides
            if (said := words.limits_said(request, each, found.person.sex))
        ],
        rows=_trend_rows(request, series, names),
    )


def _lines_of(item: str) -> tuple[str, ...]:
    """Upper and lower blood pressure are one picture."""
    return SIDES if words.is_pressure(item) else (item,)


def _picture(
    request: PortalRequest,
    title: str,
    item: str,
    series: Sequence[Sequence[Point]],
    person: Person,
    sources: Sequence[str],
) -> object:
    lines = [
        [Dot(p.checkup.on, p.number, p.text, sources.index(p.checkup.source)) for p in each]
        for each in series
    ]
    sides = _lines_of(item)
    levels = []
    for side in sides:
        limits = limits_of(side, person.sex)
        for which in ("guidance",) if len(sides) > 1 else ("guidance", "referral"):
            number = getattr(limits, which, None)
            if number is not None:
                key = f"my_checkups.line.{side}" if len(sides) > 1 else f"my_checkups.line.{which}"
                levels.append(Level(number, say(request, key, value=f"{number:f}")))
    limits = limits_of(item, person.sex)
    days = [each.checkup.on for line in series for each in line]
    return trend(
        Trend(
            "checkup-trend",
            f"{title}（{words.unit_said(unit_of(item))}）" if unit_of(item) else title,
            _says(request, item, series),
            lines[0],
            Band(*limits.before) if limits is not None and len(sides) == 1 else None,
            min(days),
            max(days),
            levels,
            lines[1] if len(lines) > 1 else (),
            tuple(say(request, f"my_checkups.end.{side}") for side in sides)  # type: ignore[arg-type]
            if len(sides) > 1
            else ("", ""),
        )
    )


def _says(request: PortalRequest, item: str, series: Sequence[Sequence[Point]]) -> str:
    """How many, the newest, and how it moved: what the picture shows."""
    locale = preferences(request).locale
    main = next(each for each in series if each)
    newest = main[-1]
    value = _value_of(newest, series, item)
    said = [
        say(
            request,
            "my_checkups.trend.newest",
            count=len(main),
            day=i18n.day(locale, newest.checkup.on),
            value=value,
        )
    ]
    if len(main) > 1 and len(series) == 1:
        before = main[-2]
        moved = newest.number - before.number
        way = "up" if moved > 0 else "down" if moved < 0 else "same"
        day = i18n.day(locale, before.checkup.on)
        unit = words.unit_said(unit_of(item))
        earlier, by = (f"{each}\u00a0{unit}".strip() for each in (before.text, f"{abs(moved):f}"))
        params = {} if way == "same" else {"by": by}
        said.append(say(request, f"my_checkups.trend.{way}", day=day, value=earlier, **params))
    return "".join(said) if locale == "ja" else " ".join(said)


def _value_of(point: Point, series: Sequence[Sequence[Point]], item: str) -> str:
    texts = [next((p.text for p in line if p.checkup is point.checkup), "–") for line in series]
    return f"{'/'.join(texts)}\u00a0{words.unit_said(unit_of(item))}".strip()


def _trend_rows(
    request: PortalRequest, series: Sequence[Sequence[Point]], names: words.Names
) -> list[dict[str, object]]:
    """The newest first; of blood pressure both."""
    checkups: dict[UUID, Checkup] = {}
    for line in series:
        checkups.update({each.checkup.checkup_id: each.checkup for each in line})
    rows = []
    for checkup in sorted(checkups.values(), key=lambda each: each.on, reverse=True):
        here = [next((p for p in line if p.checkup is checkup), None) for line in series]
        said = [p.position for p in here if p is not None and p.position]
        worst = next((w for w in ("referral", "guidance", "before") if w in said), "")
        rows.append(
            {
                "id": checkup.checkup_id,
                "on": checkup.on,
                "value": "/".join("–" if p is None else p.text for p in here),
                "position": worst,
                "said": say(request, f"my_checkups.position.{worst}") if worst else "",
                "source": words.source_said(request, checkup, names),
            }
        )
    return rows


routes: list[ControllerRouterHandler] = [over_years]
