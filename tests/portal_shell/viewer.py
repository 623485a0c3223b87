"""One sample context per page about one participant, as a clinician sees it."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from markupsafe import Markup

from web_portal.charts import Band, Bar, Dot, Spans, Trend, legend_mark, spans, trend
from web_portal.pages.clinic.frame import TABS

SATO = {"role": "professional", "name": "佐藤", "unread": 0}
OWN = "/clinic/participants/p"
UNTOLD = "未告知：患者さんに伝えていません"
PERSON = {
    "name": "熊本 花子",
    "kana": "クマモト ハナコ",
    "birth_on": date(1940, 4, 9),
    "sex": "女性",
    "age": 86,
}
LINE: dict[str, Any] = {
    "id": UUID(int=1),
    "at": date(2026, 5, 1),
    "on": date(2026, 5, 1),
    "title": "HbA1c(NGSP)",
    "kind": "検査結果",
    "category": "lab",
    "gist": "7.1 %",
    "state": "",
    "facility": "さくら内科クリニック",
    "by": "",
    "is_of_child": False,
    "is_new": True,
    "marks": [],
}
OWN_LINE = LINE | {
    "title": "血圧",
    "kind": "バイタル",
    "category": "vitals",
    "facility": "ご本人の記入",
    "by": "self",
    "is_of_child": True,
}
ALLERGY = LINE | {
    "title": "ペニシリン系抗菌薬",
    "is_contraindication": True,
    "is_severe": True,
    "reactions": ["発疹", "呼吸困難"],
}
MILD = ALLERGY | {"is_contraindication": False, "state": "疑い", "marks": [UNTOLD]}
OWN_ALLERGY = MILD | {
    "facility": "代わりの方の記入",
    "by": "proxy",
    "is_severe": False,
    "marks": [],
}
FRAME: dict[str, Any] = {
    "viewer": SATO,
    "subject": PERSON,
    "why": "患者さんがさくら内科クリニックに見ることを許しているため表示しています。",
    "purpose": "診療のため",
    "own": OWN,
    "tabs": TABS,
    "tab": "overview",
    "participant_id": UUID(int=2),
    "looked_on": date(2026, 5, 1),
    "allergies": [ALLERGY, OWN_ALLERGY, MILD | {"is_severe": True}, MILD | {"is_severe": False}],
}
DRUG: dict[str, Any] = {
    "id": UUID(int=3),
    "name": "アムロジピン錠５ｍｇ",
    "usage": "１日１回 朝食後",
    "amount": "28 錠",
    "start": date(2026, 4, 1),
    "until": "2026年5月28日まで",
    "halted": "白川病院で中断中",
    "facility": "さくら内科クリニック",
    "marks": [UNTOLD],
}
SPAN = spans(
    Spans(
        "drug-0",
        "アムロジピン",
        "処方：4月1日から5月28日",
        [
            Bar(date(2026, 4, 1), date(2026, 5, 28), 0, "full", source=1),
            Bar(date(2026, 4, 2), date(2026, 5, 29), 1, "outlined", is_open=True, source=0),
            Bar(date(2026, 5, 2), date(2026, 5, 2), 2, "point", source=0),
        ],
        date(2025, 6, 1),
        date(2026, 6, 1),
        date(2026, 5, 20),
    )
)
OVERLAPS = [
    {
        "kind": "same",
        "text": "「アムロジピン」が、さくら内科クリニックと白川病院の両方から出ています。",
    },
    {"kind": "class", "text": "同じ種類の薬（薬効分類 2171）が重なっています。"},
]
DOTS = [
    Dot(date(2026, 1, 5), Decimal("6.8"), "6.8"),
    Dot(date(2026, 3, 5), Decimal("7.1"), "7.1", 1),
    Dot(date(2026, 5, 5), Decimal("0.5"), "<0.5", 0, "<"),
]
ROW: dict[str, Any] = {
    "id": UUID(int=4),
    "on": date(2026, 5, 5),
    "name": "HBs抗原",
    "text": "7.1",
    "is_number": True,
    "flag": "高",
    "range": "4.6〜6.2",
    "mark": legend_mark(1),
    "facility": "白川病院",
    "kind": "健康診断",
    "is_new": True,
    "marks": [UNTOLD],
}
PICTURE = trend(
    Trend(
        "chart-0",
        "HbA1c",
        "3回分。",
        DOTS,
        Band(Decimal("4.6"), Decimal("6.2")),
        date(2026, 1, 1),
        date(2026, 6, 1),
    )
)
CHART: dict[str, Any] = {
    "key": "test-0",
    "name": "HbA1c(NGSP)",
    "unit": "%",
    "says": "3回分。いちばん新しい値は7.1 %です。",
    "picture": PICTURE,
    "legend": [(legend_mark(0), "さくら内科クリニック"), (legend_mark(1), "白川病院")],
    "range": "4.6〜6.2",
    "has_several_methods": True,
    "has_several_ranges": True,
    "words": 1,
    "rows": [ROW, ROW | {"flag": "", "marks": [], "text": "陰性", "is_number": False}],
    "more": 4,
    "href": f"{OWN}/labs?test=3D046000001906202",
}
MEASURED: dict[str, Any] = FRAME | {
    "tab": "labs",
    "months": "12",
    "periods": [("12", "1年"), ("36", "3年")],
    "test": "",
    "charts": [CHART],
    "others": [ROW],
    "is_cut": True,
    "base": f"{OWN}/labs?months=12",
    "pager": {"page": 1, "pages": 2},
}
OVERVIEW: dict[str, Any] = FRAME | {
    "drugs": [DRUG],
    "overlaps": OVERLAPS,
    "conditions": [LINE | {"title": "２型糖尿病", "state": "寛解", "marks": [UNTOLD]}],
    "has_more_conditions": True,
    "newest": [LINE],
    "own_newest": [OWN_LINE | {"alike": 30}],
    "kinds": [{"label": "検査結果", "count": 24, "href": f"{OWN}/timeline?category=lab"}],
    "desk": {"may_ask": True, "known_as": ["00123"]},
}
NARRATIVE = Markup(
    "<p>塩分は<b>１日６ｇ</b>まで</p><table><tbody><tr><td>a</td></tr></tbody></table>"
)
RECORD: dict[str, Any] = FRAME | {
    "tab": "record",
    "record": LINE | {"title": "退院時サマリー", "state": "途中の結果", "marks": [UNTOLD]},
    "facts": [("結果", "7.1 %")],
    "authors": ["佐藤 健一"],
    "sections": [
        {"title": "入院経過", "depth": 1, "html": NARRATIVE, "entries": ["心不全"], "is_cut": True},
        {"title": "", "depth": 2, "html": "", "entries": [], "is_cut": False},
    ],
    "narrative": NARRATIVE,
    "is_cut": True,
    "notes": ["次回は採血を。"],
    "images": [{"modality": "CT", "site": "胸部", "description": "単純", "images": 120}],
    "attachments": [
        {"title": "心電図", "media_type": "application/pdf", "size": "12 kB", "href": f"{OWN}/x"},
        {"title": "動画", "media_type": "application/octet-stream", "size": "", "href": ""},
    ],
    "codes": [{"system": "urn:x", "code": "E119", "display": "２型糖尿病"}],
    "original": f"{OWN}/records/r/original",
}
PLAIN: dict[str, Any] = {
    name: [] for name in ("facts", "authors", "sections", "notes", "images", "attachments", "codes")
} | {"narrative": "", "is_cut": False, "record": LINE}

VIEWER_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "clinic-read": ("clinic/overview.html", OVERVIEW),
    "clinic-read-empty": (
        "clinic/overview.html",
        OVERVIEW
        | {name: [] for name in ("allergies", "drugs", "overlaps", "conditions", "newest", "kinds")}
        | {
            "subject": dict.fromkeys(PERSON),
            "has_more_conditions": False,
            "desk": {"may_ask": False, "known_as": []},
        },
    ),
    "clinic-medication": (
        "clinic/medication.html",
        FRAME
        | {
            "tab": "medication",
            "months": "12",
            "periods": [("12", "1年")],
            "drugs": [
                DRUG
                | {
                    "is_current": True,
                    "picture": SPAN,
                    "periods": [
                        (
                            legend_mark(1),
                            "さくら内科クリニック（処方）：2026年4月1日〜2026年5月28日",
                        )
                    ],
                }
            ],
            "overlaps": OVERLAPS,
            "is_cut": True,
        },
    ),
    "clinic-medication-none": (
        "clinic/medication.html",
        FRAME
        | {
            "tab": "medication",
            "months": "12",
            "periods": [("12", "1年")],
            "drugs": [],
            "overlaps": [],
            "is_cut": False,
        },
    ),
    "clinic-labs": ("clinic/labs.html", MEASURED),
    "clinic-labs-one": (
        "clinic/labs.html",
        MEASURED | {"test": "x", "others": [], "is_cut": False},
    ),
    "clinic-vitals": ("clinic/vitals.html", MEASURED | {"tab": "vitals"}),
    "clinic-vitals-none": (
        "clinic/vitals.html",
        MEASURED | {"tab": "vitals", "charts": [], "others": [], "is_cut": False},
    ),
    "clinic-documents": (
        "clinic/documents.html",
        FRAME
        | {
            "tab": "documents",
            "documents": [LINE | {"form": "文書", "marks": [UNTOLD]}],
            "pager": {"page": 1, "pages": 2},
        },
    ),
    "clinic-documents-none": (
        "clinic/documents.html",
        FRAME | {"tab": "documents", "documents": [], "pager": {"page": 1, "pages": 1}},
    ),
    "clinic-timeline": (
        "clinic/timeline.html",
        FRAME
        | {
            "tab": "timeline",
            "path": f"{OWN}/timeline?category=lab",
            "days": [
                {
                    "on": date(2026, 5, 1),
                    "facility": "白川病院",
                    "records": [LINE, LINE | {"marks": [UNTOLD]}],
                }
            ],
            "total": 51,
            "chosen": {"category": "lab"},
            "options": {
                "category": [("lab", "検査結果")],
                "facility": [("f", "白川病院")],
                "months": [("3", "3か月"), ("all", "すべて")],
            },
            "pager": {"page": 1, "pages": 2},
        },
    ),
    "clinic-timeline-none": (
        "clinic/timeline.html",
        FRAME
        | {
            "tab": "timeline",
            "path": f"{OWN}/timeline",
            "days": [],
            "total": 0,
            "chosen": {},
            "options": {"category": [], "facility": [], "months": [("all", "すべて")]},
            "pager": {"page": 1, "pages": 1},
        },
    ),
    "clinic-record": ("clinic/record.html", RECORD),
    "clinic-record-plain": ("clinic/record.html", RECORD | PLAIN),
    **{
        f"clinic-refused{name}": (
            "clinic/refused.html",
            {
                "viewer": SATO,
                "card": "",
                "by_insurance": bool(name),
                "facility": "さくら内科クリニック",
            },
        )
        for name in ("", "-insurance")
    },
}
