"""One's own measurements for apps: listed, written, sent by devices, summed up, from files."""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from api.core import clock, i18n
from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import API, UPLOAD, VIEW, participants_only
from api.phr.doors import After, Count
from api.phr.entries.service import Entry
from api.phr.entries.typed import params_of
from api.phr.vitals import batches, guidance, importing, service
from api.phr.vitals import schemas as wire
from api.phr.vitals.figures import By, Figures, rounded
from api.phr.vitals.kinds import KINDS, NUMBERS, OF_NAME, PRESSURE
from api.phr.vitals.samples import Sent
from api.phr.vitals.summing import Summary
from api.phr.vitals.table import MAX_BYTES

ApiRequest = Request[Any, Any, Any]
LINES_ON_A_PAGE = 200
# A day of one kind for some thirty years.
LONGEST = 10_000

PageNumber = Annotated[int, QueryParameter(ge=1, le=1000)]


class MyVitals(Controller):
    """Blood pressure, pulse, weight, glucose, HbA1c, steps, temperature and oxygen."""

    path = "/me/vitals"
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My measurements"]  # noqa: RUF012

    @get("", summary="My measurements", opt=API | VIEW)
    async def listed(
        self,
        actor: NamedDependency[Actor],
        kind: FromQuery[wire.KindName | None] = None,
        since: FromQuery[date | None] = None,
        until: FromQuery[date | None] = None,
        after: After = "",
        count: Count = 50,
    ) -> wire.Entries:
        found = await service.listed(
            actor,
            [OF_NAME[kind]] if kind else KINDS,
            since=since,
            until=until,
            after=after,
            count=count,
        )
        return wire.Entries([_view(each) for each in found.items], found.next)

    @post("", summary="Write a measurement", opt=API | UPLOAD)
    async def write(
        self, actor: NamedDependency[Actor], data: JSONBody[wire.NewEntry]
    ) -> wire.MeasurementView:
        """422 names what is wrong by field; of odd values alone it gives a `sure` that says yes."""
        fields = _texts(data.values) | {"on": data.on, "time": data.time}
        kind = OF_NAME[data.kind]
        return _view(await service.write(actor, kind, fields, data.sure, data.key))

    @put("/{entry_id:uuid}", summary="Correct a measurement", opt=API | UPLOAD)
    async def correct(
        self,
        actor: NamedDependency[Actor],
        entry_id: FromPath[UUID],
        data: JSONBody[wire.Correction],
    ) -> wire.MeasurementView:
        """409 where it has another version by now; earlier versions are kept."""
        fields = _texts(data.values) | {"on": data.on, "time": data.time}
        kind = OF_NAME[data.kind] if data.kind else None
        return _view(await service.correct(actor, entry_id, data.version, fields, data.sure, kind))

    @delete("/{entry_id:uuid}", summary="Remove a measurement", opt=API | UPLOAD)
    async def remove(
        self,
        actor: NamedDependency[Actor],
        entry_id: FromPath[UUID],
        version: FromQuery[int | None] = None,
    ) -> None:
        """For good, with every version. A device's sample stays removed when it is sent again. 409
        where `version` is no longer the newest."""
        await service.remove(actor, [entry_id], version)

    @post("/batches", summary="Send a device's samples", opt=API | UPLOAD, status_code=200)
    async def take(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[wire.Batch]
    ) -> wire.BatchAnswer:
        """At most 200; sent again, the same samples change nothing."""
        sent = [
            Sent(
                each.id,
                each.kind,
                each.measured_at,
                each.edited_at,
                _texts(each.values),
                each.device or data.device,
            )
            for each in data.samples
        ]
        locale = _locale(request)
        answers = await batches.take(actor, sent)
        return wire.BatchAnswer(
            [_answer(locale, each, one) for each, one in zip(answers, sent, strict=True)]
        )

    @get("/summary", summary="Means, lows and highs", opt=API | VIEW)
    async def summary(
        self,
        actor: NamedDependency[Actor],
        kind: FromQuery[wire.KindName],
        by: FromQuery[By] = "week",
        since: FromQuery[date | None] = None,
        until: FromQuery[date | None] = None,
    ) -> wire.Summaries:
        """Of the last 90 days unless asked otherwise; means are those of the days."""
        last = until or clock.today_in_japan()
        reach = timedelta(days=LONGEST)
        if last < date.min + reach:
            raise NotFound
        first = max(since or last - timedelta(days=89), last - reach)
        found, counted = await service.summary(actor, OF_NAME[kind], first, last, by)
        lines = guidance.LINES if kind == PRESSURE.name else ()
        return wire.Summaries(
            kind,
            counted.since,
            last,
            counted.is_cut,
            [_summary(kind, each) for each in found],
            [wire.FileLineView(*each) for each in lines],
        )

    @post(
        "/import/preview",
        summary="What a file of measurements says",
        opt=API | UPLOAD,
        status_code=200,
        request_max_body_size=MAX_BYTES + 1,
    )
    async def look(
        self, request: ApiRequest, actor: NamedDependency[Actor], page: PageNumber = 1
    ) -> wire.Preview:
        """The body is the file: comma or tab separated, UTF-8 or Shift_JIS. Nothing is stored."""
        table = await importing.look(actor, await request.body())
        locale, start = _locale(request), (page - 1) * LINES_ON_A_PAGE
        drafts = [draft for line in table.lines for draft in line.drafts]
        held = sum(each.is_held for each in drafts)
        return wire.Preview(
            columns=[wire.ColumnView(*each) for each in table.columns],
            new=len(drafts) - held,
            held=held,
            faulty=sum(bool(line.faults) for line in table.lines),
            lines=[
                wire.ImportLine(
                    line.number,
                    [
                        wire.FileDraftView(
                            each.kind.name,  # type: ignore[arg-type]
                            each.values,
                            bool(each.sure),
                            each.is_held,
                        )
                        for each in line.drafts
                    ],
                    [
                        wire.FaultView(
                            each.column, i18n.text(locale, each.key, **dict(each.params))
                        )
                        for each in line.faults
                    ],
                )
                for line in table.lines[start : start + LINES_ON_A_PAGE]
            ],
            has_more=len(table.lines) > start + LINES_ON_A_PAGE,
        )

    @post(
        "/import",
        summary="Add a file of measurements",
        opt=API | UPLOAD,
        request_max_body_size=MAX_BYTES + 1,
    )
    async def keep(self, request: ApiRequest, actor: NamedDependency[Actor]) -> wire.ImportKept:
        """Lines with a fault are left out, what is stored already stays as it is."""
        return wire.ImportKept(*await importing.keep(actor, await request.body()))

    @delete("/import/{import_id:uuid}", summary="Take a file back", opt=API | UPLOAD)
    async def undo(self, actor: NamedDependency[Actor], import_id: FromPath[UUID]) -> None:
        """All that the file added, for good."""
        await importing.undo(actor, import_id)


