"""Sample contexts: the form any kind of entry is written on, and asking before one is removed."""

from typing import Any

from web_portal.pages.book.frame import Way

HANAKO = {"role": "participant", "name": "花子", "unread": 2}
BACK = Way("/book/vitals", "血圧・体重など")
FIELDS: list[dict[str, Any]] = [
    {"name": "weight", "shape": "number", "unit": "kg", "label": "体重", "is_required": True},
    {
        "name": "meal",
        "shape": "choice",
        "label": "食事",
        "options": [("before", "食前"), ("after", "食後")],
    },
    {
        "name": "signs",
        "shape": "several",
        "label": "気になること",
        "options": [("cough", "せき"), ("fever", "熱")],
        "value": "fever",
        "error": "一覧から選んでください。",
    },
    {
        "name": "until",
        "shape": "day",
        "label": "いつまで",
        "hint": "わかれば",
        "first": "2020-01-01",
    },
    {"name": "first", "shape": "flag", "label": "はじめて"},
    {"name": "remark", "shape": "lines", "label": "メモ"},
    {"name": "place", "shape": "words", "label": "場所", "error": "40文字までで書いてください。"},
]
WHOLE = {"hint": "", "value": "", "error": "", "is_required": False, "first": "", "last": ""}


def _form(**more: Any) -> tuple[str, dict[str, Any]]:
    context = {
        "viewer": HANAKO,
        "heading": "体重を書く",
        "lead": "測ったものだけで大丈夫です。",
        "action": "/book/vitals/new",
        "back": BACK,
        "error": "",
        "errors": {},
        "odd": {},
        "labels": {each["name"]: each["label"] for each in FIELDS},
        "sure": "",
        "version": 1,
        "on": "2026-05-03",
        "time": "07:30",
        "first": "1900-01-01",
        "last": "2026-05-03",
        "has_time": True,
        "fields": [WHOLE | each for each in FIELDS],
        "values": {"weight": "160"},
        "hidden": {},
        "now": [],
        "remove": "/book/vitals/e1/remove",
    }
    return "book/form.html", context | more


OWN_BOOK_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "own-form": _form(),
    "own-form-changed": _form(
        error="ほかの端末か、代わりの方が先に変更しています。",
        now=[("日付", "2026年5月3日"), ("体重", "61.5 kg")],
    ),
    "own-form-odd": _form(odd={"weight": "ふつうは25から150までです。"}, sure="a" * 32),
    "own-form-wrong": _form(
        errors={"on": "日付を入力してください。"}, error="先に変更されました。"
    ),
    "own-remove": (
        "book/remove.html",
        {
            "viewer": HANAKO,
            "heading": "体重を消す",
            "facts": [("体重", "62.5 kg")],
            "action": "/book/vitals/e1/remove",
            "back": BACK,
            "means": "消すと元に戻せません。",
        },
    ),
}
