"""For apps: a facility's people to their administrator, and showing one's own profession."""

import base64
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, Parameter
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import clock
from api.core.actor import Actor
from api.directory import professions, staff
from api.directory.errors import CertificateRefused
from api.directory.staff import Colleague, NewColleague
from api.identity.guards import API, facility_administrators_only, professionals_only
from api.identity.staff.invitations import Invitation

ON_A_PAGE = 50
Short = Annotated[str, Meta(max_length=200)]
PageNumber = Annotated[int, Parameter(ge=1, le=100_000)]


class PersonView(Struct):
    """`state`: left, vouch_over, profession_open, training_open or working, the first that stands
    in the way; `shown_by`: hpki or vouched; `invited_until`: of a code not used yet."""

    id: UUID
    name: str
    name_kana: str
    profession: str
    state: str
    shown_by: str | None
    vouched_until: date | None
    trained_on: date | None
    has_key: bool
    invited_until: datetime | None


class People(Struct):
    people: list[PersonView]
    total: int


class NewPerson(Struct, forbid_unknown_fields=True):
    """`profession` is a code of the network's profile."""

    name: Short
    name_kana: Short
    profession: Short


class InvitationView(Struct):
    """Known once: `code` to be printed, or `link` to be sent."""

    id: UUID
    code: str
    link: str
    expires_at: datetime


class Training(Struct, forbid_unknown_fields=True):
    trained_on: date


class MyFacilityPeople(Controller):
    """The people of one's own facility: who they are, never whom they treat."""

    path = "/me/facility/people"
    opt = API
    guards = (facility_administrators_only,)
    tags = ("My facility",)

    @get("", summary="The people of my facility")
    async def people(self, actor: NamedDependency[Actor], page: PageNumber = 1) -> People:
        """Who is at work first, in kana order, 50 to a page."""
        found, total = await staff.staff(actor, page=page, count=ON_A_PAGE)
        return People([_view(each) for each in found], total)

    @post("", summary="Invite somebody")
    async def invite(
        self, actor: NamedDependency[Actor], data: JSONBody[NewPerson]
    ) -> InvitationView:
        """403 with `step_up` where the session is not fresh."""
        wish = NewColleague(data.name, data.name_kana, data.profession)
        added = await staff.invite(actor, wish)
        return _invitation(added.professional_id, added.invitation)

    @get("/{professional_id:uuid}", summary="One of them")
    async def one(
        self, actor: NamedDependency[Actor], professional_id: FromPath[UUID]
    ) -> PersonView:
        return _view(await staff.one(actor, professional_id))

    @post("/{professional_id:uuid}/invitation", summary="A new code")
    async def invite_again(
        self, actor: NamedDependency[Actor], professional_id: FromPath[UUID]
    ) -> InvitationView:
        """In place of a lost one, or for somebody who is back. 409 for whoever has a passkey."""
        invitation = await staff.invite_again(actor, professional_id)
        return _invitation(professional_id, invitation)

    @put("/{professional_id:uuid}/training", status_code=204, summary="Record a training")
    async def train(
        self,
        actor: NamedDependency[Actor],
        professional_id: FromPath[UUID],
        data: JSONBody[Training],
    ) -> None:
        """409 before the profession is shown, and for whoever has left."""
        await staff.record_training(actor, professional_id, data.trained_on)

    @post("/{professional_id:uuid}/leaving", status_code=204, summary="Somebody leaves")
    async def leave(self, actor: NamedDependency[Actor], professional_id: FromPath[UUID]) -> None:
        """At once: nothing of theirs opens anything any more."""
        await staff.leave(actor, professional_id)


class ProfessionView(Struct):
    """`has_certificate`: whether people of this profession show an HPKI certificate; `way`: hpki or
    vouched, null where nothing is shown."""

    profession: str
    has_certificate: bool
    way: str | None
    issuer: str | None
    valid_until: date | None
    shown_at: datetime | None


class ChallengeView(Struct):
    """`text`: to be signed byte for byte, in UTF-8."""

    text: str
    expires_at: datetime


class CertificateShown(Struct, forbid_unknown_fields=True):
    """`certificate`: PEM, its issuers after it where they are not known here; `signature`: over
    `challenge`, SHA-256 with RSASSA-PKCS1-v1_5 or ECDSA, in base64."""

    certificate: Annotated[str, Meta(max_length=30_000)]
    challenge: Annotated[str, Meta(max_length=1_000)]
    signature: Annotated[str, Meta(max_length=3_000)]


class MyProfession(Controller):
    path = "/me/profession"
    opt = API
    guards = (professionals_only,)
    tags = ("My facility",)

    @get("", summary="How my profession is shown")
    async def show(self, actor: NamedDependency[Actor]) -> ProfessionView:
        return ProfessionView(*await professions.own(actor))

    @post("/challenge", status_code=200, summary="A text to sign")
    async def challenge(self, actor: NamedDependency[Actor]) -> ChallengeView:
        """It serves once, within 30 minutes."""
        return ChallengeView(*await professions.challenge(actor))

    @post("", status_code=204, summary="Show my HPKI certificate")
    async def prove(self, actor: NamedDependency[Actor], data: JSONBody[CertificateShown]) -> None:
        """422 with the check that failed as its type."""
        try:
            signature = base64.b64decode(data.signature, validate=True)
        except ValueError as error:
            raise CertificateRefused("signature") from error
        await professions.prove(actor, data.certificate.encode(), data.challenge, signature)


def _view(colleague: Colleague) -> PersonView:
    return PersonView(
        colleague.professional_id,
        colleague.name,
        colleague.name_kana,
        colleague.profession,
        colleague.state(clock.today_in_japan()),
        colleague.shown_by,
        colleague.vouched_until,
        colleague.trained_on,
        colleague.has_key,
        colleague.invited_until,
    )


def _invitation(professional_id: UUID, invitation: Invitation) -> InvitationView:
    return InvitationView(
        professional_id, invitation.code.printed, invitation.link, invitation.expires_at
    )


routes: list[ControllerRouterHandler] = [MyFacilityPeople, MyProfession]
