"""Sample pages of matching: a facility's patient beside a participant, numbers, and merges."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
HANAKO = {"role": "participant", "name": "花子", "unread": 0}
UEDA = {"role": "support", "name": "上田", "unread": 0}
ONE = {"page": 1, "pages": 1}
ERRORS = {"decision": "どちらかを選んでください。", "reason": "理由を入力してください。"}


def side(name: str, end: str | None) -> dict[str, Any]:
    return {
        "participant_id": UUID(int=7),
        "name": name,
        "name_kana": "クマモト ハナコ",
        "birth_on": date(1940, 4, 9),
        "card_end": end,
    }


def row(label: str, sent: str, registered: str, *words: str, same: bool) -> dict[str, Any]:
    return {
        "label": label,
        "sent": sent,
        "registered": registered,
        "words": words or ("くらべられません",),
        "is_same": same,
        "is_compared": bool(words),
    }


QUEUE: dict[str, Any] = {
    "viewer": UEDA,
    "waiting": [
        {
            "match_id": UUID(int=1),
            "facility": "佐藤内科クリニック",
            "number": "00012",
            "bits": 30.8,
            "found_at": AT,
            "asked_at": AT,
            "asked_by": "上田 まもる",
        }
    ],
    "unseen": [
        {
            "match_id": UUID(int=2),
            "facility": "熊本救命病院",
            "number": "998-1",
            "decision": "同じ方です",
            "reason": "転居を電話で確認",
            "by_name": "第二 担当",
            "decided_at": AT,
        }
    ],
    "total": 1,
    "pager": ONE,
}
MATCH: dict[str, Any] = {
    "viewer": UEDA,
    "id": UUID(int=1),
    "facility": "佐藤内科クリニック",
    "number": "00012",
    "asked_at": None,
    "bits": 30.8,
    "rows": [
        row(
            "お名前とふりがな",
            "熊本 春子 / クマモト ハルコ",
            "熊本 花子 / クマモト ハナコ",
            "姓：同じです",
            "名：ちがいます",
            same=False,
        ),
        row("生年月日", "1940年4月9日", "1940年4月9日", "同じです", same=True),
        row("保険証", "", "00430017 / 天 / 123 / 01", same=False),
    ],
    "decisions": [("same", "同じ方です"), ("different", "別の方です")],
    "errors": {},
}
MERGES: dict[str, Any] = {
    "viewer": UEDA,
    "proposals": [
        {
            "newer": side("熊本 花子", "1234"),
            "older": side("熊本 華子", None),
            "reason": "カードが2枚ある",
            "by_name": "上田 まもる",
        }
    ],
    "merges": [
        {
            "merge_id": UUID(int=3 + at),
            "remains": side("熊本 花子", "1234"),
            "other": side("熊本 花子", "5678"),
            "reason": "同じ方と確認",
            "by_name": "上田 まもる",
            "asked_at": AT,
            "is_own": is_own,
            "state": state,
            "said": said,
        }
        for at, (is_own, state, said) in enumerate(
            [
                (True, "asked", "二人目の職員を待っています"),
                (False, "asked", "二人目の職員を待っています"),
                (False, "accepted", "ひとつになっています"),
            ]
        )
    ],
    "errors": {},
}
NUMBERS: dict[str, Any] = {
    "viewer": HANAKO,
    "numbers": [
        {
            "facility_id": UUID(int=9),
            "facility": "佐藤内科クリニック",
            "number": "00012",
            "way": "保険証の番号と生年月日が一致",
            "linked_at": AT,
        }
    ],
    "merges": [
        {
            "merge_id": UUID(int=at),
            "remains": remains,
            "state": state,
            "other_card_end": "5678",
            "asked_at": AT,
        }
        for at, (remains, state) in enumerate(
            [(True, "confirmed"), (False, "confirmed"), (True, "accepted"), (False, "accepted")]
        )
    ],
}
MATCHING_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "matches": ("support/matches.html", QUEUE),
    "matches-none": (
        "support/matches.html",
        QUEUE | {"waiting": [], "unseen": [], "total": 0},
    ),
    "match": ("support/match.html", MATCH),
    "match-errors": ("support/match.html", MATCH | {"errors": ERRORS, "asked_at": AT}),
    "merges": ("support/merges.html", MERGES),
    "merges-errors": (
        "support/merges.html",
        MERGES | {"errors": {"reason": ERRORS["reason"]}},
    ),
    "merges-none": ("support/merges.html", MERGES | {"proposals": [], "merges": []}),
    "known-numbers": ("account/numbers.html", NUMBERS),
    "known-numbers-none": ("account/numbers.html", NUMBERS | {"numbers": [], "merges": []}),
}
