"""The pages of the emergency card, with Hanako's."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from api.emergency.cards.content import LINE_KINDS, Contact, Content, Line
from api.emergency.cards.service import Held, Shown

AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
HANAKO = {"role": "participant", "name": "花子", "unread": 2}
CONTENT = Content(
    name="山本 花子",
    name_kana="ヤマモト ハナコ",
    birth_on=date(1958, 4, 3),
    sex="female",
    card="1000000000000150",
    lines=(
        Line("allergy", "ペニシリン系抗菌薬", "high"),
        Line("implant", "心臓のペースメーカー", "own"),
        Line("medicine", "ワーファリン錠１ｍｇ"),
        Line("condition", "心房細動", "unconfirmed"),
    ),
    blood="A Rh(+)",
    pregnancy="yes",
    due_on=date(2026, 9, 1),
    directive="yes",
    contacts=(Contact("child", "山本 由美", "090-1234-5678"),),
    note="耳が遠いので、書いて見せてください。",
)
HELD = Held(
    CONTENT, AT, AT, [Shown("paper", AT, "good", None), Shown("phone", AT, "used", AT)], True
)
FORM: dict[str, Any] = {
    "viewer": HANAKO,
    "offers": [
        {
            "kind": "allergy",
            "lines": [
                (UUID(int=1), "ペニシリン系抗菌薬", "high", True),
                (UUID(int=2), "そば", "", True),
            ],
        },
        {"kind": "condition", "lines": [(UUID(int=3), "うつ病", "unconfirmed", False)]},
    ],
    "blood": "A Rh(+)",
    "has_blood": False,
    "families": [("child", "子"), ("other", "そのほか")],
    "values": {},
    "errors": {},
}
DRAFT: dict[str, Any] = {
    "viewer": HANAKO,
    "content": CONTENT,
    "codes": 1,
    "left_out": (),
    "kinds": LINE_KINDS,
    "posted": [("record", str(UUID(int=1))), ("note", "耳が遠いです")],
}
CARD: dict[str, Any] = {
    "viewer": HANAKO,
    "held": HELD,
    "kinds": LINE_KINDS,
    "address": "phr.example.jp/card",
}
CARD_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "emergency-card": ("emergency_card/held.html", CARD),
    "emergency-card-none": ("emergency_card/held.html", CARD | {"held": None}),
    "emergency-card-not-whole": (
        "emergency_card/held.html",
        CARD | {"held": HELD._replace(codes=[Shown("paper", AT, "expired", None)], is_whole=False)},
    ),
    "emergency-card-new": ("emergency_card/compose.html", FORM),
    "emergency-card-new-bare": (
        "emergency_card/compose.html",
        FORM | {"offers": [], "blood": ""},
    ),
    "emergency-card-new-errors": (
        "emergency_card/compose.html",
        FORM
        | {
            "values": {"note": "あ" * 120, "contact_name_1": "由美"},
            "errors": {"note": "100文字までで書いてください。", "contact_phone_1": "数字で。"},
        },
    ),
    "emergency-card-preview": ("emergency_card/preview.html", DRAFT),
    "emergency-card-preview-two": ("emergency_card/preview.html", DRAFT | {"codes": 2}),
    "emergency-card-preview-left-out": (
        "emergency_card/preview.html",
        DRAFT | {"codes": 2, "left_out": (Line("medicine", "ロスバスタチン錠２．５ｍｇ"),)},
    ),
}
