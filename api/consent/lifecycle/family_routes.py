"""The JSON door of registering somebody of one's family by their card and code."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent.lifecycle import assisting
from api.consent.lifecycle.assisting import Wish
from api.consent.service import terms_in_force
from api.core import i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.enrolling.enrolment import Birth
from api.identity.guards import API, participants_only
from api.identity.schemas import NewEnrolment
from api.proxies.schemas import PowerName

ApiRequest = Request[Any, Any, Any]


class FamilyTicket(Struct):
    """`name` is masked; `terms` is what the person agrees to."""

    ticket: str
    expires_at: datetime
    name: str
    birth_on: date
    terms_version: str
    terms: str


class FamilyRegistration(Struct, forbid_unknown_fields=True):
    """`has_agreed`: the person said yes. Of the powers all but `proxy_admin` may be wished for."""

    ticket: Annotated[str, Meta(max_length=100)]
    family: Literal["child", "spouse", "parent", "sibling", "grandchild", "other"]
    powers: list[PowerName]
    terms_version: str
    has_agreed: bool


class FamilyRegistered(Struct):
    """From `begins_on` an officer who spoke with the person may put the powers in force."""

    name: str
    begins_on: date


class FamilyRegistrations(Controller):
    """Never for a third person: a proxy finds nothing here."""

    path = "/me/family-registrations"
    opt = API
    guards = (participants_only,)
    tags = ("Proxies",)

    @post("/", summary="Begin with card, birth date and code")
    async def begin(
        self,
        request: ApiRequest,
        actor: NamedDependency[Actor],
        data: JSONBody[NewEnrolment],
    ) -> FamilyTicket:
        """Which of the three was wrong is never said."""
        born = data.birth_on
        issued = await assisting.begin(
            actor,
            data.card,
            Birth(f"{born.year:04}", str(born.month), str(born.day)),
            data.code,
            request.client.host if request.client else "",
        )
        person = await assisting.person(actor, issued.token)
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
        return FamilyTicket(
            issued.token,
            issued.expires_at,
            person.name,
            person.birth_on,
            terms_in_force(),
            directory.profile().terms_in_force.text.said(locale),
        )

    @post("/current", summary="Register the person")
    async def finish(
        self, actor: NamedDependency[Actor], data: JSONBody[FamilyRegistration]
    ) -> FamilyRegistered:
        """They take part from now on. The powers wait seven days and for an officer's call."""
        done = await assisting.finish(
            actor,
            data.ticket,
            Wish(data.family, frozenset(data.powers), data.has_agreed, data.terms_version),
        )
        return FamilyRegistered(done.name, done.opens_on)


routes: list[ControllerRouterHandler] = [FamilyRegistrations]