def _locale(request: ApiRequest) -> str:
    return i18n.preferred(request.headers.get("accept-language", "ja"))


def _texts(values: dict[str, wire.Number]) -> dict[str, str]:
    return {
        name: value
        if isinstance(value, str)
        else f"{value:.10g}"
        if isinstance(value, float)
        else str(value)
        for name, value in values.items()
    }


def _view(entry: Entry) -> wire.MeasurementView:
    values = dict(entry.values)
    return wire.MeasurementView(
        id=entry.entry_id,
        kind=entry.kind,  # type: ignore[arg-type]
        version=entry.version,
        on=date.fromisoformat(values.pop("on")),
        time=values.pop("time", None),
        values=values,
        by=entry.by,
        device=entry.device,
        written_at=entry.written_at,
    )


def _answer(locale: str, answer: batches.Answer, sent: Sent) -> wire.SampleAnswer:
    outcome, reason, field = answer.verdict
    if not reason:
        return wire.SampleAnswer(answer.key, outcome, answer.entry_id)
    kind = OF_NAME.get(sent.kind)
    params = params_of(kind, field) if kind else {}
    return wire.SampleAnswer(
        id=answer.key,
        status=outcome,
        entry=answer.entry_id,
        reason=reason.rpartition(".")[2],
        field=field,
        text=i18n.text(locale, reason, **params),
    )


def _summary(kind: str, found: Summary) -> wire.SummaryView:
    number = next(each for each in NUMBERS[kind] if each.name == found.field)
    return wire.SummaryView(
        found.field,
        found.group,
        number.ucum,
        wire.FiguresView(*_said(found.whole, number.decimals)),
        [
            wire.PeriodView(*_said(each.figures, number.decimals), each.since, each.until)
            for each in found.periods
        ],
    )


def _said(figures: Figures, decimals: int) -> tuple[int, int, str, str, str]:
    mean = rounded(figures.mean, decimals + 1)
    return figures.times, figures.days, str(mean), str(figures.low), str(figures.high)


routes: list[ControllerRouterHandler] = [MyVitals]
