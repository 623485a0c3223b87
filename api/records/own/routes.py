"""A participant's own records, for apps; what is decided about them goes to /me/disclosure."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from api.consent.settings.record_changes import LEVELS, Level
from api.consent.settings.telling import label
from api.core import i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.service import FacilityLine
from api.identity.guards import API, VIEW, participants_only
from api.records.own import service as own
from api.records.own.plain import Fact
from api.records.own.service import Asked, OwnRecord
from api.records.provenance import By

ApiRequest = Request[Any, Any, Any]


class Facility(Struct):
    id: UUID
    name: str


class ShareView(Struct):
    """`id` ends it in /me/disclosure/changes: {"kind": "remove", "id": …}."""

    id: int
    until: datetime
    facility_id: UUID | None
    professional_id: UUID | None


class RecordView(Struct):
    """`level` is in force, `set_level` the participant's own (null: as it came).

    Hidden is hidden from everyone but the facility that wrote it: by itself, or with a visit or
    longer period. `by`: of my own, who wrote it down: `self`, `device`, `proxy` for somebody acting
    for me, `brought` where I added a file; "" of a facility's.
    """

    id: UUID
    title: str
    category: str
    category_label: str
    on: date
    facility: Facility
    level: Level
    set_level: Level | None
    is_hidden: bool
    is_hidden_with_visit: bool
    shares: list[ShareView]
    by: By


class Records(Struct):
    """Newest day first. Ask again with `after` for the next page, null at the end; `version` is
    that of the settings."""

    records: list[RecordView]
    total: int
    after: str | None
    version: int
    incoming_level: Level


class RecordInFull(Struct):
    """`facts` are what can be said in plain words; `visit` counts the facility's records of the
    day, this one included."""

    record: RecordView
    facts: list[Fact]
    visit: int
    version: int


class MyRecords(Controller):
    """Texts come in the first language of `Accept-Language`, Japanese or English."""

    path = "/me/records"
    opt = API | VIEW
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My records"]  # noqa: RUF012

    @get("", summary="My records")
    async def listed(
        self,
        request: ApiRequest,
        actor: NamedDependency[Actor],
        category: Annotated[str, QueryParameter(max_length=40)] = "",
        facility: FromQuery[UUID | None] = None,
        year: Annotated[int | None, QueryParameter(ge=1, le=9999)] = None,
        q: Annotated[str, QueryParameter(max_length=100, description="Part of a title.")] = "",
        after: Annotated[str, QueryParameter(max_length=100)] = "",
        count: Annotated[int, QueryParameter(ge=1, le=own.MOST_ROWS)] = 50,
        *,
        aside: FromQuery[bool] = False,
    ) -> Records:
        """What facilities sent about me and what I wrote, hidden or not; of a pregnancy whose
        record was closed without a birth only with `aside`."""
        asked = Asked(category or None, facility, year, q, aside)
        page = await own.page(actor, asked, after=after or None, count=count)
        names = await directory.named(actor, (each.facility_id for each in page.records))
        return Records(
            [_view(request, each, names) for each in page.records],
            page.total,
            page.after,
            page.settings.directive.version,
            LEVELS[page.settings.directive.incoming_level],
        )

    @get("/{record_id:uuid}", summary="One of my records")
    async def one(
        self, request: ApiRequest, actor: NamedDependency[Actor], record_id: FromPath[UUID]
    ) -> RecordInFull:
        """404 for any record that is not mine to know of."""
        full = await own.one(actor, record_id)
        names = await directory.named(actor, [full.record.facility_id])
        return RecordInFull(
            _view(request, full.record, names),
            full.facts,
            full.visit,
            full.settings.directive.version,
        )


def _view(request: ApiRequest, record: OwnRecord, names: dict[UUID, FacilityLine]) -> RecordView:
    locale = i18n.preferred(request.headers.get("accept-language", "ja"))
    choices = record.choices
    return RecordView(
        id=record.record_id,
        title=record.title,
        category=record.category,
        category_label=label(directory.profile(), "category", record.category, locale),
        on=record.on,
        facility=Facility(
            record.facility_id,
            i18n.text(locale, "clinic.by.proxy")
            if record.by == "proxy"
            else names[record.facility_id].label(locale),
        ),
        level=LEVELS[choices.level],
        set_level=None if choices.set_level is None else LEVELS[choices.set_level],
        is_hidden=choices.is_hidden,
        is_hidden_with_visit=bool(choices.periods),
        shares=[
            ShareView(rule.id, rule.valid_to, rule.facility_id, rule.professional_id)
            for rule in choices.shares
            if rule.valid_to is not None
        ],
        by=record.by,
    )


routes = [MyRecords]
