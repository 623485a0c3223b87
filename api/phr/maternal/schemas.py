"""What an app sees of a pregnancy."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from api.core import clock, i18n
from api.phr.entries import paging
from api.phr.maternal import book as pure
from api.phr.maternal import fetal_table, said, schedule, weight
from api.phr.maternal.book import Book, Measured, Written
from api.phr.maternal.dates import Gestation
from api.phr.maternal.service import Asked, Dated

KindName = Literal["visit", "blood", "ultrasound", "birth", "newborn"]
# As an address or a body names it, and as the kind is called
KINDS: dict[str, str] = {
    "visit": "pregnancy-visit",
    "blood": "pregnancy-blood",
    "ultrasound": "pregnancy-ultrasound",
    "birth": "birth",
    "newborn": "newborn",
}
NAMES = {kind: name for name, kind in KINDS.items()}
_EDITIONS = {
    "visits": schedule.EDITION,
    "gain": weight.EDITION,
    "measured": fetal_table.EDITION,
    "rsv": schedule.RSV_EDITION,
}

Text = Annotated[str, Meta(max_length=5000)]
Fields = Annotated[dict[str, Text], Meta(max_length=40)]


class PregnancyWish(Struct, kw_only=True, forbid_unknown_fields=True):
    """`fields` are texts by name, as a form sends them: `edd` or `lmp`, `dated_by`, `height`,
    `weight_before`, `remark`. `sure` says yes to what was asked about. `version`: of what is
    corrected. `key`: the same key again is the same pregnancy."""

    fields: Fields
    sure: Annotated[str, Meta(max_length=64)] = ""
    version: int = 0
    key: Annotated[str, Meta(max_length=100)] = ""

    def asked(self) -> Asked:
        return Asked(self.fields, self.sure, self.version, self.key)


class PregnancyEntryWish(PregnancyWish, kw_only=True, forbid_unknown_fields=True):
    """`fields` with `on` (not for a newborn: it is of the birth's day) and those of `kind`."""

    kind: KindName


class PregnancyWrittenView(Struct):
    """`notes`: what is worth knowing, by name (`pressure_high`, `haemoglobin`, …): information,
    never a diagnosis."""

    id: UUID
    kind: str
    version: int
    on: date
    weeks: int | None
    days: int | None
    values: dict[str, str]
    notes: list[str]
    by: str
    written_at: datetime


class VisitView(Struct):
    number: int
    week: int
    from_on: date
    until_on: date
    state: str
    done_on: list[date]


class TestView(Struct):
    """Weeks with the last one included."""

    test: str
    first_week: int
    last_week: int
    times: int
    state: str
    done_on: list[date]


class MeasuredView(Struct):
    """`mean`, `low` and `high` (±2 SD) of the curve of 2003, nothing outside weeks 18 to 40."""

    on: date
    weeks: int
    days: int
    grams: int
    is_told: bool
    fetus: str
    low: int | None
    mean: int | None
    high: int | None
    place: str | None


class FetalCurveView(Struct):
    """In grams: the mean, and two standard deviations below and above."""

    weeks: int
    low: int
    mean: int
    high: int


class FetalWeightsView(Struct):
    """`curve` with a straight line from week to week; `measured` the oldest first. `source` and
    `says` in the language that was asked for."""

    edition: str
    source: str
    says: str
    curve: list[FetalCurveView]
    measured: list[MeasuredView]


class PregnancyView(Struct):
    """`weeks` and `days`: of today, while it is open."""

    id: UUID
    version: int
    state: str
    due_on: date
    begin_on: date
    weeks: int | None
    days: int | None
    values: dict[str, str]


class PregnancyDueView(Struct):
    due_on: date
    dated_by: str
    written_at: datetime


class WholeView(PregnancyView):
    """`entries`, the newest first, come in pages: ask with `after` for what `next` says, null at
    the end; the rest is whole. `bmi`, `build` and `gain` (kilograms until the birth, from and to)
    by the body before. `rsv`: first and last day for the vaccine against RSV, by routine.
    `editions`: which rules and which tables."""

    bmi: str | None
    build: str | None
    gain: list[str] | None
    visits: list[VisitView]
    tests: list[TestView]
    measured: list[MeasuredView]
    entries: list[PregnancyWrittenView]
    next: str | None
    birth: PregnancyWrittenView | None
    newborns: list[PregnancyWrittenView]
    due_dates: list[PregnancyDueView]
    rsv: list[date] | None
    editions: dict[str, str]


class IdView(Struct):
    id: UUID


def pregnancy(book: Book) -> PregnancyView:
    return PregnancyView(*_head(book))


def whole(book: Book, dated: list[Dated], after: str = "", count: int = paging.USUAL) -> WholeView:
    page = paging.cut(book.entries, lambda each: each.entry_id, after, count)
    today = clock.today_in_japan()
    known = book.advice()
    gain = known[1].gain if known else None
    rsv = schedule.rsv_vaccine(book.due_on)
    return WholeView(
        *_head(book),
        bmi=str(known[0]) if known else None,
        build=known[1].build if known else None,
        gain=[str(each) for each in gain] if gain else None,
        visits=[
            VisitView(
                each.number,
                each.week,
                each.from_on,
                each.until_on,
                each.state,
                list(each.done_on),
            )
            for each in book.visits(today)
        ],
        tests=[
            TestView(each.test, each.first, each.last, each.times, each.state, list(each.done_on))
            for each in book.tests(today)
        ],
        measured=[_measured(each) for each in book.measured()],
        entries=[_written(book, each) for each in page.items],
        next=page.next,
        birth=_written(book, book.birth) if book.birth else None,
        newborns=[_written(book, each) for each in book.newborns],
        due_dates=[PregnancyDueView(*each) for each in dated],
        rsv=list(rsv) if rsv else None,
        editions=dict(_EDITIONS),
    )


def fetal_weights(book: Book, locale: str) -> FetalWeightsView:
    return FetalWeightsView(
        edition=fetal_table.EDITION,
        source=i18n.text(locale, "maternal.fetal.source"),
        says=said.fetal_weights(locale, book),
        curve=[FetalCurveView(week, *grams) for week, grams in fetal_table.TABLE.items()],
        measured=[_measured(each) for each in book.measured()],
    )


def _head(
    book: Book,
) -> tuple[UUID, int, str, date, date, int | None, int | None, dict[str, str]]:
    at = book.at(clock.today_in_japan()) if book.state == "open" else None
    weeks, days = at or (None, None)
    values = {
        name: value
        for name, value in book.head.values.items()
        if name not in ("on", "time", "is_closed")
    }
    return book.id, book.head.version, book.state, book.due_on, book.begin_on, weeks, days, values


def _written(book: Book, entry: Written) -> PregnancyWrittenView:
    at: Gestation | None = book.at(entry.on)
    return PregnancyWrittenView(
        id=entry.entry_id,
        kind=NAMES[entry.kind],
        version=entry.version,
        on=entry.on,
        weeks=at.weeks if at else None,
        days=at.days if at else None,
        values=dict(entry.values),
        notes=[note.name for note in pure.notes_of(entry)],
        by=entry.by,
        written_at=entry.written_at,
    )


def _measured(each: Measured) -> MeasuredView:
    curve = each.placed.curve if each.placed else None
    return MeasuredView(
        on=each.on,
        weeks=each.at.weeks,
        days=each.at.days,
        grams=each.grams,
        is_told=each.is_told,
        fetus=each.fetus,
        low=curve.low if curve else None,
        mean=curve.mean if curve else None,
        high=curve.high if curve else None,
        place=each.placed.place if each.placed else None,
    )
