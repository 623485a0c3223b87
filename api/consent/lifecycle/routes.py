"""Terms, places lived in, ways of letting people in, papers: a participant's own, for apps."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from api.consent import service
from api.consent.errors import NoSuchScheme, SettingsChangedMeanwhile
from api.consent.lifecycle import dwelling, paper_import, schemes, terms
from api.consent.lifecycle.dwelling import Dwelling
from api.consent.settings.conflicts import both_shown
from api.consent.settings.switches import ChooseScheme, Scheme
from api.core import i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import API, CONSENT, SETTINGS, participants_only

ApiRequest = Request[Any, Any, Any]
Version = Annotated[int, Meta(ge=0, description="The version the change was made from.")]


class TermsView(Struct):
    """`version` and `text` are in force; with `is_asked`, taking part lapses at `ends_at`."""

    version: str
    text: str
    changes: str | None
    is_asked: bool
    answer_by: date | None
    ends_at: datetime | None


class TermsAnswer(Struct, forbid_unknown_fields=True):
    """`version` as it was shown: nobody agrees to terms they did not see."""

    answer: Literal["accept", "refuse"]
    version: Annotated[str, Meta(max_length=40)]


class RecordsWish(Struct, forbid_unknown_fields=True):
    """Null shows earlier records too. `undo` takes the last change back instead."""

    data_from: date | None = None
    undo: bool = False


class Place(Struct, forbid_unknown_fields=True):
    """A region's code and the days `[from_on, until_on)`; null: ever since, or still."""

    region: Annotated[str, Meta(max_length=40)]
    from_on: date | None = None
    until_on: date | None = None


class Places(Struct, forbid_unknown_fields=True):
    version: Version
    places: Annotated[list[Place], Meta(max_length=dwelling.MOST_PLACES)]


class SchemeView(Struct):
    code: str
    name: str
    explanation: str
    is_default: bool
    is_chosen: bool


class Schemes(Struct):
    version: int
    schemes: list[SchemeView]


class SchemeWish(Struct, forbid_unknown_fields=True):
    version: Version
    scheme: Scheme


class PaperView(Struct):
    id: UUID
    choice: Literal["participate", "refuse"]
    signed_on: date
    taken_at: datetime


class Lifecycle(Controller):
    """Texts come in the first language of `Accept-Language`, Japanese or English."""

    path = "/me"
    opt = API | CONSENT
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My participation"]  # noqa: RUF012

    @get("/participation/terms", summary="The terms, and whether I am asked to agree to them")
    async def show_terms(self, request: ApiRequest, actor: NamedDependency[Actor]) -> TermsView:
        return await _terms(request, actor)

    @post("/participation/terms", status_code=200, summary="Agree to new terms, or not")
    async def answer(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[TermsAnswer]
    ) -> TermsView:
        """Agreeing keeps settings and the day records are shown from. Refusing ends taking part.
        409 where nothing is asked, or other terms are in force by now."""
        await terms.answer(actor, data.answer, data.version)
        return await _terms(request, actor)

    @post("/participation/records", status_code=204, summary="From which day records are shown")
    async def show_from(self, actor: NamedDependency[Actor], data: JSONBody[RecordsWish]) -> None:
        """422 for a day to come."""
        await dwelling.show_from(actor, data.data_from, is_undo=data.undo)

    @get("/residence", opt=SETTINGS, summary="Where I live and lived")
    async def places(self, actor: NamedDependency[Actor]) -> Places:
        """In safe mode every `region` is empty."""
        return _places(await dwelling.dwelling(actor), actor)

    @put("/residence", opt=SETTINGS, summary="Say where I live and lived")
    async def live_in(self, actor: NamedDependency[Actor], data: JSONBody[Places]) -> Places:
        """The whole list replaces the one before. 409 when `version` is stale: `current` holds the
        list as it is, `wanted` the one sent. 422 for a region this network does not have or a time
        that ends before it begins; 403 in safe mode."""
        said = tuple(
            dwelling.place(each.region, each.from_on, each.until_on) for each in data.places
        )
        try:
            done = await dwelling.live_in(actor, said, expected_version=data.version)
            return _places(done, actor)
        except SettingsChangedMeanwhile as conflict:
            current = _places(await dwelling.dwelling(actor), actor)
            conflict.members = {"current": current, "wanted": data.places}
            raise

    @get("/scheme", opt=SETTINGS, summary="Ways of letting people in")
    async def offers(self, request: ApiRequest, actor: NamedDependency[Actor]) -> Schemes:
        """Empty in a network that offers no choice."""
        return await _schemes(request, actor)

    @put("/scheme", opt=SETTINGS, summary="Pick another way of letting people in")
    async def choose(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[SchemeWish]
    ) -> Schemes:
        """One new version of the settings, undone like any. 409 when `version` is stale, 422 for
        a way this network does not offer."""
        if not schemes.is_offered(data.scheme):
            raise NoSuchScheme
        command = ChooseScheme(code=data.scheme)
        async with both_shown(actor, _locale(request)):
            await service.change(actor, [command], expected_version=data.version)
        return await _schemes(request, actor)

    @get("/papers", summary="What I signed on paper")
    async def papers(self, actor: NamedDependency[Actor]) -> list[PaperView]:
        return [
            PaperView(each.paper_id, each.choice, each.signed_on, each.imported_at)
            for each in await paper_import.own_papers(actor)
        ]

    @get("/papers/{paper_id:uuid}", summary="The scan of a paper I signed")
    async def scan(
        self, actor: NamedDependency[Actor], paper_id: FromPath[UUID]
    ) -> Response[bytes]:
        kind, content = await paper_import.own_scan(actor, paper_id)
        return Response(content, media_type=kind, headers={"content-disposition": "attachment"})


async def _terms(request: ApiRequest, actor: Actor) -> TermsView:
    locale, in_force = _locale(request), directory.profile().terms_in_force
    asked = await terms.question(actor)
    return TermsView(
        in_force.version,
        in_force.text.said(locale),
        in_force.changes.said(locale) if in_force.changes else None,
        asked is not None,
        asked.answer_by if asked else None,
        asked.ends_at if asked else None,
    )


async def _schemes(request: ApiRequest, actor: Actor) -> Schemes:
    state, chosen = await service.settings(actor), await schemes.chosen(actor)
    offered = schemes.offers(_locale(request))
    return Schemes(
        state.directive.version, [SchemeView(*each, each.code == chosen) for each in offered]
    )


def _places(found: Dwelling, actor: Actor) -> Places:
    return Places(
        found.version,
        [
            Place("" if actor.is_safe else each.region, each.from_on, each.until_on)
            for each in found.places
        ],
    )


def _locale(request: ApiRequest) -> str:
    return i18n.preferred(request.headers.get("accept-language", "ja"))


routes = [Lifecycle]
