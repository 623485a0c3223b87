"""This looks wrong, for apps: ask about an event, read the answer, be content or ask once more."""

from typing import Annotated, Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from api.core import i18n
from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import API, LOG, participants_only
from api.support.questions import service
from api.support.questions.schemas import NewQuestion, Questions, QuestionView, Reopening, view

ApiRequest = Request[Any, Any, Any]
Number = Annotated[int, PathParameter(ge=1, le=2**62)]


class MyQuestions(Controller):
    """Texts come in the first language of `Accept-Language`, Japanese or English."""

    path = "/me/access-log"
    opt = API | LOG
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My access log"]  # noqa: RUF012

    @get("/questions", summary="What I asked about my log")
    async def listed(self, request: ApiRequest, actor: NamedDependency[Actor]) -> Questions:
        """Each with its state, the day an answer is promised by, and every step."""
        found = await service.mine(actor)
        return Questions([view(each, _locale(request)) for each in found])

    @get("/{number:int}/question", summary="What I asked about one event")
    async def one(
        self, request: ApiRequest, actor: NamedDependency[Actor], number: Number
    ) -> QuestionView:
        """404 where nothing was asked."""
        found = await service.of_event(actor, number)
        if found is None:
            raise NotFound
        return view(found, _locale(request))

    @post("/{number:int}/question", status_code=201, summary="This looks wrong")
    async def ask(
        self,
        request: ApiRequest,
        actor: NamedDependency[Actor],
        number: Number,
        data: JSONBody[NewQuestion],
    ) -> QuestionView:
        """The support centre answers by `due_on`. One question for each event: 409 for a second."""
        found = await service.ask(actor, number, data.reason, data.words)
        return view(found, _locale(request))

    @post("/{number:int}/question/settlement", status_code=200, summary="The answer is enough")
    async def settle(
        self, request: ApiRequest, actor: NamedDependency[Actor], number: Number
    ) -> QuestionView:
        """Ends the question. 409 unless an answer stands."""
        return view(await service.settle(actor, number), _locale(request))

    @post("/{number:int}/question/reopening", status_code=200, summary="Ask once more")
    async def reopen(
        self,
        request: ApiRequest,
        actor: NamedDependency[Actor],
        number: Number,
        data: JSONBody[Reopening],
    ) -> QuestionView:
        """Once, with a new due day. 409 unless an answer stands that was not reopened before."""
        return view(await service.reopen(actor, number, data.words), _locale(request))


def _locale(request: ApiRequest) -> str:
    return i18n.preferred(request.headers.get("accept-language", "ja"))


routes = [MyQuestions]
