"""Sample contexts of the maternal record."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from api.phr.maternal.book import Book, Written, book_of
from api.phr.maternal.schedule import following
from web_portal.page import PortalRequest
from web_portal.pages.book.pregnancy import said

VIEWER = {"role": "participant", "name": "花子", "unread": 2}
TODAY = date(2026, 8, 6)
AT = datetime(2026, 8, 6, 5, 5, tzinfo=UTC)
REQUEST = cast(PortalRequest, SimpleNamespace(cookies={"locale": "ja"}, headers={}))


def _written(at: int, kind: str, on: date, **values: str) -> Written:
    return Written(UUID(int=at), kind, 1, on, values, "proxy" if at == 2 else "self", AT)


def _book(*entries: Written, **head: str) -> Book:
    found = book_of(_written(1, "pregnancy", TODAY, edd="2026-10-08", **head), entries)
    assert found is not None
    return found


VISITS = (
    _written(
        2, "pregnancy-visit", date(2026, 8, 6), weight="59.4", systolic="162", diastolic="96",
        fundal_height="28", girth="92", oedema="trace", urine_protein="plus1", tests="gbs hbs",
        remark="よく動いている。\n次は二週間後。",
    ),
    _written(
        3, "pregnancy-visit", date(2026, 6, 4), weight="56.5", systolic="118", diastolic="72"
    ),
    _written(4, "pregnancy-blood", date(2026, 6, 4), haemoglobin="10.8", glucose_60="150"),
)  # fmt: skip
SCANS = (
    _written(5, "pregnancy-ultrasound", date(2026, 7, 30), bpd="75", ac="250", fl="55", fetus="1"),
    _written(6, "pregnancy-ultrasound", date(2026, 7, 30), weight_told="1400", fetus="2"),
    _written(7, "pregnancy-ultrasound", date(2026, 4, 1), weight_told="80"),
)
OPEN = _book(*VISITS, *SCANS, height="158.5", weight_before="52")
BIRTH = _written(
    8, "birth", date(2026, 10, 1), time="03:25", mode="vaginal", blood_loss="350", babies="2"
)
NEWBORN = _written(9, "newborn", BIRTH.on, number="1", sex="female", weight="2450", length="47.5")
BORN = _book(*VISITS, BIRTH, NEWBORN, babies="2")
PARTED = _written(9, "newborn", BIRTH.on, number="1", sex="female", weight="980", is_parted="yes")
QUIET = _book(*VISITS, *SCANS, _written(8, "birth", BIRTH.on, babies="1"), PARTED)


def _overview(book: Book, **more: Any) -> dict[str, Any]:
    entries = [said.entry_said(REQUEST, book, each) for each in book.entries]
    return {
        "viewer": VIEWER,
        "here": f"/book/pregnancy/{book.id}",
        "state": book.state,
        "week": "妊娠31週0日",
        "is_over": False,
        "may_be_born": True,
        "due_on": book.due_on,
        "days_left": 63,
        "earlier_dates": [date(2026, 10, 12)],
        "facts": said.head_facts(REQUEST, book),
        "following": following(book.visits(TODAY)),
        "done": 3,
        "written": entries,
        "birth": said.entry_said(REQUEST, book, book.birth) if book.birth else None,
        "newborns": [
            said.entry_said(REQUEST, book, each)
            | {"number": "1", "child": None, "is_parted": each not in book.living}
            for each in book.newborns
        ],
        "missing": book.missing(),
        "is_quiet": book.is_quiet,
        "has_others": True,
        "saved": None,
        "next": "50_x",
        "after": "",
        "is_kept": None,
        **more,
    }


NEW = _overview(_book(), week="", may_be_born=False, earlier_dates=[], facts=[], has_others=False)
LINE = {"href": "/book/pregnancy/b1", "on": date(2021, 3, 4), "due_on": TODAY, "state": "born"}
CLOSED = LINE | {"on": None, "state": "closed"}
HERE = {"viewer": VIEWER, "here": "/book/pregnancy/b1"}


def _charts(book: Book) -> dict[str, Any]:
    return HERE | {
        "is_quiet": book.is_quiet,
        "weights": said.weights_said(REQUEST, book),
        "fetal": said.measured_said(REQUEST, book),
    }


PREGNANCY_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "pregnancy": (
        "book/pregnancy/one.html",
        _overview(OPEN) | {"saved": said.entry_said(REQUEST, OPEN, OPEN.entries[0])},
    ),
    "pregnancy-new": ("book/pregnancy/one.html", NEW),
    "pregnancy-kept": ("book/pregnancy/one.html", _overview(OPEN, is_kept=True)),
    "pregnancy-shown": ("book/pregnancy/one.html", _overview(OPEN, is_kept=False)),
    "pregnancy-over": ("book/pregnancy/one.html", _overview(OPEN, is_over=True, days_left=-14)),
    "pregnancy-born": ("book/pregnancy/one.html", _overview(BORN)),
    "pregnancy-parted": ("book/pregnancy/one.html", _overview(QUIET)),
    "pregnancy-closed-one": (
        "book/pregnancy/one.html",
        _overview(_book(*VISITS, is_closed="yes")),
    ),
    "pregnancy-none": (
        "book/pregnancy/none.html",
        {"viewer": VIEWER, "births": [LINE], "has_closed": True},
    ),
    "pregnancy-first": (
        "book/pregnancy/none.html",
        {"viewer": VIEWER, "births": [], "has_closed": False},
    ),
    "pregnancy-earlier": (
        "book/pregnancy/earlier.html",
        {"viewer": VIEWER, "books": [LINE, CLOSED]},
    ),
    "pregnancy-earlier-none": ("book/pregnancy/earlier.html", {"viewer": VIEWER, "books": []}),
    "pregnancy-close": ("book/pregnancy/close.html", HERE),
    "pregnancy-closed": ("book/pregnancy/closed.html", HERE),
    "pregnancy-schedule": (
        "book/pregnancy/schedule.html",
        HERE
        | {
            "visits": [said.visit_said(each) for each in OPEN.visits(TODAY)],
            "tests": [said.due_said(REQUEST, each) for each in OPEN.tests(TODAY)],
            "rsv": (TODAY, TODAY),
        },
    ),
    "pregnancy-charts": ("book/pregnancy/charts.html", _charts(OPEN)),
    "pregnancy-charts-several": ("book/pregnancy/charts.html", _charts(BORN)),
    "pregnancy-charts-quiet": ("book/pregnancy/charts.html", _charts(QUIET)),
    "pregnancy-charts-none": ("book/pregnancy/charts.html", _charts(_book())),
}
