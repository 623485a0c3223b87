"""Sample contexts of the access log, its months and its questions."""

from typing import Any

OPTIONS = {
    "kind": [("reads", "記録を見た・見ようとした"), ("settings", "参加と設定の変更")],
    "facility": [("f1", "佐藤内科クリニック（4件）")],
    "purpose": [("TREAT", "診療のため（4件）")],
}
FIELDS = "kind facility professional who purpose emergency denied since until q"
VALUES = dict.fromkeys(FIELDS.split(), "")
ALL: dict[str, Any] = {
    "total": 57,
    "chosen": {},
    "values": VALUES,
    "errors": {},
    "options": OPTIONS,
    "person": None,
    "here": "/access-log?upto=57",
    "older": None,
    "searched": 2000,
}
NARROWED = ALL | {
    "chosen": {"kind": "reads", "denied": "yes", "q": "薬"},
    "values": VALUES | {"kind": "reads", "denied": "yes", "q": "薬"},
    "older": "/access-log?q=薬&upto=20",
}
ONE_PERSON = ALL | {
    "chosen": {"professional": "p1"},
    "values": VALUES | {"professional": "p1"},
    "person": {"name": "佐藤 健一", "facility": "佐藤内科クリニック", "others": "/access-log"},
}
FAULTY = NARROWED | {
    "values": VALUES | {"kind": "planet", "since": "2026-05-03", "until": "2026-05-02"},
    "errors": {"kind": "この種類はありません。", "until": "終わりの日が前です。"},
    "total": 0,
    "older": None,
}
