"""Writing, correcting and removing what a maternal record holds: visits, tests, birth, newborns."""

from collections.abc import Mapping
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core import clock
from api.core.actor import Actor
from api.core.errors import NotFound, Problem
from api.identity.guards import PORTAL, UPLOAD, participants_only
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from api.phr.entries.kinds import Kind
from api.phr.maternal import kinds, service
from api.phr.maternal.book import Book, Written
from api.phr.maternal.errors import BirthThere, NoBirthYet, PregnancyClosed, PregnancyOpen
from api.phr.maternal.schemas import KINDS, NAMES
from api.phr.maternal.service import Asked
from web_portal.page import PortalRequest, say
from web_portal.pages.book import frame
from web_portal.pages.book.frame import Way
from web_portal.pages.book.pregnancy import said
from web_portal.pages.book.pregnancy.said import HERE, place_of

ONE = f"{HERE}/{{pregnancy_id:uuid}}"
ENTRY = f"{ONE}/entries/{{entry_id:uuid}}"
_REFUSALS = (BirthThere, NoBirthYet, PregnancyClosed, NotTakingPart)


@get(
    f"{ONE}/new/{{kind:str}}",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def new_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    pregnancy_id: FromPath[UUID],
    kind: FromPath[str],
) -> Response[bytes]:
    wanted = _kind(kind)
    book = await service.book(actor, pregnancy_id)
    values = {"on": clock.today_in_japan().isoformat()}
    if wanted is kinds.NEWBORN:
        values["number"] = str(next(iter(book.missing()), ""))
    if wanted is kinds.BIRTH:
        values["babies"] = book.head.values.get("babies", "1")
    return await _form(request, actor, book, wanted, values)


@post(
    f"{ONE}/new/{{kind:str}}",
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def write(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    pregnancy_id: FromPath[UUID],
    kind: FromPath[str],
) -> Response[bytes]:
    return await _write(request, actor, pregnancy_id, _kind(kind), None)


@get(ENTRY, guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def correct_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    pregnancy_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    book = await service.book(actor, pregnancy_id)
    entry = _entry(book, entry_id)
    values = {**entry.values, "version": str(entry.version)}
    return await _form(request, actor, book, _kind(NAMES[entry.kind]), values, entry_id=entry_id)


@post(
    ENTRY, status_code=200, guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False
)
async def correct(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    pregnancy_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    book = await service.book(actor, pregnancy_id)
    kind = _kind(NAMES[_entry(book, entry_id).kind])
    return await _write(request, actor, pregnancy_id, kind, entry_id)


@get(f"{ENTRY}/remove", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def ask_removal(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    pregnancy_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    return await _ask(request, actor, pregnancy_id, entry_id)


@post(f"{ENTRY}/remove", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def remove(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    pregnancy_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    try:
        await service.remove_entry(actor, pregnancy_id, entry_id)
    except PregnancyOpen as refusal:
        return await _ask(request, actor, pregnancy_id, entry_id, refusal)
    return Redirect(f"{HERE}/{pregnancy_id}", status_code=303)


async def _write(
    request: PortalRequest, actor: Actor, pregnancy_id: UUID, kind: Kind, entry_id: UUID | None
) -> Response[bytes]:
    """Nothing typed is lost: whatever is wrong, the form comes back as it was filled in."""
    fields = await frame.typed(request, kind)
    asked = Asked(fields, fields.get("sure", ""), frame.version_in(fields))
    try:
        written = await service.write(actor, pregnancy_id, kind.name, asked, entry_id)
    except EntryFaults as wrong:
        book = await service.book(actor, pregnancy_id)
        values = {**wrong.values, "version": fields.get("version", "")}
        return await _form(request, actor, book, kind, values, entry_id=entry_id, wrong=wrong)
    except EntryChanged as refusal:
        book = await service.book(actor, pregnancy_id)
        by_now = _entry(book, entry_id) if entry_id else None
        stands = by_now and frame.Stands(by_now.values, by_now.version)
        return await _form(
            request, actor, book, kind, fields, entry_id=entry_id, refusal=refusal, stands=stands
        )
    except _REFUSALS as refusal:
        book = await service.book(actor, pregnancy_id)
        return await _form(request, actor, book, kind, fields, entry_id=entry_id, refusal=refusal)
    here = f"{HERE}/{pregnancy_id}"
    if kind is kinds.BIRTH and entry_id is None:
        return Redirect(f"{here}/new/newborn", status_code=303)
    return Redirect(here if entry_id else f"{here}?saved={written}", status_code=303)


async def _form(
    request: PortalRequest,
    actor: Actor,
    book: Book,
    kind: Kind,
    values: Mapping[str, str],
    *,
    entry_id: UUID | None = None,
    wrong: EntryFaults | None = None,
    refusal: Problem | None = None,
    stands: frame.Stands | None = None,
) -> Response[bytes]:
    here, name = place_of(book), NAMES[kind.name]
    shown = [each.name for each in kind.fields]
    if kind is kinds.ULTRASOUND and not book.has_several and not values.get("fetus"):
        shown.remove("fetus")
    entry = f"{here}/entries/{entry_id}"
    return await frame.form(
        request,
        actor,
        kind,
        title=say(request, f"maternal.kind.{name}"),
        lead=say(request, f"maternal.lead.{name}"),
        action=entry if entry_id else f"{here}/new/{name}",
        back=Way(here, say(request, "maternal.title")),
        values=values,
        version=frame.version_in(values),
        wrong=wrong,
        refusal=refusal,
        stands=stands,
        remove=f"{entry}/remove" if entry_id else "",
        names=shown,
        has_on=kind is not kinds.NEWBORN,
    )


async def _ask(
    request: PortalRequest,
    actor: Actor,
    pregnancy_id: UUID,
    entry_id: UUID,
    refusal: Problem | None = None,
) -> Response[bytes]:
    book = await service.book(actor, pregnancy_id)
    entry = _entry(book, entry_id)
    means = say(request, "maternal.remove.birth") if entry is book.birth else ""
    return await frame.removal(
        request,
        actor,
        title=say(
            request,
            "maternal.remove.entry",
            name=say(request, f"maternal.kind.{NAMES[entry.kind]}"),
        ),
        facts=said.facts_of(request, entry),
        action=f"{place_of(book)}/entries/{entry_id}/remove",
        back=Way(place_of(book), say(request, "maternal.title")),
        means=frame.why(request, refusal) if refusal else means,
    )


def _kind(name: str) -> Kind:
    found = next((each for each in kinds.OF_BOOK if each.name == KINDS.get(name)), None)
    if found is None:
        raise NotFound
    return found


def _entry(book: Book, entry_id: UUID) -> Written:
    found = next((each for each in book.whole[1:] if each.entry_id == entry_id), None)
    if found is None:
        raise NotFound
    return found


routes: list[ControllerRouterHandler] = [
    new_page,
    write,
    correct_page,
    correct,
    ask_removal,
    remove,
]
