"""Sample contexts: taking everything out, bringing it in, and closing the account."""

from datetime import UTC, date, datetime
from typing import Any

from api.support.closing import rules

HANAKO = {"role": "participant", "name": "花子", "unread": 2}
AT = datetime(2026, 6, 1, 1, 30, tzinfo=UTC)
READY = {
    "id": "e1",
    "requested_at": AT,
    "until": datetime(2026, 6, 8, 1, 30, tzinfo=UTC),
    "files": [
        {"form": "pdf", "called": "pdf", "part": 1, "parts": 1, "records": 1204, "size": "640 KB"},
        {"form": "csv", "called": "csv", "part": 1, "parts": 1, "records": 1204, "size": "180 KB"},
        {"form": "fhir", "called": "fhir", "part": 1, "parts": 2, "records": 1000, "size": "20 MB"},
        {"form": "fhir", "called": "fhir-2", "part": 2, "parts": 2, "records": 204, "size": "2 MB"},
    ],
}
MAKING = {
    "id": "e2",
    "state": "running",
    "percent": 42,
    "done": 506,
    "total": 1204,
    "stage": "検査結果",
}
LOOKED: dict[str, Any] = {
    "id": "i1",
    "state": "looked",
    "at": AT,
    "total": 1190,
    "new": [("お子さまの成長・健診", 52), ("検査結果", 1138)],
    "since": date(2019, 4, 2),
    "until": date(2026, 5, 30),
    "facilitys": 1138,
    "has_settings": True,
    "held": 12,
    "changed": 1,
    "left": [("「だれに見せるか」の設定（こちらの設定が続きます）", 1)],
}


def _out(**more: Any) -> tuple[str, dict[str, Any]]:
    usual: dict[str, Any] = {
        "viewer": HANAKO,
        "making": None,
        "ready": [],
        "next": None,
        "after": "",
        "failed": False,
    }
    return "book/out.html", usual | more


def _one(**more: Any) -> tuple[str, dict[str, Any]]:
    return "book/bring_in_one.html", {"viewer": HANAKO, "found": LOOKED | more}


def _closing(**more: Any) -> tuple[str, dict[str, Any]]:
    usual: dict[str, Any] = {
        "viewer": HANAKO,
        "running": None,
        "error": "",
        "wants_log": False,
        "days": 14,
        "ends": rules.ENDS,
        "stays": rules.STAYS,
    }
    return "account/closing.html", usual | more


SAID: dict[str, Any] = {
    "viewer": None,
    "network_said": "くまもとメディカルネットワーク",
    "asked_at": AT,
    "done_at": AT,
    "copies_until": AT,
    "gone": [("測定", "12件"), ("サインインの方法", "2件"), ("サインインしていた端末", "1件")],
    "erased": None,
    "code": "0123-4567-89AB-CDEF",
}
OUT_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "out": _out(),
    "out-making": _out(making=MAKING),
    "out-ready": _out(ready=[READY], next="2026-06-01_1780277400000000_e1"),
    "out-failed": _out(failed=True),
    "bring-in": (
        "book/bring_in.html",
        {"viewer": HANAKO, "error": "", "imports": [], "next": None, "after": ""},
    ),
    "bring-in-error": (
        "book/bring_in.html",
        {
            "viewer": HANAKO,
            "error": "ファイルが壊れているか、途中までしかありません。何も保存していません。",
            "imports": [{"id": "i1", "state": "done", "at": AT, "total": 1190}],
            "next": "2026-06-01_1780277400000000_i1",
            "after": "2026-06-02_1780363800000000_i2",
        },
    ),
    "bring-in-looked": _one(),
    "bring-in-running": _one(state="running"),
    "bring-in-done": _one(state="done"),
    "closing": _closing(),
    "closing-error": _closing(error="しるしをつけてください。", wants_log=True),
    "closing-running": _closing(running={"ends_at": AT, "days": 9, "erases_log": True}),
    "closing-running-log-kept": _closing(
        running={"ends_at": AT, "days": 9, "erases_log": False},
        stays=[each for each in rules.STAYS if each != "log"],
    ),
    "closing-begun": (
        "account/closing_begun.html",
        {
            "viewer": HANAKO,
            "code": "0123-4567-89AB-CDEF",
            "address": "https://tsunagu.example/closing-certificate",
            "ends_at": AT,
            "days": 14,
        },
    ),
    "closing-certificate": (
        "account/closing_certificate.html",
        {"viewer": None, "error": "", "code": ""},
    ),
    "closing-certificate-error": (
        "account/closing_certificate.html",
        {"viewer": None, "error": "この番号の証明書はありません。", "code": "0123"},
    ),
    "closing-said": ("account/closing_said.html", SAID),
    "closing-said-log": ("account/closing_said.html", SAID | {"erased": 41}),
    "bring-in-nothing": _one(new=[], total=0, since=None, until=None, facilitys=0),
}
