"""One sample context per page of connected apps."""

from datetime import UTC, datetime
from typing import Any

AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
HANAKO = {"role": "participant", "name": "花子", "unread": 0}
MIDORI: dict[str, Any] = {
    "id": "a1",
    "name": "おくすり手帳ミドリ",
    "publisher": "株式会社みどり",
    "kinds": ["処方", "検体検査"],
    "connected_at": AT,
    "ends_at": AT,
    "seen_at": AT,
}
ASKED: dict[str, Any] = {
    "viewer": HANAKO,
    "name": MIDORI["name"],
    "publisher": MIDORI["publisher"],
    "kinds": MIDORI["kinds"],
    "until": AT,
    "asked": [("client_id", "midori"), ("state", '"x"')],
}

APP_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "app-allow": ("apps/allow.html", ASKED),
    "app-allow-once": ("apps/allow.html", ASKED | {"until": None}),
    "apps": (
        "apps/list.html",
        {"viewer": HANAKO, "apps": [MIDORI, MIDORI | {"id": "a2", "seen_at": None}]},
    ),
    "apps-none": ("apps/list.html", {"viewer": HANAKO, "apps": []}),
    "app-end": ("apps/end.html", {"viewer": HANAKO, "app": MIDORI}),
}
