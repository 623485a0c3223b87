"""Sample contexts: a checkup file of one's own, and what a facility writes on pages."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from api.records.at_facility import forms
from api.records.at_facility.service import Subject
from api.records.checkup_xml.own import Brought, Finding, Seen

HANAKO = {"role": "participant", "name": "花子", "unread": 2}
NURSE = {"role": "professional", "name": "田中 さくら", "unread": 0}
AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
FILE = Brought(UUID(int=1), date(2026, 5, 12), "くまもと健診センター", 42, AT, "proxy")
SEEN = Seen(
    on=date(2026, 5, 12),
    name="クマモト ハナコ",
    institution="くまもと健診センター",
    findings=[
        Finding("収縮期血圧(1回目)", "138 mmHg", "高い", True),
        Finding("一覧にない項目", "7 貫", "", False),
    ],
    has_unknown=True,
    is_other_insurer=True,
    is_held=True,
    counted=2,
)
KNOWN = Subject(UUID(int=2), "熊本 花子", date(1940, 4, 9))
HIDDEN = Subject(UUID(int=2), None, None)
HERE = "/clinic/participants/x/entries"
BIRTH = {"birth_era": "showa", "birth_year": "15", "birth_month": "4", "birth_day": "9"}
WRITTEN: dict[str, Any] = {
    "id": "e1",
    "kind": "note",
    "kind_said": "看護・介護の記録",
    "at": AT,
    "title": "看護・介護の記録（訪問）",
    "written_at": AT,
    "is_withdrawn": False,
}
VERSION: dict[str, Any] = {
    "number": 2,
    "at": AT,
    "by": "田中 さくら（訪問看護ひまわり）",
    "is_withdrawn": False,
    "facts": [("訪問", "足のむくみが減った。")],
}
ENTRIES: dict[str, Any] = {"viewer": NURSE, "whom": KNOWN, "here": HERE}
WRITE: dict[str, Any] = {
    "viewer": NURSE,
    "facility": "訪問看護ひまわり",
    "may": True,
    "by": "card",
    "values": {},
    "birth": BIRTH,
    "errors": {},
}


def _form(kind: forms.Kind, **more: Any) -> tuple[str, dict[str, Any]]:
    context: dict[str, Any] = {
        **ENTRIES,
        "kind": kind,
        "action": f"{HERE}/new/{kind}",
        "is_correction": False,
        "version": 0,
        "values": dict.fromkeys((*forms.WHEN, *forms.FIELDS[kind]), "") | {"on": "2026-05-03"},
        "errors": {},
        "odd": {},
        "sure": "",
        "error": "",
        "vitals": forms.VITALS,
        "choices": forms.CHOICES,
        "topics": forms.TOPICS,
        "first": "2000-01-01",
        "last": "2026-05-03",
    }
    return "clinic/entry_form.html", context | more


ENTRY_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "checkup-file": (
        "records/checkup_file.html",
        {"viewer": HANAKO, "error": "", "brought": [FILE], "kept": FILE},
    ),
    "checkup-file-refused": (
        "records/checkup_file.html",
        {"viewer": HANAKO, "error": "途中で切れています。", "brought": [], "kept": None},
    ),
    "checkup-preview": (
        "records/checkup_preview.html",
        {"viewer": HANAKO, "seen": SEEN, "content": "PHg+"},
    ),
    "checkup-remove": ("records/checkup_remove.html", {"viewer": HANAKO, "file": FILE}),
    "entry-write": ("clinic/write.html", WRITE),
    "entry-write-errors": (
        "clinic/write.html",
        WRITE | {"errors": {"card": "見つかりません。", "birth": "正しくありません。"}},
    ),
    "entry-write-clerk": ("clinic/write.html", WRITE | {"may": False}),
    "entries": (
        "clinic/entries.html",
        ENTRIES
        | {
            "kinds": forms.KINDS,
            "written": [WRITTEN, WRITTEN | {"is_withdrawn": True}],
            "next": "2026-06-01__e1",
            "after": "2026-06-03__e9",
        },
    ),
    "entries-none": (
        "clinic/entries.html",
        ENTRIES | {"whom": HIDDEN, "kinds": forms.KINDS, "written": [], "next": None, "after": ""},
    ),
    "entry-note": _form("note", errors={"text": "内容を書いてください。"}),
    "entry-life": _form("life"),
    "entry-vitals": _form("vitals"),
    "entry-vitals-odd": _form("vitals", odd={"temperature": "外れています。"}, sure="x"),
    "entry-correct": _form("note", is_correction=True, version=3, error="先に直しました。"),
    "entry": (
        "clinic/entry.html",
        ENTRIES | {"entry": WRITTEN, "version": 2, "versions": [VERSION, VERSION | {"number": 1}]},
    ),
    "entry-withdrawn": (
        "clinic/entry.html",
        ENTRIES
        | {
            "entry": WRITTEN | {"is_withdrawn": True},
            "version": 3,
            "versions": [VERSION | {"is_withdrawn": True}],
        },
    ),
    "entry-withdraw": (
        "clinic/entry_withdraw.html",
        ENTRIES | {"entry": WRITTEN, "version": 2, "error": ""},
    ),
}
