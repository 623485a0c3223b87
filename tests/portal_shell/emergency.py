"""Sample contexts of the pages about emergencies: one record, a nominee's pages, the figures."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from web_portal.charts import RowOf, Rows, rows

AT, END = datetime(2026, 5, 3, 5, 5, tzinfo=UTC), datetime(2026, 5, 3, 11, 5, tzinfo=UTC)
YUMI = {"role": "participant", "name": "由美", "unread": 1}
MORI = {"role": "professional", "name": "森", "unread": 0}
UEDA = {"role": "support", "name": "上田", "unread": 0}
DIRECTIVE: dict[str, Any] = {
    "by": "ご本人の記入",
    "session_id": UUID(int=1),
    "title": "リビングウィル",
    "facts": [("内容", "人工呼吸器はつけないでください。")],
    "sections": [],
    "narrative": "",
    "is_cut": False,
    "notes": [],
    "attachments": [
        {"title": "意思表示書", "media_type": "application/pdf", "size": "12 KB", "href": "/x"},
        {"title": "控え", "media_type": "application/pdf", "size": "", "href": ""},
    ],
}
SECTION = {"title": "希望", "depth": 1, "html": "<p>…</p>", "entries": ["延命"], "is_cut": True}
VIEWING = {
    "id": UUID(int=1),
    "name": "山本 花子",
    "facility": "熊本救命病院",
    "opened_at": AT,
    "until": END,
    "is_running": True,
}
HOSPITAL: dict[str, Any] = {
    "name": "熊本救命病院",
    "openings": 31,
    "is_few": False,
    "median": "2",
    "parts": [
        {"name": "見た範囲", "rows": [("救急用の要約だけ", 24), ("要約より広く", 7)]},
        {"name": "理由", "rows": [("意識がない", 20), ("重いけが", ""), ("話ができない", "")]},
        {"name": "時間の延長", "rows": []},
    ],
}
FIGURES: dict[str, Any] = {
    "viewer": None,
    "path": "/emergency/figures",
    "is_public": True,
    "quarters": [("2026-1", "2026年1月から3月"), ("2025-4", "2025年10月から12月")],
    "chosen": "2026-1",
    "heading": "2026年1月から3月",
    "total": 31,
    "picture": rows(
        Rows(
            "openings",
            "緊急の閲覧の件数",
            "2か所の施設で、あわせて31件です。",
            [RowOf("熊本救命病院", 31, "31"), RowOf("阿蘇病院", None, "5件未満")],
        )
    ),
    "facilities": [
        HOSPITAL,
        {"name": "阿蘇病院", "openings": "5件未満", "is_few": True, "median": None, "parts": []},
    ],
}

EMERGENCY_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "clinic-emergency-record": ("clinic/emergency_record.html", DIRECTIVE | {"viewer": MORI}),
    "clinic-emergency-record-document": (
        "clinic/emergency_record.html",
        DIRECTIVE
        | {
            "viewer": MORI,
            "facts": [],
            "sections": [SECTION],
            "narrative": "<p>…</p>",
            "is_cut": True,
            "notes": ["控えはご家族がお持ちです。"],
        },
    ),
    "proxies-viewings": (
        "proxies/viewings.html",
        {"viewer": YUMI, "viewings": [VIEWING, VIEWING | {"is_running": False}]},
    ),
    "proxies-viewings-none": ("proxies/viewings.html", {"viewer": YUMI, "viewings": []}),
    "proxies-viewing": (
        "proxies/viewing.html",
        {
            "viewer": YUMI,
            "session_id": UUID(int=1),
            "name": "山本 花子",
            "facility": "熊本救命病院",
            "opened_at": AT,
            "until": END,
            "directives": [
                {
                    "id": UUID(int=2),
                    "title": "リビングウィル",
                    "on": date(2019, 4, 1),
                    "facility": "佐藤内科",
                }
            ],
        },
    ),
    "proxies-viewing-none": (
        "proxies/viewing.html",
        {
            "viewer": YUMI,
            "session_id": UUID(int=1),
            "name": "山本 花子",
            "facility": "熊本救命病院",
            "opened_at": AT,
            "until": END,
            "directives": [],
        },
    ),
    "proxies-directive": (
        "proxies/directive.html",
        DIRECTIVE | {"viewer": YUMI, "sections": [SECTION], "narrative": "<p>…</p>"},
    ),
    "figures": ("figures.html", FIGURES),
    "figures-none": (
        "figures.html",
        FIGURES | {"facilities": [], "total": 0},
    ),
    "figures-support": (
        "figures.html",
        FIGURES | {"viewer": UEDA, "path": "/support/emergency/figures", "is_public": False},
    ),
}
