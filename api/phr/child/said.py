"""Where a child's values lie, in one sentence: for pages and apps alike."""

from api.core import i18n
from api.phr.child.growth import Position
from api.phr.child.reading import Course, Point


def sentence(locale: str, course: Course) -> str:
    """体重は40パーセンタイルの線上です。1か月前は35でした。 Nothing where nothing was measured."""
    if course.newest is None:
        return ""
    name = i18n.text(locale, f"child.{course.measure}")
    newest, before = course.newest, course.before
    gap = "" if locale == "ja" else " "
    if newest.of.corrected_age is None:
        parts = [_at(locale, name, newest.position), _then(locale, course, before, "position")]
        return gap.join(each for each in parts if each)
    if newest.of.corrected_age < 0:
        parts = [i18n.text(locale, "child.says.before_term", name=name)]
    else:
        parts = [
            i18n.text(locale, "child.says.by_corrected"),
            _at(locale, name, newest.corrected),
            _then(locale, course, before, "corrected"),
        ]
    if newest.position is not None:
        by_birth = rank(locale, newest.position)
        parts.append(i18n.text(locale, "child.says.by_birth", rank=by_birth))
    return gap.join(each for each in parts if each)


def rank(locale: str, position: Position | None) -> str:
    """40, or in words what lies beyond the outer lines; a dash where the survey has nothing."""
    if position is None:
        return "–"
    if position.beyond:
        return i18n.text(locale, f"child.rank.{position.beyond}")
    return str(position.rounded)


def _at(locale: str, name: str, position: Position | None) -> str:
    if position is None:
        return i18n.text(locale, "child.says.nothing", name=name)
    if position.beyond:
        return i18n.text(locale, f"child.says.{position.beyond}", name=name)
    return i18n.text(locale, "child.says.at", name=name, percentile=position.rounded or 0)


def _then(locale: str, course: Course, before: Point | None, by: str) -> str:
    """Nothing where there is nothing to compare with."""
    position: Position | None = getattr(before, by, None)
    if before is None or position is None or getattr(course.newest, by) is None:
        return ""
    ranked = rank(locale, position)
    if course.is_a_month:
        return i18n.text(locale, "child.says.month", rank=ranked)
    on = i18n.day(locale, before.of.on)
    return i18n.text(locale, "child.says.then", day=on, rank=ranked)
