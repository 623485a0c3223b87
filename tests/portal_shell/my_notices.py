"""How notices reach Hanako, and what did not reach whom, as the templates get them."""

from datetime import UTC, datetime
from typing import Any

from api.core import i18n
from notifications.kinds import Kind

HANAKO = {"role": "participant", "name": "花子", "unread": 2}
KINDS: list[dict[str, Any]] = [
    {
        "code": kind.value,
        "name": i18n.text("ja", f"notices.kind.{kind}.name"),
        "about": i18n.text("ja", f"notices.kind.{kind}.about"),
        "is_own": kind is not Kind.SECURITY,
        "ways": [
            {"way": "push", "label": "スマートフォンとブラウザーで受け取る", "on": True},
            {"way": "mail", "label": "メールで受け取る", "on": False},
        ],
    }
    for kind in Kind
    if kind is not Kind.DIGEST
]
SETTINGS: dict[str, Any] = {
    "viewer": HANAKO,
    "undo": None,
    "kinds": KINDS,
    "manner": {
        "is_quiet": True,
        "start": 21,
        "end": 7,
        "language": "device",
        "wants_digest": True,
    },
    "hours": [(hour, f"{hour}時") for hour in range(24)],
    "languages": [("device", "それぞれの機器と同じ"), ("ja", "日本語"), ("en", "英語")],
}
CHANGED = {
    "text": "緊急のときをメールで受け取る設定を変えました。",
    "fields": {"what": "turn", "kind": "emergency", "way": "mail", "on": "yes"},
}
NOTICE_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "notice-settings": ("notice_settings.html", SETTINGS),
    "undelivered": (
        "support/notices.html",
        {
            "viewer": {"role": "support", "name": "上田", "unread": 0},
            "held": [("スマートフォン", "credentials", 3)],
            "notices": [
                {
                    "at": datetime(2026, 5, 3, 5, 5, tzinfo=UTC),
                    "who": "番号の終わりが3456の方",
                    "facts": [("届け方", "メール"), ("理由", "届け先がなくなっていました")],
                    "fields": {"participant": "p", "notice": "n", "channel": "mail"},
                }
            ],
            "pager": {"page": 1, "pages": 1},
        },
    ),
    "undelivered-none": (
        "support/notices.html",
        {
            "viewer": {"role": "support", "name": "上田", "unread": 0},
            "held": [],
            "notices": [],
            "pager": {"page": 1, "pages": 1},
        },
    ),
    "notice-settings-changed": (
        "notice_settings.html",
        SETTINGS | {"undo": CHANGED, "manner": SETTINGS["manner"] | {"is_quiet": False}},
    ),
}
