"""Sample contexts of enrolling on paper and for somebody else, and of the counter."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from api.support.closing import rules as closing_rules

AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
HANAKO = {"role": "participant", "name": "花子", "unread": 2}
SATO = {"role": "professional", "name": "佐藤", "unread": 0}
UEDA = {"role": "support", "name": "上田", "unread": 0}
SOMEBODY = UUID("0190a8c0-0000-7000-8000-000000000091")
BORN = date(1940, 4, 9)
FORM: dict[str, Any] = {
    "id": SOMEBODY,
    "name": "山本 太郎",
    "by": "上田 恵子",
    "at": AT,
    "has_scan": True,
    "is_own": False,
}
ALIKE = {
    "participant_id": SOMEBODY,
    "name": "山本 太郎",
    "name_kana": "ヤマモト タロウ",
    "birth_on": BORN,
    "card_end": "3456",
    "has_key": True,
    "why": ["お名前と生年月日"],
}
ONE = FORM | {
    "viewer": UEDA,
    "has_looked": False,
    "facts": [("お名前", "山本 太郎"), ("生年月日", BORN)],
    "alike": [ALIKE, ALIKE | {"card_end": None, "has_key": False}],
    "values": {"join": "", "reason": ""},
    "errors": {},
}
FIELDS = (
    "name", "name_kana", "sex", "card", "address", "insurer", "insurance_symbol",
    "insurance_number", "insurance_branch", "phone", "email", "family_doctor",
)  # fmt: skip
NEW = {
    "viewer": UEDA,
    "values": dict.fromkeys(FIELDS, "") | {"birth_era": "showa"},
    "sexes": [("female", "女性"), ("male", "男性")],
    "errors": {},
}
SIDE = {k: ALIKE[k] for k in ("name", "name_kana", "birth_on", "card_end")}
PAIRS = {
    "viewer": UEDA,
    "is_from_matches": False,
    "pairs": [
        {
            "participant_id": SOMEBODY,
            "other_id": SOMEBODY,
            "why": ["お名前と生年月日"],
            "newer": SIDE,
            "older": SIDE | {"card_end": None},
        }
    ],
    "decisions": [("same", "同じ方です"), ("different", "別の方です")],
    "total": 1,
    "pager": {"page": 1, "pages": 1},
    "errors": {},
}
WHO = {
    "merge": None,
    "name": "山本 太郎",
    "birth_on": BORN,
    "card_end": "3456",
    "way": "パスポート",
    "has_key": False,
    "is_participating": True,
    "is_closed": False,
    "call": "",
    "address": "熊本県阿蘇市1-2-3",
}
VISIT = {
    "viewer": UEDA,
    "who": WHO,
    "base": "/support/counter/p/v",
    "values": {"phone": ""},
    "errors": {},
}
CLOSING: dict[str, Any] = {
    "viewer": UEDA,
    "name": "山本 太郎",
    "base": "/support/counter/p/v",
    "running": None,
    "is_in_person": True,
    "is_met_by_two": True,
    "error": "",
    "wants_log": False,
    "days": 14,
    "ends": closing_rules.ENDS,
    "stays": closing_rules.STAYS,
}
SHEET = {
    "viewer": UEDA,
    "name": "山本 太郎",
    "card_end": "3456",
    "code": "0123-4567-89AB-CDEF",
    "asked_at": AT,
    "ends_at": AT,
    "erases_log": False,
    "ends": closing_rules.ENDS,
    "stays": closing_rules.STAYS,
    "back": "/support/counter/p/v",
}
RUNNING = {"ends_at": AT, "days": 9, "erases_log": True, "is_over": False}
COUNTER = {
    "viewer": UEDA,
    "values": {"card": "", "way": "", "birth_era": "showa"},
    "ways": [("passport", "パスポート"), ("call_back", "かけなおす")],
    "errors": {},
}
PERSON = {"name": "山○ 太○", "birth_on": BORN, "card": "****-****-****-3456"}
AGREE = {
    "viewer": HANAKO,
    "person": PERSON,
    "data_from": BORN,
    "terms": ["参加の説明"],
    "powers": ["view", "log"],
    "family": [("child", "子"), ("spouse", "夫または妻")],
    "values": {"powers": {"view"}, "family": "child", "agreed": False},
    "errors": {},
}

ENROLMENT_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "enrolments": (
        "support/enrolments.html",
        {"viewer": UEDA, "waiting": [FORM, FORM | {"has_scan": False, "is_own": True}]},
    ),
    "enrolments-none": ("support/enrolments.html", {"viewer": UEDA, "waiting": []}),
    "enrolment-new": ("support/enrolment_new.html", NEW),
    "enrolment-new-errors": (
        "support/enrolment_new.html",
        NEW | {"errors": {name: "確かめてください。" for name in (*FIELDS, "birth")}},
    ),
    "enrolment": ("support/enrolment.html", ONE),
    "enrolment-errors": (
        "support/enrolment.html",
        ONE | {"has_looked": True, "errors": {"reason": "理由を入力してください。"}},
    ),
    "enrolment-own": ("support/enrolment.html", ONE | {"is_own": True, "alike": []}),
    "enrolment-no-scan": ("support/enrolment.html", ONE | {"has_scan": False, "alike": []}),
    "letter": (
        "support/letter.html",
        {
            "viewer": UEDA,
            "card": "1234 5678",
            "code": "ABCDE-12345",
            "picture": "",
            "back": "/support",
        },
    ),
    "letter-none": (
        "support/letter.html",
        {"viewer": UEDA, "card": "1234 5678", "code": None, "picture": None, "back": "/support"},
    ),
    "look-alikes": ("support/look_alikes.html", PAIRS),
    "look-alikes-errors": (
        "support/look_alikes.html",
        PAIRS | {"errors": {"reason": "理由を入力してください。"}},
    ),
    "look-alikes-from-matches": ("support/look_alikes.html", PAIRS | {"is_from_matches": True}),
    "look-alikes-none": ("support/look_alikes.html", PAIRS | {"pairs": [], "total": 0}),
    "counter-start": ("support/counter.html", COUNTER),
    "counter-start-errors": (
        "support/counter.html",
        COUNTER | {"errors": {"card": "合いません。", "birth": "合いません。", "way": "選ぶ。"}},
    ),
    "visit": ("support/visit.html", VISIT),
    "visit-closing": ("support/closing.html", CLOSING),
    "visit-closing-error": ("support/closing.html", CLOSING | {"error": "しるしを。"}),
    "visit-closing-one-officer": ("support/closing.html", CLOSING | {"is_met_by_two": False}),
    "visit-closing-by-phone": ("support/closing.html", CLOSING | {"is_in_person": False}),
    "visit-closing-running": ("support/closing.html", CLOSING | {"running": RUNNING}),
    "visit-closing-over": (
        "support/closing.html",
        CLOSING | {"running": RUNNING | {"is_over": True}},
    ),
    "visit-closing-sheet": ("support/closing_sheet.html", SHEET),
    "visit-closing-sheet-log": ("support/closing_sheet.html", SHEET | {"erases_log": True}),
    "visit-closed": ("support/visit.html", VISIT | {"who": WHO | {"is_closed": True}}),
    "visit-two-registrations": (
        "support/visit.html",
        VISIT | {"who": WHO | {"merge": {"merge_id": "m", "other_card_end": "4821"}}},
    ),
    "visit-by-phone": (
        "support/visit.html",
        VISIT
        | {
            "who": WHO
            | {"call": "0967123456", "has_key": True, "is_participating": False, "address": ""},
            "errors": {"phone": "電話番号ではありません。"},
        },
    ),
    "for-someone": ("register/for_someone.html", {"viewer": HANAKO, "values": {}, "errors": {}}),
    "for-someone-errors": (
        "register/for_someone.html",
        {
            "viewer": HANAKO,
            "values": {},
            "errors": {"card": "合いません。", "birth": "合いません。", "code": "合いません。"},
        },
    ),
    "for-someone-agree": ("register/for_someone_agree.html", AGREE),
    "for-someone-agree-errors": (
        "register/for_someone_agree.html",
        AGREE
        | {
            "data_from": None,
            "errors": {
                "agreed": "しるしをつけてください。",
                "powers": "選んでください。",
                "family": "選んでください。",
                "card": "登録できません。",
            },
        },
    ),
    "for-someone-done": (
        "register/for_someone_done.html",
        {"viewer": HANAKO, "waiting": [{"name": "山本 太郎", "opens_on": BORN}]},
    ),
    "clinic-number": (
        "clinic/number.html",
        {"viewer": SATO, "message": "", "back": "/clinic/participants/p"},
    ),
    "clinic-number-refused": (
        "clinic/number.html",
        {"viewer": SATO, "message": "別の患者さんのものです。", "back": "/clinic/participants/p"},
    ),
    "registration": (
        "account/registration.html",
        {"viewer": HANAKO, "facts": [("住所", "熊本県阿蘇市1-2-3")]},
    ),
    "registration-none": ("account/registration.html", {"viewer": HANAKO, "facts": []}),
}
