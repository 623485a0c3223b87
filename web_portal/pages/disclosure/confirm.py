"""A wide or closing change is looked at before it is saved: what it opens and what it closes."""

from collections.abc import Sequence
from typing import TypedDict

from litestar import post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent.settings.comparing import Cell
from api.core.actor import Actor
from api.identity.guards import PORTAL, SETTINGS, participants_only
from api.records.previewing.difference import Difference, difference
from web_portal.page import PortalRequest, preferences, render
from web_portal.pages.disclosure.frame import HUB, SAVE, own_path, wished
from web_portal.pages.disclosure.said import code_name
from web_portal.pages.disclosure.save import Save
from web_portal.sentences import wishes_said


class Moved(TypedDict):
    """One way: what opens, or what closes."""

    facilities: list[str]
    facility_count: int
    people: list[str]
    people_count: int
    cells: list[tuple[str, list[str]]]
    records: int
    later: bool


@post(
    "/disclosure/confirm",
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def confirm(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Save]
) -> Response[bytes]:
    """Takes what saving takes, and hands it on unchanged."""
    commands = wished(data.change)
    found = await difference(actor, commands)
    back = own_path(data.back)
    return await render(
        request,
        "disclosure/confirm.html",
        actor,
        path=back or HUB,
        undo=None,
        here=back,
        save=SAVE,
        version=data.version,
        wanted=await wishes_said(request, actor, commands),
        change=data.change,
        opened=opened(request, found),
        closed=closed(request, found),
    )


def opened(request: PortalRequest, found: Difference) -> Moved:
    what, locale = found.comparison, preferences(request).locale
    return {
        "facilities": [each.label(locale) for each in found.facilities_opened],
        "facility_count": len(what.facilities_opened),
        "people": [each.name for each in found.people_opened],
        "people_count": len(what.people_opened),
        "cells": _cells(request, what.cells_opened),
        "records": what.records_opened,
        "later": what.later_opened,
    }


def closed(request: PortalRequest, found: Difference) -> Moved:
    what, locale = found.comparison, preferences(request).locale
    return {
        "facilities": [each.label(locale) for each in found.facilities_closed],
        "facility_count": len(what.facilities_closed),
        "people": [each.name for each in found.people_closed],
        "people_count": len(what.people_closed),
        "cells": _cells(request, what.cells_closed),
        "records": what.records_closed,
        "later": what.later_closed,
    }


def _cells(request: PortalRequest, cells: Sequence[Cell]) -> list[tuple[str, list[str]]]:
    """Kinds of record by profession, or professions by kind: whichever makes fewer lines."""
    by_profession: dict[str, list[str]] = {}
    by_category: dict[str, list[str]] = {}
    for profession, category in cells:
        one = code_name(request, "profession", profession)
        other = code_name(request, "category", category)
        by_profession.setdefault(one, []).append(other)
        by_category.setdefault(other, []).append(one)
    return list(min((by_profession, by_category), key=len).items())


routes: list[ControllerRouterHandler] = [confirm]
