"""One sample context per page of a person's own keys."""

from datetime import UTC, datetime
from typing import Any

from web_portal import qr

AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
HANAKO = {"role": "participant", "name": "花子", "unread": 0}
SATO = {"role": "professional", "name": "佐藤", "unread": 0}
PHONE: dict[str, Any] = {
    "id": "k1",
    "name": "iPhone (Safari)",
    "typed": "iPhone (Safari)",
    "created_at": AT,
    "last_used_at": AT,
    "is_backed_up": True,
}
TABLET = PHONE | {
    "id": "k2",
    "name": "むすめのタブレット",
    "typed": "",
    "last_used_at": None,
    "is_backed_up": False,
}
HERE: dict[str, Any] = {
    "id": "s1",
    "device": "iPhone (Safari)",
    "way": "パスキーで",
    "opened_at": AT,
    "seen_at": AT,
    "is_current": True,
}
HELD = {"action": "/disclosure/save", "fields": [("change", '[{"kind": "x"}]'), ("back", "")]}

UEDA = {"role": "support", "name": "上田", "unread": 0}
WAITING: dict[str, Any] = {
    "participant_id": "p1",
    "recovery_id": "r1",
    "card_end": "3456",
    "evidence": "運転免許証",
    "by": "上田",
    "at": AT,
    "is_own": False,
}
COUNTER: dict[str, Any] = {
    "viewer": UEDA,
    "waiting": [],
    "evidence": [("passport", "パスポート")],
    "values": {},
    "errors": {},
}

STEP_UP: dict[str, Any] = {"viewer": HANAKO, "following": "/home", "back": "/home"}
ACCOUNT_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "keys": (
        "account/keys.html",
        {"viewer": HANAKO, "keys": [PHONE, TABLET], "may_add": True, "offers_my_number": True},
    ),
    "keys-none": (
        "account/keys.html",
        {"viewer": SATO, "keys": [], "may_add": True, "offers_my_number": False},
    ),
    "keys-full": (
        "account/keys.html",
        {"viewer": HANAKO, "keys": [PHONE], "may_add": False, "offers_my_number": True},
    ),
    "key-new": ("account/new_key.html", {"viewer": HANAKO}),
    "key-revoke": ("account/revoke.html", {"viewer": HANAKO, "key": TABLET}),
    "sessions": (
        "account/sessions.html",
        {"viewer": HANAKO, "sessions": [HERE, HERE | {"id": "s2", "is_current": False}]},
    ),
    "sessions-one": ("account/sessions.html", {"viewer": SATO, "sessions": [HERE]}),
    "password": ("account/password.html", {"viewer": HANAKO, "is_set": True}),
    "password-none": ("account/password.html", {"viewer": HANAKO, "is_set": False}),
    "password-new": (
        "account/new_password.html",
        {
            "viewer": HANAKO,
            "secret": "ABCD EFGH",
            "uri": "otpauth://totp/Tsunagu?secret=ABCDEFGH",
            "picture": qr.picture("otpauth://totp/Tsunagu?secret=ABCDEFGH", "QRコード"),
            "setup": "sealed",
            "errors": {"password": "短すぎます。", "number": "合いません。"},
        },
    ),
    "sign-in-password": ("sign_in_password.html", {"values": {"card": ""}, "following": ""}),
    "recovery-code": (
        "account/recovery.html",
        {"viewer": HANAKO, "made_at": None, "code": "ABCD-EFGH-JKMNP"},
    ),
    "recovery-code-made": (
        "account/recovery.html",
        {"viewer": HANAKO, "made_at": AT, "code": None},
    ),
    "recover": ("recover/start.html", {"values": {}, "errors": {}}),
    "recover-errors": (
        "recover/start.html",
        {"values": {"card": "1234"}, "errors": {"card": "合いません。", "code": "合いません。"}},
    ),
    "recover-passkey": ("recover/passkey.html", {}),
    "counter": ("support/recovery.html", COUNTER),
    "counter-waiting": (
        "support/recovery.html",
        COUNTER
        | {
            "waiting": [WAITING, WAITING | {"is_own": True}],
            "errors": {"card": "合いません。", "evidence": "選んでください。"},
        },
    ),
    "counter-code": ("support/recovery_code.html", {"viewer": UEDA, "code": "ABCD-EFGH-JKMNP"}),
    "step-up": (
        "step_up.html",
        STEP_UP | {"verify": "/step-up/verify?next=/home", "held": None, "offers_my_number": False},
    ),
    "step-up-held": (
        "step_up.html",
        STEP_UP | {"verify": "/step-up/verify?next=/", "held": HELD, "offers_my_number": True},
    ),
    "step-up-by-card": (
        "step_up.html",
        STEP_UP | {"verify": "/step-up/verify?next=/home", "held": None, "offers_my_number": True},
    ),
    "step-up-done": ("step_up_done.html", {"viewer": HANAKO}),
}
