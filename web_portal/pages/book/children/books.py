"""The list of children's books; one begun, corrected and removed."""

from collections.abc import Mapping
from decimal import Decimal
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
from api.identity.enrolling.birth_date import law_age
from api.identity.guards import PORTAL, UPLOAD, VIEW, participants_only
from api.phr.child import kinds, service
from api.phr.child.errors import OwnBookExists
from api.phr.child.kinds import BOOK
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from api.phr.entries.fields import plain
from api.phr.entries.kinds import Kind
from api.phr.maternal import service as maternal
from web_portal.page import Flash, PortalRequest, render, say
from web_portal.pages.book import frame
from web_portal.pages.book.children import one
from web_portal.pages.book.children.one import HERE
from web_portal.pages.book.frame import Way

ADULT: Final = 18


@get(HERE, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def listed(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    done: Annotated[str, QueryParameter(max_length=10)] = "",
) -> Response[bytes]:
    found = await service.children(actor)
    today = clock.today_in_japan()
    person = await service.person(actor)
    has_own = any(each.is_self for each in found)
    flash: Flash | None = None
    if done == "removed":
        flash = {"kind": "success", "title": say(request, "child.done.book_removed"), "text": ""}
    return await render(
        request,
        "book/children/all.html",
        actor,
        path=HERE,
        flash=flash,
        children=[one.head(request, each, today) for each in found],
        may_begin_own=not has_own and law_age(person.birth_on, today) < ADULT,
        may_write=one.may_write(actor),
    )


@get(f"{HERE}/new", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def new_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    whose: Annotated[str, QueryParameter(max_length=4)] = "",
    birth: Annotated[UUID | None, QueryParameter(name="from")] = None,
    number: Annotated[int, QueryParameter(ge=1, le=9)] = 1,
) -> Response[bytes]:
    """`whose=self`: the book of the account's participant. `from` and `number`: of a birth in the
    keeper's maternal record, which child; what stands there is filled in."""
    is_self = whose == "self"
    values: Mapping[str, str] = {}
    if birth is not None:
        values = await _newborn(actor, birth, number)
    elif is_self:
        person = await service.person(actor)
        values = {"on": person.birth_on.isoformat(), "sex": person.sex or ""}
    return await _form(request, actor, is_self=is_self, values=values)


@post(f"{HERE}/new", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def begin(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    whose: Annotated[str, QueryParameter(max_length=4)] = "",
) -> Response[bytes]:
    is_self = whose == "self"
    fields = await frame.typed(request, kinds.at_birth(BOOK, is_self=is_self))
    try:
        made = await service.begin(actor, fields, sure=fields.get("sure", ""), is_self=is_self)
    except EntryFaults as wrong:
        values = wrong.values or fields
        return await _form(request, actor, is_self=is_self, values=values, wrong=wrong)
    except (NotTakingPart, OwnBookExists) as refusal:
        return await _form(request, actor, is_self=is_self, values=fields, refusal=refusal)
    return Redirect(f"{HERE}/{made.book_id}?done=saved", status_code=303)


@get(
    f"{HERE}/{{book_id:uuid}}/change",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def change_page(
    request: PortalRequest, actor: NamedDependency[Actor], book_id: FromPath[UUID]
) -> Response[bytes]:
    of = await service.child(actor, book_id)
    return await _form(
        request,
        actor,
        is_self=of.is_self,
        values=service.values_of(of),
        book_id=book_id,
        version=of.version,
    )


@post(
    f"{HERE}/{{book_id:uuid}}/change",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def change(
    request: PortalRequest, actor: NamedDependency[Actor], book_id: FromPath[UUID]
) -> Response[bytes]:
    of = await service.child(actor, book_id)
    fields = await frame.typed(request, kinds.at_birth(BOOK, is_self=of.is_self))
    version = frame.version_in(fields)
    try:
        await service.amend(actor, book_id, fields, version=version, sure=fields.get("sure", ""))
    except EntryFaults as wrong:
        return await _form(
            request,
            actor,
            is_self=of.is_self,
            values=wrong.values or fields,
            book_id=book_id,
            version=version,
            wrong=wrong,
        )
    except (NotTakingPart, EntryChanged) as refusal:
        stands = None
        if isinstance(refusal, EntryChanged):
            of = await service.child(actor, book_id)
            stands = frame.Stands(service.values_of(of), of.version)
        return await _form(
            request,
            actor,
            is_self=of.is_self,
            values=fields,
            book_id=book_id,
            version=version,
            refusal=refusal,
            stands=stands,
        )
    return Redirect(f"{HERE}/{book_id}?done=saved", status_code=303)


@get(
    f"{HERE}/{{book_id:uuid}}/remove",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def ask_removal(
    request: PortalRequest, actor: NamedDependency[Actor], book_id: FromPath[UUID]
) -> Response[bytes]:
    book = await service.book(actor, book_id)
    of = book.child
    count = len(book.growth) + len(book.checkups) + len(book.milestones)
    return await frame.removal(
        request,
        actor,
        title=say(request, "child.remove.title"),
        facts=[
            (say(request, "own.child.name"), of.name),
            (say(request, "own.child.on"), one.day_said(request, of.birth_on)),
            (say(request, "child.remove.entries"), say(request, "child.count", count=count)),
        ],
        action=f"{HERE}/{book_id}/remove",
        back=Way(f"{HERE}/{book_id}", of.name),
        means=say(request, "child.remove.means"),
    )


@post(
    f"{HERE}/{{book_id:uuid}}/remove",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def remove(actor: NamedDependency[Actor], book_id: FromPath[UUID]) -> Response[bytes]:
    await service.remove(actor, book_id)
    return Redirect(f"{HERE}?done=removed", status_code=303)


async def _form(
    request: PortalRequest,
    actor: Actor,
    *,
    is_self: bool,
    values: Mapping[str, str],
    book_id: UUID | None = None,
    version: int = 0,
    wrong: EntryFaults | None = None,
    refusal: Problem | None = None,
    stands: frame.Stands | None = None,
) -> Response[bytes]:
    key = "child.change" if book_id else "child.new.self" if is_self else "child.new"
    return await frame.form(
        request,
        actor,
        _named(kinds.at_birth(BOOK, is_self=is_self)),
        title=say(request, f"{key}.title"),
        lead=say(request, f"{key}.lead"),
        action=f"{HERE}/{book_id}/change"
        if book_id
        else f"{HERE}/new{'?whose=self' if is_self else ''}",
        back=Way(f"{HERE}/{book_id}", say(request, "child.page.title"))
        if book_id
        else Way(HERE, say(request, "child.list.title")),
        values=values,
        version=version,
        wrong=wrong,
        refusal=refusal,
        stands=stands,
        remove=f"{HERE}/{book_id}/remove" if book_id else "",
    )


async def _newborn(actor: Actor, birth: UUID, number: int) -> dict[str, str]:
    """Nothing where there is no such child."""
    found = await maternal.newborn(actor, birth, number)
    if found is None:
        return {}
    kilos = "" if found.weight_g is None else plain(f"{Decimal(found.weight_g) / 1000:.3f}")
    is_dated = found.weeks > 0
    return {
        "on": found.born_on.isoformat(),
        "sex": found.sex,
        "weeks": str(found.weeks) if is_dated else "",
        "days": str(found.days) if is_dated else "",
        "weight": kilos,
        "height": "" if found.length_cm is None else str(found.length_cm),
        "head": "" if found.head_cm is None else str(found.head_cm),
    }


def _named(kind: Kind) -> Kind:
    """In the book of oneself everything is called as in a child's."""
    return replace(kind, name=kind.name.removeprefix("own-"))


routes: list[ControllerRouterHandler] = [
    listed,
    new_page,
    begin,
    change_page,
    change,
    ask_removal,
    remove,
]
