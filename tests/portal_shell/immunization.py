"""Sample contexts of vaccines: what is next, a table for paper, nothing yet."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from api.phr.entries.service import Entry
from api.phr.immunization import adults, engine, reminding
from api.phr.immunization.engine import Person
from api.phr.immunization.plans import Dose
from api.phr.immunization.service import Vaccinations, Whose
from web_portal.page import PortalRequest
from web_portal.pages.book.frame import Way
from web_portal.pages.book.vaccines import offered, shown

VIEWER = {"role": "participant", "name": "花子", "unread": 2}
TODAY = date(2026, 11, 30)
BORN = date(2026, 5, 15)
BOOK = UUID(int=1)
AT = datetime(2026, 11, 1, 5, 5, tzinfo=UTC)
REQUEST = cast(PortalRequest, SimpleNamespace(cookies={"locale": "ja"}, headers={}))
GIVEN = (
    ("rota1", date(2026, 7, 20), {"maker": "GSK", "lot": "AROLB", "site": "by-mouth"}),
    ("rota1", date(2026, 8, 17), {}),
    ("hbv", date(2026, 7, 20), {"lot": "H7", "given_at": "みなと小児科"}),
    ("hbv", date(2026, 8, 17), {}),
    ("dpt-ipv-hib", date(2026, 7, 20), {"site": "left-thigh", "remark": "よく眠った。"}),
    ("dpt-ipv-hib", date(2026, 8, 3), {}),
    ("pcv", date(2026, 7, 20), {}),
    ("another", date(2026, 10, 1), {"named": "治験のワクチン"}),
)


def _found(whose: Whose, *given: tuple[str, date, dict[str, str]], elsewhere: Any = ()) -> Any:
    entries = [
        Entry(
            UUID(int=number), whose.kind.name, whose.book, 1, on, None,
            {"vaccine": vaccine, "on": on.isoformat(), **more}, "self", "", AT, False,
        )
        for number, (vaccine, on, more) in enumerate(given, 10)
    ]  # fmt: skip
    doses = [Dose(each.values["vaccine"], each.on, str(each.entry_id)) for each in entries]
    doses += elsewhere
    born, sex = whose.person
    return Vaccinations(
        whose,
        entries,
        list(elsewhere),
        engine.plans(whose.person, doses, TODAY),
        engine.beside(doses, TODAY),
        [] if whose.book_id else adults.offers(born, sex, doses, TODAY),
        TODAY,
        reminding.of_offers(adults.ahead(born, sex, doses, TODAY), TODAY) if entries else [],
    )


CHILD = Whose("ゆい", Person(BORN, "female"), BOOK)
QUIET = CHILD._replace(is_quiet=True)
SHORT = Whose("ゆい", Person(date(2022, 6, 10), "female"), BOOK)
OLDER = Whose("山本 太郎", Person(date(1962, 4, 2), "male"), None)
AHEAD = Whose("山本 太郎", Person(date(1966, 5, 15), "male"), None)
ADULT = Whose("山本 花子", Person(date(1940, 4, 9), "female"), None)


def _page(found: Vaccinations, **more: Any) -> dict[str, Any]:
    here = f"/book/children/{BOOK}/vaccines" if found.whose.book_id else "/book/vaccines"
    back = Way(f"/book/children/{BOOK}", "ゆい") if found.whose.book_id else Way("/book", "手帳")
    context = {**offered.context(REQUEST, found), **shown.context(REQUEST, found)}
    base = {"viewer": VIEWER, "here": here, "back": back, "today": TODAY, "children": []}
    return {**base, **context, **more}


CHILDREN = {"title": "ゆいさんの予防接種", "href": f"/book/children/{BOOK}/vaccines"}
_FULL = _found(CHILD, *GIVEN)
_OWN = _found(
    ADULT,
    ("pneumococcal", date(2020, 10, 1), {"lot": "P23"}),
    elsewhere=[Dose("influenza", date(2026, 11, 4))],
)
IMMUNIZATION_PAGES = {
    "vaccines": ("book/vaccines/all.html", _page(_FULL)),
    "vaccines-quiet": ("book/vaccines/all.html", _page(_found(QUIET, *GIVEN))),
    "vaccines-none": ("book/vaccines/all.html", _page(_found(CHILD))),
    "vaccines-own": ("book/vaccines/all.html", _page(_OWN, children=[CHILDREN])),
    "vaccines-own-none": ("book/vaccines/all.html", _page(_found(ADULT))),
    "vaccines-offered": ("book/vaccines/all.html", _page(_found(OLDER))),
    "vaccines-ahead": ("book/vaccines/all.html", _page(_found(AHEAD))),
    "vaccines-perhaps": ("book/vaccines/all.html", _page(_found(SHORT))),
    "vaccine-table": ("book/vaccines/table.html", _page(_FULL)),
    "vaccine-table-none": ("book/vaccines/table.html", _page(_found(CHILD))),
}
