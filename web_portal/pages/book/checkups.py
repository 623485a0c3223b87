"""Checkups side by side, one of them in full, and one item over the years."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core import i18n
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.guards import PORTAL, VIEW, participants_only
from api.phr.checkup.items import DRAWN, PARTS, SIDES, unit_of
from api.phr.checkup.thresholds import limits_of
from api.records.checkups import service
from api.records.checkups.judging import Judged, Person, Point, Row, judged, points
from api.records.checkups.reading import Checkup
from api.records.checkups.service import Shelf
from web_portal.charts import Band, Dot, Level, Trend, legend_mark, trend
from web_portal.page import PageNumber, PortalRequest, pages_of, preferences, render, say
from web_portal.pages.book import checkup_words as words

HERE: Final = "/book/checkups"
YEARS_ON_A_PAGE: Final = 4
SOURCES: Final = ("facility", "file", "typed")


@get(HERE, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def shelf(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    page: PageNumber = 1,
    removed: Annotated[str, QueryParameter(max_length=3)] = "",
) -> Response[bytes]:
    found = await service.shelf(actor)
    pages = pages_of(len(found.checkups), YEARS_ON_A_PAGE)
    page = min(page, pages)
    here = found.checkups[(page - 1) * YEARS_ON_A_PAGE : page * YEARS_ON_A_PAGE]
    years = [judged(each, found.person) for each in here]
    newest = judged(found.checkups[0], found.person) if found.checkups else None
    names = await _names(actor, here)
    return await render(
        request,
        "book/checkups.html",
        actor,
        flash={"kind": "success", "title": say(request, "my_checkups.removed"), "text": ""}
        if removed == "yes"
        else None,
        newest=None
        if newest is None
        else {
            "id": newest.checkup.checkup_id,
            "on": newest.checkup.on,
            "level": words.level_said(request, newest.level),
            "missing": bool(newest.level.missing),
        },
        years=[
            {
                "id": each.checkup.checkup_id,
                "on": each.checkup.on,
                "source": words.source_said(request, each.checkup, names),
                "level": words.level_said(request, each.level),
            }
            for each in years
        ],
        parts=_table(request, years, found.person),
        pager={"page": page, "pages": pages},
    )


@get(
    f"{HERE}/{{checkup_id:uuid}}",
    guards=[participants_only],
    opt=PORTAL | VIEW,
    include_in_schema=False,
)
async def one(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    checkup_id: FromPath[UUID],
    saved: Annotated[str, QueryParameter(max_length=3)] = "",
) -> Response[bytes]:
    found = await service.shelf(actor)
    checkup = service.one_of(found, checkup_id)
    this = judged(checkup, found.person)
    names = await _names(actor, [checkup])
    sex = found.person.sex
    return await render(
        request,
        "book/checkup.html",
        actor,
        flash={"kind": "success", "title": say(request, "my_checkups.saved"), "text": ""}
        if saved == "yes"
        else None,
        checkup={
            "id": checkup.checkup_id,
            "on": checkup.on,
            "source": checkup.source,
            "document_id": checkup.document_id,
        },
        facts=_facts(request, actor, checkup, names),
        level=words.level_card(request, this, sex),
        metabolic=words.metabolic_card(request, this),
        stage=None
        if this.stage is None
        else {
            "said": say(request, f"my_checkups.stage.{this.stage.lower()}"),
            "worked_out": "" if this.egfr_worked_out is None else f"{this.egfr_worked_out:f}",
        },
        is_earlier=this.is_earlier,
        parts=_parts(request, this, found.person),
        **_beside(found, checkup),
    )


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
    names = await _names(actor, [each.checkup for each in series[0]])
    sides = _lines_of(item)
    title = say(request, "my_checkups.pressure") if len(sides) > 1 else words.item_said(
        request, item
    )  # fmt: skip
    days = sorted({each.checkup.on for line in series for each in line})
    sources = [name for name in SOURCES if any(p.checkup.source == name for p in series[0])]
    return await render(
        request,
        "book/checkup_trend.html",
        actor,
        heading=title,
        unit=unit_of(item),
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


def _table(
    request: PortalRequest, years: Sequence[Judged], person: Person
) -> list[dict[str, object]]:
    found = []
    for part in PARTS:
        order = dict.fromkeys(row.name for each in years for row in each.rows if row.part == part)
        rows = []
        for name in order:
            cells = [each.row(name) for each in years]
            rows.append(
                {
                    "name": words.item_said(request, name),
                    "unit": unit_of(name),
                    "href": f"{HERE}/trends/{name}" if name in DRAWN else "",
                    "limits": words.limits_said(request, name, person.sex),
                    "cells": [None if row is None else _cell(request, row) for row in cells],
                }
            )
        if rows:
            found.append({"name": say(request, f"my_checkups.part.{part}"), "rows": rows})
    return found


def _cell(request: PortalRequest, row: Row) -> dict[str, object]:
    is_number = row.value.number is not None
    text = row.value.text if is_number else words.value_said(request, row.name, row.value)
    return {
        "text": text,
        "is_number": is_number,
        "tag": words.tag_said(request, row),
        "position": row.position or "",
        "said": words.position_said(request, row),
    }


def _parts(request: PortalRequest, this: Judged, person: Person) -> list[dict[str, object]]:
    found = []
    for part in PARTS:
        rows = [
            {
                "name": words.item_said(request, row.name),
                "value": words.value_said(request, row.name, row.value),
                "position": row.position or "",
                "said": words.position_said(request, row),
                "limits": words.limits_said(request, row.name, person.sex),
                "is_worked_out": row.is_worked_out,
                "href": f"{HERE}/trends/{row.name}" if row.name in DRAWN else "",
                "turns": _turns(this.checkup, row.name),
            }
            for row in this.rows
            if row.part == part
        ]
        if rows:
            found.append({"name": say(request, f"my_checkups.part.{part}"), "rows": rows})
    return found


def _turns(checkup: Checkup, name: str) -> list[str]:
    """The readings a mean was taken of."""
    if name not in SIDES:
        return []
    turns = [checkup.values.get(f"{name}_{turn}") for turn in ("1", "2")]
    return [each.text for each in turns if each is not None] if all(turns) else []


def _facts(
    request: PortalRequest, actor: Actor, checkup: Checkup, names: words.Names
) -> list[tuple[str, str]]:
    """A place typed or read from a file is in no directory: safe mode leaves it out."""
    place = "" if actor.is_safe else checkup.place
    program = say(request, f"my_checkups.program.{checkup.program}") if checkup.program else ""
    pairs = (
        ("my_checkups.fact.place", place),
        ("my_checkups.fact.program", program),
        ("my_checkups.fact.source", words.source_said(request, checkup, names)),
    )
    return [(say(request, key), said) for key, said in pairs if said]


def _beside(found: Shelf, checkup: Checkup) -> dict[str, object]:
    place = found.checkups.index(checkup)
    newer = found.checkups[place - 1] if place else None
    older = found.checkups[place + 1] if place + 1 < len(found.checkups) else None
    return {
        "newer": newer and {"id": newer.checkup_id, "on": newer.on},
        "older": older and {"id": older.checkup_id, "on": older.on},
    }


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
        for which in ("guidance", "referral"):
            number = getattr(limits, which, None)
            if number is not None:
                key = f"my_checkups.line.{side}" if len(sides) > 1 else f"my_checkups.line.{which}"
                levels.append(Level(number, say(request, key, value=f"{number:f}")))
    limits = limits_of(item, person.sex)
    days = [each.checkup.on for line in series for each in line]
    return trend(
        Trend(
            "checkup-trend",
            f"{title}（{unit_of(item)}）" if unit_of(item) else title,
            _says(request, item, series),
            lines[0],
            Band(*limits.band) if limits is not None and len(sides) == 1 else None,
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
        params = {} if way == "same" else {"by": f"{abs(moved):f}"}
        said.append(
            say(request, f"my_checkups.trend.{way}", day=day, value=before.text, **params)
        )
    return "".join(said) if locale == "ja" else " ".join(said)


def _value_of(point: Point, series: Sequence[Sequence[Point]], item: str) -> str:
    texts = [
        next((p.text for p in line if p.checkup is point.checkup), "–") for line in series
    ]
    return f"{'/'.join(texts)}\u00a0{unit_of(item)}".strip()


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


async def _names(actor: Actor, checkups: Sequence[Checkup]) -> words.Names:
    ids = [each.facility_id for each in checkups if each.facility_id is not None]
    return {key: line for key, line in (await directory.named(actor, ids)).items()} if ids else {}


routes: list[ControllerRouterHandler] = [shelf, one, over_years]
