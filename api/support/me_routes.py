"""What else participants' apps ask: who I am, notices, facilities, a call back."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from api.consent import service as consent
from api.consent.recipients import NOTICE
from api.consent.settings.telling import label
from api.consent.settings.view import DisclosureView, view
from api.core import i18n
from api.core.actor import Actor, Power
from api.directory import service as directory
from api.identity.enrolling import registered
from api.identity.guards import ANYBODY, API, CONSENT, NOTICES, SETTINGS, VIEW, participants_only
from api.support import leaving, own, service
from api.support.own import FacilityChoice
from notifications import service as notifications
from notifications.service import Notice

ApiRequest = Request[Any, Any, Any]
NOTICES_ON_A_PAGE = 20
MOST_PAGES = 100_000


class Me(Struct, omit_defaults=True):
    """`acting_for`: whom the request is about, where `name` acts for somebody."""

    name: str
    unread_notices: int
    acting_for: str | None = None


class RegistrationView(Struct, omit_defaults=True):
    """What I gave on enrolling; what I did not give is left out."""

    address: str = ""
    phone: str = ""
    email: str = ""
    family_doctor: str = ""
    insurer: str = ""
    insurance_symbol: str = ""
    insurance_number: str = ""
    insurance_branch: str = ""


class FacilityView(Struct):
    """`is_on`: let in now, by name or by what covers it.

    `holds_my_records` and `has_read_my_records`: as I may know. In safe mode `region` is empty.
    """

    id: UUID
    name: str
    name_kana: str
    facility_type: str
    region: str
    is_on: bool
    holds_my_records: bool
    has_read_my_records: bool


class Facilities(Struct):
    facilities: list[FacilityView]
    total: int


class ProfessionalView(Struct):
    id: UUID
    name: str
    name_kana: str
    profession: str
    profession_label: str
    facility_id: UUID
    facility: str


class Professionals(Struct):
    professionals: list[ProfessionalView]


class WaitingView(Struct):
    """`sees_from`: from then on unless turned off; null: it asks, and sees nothing until let in."""

    id: UUID
    name: str
    facility_type: str
    region: str
    joined_at: datetime
    sees_from: datetime | None


class NoticeView(Struct):
    id: UUID
    at: datetime
    title: str
    body: str
    is_unread: bool


class Notices(Struct):
    notices: list[NoticeView]
    total: int


class CallBack(Struct, forbid_unknown_fields=True):
    phone: Annotated[str, Meta(max_length=40, description="10 or 11 digits, hyphens allowed.")]


class ParticipationWish(Struct, forbid_unknown_fields=True):
    """`undo` takes the last change back, with the date records were shown from."""

    state: Literal["participating", "withdrawn"]
    undo: bool = False


class Accepted(Struct):
    message: str


class MyOwn(Controller):
    """Texts come in the first language of `Accept-Language`, Japanese or English."""

    path = "/me"
    opt = API
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My account"]  # noqa: RUF012

    @get("", opt=VIEW, summary="Who is signed in")
    async def me(self, actor: NamedDependency[Actor]) -> Me:
        """The holder of the session and how many notices wait."""
        hears = actor.powers is None or Power.NOTICES in actor.powers
        unread = await notifications.unread(actor) if hears else 0
        return Me(actor.name or "", unread, actor.principal_name)

    @get("/registration", summary="What I gave on enrolling")
    async def registration(self, actor: NamedDependency[Actor]) -> RegistrationView:
        """Empty for who enrolled otherwise than on paper. Never for a proxy: an address is what
        safe mode hides."""
        found = await registered.registration(actor)
        return RegistrationView(*found[:-1]) if found else RegistrationView()

    @get("/facilities", opt=SETTINGS, summary="Facilities to choose from")
    async def facilities(
        self,
        request: ApiRequest,
        actor: NamedDependency[Actor],
        q: Annotated[
            str, QueryParameter(max_length=100, description="Part of a name or kana.")
        ] = "",
        area: Annotated[str, QueryParameter(max_length=40, description="A region's code.")] = "",
        facility_type: Annotated[
            str, QueryParameter(name="type", max_length=40, description="A facility type's code.")
        ] = "",
    ) -> Facilities:
        """At most 50: those found, or, asked for nothing, those on or known to the participant.

        Those that hold or have read the participant's records come first. 422 for an area or type
        the network does not have."""
        found = await own.facility_choices(actor, q, region=area, facility_type=facility_type)
        return Facilities(
            [_facility(each, _locale(request), actor) for each in found.choices], found.total
        )

    @get("/professionals", opt=SETTINGS, summary="Professionals to name")
    async def professionals(
        self,
        request: ApiRequest,
        actor: NamedDependency[Actor],
        q: Annotated[
            str, QueryParameter(max_length=100, description="Part of a name or kana.")
        ] = "",
        facility: FromQuery[UUID | None] = None,
    ) -> Professionals:
        """At most 50 who are at work in the network now; nobody where nothing is asked for."""
        locale, profile = _locale(request), directory.profile()
        found = await own.professional_choices(actor, q, facility)
        return Professionals(
            [
                ProfessionalView(
                    each.professional_id,
                    each.name,
                    each.name_kana,
                    each.profession,
                    label(profile, "profession", each.profession, locale),
                    each.facility_id,
                    each.facility_label(locale),
                )
                for each in found
            ]
        )

    @get(
        "/facilities/waiting",
        opt=SETTINGS,
        summary="Facilities that joined lately and my settings would cover",
    )
    async def waiting(
        self, request: ApiRequest, actor: NamedDependency[Actor]
    ) -> list[WaitingView]:
        """Newest first. Letting one in, or not, is a change of the settings like any other."""
        asks = (await consent.settings(actor)).directive.asks_first_since
        return [
            WaitingView(
                each.facility_id,
                each.label(_locale(request)),
                each.facility_type,
                "" if actor.is_safe else each.region,
                each.joined_at,
                None if asks and each.joined_at >= asks else each.joined_at + NOTICE,
            )
            for each in await own.waiting_facilities(actor)
        ]

    @post("/participation", opt=CONSENT, status_code=200, summary="Leave the network, or come back")
    async def take_part(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[ParticipationWish]
    ) -> DisclosureView:
        """Leaving closes every record at the next read; the switches are kept."""
        state = await leaving.take_part(actor, data.state, is_undo=data.undo)
        return await view(actor, _locale(request), state)

    @get("/notices", opt=NOTICES, summary="My notices")
    async def notices(
        self,
        request: ApiRequest,
        actor: NamedDependency[Actor],
        page: Annotated[int, QueryParameter(ge=1, le=MOST_PAGES)] = 1,
    ) -> Notices:
        """Newest first, 20 on a page; those answered here become read."""
        found, total = await notifications.inbox(actor, page=page, count=NOTICES_ON_A_PAGE)
        return Notices([_notice(each, _locale(request)) for each in found], total)

    @post("/call-backs", opt=ANYBODY, status_code=202, summary="Ask the support centre to call me")
    async def call_back(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[CallBack]
    ) -> Accepted:
        """Opens one case; while it is open, asking again opens no second."""
        await service.ask_for_call(actor, data.phone)
        return Accepted(i18n.text(_locale(request), "help.call_back.done"))


def _locale(request: ApiRequest) -> str:
    return i18n.preferred(request.headers.get("accept-language", "ja"))


def _facility(choice: FacilityChoice, locale: str, actor: Actor) -> FacilityView:
    each = choice.facility
    return FacilityView(
        each.facility_id,
        each.label(locale),
        each.name_kana,
        each.facility_type,
        "" if actor.is_safe else each.region,
        choice.is_on,
        choice.holds,
        choice.has_read,
    )


def _notice(notice: Notice, locale: str) -> NoticeView:
    title, body = notifications.said(notice, locale)
    return NoticeView(notice.notice_id, notice.created_at, title, body, notice.is_unread)


routes = [MyOwn]
