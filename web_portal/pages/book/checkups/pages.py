"""Checkups side by side, and one of them in full."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, VIEW, participants_only
from api.phr.checkup.items import DRAWN, PARTS, SIDES, unit_of
from api.phr.checkup.thresholds import EDITION_FROM
from api.records.checkups import service
from api.records.checkups.judging import Judged, Person, Row, judged
from api.records.checkups.reading import Checkup
from web_portal.page import PageNumber, PortalRequest, pages_of, render, say
from web_portal.pages.book.checkups import words

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
    names = await names_of(actor, here)
    return await render(
        request,
        "book/checkups/all.html",
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
    place = found.checkups.index(checkup)
    this = judged(checkup, found.person)
    names = await names_of(actor, [checkup])
    sex = found.person.sex
    return await render(
        request,
        "book/checkups/one.html",
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
        edition_from=EDITION_FROM,
        parts=_parts(request, this, found.person),
        newer=_near(found.checkups[place - 1] if place else None),
        older=_near(found.checkups[place + 1] if place + 1 < len(found.checkups) else None),
    )


def _table(
    request: PortalRequest, years: Sequence[Judged], person: Person
) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for part in PARTS:
        order = dict.fromkeys(row.name for each in years for row in each.rows if row.part == part)
        rows = []
        for name in order:
            cells = [each.row(name) for each in years]
            rows.append(
                {
                    "name": words.item_said(request, name),
                    "unit": words.unit_said(unit_of(name)),
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
    found: list[dict[str, object]] = []
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


def _near(checkup: Checkup | None) -> dict[str, object] | None:
    return None if checkup is None else {"id": checkup.checkup_id, "on": checkup.on}


async def names_of(actor: Actor, checkups: Sequence[Checkup]) -> words.Names:
    ids = [each.facility_id for each in checkups if each.facility_id is not None]
    return {key: line for key, line in (await directory.named(actor, ids)).items()} if ids else {}


routes: list[ControllerRouterHandler] = [shelf, one]
