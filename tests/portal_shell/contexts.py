"""One sample context per template, told with the cast; `pages()` renders them all."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from web_portal.templating import environment

AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
HANAKO = {"role": "participant", "name": "花子", "unread": 2}
SATO = {"role": "professional", "name": "佐藤", "unread": 0}
UEDA = {"role": "support", "name": "上田", "unread": 0}

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
}
PERSON = {"name": "熊○ 花○", "birth_on": date(1940, 4, 9), "card": "****-****-****-3456"}
SUBJECT = {
    "name": "熊本 花子",
    "kana": "クマモト ハナコ",
    "birth_on": date(1940, 4, 9),
    "sex": "女性",
    "age": 86,
}
SWITCHES = [
    {"code": "one", "label": "佐藤内科クリニック", "detail": "診療所・熊本市中央区", "on": True},
    {"code": "two", "label": "水前寺中央薬局", "detail": "", "on": False},
]
PROFESSIONS = [
    {"code": "physician", "label": "医師", "detail": "", "on": True},
    {"code": "pharmacist", "label": "薬剤師", "detail": "", "on": False},
]
CATEGORIES = [
    {"code": "prescription", "label": "処方", "detail": "医師が出した薬", "on": True},
    {"code": "lab", "label": "検査", "detail": "血液検査など", "on": False},
]
ROW = {
    "id": "a1",
    "at": AT,
    "who": "佐藤",
    "profession": "医師",
    "facility": "佐藤内科クリニック",
    "purpose": "診療",
    "outcome": "permit",
    "kinds": [{"label": "処方", "count": 3}],
    "reason": "あなたが、佐藤内科クリニックの医師に処方の記録を見せると決めているためです。",
}
DENIED = ROW | {"id": "a2", "outcome": "deny", "kinds": [], "reason": "見せない設定のためです。"}
RECORD = {
    "at": date(2026, 5, 1),
    "title": "アムロジピン錠 5mg",
    "detail": "1日1回 朝食後 28日分",
    "facility": "佐藤内科クリニック",
}
PAGER = {"page": 2, "pages": 3}
ONE_PAGE = {"page": 1, "pages": 1}
CASE = {
    "id": "c1",
    "kind": "電話のご希望",
    "detail": "太郎さん。カードの番号が読みにくいとのこと。",
    "opened_at": AT,
    "status": "new",
    "href": "/support/c1",
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
DISCLOSURE = {
    "viewer": HANAKO,
    "summary": ["佐藤内科クリニックの医師が、処方の記録を見られます。"],
    "sections": {"facility": SWITCHES, "profession": PROFESSIONS, "category": CATEGORIES},
    "query": "",
    "facility_total": 2,
    "version": "3",
    "undo": None,
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

PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "welcome": ("welcome.html", {}),
    "welcome-flash": (
        "welcome.html",
        {"flash": {"kind": "success", "title": "終了しました", "text": "またどうぞ。"}},
    ),
    "start": ("register/start.html", NO_INPUT),
    "start-errors": ("register/start.html", SENT_BACK),
    "agree": ("register/agree.html", {"person": PERSON, "data_from": date(2026, 5, 3)}),
    "passkey": ("register/passkey.html", {}),
    "sign-in": ("sign_in.html", {}),
    "home": (
        "home.html",
        {
            "viewer": HANAKO,
            "summary": "いま、2つの施設の医師があなたの記録を見られます。",
            "needs": [{"text": "だれに見せるかを選んでください。", "href": "/disclosure"}],
            "happenings": HAPPENINGS,
        },
    ),
    "home-empty": (
        "home.html",
        {"viewer": HANAKO, "summary": "まだ、だれも見られません。", "needs": [], "happenings": []},
    ),
    "disclosure": ("disclosure.html", DISCLOSURE),
    "disclosure-undo": (
        "disclosure.html",
        DISCLOSURE
        | {
            "undo": {"text": "佐藤内科クリニックを「見せない」にしました", "fields": {"to": "2"}},
            "query": "みつからない",
            "facility_total": 0,
            "sections": DISCLOSURE["sections"] | {"facility": []},  # type: ignore[operator]
        },
    ),
    "access-log": (
        "access_log.html",
        {"viewer": HANAKO, "rows": [ROW, DENIED, ROW | {"id": "a3", "kinds": []}], "pager": PAGER},
    ),
    "access-log-empty": ("access_log.html", {"viewer": HANAKO, "rows": [], "pager": ONE_PAGE}),
    "inbox": (
        "inbox.html",
        {
            "viewer": HANAKO,
            "notices": [NOTICE, NOTICE | {"id": "n2", "is_unread": False, "href": None}],
            "pager": PAGER,
        },
    ),
    "inbox-empty": ("inbox.html", {"viewer": HANAKO, "notices": [], "pager": ONE_PAGE}),
    "clinic-find": (
        "clinic/find.html",
        NO_INPUT | {"viewer": SATO, "facility": "佐藤内科クリニック", "purpose": "診療"},
    ),
    "clinic-find-errors": (
        "clinic/find.html",
        SENT_BACK | {"viewer": SATO, "facility": "佐藤内科クリニック", "purpose": "診療"},
    ),
    "clinic-read": (
        "clinic/read.html",
        {
            "viewer": SATO,
            "subject": SUBJECT,
            "groups": [
                {"code": "prescription", "label": "処方", "records": [RECORD, RECORD]},
                {"code": "lab", "label": "検査", "records": [RECORD | {"at": AT}]},
            ],
            "reason": "患者さんが、この施設の医師に処方を見せると決めています。",
            "facility": "佐藤内科クリニック",
        },
    ),
    "clinic-read-empty": (
        "clinic/read.html",
        {"viewer": SATO, "subject": SUBJECT, "groups": [], "reason": "許可", "facility": "佐藤"},
    ),
    "clinic-refused": (
        "clinic/read.html",
        {"viewer": SATO, "subject": None, "facility": "佐藤内科クリニック"},
    ),
    "support": ("support/queue.html", {"viewer": UEDA, "cases": [CASE], "pager": PAGER}),
    "support-empty": ("support/queue.html", {"viewer": UEDA, "cases": [], "pager": ONE_PAGE}),
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


def render(name: str, locale: str, **changes: object) -> str:
    template, context = PAGES[name]
    page = environment().get_template(template)
    return page.render(BASE | {"locale": locale} | context | changes)


def pages(locale: str, **changes: object) -> Iterator[tuple[str, str]]:
    for name in PAGES:
        yield name, render(name, locale, **changes)
