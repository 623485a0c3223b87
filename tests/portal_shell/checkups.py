"""Sample contexts: checkups side by side, one of them, one item over the years, the form."""

from datetime import date
from decimal import Decimal
from typing import Any

from api.phr.checkup.thresholds import EDITION_FROM
from web_portal.charts import Band, Dot, Level, Trend, legend_mark, trend

HANAKO = {"role": "participant", "name": "花子", "unread": 2}
FIRST, SECOND = date(2024, 5, 20), date(2026, 5, 12)
LEVEL: dict[str, Any] = {
    "said": "積極的支援",
    "means": "専門職が3か月以上続けて手伝う対象です。",
    "told": "動機付け支援",
    "differs": True,
    "why": ["年度の終わり（3月31日）の年齢: 58歳", "たばこを吸っている"],
    "missing": "",
}
METABOLIC: dict[str, Any] = {
    "said": "まだ決められません",
    "told": "基準に該当",
    "differs": False,
    "risks": "血圧、脂質",
    "missing": "腹囲",
}
CELL: dict[str, Any] = {
    "text": "91.5", "is_number": True, "tag": "指導", "position": "guidance",
    "said": "保健指導の目安に入っています",
}  # fmt: skip
ROW: dict[str, Any] = {
    "name": "腹囲",
    "value": "91.5 cm",
    "position": "guidance",
    "said": "保健指導の目安に入っています",
    "limits": "保健指導の目安 90 cm以上",
    "is_worked_out": False,
    "href": "/book/checkups/trends/waist",
    "turns": [],
}
PRESSURE = ROW | {"name": "上の血圧", "value": "136 mmHg", "turns": ["138", "134"]}
RATE = ROW | {
    "name": "eGFR",
    "value": "44.1 mL/min/1.73m2",
    "position": "referral",
    "said": "受診をすすめる目安に入っています",
    "is_worked_out": True,
    "href": "/book/checkups/trends/egfr",
}
PICTURE = trend(
    Trend(
        "checkup-trend",
        "腹囲（cm）",
        "2回の値があります。",
        [Dot(FIRST, Decimal(88), "88", 1), Dot(SECOND, Decimal("91.5"), "91.5")],
        Band(None, Decimal(90)),
        FIRST,
        SECOND,
        [Level(Decimal(90), "指導の目安 90")],
    )
)
NUMBER: dict[str, Any] = {
    "name": "waist", "shape": "number", "unit": "cm", "label": "腹囲", "hint": "おへその高さです。",
    "value": "8800", "error": "30から300まで（cm）の値を入力してください。",
}  # fmt: skip
CHOICE: dict[str, Any] = {
    "name": "smoking", "shape": "select", "unit": "", "label": "たばこを吸っている", "hint": "",
    "value": "3", "error": "", "options": [("", "記入しない"), ("1", "はい"), ("3", "いいえ")],
}  # fmt: skip
WORDS: dict[str, Any] = {
    "name": "place", "shape": "words", "unit": "", "label": "受けたところ", "hint": "",
    "value": "れんげ内科クリニック", "error": "",
}  # fmt: skip
FORM: dict[str, Any] = {
    "viewer": HANAKO,
    "action": "/book/checkups/new",
    "back": "/book/checkups",
    "is_new": True,
    "now": [],
    "error": "",
    "errors": {},
    "on_error": "",
    "odd": {},
    "labels": {"waist": "腹囲"},
    "sure": "",
    "version": 0,
    "on": "2024-05-20",
    "first": "1900-01-01",
    "last": "2026-05-12",
    "values": {"waist": "8800"},
    "head": [WORDS],
    "parts": [{"name": "からだの大きさ", "key": "body", "fields": [NUMBER, CHOICE]}],
}
ONE: dict[str, Any] = {
    "viewer": HANAKO,
    "checkup": {"id": "c1", "on": SECOND, "source": "file", "document_id": "d1"},
    "facts": [("受けたところ", "くまもと健診センター"), ("どこから", "ファイルから入れたもの")],
    "level": LEVEL,
    "metabolic": METABOLIC,
    "stage": {"said": "腎臓のはたらきの区分 G3b（30以上45未満）。", "worked_out": "44.1"},
    "is_earlier": True,
    "edition_from": EDITION_FROM,
    "newer": {"id": "c2", "on": SECOND},
    "older": {"id": "c0", "on": FIRST},
    "parts": [{"name": "からだの大きさ", "rows": [ROW, PRESSURE, RATE]}],
}
SHELF: dict[str, Any] = {
    "viewer": HANAKO,
    "newest": {"id": "c1", "on": SECOND, "level": "積極的支援", "missing": True},
    "years": [
        {"id": "c1", "on": SECOND, "source": "ファイルから入れたもの", "level": "積極的支援"},
        {"id": "c0", "on": FIRST, "source": "ご自分で書き入れたもの", "level": "情報提供"},
    ],
    "parts": [
        {
            "name": "からだの大きさ",
            "rows": [
                {
                    "name": "腹囲", "unit": "cm", "href": "/book/checkups/trends/waist",
                    "limits": "保健指導の目安 90 cm以上", "cells": [CELL, None],
                },
                {
                    "name": "尿糖", "unit": "", "href": "", "limits": "",
                    "cells": [
                        CELL | {"position": "referral", "tag": "受診"},
                        CELL | {"text": "±", "is_number": False, "tag": "", "position": ""},
                    ],
                },
            ],
        }
    ],
    "pager": {"page": 1, "pages": 2},
}  # fmt: skip
TREND: dict[str, Any] = {
    "viewer": HANAKO,
    "heading": "腹囲",
    "unit": "cm",
    "says": "2回の値があります。",
    "picture": PICTURE,
    "legend": [(legend_mark(0), "ファイルから"), (legend_mark(1), "書き入れたもの")],
    "limits": [("", "保健指導の目安 90 cm以上")],
    "rows": [
        {
            "id": "c1", "on": SECOND, "value": "91.5", "position": "guidance",
            "said": "保健指導の目安に入っています", "source": "ファイルから入れたもの",
        }
    ],
}  # fmt: skip
CHECKUP_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "checkups": ("book/checkups/all.html", SHELF),
    "checkups-none": (
        "book/checkups/all.html",
        SHELF | {"newest": None, "years": [], "parts": [], "pager": {"page": 1, "pages": 1}},
    ),
    "checkup-one": ("book/checkups/one.html", ONE),
    "checkup-one-typed": (
        "book/checkups/one.html",
        ONE
        | {
            "checkup": ONE["checkup"] | {"source": "typed", "document_id": None},
            "level": LEVEL | {"said": "まだ決められません", "means": "", "missing": "腹囲"},
            "stage": None,
            "newer": None,
            "older": None,
            "is_earlier": False,
        },
    ),
    "checkup-trend": ("book/checkups/trend.html", TREND),
    "checkup-trend-none": (
        "book/checkups/trend.html",
        TREND | {"picture": "", "legend": [], "limits": [], "rows": [], "says": ""},
    ),
    "checkup-form": ("book/checkups/form.html", FORM),
    "checkup-form-wrong": (
        "book/checkups/form.html",
        FORM | {"errors": {"waist": "30から300まで（cm）の値を入力してください。"}},
    ),
    "checkup-form-odd": (
        "book/checkups/form.html",
        FORM
        | {"odd": {"waist": "ふつうは50から150までです。"}, "sure": "x", "is_new": False,
           "error": "ほかの端末が先に変更しています。"},
    ),
}  # fmt: skip
