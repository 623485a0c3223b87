"""The maternal record's own pages: where it stands, what is ahead, its pictures, and its end."""

from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core import clock
from api.core.actor import Actor
from api.core.errors import Problem
from api.identity.guards import PORTAL, UPLOAD, VIEW, participants_only
from api.phr.child import service as children
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from api.phr.entries.service import cut
from api.phr.maternal import dates, kinds, schedule, service
from api.phr.maternal.book import Book
from api.phr.maternal.errors import PregnancyOpen
from api.phr.maternal.service import Asked
from web_portal.page import Flash, PortalRequest, render, say
from web_portal.pages.book import frame
from web_portal.pages.book.frame import Way
from web_portal.pages.book.pregnancy import said
from web_portal.pages.book.pregnancy.said import HERE, place_of

ONE = f"{HERE}/{{pregnancy_id:uuid}}"
ON_A_PAGE: Final = 50
# In the order they are asked for
_BEGIN = ("edd", "lmp", "dated_by", "height", "weight_before", "babies", "remark")


@get(HERE, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def show(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """The open one; else where to begin."""
    found = await service.books(actor)
    now = next((each for each in found if each.state == "open"), None)
    if now is not None:
        return await overview(request, actor, now, has_others=len(found) > 1)
    return await render(
        request,
        "book/pregnancy/none.html",
        actor,
        births=[_line(request, each) for each in found if each.state == "born"],
        has_closed=any(each.state == "closed" for each in found),
    )


@get(f"{HERE}/earlier", guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def earlier(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """All that are not open, one like the other."""
    found = [each for each in await service.books(actor) if each.state != "open"]
    return await render(
        request,
        "book/pregnancy/earlier.html",
        actor,
        books=[_line(request, each) for each in found],
    )


@get(f"{HERE}/new", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def begin_page(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    now = await service.open_book(actor)
    if now is not None:
        return Redirect(place_of(now), status_code=303)
    return await _form(request, actor, {})


@post(
    f"{HERE}/new",
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def begin(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    fields = await frame.typed(request, kinds.PREGNANCY)
    try:
        begun = await service.begin(actor, Asked(fields, fields.get("sure", "")))
    except EntryFaults as wrong:
        return await _form(request, actor, wrong.values or fields, wrong=wrong)
    except (PregnancyOpen, NotTakingPart) as refusal:
        return await _form(request, actor, fields, refusal=refusal)
    return Redirect(f"{HERE}/{begun}", status_code=303)


@get(f"{HERE}/visits/new", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def visit_of_open(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """A lasting address for the form of a visit."""
    now = await service.open_book(actor)
    return Redirect(f"{place_of(now)}/new/visit" if now else HERE, status_code=303)


@get(ONE, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def one(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    pregnancy_id: FromPath[UUID],
    saved: FromQuery[UUID | None] = None,
    after: Annotated[str, QueryParameter(max_length=100)] = "",
) -> Response[bytes]:
    book = await service.book(actor, pregnancy_id)
    return await overview(request, actor, book, saved=saved, after=after)


@get(f"{ONE}/schedule", guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def ahead(
    request: PortalRequest, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]
) -> Response[bytes]:
    """Of a pregnancy that is over nothing lies ahead."""
    book = await service.book(actor, pregnancy_id)
    if book.state != "open":
        return Redirect(place_of(book), status_code=303)
    today = clock.today_in_japan()
    return await render(
        request,
        "book/pregnancy/schedule.html",
        actor,
        here=place_of(book),
        visits=[said.visit_said(each) for each in book.visits(today)],
        tests=[said.due_said(request, each) for each in book.tests(today)],
        rsv=schedule.rsv_vaccine(book.due_on),
    )


@get(f"{ONE}/charts", guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def charts(
    request: PortalRequest, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]
) -> Response[bytes]:
    book = await service.book(actor, pregnancy_id)
    return await render(
        request,
        "book/pregnancy/charts.html",
        actor,
        here=place_of(book),
        is_quiet=book.is_quiet,
        weights=said.weights_said(request, book),
        fetal=said.measured_said(request, book),
    )


@get(f"{ONE}/dates", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def dates_page(
    request: PortalRequest, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]
) -> Response[bytes]:
    book = await service.book(actor, pregnancy_id)
    values = {**book.head.values, "version": str(book.head.version)}
    return await _form(request, actor, values, book=book)


@post(
    f"{ONE}/dates",
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def correct(
    request: PortalRequest, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]
) -> Response[bytes]:
    fields = await frame.typed(request, kinds.PREGNANCY)
    asked = Asked(fields, fields.get("sure", ""), frame.version_in(fields))
    try:
        await service.correct(actor, pregnancy_id, asked)
    except EntryFaults as wrong:
        book = await service.book(actor, pregnancy_id)
        values = {**wrong.values, "version": fields.get("version", "")}
        return await _form(request, actor, values, book=book, wrong=wrong)
    except EntryChanged as refusal:
        book = await service.book(actor, pregnancy_id)
        stands = frame.Stands(book.head.values, book.head.version)
        return await _form(request, actor, fields, book=book, refusal=refusal, stands=stands)
    except NotTakingPart as refusal:
        book = await service.book(actor, pregnancy_id)
        return await _form(request, actor, fields, book=book, refusal=refusal)
    return Redirect(f"{HERE}/{pregnancy_id}", status_code=303)


async def overview(
    request: PortalRequest,
    actor: Actor,
    book: Book,
    *,
    has_others: bool = True,
    saved: UUID | None = None,
    after: str = "",
    refusal: Problem | None = None,
) -> Response[bytes]:
    today = clock.today_in_japan()
    visits = book.visits(today)
    dated = await service.due_dates(actor, book.id)
    at = book.at(today)
    flash: Flash | None = None
    if refusal is not None:
        flash = {"kind": "error", "title": frame.why(request, refusal), "text": ""}
    page = cut(book.entries, lambda each: each.entry_id, after, ON_A_PAGE)
    written = next((each for each in book.entries if each.entry_id == saved), None)
    return await render(
        request,
        "book/pregnancy/one.html",
        actor,
        status=refusal.status if refusal else 200,
        flash=flash,
        path=place_of(book),
        here=place_of(book),
        state=book.state,
        week=said.week_said(request, at) if book.state == "open" else "",
        is_over=at is not None and at.weeks >= 42,
        may_be_born=at is not None and at.weeks >= dates.BIRTH_FROM.days // 7,
        due_on=book.due_on,
        days_left=said.days_until(book.due_on),
        earlier_dates=[each.due_on for each in dated[1:] if each.due_on != book.due_on],
        facts=said.head_facts(request, book),
        following=schedule.following(visits),
        done=sum(each.state == "done" for each in visits),
        written=[said.entry_said(request, book, each) for each in page.items],
        next=page.next,
        after=after,
        birth=said.entry_said(request, book, book.birth) if book.birth else None,
        newborns=await _newborns(request, actor, book),
        missing=book.missing(),
        is_quiet=book.is_quiet,
        has_others=has_others,
        saved=said.entry_said(request, book, written) if written else None,
        is_kept=await service.is_kept(actor, book.id),
    )


async def _form(
    request: PortalRequest,
    actor: Actor,
    values: dict[str, str],
    *,
    book: Book | None = None,
    wrong: EntryFaults | None = None,
    refusal: Problem | None = None,
    stands: frame.Stands | None = None,
) -> Response[bytes]:
    here = place_of(book) if book else HERE
    part = "dates" if book else "new"
    return await frame.form(
        request,
        actor,
        kinds.PREGNANCY,
        title=say(request, f"maternal.{part}.title"),
        lead=say(request, f"maternal.{part}.lead"),
        action=f"{here}/{part}",
        back=Way(here, say(request, "maternal.title")),
        values=values,
        version=frame.version_in(values),
        wrong=wrong,
        refusal=refusal,
        stands=stands,
        names=_BEGIN,
        has_on=False,
    )


def _line(request: PortalRequest, book: Book) -> dict[str, object]:
    return {
        "href": place_of(book),
        "on": book.birth.on if book.birth else None,
        "due_on": book.due_on,
        "state": book.state,
    }


async def _newborns(request: PortalRequest, actor: Actor, book: Book) -> list[dict[str, object]]:
    if book.birth is None or not book.newborns:
        return []
    living = book.living
    begun = said.begun(book.birth.on, living, await children.children(actor))
    child_of = dict(zip((each.entry_id for each in living), begun, strict=True))
    return [
        said.entry_said(request, book, each)
        | {
            "number": each.values.get("number", "1"),
            "child": child_of.get(each.entry_id),
            "is_parted": each.entry_id not in child_of,
        }
        for each in book.newborns
    ]


routes: list[ControllerRouterHandler] = [
    show,
    earlier,
    begin_page,
    begin,
    visit_of_open,
    one,
    ahead,
    charts,
    dates_page,
    correct,
]
