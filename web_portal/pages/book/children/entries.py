"""A measurement, a checkup or a milestone of a child: written, corrected and removed."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec.structs import replace

from api.core import clock
from api.core.actor import Actor
from api.core.errors import Problem
from api.identity.guards import PORTAL, UPLOAD, participants_only
from api.phr.child import service, writing
from api.phr.child.reading import Child
from api.phr.child.writing import WHATS, What
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from api.phr.entries.kinds import Kind
from web_portal.page import PortalRequest, say
from web_portal.pages.book import frame, saying
from web_portal.pages.book.children.one import HERE, day_said
from web_portal.pages.book.frame import Way

_NEW: Final = [f"{HERE}/{{book_id:uuid}}/{each}/new" for each in WHATS]
_ONE: Final = [f"{HERE}/{{book_id:uuid}}/{each}/{{entry_id:uuid}}" for each in WHATS]


@get(_NEW, guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def new_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    book_id: FromPath[UUID],
    which: Annotated[str, QueryParameter(max_length=10)] = "",
) -> Response[bytes]:
    of = await service.child(actor, book_id)
    values = {"which": which, "on": clock.today_in_japan().isoformat()}
    if _what(request) != "growth":
        values["on"] = ""
    return await _form(request, actor, of, values)


@post(_NEW, guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def write(
    request: PortalRequest, actor: NamedDependency[Actor], book_id: FromPath[UUID]
) -> Response[bytes]:
    return await _write(request, actor, book_id, None)


@get(_ONE, guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def change_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    book_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    of, entry = await writing.entry(actor, book_id, _what(request), entry_id)
    return await _form(request, actor, of, entry.values, entry_id=entry_id, version=entry.version)


@post(_ONE, guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def change(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    book_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    return await _write(request, actor, book_id, entry_id)


@get(
    [f"{each}/remove" for each in _ONE],
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def ask_removal(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    book_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    what = _what(request)
    of, entry = await writing.entry(actor, book_id, what, entry_id)
    kind = _kind(of, what)
    day = (say(request, "own.field.on"), day_said(request, entry.on))
    return await frame.removal(
        request,
        actor,
        title=say(request, f"child.{what}.remove"),
        facts=[day, *saying.facts_of(request, kind, entry.values)],
        action=f"{HERE}/{book_id}/{what}/{entry_id}/remove",
        back=Way(f"{HERE}/{book_id}", of.name),
    )


@post(
    [f"{each}/remove" for each in _ONE],
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def remove(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    book_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    await writing.remove_entry(actor, book_id, _what(request), entry_id)
    return Redirect(f"{HERE}/{book_id}?done=removed", status_code=303)


async def _write(
    request: PortalRequest, actor: Actor, book_id: UUID, entry_id: UUID | None
) -> Response[bytes]:
    what = _what(request)
    of = await service.child(actor, book_id)
    fields = await frame.typed(request, _kind(of, what))
    version = frame.version_in(fields)
    try:
        await writing.write(
            actor,
            book_id,
            what,
            fields,
            sure=fields.get("sure", ""),
            entry_id=entry_id,
            version=version,
        )
    except EntryFaults as wrong:
        values = wrong.values or fields
        return await _form(
            request, actor, of, values, entry_id=entry_id, version=version, wrong=wrong
        )
    except (NotTakingPart, EntryChanged) as refusal:
        stands = None
        if entry_id and isinstance(refusal, EntryChanged):
            of, by_now = await writing.entry(actor, book_id, what, entry_id)
            stands = frame.Stands(by_now.values, by_now.version)
        return await _form(
            request,
            actor,
            of,
            fields,
            entry_id=entry_id,
            version=version,
            refusal=refusal,
            stands=stands,
        )
    return Redirect(f"{HERE}/{book_id}?done=saved#{what}", status_code=303)


async def _form(
    request: PortalRequest,
    actor: Actor,
    of: Child,
    values: Mapping[str, str],
    *,
    entry_id: UUID | None = None,
    version: int = 0,
    wrong: EntryFaults | None = None,
    refusal: Problem | None = None,
    stands: frame.Stands | None = None,
) -> Response[bytes]:
    what = _what(request)
    here = f"{HERE}/{of.book_id}/{what}"
    return await frame.form(
        request,
        actor,
        _kind(of, what),
        title=say(request, f"child.{what}.{'change' if entry_id else 'new'}"),
        lead=say(request, f"child.{what}.lead"),
        action=f"{here}/{entry_id or 'new'}",
        back=Way(f"{HERE}/{of.book_id}", of.name),
        values=values,
        version=version,
        wrong=wrong,
        refusal=refusal,
        stands=stands,
        remove=f"{here}/{entry_id}/remove" if entry_id else "",
    )


def _kind(of: Child, what: What) -> Kind:
    """Called the same in the book of oneself."""
    kind = writing.kind_of(of, what, of.birth_on)
    return replace(kind, name=kind.name.removeprefix("own-"))


def _what(request: PortalRequest) -> What:
    """By the address: one handler answers for all three."""
    part = request.url.path.split("/")[4]
    return next(each for each in WHATS if each == part)


routes: list[ControllerRouterHandler] = [
    new_page,
    write,
    change_page,
    change,
    ask_removal,
    remove,
]
