"""Sample contexts of わたしの手帳: with books, empty, and as a proxy sees it."""

from typing import Any

from tests.portal_shell.proxies import ACTING

HANAKO = {"role": "participant", "name": "花子", "unread": 2}
VITALS = {
    "name": "vitals",
    "href": "/book/vitals",
    "title": "血圧・体重など",
    "about": "毎日の血圧や体重を書きます",
    "newest": "さいごに書いた日：2026年5月1日（全部で12件）",
}
CHILD = {
    "name": "child",
    "href": "/book/children",
    "title": "お子さま",
    "about": "身長や体重、健診を書きます",
    "newest": "",
}
HUB: dict[str, Any] = {
    "viewer": HANAKO,
    "path": "/book",
    "books": [VITALS, CHILD],
    "ahead": [{"says": "予防接種：2026年6月1日ごろからの予定です", "href": "/book/children"}],
    "is_empty": False,
    "may_write": True,
    "is_own": True,
}

HUB_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "book": ("book/hub.html", HUB),
    "book-empty": (
        "book/hub.html",
        HUB | {"books": [VITALS | {"newest": ""}], "ahead": [], "is_empty": True},
    ),
    "book-proxy": (
        "book/hub.html",
        HUB
        | {
            "may_write": False,
            "is_own": False,
            **ACTING,
        },
    ),
}
