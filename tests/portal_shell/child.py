"""Sample contexts: a child's book, what was measured, and handing it over."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from markupsafe import Markup

from web_portal.charts import legend_mark
from web_portal.charts.curves import Curves, Line, Mark, curves

HANAKO = {"role": "participant", "name": "花子", "unread": 2}
CHILD: dict[str, Any] = {
    "id": str(UUID(int=7)),
    "name": "ゆい",
    "is_self": False,
    "is_quiet": False,
    "birth_on": date(2026, 5, 1),
    "age": "生後6か月と2日",
    "corrected_age": "4か月と0日",
}
ROWS: list[dict[str, Any]] = [
    {
        "id": str(UUID(int=8)),
        "on": date(2026, 11, 1),
        "age": "生後6か月と0日",
        "cells": [
            {"value": "7.2", "rank": "38", "corrected": "62"},
            {"value": "65", "rank": "3未満", "corrected": ""},
            None,
        ],
        "chest": "42.5",
        "note": "よく飲む",
    },
]
BIRTH: dict[str, Any] = ROWS[0] | {"id": "", "age": "生まれたとき", "chest": "", "note": ""}


def _picture() -> Markup:
    lines = [
        Line(str(each), [(0, 2 + each / 50), (12, 8 + each / 30)], each == 50)
        for each in (3, 10, 25, 50, 75, 90, 97)
    ]
    return curves(
        Curves(
            name="growth-weight",
            title="体重",
            says="体重は40パーセンタイルの線上です。",
            x_label="月齢（か月）",
            y_label="kg",
            x_ticks=[(0, "0"), (6, "6"), (12, "12")],
            lines=lines,
            marks=[Mark(0, 2.9, "2.9 kg"), Mark(6, 7.2, "7.2 kg", 1)],
            bands=[(lines[0], lines[-1])],
        )
    )


COURSE: dict[str, Any] = {
    "measure": "weight",
    "title": "体重",
    "value": "7.2 kg",
    "on": date(2026, 11, 1),
    "says": "体重は40パーセンタイルの線上です。1か月前は35でした。",
    "picture": _picture(),
    "has_corrected": True,
}
EMPTY: dict[str, Any] = COURSE | {
    "measure": "head",
    "title": "頭囲",
    "value": "",
    "on": None,
    "picture": Markup(),
}
_DUE: dict[str, Any] = {
    "name": "m1",
    "title": "1か月児健診",
    "is_legal": False,
    "first": date(2026, 6, 1),
    "last": date(2026, 6, 30),
    "state": "done",
    "entry": str(UUID(int=9)),
    "on": date(2026, 6, 3),
    "result": "様子を見ましょう、と言われた",
    "note": "次は8月",
}
_NOT_YET = {"entry": "", "on": None, "result": "", "note": ""}
DUE: list[dict[str, Any]] = [
    _DUE,
    _DUE | _NOT_YET | {"name": "m3", "title": "3〜4か月児健診", "state": "over"},
    _DUE | _NOT_YET | {"name": "m6", "title": "6〜7か月児健診", "state": "due"},
    _DUE
    | _NOT_YET
    | {"name": "m18", "title": "1歳6か月児健診", "state": "later", "is_legal": True},
]
MILESTONES: list[dict[str, Any]] = [
    {
        "name": "head",
        "title": "首がすわる",
        "usual": "",
        "entry": str(UUID(int=10)),
        "on": date(2026, 8, 20),
        "age": "生後3か月と19日",
    },
    {
        "name": "roll",
        "title": "ねがえり",
        "usual": "10人中9人ができるころ：6〜7か月",
        "entry": "",
        "on": None,
        "age": "",
    },
]
SOON: list[dict[str, Any]] = [
    {"title": "BCG", "which": "1回", "state": "now", "left": 20, "usual_until": date(2026, 12, 31)},
    {"title": "麻しん・風しん（MR）1期", "which": "1回", "state": "later", "waits": 160},
]
CONTENT: dict[str, Any] = {
    "name": "ゆい",
    "birth_on": date(2026, 5, 1),
    "lines": [{"title": "身長・体重など", "entries": 12}, {"title": "健診", "entries": 2}],
    "total": 14,
}
UNTIL = datetime(2026, 11, 8, 1, tzinfo=UTC)


def _child(**more: Any) -> tuple[str, dict[str, Any]]:
    context: dict[str, Any] = {
        "viewer": HANAKO,
        "child": CHILD,
        "courses": [COURSE, EMPTY],
        "rows": ROWS,
        "has_more": True,
        "due": DUE,
        "soon": SOON,
        "milestones": MILESTONES,
        "marks": [legend_mark(0), legend_mark(1)],
        "may_write": True,
    }
    return "book/children/one.html", context | more


def _offer(**more: Any) -> tuple[str, dict[str, Any]]:
    context = {"viewer": HANAKO, "child": CHILD, "content": CONTENT, "code": "", "until": None}
    return "book/children/offer.html", context | more


CHILD_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "children": (
        "book/children/all.html",
        {
            "viewer": HANAKO,
            "children": [CHILD | {"is_self": True}, CHILD, CHILD | {"is_quiet": True, "age": ""}],
            "may_begin_own": True,
            "may_write": True,
        },
    ),
    "children-none": (
        "book/children/all.html",
        {"viewer": HANAKO, "children": [], "may_begin_own": False, "may_write": False},
    ),
    "child": _child(),
    "child-self": _child(
        child=CHILD | {"is_self": True, "corrected_age": ""},
        courses=[EMPTY],
        rows=[],
        has_more=False,
        may_write=False,
    ),
    "child-quiet": _child(
        child=CHILD | {"is_quiet": True, "age": "", "corrected_age": ""},
        due=DUE[:1],
        soon=[],
        milestones=MILESTONES[:1],
    ),
    "child-growth": (
        "book/children/growth.html",
        {
            "viewer": HANAKO,
            "child": CHILD,
            "rows": ROWS,
            "at_birth": BIRTH,
            "pager": {"page": 2, "pages": 3},
            "may_write": True,
        },
    ),
    "child-growth-none": (
        "book/children/growth.html",
        {
            "viewer": HANAKO,
            "child": CHILD,
            "rows": [],
            "at_birth": None,
            "pager": {"page": 1, "pages": 1},
            "may_write": False,
        },
    ),
    "child-offer": _offer(),
    "child-offer-code": _offer(code="1234-5678-9012", until=UNTIL),
    "child-offer-waiting": _offer(until=UNTIL),
    "child-take": (
        "book/children/take.html",
        {"viewer": HANAKO, "code": "", "errors": {}, "content": None},
    ),
    "child-take-wrong": (
        "book/children/take.html",
        {
            "viewer": HANAKO,
            "code": "1234",
            "errors": {"code": "この番号では受け取れません。"},
            "content": None,
        },
    ),
    "child-take-seen": (
        "book/children/take.html",
        {"viewer": HANAKO, "code": "123456789012", "errors": {}, "content": CONTENT},
    ),
}
