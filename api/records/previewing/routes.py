"""What others would see of me, and what a change would do, before it is saved; for apps."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from api.consent.settings.comparing import Cell
from api.consent.settings.schemas import Change, Code
from api.consent.settings.telling import label
from api.core import i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import API, SETTINGS, VIEW, participants_only
from api.records.previewing import service as preview
from api.records.previewing.difference import Difference, difference
from api.records.previewing.service import Eyes, Preview

ApiRequest = Request[Any, Any, Any]


class SeeAs(Struct, forbid_unknown_fields=True):
    """A professional; or a facility with a profession, for whoever its own system speaks for.

    `commands`: as they would see it after this change was saved. `category`: list that kind only.
    """

    professional_id: UUID | None = None
    facility_id: UUID | None = None
    profession: Code | None = None
    commands: Annotated[list[Change], Meta(max_length=100)] = []
    category: Code | None = None
    page: Annotated[int, Meta(ge=1, le=100_000)] = 1


class Wish(Struct, forbid_unknown_fields=True):
    commands: Annotated[list[Change], Meta(min_length=1, max_length=100)]


class KindSeen(Struct):
    """`reasons` say why `kept` records of this kind are kept back."""

    category: str
    label: str
    shown: int
    kept: int
    reasons: list[str]


class RecordSeen(Struct):
    id: UUID
    type: str
    category: str
    title: str
    effective_on: date
    effective_at: datetime | None
    facility: str


class PreviewView(Struct):
    """Records I know of, and no others. `listed` is how many all pages hold, 20 to a page."""

    version: int
    name: str | None
    profession: str
    facility: str
    is_let_in: bool
    sentence: str
    shown: int
    kept: int
    kinds: list[KindSeen]
    records: list[RecordSeen]
    listed: int


class Some(Struct):
    """How many, and the names of the first five."""

    count: int
    names: list[str]


class CellView(Struct):
    profession: str
    profession_label: str
    category: str
    category_label: str


class DifferenceView(Struct):
    """What opens and closes for treatment at this moment, counted in records I know of.

    `cells` are told of facilities open before and after. `later_*`: facilities that join later
    come under the change too.
    """

    version: int
    is_nothing: bool
    facilities_opened: Some
    facilities_closed: Some
    people_opened: Some
    people_closed: Some
    cells_opened: list[CellView]
    cells_closed: list[CellView]
    records_opened: int
    records_closed: int
    later_opened: bool
    later_closed: bool


class Previews(Controller):
    """Texts come in the first language of `Accept-Language`, Japanese or English."""

    path = "/me/disclosure"
    opt = API
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My settings"]  # noqa: RUF012

    @post("/preview", status_code=200, opt=VIEW, summary="See as somebody else")
    async def see_as(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[SeeAs]
    ) -> PreviewView:
        """Exactly what they would get now, for treatment; nothing is stored. 422 for a person,
        facility, profession or category unknown here."""
        locale = _locale(request)
        eyes = Eyes(data.professional_id, data.facility_id, data.profession)
        commands = [each.command() for each in data.commands]
        found = await preview.see_as(
            actor, eyes, locale, commands=commands, category=data.category, page=data.page
        )
        return _preview(found, locale)

    @post(
        "/difference", status_code=200, opt=SETTINGS, summary="What a change would open and close"
    )
    async def difference(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[Wish]
    ) -> DifferenceView:
        """The facilities and records these commands would open and close; nothing is stored. 422
        for what saving them would refuse."""
        found = await difference(actor, [each.command() for each in data.commands])
        return _difference(found, _locale(request))


def _locale(request: ApiRequest) -> str:
    return i18n.preferred(request.headers.get("accept-language", "ja"))


def _preview(found: Preview, locale: str) -> PreviewView:
    profile = directory.profile()
    return PreviewView(
        version=found.version,
        name=found.viewer.name,
        profession=label(profile, "profession", found.viewer.profession, locale),
        facility=found.viewer.facility,
        is_let_in=found.is_let_in,
        sentence=found.sentence,
        shown=found.shown,
        kept=found.kept,
        kinds=[
            KindSeen(
                each.category,
                label(profile, "category", each.category, locale),
                each.shown,
                each.kept,
                each.reasons,
            )
            for each in found.kinds
        ],
        records=[RecordSeen(*each) for each in found.records],
        listed=found.listed,
    )


def _difference(found: Difference, locale: str) -> DifferenceView:
    what = found.comparison
    return DifferenceView(
        version=found.version,
        is_nothing=what.is_nothing,
        facilities_opened=Some(
            len(what.facilities_opened), [each.label(locale) for each in found.facilities_opened]
        ),
        facilities_closed=Some(
            len(what.facilities_closed), [each.label(locale) for each in found.facilities_closed]
        ),
        people_opened=Some(len(what.people_opened), [each.name for each in found.people_opened]),
        people_closed=Some(len(what.people_closed), [each.name for each in found.people_closed]),
        cells_opened=[_cell(each, locale) for each in what.cells_opened],
        cells_closed=[_cell(each, locale) for each in what.cells_closed],
        records_opened=what.records_opened,
        records_closed=what.records_closed,
        later_opened=what.later_opened,
        later_closed=what.later_closed,
    )


def _cell(cell: Cell, locale: str) -> CellView:
    profession, category = cell
    profile = directory.profile()
    return CellView(
        profession,
        label(profile, "profession", profession, locale),
        category,
        label(profile, "category", category, locale),
    )


routes = [Previews]
