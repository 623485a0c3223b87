"""Sample contexts of a participant's own records."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from api.records.finding import Person
from api.records.summary.narrative import Line

VIEWER = {"role": "participant", "name": "花子", "unread": 2}
MY_RECORD = {
    "id": "r1",
    "title": "HbA1c(NGSP)",
    "category": "検査",
    "level": "normal",
    "is_hidden": False,
    "is_kept_back": False,
    "is_shared": True,
}
LEVEL_CHOICES = [("came", "届いたときのまま"), ("normal", "ふつう"), ("secret", "だれにも見せない")]
RECORDS = {
    "viewer": VIEWER,
    "visits": [
        {
            "on": date(2026, 5, 1),
            "facility": "佐藤内科クリニック",
            "records": [
                MY_RECORD,
                MY_RECORD | {"level": "secret"},
                MY_RECORD | {"is_hidden": True, "is_kept_back": True},
                MY_RECORD | {"level": "restricted", "is_shared": False},
            ],
        }
    ],
    "total": 4,
    "has_any": True,
    "is_first": True,
    "chosen": {},
    "options": {
        "category": [("lab", "検査（4件）")],
        "facility": [("f1", "佐藤内科クリニック（4件）")],
        "year": [("2026", "2026年（4件）")],
    },
    "newest": "/records",
    "with_aside": False,
    "aside": None,
    "usual": "/records",
    "following": "/records?after=x",
}
ONE_RECORD = {
    "viewer": VIEWER,
    "record": MY_RECORD | {"facility": "佐藤内科クリニック", "on": date(2026, 5, 1)},
    "facts": [("結果", "7.1 %")],
    "status_text": "いま、「だれに見せるか」の設定どおりに見せています。",
    "is_participating": True,
    "visit": 4,
    "is_visit_hidden": False,
    "levels": LEVEL_CHOICES,
    "set_level": "came",
    "may_share": True,
    "shares": [
        {"id": 3, "to": "水前寺中央薬局", "until": "5月10日", "records": 1},
        {"id": 4, "to": "伊藤さん（水前寺中央薬局）", "until": "5月10日", "records": 2},
        {"id": 5, "to": "水前寺中央薬局", "until": "5月10日", "records": 0},
    ],
    "version": 3,
    "undo": None,
    "seen": [],
    "has_more": False,
    "is_partial": False,
}
SHARING = {
    "viewer": VIEWER,
    "record": MY_RECORD,
    "query": "水前寺",
    "recipients": [("facility:f1", "水前寺中央薬局（熊本市）")],
    "is_cut": True,
    "values": {"to": "", "until": "2026-05-10"},
    "first_day": "2026-05-03",
    "last_day": "2026-07-31",
    "most_days": 90,
    "errors": {},
    "version": 3,
}
INCOMING = {
    "viewer": VIEWER,
    "is_participating": True,
    "levels": LEVEL_CHOICES[:2],
    "level": "normal",
    "version": 3,
    "undo": None,
}
SUMMARY = {
    "viewer": VIEWER,
    "person": Person(UUID(int=2), "山本 花子", "ヤマモト ハナコ", "female", date(1968, 5, 3)),
    "made_at": datetime(2026, 5, 3, 5, 5, tzinfo=UTC),
    "sections": [
        {
            "name": "allergies",
            "lines": [
                Line(
                    "ペニシリン系抗菌薬",
                    "2020年5月1日",
                    ("症状：じんましん",),
                    ("重い反応のおそれ", "確かめられていません（疑い）"),
                    "佐藤内科クリニック（2020年5月1日）",
                )
            ],
        },
        {
            "name": "medicines",
            "lines": [
                Line(
                    "アムロジピン錠5mg",
                    "2026年4月1日〜2026年4月28日",
                    ("１日１回 朝食後", "１日１回 夕食後"),
                    (),
                    "すみれ薬局（2026年4月1日）、水前寺中央薬局（2026年4月3日）",
                )
            ],
        },
        {"name": "problems", "lines": []},
    ],
}

RECORD_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "records": ("records/list.html", RECORDS),
    "records-narrowed": (
        "records/list.html",
        RECORDS
        | {
            "visits": [],
            "total": 0,
            "chosen": {"category": "lab", "q": "みつからない"},
            "is_first": False,
        },
    ),
    "records-aside": ("records/list.html", RECORDS | {"aside": "/records?aside=yes"}),
    "records-with-aside": ("records/list.html", RECORDS | {"with_aside": True}),
    "records-empty": (
        "records/list.html",
        RECORDS | {"visits": [], "total": 0, "has_any": False, "following": None},
    ),
    "record-summary": ("records/summary.html", SUMMARY),
    "record": ("records/one.html", ONE_RECORD),
    "record-secret": (
        "records/one.html",
        ONE_RECORD
        | {
            "facts": [],
            "may_share": False,
            "shares": [],
            "set_level": "secret",
            "undo": "この記録を、だれにも見せないようにしました。",
        },
    ),
    "record-left": ("records/one.html", ONE_RECORD | {"is_participating": False}),
    "record-share": ("records/share.html", SHARING),
    "record-share-none": ("records/share.html", SHARING | {"recipients": []}),
    "record-share-errors": (
        "records/share.html",
        SHARING
        | {"errors": {"to": "相手を一つ選んでください。", "until": "日付を入れてください。"}},
    ),
    "records-incoming": ("records/incoming.html", INCOMING),
    "records-incoming-done": (
        "records/incoming.html",
        INCOMING | {"undo": "これから届く記録は「特に慎重に」にします。"},
    ),
    "records-incoming-left": ("records/incoming.html", INCOMING | {"is_participating": False}),
}
