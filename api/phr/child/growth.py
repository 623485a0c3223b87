"""Where a child's weight, length and head lie among the percentiles of the national survey of 2023.

The survey gives its seven percentiles for bands of age, not for days. A band stands at its middle;
between two middles each percentile is joined by a straight line, and after the last middle, up to
the band's end, it stays as it is. Between two percentiles a position is again in proportion. Below
the lowest and above the highest nothing is computed: the survey says nothing there.
"""

import csv
from bisect import bisect_right
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final, Literal, NamedTuple

Measure = Literal["weight", "height", "head"]
Sex = Literal["male", "female"]
MEASURES: Final[tuple[Measure, ...]] = ("weight", "height", "head")
SEXES: Final[tuple[Sex, ...]] = ("male", "female")
UNITS: Final[dict[Measure, str]] = {"weight": "kg", "height": "cm", "head": "cm"}
PERCENTILES: Final = (3, 10, 25, 50, 75, 90, 97)
EDITION: Final = 2023
MONTH: Final = Decimal("30.4375")  # days, on the average of four years
_AT_30_DAYS: Final = "d30"


class Band(NamedTuple):
    """An age of the table: `low` to `high` in months, and the day its figures stand at."""

    name: str
    low: int
    high: int
    middle: Decimal
    values: tuple[Decimal, ...]


class Position(NamedTuple):
    """`percentile` where it lies between the 3rd and the 97th; else `beyond` says on which side."""

    percentile: Decimal | None
    beyond: Literal["", "below", "above"]

    @property
    def rounded(self) -> int | None:
        if self.percentile is None:
            return None
        return int(self.percentile.quantize(Decimal(1), ROUND_HALF_UP))


def bands(measure: Measure, sex: Sex) -> tuple[Band, ...]:
    """In the order of age."""
    return _tables()[measure, sex]


def last_day(measure: Measure) -> Decimal:
    """The last day of age the table speaks of."""
    return bands(measure, "male")[-1].high * MONTH


def line(measure: Measure, sex: Sex, age: Decimal) -> tuple[Decimal, ...] | None:
    """The seven values at an age in days; None where the table has none."""
    if not 0 <= age <= last_day(measure):
        return None
    found = bands(measure, sex)
    place = bisect_right([each.middle for each in found], age)
    before = found[place - 1]
    if place == len(found) or before.middle == age:
        return before.values
    after = found[place]
    share = (age - before.middle) / (after.middle - before.middle)
    pairs = zip(before.values, after.values, strict=True)
    return tuple(low + (high - low) * share for low, high in pairs)


def lines(
    measure: Measure, sex: Sex, end: Decimal | None = None
) -> list[tuple[Decimal, tuple[Decimal, ...]]]:
    """The seven values at each age in days between which they are straight lines, up to `end`."""
    until = last_day(measure) if end is None else end
    days = [each.middle for each in bands(measure, sex) if each.middle < until]
    found = [(day, line(measure, sex, day)) for day in (*days, until)]
    return [(day, values) for day, values in found if values is not None]


def position(measure: Measure, sex: Sex, age: Decimal, value: Decimal) -> Position | None:
    """None where the table has nothing for that age."""
    values = line(measure, sex, age)
    if values is None:
        return None
    if value < values[0]:
        return Position(None, "below")
    if value > values[-1]:
        return Position(None, "above")
    for (low, high), (least, most) in zip(pairwise(PERCENTILES), pairwise(values), strict=True):
        if value <= most:
            share = (value - least) / (most - least)
            return Position(low + (high - low) * share, "")
    raise AssertionError("the last is not above the last")


@cache
def _tables() -> Mapping[tuple[Measure, Sex], tuple[Band, ...]]:
    text = files(__package__).joinpath("growth_2023.csv").read_text("utf-8")
    rows = csv.DictReader(each for each in text.splitlines() if not each.startswith("#"))
    found: dict[tuple[Measure, Sex], list[Band]] = {
        (measure, sex): [] for measure in MEASURES for sex in SEXES
    }
    for row in rows:
        measure = next(each for each in MEASURES if each == row["measure"])
        sex = next(each for each in SEXES if each == row["sex"])
        low, high = int(row["age_months_min"]), int(row["age_months_max"])
        middle = Decimal(30) if row["band"] == _AT_30_DAYS else Decimal(low + high) / 2 * MONTH
        values = tuple(Decimal(row[f"p{each}"]) for each in PERCENTILES)
        found[measure, sex].append(Band(row["band"], low, high, middle, values))
    return {key: tuple(each) for key, each in found.items()}
