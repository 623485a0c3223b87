"""A child's values on the national curves: the picture, and the same in a sentence."""

from functools import cache
from typing import Final

from markupsafe import Markup

from api.phr.child import growth, said
from api.phr.child.growth import PERCENTILES, UNITS, Measure, Position, Sex
from api.phr.child.reading import Child, Course
from web_portal.charts.curves import Curves, Line, Mark, curves
from web_portal.page import PortalRequest, preferences, say

MAIN: Final = 50
_MONTH: Final = float(growth.MONTH)
# How far a picture reaches, in months, and how far its ticks are apart.
_SPANS: Final = ((12, 3), (24, 6), (78, 12))


def picture(request: PortalRequest, of: Child, course: Course) -> Markup:
    """Marks by age; of a preterm child a second kind by corrected age."""
    measure = course.measure
    span, apart = _span(measure, course)
    unit = UNITS[measure]
    marks = []
    for each in course.values:
        value = f"{each.value:f}\u00a0{unit}"
        marks.append(Mark(each.age / _MONTH, float(each.value), value))
        if each.corrected_age is not None and each.corrected_age >= 0:
            marks.append(Mark(each.corrected_age / _MONTH, float(each.value), value, 1))
    lines = [
        Line(str(each), points, each == MAIN)
        for each, points in zip(PERCENTILES, _lines(measure, of.sex, span), strict=True)
    ]
    is_years = span > 24
    return curves(
        Curves(
            name=f"growth-{measure}",
            title=say(request, f"child.{measure}"),
            says=sentence(request, course),
            x_label=say(request, "child.picture.years" if is_years else "child.picture.months"),
            y_label=unit,
            x_ticks=[
                (float(each), str(each // 12 if is_years else each))
                for each in range(0, span + 1, apart)
            ],
            lines=lines,
            marks=marks,
            bands=[(lines[0], lines[-1])],
        )
    )


def sentence(request: PortalRequest, course: Course) -> str:
    return said.sentence(preferences(request).locale, course)


def rank(request: PortalRequest, position: Position | None) -> str:
    return said.rank(preferences(request).locale, position)


def _span(measure: Measure, course: Course) -> tuple[int, int]:
    oldest = course.values[-1].age / _MONTH if course.values else 0.0
    last = growth.bands(measure, "male")[-1].high
    span, apart = next(((s, a) for s, a in _SPANS if oldest <= s), _SPANS[-1])
    return min(span, last), apart


@cache
def _lines(measure: Measure, sex: Sex, span: int) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The seven lines to the end of the picture."""
    lines = growth.lines(measure, sex, span * growth.MONTH)
    return tuple(
        tuple((float(day) / _MONTH, float(values[place])) for day, values in lines)
        for place in range(len(PERCENTILES))
    )


def age_in_table(request: PortalRequest, months: int) -> str:
    """11か月, 2歳3か月."""
    if months < 24:
        return say(request, "child.age.short", months=months)
    return say(request, "child.age.years", years=months // 12, months=months % 12)


def age_said(request: PortalRequest, months: int, days: int, *, is_corrected: bool = False) -> str:
    """生後3か月と5日, 1歳6か月; a corrected age is not counted from birth (生後)."""
    if months < 1:
        key = "child.corrected.days" if is_corrected else "child.age.days"
        return say(request, key, days=days)
    if months < 12 and is_corrected:
        return say(request, "child.corrected.months", months=months, days=days)
    if months < 12:
        return say(request, "child.age.months", months=months, days=days)
    return say(request, "child.age.years", years=months // 12, months=months % 12)
