"""One measurement: corrected, or removed after being asked."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.core.errors import Problem
from api.identity.guards import PORTAL, UPLOAD, participants_only
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from api.phr.entries.service import Entry
from api.phr.vitals import service
from api.phr.vitals.kinds import OF_NAME
from web_portal.page import PortalRequest, say
from web_portal.pages.book import frame
from web_portal.pages.book.frame import Way
from web_portal.pages.book.vitals import words
from web_portal.pages.book.vitals.words import HERE


@get(
    f"{HERE}/{{entry_id:uuid}}/correct",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def correct_page(
    request: PortalRequest, actor: NamedDependency[Actor], entry_id: FromPath[UUID]
) -> Response[bytes]:
    entry = await service.one(actor, entry_id)
    return await _form(request, actor, entry, entry.values, entry.version)


@post(
    f"{HERE}/{{entry_id:uuid}}/correct",
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def correct(
    request: PortalRequest, actor: NamedDependency[Actor], entry_id: FromPath[UUID]
) -> Response[bytes]:
    entry = await service.one(actor, entry_id)
    fields = await frame.typed(request, OF_NAME[entry.kind])
    version = frame.version_in(fields)
    values = {name: said for name, said in fields.items() if name not in ("sure", "version")}
    try:
        await service.correct(actor, entry_id, version, values, fields.get("sure", ""))
    except EntryFaults as wrong:
        return await _form(request, actor, entry, wrong.values, version, wrong=wrong)
    except EntryChanged as refusal:
        entry = await service.one(actor, entry_id)
        stands = frame.Stands(entry.values, entry.version)
        return await _form(request, actor, entry, fields, version, refusal=refusal, stands=stands)
    except NotTakingPart as refusal:
        return await _form(request, actor, entry, fields, version, refusal=refusal)
    return Redirect(_list(entry), status_code=303)


@get(
    f"{HERE}/{{entry_id:uuid}}/remove",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def ask_removal(
    request: PortalRequest, actor: NamedDependency[Actor], entry_id: FromPath[UUID]
) -> Response[bytes]:
    entry = await service.one(actor, entry_id)
    name = words.title(request, entry.kind)
    return await frame.removal(
        request,
        actor,
        title=say(request, "vitals.remove.title"),
        facts=[
            (name, words.value(request, entry.kind, entry.values)),
            (say(request, "own.field.on"), words.when(request, entry)),
        ],
        action=f"{HERE}/{entry_id}/remove",
        back=Way(_list(entry), name),
    )


@post(
    f"{HERE}/{{entry_id:uuid}}/remove",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def remove(actor: NamedDependency[Actor], entry_id: FromPath[UUID]) -> Response[bytes]:
    found = await service.several(actor, [entry_id])
    await service.remove(actor, [entry_id])
    return Redirect(f"{_list(found[0]) if found else HERE}?removed=yes", status_code=303)


async def _form(
    request: PortalRequest,
    actor: Actor,
    entry: Entry,
    values: dict[str, str],
    version: int,
    *,
    wrong: EntryFaults | None = None,
    refusal: Problem | None = None,
    stands: frame.Stands | None = None,
) -> Response[bytes]:
    return await frame.form(
        request,
        actor,
        OF_NAME[entry.kind],
        title=say(request, "vitals.correct.title", kind=words.title(request, entry.kind)),
        action=f"{HERE}/{entry.entry_id}/correct",
        back=Way(_list(entry), words.title(request, entry.kind)),
        values=values,
        version=version,
        wrong=wrong,
        refusal=refusal,
        stands=stands,
        remove=f"{HERE}/{entry.entry_id}/remove",
    )


def _list(entry: Entry) -> str:
    return f"{HERE}/kinds/{entry.kind}"


routes: list[ControllerRouterHandler] = [correct_page, correct, ask_removal, remove]
