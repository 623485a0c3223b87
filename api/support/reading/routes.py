"""The participant's log for apps: narrowed, searched, each decision made again."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.access_log.filters import Kind
from api.core import i18n
from api.core.actor import Actor
from api.identity.guards import API, LOG, participants_only
from api.support.reading import accesses, exporting, months, service
from api.support.reading.asked import Asked
from api.support.reading.exporting import Export, Form
from api.support.reading.log_lines import LogLine
from api.support.reading.months import MonthView
from api.support.replay import Replay, replay

ApiRequest = Request[Any, Any, Any]
Number = Annotated[int, PathParameter(ge=1, le=2**62)]
KINDS = ", ".join(Kind)


def _text(description: str) -> Any:
    return QueryParameter(max_length=100, description=description)


KindText = Annotated[str, _text(f"A kind of event: {KINDS}.")]
FacilityText = Annotated[str, _text("A facility's id.")]
ProfessionalText = Annotated[str, _text("A professional's id.")]
WhoText = Annotated[str, _text("Part of the name or profession of who acted.")]
PurposeText = Annotated[str, _text("A purpose of use (v3-ActReason).")]
EmergencyText = Annotated[str, _text("`true`: emergency access alone.")]
DeniedText = Annotated[str, _text("`true`: refused attempts alone.")]
SinceText = Annotated[str, _text("The first day in Japan (ISO 8601).")]
UntilText = Annotated[str, _text("The last day in Japan (ISO 8601).")]
WordsText = Annotated[str, _text("Words that all stand in what the event says.")]


class Log(Struct):
    """Newest first; ask again with `before` for the next page, null at the end.

    `total` counts all that match from number `upto` down; sent along, `upto` keeps it as it is
    while new events come. Where words were looked for, `searched_to` is the oldest event looked at
    if there are older ones; ask for those with `upto` below it.
    """

    events: list[LogLine]
    total: int
    before: int | None
    upto: int
    searched_to: int | None


class MyLog(Controller):
    """Texts come in the first language of `Accept-Language`, Japanese or English."""

    path = "/me/access-log"
    opt = API | LOG
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My access log"]  # noqa: RUF012

    @get("", summary="Who looked at my records")
    async def log(
        self,
        request: ApiRequest,
        actor: NamedDependency[Actor],
        kind: KindText = "",
        facility: FacilityText = "",
        professional: ProfessionalText = "",
        who: WhoText = "",
        purpose: PurposeText = "",
        emergency: EmergencyText = "",
        denied: DeniedText = "",
        since: SinceText = "",
        until: UntilText = "",
        q: WordsText = "",
        before: Annotated[int | None, QueryParameter(ge=1, le=2**62)] = None,
        upto: Annotated[int | None, QueryParameter(ge=0, le=2**62)] = None,
        count: Annotated[int, QueryParameter(ge=1, le=100)] = 20,
    ) -> Log:
        """Every event of the participant's log, refusals too, each with its reason; narrowed by
        all that is given together. 422 with `fields` for what is no choice."""
        asked = Asked(
            kind, facility, professional, who, purpose, emergency, denied, since, until, q
        )
        view = await service.log(
            actor, locale_of(request), asked, before=before, upto=upto, count=count
        )
        return Log(*view)

    @get("/months/{month:str}", summary="One month of my log in sum")
    async def month(
        self,
        request: ApiRequest,
        actor: NamedDependency[Actor],
        month: Annotated[str, PathParameter(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$")],
    ) -> MonthView:
        """`month` is YYYY-MM. 404 for a month still to come, or before the log began."""
        return await months.month(actor, locale_of(request), month)

    @get("/export", media_type="text/csv", summary="Take my log out")
    async def export(
        self,
        request: ApiRequest,
        actor: NamedDependency[Actor],
        form: Annotated[Form, QueryParameter(name="format")] = "csv",
        kind: KindText = "",
        facility: FacilityText = "",
        professional: ProfessionalText = "",
        who: WhoText = "",
        purpose: PurposeText = "",
        emergency: EmergencyText = "",
        denied: DeniedText = "",
        since: SinceText = "",
        until: UntilText = "",
        q: WordsText = "",
    ) -> Response[bytes]:
        """All that matches, newest first: a table in UTF-8 with a mark, or a FHIR R4 Bundle of
        AuditEvents (IHE BALP). That it was taken out is an event of the log. 422 for more than
        10,000 events."""
        asked = Asked(
            kind, facility, professional, who, purpose, emergency, denied, since, until, q
        )
        return as_file(await exporting.export(actor, locale_of(request), asked, form))

    @get("/{number:int}/decision", summary="Decide one access again")
    async def decision(self, actor: NamedDependency[Actor], number: Number) -> Replay:
        """Makes the decision behind one event again, from the versions its row names. 404 for a
        number the log does not have and for events that decided nothing."""
        return await replay(actor, number)


class RecordAccesses(Struct):
    """Newest first; ask again with `before` to look on, null at the end of the log. `is_partial`:
    some events do not say yet which records were seen."""

    accesses: list[LogLine]
    before: int | None
    is_partial: bool


@get(
    "/me/records/{record_id:uuid}/accesses",
    guards=[participants_only],
    opt=API | LOG,
    tags=["My records"],
    summary="Who has seen one record",
)
async def record_accesses(
    request: ApiRequest,
    actor: NamedDependency[Actor],
    record_id: FromPath[UUID],
    before: Annotated[int | None, QueryParameter(ge=1, le=2**62)] = None,
    count: Annotated[int, QueryParameter(ge=1, le=100)] = 20,
) -> RecordAccesses:
    """Events of the log in which this record was seen, among the newest 2,000 below `before`; 404
    for any record that is not mine to know of."""
    found = await accesses.of_record(
        actor, locale_of(request), record_id, before=before, count=count
    )
    return RecordAccesses(*found)


def as_file(export: Export) -> Response[bytes]:
    return Response(
        export.content,
        media_type=export.media_type,
        headers={"content-disposition": f'attachment; filename="{export.file_name}"'},
    )


def locale_of(request: ApiRequest) -> str:
    return i18n.preferred(request.headers.get("accept-language", "ja"))


routes: list[ControllerRouterHandler] = [MyLog, record_accesses]
