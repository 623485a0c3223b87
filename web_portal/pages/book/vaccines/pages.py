"""Vaccines of a child or of oneself: what is next, a table to print, doses written and removed."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.core.errors import Problem
from api.identity.guards import PORTAL, UPLOAD, VIEW, participants_only
from api.phr.child import service as children
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from api.phr.immunization import service
from api.phr.immunization.service import Vaccinations, Whose
from api.phr.immunization.vaccines import BY_CODE
from api.records.own import vaccines as mine
from web_portal.page import Flash, PortalRequest, render, say
from web_portal.pages.book import frame, saying
from web_portal.pages.book.frame import Way
from web_portal.pages.book.vaccines import offered, shown

OWN: Final = "/book/vaccines"
CHILDS: Final = "/book/children/{book_id:uuid}/vaccines"
BookId = FromPath[UUID | None]
Done = Annotated[str, QueryParameter(max_length=10)]


def _both(rest: str = "") -> list[str]:
    return [OWN + rest, CHILDS + rest]


@get(_both(), guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def show(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    book_id: BookId = None,
    done: Done = "",
) -> Response[bytes]:
    found = await _vaccinations(actor, book_id)
    if book_id and not found.whose.book_id:
        return Redirect(OWN, status_code=303)
    flash: Flash | None = None
    if done in ("saved", "removed"):
        flash = {"kind": "success", "title": say(request, f"vaccine.done.{done}"), "text": ""}
    return await render(
        request,
        "book/vaccines/all.html",
        actor,
        path=here(book_id),
        flash=flash,
        here=here(book_id),
        back=_back(request, found.whose),
        children=[] if book_id else await _children(request, actor),
        **offered.context(request, found),
        **shown.context(request, found),
    )


@get(_both("/table"), guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def table(
    request: PortalRequest, actor: NamedDependency[Actor], book_id: BookId = None
) -> Response[bytes]:
    """As in the 母子健康手帳, for paper."""
    found = await _vaccinations(actor, book_id)
    return await render(
        request,
        "book/vaccines/table.html",
        actor,
        path=here(book_id),
        here=here(book_id),
        today=found.today,
        **shown.context(request, found),
    )


@get(_both("/new"), guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def new_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    book_id: BookId = None,
    vaccine: Annotated[str, QueryParameter(max_length=20)] = "",
) -> Response[bytes]:
    whose = (await _vaccinations(actor, book_id)).whose
    values = {"vaccine": vaccine if vaccine in BY_CODE else ""}
    return await _form(request, actor, whose, book_id, values)


@post(_both("/new"), guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def write(
    request: PortalRequest, actor: NamedDependency[Actor], book_id: BookId = None
) -> Response[bytes]:
    return await _write(request, actor, book_id, None)


@get(
    _both("/{entry_id:uuid}"),
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def change_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    entry_id: FromPath[UUID],
    book_id: BookId = None,
) -> Response[bytes]:
    whose, entry = await service.one(actor, book_id, entry_id)
    return await _form(
        request, actor, whose, book_id, entry.values, entry_id=entry_id, version=entry.version
    )


@post(
    _both("/{entry_id:uuid}"),
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def change(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    entry_id: FromPath[UUID],
    book_id: BookId = None,
) -> Response[bytes]:
    return await _write(request, actor, book_id, entry_id)


@get(
    _both("/{entry_id:uuid}/remove"),
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def ask_removal(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    entry_id: FromPath[UUID],
    book_id: BookId = None,
) -> Response[bytes]:
    whose, entry = await service.one(actor, book_id, entry_id)
    facts = saying.facts_of(request, shown.as_shown(whose.kind), entry.values)
    return await frame.removal(
        request,
        actor,
        title=say(request, "vaccine.remove.title"),
        facts=[(say(request, "own.vaccination.on"), shown.day(request, entry.on)), *facts],
        action=f"{here(book_id)}/{entry_id}/remove",
        back=Way(here(book_id), _heading(request, whose)),
    )


@post(
    _both("/{entry_id:uuid}/remove"),
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def remove(
    actor: NamedDependency[Actor], entry_id: FromPath[UUID], book_id: BookId = None
) -> Response[bytes]:
    if book_id:
        await service.remove(actor, book_id, entry_id)
    else:
        await mine.remove(actor, entry_id)
    return Redirect(f"{here(book_id)}?done=removed", status_code=303)


def here(book_id: UUID | None) -> str:
    return f"/book/children/{book_id}/vaccines" if book_id else OWN


async def _vaccinations(actor: Actor, book_id: UUID | None) -> Vaccinations:
    if book_id:
        return await service.vaccinations(actor, book_id)
    return await mine.mine(actor)


async def _write(
    request: PortalRequest, actor: Actor, book_id: UUID | None, entry_id: UUID | None
) -> Response[bytes]:
    whose = (await _vaccinations(actor, book_id)).whose
    fields = await frame.typed(request, whose.kind)
    sure, version = fields.get("sure", ""), frame.version_in(fields)
    try:
        if book_id and whose.book_id:
            await service.write(
                actor, book_id, fields, sure=sure, entry_id=entry_id, version=version
            )
        else:
            await mine.write(actor, fields, sure=sure, entry_id=entry_id, version=version)
    except EntryFaults as wrong:
        return await _form(
            request,
            actor,
            whose,
            book_id,
            wrong.values or fields,
            entry_id=entry_id,
            version=version,
            wrong=wrong,
        )
    except (NotTakingPart, EntryChanged) as refusal:
        stands = None
        if entry_id and isinstance(refusal, EntryChanged):
            _, by_now = await service.one(actor, book_id, entry_id)
            stands = frame.Stands(by_now.values, by_now.version)
        return await _form(
            request,
            actor,
            whose,
            book_id,
            fields,
            entry_id=entry_id,
            version=version,
            refusal=refusal,
            stands=stands,
        )
    return Redirect(f"{here(book_id)}?done=saved", status_code=303)


async def _form(
    request: PortalRequest,
    actor: Actor,
    whose: Whose,
    book_id: UUID | None,
    values: Mapping[str, str],
    *,
    entry_id: UUID | None = None,
    version: int = 0,
    wrong: EntryFaults | None = None,
    refusal: Problem | None = None,
    stands: frame.Stands | None = None,
) -> Response[bytes]:
    place = here(book_id)
    return await frame.form(
        request,
        actor,
        shown.as_shown(whose.kind),
        title=say(request, "vaccine.change.title" if entry_id else "vaccine.new.title"),
        lead=say(request, "vaccine.new.lead"),
        action=f"{place}/{frame.place_of(entry_id)}",
        back=Way(place, _heading(request, whose)),
        values=values,
        version=version,
        wrong=wrong,
        refusal=refusal,
        stands=stands,
        remove=f"{place}/{entry_id}/remove" if entry_id else "",
    )


async def _children(request: PortalRequest, actor: Actor) -> list[dict[str, str]]:
    return [
        {
            "title": say(request, "vaccine.title.of", name=each.name),
            "href": here(each.book_id),
        }
        for each in await children.children(actor)
        if not each.is_self
    ]


def _heading(request: PortalRequest, whose: Whose) -> str:
    if whose.book_id:
        return say(request, "vaccine.title.of", name=whose.name)
    return say(request, "vaccine.title.own")


def _back(request: PortalRequest, whose: Whose) -> Way:
    if whose.book_id:
        return Way(f"/book/children/{whose.book_id}", whose.name)
    return Way("/book", say(request, "book.title"))


routes: list[ControllerRouterHandler] = [
    show,
    table,
    new_page,
    write,
    change_page,
    change,
    ask_removal,
    remove,
]
