"""Checkups at school year by year: one's own, and those of a child whose book one keeps."""

from typing import Any, Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.guards import PORTAL, UPLOAD, VIEW, participants_only
from api.phr.child import service as children
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Entry
from api.phr.notes import rules, service
from api.phr.notes.kinds import SCHOOL
from api.phr.notes.service import Asked
from web_portal.page import PortalRequest, render, say
from web_portal.pages.book import saying
from web_portal.pages.book.frame import Way
from web_portal.pages.book.notes import school_growth
from web_portal.pages.book.notes.pages import (
    ON_A_PAGE,
    After,
    Shelf,
    flash_of,
    form_of,
    keep,
    pages_of,
    removal_of,
    today,
)
from web_portal.pages.book.notes.school_growth import Whose

SHELF: Final = Shelf(SCHOOL, "school", "/book/school-checkups")
OF_CHILD: Final = "/book/children/{child:uuid}/school-checkups"
_READ: Final[dict[str, Any]] = {
    "guards": [participants_only],
    "opt": PORTAL | VIEW,
    "include_in_schema": False,
}
_WRITE: Final[dict[str, Any]] = _READ | {"opt": PORTAL | UPLOAD}


async def _shelf(actor: Actor, child_id: UUID) -> Shelf:
    """Raises `NotFound` where no book of the child is kept."""
    kind = service.kind_of(await children.child(actor, child_id))
    return _shelf_of(kind, child_id)


def _shelf_of(kind: Kind, child_id: UUID) -> Shelf:
    here = OF_CHILD.replace("{child:uuid}", str(child_id))
    return Shelf(kind, "school", here, said_as=SCHOOL)


@get(SHELF.here, **_READ)
async def listed(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    done: FromQuery[str] = "",
    after: After = "",
) -> Response[bytes]:
    back = Way("/book", say(request, "book.title"))
    person = await children.person(actor)
    whose, found = Whose(person.birth_on, person.sex), await service.school(actor)
    return await _list(request, actor, SHELF, whose, found, done, back, after)


@get(OF_CHILD, **_READ)
async def of_child(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    child: FromPath[UUID],
    done: FromQuery[str] = "",
    after: After = "",
) -> Response[bytes]:
    of, found = await service.school_of(actor, child)
    back = Way(f"/book/children/{child}", of.name)
    shelf = _shelf_of(service.kind_of(of), child)
    whose = Whose(of.birth_on, of.sex)
    return await _list(request, actor, shelf, whose, found, done, back, after)


@get(f"{OF_CHILD}/new", **_WRITE)
async def new_of_child(
    request: PortalRequest, actor: NamedDependency[Actor], child: FromPath[UUID]
) -> Response[bytes]:
    return await form_of(request, actor, await _shelf(actor, child), today())


@post(f"{OF_CHILD}/new", status_code=200, **_WRITE)
async def write_of_child(
    request: PortalRequest, actor: NamedDependency[Actor], child: FromPath[UUID]
) -> Response[bytes]:
    return await keep(request, actor, await _shelf(actor, child), book=str(child))


@get(f"{OF_CHILD}/{{entry_id:uuid}}", **_WRITE)
async def one_of_child(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    child: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    kind, found = await service.one_of(actor, child, entry_id)
    shelf = _shelf_of(kind, child)
    return await form_of(
        request, actor, shelf, found.values, entry_id=entry_id, version=found.version
    )


@post(f"{OF_CHILD}/{{entry_id:uuid}}", status_code=200, **_WRITE)
async def correct_of_child(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    child: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    kind, _ = await service.one_of(actor, child, entry_id)
    return await keep(request, actor, _shelf_of(kind, child), entry_id)


@get(f"{OF_CHILD}/{{entry_id:uuid}}/remove", **_WRITE)
async def ask_of_child(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    child: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    kind, _ = await service.one_of(actor, child, entry_id)
    return await removal_of(request, actor, _shelf_of(kind, child), entry_id)


@post(f"{OF_CHILD}/{{entry_id:uuid}}/remove", **_WRITE)
async def remove_of_child(
    actor: NamedDependency[Actor], child: FromPath[UUID], entry_id: FromPath[UUID]
) -> Response[bytes]:
    kind = service.kind_of(await children.child(actor, child))
    await service.remove_of(actor, child, entry_id)
    return Redirect(f"{_shelf_of(kind, child).here}?done=removed", status_code=303)


async def _list(
    request: PortalRequest,
    actor: Actor,
    shelf: Shelf,
    whose: Whose,
    found: list[Entry],
    done: str,
    back: Way,
    after: str,
) -> Response[bytes]:
    page = Asked(after, ON_A_PAGE).of(found)
    return await render(
        request,
        "book/notes/school.html",
        actor,
        flash=flash_of(request, done),
        path=shelf.here,
        here=shelf.here,
        back=back,
        courses=[] if after else school_growth.courses(request, whose, found),
        rows=[row for each in page.items if (row := school_growth.row(request, whose, each))],
        has_curves=whose.sex is not None,
        checkups=[
            {
                "id": each.entry_id,
                "on": each.on,
                "year": rules.school_year(each.on),
                "grade": saying.option_of(request, SCHOOL, "grade", each.values["grade"]),
                "facts": saying.facts_of(request, SCHOOL, _rest(each)),
            }
            for each in page.items
        ],
        next=page.next,
        after=after,
    )


def _rest(entry: Entry) -> dict[str, str]:
    return {name: value for name, value in entry.values.items() if name != "grade"}


routes: list[ControllerRouterHandler] = [
    listed,
    of_child,
    new_of_child,
    write_of_child,
    one_of_child,
    correct_of_child,
    ask_of_child,
    remove_of_child,
    *pages_of(SHELF),
]
