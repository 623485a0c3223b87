"""What a child's entries say together: positions on the curves, what came before, what is due."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from api.phr.child import age, growth
from api.phr.child.age import Gestation
from api.phr.child.growth import MEASURES, Measure, Position, Sex

# How many days before the newest value one is "a month ago".
A_MONTH: Final = (25, 35)


class Child(NamedTuple):
    """Whose book it is. `book_id` is also the name of its entries' book in the store, as text;
    `is_self`: the account's participant. `birth` holds what was measured then, by measure."""

    book_id: UUID
    name: str
    sex: Sex
    birth_on: date
    gestation: Gestation | None
    is_self: bool
    version: int
    birth: Mapping[str, str]


class Measured(NamedTuple):
    """One entry as it was written; `entry_id` is None for what was measured at birth."""

    entry_id: UUID | None
    on: date
    values: Mapping[str, str]


class Point(NamedTuple):
    """A value and where it lies. `corrected_age` and `corrected` where a preterm child's corrected
    age is of use; before the day the child was expected there is an age below nought and no
    position."""

    on: date
    age: int
    value: Decimal
    position: Position | None
    corrected_age: int | None = None
    corrected: Position | None = None


class Course(NamedTuple):
    """All values of one measure, the oldest first. `before` is what the newest is compared with,
    `is_a_month`: about a month before it."""

    measure: Measure
    points: Sequence[Point]
    before: Point | None
    is_a_month: bool

    @property
    def newest(self) -> Point | None:
        return self.points[-1] if self.points else None


def gestation_of(weeks: str, days: str) -> Gestation | None:
    return Gestation(int(weeks), int(days or 0)) if weeks else None


def point(child: Child, measure: Measure, on: date, value: Decimal) -> Point:
    days = (on - child.birth_on).days
    position = growth.position(measure, child.sex, Decimal(days), value)
    expected = age.corrected_on(child.birth_on, child.gestation, on)
    if expected is None:
        return Point(on, days, value, position)
    since = (on - expected).days
    corrected = growth.position(measure, child.sex, Decimal(since), value)
    return Point(on, days, value, position, since, corrected)


def courses(child: Child, measured: Iterable[Measured]) -> list[Course]:
    """Of weight, height and head; what was measured at birth is of the day of birth."""
    ordered = sorted(
        (Measured(None, child.birth_on, child.birth), *measured), key=lambda each: each.on
    )
    found = []
    for measure in MEASURES:
        points = [
            point(child, measure, each.on, Decimal(each.values[measure]))
            for each in ordered
            if each.values.get(measure)
        ]
        found.append(Course(measure, points, *_before(points)))
    return found


def _before(points: Sequence[Point]) -> tuple[Point | None, bool]:
    """About a month earlier, or else the one before; of another day than the newest."""
    if not points:
        return None, False
    earlier = [each for each in points if each.on < points[-1].on]
    if not earlier:
        return None, False
    apart = [(points[-1].on - each.on).days for each in earlier]
    month = [place for place, days in enumerate(apart) if A_MONTH[0] <= days <= A_MONTH[1]]
    if month:
        return earlier[min(month, key=lambda place: abs(apart[place] - 30))], True
    return earlier[-1], False
