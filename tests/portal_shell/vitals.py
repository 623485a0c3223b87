"""Sample contexts of the pages of one's own measurements."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from web_portal.charts import Dot, Trend, trend
from web_portal.charts.trend import Level

HANAKO = {"role": "participant", "name": "花子", "unread": 2}
ENTRY = {
    "id": "e1",
    "kind": "血圧",
    "value": "132/84 mmHg、脈拍 66",
    "when": "2026年5月20日(水) 7:05",
    "by": "",
    "device": "",
    "counts": "",
}
SENT = ENTRY | {
    "id": "e2",
    "when": "2026年5月20日(水) 7:08",
    "by": "機器から",
    "device": "HEM-7600",
}
NAMES = (
    *("systolic", "diastolic", "pulse", "weight", "glucose", "meal"),
    *("hba1c", "steps", "temperature", "oxygen"),
)
WEEK = ["この7日の朝の平均は132/84です（5日分）。", "この7日の夜の平均は124/78です（4日分）。"]


def number(name: str, label: str, unit: str, value: str = "", error: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "unit": unit,
        "value": value,
        "error": error,
        "is_required": name != "pulse",
        "options": [],
        "keys": "numeric",
    }


PRESSURE = {
    "name": "blood-pressure",
    "title": "血圧",
    "fields": [
        number("systolic", "上の血圧（最高）", "mmHg"),
        number("diastolic", "下の血圧（最低）", "mmHg"),
        number("pulse", "脈拍", "回/分"),
    ],
}
MEAL = {
    **number("meal", "食事との間", ""),
    "options": [("fasting", "空腹時"), ("after", "食後"), ("other", "そのほか")],
}
GLUCOSE = {
    "name": "glucose",
    "title": "血糖",
    "fields": [number("glucose", "血糖", "mg/dL", "5", "10から2000までです。"), MEAL],
}
QUICK: dict[str, Any] = {
    "viewer": HANAKO,
    "error": "",
    "errors": {},
    "odd": {},
    "sure": "",
    "kinds": [PRESSURE],
    "others": [("weight", "体重"), ("glucose", "血糖"), ("steps", "歩数")],
    "labels": {name: name for name in NAMES},
    "values": {"on": "2026-05-20", "time": "07:05", **dict.fromkeys(NAMES, "")},
    "part": "morning",
    "has_time": True,
    "first": "1900-01-01",
    "last": "2026-05-20",
    "week": WEEK,
    "newest": [("blood-pressure", ENTRY)],
    "saved": [],
    "saved_ids": "",
    "is_removed": False,
    "month": "2026-05",
}
FIRST = date(2026, 4, 21)
PICTURE = trend(
    Trend(
        name="picture",
        title="血圧",
        says=WEEK[0],
        dots=[Dot(FIRST + timedelta(days=each), Decimal(130 + each), "") for each in range(20)],
        band=None,
        first=FIRST,
        last=date(2026, 5, 20),
        levels=[Level(Decimal(135), "135"), Level(Decimal(85), "85")],
        second=[Dot(FIRST + timedelta(days=each), Decimal(80), "") for each in range(20)],
        names=("上", "下"),
    )
)
KIND: dict[str, Any] = {
    "viewer": HANAKO,
    "kind": "blood-pressure",
    "title": "血圧",
    "week": WEEK,
    "days": 30,
    "spans": [30, 90, 365],
    "picture": PICTURE,
    "table": {
        "heads": ["朝", "夜"],
        "rows": [{"name": "5/18–5/24", "means": ["132/84", "124/78"], "times": 6}],
        "by": "week",
    },
    "lines": ["家で測る血圧で、高血圧とされる値: 135/85 mmHg以上"],
    "listed": [ENTRY, SENT],
    "part": "",
    "next": "50_x",
    "after": "",
}
MONTH: dict[str, Any] = {
    "viewer": HANAKO,
    "name": "2026年5月",
    "part": "直近20,000件だけです。",
    "columns": ["朝の血圧", "朝の脈拍", "夜の血圧", "体重"],
    "rows": [("5/1", ["132/84", "66", "124/78", ""]), ("5/2", ["130/82", "64", "", "62.5"])],
    "means": ["131/83", "65", "124/78", "62.5"],
    "line": "家で測る血圧で、高血圧とされる値: 135/85 mmHg以上",
    "previous": ("2026-04", "2026年4月"),
    "following": None,
}
FILE: dict[str, Any] = {"viewer": HANAKO, "error": "", "kept": "", "added": 0, "most": "10,000"}
DRAFT = {
    "kind": "血圧",
    "when": "2026/05/01 07:05",
    "value": "132/84 mmHg",
    "is_odd": False,
    "is_held": False,
}
PREVIEW: dict[str, Any] = {
    "viewer": HANAKO,
    "content": "eJw=",
    "seen": {
        "columns": [
            {"heading": "測定日", "said": "日付", "why": ""},
            {"heading": "", "said": "この列の名前は、わかりません。", "why": "unknown"},
        ],
        "new": 3,
        "held": 1,
        "odd": 1,
        "faulty": 2,
        "faults": [(4, ["最高血圧: 数字で入力してください。"])],
        "lines": [(2, [DRAFT, DRAFT | {"is_odd": True}]), (3, [DRAFT | {"is_held": True}])],
        "more_faults": 1,
        "more_lines": 9,
    },
}
VITALS_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "vitals": ("book/vitals/quick.html", QUICK),
    "vitals-first": (
        "book/vitals/quick.html",
        QUICK | {"week": [], "newest": [], "has_time": False},
    ),
    "vitals-saved": (
        "book/vitals/quick.html",
        QUICK | {"saved": [ENTRY], "saved_ids": "e1", "part": "evening"},
    ),
    "vitals-removed": ("book/vitals/quick.html", QUICK | {"is_removed": True, "part": "day"}),
    "vitals-faults": (
        "book/vitals/quick.html",
        QUICK
        | {
            "kinds": [PRESSURE, GLUCOSE],
            "errors": {"glucose": "10から2000までです。", "on": "日付を入力してください。"},
            "error": "参加していないため、保存できません。",
        },
    ),
    "vitals-odd": (
        "book/vitals/quick.html",
        QUICK | {"odd": {"systolic": "ふつうは80から200までです。"}, "sure": "abc"},
    ),
    "vitals-kind": ("book/vitals/kind.html", KIND),
    "vitals-kind-none": (
        "book/vitals/kind.html",
        KIND
        | {
            "week": [],
            "picture": None,
            "lines": [],
            "listed": [],
            "table": {"heads": [], "rows": [], "by": "month"},
            "next": None,
        },
    ),
    "vitals-kind-older": (
        "book/vitals/kind.html",
        KIND | {"next": None, "after": "50_x", "part": "直近20,000件だけです。"},
    ),
    "vitals-month": ("book/vitals/month.html", MONTH),
    "vitals-month-none": (
        "book/vitals/month.html",
        MONTH | {"rows": [], "line": "", "following": ("2026-06", "2026年6月")},
    ),
    "vitals-file": ("book/vitals/file.html", FILE),
    "vitals-file-error": ("book/vitals/file.html", FILE | {"error": "大きすぎます。"}),
    "vitals-file-kept": ("book/vitals/file.html", FILE | {"kept": "b1", "added": 3}),
    "vitals-file-nothing": ("book/vitals/file.html", FILE | {"kept": "b1"}),
    "vitals-preview": ("book/vitals/preview.html", PREVIEW),
    "vitals-preview-nothing": (
        "book/vitals/preview.html",
        PREVIEW
        | {
            "seen": PREVIEW["seen"]
            | {"new": 0, "odd": 0, "faults": [], "lines": [], "more_faults": 0, "more_lines": 0}
        },
    ),
}
