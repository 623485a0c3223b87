"""Children's books as JSON."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from api.core import i18n
from api.phr.child import checkups, growth, milestones, reading, said
from api.phr.child.growth import Position
from api.phr.child.handing_over import Content
from api.phr.child.reading import Child, Measured
from api.phr.child.service import Book
from api.phr.entries import paging
from api.phr.entries.service import Entry

Text = Annotated[str, Meta(max_length=5000)]
Name = Annotated[str, Meta(max_length=40)]
_EDITIONS = {
    "positions": str(growth.EDITION),
    "due": checkups.EDITION,
    "milestones": str(milestones.EDITION),
}


class ChildEntryWish(Struct, forbid_unknown_fields=True):
    """`fields` as the form has them, `on` among them; `version` of the entry that is changed.
    `sure` is what the refusal of odd values said. `key`: a name of the app's own; the same again
    adds nothing."""

    fields: dict[Name, Text]
    version: int = 0
    sure: Name = ""
    key: Annotated[str, Meta(max_length=100)] = ""


class BookWish(ChildEntryWish, forbid_unknown_fields=True):
    """`is_self`: the book of the account's participant."""

    is_self: bool = False


class CodeWish(Struct, forbid_unknown_fields=True):
    code: Name


class ChildView(Struct):
    """`gestation` in weeks and days; `birth` what was measured then. `is_quiet`: no day ahead is
    to be shown, and none is told."""

    id: UUID
    name: str
    sex: str
    birth_on: date
    gestation: tuple[int, int] | None
    is_self: bool
    version: int
    birth: dict[str, str]
    is_quiet: bool


class PositionView(Struct):
    """`percentile` between the 3rd and 97th; else `beyond` says on which side it lies."""

    percentile: int | None
    beyond: str


class PlacedView(Struct):
    """`age` in days; `corrected_age` and `corrected` of a preterm child before three years."""

    measure: str
    on: date
    value: str
    age: int
    position: PositionView | None
    corrected_age: int | None
    corrected: PositionView | None


class ChildEntryView(Struct):
    id: UUID
    version: int
    on: date
    values: dict[str, str]
    by: str
    written_at: datetime


class ChildDueView(Struct):
    """`state`: later, due, over or done."""

    name: str
    is_legal: bool
    first: date
    last: date
    state: str


class ChildBookView(Struct):
    """`growth` comes in pages, `positions` with it; the rest is whole: ask with `after` for what
    `next` says, null at the end. `due` is empty while the book is quiet. `editions`: of which
    survey or guideline the positions, days and milestones are."""

    child: ChildView
    growth: list[ChildEntryView]
    next: str | None
    checkups: list[ChildEntryView]
    milestones: list[ChildEntryView]
    positions: list[PlacedView]
    due: list[ChildDueView]
    editions: dict[str, str]


class GrowthLineView(Struct):
    """`age` in days; `values` one for each of `percentiles`, with a straight line to the next."""

    age: float
    values: list[str]


class GrowthCurveView(Struct):
    """`points` the oldest first; `says` where the newest lies, "" where nothing was measured."""

    measure: str
    unit: str
    says: str
    lines: list[GrowthLineView]
    points: list[PlacedView]


class GrowthCurvesView(Struct):
    """`edition`: the year of the survey; `source` names it, in the language that was asked for."""

    edition: str
    source: str
    sex: str
    percentiles: list[int]
    curves: list[GrowthCurveView]


class ChildLineView(Struct):
    kind: str
    title: str
    entries: int


class ChildContentView(Struct):
    name: str
    birth_on: date
    total: int
    lines: list[ChildLineView]


class ChildOfferView(Struct):
    """`code` is told once."""

    code: str
    expires_at: datetime


class OfferedView(Struct):
    """What would move; `expires_at` of the offer that waits."""

    content: ChildContentView
    expires_at: datetime | None


class TakenView(Struct):
    id: UUID


def child_view(of: Child) -> ChildView:
    return ChildView(
        id=of.book_id,
        name=of.name,
        sex=of.sex,
        birth_on=of.birth_on,
        gestation=None if of.gestation is None else (of.gestation.weeks, of.gestation.days),
        is_self=of.is_self,
        version=of.version,
        birth=dict(of.birth),
        is_quiet=of.is_quiet,
    )


def entry_view(entry: Entry) -> ChildEntryView:
    return ChildEntryView(
        entry.entry_id,
        entry.version,
        entry.on,
        _without_day(entry.values),
        entry.by,
        entry.written_at,
    )


def book_view(book: Book, today: date, after: str = "", count: int = paging.USUAL) -> ChildBookView:
    """What was measured at birth stands after the oldest."""
    had = {each.values["which"] for each in book.checkups}
    page = paging.cut(book.growth, lambda each: each.entry_id, after, count)
    birth = {} if page.next else book.child.birth
    shown = reading.courses(
        book.child._replace(birth=birth),
        [Measured(each.entry_id, each.on, each.values) for each in page.items],
    )
    return ChildBookView(
        child=child_view(book.child),
        growth=[entry_view(each) for each in page.items],
        next=page.next,
        checkups=[entry_view(each) for each in book.checkups],
        milestones=[entry_view(each) for each in book.milestones],
        positions=[
            _placed(course.measure, reading.placed(book.child, course.measure, each))
            for course in shown
            for each in course.values
        ],
        due=[
            ChildDueView(
                each.checkup.name, each.checkup.is_legal, each.first, each.last, each.state
            )
            for each in checkups.due(book.child.birth_on, had, today)
            if not book.child.is_quiet
        ],
        editions=dict(_EDITIONS),
    )


def curves_view(book: Book, locale: str) -> GrowthCurvesView:
    of = book.child
    return GrowthCurvesView(
        edition=str(growth.EDITION),
        source=i18n.text(locale, "child.source"),
        sex=of.sex,
        percentiles=list(growth.PERCENTILES),
        curves=[
            GrowthCurveView(
                measure=course.measure,
                unit=growth.UNITS[course.measure],
                says=said.sentence(locale, course),
                lines=[
                    GrowthLineView(float(age), [f"{each.normalize():f}" for each in values])
                    for age, values in growth.lines(course.measure, of.sex)
                ],
                points=[
                    _placed(course.measure, reading.placed(of, course.measure, each))
                    for each in course.values
                ],
            )
            for course in reading.courses(of, book.measured)
        ],
    )


def content_view(content: Content) -> ChildContentView:
    lines = [ChildLineView(*each) for each in content.lines]
    return ChildContentView(content.name, content.birth_on, content.total, lines)


def _placed(measure: str, point: reading.Point) -> PlacedView:
    return PlacedView(
        measure=measure,
        on=point.of.on,
        value=f"{point.of.value:f}",
        age=point.of.age,
        position=_position(point.position),
        corrected_age=point.of.corrected_age,
        corrected=_position(point.corrected),
    )


def _position(position: Position | None) -> PositionView | None:
    return None if position is None else PositionView(position.rounded, position.beyond)


def _without_day(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in ("on", "time")}
