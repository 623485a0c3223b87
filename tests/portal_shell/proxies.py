"""Sample contexts of the pages about proxies."""

from datetime import date
from typing import Any
from uuid import UUID

from api.core import i18n

HANAKO = {"role": "participant", "name": "花子", "unread": 2}
UEDA = {"role": "support", "name": "上田", "unread": 0}
POWERS = ["view", "upload", "log", "settings", "consent", "proxy_admin", "notices"]
FIRST, LAST = date(2026, 5, 3), date(2027, 5, 2)
YUMI: dict[str, Any] = {
    "id": UUID("0190a8c0-0000-7000-8000-000000000071"),
    "principal_id": UUID("0190a8c0-0000-7000-8000-000000000072"),
    "name": "山本 由美",
    "kind": "家族など",
    "state": "in_force",
    "state_said": "代わりに手続きができます。",
    "powers": ["記録を見る", "だれが見たかを調べる"],
    "held": {"view", "log"},
    "ends_on": LAST,
    "may_act": False,
    "begins_on": None,
    "is_nominee": False,
}
TARO = YUMI | {"name": "山本 太郎", "may_act": True}
NOMINEE = TARO | {
    "kind": "緊急のときの連絡先",
    "powers": ["緊急のときに知らせを受け、治療についての希望の書面を見る"],
    "may_act": False,
    "is_nominee": True,
}
NAMED = NOMINEE | {"name": YUMI["name"], "state_said": i18n.text("ja", "nominee.state.mine")}
LIST = {
    "viewer": HANAKO,
    "mine": [YUMI],
    "for_others": [TARO, NOMINEE],
    "is_own": True,
    "ended": None,
}
MANY = [(YUMI["id"], name) for name in ("山本 太郎", "山本 花子", "山本 次郎", "山本 三郎")]
NEW = {
    "viewer": HANAKO,
    "values": {"powers": {"view", "log"}, "kind": "voluntary"},
    "powers": POWERS,
    "first": FIRST,
    "months": 12,
    "last": LAST,
    "errors": {},
}
ONE = {
    "viewer": HANAKO,
    "proxy": YUMI,
    "is_mine": True,
    "powers": ["view", "log"],
    "first": FIRST,
    "months": 12,
    "errors": {},
}
WAITING = {
    "participant_id": TARO["principal_id"],
    "proxy_id": YUMI["id"],
    "kind": "家族など",
    "principal": "山本 太郎",
    "representative": "山本 由美",
    "powers": ["記録を見る"],
    "opens_on": FIRST,
    "ends_on": LAST,
    "evidence": "委任状 棚3",
    "by_name": "上田 恵子",
    "may_confirm": True,
}
DESK = {
    "viewer": UEDA,
    "waiting": [WAITING, WAITING | {"may_confirm": False}],
    "kinds": [("voluntary", "家族など"), ("parent", "親")],
    "powers": POWERS,
    "values": {
        "principal_card": "",
        "representative_card": "",
        "kind": "voluntary",
        "evidence": "",
        "powers": {"view"},
    },
    "errors": {},
}
ACTING = {"acting": {"name": "山本 太郎", "powers": {"view", "settings"}}}

PROXY_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "proxies": ("proxies/list.html", LIST),
    "proxies-none": ("proxies/list.html", LIST | {"mine": [], "for_others": []}),
    "proxies-paused": (
        "proxies/list.html",
        LIST
        | {
            "mine": [YUMI | {"state": "suspended"}],
            "for_others": [TARO | {"state": "waiting", "may_act": False}],
        },
    ),
    "proxies-assisted": (
        "proxies/list.html",
        LIST | {"for_others": [TARO | {"state": "waiting", "may_act": False, "begins_on": LAST}]},
    ),
    "home-acting": (
        "home.html",
        {
            "viewer": HANAKO,
            "summary": "いま、2つの施設の医師が記録を見られます。",
            "question": None,
            "needs": [],
            "disasters": [],
            "happenings": [],
        }
        | ACTING,
    ),
    "proxies-acting": ("proxies/list.html", LIST | {"is_own": False} | ACTING),
    "proxies-just-ended": ("proxies/list.html", LIST | {"mine": [], "ended": YUMI}),
    "proxies-of-many": ("proxies/list.html", LIST | {"viewer": HANAKO | {"principals": MANY}}),
    "proxies-ended": ("proxies/list.html", LIST | {"acting_ended": True}),
    "proxies-new": ("proxies/new.html", NEW),
    "proxies-new-errors": (
        "proxies/new.html",
        NEW
        | {
            "errors": {
                "card": "カード番号を確かめてください。",
                "powers": "お願いすることを選んでください。",
            }
        },
    ),
    "proxies-new-nominee": (
        "proxies/new.html",
        NEW | {"values": {"powers": set(), "kind": "emergency_nominee"}},
    ),
    "proxies-one": ("proxies/one.html", ONE),
    "proxies-one-nominee": ("proxies/one.html", ONE | {"proxy": NAMED}),
    "proxies-one-for-others": ("proxies/one.html", ONE | {"proxy": TARO, "is_mine": False}),
    "proxies-private": ("proxies/private.html", {"viewer": HANAKO, "is_on": False}),
    "proxies-private-on": ("proxies/private.html", {"viewer": HANAKO, "is_on": True}),
    "support-proxies": ("support/proxies.html", DESK),
    "support-proxies-none": ("support/proxies.html", DESK | {"waiting": []}),
}
