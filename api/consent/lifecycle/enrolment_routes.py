"""The JSON door of joining: from card and code to an account that takes part."""

from typing import Any

from litestar import Controller, Request, get, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.lifecycle import joining, schemes
from api.core import i18n
from api.directory import service as directory
from api.identity.enrolling import enrolment
from api.identity.enrolling.enrolment import Birth
from api.identity.errors import AlreadyEnrolled, TicketGone
from api.identity.guards import API, anyone, bearer, device_at
from api.identity.national import service as national
from api.identity.national.at_the_app import begun, proof_of
from api.identity.national.login import Purpose
from api.identity.national.schemas import MyNumberAnswer, MyNumberCard, MyNumberLogin
from api.identity.schemas import (
    Acceptance,
    Enrolment,
    EnrolmentTicket,
    NewEnrolment,
    SchemeChoice,
    SessionToken,
    WebAuthnCredential,
    WebAuthnOptions,
)

ApiRequest = Request[Any, Any, Any]


class EnrolmentController(Controller):
    path = "/enrolments"
    tags = ("Enrolment",)
    opt = API
    guards = (anyone,)

    @post("/")
    async def begin(self, request: ApiRequest, data: JSONBody[NewEnrolment]) -> EnrolmentTicket:
        """Checks card, birth date and code together; which of them was wrong is never said."""
        born = data.birth_on
        issued = await enrolment.begin(
            data.card,
            Birth(f"{born.year:04}", str(born.month), str(born.day)),
            data.code,
            request.client.host if request.client else "",
            scheme=directory.profile().card_scheme,
        )
        return EnrolmentTicket(issued.token, issued.expires_at)

    @post("/my-number")
    async def begin_by_my_number(self) -> MyNumberLogin:
        """Begins registering with a My Number card; it tells name, birth date, sex and address."""
        return await begun(Purpose.ENROL)

    @post("/my-number/finish")
    async def match(self, data: JSONBody[MyNumberAnswer]) -> EnrolmentTicket:
        """A ticket for the one participant the card is of. 422 with a `proof` for none or several:
        POST /enrolments/my-number/card goes on with it. 409 where there is an account."""
        issued = await national.enrol(await proof_of(data))
        if issued is None:
            raise AlreadyEnrolled
        return EnrolmentTicket(issued.token, issued.expires_at)

    @post("/my-number/card")
    async def choose(self, request: ApiRequest, data: JSONBody[MyNumberCard]) -> EnrolmentTicket:
        """The network's card says which of several people of one name and birth date it is."""
        issued = await national.choose(
            data.proof,
            data.card,
            request.client.host if request.client else "",
            scheme=directory.profile().card_scheme,
        )
        return EnrolmentTicket(issued.token, issued.expires_at)

    @post("/current/my-number")
    async def finish_by_my_number(self, request: ApiRequest) -> SessionToken:
        """Makes the account and signs in; for a ticket got with a My Number card."""
        session = await joining.finish_by_my_number(_ticket(request), device=device_at(request))
        return SessionToken(session.token, session.expires_at)

    @get("/current")
    async def show(self, request: ApiRequest) -> Enrolment:
        """Whom the ticket stands for, and the terms to agree to."""
        person = await enrolment.ticket(_ticket(request))
        locale, profile = (
            i18n.preferred(request.headers.get("accept-language", "ja")),
            directory.profile(),
        )
        return Enrolment(
            person.name,
            person.birth_on,
            person.card,
            consent.terms_in_force(),
            profile.terms_in_force.text.said(locale),
            person.terms_version == consent.terms_in_force(),
            joining.data_from(),
            [SchemeChoice(*each) for each in schemes.offers(locale)],
        )

    @post("/current/acceptance", status_code=204)
    async def accept(self, request: ApiRequest, data: JSONBody[Acceptance]) -> None:
        """Agrees to take part, under the terms named."""
        await joining.accept(_ticket(request), data.terms_version, data.scheme)

    @post("/current/refusal", status_code=204)
    async def refuse(self, request: ApiRequest) -> None:
        """Records that the person does not take part; the code on paper stays good."""
        await joining.refuse(_ticket(request))

    @post("/current/passkey/options", status_code=200)
    async def options(self, request: ApiRequest) -> WebAuthnOptions:
        """Options for `navigator.credentials.create()`."""
        return await enrolment.passkey_options(_ticket(request))

    @post("/current/passkey")
    async def finish(self, request: ApiRequest, data: JSONBody[WebAuthnCredential]) -> SessionToken:
        """Makes the account with this passkey and signs in."""
        session = await joining.finish(_ticket(request), data, device=device_at(request))
        return SessionToken(session.token, session.expires_at)


def _ticket(request: ApiRequest) -> str:
    token = bearer(request)
    if token is None:
        raise TicketGone
    return token


routes: list[ControllerRouterHandler] = [EnrolmentController]
