"""One sample context per template, told with the cast; `pages()` renders them all."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from api.emergency.reach import Choice
from api.emergency.reviews import Reviewed, Said
from api.emergency.service import View
from api.records.finding import Person
from api.support.reading.log_kinds import KindCount
from api.support.reading.log_lines import LogLine, QuestionMark, WithheldPart
from tests.portal_shell import reading
from tests.portal_shell.account import ACCOUNT_PAGES
from tests.portal_shell.apps import APP_PAGES
from tests.portal_shell.checkups import CHECKUP_PAGES
from tests.portal_shell.child import CHILD_PAGES
from tests.portal_shell.disclosure import SETTINGS_PAGES
from tests.portal_shell.emergency import EMERGENCY_PAGES
from tests.portal_shell.emergency_card import CARD_PAGES
from tests.portal_shell.enrolment import ENROLMENT_PAGES
from tests.portal_shell.entries import ENTRY_PAGES
from tests.portal_shell.hub import HUB_PAGES
from tests.portal_shell.immunization import IMMUNIZATION_PAGES
from tests.portal_shell.matching import MATCHING_PAGES
from tests.portal_shell.my_notices import NOTICE_PAGES
from tests.portal_shell.my_records import ONE_RECORD, RECORD_PAGES
from tests.portal_shell.notes import NOTES_PAGES
from tests.portal_shell.out import OUT_PAGES
from tests.portal_shell.own_book import OWN_BOOK_PAGES
from tests.portal_shell.pregnancy import PREGNANCY_PAGES
from tests.portal_shell.previews import PREVIEW_PAGES
from tests.portal_shell.proxies import PROXY_PAGES
from tests.portal_shell.staff import STAFF_PAGES
from tests.portal_shell.viewer import VIEWER_PAGES
from tests.portal_shell.vitals import VITALS_PAGES
from web_portal.pages.disaster import Declaring
from web_portal.pages.emergency import Opening
from web_portal.pages.emergency_ties import Ties
from web_portal.templating import environment

AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
HANAKO = {"role": "participant", "name": "花子", "unread": 2}
SATO = {"role": "professional", "name": "佐藤", "unread": 0}
UEDA = {"role": "support", "name": "上田", "unread": 0}
NOTICE_ADDRESSES = {
    "devices": [
        {"id": "d1", "device": "iPhone (Safari)", "added_at": AT, "is_here": True},
        {"id": "d2", "device": "Windows (Chrome)", "added_at": AT, "is_here": False},
    ],
    "mailbox": {
        "address": "hanako@example.jp",
        "is_undeliverable": True,
        "wanted": "hanako@example.com",
    },
    "typed": "hanako@",
    "offered": {"fcm", "mail", "web_push"},
    "web_push_key": "B" * 87,
}
AUDITOR = {"role": "auditor", "name": "監査担当", "unread": 0}

BASE: dict[str, Any] = {
    "path": "/",
    "text_size": "normal",
    "contrast": "normal",
    "csrf_input": '<input type="hidden" name="_csrf_token" value="token">',
    "viewer": None,
    "network": {
        "name": "くまもとデモネットワーク",
        "support_phone": "096-000-0000",
        "support_hours": "平日 9:00〜17:00",
    },
    "flash": None,
    "acting": None,
    "acting_ended": False,
}
RUNNING = View(UUID(int=1), UUID(int=2), "unconscious", "t1", None, AT, True)
EMERGENCY_FORM: dict[str, Any] = {
    "viewer": SATO,
    "values": Opening(),
    "birth": {"birth_era": "showa", "birth_year": "15", "birth_month": "4", "birth_day": "9"},
    "reasons": [("unconscious", "意識がない")],
    "most": 500,
    "error": "",
    "advice": "",
    "shut_by": None,
    "sessions": [],
    "open_to": None,
    "in_disaster": False,
    "has_declared": True,
}
DECLARED: dict[str, Any] = {
    "disaster_id": UUID(int=1),
    "area": "阿蘇",
    "state": "runs",
    "words": "大きな地震",
    "until_at": AT,
    "turns": [
        {"hours": 24, "by_name": "上田", "asked_at": AT, "confirmed_by": "加藤", "until_at": AT},
        {"hours": 72, "by_name": "加藤", "asked_at": AT, "confirmed_by": None, "until_at": None},
    ],
    "ended_by": None,
    "may_confirm": True,
    "may_renew": True,
    "may_end": True,
}
DISASTERS = [{"area": "阿蘇", "until": AT}]
HOURS = [("24", "24時間"), ("72", "72時間")]
HELD: dict[str, Any] = {
    "id": UUID(int=1),
    "facility": "熊本救命病院",
    "who": "森 大輔",
    "reason": "家の人が端末を見ています。",
    "state": "waiting",
    "until": AT,
    "first_by": "上田",
}
NO_HOLDS: dict[str, Any] = {"holds": [], "days": [("1", "1日後"), ("2", "2日後")]}
OF_A_SUMMARY: dict[str, Any] = {
    "id": UUID(int=3),
    "at": date(2026, 5, 1),
    "title": "ペニシリン",
    "kind": "アレルギー",
    "facility": "佐藤内科クリニック",
    "is_own": False,
}
ENTERED = OF_A_SUMMARY | {"facility": "ご本人の登録", "is_own": True}
EMERGENCY_READ: dict[str, Any] = {
    "viewer": SATO,
    "session": RUNNING,
    "person": Person(UUID(int=2), "熊本 花子", "クマモト ハナコ", "female", date(1940, 4, 9)),
    "parts": [
        ("warnings", [OF_A_SUMMARY], []),
        ("drugs", [OF_A_SUMMARY] * 4, [OF_A_SUMMARY]),
        ("conditions", [], []),
        ("said", [OF_A_SUMMARY], []),
        ("rest", [OF_A_SUMMARY, ENTERED], []),
    ],
    "question": None,
}
VIEWED: dict[str, Any] = {
    "id": UUID(int=1),
    "at": AT,
    "who": "森 大輔",
    "facility": "熊本救命病院",
    "reason": "意識がない",
    "state": "これから確かめます",
    "is_overdue": False,
}
PERSON = {"name": "熊○ 花○", "birth_on": date(1940, 4, 9), "card": "****-****-****-3456"}
ROW = LogLine(
    number=7,
    event_id=UUID("0190a8c0-0000-7000-8000-000000000007"),
    at=AT,
    event="records:record:read",
    outcome="permitted",
    is_access=True,
    sentence="佐藤内科クリニックの佐藤さん（医師）が、「処方」3件を見ました。",
    who="佐藤",
    profession="医師",
    facility="佐藤内科クリニック",
    professional_id=UUID("0190a8c0-0000-7000-8000-000000000008"),
    purpose="診療のため",
    kinds=(KindCount("prescription", "処方", 3),),
    reason="ご本人が「佐藤内科クリニック」に見ることを許しているためです（設定 第3版）。",
    is_decided=True,
)
DENIED = replace(
    ROW,
    number=6,
    outcome="denied",
    kinds=(),
    reason="見せない設定のためです。",
    who="",
    profession="",
)
DECIDED_AGAIN = {
    "viewer": HANAKO,
    "row": ROW,
    "agrees": True,
    "used": [("見せる相手の設定", "第3版"), ("住んでいる地域", "まだありませんでした")],
}
FOUND = replace(ROW, number=5, event="records:participant:found", kinds=())
WAITING = replace(ROW, number=3, question=QuestionMark("received", date(2026, 5, 17), True))
SETTLED = replace(ROW, number=2, question=QuestionMark("content", None, False))
UNTIL = date(2026, 8, 1)
PARTS = {"actor": "だれがしたか", "resources": "見た記録の種類と件数", "about": "何があったか"}
WITHHELD = replace(
    ROW,
    number=1,
    who="",
    profession="",
    facility="",
    professional_id=None,
    purpose="",
    kinds=(),
    reason="",
    is_decided=False,
    withheld=tuple(
        WithheldPart(name, said, "法律にもとづく求めのため", UNTIL) for name, said in PARTS.items()
    ),
)
CHANGED = LogLine(
    number=4,
    event_id=ROW.event_id,
    at=AT,
    event="consent:provision:changed",
    outcome="permitted",
    is_access=False,
    sentence="見せる相手の設定が変わりました。",
    changes=("「佐藤内科クリニック」に見せるようにしました。",),
)
PAGER = {"page": 2, "pages": 3}
ONE_PAGE = {"page": 1, "pages": 1}
CASE = {
    "id": "c1",
    "kind": "電話をかけてほしい",
    "do": "下の番号へお電話してください。",
    "facts": [("お名前", "山本 太郎")],
    "phone": "09000000000",
    "opened_at": AT,
    "due_on": date(2026, 5, 4),
    "is_overdue": False,
    "href": "/support/cases/c1",
    "open": "support.case.open",
    "doubts": [],
}
QUESTION_CASE = CASE | {
    "id": "c2",
    "phone": None,
    "is_overdue": True,
    "href": "/support/questions/c2",
    "open": "support.question.open",
}
ASIDE_CASE = CASE | {
    "id": "c3",
    "kind": "取り込めなかった記録",
    "facts": [
        ("施設", "佐藤内科クリニック"),
        ("理由", "記録の持ち主として書かれた人が見つかりません。"),
        ("取り込めなかった数", "1"),
        ("施設の患者番号", "00123"),
    ],
    "phone": None,
    "href": None,
    "doubts": [("00123", "m1")],
}
NOTICE = {
    "id": "n1",
    "at": AT,
    "title": "はじめての施設が記録を見ました",
    "body": "くわしくは記録をご覧ください。",
    "is_unread": True,
    "href": "/access-log",
}
HAPPENINGS = [
    {
        "text": "佐藤内科クリニックの医師が、処方を3件見ました。",
        "at": AT,
        "href": "/access-log#access-a1",
    },
    {"text": "設定を変えました。", "at": AT, "href": None},
]
DAYS = [(1, "1日"), (30, "30日")]
REASONS = [("treatment", "続けている診療"), ("referral", "紹介や相談")]
ENDED = [
    {
        "notice_id": f"e{at}",
        "event": event,
        "local_id": local_id,
        "is_personal": local_id is None,
        "created_at": AT,
    }
    for at, (event, local_id) in enumerate(
        [("access_ended", "P-7"), ("access_ended", None), ("match_question", "P-8")], 1
    )
]
ASKED = [
    {"card_end": "3456", "asked_at": AT, "participant_id": None, "until": None},
    {"card_end": "3457", "asked_at": AT, "participant_id": "p1", "until": AT},
]
ASK: dict[str, Any] = {
    "viewer": SATO,
    "own": None,
    "values": {
        "card": "",
        "whom": "facility",
        "days": 30,
        "level": "no",
        "reason": "treatment",
        "note": "",
    },
    "days": DAYS,
    "reasons": REASONS,
    "most": 200,
}
HAND_ON: dict[str, Any] = {
    "viewer": SATO,
    "participant_id": "p1",
    "bounds": {"level": 1, "until": AT},
    "query": "もり",
    "colleagues": [("m1", "森 大輔（医師）　白川病院")],
    "errors": {},
    "days": DAYS,
    "reasons": REASONS,
}
DESK_CODE = {"viewer": HANAKO, "is_participating": True, "numbers": []}
REQUEST = {
    "id": "r1",
    "name": "佐藤 健一",
    "profession": "医師",
    "facility": "佐藤内科クリニック",
    "whom": "professional",
    "days": 30,
    "level": 1,
    "reason": "続けている診療",
    "note": "お薬を確かめさせてください。",
    "asked_at": AT,
    "expires_at": AT,
}
AGREED = {
    "id": 7,
    "whom": "森 大輔さん（白川病院）",
    "how": "ほかの先生などから引き継がれました",
    "by": "佐藤 健一さん（佐藤内科クリニック）",
    "until": AT,
    "level": 1,
}
NO_INPUT: dict[str, Any] = {"values": {}, "errors": {}}
SENT_BACK = {
    "values": {"card": "1234", "birth_era": "showa", "birth_year": "15", "local_id": "0"},
    "errors": {
        "card": "カードの番号は16けたです。",
        "birth": "生年月日をお確かめください。",
        "local_id": "患者番号をお確かめください。",
    },
}
BACK = {"href": "/home", "label": "ホームへもどる"}

SCHEME = {
    "code": "named",
    "name": "施設をひとつずつ選ぶ",
    "explanation": "ご本人が選んだ施設だけが、記録を見られます。",
    "is_default": False,
}
QUESTION = {"answer_by": date(2026, 8, 1), "days_left": 90, "is_over": False}
PAPER = {
    "paper_id": "p1",
    "choice": "participate",
    "signed_on": date(2026, 4, 30),
    "imported_at": AT,
}
PARTICIPATION = {
    "viewer": HANAKO,
    "state": "participating",
    "data_from": date(2026, 5, 3),
    "joined_on": date(2026, 5, 3),
    "changed": "",
    "question": None,
    "scheme": "施設をひとつずつ選ぶ",
    "papers": [],
    "by_document": True,
    "records_years": 5,
    "log_years": 5,
}
TERMS = {
    "viewer": HANAKO,
    "question": QUESTION,
    "state": "participating",
    "has_accepted": False,
    "version": "2027-04",
    "paragraphs": ["見せる相手は、いつでも変えられます。"],
    "changes": "介護の事業所も見られるようになります。",
    "is_refusing": False,
}
CAMPAIGN = {
    "campaign_id": "c1",
    "terms_version": "2027-04",
    "answer_by": date(2026, 8, 1),
    "called_off_at": None,
    "is_open": True,
    "days_left": 90,
    "progress": {"asked": 10, "accepted": 3, "refused": 1, "unanswered": 6},
}
CAMPAIGNS = {
    "viewer": UEDA,
    "campaigns": [
        CAMPAIGN,
        CAMPAIGN | {"campaign_id": "c2", "is_open": False, "called_off_at": AT},
        CAMPAIGN | {"campaign_id": "c3", "is_open": False},
    ],
    "version": "2027-04",
    "changes": "介護の事業所も見られるようになります。",
    "answer_by": "2026-08-01",
    "least_days": 14,
    "errors": {},
}
IMPORT = {
    "import_id": "i1",
    "name": "list.csv",
    "lines": 10,
    "taken": 5,
    "unchanged": 1,
    "refused": 4,
    "done": 10,
    "started_at": AT,
    "finished_at": AT,
    "is_stopped": False,
}

PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "welcome": ("welcome.html", {"disasters": []}),
    "welcome-disaster": ("welcome.html", {"disasters": DISASTERS}),
    "welcome-flash": (
        "welcome.html",
        {
            "disasters": [],
            "flash": {"kind": "success", "title": "終了しました", "text": "またどうぞ。"},
        },
    ),
    "start": ("register/start.html", NO_INPUT | {"offers_my_number": True}),
    "start-errors": ("register/start.html", SENT_BACK | {"offers_my_number": False}),
    "agree": (
        "register/agree.html",
        {
            "person": PERSON,
            "data_from": date(2026, 5, 3),
            "terms": ["見せる相手は、いつでも変えられます。"],
            "schemes": [],
            "is_by_card": False,
            "notice": "",
        },
    ),
    "agree-schemes": (
        "register/agree.html",
        {
            "person": PERSON,
            "data_from": None,
            "terms": ["見せる相手は、いつでも変えられます。"],
            "schemes": [SCHEME | {"is_default": True}, SCHEME | {"code": "all_facilities"}],
            "is_by_card": True,
            "notice": "あとから加わった施設は、ご本人が選ぶまで見られません。",
        },
    ),
    "passkey": ("register/passkey.html", {}),
    **ACCOUNT_PAGES,
    "sign-in": ("sign_in.html", {"following": "", "offers_my_number": True}),
    "my-number-onward": (
        "my_number_onward.html",
        {"url": "#issuer", "tells_items": True},
    ),
    "my-number-card": ("register/my_number_card.html", {"values": {"card": "1"}, "errors": {}}),
    "my-number-own": ("account/my_number.html", {"viewer": HANAKO, "added": None}),
    "my-number-added": (
        "account/my_number.html",
        {"viewer": HANAKO, "added": {"added_at": AT, "last_used_at": AT}},
    ),
    "demo-my-number": (
        "demo_my_number.html",
        {
            "people": [{"key": "hanako", "name": "山本 花子"}],
            "asked": {"state": "x"},
            "tells_items": True,
        },
    ),
    **STAFF_PAGES,
    **APP_PAGES,
    "demo-sign-in": ("demo_sign_in.html", {"token": "t"}),
    "home": (
        "home.html",
        {
            "viewer": HANAKO,
            "summary": "いま、2つの施設の医師が記録を見られます。",
            "question": None,
            "needs": [{"text": "だれに見せるかを選んでください。", "href": "/disclosure"}],
            "disasters": DISASTERS,
            "happenings": HAPPENINGS,
        },
    ),
    "home-empty": (
        "home.html",
        {
            "viewer": HANAKO,
            "summary": "まだ、だれも見られません。",
            "question": QUESTION,
            "needs": [],
            "disasters": [],
            "happenings": [],
        },
    ),
    **SETTINGS_PAGES,
    **PREVIEW_PAGES,
    **PROXY_PAGES,
    **CARD_PAGES,
    **EMERGENCY_PAGES,
    **ENROLMENT_PAGES,
    **MATCHING_PAGES,
    **RECORD_PAGES,
    **CHECKUP_PAGES,
    **ENTRY_PAGES,
    **NOTES_PAGES,
    **OUT_PAGES,
    **OWN_BOOK_PAGES,
    **IMMUNIZATION_PAGES,
    **HUB_PAGES,
    **CHILD_PAGES,
    **PREGNANCY_PAGES,
    "record-seen": (
        "records/one.html",
        ONE_RECORD | {"seen": [(ROW, 1), (FOUND, 3)], "has_more": True, "is_partial": True},
    ),
    "record-accesses": (
        "records/accesses.html",
        reading.SEEN | {"viewer": HANAKO, "seen": [(ROW, 2), (WITHHELD, 1)]},
    ),
    "record-accesses-none": (
        "records/accesses.html",
        reading.SEEN_BY_NOBODY | {"viewer": HANAKO, "seen": []},
    ),
    "participation": ("disclosure/participation.html", PARTICIPATION),
    "participation-records": (
        "disclosure/participation.html",
        PARTICIPATION
        | {"data_from": None, "changed": "records", "question": QUESTION, "papers": [PAPER]},
    ),
    "participation-left": (
        "disclosure/participation.html",
        PARTICIPATION | {"state": "withdrawn", "data_from": None, "changed": "withdrawn"},
    ),
    "participation-lapsed": (
        "disclosure/participation.html",
        PARTICIPATION | {"state": "lapsed", "question": QUESTION | {"is_over": True}},
    ),
    "residence": (
        "disclosure/residence.html",
        {
            "viewer": HANAKO,
            "here": "/disclosure/residence",
            "save": "/disclosure/residence",
            "undo": None,
            "version": 2,
            "is_new": True,
            "regions": [("aso", "阿蘇"), ("amakusa", "天草")],
            "places": [
                {"at": 0, "region": "阿蘇", "from_on": None, "until_on": None, "is_now": True},
                {
                    "at": 1,
                    "region": "天草",
                    "from_on": date(2010, 4, 1),
                    "until_on": date(2020, 3, 31),
                    "is_now": False,
                },
            ],
        },
    ),
    "scheme": (
        "disclosure/scheme.html",
        {
            "viewer": HANAKO,
            "here": "/disclosure/scheme",
            "save": "/disclosure/save",
            "confirm": "/disclosure/save",
            "undo": None,
            "version": 2,
            "schemes": [
                SCHEME | {"is_chosen": True, "change": "[]"},
                SCHEME | {"code": "all_facilities", "is_chosen": False, "change": "[]"},
            ],
            "notice": "",
            "is_participating": True,
        },
    ),
    "terms": ("terms.html", TERMS),
    "terms-refusing": ("terms.html", TERMS | {"is_refusing": True}),
    "terms-refused": ("terms.html", TERMS | {"state": "refused", "question": None}),
    "terms-over": (
        "terms.html",
        TERMS | {"state": "lapsed", "question": QUESTION | {"is_over": True}},
    ),
    "terms-accepted": ("terms.html", TERMS | {"has_accepted": True, "question": None}),
    "campaigns": ("support/campaigns.html", CAMPAIGNS),
    "campaigns-none": (
        "support/campaigns.html",
        CAMPAIGNS | {"campaigns": [], "changes": "", "errors": {"answer_by": "近すぎます。"}},
    ),
    "campaign-confirm": (
        "support/campaign_confirm.html",
        {"viewer": UEDA, "version": "2027-04", "answer_by": date(2026, 8, 1)},
    ),
    "papers": (
        "support/papers.html",
        {
            "viewer": UEDA,
            "imports": [IMPORT],
            "errors": {},
            "pager": {"page": 2, "pages": 3},
        },
    ),
    "papers-errors": (
        "support/papers.html",
        {
            "viewer": UEDA,
            "imports": [],
            "errors": {"table": "列の名前をお確かめください。"},
            "pager": {"page": 1, "pages": 1},
        },
    ),
    "paper-import": (
        "support/paper_import.html",
        {
            "viewer": UEDA,
            "found": IMPORT,
            "faults": [(3, "スキャンのファイルが見つかりません。")],
            "fault_total": 4,
        },
    ),
    "paper-import-stopped": (
        "support/paper_import.html",
        {
            "viewer": UEDA,
            "found": IMPORT | {"finished_at": None, "is_stopped": True},
            "faults": [],
            "fault_total": 0,
        },
    ),
    "help": ("help.html", NO_INPUT | {"viewer": HANAKO, "is_waiting": False}),
    "help-errors": (
        "help.html",
        {
            "viewer": HANAKO,
            "is_waiting": False,
            "values": {"phone": "12"},
            "errors": {"phone": "電話番号は、0から始まる10けたか11けたの数字で入れてください。"},
        },
    ),
    "help-waiting": ("help.html", NO_INPUT | {"viewer": HANAKO, "is_waiting": True}),
    "access-log": (
        "access_log.html",
        reading.ALL
        | {
            "viewer": HANAKO,
            "rows": [ROW, DENIED, FOUND, CHANGED, WAITING, SETTLED, WITHHELD],
            "pager": PAGER,
        },
    ),
    "access-log-narrowed": (
        "access_log.html",
        reading.NARROWED | {"viewer": HANAKO, "rows": [DENIED], "pager": ONE_PAGE},
    ),
    "access-log-troubled": (
        "access_log.html",
        reading.TROUBLED
        | {"viewer": HANAKO, "rows": [replace(ROW, is_unconfirmed=True)], "pager": ONE_PAGE},
    ),
    "access-log-person": (
        "access_log.html",
        reading.ONE_PERSON | {"viewer": HANAKO, "rows": [ROW], "pager": ONE_PAGE},
    ),
    **{
        f"access-log-{name}": ("access_log.html", context | {"viewer": HANAKO, "rows": []})
        for name, context in {
            "empty": reading.ALL | {"pager": ONE_PAGE, "total": 0},
            "none-found": reading.NARROWED | {"pager": ONE_PAGE, "total": 0, "older": None},
            "none-found-yet": reading.NARROWED | {"pager": ONE_PAGE, "total": 0},
            "past-end": reading.ALL | {"pager": PAGER},
            "faulty": reading.FAULTY | {"pager": ONE_PAGE},
        }.items()
    },
    "access-log-by-file": (
        "access_log_by_file.html",
        {"viewer": HANAKO, "keys": [("この記録の鍵", "example.jp/network+0a1b2c3d+AbCd")]},
    ),
    "month": ("month.html", reading.ONE_MONTH | {"viewer": HANAKO}),
    "month-asked": (
        "month.html",
        reading.ONE_MONTH | {"viewer": HANAKO, "month": "2026-05", "asks": True, "answer": None},
    ),
    "month-answered": (
        "month.html",
        reading.ONE_MONTH | {"viewer": HANAKO, "month": "2026-05", "asks": True, "answer": "wrong"},
    ),
    **NOTICE_PAGES,
    "month-empty": ("month.html", reading.NO_MONTH | {"viewer": HANAKO}),
    "question-new": ("question.html", reading.ASKING | {"viewer": HANAKO, "row": ROW}),
    "question-faults": ("question.html", reading.ASKED_WRONGLY | {"viewer": HANAKO, "row": ROW}),
    **{
        f"question-{name}": (
            "question.html",
            reading.ASKING | {"viewer": HANAKO, "row": ROW, "question": question},
        )
        for name, question in reading.QUESTIONS.items()
    },
    "questions": (
        "questions.html",
        {"viewer": HANAKO, "questions": list(reading.QUESTIONS.values())},
    ),
    "questions-empty": ("questions.html", {"viewer": HANAKO, "questions": []}),
    **{
        f"support-question-{name}": ("support/question.html", context | {"viewer": UEDA})
        for name, context in {
            "open": reading.FOR_OFFICER,
            "faults": reading.ANSWERED_WRONGLY,
            "answered": reading.ANSWERED_NOW,
        }.items()
    },
    **{
        name: ("auditor.html", context | {"viewer": AUDITOR})
        for name, context in {
            "auditor": reading.AUDIT,
            "auditor-halted": reading.HALTED,
            "auditor-empty": reading.NOTHING_YET,
        }.items()
    },
    "receipts": (
        "receipts.html",
        {
            "viewer": HANAKO,
            "rows": [
                {
                    "version": version,
                    "at": AT,
                    "change": "「佐藤内科クリニック」に見せるようにしました。",
                    "has_receipt": version > 1,
                }
                for version in (2, 1)
            ],
            "pager": ONE_PAGE,
        },
    ),
    "receipts-empty": ("receipts.html", {"viewer": HANAKO, "rows": [], "pager": ONE_PAGE}),
    "decided-again": ("decided_again.html", DECIDED_AGAIN),
    "decided-otherwise": ("decided_again.html", DECIDED_AGAIN | {"agrees": False}),
    "inbox": (
        "inbox.html",
        {
            "viewer": HANAKO,
            "notices": [NOTICE, NOTICE | {"id": "n2", "is_unread": False, "href": None}],
            "pager": PAGER,
        },
    ),
    "notice-addresses": ("account/notices.html", {"viewer": HANAKO} | NOTICE_ADDRESSES),
    "notice-addresses-none": (
        "account/notices.html",
        {
            "viewer": HANAKO,
            "devices": [],
            "mailbox": {"address": None, "is_undeliverable": False, "wanted": None},
            "typed": "",
            "offered": set(),
            "web_push_key": None,
        },
    ),
    "notice-letters": (
        "support/letters.html",
        {
            "viewer": UEDA,
            "letters": [
                {
                    "id": "p1",
                    "name": "山本 太郎",
                    "address": "熊本県上益城郡益城町宮園702",
                    "count": 2,
                    "notices": "n1 n2",
                }
            ],
        },
    ),
    "notice-letters-none": ("support/letters.html", {"viewer": UEDA, "letters": []}),
    "demo-outbox": (
        "demo_outbox.html",
        {
            "viewer": None,
            "arrived": [
                {"way": way, "to": "Hanako", "title": "お知らせ", "body": "つなぐを開く", "at": AT}
                for way in ("phone", "browser", "mail")
            ],
        },
    ),
    "demo-outbox-empty": ("demo_outbox.html", {"viewer": None, "arrived": []}),
    "inbox-empty": ("inbox.html", {"viewer": HANAKO, "notices": [], "pager": ONE_PAGE}),
    "clinic-find": (
        "clinic/find.html",
        NO_INPUT
        | {
            "viewer": SATO,
            "facility": "佐藤内科クリニック",
            "purpose": "診療",
            "notices": [],
            "asked": [],
        },
    ),
    "clinic-find-errors": (
        "clinic/find.html",
        SENT_BACK
        | {
            "viewer": SATO,
            "facility": "佐藤内科クリニック",
            "purpose": "診療",
            "notices": ENDED,
            "asked": ASKED,
        },
    ),
    "clinic-emergency-open": ("clinic/emergency_open.html", EMERGENCY_FORM),
    "clinic-emergency-open-error": (
        "clinic/emergency_open.html",
        EMERGENCY_FORM
        | {"error": "理由を選んでください。", "advice": "もう一度。", "sessions": [RUNNING]},
    ),
    "clinic-emergency-open-readable": (
        "clinic/emergency_open.html",
        EMERGENCY_FORM
        | {
            "error": "ふだんの許可で見られます。",
            "advice": "下のボタンで。",
            "open_to": UUID(int=2),
        },
    ),
    "clinic-emergency-open-disaster": (
        "clinic/emergency_open.html",
        EMERGENCY_FORM | {"in_disaster": True, "has_declared": False},
    ),
    "clinic-emergency-disaster": (
        "clinic/emergency.html",
        EMERGENCY_READ | {"session": RUNNING._replace(in_disaster=True)},
    ),
    "account-emergency-ties": (
        "account/emergency_ties.html",
        {"viewer": SATO, "values": Ties("7000000000000000"), "errors": {}},
    ),
    "account-emergency-ties-faults": (
        "account/emergency_ties.html",
        {"viewer": SATO, "values": Ties("7"), "errors": {"card": "16けたで入力してください。"}},
    ),
    "support-disasters": (
        "support/disasters.html",
        {
            "viewer": UEDA,
            "values": Declaring("aso"),
            "error": "",
            "regions": [("aso", "阿蘇")],
            "hours": HOURS,
            "disasters": [DECLARED],
        },
    ),
    "support-disasters-none": (
        "support/disasters.html",
        {
            "viewer": UEDA,
            "values": Declaring("aso"),
            "error": "内容を書いてください。",
            "regions": [("aso", "阿蘇")],
            "hours": HOURS,
            "disasters": [],
        },
    ),
    "support-disaster": (
        "support/disaster.html",
        {
            "viewer": UEDA,
            "disaster": DECLARED,
            "hours": HOURS,
            "waiting": [VIEWED | {"is_overdue": True}],
        },
    ),
    "support-disaster-over": (
        "support/disaster.html",
        {
            "viewer": UEDA,
            "disaster": DECLARED
            | {
                "state": "over",
                "ended_by": "上田",
                "may_confirm": False,
                "may_renew": False,
                "may_end": False,
            },
            "hours": HOURS,
            "waiting": [],
        },
    ),
    "clinic-emergency-open-no-right": (
        "clinic/emergency_open.html",
        EMERGENCY_FORM | {"shut_by": "no_right"},
    ),
    "clinic-emergency": ("clinic/emergency.html", EMERGENCY_READ),
    "clinic-emergency-over": (
        "clinic/emergency.html",
        EMERGENCY_READ
        | {
            "session": RUNNING._replace(state="ended", ending="expired"),
            "parts": [],
            "person": None,
            "question": "どのように確かめましたか。",
        },
    ),
    "clinic-emergency-waits": (
        "clinic/emergency.html",
        EMERGENCY_READ | {"session": RUNNING._replace(state="requested"), "parts": []},
    ),
    "disclosure-emergency": (
        "disclosure/emergency.html",
        {
            "viewer": HANAKO,
            "choice": Choice("ceiling", ("allergy",), 1, False),
            "categories": [("allergy", "アレルギー", True), ("lab", "検査", False)],
            "sessions": [VIEWED | {"is_overdue": True}],
        },
    ),
    "disclosure-emergency-none": (
        "disclosure/emergency.html",
        {"viewer": HANAKO, "choice": Choice(), "categories": [], "sessions": []},
    ),
    "support-emergency-queue": (
        "support/emergency_queue.html",
        {
            "viewer": UEDA,
            "waiting": [VIEWED | {"is_overdue": True}],
            "awaiting": [VIEWED | {"until": AT}],
            "holds": [
                HELD | {"id": UUID(int=at), "state": state}
                for at, state in enumerate(
                    ("waiting", "agreed", "held", "refused", "lapsed", "over"), 1
                )
            ],
            "days": NO_HOLDS["days"],
            "total": 1,
            "pager": ONE_PAGE,
        },
    ),
    "support-emergency-none": (
        "support/emergency_queue.html",
        NO_HOLDS | {"viewer": UEDA, "waiting": [], "awaiting": [], "total": 0, "pager": ONE_PAGE},
    ),
    "support-emergency": (
        "support/emergency.html",
        {
            "viewer": UEDA,
            "review": Reviewed(
                UUID(int=1),
                UUID(int=2),
                "森 大輔",
                "unconscious",
                "路上で倒れていた",
                "card",
                (Said("pending", "", "", AT), Said("queried", "なぜですか", "上田", AT)),
                "queried",
                AT,
                True,
                ("justified", "doubted"),
            ),
            "facility": "熊本救命病院",
            "reason": "意識がない",
            "by": "参加者カードの番号",
        },
    ),
    "clinic-ask": ("clinic/ask.html", ASK | {"errors": {}}),
    "clinic-ask-errors": (
        "clinic/ask.html",
        ASK | {"errors": {"card": "カードの番号は16けたです。", "note": "長すぎます。"}},
    ),
    "clinic-ask-here": ("clinic/ask.html", ASK | {"own": "/clinic/participants/p", "errors": {}}),
    "clinic-hand-on": ("clinic/hand_on.html", HAND_ON),
    "clinic-hand-on-nobody": ("clinic/hand_on.html", HAND_ON | {"colleagues": []}),
    "clinic-hand-on-refused": ("clinic/hand_on.html", HAND_ON | {"bounds": None}),
    "desk-code": ("desk_code.html", DESK_CODE | {"code": None, "waiting": None}),
    "desk-code-made": (
        "desk_code.html",
        DESK_CODE
        | {
            "code": "1234-5678",
            "picture": "",
            "waiting": {"level": 1, "expires_at": AT},
            "numbers": [
                {
                    "link_id": ROW.event_id,
                    "facility": "佐藤内科クリニック",
                    "local_id": "00123",
                    "by_name": "佐藤",
                }
            ],
        },
    ),
    "desk-code-waiting": (
        "desk_code.html",
        DESK_CODE | {"code": None, "waiting": {"level": 0, "expires_at": AT}},
    ),
    "desk-code-left": (
        "desk_code.html",
        DESK_CODE | {"code": None, "waiting": None, "is_participating": False},
    ),
    "requests": (
        "requests.html",
        {
            "viewer": HANAKO,
            "requests": [REQUEST, REQUEST | {"id": "r2", "note": "", "whom": "facility"}],
            "agreed": [AGREED, AGREED | {"id": 8, "by": None, "level": 0}],
            "days": DAYS,
        },
    ),
    "requests-empty": (
        "requests.html",
        {"viewer": HANAKO, "requests": [], "agreed": [], "days": DAYS},
    ),
    **VIEWER_PAGES,
    **VITALS_PAGES,
    "support": (
        "support/queue.html",
        {
            "viewer": UEDA,
            "cases": [CASE, QUESTION_CASE, ASIDE_CASE],
            "matches": 2,
            "total": 41,
            "pager": PAGER,
        },
    ),
    "support-case": ("support/case.html", {"viewer": UEDA, "case": CASE}),
    "support-empty": (
        "support/queue.html",
        {"viewer": UEDA, "cases": [], "matches": 0, "total": 0, "pager": ONE_PAGE},
    ),
    "error": (
        "error.html",
        {
            "problem": {"what": "ページが見つかりません。", "next": None, "reference": None},
            "back": BACK,
        },
    ),
    "error-signed-in": (
        "error.html",
        {
            "viewer": HANAKO,
            "problem": {
                "what": "受け付けられませんでした。",
                "next": "少し待ってください。",
                "reference": "7F3A",
            },
            "back": BACK,
        },
    ),
}


ENVIRONMENT = environment()  # one for all: it keeps what it compiled


def render(name: str, locale: str, **changes: object) -> str:
    template, context = PAGES[name]
    page = ENVIRONMENT.get_template(template)
    return page.render(BASE | {"locale": locale} | context | changes)


def pages(locale: str, **changes: object) -> Iterator[tuple[str, str]]:
    for name in PAGES:
        yield name, render(name, locale, **changes)
