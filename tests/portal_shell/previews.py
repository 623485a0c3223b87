"""Sample contexts of what is looked at before saving: others' eyes, and a change."""

from datetime import date
from typing import Any

from tests.portal_shell.disclosure import CLINIC, SATO, settings_page

UP = "/disclosure/see-as"
SEEN: dict[str, Any] = {
    "name": "佐藤 健一",
    "about": "医師",
    "facility": "佐藤内科クリニック",
    "sentence": "ご本人が「佐藤内科クリニック」に見ることを許しているためです（設定 第3版）。",
    "shown": 2,
    "kept": 1,
    "kind": "",
    "all_kinds": f"{UP}/people/{SATO}",
    "kinds": [
        {"label": "検査結果", "shown": 2, "kept": 0, "reasons": [], "href": "?kind=lab"},
        {
            "label": "処方",
            "shown": 0,
            "kept": 1,
            "reasons": ["ご本人が「処方」を見せない設定にしているためです（設定 第3版）。"],
            "href": "?kind=prescription",
        },
    ],
    "records": [
        {
            "at": date(2026, 5, 3),
            "title": "HbA1c",
            "kind": "検査結果",
            "facility": "佐藤内科クリニック",
        }
    ],
    "pager": {"page": 1, "pages": 2},
    "pager_base": f"{UP}/people/{SATO}?kind=lab",
    "profession": "",
    "professions": [],
    "up": UP,
    "settings": f"/disclosure/people/{SATO}",
    "here": f"{UP}/people/{SATO}",
}
SOMEBODY = {"href": f"{UP}/people/{SATO}", "name": "佐藤 健一", "about": "医師"}
SOMEWHERE = {"href": f"{UP}/facilities/{CLINIC}", "name": "佐藤内科クリニック", "about": "診療所"}
NOTHING: dict[str, Any] = {
    "facilities": [],
    "facility_count": 0,
    "people": [],
    "people_count": 0,
    "cells": [],
    "records": 0,
    "later": False,
}
MUCH: dict[str, Any] = {
    "facilities": ["佐藤内科クリニック", "水前寺中央薬局"],
    "facility_count": 120,
    "people": ["佐藤 健一"],
    "people_count": 1,
    "cells": [("検査結果", ["医師", "看護師"])],
    "records": 34,
    "later": True,
}
WISH: dict[str, Any] = {
    "wanted": "阿蘇の施設に見せる。",
    "change": '[{"kind":"region","code":"aso","on":true}]',
}

PREVIEW_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "see-as": settings_page(
        "see_as", query="", people=[], people_total=0, facilities=[SOMEWHERE], facility_total=1
    ),
    "see-as-found": settings_page(
        "see_as",
        query="さとう",
        people=[SOMEBODY],
        people_total=31,
        facilities=[SOMEWHERE],
        facility_total=1,
    ),
    "see-as-nobody": settings_page(
        "see_as", query="ん", people=[], people_total=0, facilities=[], facility_total=0
    ),
    "seen-as-doctor": settings_page("seen_as", **SEEN),
    "seen-as-facility": settings_page(
        "seen_as",
        **SEEN
        | {
            "name": "医師",
            "profession": "physician",
            "professions": [("physician", "医師"), ("nurse", "看護師")],
            "kind": "検査結果",
        },
    ),
    "seen-as-refused": settings_page(
        "seen_as", **SEEN | {"shown": 0, "kept": 3, "records": [], "kinds": SEEN["kinds"][1:]}
    ),
    "seen-as-no-records": settings_page(
        "seen_as", **SEEN | {"shown": 0, "kept": 0, "records": [], "kinds": []}
    ),
    "seen-as-past-the-end": settings_page("seen_as", **SEEN | {"records": []}),
    "confirm": settings_page("confirm", opened=MUCH, closed=MUCH | {"facility_count": 2}, **WISH),
    "confirm-nothing": settings_page("confirm", opened=NOTHING, closed=NOTHING, **WISH),
}
