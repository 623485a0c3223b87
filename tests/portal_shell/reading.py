"""Sample contexts of the access log, its months and its questions."""

from typing import Any

from msgspec.structs import replace

from api.support.reading.digest_said import LookedSaid
from api.support.reading.months import MonthView
from tests.portal_shell.checked import CHECK

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
    "month": "2026-05",
    "check": CHECK,
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

CLINIC = LookedSaid(
    facility_id="f1",
    facility="佐藤内科クリニック",
    profession="医師",
    times=3,
    checked=1,
    denied=0,
    emergency=1,
    records=5,
    is_first=True,
    sentences=["佐藤内科クリニックの医師が、3回、「処方」5件を見ました。"],
)
PHARMACY = LookedSaid(
    facility_id="f2",
    facility="水前寺中央薬局",
    profession="薬剤師",
    times=0,
    checked=0,
    denied=2,
    emergency=0,
    records=0,
    is_first=False,
    sentences=["水前寺中央薬局の薬剤師が、2回、見ようとしましたが、お断りしました。"],
)
MONTH = MonthView(
    month="2026-05",
    summary=["1か所の施設が、合わせて3回、あなたの記録を見ました。"],
    looked=[CLINIC, PHARMACY],
    denied=2,
    emergency=1,
    first_facilities=1,
    changes=0,
    changes_by_others=0,
    refused_sign_ins=0,
    received=0,
    exports=0,
    support=0,
    events=6,
    previous="2026-04",
    following="2026-06",
)
ONE_MONTH: dict[str, Any] = {
    "name": "2026年5月",
    "found": MONTH,
    "looked": [(CLINIC, "/access-log?facility=f1"), (PHARMACY, "/access-log?facility=f2")],
    "everything": "/access-log?since=2026-05-01",
    "others": {"previous": ("2026-04", "2026年4月"), "following": ("2026-06", "2026年6月")},
}
NO_MONTH = ONE_MONTH | {"found": replace(MONTH, events=0), "looked": [], "others": {}}
