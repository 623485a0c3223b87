"""A number far from the same person's others about its day: asked about once, never refused.

What two values may differ by is the house's own: nobody publishes what a slip of the finger is.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

NOTHING = Decimal(0)


class Point(NamedTuple):
    on: date
    value: Decimal


class Slack(NamedTuple):
    """What two values may differ by: at once a share of the earlier one, though never less than
    `least`, and more with each day between them, up and down."""

    share: Decimal
    least: Decimal
    rise: Decimal
    fall: Decimal


# Whether a later value is far from an earlier one.
IsFar = Callable[[Point, Point], bool]


class Leaps(NamedTuple):
    """By field. `known` stands beside the entries, and no entry of the kind says it; `is_of_book`:
    entries of another book are another person's, or another time's."""

    fields: Mapping[str, IsFar]
    known: Mapping[str, Point] = {}
    is_of_book: bool = False


def is_far(
    earlier: Point, later: Point, *, slack: Slack, rise: Decimal = NOTHING, fall: Decimal = NOTHING
) -> bool:
    """`rise` and `fall`: what may have come once, besides."""
    days = (later.on - earlier.on).days
    change = later.value - earlier.value
    at_once = max(slack.share * earlier.value, slack.least)
    if change > 0:
        return change > at_once + rise + slack.rise * days
    return -change > at_once + fall + slack.fall * days


def far(
    leaps: Leaps,
    on: date,
    values: Mapping[str, str],
    others: Iterable[tuple[date, Mapping[str, str]]],
) -> dict[str, Point]:
    """The fields far from the one before and the one after, and the nearest of the two. `others`:
    the newest first; of the same day is before. What is near to one of the two is in its place: an
    earlier slip, or a birth, is between the other and it."""
    there, found = list(others), dict[str, Point]()
    for name, leaps_from in leaps.fields.items():
        if not values.get(name):
            continue
        here = Point(on, Decimal(values[name]))
        points = [Point(day, Decimal(said[name])) for day, said in there if said.get(name)]
        points += [leaps.known[name]] if name in leaps.known else []
        before = max((each for each in points if each.on <= on), key=_day, default=None)
        after = min((each for each in points if each.on > on), key=_day, default=None)
        is_near = (before is not None and not leaps_from(before, here)) or (
            after is not None and not leaps_from(here, after)
        )
        nearest = before or after
        if nearest is not None and not is_near:
            found[name] = nearest
    return found


def _day(point: Point) -> date:
    return point.on
