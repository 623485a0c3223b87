"""A pregnancy in words and pictures, for its pages."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from markupsafe import Markup

from api.core import clock
from api.phr.child.reading import Child
from api.phr.maternal import kinds, schemas
from api.phr.maternal import said as words
from api.phr.maternal.book import Book, Measured, Written, notes_of
from api.phr.maternal.dates import Gestation
from api.phr.maternal.fetal_table import TABLE
from api.phr.maternal.schedule import Due, Visit
from api.phr.maternal.weight import TERM_WEEKS
from web_portal.charts import Curves, Line, Mark, curves, legend_mark
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.book import saying

HERE: Final = "/book/pregnancy"
_WEEK_TICKS: Final = tuple((float(week), str(week)) for week in range(0, TERM_WEEKS + 1, 8))
_FETAL_TICKS: Final = tuple((float(week), str(week)) for week in range(18, 41, 4))


def place_of(book: Book) -> str:
    return f"{HERE}/{book.id}"


def week_said(request: PortalRequest, at: Gestation | None) -> str:
    return words.week(preferences(request).locale, at)


def entry_said(request: PortalRequest, book: Book, entry: Written) -> dict[str, object]:
    """An entry as a list shows it. What to do now is said of the newest of its kind alone."""
    is_newest = book.state == "open" and entry is next(iter(book.of(entry.kind)), None)
    part = "note" if is_newest else "short"
    name = say(request, f"maternal.kind.{schemas.NAMES[entry.kind]}")
    which = _fetus(request, entry.values.get("fetus", ""))
    return {
        "id": str(entry.entry_id),
        "href": f"{place_of(book)}/entries/{entry.entry_id}",
        "on": entry.on,
        "time": entry.values.get("time", ""),
        "week": week_said(request, book.at(entry.on)),
        "name": f"{name} {which}" if which else name,
        "facts": facts_of(request, entry),
        "notes": [
            {"text": say(request, f"maternal.{part}.{note.name}"), "is_soon": note.is_soon}
            for note in notes_of(entry)
        ],
        "is_newest": is_newest,
        "by": entry.by,
    }


def begun(
    born_on: date, newborns: Sequence[Written], children: Sequence[Child]
) -> list[Child | None]:
    """The book begun for each: of a child born on that day and of no other sex, each once."""
    left = [each for each in children if each.birth_on == born_on]
    found: list[Child | None] = []
    for one in newborns:
        sex = one.values.get("sex", "")
        child = next((each for each in left if sex in ("", "unknown", each.sex)), None)
        if child is not None:
            left.remove(child)
        found.append(child)
    return found


def facts_of(request: PortalRequest, entry: Written) -> list[tuple[str, str]]:
    """That a child died is not said to whoever wrote it at every look."""
    values = {name: value for name, value in entry.values.items() if name != "is_parted"}
    return saying.facts_of(request, kinds.OF_NAME[entry.kind], values)


def head_facts(request: PortalRequest, book: Book) -> list[tuple[str, str]]:
    """Of the pregnancy itself, without what is shown elsewhere."""
    values = {k: v for k, v in book.head.values.items() if k not in ("edd", "is_closed")}
    return saying.facts_of(request, kinds.PREGNANCY, values)


def visit_said(visit: Visit) -> dict[str, object]:
    return visit._asdict()


def due_said(request: PortalRequest, due: Due) -> dict[str, object]:
    return {**due._asdict(), "name": say(request, f"maternal.test.{due.test}")}


def weights_said(request: PortalRequest, book: Book) -> dict[str, object]:
    """Picture, sentence and table of the weights, beside the advice for the body before."""
    known, found = book.advice(), book.weights()
    before = Decimal(book.head.values["weight_before"]) if known else None
    gain = known[1].gain if known else None
    says = say(request, "maternal.weight.none")
    if found:
        last = found[-1]
        week = week_said(request, last.at)
        says = say(request, "maternal.weight.says", week=week, weight=last.kilograms)
        if before is not None:
            says += say(request, "maternal.weight.gained", gain=_signed(last.kilograms - before))
    return {
        "says": says,
        "advice": _advice_said(request, book),
        "picture": _weight_picture(request, book, says, before, gain) if found else "",
        "rows": [
            {
                "on": each.on,
                "week": week_said(request, each.at),
                "weight": each.kilograms,
                "gain": _signed(each.kilograms - before) if before is not None else "",
            }
            for each in reversed(found)
        ],
        "has_band": gain is not None and bool(found),
    }


def measured_said(request: PortalRequest, book: Book) -> dict[str, object]:
    """Picture, sentence and table of the weights before birth, on the curve of 2003."""
    found = book.measured()
    fetuses = sorted({each.fetus for each in found})
    says = words.fetal_weights(preferences(request).locale, book)
    return {
        "says": says,
        "picture": _fetal_picture(request, found, fetuses, says) if found else "",
        "legend": _legend(request, fetuses),
        "rows": [_measured_row(request, each) for each in reversed(found)],
        "curve": [(week, *(f"{grams:,}" for grams in line)) for week, line in TABLE.items()],
    }


def _advice_said(request: PortalRequest, book: Book) -> str:
    known = book.advice()
    if known is None:
        is_known = book.has_several
        return say(request, "maternal.advice.several" if is_known else "maternal.advice.unknown")
    bmi, advice = known
    if advice.gain is None:
        return say(request, "maternal.advice.each", bmi=bmi)
    low, high = advice.gain
    return say(request, "maternal.advice.gain", bmi=bmi, low=low, high=high)


def _weight_picture(
    request: PortalRequest,
    book: Book,
    says: str,
    before: Decimal | None,
    gain: tuple[Decimal, Decimal] | None,
) -> Markup:
    lines: list[Line] = []
    if before is not None and gain is not None:
        start = (0.0, float(before))
        ends = [(float(TERM_WEEKS), float(before + each)) for each in gain]
        lines = [Line(f"+{each} kg", (start, end)) for each, end in zip(gain, ends, strict=True)]
    marks = [
        Mark(_weeks(each.at), float(each.kilograms), f"{each.kilograms} kg")
        for each in book.weights()
    ]
    return curves(
        Curves(
            name="weights",
            title=say(request, "maternal.weight.title"),
            says=says,
            x_label=say(request, "maternal.axis.weeks"),
            y_label="kg",
            x_ticks=_WEEK_TICKS,
            lines=lines,
            marks=marks,
            bands=((lines[0], lines[1]),) if lines else (),
        )
    )


def _fetal_picture(
    request: PortalRequest, found: Sequence[Measured], fetuses: Sequence[str], says: str
) -> Markup:
    low, mean, high = (
        [(float(week), float(grams[place])) for week, grams in TABLE.items()] for place in range(3)
    )
    lines = [
        Line("−2SD", low),
        Line(say(request, "maternal.fetal.mean"), mean, is_main=True),
        Line("＋2SD", high),
    ]
    marks = [
        Mark(_weeks(each.at), float(each.grams), f"{each.grams:,} g", fetuses.index(each.fetus))
        for each in found
    ]
    return curves(
        Curves(
            name="fetal",
            title=say(request, "maternal.fetal.title"),
            says=says,
            x_label=say(request, "maternal.axis.weeks"),
            y_label="g",
            x_ticks=_FETAL_TICKS,
            lines=lines,
            marks=marks,
            bands=((lines[0], lines[2]),),
        )
    )


def _legend(request: PortalRequest, fetuses: Sequence[str]) -> list[tuple[Markup, str]]:
    """Only where several are told apart."""
    if len(fetuses) < 2:
        return []
    return [
        (legend_mark(place), _fetus(request, each) or say(request, "maternal.fetus.unsaid"))
        for place, each in enumerate(fetuses)
    ]


def _measured_row(request: PortalRequest, each: Measured) -> dict[str, object]:
    curve = each.placed.curve if each.placed else None
    return {
        "on": each.on,
        "week": week_said(request, each.at),
        "fetus": _fetus(request, each.fetus),
        "grams": f"{each.grams:,}",
        "how": say(request, "maternal.fetal.told" if each.is_told else "maternal.fetal.computed"),
        "range": f"{curve.low:,}–{curve.high:,}" if curve else "",
    }


def _fetus(request: PortalRequest, number: str) -> str:
    return words.fetus(preferences(request).locale, number)


def _signed(kilograms: Decimal) -> str:
    return f"{kilograms:+}".replace("-", "−").replace("+", "＋")


def _weeks(at: Gestation) -> float:
    return at.weeks + at.days / 7


def days_until(on: date) -> int:
    return (on - clock.today_in_japan()).days
