"""What somebody wants done when they cannot say it: what stands, and who may read it."""

from datetime import date
from typing import Any, Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import PORTAL, VIEW, participants_only
from api.phr.directives import paper, people, service
from api.phr.directives.kinds import STATEMENT
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from api.records.own.wishes import reach_of
from web_portal.page import Flash, PortalRequest, render, say
from web_portal.pages.book import frame, saying
from web_portal.pages.book.frame import Way

HERE: Final = "/book/wishes"
REFUSALS: Final = (EntryChanged, NotTakingPart)
READ: Final[dict[str, Any]] = {
    "guards": [participants_only],
    "opt": PORTAL | VIEW,
    "include_in_schema": False,
}
# No power of a proxy opens these: wishes are one's own.
WRITE: Final[dict[str, Any]] = READ | {"opt": PORTAL}
DONE: Final = ("stated", "called", "added", "removed", "revoked")


@get(HERE, **READ)
async def shown(
    request: PortalRequest, actor: NamedDependency[Actor], done: FromQuery[str] = ""
) -> Response[bytes]:
    found = await service.wishes(actor)
    return await render(
        request,
        "book/wishes/all.html",
        actor,
        flash=flash_of(request, done),
        path=HERE,
        reach=say(request, f"wish.reach.{await reach_of(actor, found)}"),
        statement=found.statement
        and {
            "on": found.statement.on,
            "version": found.statement.version,
            "facts": saying.facts_of(request, STATEMENT, found.statement.values),
        },
        people=people.people_of(found.people.values) if found.people else (),
        people_version=found.people.version if found.people else 0,
        most_people=people.MOST,
        documents=[
            {
                "id": each.entry_id,
                "dated": date.fromisoformat(each.values["dated"]),
                "title": each.values["title"],
                "kind": say(request, f"wish.document.{each.values['media']}"),
                "kilobytes": -(-paper.size_of(each.values["content"]) // 1024),
            }
            for each in found.documents
        ],
        most_documents=paper.MOST_DOCUMENTS,
    )


@get(f"{HERE}/statement", **WRITE)
async def statement(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    found = await service.statement(actor)
    values = dict(found.values) if found else {}
    return await _form(request, actor, values, found.version if found else 0)


@post(f"{HERE}/statement", status_code=200, **WRITE)
async def state(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    fields = await frame.typed(request, STATEMENT)
    version = frame.version_in(fields)
    try:
        await service.state(actor, fields, version, fields.get("sure", ""))
    except EntryFaults as wrong:
        return await _form(request, actor, wrong.values, version, wrong=wrong)
    except REFUSALS as refusal:
        by_now = await service.statement(actor) if isinstance(refusal, EntryChanged) else None
        stands = by_now and frame.Stands(by_now.values, by_now.version)
        return await _form(request, actor, fields, version, refusal=refusal, stands=stands)
    return Redirect(f"{HERE}?done=stated", status_code=303)


@get(f"{HERE}/versions", **READ)
async def versions(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    found = await service.versions(actor)
    if not found:
        raise NotFound
    return await render(
        request,
        "book/wishes/versions.html",
        actor,
        versions=[
            {
                "number": each.entry.version,
                "on": each.entry.on,
                "at": each.entry.written_at,
                "changes": [
                    {
                        "name": saying.label_of(request, STATEMENT, change.name),
                        "before": _said(request, change.name, change.before),
                        "after": _said(request, change.name, change.after),
                    }
                    for change in each.changes
                ],
                "is_first": each.entry.version == 1,
            }
            for each in found
        ],
    )


@get(f"{HERE}/revoke", **WRITE)
async def ask_revoke(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    found = await service.wishes(actor)
    if not found.entries:
        raise NotFound
    return await frame.removal(
        request,
        actor,
        title=say(request, "wish.revoke.title"),
        facts=[],
        action=f"{HERE}/revoke",
        back=back(request),
        means=say(request, "wish.revoke.means"),
    )


@post(f"{HERE}/revoke", **WRITE)
async def revoke(actor: NamedDependency[Actor]) -> Response[bytes]:
    await service.revoke(actor)
    return Redirect(f"{HERE}?done=revoked", status_code=303)


def back(request: PortalRequest) -> Way:
    return Way(HERE, say(request, "wish.title"))


def flash_of(request: PortalRequest, done: str) -> Flash | None:
    if done not in DONE:
        return None
    return {"kind": "success", "title": say(request, f"wish.done.{done}"), "text": ""}


async def _form(
    request: PortalRequest, actor: Actor, values: dict[str, str], version: int, **more: Any
) -> Response[bytes]:
    return await frame.form(
        request,
        actor,
        STATEMENT,
        title=say(request, "wish.statement.title"),
        lead=say(request, "wish.statement.lead"),
        action=f"{HERE}/statement",
        back=back(request),
        values=values,
        version=version,
        has_on=False,
        **more,
    )


def _said(request: PortalRequest, name: str, value: str) -> str:
    if not value:
        return say(request, "wish.versions.nothing")
    field = STATEMENT.field(name)
    return saying.value_said(request, STATEMENT, field, value) if field else value


routes: list[ControllerRouterHandler] = [
    shown,
    statement,
    state,
    versions,
    ask_revoke,
    revoke,
]
