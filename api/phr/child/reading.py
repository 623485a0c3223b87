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
    `is_self`: the account's participant. `birth` holds what was measured then, by measure.
    `is_quiet`: no day ahead is shown or told."""

    book_id: UUID
    name: str
    sex: Sex
    birth_on: date
    gestation: Gestation | None
    is_self: bool
    version: int
    birth: Mapping[str, str]
    is_quiet: bool = False


class Measured(NamedTuple):
    """One entry as it was written; `entry_id` is None for what was measured at birth."""

    entry_id: UUID | None
    on: date
    values: Mapping[str, str]


class Value(NamedTuple):
    """`age` in days. `corrected_age` while a preterm child's corrected age is of use: below nought
    before the day the child was expected."""

    on: date
    age: int
    value: Decimal
    corrected_age: int | None


class Point(NamedTuple):
    """A value and where it lies, by its age and by its corrected age."""

    of: Value
    position: Position | None
    corrected: Position | None


class Course(NamedTuple):
    """All values of one measure, the oldest first. `before` is what the newest is compared with,
    `is_a_month`: about a month before it."""

    measure: Measure
    values: Sequence[Value]
    newest: Point | None
    before: Point | None
    is_a_month: bool


def gestation_of(weeks: str, days: str) -> Gestation | None:
    """As the form has them; None where the weeks were not said."""
    return Gestation(int(weeks), int(days or 0)) if weeks else None


def value_on(child: Child, on: date, value: Decimal) -> Value:
    """Ages are in days; a corrected one only of a child born early."""
    expected = age.corrected_on(child.birth_on, child.gestation, on)
    corrected = None if expected is None else (on - expected).days
    return Value(on, (on - child.birth_on).days, value, corrected)


def placed(child: Child, measure: Measure, value: Value) -> Point:
    """Where it lies on the curves, by age and by corrected age."""
    position = growth.position(measure, child.sex, Decimal(value.age), value.value)
    if value.corrected_age is None:
        return Point(value, position, None)
    corrected = Decimal(value.corrected_age)
    return Point(value, position, growth.position(measure, child.sex, corrected, value.value))


def courses(child: Child, measured: Iterable[Measured]) -> list[Course]:
    """Of weight, height and head; what was measured at birth is of the day of birth."""
    ordered = sorted(
        (Measured(None, child.birth_on, child.birth), *measured), key=lambda each: each.on
    )
    found = []
    for measure in MEASURES:
        values = [
            value_on(child, each.on, Decimal(each.values[measure]))
            for each in ordered
            if each.values.get(measure)
        ]
        before, is_a_month = _before(values)
        newest = placed(child, measure, values[-1]) if values else None
        compared = None if before is None else placed(child, measure, before)
        found.append(Course(measure, values, newest, compared, is_a_month))
    return found


def _before(values: Sequence[Value]) -> tuple[Value | None, bool]:
    """About a month earlier, or else the one before; of another day than the newest."""
    earlier = [each for each in values if each.on < values[-1].on]
    if not earlier:
        return None, False
    apart = [values[-1].age - each.age for each in earlier]
    month = [place for place, days in enumerate(apart) if A_MONTH[0] <= days <= A_MONTH[1]]
    if month:
        return earlier[min(month, key=lambda place: abs(apart[place] - 30))], True
    return earlier[-1], False
