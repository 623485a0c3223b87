"""This looks wrong: a question about one event, and what became of it; the officer's answer."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.access_log.events import EventName
from api.access_log.filters import kind_of
from api.core import i18n
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.guards import LOG, PORTAL, participants_only, support_only
from api.support.errors import AskedAlready, NotThisStep, QuestionFaults
from api.support.questions import service
from api.support.questions.rules import REASONS
from api.support.questions.schemas import view
from api.support.reading import service as reading
from api.support.reading.log_lines import LogLine
from web_portal.page import PortalRequest, preferences, render, say

HERE = "/access-log"
Number = Annotated[int, PathParameter(ge=1, le=2**62)]


class Asking(Struct):
    reason: str = ""
    words: str = ""


class Answer(Struct):
    words: str = ""


@get(f"{HERE}/questions", guards=[participants_only], opt=PORTAL | LOG, include_in_schema=False)
async def listed(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    locale = preferences(request).locale
    found = [view(each, locale) for each in await service.mine(actor)]
    return await render(request, "questions.html", actor, questions=found)


@get(
    f"{HERE}/{{number:int}}/question",
    guards=[participants_only],
    opt=PORTAL | LOG,
    include_in_schema=False,
)
async def one(
    request: PortalRequest, actor: NamedDependency[Actor], number: Number
) -> Response[bytes]:
    return await _page(request, actor, number)


@post(
    f"{HERE}/{{number:int}}/question",
    guards=[participants_only],
    opt=PORTAL | LOG,
    include_in_schema=False,
)
async def ask(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    number: Number,
    data: URLEncodedBody[Asking],
) -> Response[bytes]:
    """Asking twice leads to what was asked first."""
    try:
        await service.ask(actor, number, data.reason, data.words)
    except QuestionFaults as fault:
        return await _page(request, actor, number, fault=fault, data=data)
    except AskedAlready:
        pass
    return _to(number)


@post(
    f"{HERE}/{{number:int}}/question/settle",
    guards=[participants_only],
    opt=PORTAL | LOG,
    include_in_schema=False,
)
async def settle(actor: NamedDependency[Actor], number: Number) -> Response[bytes]:
    with suppress(NotThisStep):  # the page says how it stands
        await service.settle(actor, number)
    return _to(number)


@post(
    f"{HERE}/{{number:int}}/question/reopen",
    guards=[participants_only],
    opt=PORTAL | LOG,
    include_in_schema=False,
)
async def reopen(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    number: Number,
    data: URLEncodedBody[Answer],
) -> Response[bytes]:
    try:
        await service.reopen(actor, number, data.words)
    except QuestionFaults as fault:
        return await _page(request, actor, number, fault=fault, data=Asking("", data.words))
    except NotThisStep:
        pass
    return _to(number)


@get(
    "/support/questions/{case_id:uuid}",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def for_officer(
    request: PortalRequest, actor: NamedDependency[Actor], case_id: FromPath[UUID]
) -> Response[bytes]:
    return await _officers_page(request, actor, case_id)


@post(
    "/support/questions/{case_id:uuid}/answer",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def answer(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    case_id: FromPath[UUID],
    data: URLEncodedBody[Answer],
) -> Response[bytes]:
    try:
        await service.answer(actor, case_id, data.words)
    except QuestionFaults as fault:
        return await _officers_page(request, actor, case_id, fault=fault, words=data.words)
    except NotThisStep:
        pass
    return Redirect("/support", status_code=303)


async def _page(
    request: PortalRequest,
    actor: Actor,
    number: int,
    *,
    fault: QuestionFaults | None = None,
    data: Asking | None = None,
) -> Response[bytes]:
    """404 for a number the log does not have."""
    locale = preferences(request).locale
    question = await service.of_event(actor, number)
    log = await reading.log(actor, locale, before=number + 1, count=1)
    return await render(
        request,
        "question.html",
        actor,
        status=fault.status if fault else 200,
        path=f"{HERE}/{number}/question",
        row=log.lines[0],
        question=view(question, locale) if question else None,
        reasons=[(each, say(request, f"question.reason.{each}")) for each in REASONS],
        days=directory.profile().support.question_days,
        values={"reason": data.reason if data else "", "words": data.words if data else ""},
        errors={name: say(request, key) for name, key in fault.fields.items()} if fault else {},
    )


async def _officers_page(
    request: PortalRequest,
    actor: Actor,
    case_id: UUID,
    *,
    fault: QuestionFaults | None = None,
    words: str = "",
) -> Response[bytes]:
    locale = preferences(request).locale
    found = await service.for_officer(actor, case_id)
    if found.row is None:
        raise NotFound
    (line,) = await reading.Lines(actor, locale).of([found.row])
    question = view(found.question, locale)
    return await render(
        request,
        "support/question.html",
        actor,
        status=fault.status if fault else 200,
        path=f"/support/questions/{case_id}",
        case_id=case_id,
        name=found.name,
        facts=_facts(request, line),
        kinds_title=say(
            request,
            "access_log.kinds.exported"
            if line.event == EventName.RECORDS_EXPORTED
            else "access_log.kinds",
        ),
        kinds=[(kind.label, kind.count) for kind in line.kinds],
        question=question,
        is_open=found.is_open and question.state in ("received", "reopened"),
        values={"words": words},
        errors={name: say(request, key) for name, key in fault.fields.items()} if fault else {},
    )


def _facts(request: PortalRequest, line: LogLine) -> list[tuple[str, str]]:
    """Who, where, when and what kind of event; nothing of what the settings or records say."""
    kind = kind_of(EventName(line.event))
    who = " ".join(filter(None, (line.who, line.profession)))
    facts = {
        "number": str(line.number),
        "at": i18n.moment(preferences(request).locale, line.at),
        "kind": say(request, f"access_log.kind_of.{kind}"),
        "outcome": say(request, f"support.question.outcome.{line.outcome}"),
        "facility": line.facility,
        "who": who,
        "purpose": line.purpose,
    }
    return [
        (say(request, f"support.question.fact.{name}"), value)
        for name, value in facts.items()
        if value
    ]


def _to(number: int) -> Response[bytes]:
    return Redirect(f"{HERE}/{number}/question", status_code=303)


routes: list[ControllerRouterHandler] = [
    listed,
    one,
    ask,
    settle,
    reopen,
    for_officer,
    answer,
]
