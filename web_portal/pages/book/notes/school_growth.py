"""Height and weight at school on the national curves, as far as the survey goes, and beyond it."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from markupsafe import Markup

from api.core import i18n
from api.phr.child import growth, reading
from api.phr.child.growth import PERCENTILES, UNITS, Measure, Sex
from api.phr.child.reading import Child, Course, Measured
from api.phr.entries.service import Entry
from api.phr.law_age import months_of
from web_portal.charts.curves import Curves, Line, Mark, curves
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.book.children import pictures

MEASURES: Final[tuple[Measure, ...]] = ("height", "weight")
_MONTH: Final = float(growth.MONTH)
_SCHOOL: Final = 36  # months: the first year at a kindergarten
# How far a picture reaches, in months, and how far its ticks are apart.
_SPANS: Final = ((78, 12), (156, 24), (228, 36), (1500, 240))


class Whose(NamedTuple):
    """Of whom; without `sex` where the survey has no curves."""

    birth_on: date
    sex: Sex | None


def courses(
    request: PortalRequest, whose: Whose, found: Sequence[Entry]
) -> list[dict[str, object]]:
    """Picture and sentence of height and weight; nothing where nothing was measured."""
    shown = list[dict[str, object]]()
    if whose.sex is None:
        return shown
    by_measure = {each.measure: each for each in _read(whose.birth_on, whose.sex, found)}
    for measure in MEASURES:
        course = by_measure[measure]
        if course.newest is None:
            continue
        is_beyond = course.values[-1].age > growth.last_day(measure)
        says = _says(request, course, is_beyond=is_beyond)
        shown.append(
            {
                "measure": measure,
                "title": say(request, f"child.{measure}"),
                "value": f"{course.newest.of.value:f}\u00a0{UNITS[measure]}",
                "on": course.newest.of.on,
                "says": says,
                "picture": _picture(request, whose.sex, course, says, is_beyond=is_beyond),
                "is_beyond": is_beyond,
            }
        )
    return shown


def row(request: PortalRequest, whose: Whose, entry: Entry) -> dict[str, object] | None:
    """Age, height and weight with their positions; None where neither was measured."""
    if entry.on < whose.birth_on or not any(entry.values.get(each) for each in MEASURES):
        return None
    ranks = dict[str, str]()
    if whose.sex is not None:
        for course in _read(whose.birth_on, whose.sex, [entry]):
            position = course.newest.position if course.newest else None
            ranks[course.measure] = pictures.rank(request, position)
    return {
        "on": entry.on,
        "age": pictures.age_in_table(request, months_of(whose.birth_on, entry.on)),
        "cells": [(entry.values.get(each, ""), ranks.get(each, "")) for each in MEASURES],
    }


def _read(birth_on: date, sex: Sex, found: Sequence[Entry]) -> list[Course]:
    """What was measured at birth is no checkup at school; ages are counted from the birth day."""
    of = Child(UUID(int=0), "", sex, birth_on, None, is_self=False, version=0, birth={})
    measured = [Measured(each.entry_id, each.on, each.values) for each in found]
    return reading.courses(of, [each for each in measured if each.on >= birth_on])


def _says(request: PortalRequest, course: Course, *, is_beyond: bool) -> str:
    locale, unit = preferences(request).locale, UNITS[course.measure]
    if not is_beyond or course.newest is None:
        return pictures.sentence(request, course)
    newest, name = course.newest.of, say(request, f"child.{course.measure}")
    value = f"{newest.value:f}\u00a0{unit}"
    said = [say(request, "notes.school.newest", name=name, value=value)]
    if course.before is not None:
        on = i18n.day(locale, course.before.of.on)
        value = f"{course.before.of.value:f}\u00a0{unit}"
        said.append(say(request, "notes.school.before", day=on, value=value))
    said.append(say(request, "notes.school.beyond"))
    return ("" if locale == "ja" else " ").join(said)


def _picture(
    request: PortalRequest, sex: Sex, course: Course, says: str, *, is_beyond: bool
) -> Markup:
    measure, unit = course.measure, UNITS[course.measure]
    span, apart = next(
        (each for each in _SPANS if course.values[-1].age / _MONTH <= each[0]), _SPANS[-1]
    )
    first = _SCHOOL if course.values[0].age / _MONTH >= _SCHOOL else 0
    lines = _lines(measure, sex, first, names=not is_beyond)
    return curves(
        Curves(
            name=f"school-{measure}",
            title=say(request, f"child.{measure}"),
            says=says,
            x_label=say(request, "child.picture.years"),
            y_label=unit,
            x_ticks=[(float(each), str(each // 12)) for each in range(first, span + 1, apart)],
            lines=lines,
            marks=[
                Mark(each.age / _MONTH, float(each.value), f"{each.value:f}\u00a0{unit}")
                for each in course.values
            ],
            bands=[(lines[0], lines[-1])],
        )
    )


def _lines(measure: Measure, sex: Sex, first: int, *, names: bool) -> list[Line]:
    """The seven lines to the survey's last age; a name at an end amid the picture would look like
    a line that goes on."""
    begin = first * growth.MONTH
    start = growth.line(measure, sex, begin)
    found = [(day, values) for day, values in growth.lines(measure, sex) if day > begin]
    points = [(begin, start), *found] if start else found
    return [
        Line(
            str(each) if names else "",
            tuple((float(day) / _MONTH, float(values[place])) for day, values in points),
            each == pictures.MAIN,
        )
        for place, each in enumerate(PERCENTILES)
    ]
