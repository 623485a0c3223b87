"""One sample context per page of a facility's people and their professions."""

from datetime import UTC, date, datetime
from typing import Any

AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
DESK = {"role": "facility_admin", "name": "管理担当", "unread": 0}
SATO = {"role": "professional", "name": "佐藤", "unread": 0}
UEDA = {"role": "support", "name": "上田", "unread": 0}
WORKING: dict[str, Any] = {
    "id": "p1",
    "name": "佐藤 健一",
    "kana": "サトウ ケンイチ",
    "profession": "医師",
    "state": "working",
    "is_active": True,
    "shown_by": "hpki",
    "is_vouched_for": False,
    "vouched_until": None,
    "trained_on": date(2026, 4, 1),
    "has_key": True,
    "invited_until": None,
}
OPEN = WORKING | {
    "id": "p2",
    "state": "profession_open",
    "shown_by": None,
    "trained_on": None,
    "has_key": False,
    "invited_until": AT,
}
OVER = OPEN | {
    "id": "p3",
    "state": "vouch_over",
    "shown_by": "vouched",
    "is_vouched_for": True,
    "vouched_until": date(2026, 4, 1),
}
LEFT = OPEN | {"id": "p4", "state": "left", "is_active": False, "invited_until": None}
OWN: dict[str, Any] = {
    "way": None,
    "has_certificate": True,
    "issuer": None,
    "valid_until": None,
    "shown_at": None,
}
WORD: dict[str, Any] = {
    "id": "p3",
    "name": "事務担当",
    "profession": "事務職員",
    "facility": "白川病院",
    "reason": None,
    "by": None,
    "until": None,
}
VOUCHED = WORD | {"id": "p5", "reason": "契約書", "by": "上田", "until": date(2027, 4, 1)}
PEOPLE: dict[str, Any] = {"viewer": DESK, "facility": "白川病院"}
PROFESSIONS = [("physician", "医師"), ("clerk", "事務職員")]


EXPORT: dict[str, Any] = {
    "id": "e1",
    "state": "running",
    "by": "佐藤 健一",
    "client": "emr-4311234566",
    "requested_at": AT,
    "percent": 42,
    "patients": 5000,
    "done": 2100,
    "records": 10400,
    "counts": [("MedicationRequest", 8300), ("Patient", 2100)],
    "expires_at": None,
    "facility": "白川病院",
}
EXPORTED = EXPORT | {"id": "e2", "state": "done", "percent": 100, "expires_at": AT}
EXPORTS: dict[str, Any] = {
    "viewer": DESK,
    "exports": [EXPORT, EXPORTED, *(EXPORT | {"id": s, "state": s} for s in ("failed", "expired"))],
    "total": 44,
    "pager": {"page": 2, "pages": 3},
    "clients": [("emr-4311234566", "emr-4311234566")],
    "people": [("p1", "佐藤 健一")],
    "values": {},
    "errors": {},
}
NO_EXPORTS = EXPORTS | {"exports": [], "pager": {"page": 1, "pages": 1}}


def _own(**changed: Any) -> tuple[str, dict[str, Any]]:
    context = {"viewer": SATO, "own": OWN | changed, "profession": "医師"}
    return "account/profession.html", context


def _person(person: dict[str, Any], **errors: str) -> tuple[str, dict[str, Any]]:
    context = {"viewer": DESK, "person": person, "today": "2026-05-03", "errors": errors}
    return "facility/person.html", context


STAFF_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "join": ("join/start.html", {"errors": {}}),
    "join-errors": ("join/start.html", {"errors": {"code": "合いません。"}}),
    "join-passkey": (
        "join/passkey.html",
        {"name": "佐藤 健一", "facility": "白川病院", "profession": "医師"},
    ),
    "own-facility": (
        "facility/people.html",
        PEOPLE
        | {"people": [WORKING, OPEN, OVER, LEFT], "total": 44, "pager": {"page": 2, "pages": 3}},
    ),
    "own-facility-none": (
        "facility/people.html",
        PEOPLE | {"people": [], "total": 0, "pager": {"page": 1, "pages": 1}},
    ),
    "facility-invite": (
        "facility/invite.html",
        {"viewer": DESK, "professions": PROFESSIONS, "values": {}, "errors": {}},
    ),
    "facility-invite-errors": (
        "facility/invite.html",
        {
            "viewer": DESK,
            "professions": PROFESSIONS,
            "values": {"name": "佐藤", "profession": "clerk"},
            "errors": {"name": "直してください。", "name_kana": "直してください。"},
        },
    ),
    "facility-code": (
        "facility/code.html",
        {
            "viewer": DESK,
            "name": "佐藤 健一",
            "code": "ABCD-EFGH-JKMNP",
            "link": "http://localhost:8000/join#code=ABCDEFGHJKMNP",
            "expires_at": AT,
        },
    ),
    "facility-exports": ("facility/exports.html", EXPORTS),
    "facility-exports-none": ("facility/exports.html", NO_EXPORTS | {"clients": []}),
    "facility-exports-errors": (
        "facility/exports.html",
        NO_EXPORTS | {"errors": {"professional": "担当者を一人選んでください。"}},
    ),
    "support-exports": ("support/exports.html", EXPORTS | {"viewer": UEDA}),
    "support-exports-none": ("support/exports.html", NO_EXPORTS | {"viewer": UEDA}),
    "facility-person": _person(WORKING),
    "facility-person-open": _person(OPEN),
    "facility-person-over": _person(OVER, trained_on="選んでください。"),
    "facility-person-left": _person(LEFT),
    "facility-leave": ("facility/leave.html", {"viewer": DESK, "person": WORKING}),
    "profession": _own(),
    "profession-shown": _own(way="hpki", issuer="CN=Test HPKI CA,C=JP", shown_at=AT),
    "profession-vouched": _own(
        way="vouched", has_certificate=False, valid_until=date(2027, 4, 1), shown_at=AT
    ),
    "profession-ask": _own(has_certificate=False),
    "vouching": (
        "support/professions.html",
        {
            "viewer": UEDA,
            "waiting": [WORD, VOUCHED | {"id": "p6"}],
            "vouched": [VOUCHED],
            "first": "2026-05-04",
            "last": "2027-05-04",
        },
    ),
    "vouching-none": (
        "support/professions.html",
        {
            "viewer": UEDA,
            "waiting": [],
            "vouched": [],
            "first": "2026-05-04",
            "last": "2027-05-04",
        },
    ),
}
