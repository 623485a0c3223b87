"""Drugs over time: a line for each, its periods in a picture and in words, overlaps marked."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core import clock, i18n
from api.core.actor import Actor
from api.identity.guards import PORTAL, professionals_only
from api.records.provenance import by_of, title_of
from api.records.viewing import medication as drugs
from api.records.viewing import supplies
from api.records.viewing.medication import Drug, Overlap, Period
from api.records.viewing.service import MOST_ROWS, Part, Wanted
from web_portal.charts import Bar, Spans, legend_mark, spans
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.clinic.frame import (
    Months,
    Names,
    body_of,
    opened,
    path_of,
    periods,
    refused,
    said_by,
    shown,
    since,
)

TAB: Final = "medication"
MOST_DRUGS: Final = 30
_LOOKS: Final = {"prescription": "full", "dispensing": "outlined", "injection": "point"}


@get(
    "/clinic/participants/{participant_id:uuid}/medication",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def read(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    months: Months = "12",
) -> Response[bytes]:
    months = months or "12"
    first = since(months)
    wanted = Wanted(categories=supplies.KINDS, since=first, count=MOST_ROWS)
    found = await opened(request, actor, participant_id, wanted)
    if found is None:
        return await refused(request, actor)
    seen, names = found
    today, part = clock.today_in_japan(), seen.parts[1]
    given = supplies.supplies_of(sources(part))
    every = drugs.drugs_of(given)
    begin = first or min((each.start for each in given), default=today)
    end = max([today, *(each.end for each in every)])
    places = list(dict.fromkeys(at.facility_id for each in every for at in each.periods))
    marks = {each: mark for mark, each in enumerate(places)} if len(places) > 1 else {}
    return await shown(
        request,
        actor,
        TAB,
        seen,
        names,
        months=months,
        periods=periods(request),
        drugs=[
            _drug(request, each, names, place, (begin, end, today), marks)
            for place, each in enumerate(every[:MOST_DRUGS])
        ],
        is_cut=part.total > len(part.records) or len(every) > MOST_DRUGS,
        overlaps=[overlap(request, each, names) for each in drugs.overlaps_of(given)],
        path=f"{path_of(participant_id, TAB)}?months={months}",
    )


def sources(part: Part) -> Iterable[supplies.Source]:
    return (
        supplies.Source(
            each.record_id,
            each.category,
            each.facility_id,
            each.on,
            title_of(each.facility_id, body_of(each), each.title),
            each.marks,
            body_of(each),
        )
        for each in part.records
        if each.body
    )


def brief(request: PortalRequest, drug: Drug, names: Names, today: date) -> dict[str, object]:
    """One drug in a few words, of its newest supply; `halted` who stopped it or put it on hold."""
    locale, newest, halted = preferences(request).locale, drug.newest, drug.halted(today)
    until = (
        say(request, "clinic.drug.until", day=i18n.day(locale, drug.end))
        if drug.says_how_long
        else say(request, "clinic.drug.no_days")
    )
    return {
        "id": newest.source.record_id,
        "name": drug.name,
        "usage": newest.usage,
        "amount": newest.amount,
        "start": newest.start,
        "until": say(request, "clinic.drug.as_needed") if drug.is_as_needed else until,
        "facility": said_by(request, newest.source.facility_id, newest.source.body, names),
        "halted": say(
            request,
            "clinic.drug.halted",
            state=say(request, f"clinic.state.{halted.course.status}"),
            facility=said_by(request, halted.source.facility_id, halted.source.body, names),
        )
        if halted
        else "",
        "marks": [
            i18n.text(locale, f"mark.{mark}")
            for mark in sorted({mark for each in drug.supplies for mark in each.source.marks})
        ],
    }


def overlap(request: PortalRequest, found: Overlap, names: Names) -> dict[str, object]:
    """What overlaps and why it is marked; never what to do about it."""
    locale = preferences(request).locale
    params = {
        "one": found.one.name,
        "other": found.other.name,
        "place": said_by(request, found.one.source.facility_id, found.one.source.body, names),
        "other_place": said_by(
            request, found.other.source.facility_id, found.other.source.body, names
        ),
        "start": i18n.day(locale, found.start),
        "end": i18n.day(locale, found.end),
    }
    sources = (found.one.source, found.other.source)
    if any(by_of(each.facility_id, each.body) for each in sources):
        text = say(request, "clinic.overlap.own", **params)
    elif found.kind == "class":
        text = say(request, "clinic.overlap.class", code=found.one.code[:4], **params)
    elif found.kind == "name":
        text = say(request, "clinic.overlap.name", **params)
    else:
        del params["other"]
        text = say(request, "clinic.overlap.same", **params)
    return {"kind": "class" if found.kind == "class" else "same", "text": text}


def _drug(
    request: PortalRequest,
    drug: Drug,
    names: Names,
    place: int,
    span: tuple[date, date, date],
    marks: Mapping[UUID, int],
) -> dict[str, object]:
    first, last, today = span
    said = [_period(request, each, names) for each in drug.periods]
    rows: dict[tuple[str, UUID], int] = {}
    for each in drug.periods:
        rows.setdefault((each.kind, each.facility_id), len(rows))
    bars = [
        Bar(
            each.start,
            each.end,
            rows[each.kind, each.facility_id],
            _LOOKS.get(each.kind, "full"),  # type: ignore[arg-type]
            each.is_open,
            marks.get(each.facility_id),
        )
        for each in drug.periods
    ]
    picture = Spans(f"drug-{place}", drug.name, " ".join(said), bars, first, last, today)
    return brief(request, drug, names, today) | {
        "is_current": drug.is_current(today),
        "picture": spans(picture),
        "periods": [
            (legend_mark(marks[each.facility_id]) if each.facility_id in marks else "", words)
            for each, words in zip(drug.periods, said, strict=True)
        ],
    }


def _period(request: PortalRequest, period: Period, names: Names) -> str:
    locale = preferences(request).locale
    params = {
        "facility": names[period.facility_id].label(locale),
        "kind": say(request, f"clinic.drug.kind.{period.kind}"),
        "start": i18n.day(locale, period.start),
    }
    if period.start == period.end:
        return say(request, "clinic.drug.period.day", **params)
    return say(request, "clinic.drug.period", end=i18n.day(locale, period.end), **params)


routes: list[ControllerRouterHandler] = [read]
