"""Sample contexts of the access log, its months and its questions."""

from datetime import UTC, date, datetime
from typing import Any

from msgspec.structs import replace

from api.access_log.auditing import Checkpoint, Gap, Trouble
from api.support.questions.schemas import QuestionView, StepView
from api.support.reading.digest_said import LookedSaid
from api.support.reading.months import MonthView
from tests.portal_shell.checked import CHECK
from web_portal.pages.auditor import Plot

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
    "narrowed": [],
    "older": None,
    "searched": 2000,
    "month": "2026-05",
    "check": CHECK,
    "trouble": Trouble(is_halted=False, gaps=[]),
}
TROUBLED = ALL | {
    "trouble": Trouble(is_halted=True, gaps=[Gap(40, 45, datetime(2026, 5, 3, 3, 0, tzinfo=UTC))])
}
NARROWED = ALL | {
    "chosen": {"kind": "reads", "denied": "yes", "q": "薬"},
    "values": VALUES | {"kind": "reads", "denied": "yes", "q": "薬"},
    "narrowed": ["記録を見た・見ようとした", "断ったものだけ", "「薬」という言葉"],
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
    summary=["1か所の施設が、合わせて3回、記録を見ました。"],
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
    operator=0,
    law=0,
    proxies=0,
    missing=0,
    withheld=0,
    events=6,
    previous="2026-04",
    following="2026-06",
)
ONE_MONTH: dict[str, Any] = {
    "name": "2026年5月",
    "month": "2026-05",
    "asks": False,
    "answer": None,
    "found": MONTH,
    "looked": [(CLINIC, "/access-log?facility=f1"), (PHARMACY, "/access-log?facility=f2")],
    "everything": "/access-log?since=2026-05-01",
    "others": {"previous": ("2026-04", "2026年4月"), "following": ("2026-06", "2026年6月")},
}
NO_MONTH = ONE_MONTH | {"found": replace(MONTH, events=0), "looked": [], "others": {}}

AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
ASKED = StepView("received", AT, "山本 花子", "この日は\n家にいました。", date(2026, 5, 17))
ANSWERED = StepView("answered", AT, "上田 恵子", "薬局に確かめました。", None)
REOPENED = StepView("reopened", AT, "山本 花子", "電話では違うと言われました。", date(2026, 6, 1))
CONTENT = StepView("content", AT, "山本 花子", "", None)


def question(*steps: StepView, is_overdue: bool = False) -> QuestionView:
    last = steps[-1]
    return QuestionView(
        number=7,
        reason="not_there_then",
        reason_label="この日や時間には、かかっていない",
        state=last.state,
        asked_at=AT,
        due_on=last.due_on,
        is_overdue=is_overdue,
        may_settle=last.state == "answered",
        may_reopen=last.state == "answered" and REOPENED not in steps,
        steps=list(steps),
    )


QUESTIONS = {
    "asked": question(ASKED),
    "overdue": question(ASKED, is_overdue=True),
    "answered": question(ASKED, ANSWERED),
    "reopened": question(ASKED, ANSWERED, REOPENED),
    "answered-again": question(ASKED, ANSWERED, REOPENED, ANSWERED),
    "content": question(ASKED, ANSWERED, CONTENT),
}
ASKING: dict[str, Any] = {
    "reasons": [("unknown_facility", "この施設に心当たりがない"), ("other", "そのほか")],
    "days": 14,
    "values": {"reason": "", "words": ""},
    "errors": {},
    "question": None,
}
ASKED_WRONGLY = ASKING | {
    "values": {"reason": "other", "words": ""},
    "errors": {"reason": "ひとつ選んでください。", "words": "伝えたいことを書いてください。"},
}
FOR_OFFICER: dict[str, Any] = {
    "case_id": "c1",
    "name": "山本 花子",
    "facts": [("できごとの番号", "7"), ("施設", "佐藤内科クリニック")],
    "kinds_title": "見た記録",
    "kinds": [("処方", 3)],
    "question": QUESTIONS["overdue"],
    "is_open": True,
    "values": {"words": ""},
    "errors": {},
}
ANSWERED_WRONGLY = FOR_OFFICER | {"errors": {"words": "お返事を書いてください。"}, "kinds": []}
ANSWERED_NOW = FOR_OFFICER | {"question": QUESTIONS["answered"], "is_open": False}

SEEN: dict[str, Any] = {
    "record": {"id": "r1", "title": "HbA1c(NGSP)", "category": "検査"},
    "is_partial": True,
    "is_first": False,
    "following": "/records/r1/accesses?before=4",
}
SEEN_BY_NOBODY = SEEN | {"is_partial": False, "is_first": True, "following": None}

GOOD_WITNESS: dict[str, Any] = {
    "name": "witness.example/w1",
    "url": "https://witness.example/witness/v1",
    "is_mirror": False,
    "size": 300,
    "mirrored": 0,
    "cosigned_at": AT,
    "tried_at": AT,
    "fault": None,
    "faulty_since": None,
    "has_evidence": False,
}
BAD_WITNESS = GOOD_WITNESS | {
    "name": "other.example/w2",
    "is_mirror": True,
    "fault": "前に署名したものと合わないと言っています",
    "faulty_since": AT,
    "has_evidence": True,
}
GOOD_RUN: dict[str, Any] = {
    "kind": "fsck",
    "started_at": AT,
    "finished_at": AT,
    "size": 300,
    "looked": [("調べたできごと", 290)],
    "findings": [],
}
BAD_RUN = GOOD_RUN | {"kind": "restore-check", "findings": [("番号が続いていません", 3)]}
GROWTH = [Checkpoint(10 * n, AT, 2) for n in (3, 2, 1)]
AUDIT: dict[str, Any] = {
    "origin": "example.jp/network",
    "halted": None,
    "halted_at": None,
    "newest": GROWTH[0],
    "checkpoints": GROWTH,
    "plot": Plot("0,160 300,80 600,0", [(0, 160), (300, 80), (600, 0)]),
    "witnesses": [GOOD_WITNESS, BAD_WITNESS],
    "runs": [GOOD_RUN, BAD_RUN],
    "reconciliations": [
        {
            "facility": "佐藤内科クリニック",
            "day": date(2026, 5, 3),
            "sent": 12,
            "known": 11,
            "missing": missing,
            "unknown": missing,
            "is_compared": is_compared,
        }
        for missing, is_compared in ((1, True), (0, True), (0, False))
    ],
}
HALTED = AUDIT | {"halted": "木が、小さくなっています。", "halted_at": AT}
NOTHING_YET = dict.fromkeys(AUDIT) | {
    "checkpoints": [],
    "witnesses": [],
    "runs": [],
    "reconciliations": [],
}
