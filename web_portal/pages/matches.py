"""The support centre's doubts: whether a facility's patient is a participant, side by side."""

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core import i18n
from api.core.actor import Actor
from api.identity.errors import EnrolmentFaults
from api.identity.guards import PORTAL, support_only
from api.records.matching import deciding
from api.records.matching.deciding import DECISIONS, Doubt
from api.records.matching.persons import Demographics
from web_portal.page import Flash, PageNumber, PortalRequest, pages_of, preferences, render, say
from web_portal.pages.proxies.mine import typed as typed_in

HERE = "/support/matches"
ON_A_PAGE = 20


@get(HERE, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def queue(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    page: PageNumber = 1,
    done: FromQuery[str] = "",
) -> Response[bytes]:
    waiting, total = await deciding.waiting(actor, page=page, count=ON_A_PAGE)
    locale = preferences(request).locale
    flash: Flash | None = None
    if done in DECISIONS:
        flash = {"kind": "success", "title": say(request, f"match.done.{done}"), "text": ""}
    return await render(
        request,
        "support/matches.html",
        actor,
        path=HERE,
        flash=flash,
        waiting=[each._asdict() | {"facility": each.facility[locale]} for each in waiting],
        unseen=[
            each._asdict()
            | {
                "facility": each.facility[locale],
                "decision": say(request, f"alike.decision.{each.decision}"),
            }
            for each in await deciding.unseen(actor)
        ],
        total=total,
        pager={"page": page, "pages": pages_of(total, ON_A_PAGE)},
    )


@get(f"{HERE}/{{match_id:uuid}}", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def one(
    request: PortalRequest, actor: NamedDependency[Actor], match_id: FromPath[UUID]
) -> Response[bytes]:
    return await _one(request, actor, match_id)


@post(f"{HERE}/{{match_id:uuid}}", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def decide(
    request: PortalRequest, actor: NamedDependency[Actor], match_id: FromPath[UUID]
) -> Response[bytes]:
    form = await typed_in(request)
    decision = form.get("decision", "")
    try:
        await deciding.decide(actor, match_id, decision, form.get("reason", ""))
    except EnrolmentFaults as fault:
        return await _one(request, actor, match_id, fault)
    return Redirect(f"{HERE}?done={decision}", status_code=303)


@post(f"{HERE}/{{match_id:uuid}}/ask", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def ask(actor: NamedDependency[Actor], match_id: FromPath[UUID]) -> Response[bytes]:
    await deciding.ask_facility(actor, match_id)
    return Redirect(HERE, status_code=303)


@post(f"{HERE}/{{match_id:uuid}}/seen", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def seen(actor: NamedDependency[Actor], match_id: FromPath[UUID]) -> Response[bytes]:
    """Another officer has looked at what one decided."""
    await deciding.see(actor, match_id)
    return Redirect(HERE, status_code=303)


async def _one(
    request: PortalRequest, actor: Actor, match_id: UUID, fault: EnrolmentFaults | None = None
) -> Response[bytes]:
    doubt = await deciding.look(actor, match_id)
    fields = fault.fields if fault else {}
    return await render(
        request,
        "support/match.html",
        actor,
        status=fault.status if fault else 200,
        path=f"{HERE}/{match_id}",
        id=match_id,
        facility=doubt.waiting.facility[preferences(request).locale],
        number=doubt.waiting.number,
        asked_at=doubt.waiting.asked_at,
        bits=doubt.compared.bits,
        rows=_rows(request, doubt),
        decisions=[(each, say(request, f"alike.decision.{each}")) for each in DECISIONS],
        errors={
            name: f"{say(request, key)} {say(request, f'{key}.next')}"
            for name, key in fields.items()
        },
    )


def _rows(request: PortalRequest, doubt: Doubt) -> list[dict[str, Any]]:
    """Field by field: what each side says, and in words how they compare."""
    sent, registered = _said(request, doubt.sent), _said(request, doubt.registered)
    levels = doubt.compared.levels
    words = {
        "name": [
            say(request, f"match.part.{part}", words=say(request, f"match.name.{levels[part]}"))
            for part in ("family", "given")
            if part in levels
        ]
    }
    for field in ("sex", "birth", "address", "insurance"):
        if field in levels:
            words[field] = [say(request, f"match.{field}.{levels[field]}")]
    same: set[str] = {field for field, level in levels.items() if level == "same"}
    same |= {"name"} if {"family", "given"} <= same else set()
    return [
        {
            "label": say(request, f"match.field.{field}"),
            "sent": sent[field],
            "registered": registered[field],
            "words": words.get(field, [say(request, "match.unknown")]),
            "is_same": field in same,
            "is_compared": field in words,
        }
        for field in sent
    ]


def _said(request: PortalRequest, person: Demographics) -> dict[str, str]:
    locale = preferences(request).locale
    insured = person.insured
    return {
        "name": " / ".join(filter(None, (person.name, person.name_kana))),
        "sex": say(request, f"sex.{person.sex}") if person.sex else "",
        "birth": i18n.day(locale, person.birth_on) if person.birth_on else "",
        "address": person.address,
        "insurance": " / ".join(
            filter(None, (insured.insurer, insured.symbol, insured.number, insured.branch))
        )
        if insured
        else "",
    }


routes: list[ControllerRouterHandler] = [queue, one, decide, ask, seen]
