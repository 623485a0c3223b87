"""Emergency sessions for facilities' systems, and the participant's emergency choice for apps."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.access_log import receipts
from api.consent.settings.telling import label
from api.core import i18n, runtime
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.emergency import choices, reviews
from api.emergency import service as emergency
from api.emergency.disaster import service as disasters
from api.emergency.errors import NotOpened, PurposeNeeded
from api.emergency.holding import service as holds
from api.emergency.service import BREAK_GLASS, Ground, View
from api.fhir import codes
from api.fhir.bundle import searchset_bytes
from api.identity.card import CardFault, CardNumber
from api.identity.guards import (
    ANYBODY,
    API,
    LOG,
    SETTINGS,
    anyone,
    bearer,
    participants_only,
    systems_that_read,
)
from api.identity.tokens import systems
from api.records import finding, parse, service
from api.records.emergency import nominees
from api.records.emergency import service as in_emergency
from api.records.errors import UnknownType
from api.records.mapping import CATEGORIES_OF_TYPE, Identifier

ApiRequest = Request[Any, Any, Any]
Short = Annotated[str, Meta(max_length=200)]


class FourItems(Struct):
    """All four must match exactly one person."""

    name: Short
    name_kana: Short
    sex: Literal["female", "male", "other", "unknown"]
    birth_on: date


class Insured(Struct):
    """`insurer` has eight or six digits; without the `branch` it names one person only where no
    relative shares symbol and number."""

    insurer: Short
    number: Short
    symbol: Short = ""
    branch: Short = ""


class OpeningView(Struct):
    """Who, by `card` (16 digits), `emergency_card` (what its QR codes hold), `local_id` (the
    facility's own number), `four_items`, the same four as a `my_number_card` says them, or
    `insurance`; why, as a `reason` code and in `words`. Where a disaster is declared, `four_items`
    and the reason `disaster` need no words and open the summary alone. `hold`: the danger for which
    the notice should wait. The access token names the acting person and purpose BTG."""

    reason: Short
    words: Annotated[str, Meta(max_length=2000)] = ""
    card: Short | None = None
    emergency_card: Annotated[str, Meta(max_length=10_000)] | None = None
    local_id: Short | None = None
    four_items: FourItems | None = None
    my_number_card: FourItems | None = None
    insurance: Insured | None = None
    hold: Annotated[str, Meta(max_length=2000)] = ""


class HoldView(Struct):
    """`reason`: the danger to the participant."""

    reason: Annotated[str, Meta(max_length=2000)]


class DisasterView(Struct):
    """Where disaster mode runs; `region` is the network's code."""

    region: str
    name: str
    until: datetime


class SessionView(Struct):
    """`state`: requested (waits for a second officer), t1 (summary), t2 (widened) or ended.
    `in_disaster`: opened in disaster mode, and the summary is all it reaches."""

    session_id: UUID
    state: Literal["requested", "t1", "t2", "ended"]
    ending: str | None
    expires_at: datetime | None
    may_renew: bool
    in_disaster: bool = False


class ChoiceView(Struct):
    """`kind`: allow, ceiling or refuse; the rest is for a ceiling alone."""

    kind: Literal["allow", "ceiling", "refuse"]
    categories: list[str] = []
    level: Literal["normal", "restricted"] = "restricted"
    shows_hidden: bool = True


class OpenedView(Struct):
    """One emergency viewing and where its review stands; `words` is what the opener wrote."""

    session_id: UUID
    opened_at: datetime
    facility_id: UUID
    who: str
    reason: str
    words: str
    review: str
    due_at: datetime
    is_overdue: bool


class EmergencySessions(Controller):
    """Break-glass for EMRs: open, read as FHIR, widen, renew, close. All of it is logged, told to
    the participant and reviewed."""

    path = "/emergency/sessions"
    guards = [systems_that_read]  # noqa: RUF012 - Litestar's own declaration
    opt = {"door": "fhir"}  # noqa: RUF012
    tags = ["Emergency"]  # noqa: RUF012

    @post("")
    async def open_session(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[OpeningView]
    ) -> SessionView:
        """Opens a session."""
        _for_emergencies(actor)
        by: str = "emergency_card"
        subject: UUID | None
        code_id: UUID | None = None
        if data.emergency_card is not None:
            subject, code_id = await emergency.known_by_card(actor, data.emergency_card)
        else:
            by, subject = await _found(actor, data)
        if subject is None:
            raise NotOpened("not_participating")
        access = systems.access_of(bearer(request) or "")
        vouched_at = systems.vouched_at(access)
        ground = Ground(data.reason, data.words.strip(), by, vouched_at, data.hold, code_id)
        try:
            opened = await emergency.open_session(actor, subject, ground)
        except NotFound as error:
            raise NotOpened("not_participating") from error
        return _shown(await emergency.view(actor, opened.session_id))

    @get("/{session_id:uuid}")
    async def one(self, actor: NamedDependency[Actor], session_id: FromPath[UUID]) -> SessionView:
        """Where the session stands."""
        _for_emergencies(actor)
        return _shown(await emergency.view(actor, session_id))

    @get("/{session_id:uuid}/records", media_type="application/fhir+json")
    async def records(
        self, actor: NamedDependency[Actor], session_id: FromPath[UUID]
    ) -> Response[bytes]:
        """All the session reaches, as a FHIR searchset."""
        return await _bundle(actor, session_id, ())

    @get("/{session_id:uuid}/records/{resource_type:str}", media_type="application/fhir+json")
    async def records_of(
        self,
        actor: NamedDependency[Actor],
        session_id: FromPath[UUID],
        resource_type: FromPath[str],
    ) -> Response[bytes]:
        """All of one type the session reaches."""
        if resource_type not in CATEGORIES_OF_TYPE:
            raise UnknownType
        return await _bundle(actor, session_id, (resource_type,))

    @post("/{session_id:uuid}/widened", status_code=200)
    async def widen(self, actor: NamedDependency[Actor], session_id: FromPath[UUID]) -> SessionView:
        """The second confirmation: up to what the participant allows."""
        _for_emergencies(actor)
        await emergency.widen(actor, session_id)
        return _shown(await emergency.view(actor, session_id))

    @post("/{session_id:uuid}/renewed", status_code=200)
    async def renew(self, actor: NamedDependency[Actor], session_id: FromPath[UUID]) -> SessionView:
        """Six hours from now, once."""
        _for_emergencies(actor)
        await emergency.renew(actor, session_id)
        return _shown(await emergency.view(actor, session_id))

    @post("/{session_id:uuid}/hold", status_code=202)
    async def hold(
        self,
        actor: NamedDependency[Actor],
        session_id: FromPath[UUID],
        data: JSONBody[HoldView],
    ) -> SessionView:
        """Asks two officers that what is told wait; once."""
        _for_emergencies(actor)
        await holds.ask(actor, session_id, data.reason)
        return _shown(await emergency.view(actor, session_id))

    @post("/{session_id:uuid}/closed", status_code=200)
    async def close(self, actor: NamedDependency[Actor], session_id: FromPath[UUID]) -> SessionView:
        """Ends it early."""
        _for_emergencies(actor)
        await emergency.close(actor, session_id)
        return _shown(await emergency.view(actor, session_id))


@get("/emergency/disasters", guards=[anyone], opt=API | ANYBODY, tags=["Emergency"])
async def declared(request: ApiRequest, actor: NamedDependency[Actor]) -> list[DisasterView]:
    """Where disaster mode runs now; for everybody."""
    locale = i18n.preferred(request.headers.get("accept-language", "ja"))
    profile = directory.profile()
    return [
        DisasterView(each.region, label(profile, "region", each.region, locale), each.until_at)
        for each in await disasters.running(actor)
    ]


class MyEmergencies(Controller):
    """What the participant wants shown in an emergency, and what was opened."""

    path = "/me/emergency"
    guards = [participants_only]  # noqa: RUF012
    opt = API
    tags = ["My settings"]  # noqa: RUF012

    @get("", opt=SETTINGS)
    async def chosen(self, actor: NamedDependency[Actor]) -> ChoiceView:
        """The choice in force."""
        _, choice = await choices.chosen(actor)
        level: Literal["normal", "restricted"] = "restricted" if choice.level else "normal"
        return ChoiceView(choice.kind, list(choice.categories), level, choice.shows_hidden)

    @put("", opt=SETTINGS)
    async def choose(self, actor: NamedDependency[Actor], data: JSONBody[ChoiceView]) -> ChoiceView:
        """From the next request of a running session on."""
        level = int(data.level == "restricted")
        wish = choices.choice_of(data.kind, data.categories, level, data.shows_hidden)
        await choices.choose(actor, wish)
        return data

    @get("/sessions", opt=LOG)
    async def sessions(self, actor: NamedDependency[Actor]) -> list[OpenedView]:
        """The newest first."""
        return [
            OpenedView(
                each.session_id,
                each.said[0].at,
                each.facility_id,
                each.by_name,
                each.reason,
                each.words,
                each.state,
                each.due_at,
                each.is_overdue,
            )
            for each in await reviews.about_me(actor)
        ]


class DirectiveView(Struct):
    record_id: UUID
    title: str
    dated: date
    facility_id: UUID


class ViewingView(Struct):
    """That `principal`'s records are open at a facility, or were until less than three days ago."""

    session_id: UUID
    principal: str
    facility_id: UUID
    opened_at: datetime
    until: datetime
    is_running: bool


class MyNominations(Controller):
    """For an emergency nominee: never who opened it or why, and no record but the directives."""

    path = "/me/nominations/viewings"
    guards = [participants_only]  # noqa: RUF012
    opt = API
    tags = ["Proxies"]  # noqa: RUF012

    @get("", summary="Emergency viewings of those who named me")
    async def viewings(self, actor: NamedDependency[Actor]) -> list[ViewingView]:
        """Each look is in the log of whoever it is about."""
        return [
            ViewingView(
                each.session_id,
                one.principal,
                each.facility_id,
                each.opened_at,
                each.until,
                each.is_running,
            )
            for one in await nominees.viewings(actor)
            for each in one.viewings
        ]

    @get("/{session_id:uuid}/directives", summary="Their advance directives")
    async def directives(
        self, actor: NamedDependency[Actor], session_id: FromPath[UUID]
    ) -> list[DirectiveView]:
        """While the viewing runs."""
        found = await nominees.directives(actor, session_id)
        return [
            DirectiveView(each.record_id, each.title, each.on, each.facility_id)
            for each in found.lines
        ]

    @get(
        "/{session_id:uuid}/directives/{record_id:uuid}",
        media_type="application/fhir+json",
        summary="One of them, as FHIR",
    )
    async def directive(
        self,
        actor: NamedDependency[Actor],
        session_id: FromPath[UUID],
        record_id: FromPath[UUID],
    ) -> Response[bytes]:
        body = await nominees.directive(actor, session_id, record_id)
        return Response(parse.encode(body).encode(), media_type="application/fhir+json")


async def _found(actor: Actor, data: OpeningView) -> tuple[str, UUID | None]:
    if data.card is not None:
        card = CardNumber.parse(data.card, directory.profile().card_scheme)
        if isinstance(card, CardFault):
            return "card", None
        return "card", await finding.locate(actor, Identifier(codes.CARD, card.digits))
    if data.local_id is not None:
        named = await directory.named(actor, [actor.facility_id or UUID(int=0)])
        system = codes.patient_in_facility(next(iter(named.values())).code)
        return "local_id", await finding.locate(actor, Identifier(system, data.local_id.strip()))
    for by, four in (("four_items", data.four_items), ("my_number_card", data.my_number_card)):
        if four is not None:
            return by, await emergency.find_by_items(
                actor, four.name, four.name_kana, four.sex, four.birth_on
            )
    if data.insurance is not None:
        said = data.insurance
        return "insurance", await emergency.find_by_insurance(
            actor, said.insurer, said.symbol, said.number, said.branch
        )
    raise NotOpened("not_identified")


async def _bundle(actor: Actor, session_id: UUID, types: tuple[str, ...]) -> Response[bytes]:
    _for_emergencies(actor)
    page = await in_emergency.read(actor, session_id, types, count=service.MOST_ROWS)
    base = runtime.fhir_base()
    body = searchset_bytes(base, types[0] if types else "", page.entries, page.total)
    headers = {receipts.HEADER: receipts.header(page.event)}
    return Response(body, media_type="application/fhir+json", headers=headers)


def _shown(view: View) -> SessionView:
    return SessionView(
        view.session_id,
        view.state,
        view.ending,
        view.expires_at,
        view.may_renew,
        view.in_disaster,
    )


def _for_emergencies(actor: Actor) -> None:
    if actor.purpose_of_use != BREAK_GLASS:
        raise PurposeNeeded


routes: list[ControllerRouterHandler] = [
    EmergencySessions,
    declared,
    MyEmergencies,
    MyNominations,
]
