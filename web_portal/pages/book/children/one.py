"""The page of a child: where growth lies on the curves, what is due, what they can do by now."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from markupsafe import Markup

from api.core import clock, i18n
from api.core.actor import Actor, Power
from api.identity.guards import PORTAL, VIEW, participants_only
from api.phr.child import age, checkups, kinds, reading, service
from api.phr.child.growth import MEASURES, UNITS
from api.phr.child.milestones import MILESTONES
from api.phr.child.reading import Child
from api.phr.child.service import Book
from api.phr.entries.service import Entry
from api.phr.immunization import service as immunizations
from api.phr.law_age import months_of
from web_portal.charts import legend_mark
from web_portal.page import Flash, PortalRequest, pages_of, preferences, render, say
from web_portal.pages.book import saying
from web_portal.pages.book.children import pictures
from web_portal.pages.book.vaccines import shown as vaccines

HERE: Final = "/book/children"
NEWEST: Final = 6
SOON: Final = 4
ON_A_PAGE: Final = 50


@get(
    f"{HERE}/{{book_id:uuid}}",
    guards=[participants_only],
    opt=PORTAL | VIEW,
    include_in_schema=False,
)
async def show(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    book_id: FromPath[UUID],
    done: Annotated[str, QueryParameter(max_length=10)] = "",
) -> Response[bytes]:
    book = await service.book(actor, book_id)
    today = clock.today_in_japan()
    flash: Flash | None = None
    if done in ("saved", "removed", "taken"):
        title = say(request, f"child.done.{done}")
        flash = {"kind": "success", "title": title, "text": ""}
    return await render(
        request,
        "book/children/one.html",
        actor,
        path=HERE,
        flash=flash,
        child=head(request, book.child, today),
        courses=_courses(request, book),
        rows=[_row(request, book.child, each) for each in book.growth[:NEWEST]],
        has_more=len(book.growth) > NEWEST or bool(book.child.birth),
        due=_due(request, book, today),
        soon=await _soon(request, actor, book.child),
        milestones=_milestones(request, book),
        marks=[legend_mark(0), legend_mark(1)],
        may_write=may_write(actor),
    )


@get(
    f"{HERE}/{{book_id:uuid}}/growth",
    guards=[participants_only],
    opt=PORTAL | VIEW,
    include_in_schema=False,
)
async def every_value(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    book_id: FromPath[UUID],
    page: Annotated[int, QueryParameter(ge=1, le=1000)] = 1,
) -> Response[bytes]:
    book = await service.book(actor, book_id)
    pages = pages_of(len(book.growth), ON_A_PAGE)
    page = min(page, pages)
    shown = book.growth[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
    return await render(
        request,
        "book/children/growth.html",
        actor,
        path=HERE,
        child=head(request, book.child, clock.today_in_japan()),
        rows=[_row(request, book.child, each) for each in shown],
        at_birth=_at_birth(request, book.child) if page == pages else None,
        pager={"page": page, "pages": pages},
        may_write=may_write(actor),
    )


def head(request: PortalRequest, of: Child, today: date) -> dict[str, object]:
    """Who it is, and how old."""
    corrected = age.corrected_on(of.birth_on, of.gestation, today)
    return {
        "id": str(of.book_id),
        "name": of.name,
        "is_self": of.is_self,
        "birth_on": of.birth_on,
        "age": pictures.age_said(request, *age.months_and_days(of.birth_on, today)),
        "corrected_age": "" if corrected is None else _corrected(request, corrected, today),
    }


def _corrected(request: PortalRequest, expected: date, today: date) -> str:
    if today < expected:
        return say(request, "child.age.to_term", days=(expected - today).days)
    return pictures.age_said(request, *age.months_and_days(expected, today), is_corrected=True)


def _courses(request: PortalRequest, book: Book) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for course in reading.courses(book.child, book.measured):
        unit = UNITS[course.measure]
        newest = course.newest
        found.append(
            {
                "measure": course.measure,
                "title": say(request, f"child.{course.measure}"),
                "value": f"{newest.of.value:f}\u00a0{unit}" if newest else "",
                "on": newest.of.on if newest else None,
                "says": pictures.sentence(request, course),
                "picture": pictures.picture(request, book.child, course) if newest else Markup(),
                "has_corrected": any(each.corrected_age is not None for each in course.values),
            }
        )
    return found


def _row(request: PortalRequest, of: Child, entry: Entry) -> dict[str, object]:
    return {
        "id": str(entry.entry_id),
        "on": entry.on,
        "age": pictures.age_in_table(request, months_of(of.birth_on, entry.on)),
        "cells": _cells(request, of, entry.on, entry.values),
        "chest": entry.values.get("chest", ""),
        "note": entry.values.get("note", ""),
    }


def _at_birth(request: PortalRequest, of: Child) -> dict[str, object] | None:
    if not of.birth:
        return None
    return {
        "id": "",
        "on": of.birth_on,
        "age": say(request, "child.at_birth"),
        "cells": _cells(request, of, of.birth_on, of.birth),
        "chest": of.birth.get("chest", ""),
        "note": "",
    }


def _cells(
    request: PortalRequest, of: Child, on: date, values: Mapping[str, str]
) -> list[dict[str, str] | None]:
    """Weight, height and head with their positions; None where nothing was measured."""
    found: list[dict[str, str] | None] = []
    for measure in MEASURES:
        written = values.get(measure, "")
        if not written:
            found.append(None)
            continue
        value = reading.value_on(of, on, Decimal(written))
        point = reading.placed(of, measure, value)
        is_both = value.corrected_age is not None
        found.append(
            {
                "value": written,
                "rank": pictures.rank(request, point.position),
                "corrected": pictures.rank(request, point.corrected) if is_both else "",
            }
        )
    return found


def _due(request: PortalRequest, book: Book, today: date) -> list[dict[str, object]]:
    had = {each.values["which"]: each for each in reversed(book.checkups)}
    found: list[dict[str, object]] = []
    for each in checkups.due(book.child.birth_on, had, today):
        name = each.checkup.name
        entry = had.get(name)
        result = entry.values.get("result", "") if entry else ""
        found.append(
            {
                "name": name,
                "title": saying.option_of(request, kinds.CHECKUP, "which", name),
                "is_legal": each.checkup.is_legal,
                "first": each.first,
                "last": each.last,
                "state": each.state,
                "entry": str(entry.entry_id) if entry else "",
                "on": entry.on if entry else None,
                "result": saying.option_of(request, kinds.CHECKUP, "result", result)
                if result
                else "",
                "note": entry.values.get("note", "") if entry else "",
            }
        )
    return found


async def _soon(request: PortalRequest, actor: Actor, of: Child) -> list[dict[str, Any]]:
    """One's own vaccines stand in a book of their own."""
    if of.is_self:
        return []
    found = await immunizations.vaccinations(actor, of.book_id)
    return vaccines.soon(request, found, SOON)


def _milestones(request: PortalRequest, book: Book) -> list[dict[str, object]]:
    reached = {each.values["which"]: each for each in reversed(book.milestones)}
    birth_on = book.child.birth_on
    found: list[dict[str, object]] = []
    for each in MILESTONES:
        entry = reached.get(each.name)
        found.append(
            {
                "name": each.name,
                "title": saying.option_of(request, kinds.MILESTONE, "which", each.name),
                "usual": say(request, "child.milestone.usual", since=each.since, until=each.until),
                "entry": str(entry.entry_id) if entry else "",
                "on": entry.on if entry else None,
                "age": pictures.age_said(request, *age.months_and_days(birth_on, entry.on))
                if entry
                else "",
            }
        )
    return found


def may_write(actor: Actor) -> bool:
    """A proxy may be let look alone."""
    return actor.powers is None or Power.UPLOAD in actor.powers


def day_said(request: PortalRequest, on: date) -> str:
    return i18n.day(preferences(request).locale, on)


routes: list[ControllerRouterHandler] = [show, every_value]
