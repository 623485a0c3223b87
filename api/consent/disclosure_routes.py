"""Participation and disclosure settings of the signed-in participant, for apps."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from api.consent import service
from api.consent.record_changes import RecordChange
from api.consent.service import Settings
from api.consent.summary import Switch
from api.consent.switches import Command, SetCategory, SetFacility, SetProfession
from api.consent.telling import label, who_sees_now
from api.core import i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.profile import Kind
from api.identity.guards import API, participants_only

ApiRequest = Request[Any, Any, Any]
Version = Annotated[int, Meta(ge=0, description="The settings version the change was made from.")]
Code = Annotated[str, Meta(max_length=40)]


class FacilityChange(Struct, tag_field="kind", tag="facility", forbid_unknown_fields=True):
    """Lets a facility in or not; `until` ends it (RFC 3339 with offset), none keeps it open."""

    id: UUID
    on: bool
    until: Annotated[datetime, Meta(tz=True)] | None = None

    def command(self) -> Command:
        return SetFacility(self.id, self.on, until=self.until if self.on else None)


class ProfessionChange(Struct, tag_field="kind", tag="profession", forbid_unknown_fields=True):
    code: Code
    on: bool

    def command(self) -> Command:
        return SetProfession(self.code, self.on)


class CategoryChange(Struct, tag_field="kind", tag="category", forbid_unknown_fields=True):
    code: Code
    on: bool

    def command(self) -> Command:
        return SetCategory(self.code, self.on)


Change = FacilityChange | ProfessionChange | CategoryChange | RecordChange


class Changes(Struct, forbid_unknown_fields=True):
    """Applied together as one new version, or not at all."""

    version: Version
    commands: Annotated[list[Change], Meta(min_length=1, max_length=100)]


class Undo(Struct, forbid_unknown_fields=True):
    version: Version


class ParticipationView(Struct):
    """Records before `data_from` stay out of reach; null opens all.

    Taking part lapses at `ends_at` unless the new terms are accepted by then.
    """

    state: Literal["unanswered", "participating", "refused", "withdrawn", "lapsed"]
    data_from: date | None
    terms_version: str | None
    ends_at: datetime | None


class FacilityOn(Struct):
    id: UUID
    name: str
    until: datetime | None


class SwitchView(Struct):
    """`by`: whether the participant's settings or the network decide."""

    code: str
    label: str
    on: bool
    by: Literal["settings", "network"]


class DisclosureView(Struct):
    """`now` says in one sentence who can see what; nothing else is let in."""

    version: int
    changed_at: datetime | None
    now: str
    participation: ParticipationView
    facilities: list[FacilityOn]
    professions: list[SwitchView]
    categories: list[SwitchView]


class Disclosure(Controller):
    """Texts come in the first language of `Accept-Language`, Japanese or English."""

    path = "/me"
    opt = API
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My settings"]  # noqa: RUF012

    @get("/disclosure", summary="Who can see my records")
    async def show(self, request: ApiRequest, actor: NamedDependency[Actor]) -> DisclosureView:
        """The switches as they stand, with the version each change must name."""
        return await view(request, actor, await service.settings(actor))

    @post("/disclosure/changes", status_code=200, summary="Turn switches")
    async def change(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[Changes]
    ) -> DisclosureView:
        """All commands make one new version. 409 when `version` is no longer the newest: read
        again, nothing was changed. 422 for a facility, profession or category unknown here."""
        commands = [each.command() for each in data.commands]
        state = await service.change(actor, commands, expected_version=data.version)
        return await view(request, actor, state)

    @post("/disclosure/undo", status_code=200, summary="Take the last change back")
    async def undo(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[Undo]
    ) -> DisclosureView:
        """A new version that says what the one before said. 409 when `version` is stale."""
        state = await service.undo(actor, expected_version=data.version)
        return await view(request, actor, state)


async def view(request: ApiRequest, actor: Actor, state: Settings) -> DisclosureView:
    locale = i18n.preferred(request.headers.get("accept-language", "ja"))
    profile, summary = directory.profile(), service.summary_of(state)
    found = await directory.named(actor, summary.facility_ids)
    names = {each: found[each].label(locale) for each in found}

    def switches(kind: Kind, of: tuple[Switch, ...]) -> list[SwitchView]:
        return [SwitchView(s.code, label(profile, kind, s.code, locale), s.is_on, s.by) for s in of]

    return DisclosureView(
        version=state.directive.version,
        changed_at=state.changed_at,
        now=who_sees_now(service.state_now(state.participation), summary, locale, profile, names),
        participation=ParticipationView(
            service.state_now(state.participation),
            state.participation.data_from,
            state.participation.terms_version,
            state.participation.ends_at,
        ),
        facilities=[
            FacilityOn(each, names[each], row.valid_to)
            for row in summary.facilities
            if (each := row.facility_id)
        ],
        professions=switches("profession", summary.professions),
        categories=switches("category", summary.categories),
    )


routes = [Disclosure]
