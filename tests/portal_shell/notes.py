"""Sample contexts: the notebook and the wishes."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from api.phr.entries.service import Entry
from tests.portal_shell.pregnancy import REQUEST
from web_portal.pages.book.frame import Way
from web_portal.pages.book.notes import school_growth

HANAKO = {"role": "participant", "name": "花子", "unread": 2}
ON = date(2026, 5, 3)
MEDICINE = {
    "id": "m1",
    "name": "アムロジピン錠5mg",
    "sort": "病院で出された薬",
    "on": ON,
    "since": date(2020, 4, 1),
    "until": None,
    "facts": [("1回の量", "1錠"), ("いつ飲みますか", "朝食のあと"), ("残っている数", "12 個")],
}
WISHES: dict[str, Any] = {
    "viewer": HANAKO,
    "reach": "いまは、救急のときにだけ、医師などが見られます。ふだんはだれも見られません。",
    "statement": {
        "on": ON,
        "version": 2,
        "facts": [
            ("人工呼吸器をつけてほしいですか", "してほしくない"),
            ("自分の言葉で", "庭が見えるところにいたい。"),
        ],
    },
    "people": [
        ("山本 由美", "長女", "090-1234-5678"),
        ("佐藤先生", "かかりつけ医", "096-123-4567"),
    ],
    "people_version": 3,
    "most_people": 6,
    "documents": [
        {"id": "d1", "dated": ON, "title": "事前指示書", "kind": "PDF", "kilobytes": 120},
    ],
    "most_documents": 5,
}
NOTHING = {"statement": None, "people": (), "people_version": 0, "documents": []}
FOR_TARO = {"acting": {"name": "太郎", "powers": {"view"}}}
MEDICINES: dict[str, Any] = {
    "viewer": HANAKO,
    "here": "/book/medications",
    "now": [MEDICINE],
    "before": [MEDICINE | {"id": "m2", "name": "アレグラFX", "until": ON}],
    "given": [{"id": "r1", "title": "酸化マグネシウム錠", "on": ON, "facility": "すみれ薬局"}],
    "has_more": True,
    "next": "50_x",
    "after": "",
}
ALLERGIES: dict[str, Any] = {
    "viewer": HANAKO,
    "here": "/book/allergies",
    "own": [
        {
            "id": "a1",
            "name": "鶏卵",
            "sort": "食べ物",
            "is_severe": True,
            "on": ON,
            "facts": [("どのような症状が出ましたか", "じんましん")],
        }
    ],
    "confirmed": [{"id": "r2", "title": "セフェム系", "on": ON, "facility": "れんげ内科"}],
    "more": ["allergy", "contraindication"],
    "next": "50_x",
    "after": "",
}
FIND: dict[str, Any] = {
    "viewer": HANAKO,
    "here": "/book/allergies",
    "words": "",
    "edition": date(2025, 4, 1),
    "found": [],
}
DOCTORS: dict[str, Any] = {
    "viewer": HANAKO,
    "here": "/book/doctors",
    "doctors": [
        {
            "id": "p1",
            "place": "佐藤医院",
            "name": "佐藤先生",
            "department": "内科",
            "telephone": "096-123-4567",
            "is_main": True,
            "facts": [("何で通っていますか", "血圧の薬")],
        },
        {
            "id": "p2",
            "place": "すみれ薬局",
            "name": "",
            "department": "",
            "telephone": "",
            "is_main": False,
            "facts": [],
        },
    ],
    "next": None,
    "after": "50_x",
}
WHOSE = school_growth.Whose(date(2017, 5, 10), "female")
MEASURED = [
    Entry(
        UUID(int=year),
        "school-checkup",
        "",
        1,
        date(year, 5, 8),
        None,
        {"on": f"{year}-05-08", "height": height, "weight": weight},
        "self",
        "",
        datetime(year, 5, 8, tzinfo=UTC),
        is_restricted=False,
    )
    for year, height, weight in (
        (2020, "92.5", "13.4"),
        (2021, "100.1", "15.2"),
        (2023, "113.8", "19.6"),
        (2025, "124.6", "24.8"),
        (2026, "130.2", "28.1"),
    )
]
SCHOOL: dict[str, Any] = {
    "viewer": HANAKO,
    "here": "/book/school-checkups",
    "back": Way("/book", "わたしの手帳"),
    "checkups": [
        {
            "id": "s1",
            "on": ON,
            "year": 2026,
            "grade": "小学3年",
            "facts": [("身長", "128.1 cm"), ("視力（右）", "A（1.0以上）")],
        }
    ],
    "courses": school_growth.courses(REQUEST, WHOSE, MEASURED),
    "rows": [school_growth.row(REQUEST, WHOSE, each) for each in reversed(MEASURED)],
    "has_curves": True,
    "next": "50_x",
    "after": "",
}
PERSON: dict[str, Any] = {
    "viewer": HANAKO,
    "now": [],
    "is_new": True,
    "action": "/book/wishes/people/new",
    "back": Way("/book/wishes", "もしものときの希望"),
    "values": {"name": "", "relation": "", "telephone": ""},
    "errors": {},
    "version": 0,
    "error": "",
}
DOCUMENT: dict[str, Any] = {
    "viewer": HANAKO,
    "action": "/book/wishes/documents/new",
    "back": Way("/book/wishes", "もしものときの希望"),
    "values": {"title": "", "dated": "2026-05-03"},
    "first": "1900-01-01",
    "last": "2026-05-03",
    "errors": {},
    "error": "",
}
VERSIONS: dict[str, Any] = {
    "viewer": HANAKO,
    "versions": [
        {"number": 3, "on": ON, "at": datetime(2026, 5, 3, 5, 5, tzinfo=UTC), "changes": []}
        | {"is_first": False},
        {
            "number": 2,
            "on": ON,
            "at": datetime(2026, 5, 3, 5, 5, tzinfo=UTC),
            "changes": [
                {"name": "人工呼吸器", "before": "まだ決めていない", "after": "してほしくない"}
            ],
            "is_first": False,
        },
        {
            "number": 1,
            "on": date(2026, 4, 3),
            "at": datetime(2026, 4, 3, 5, 5, tzinfo=UTC),
            "changes": [
                {"name": "人工呼吸器", "before": "（答えなし）", "after": "まだ決めていない"}
            ],
            "is_first": True,
        },
    ],
}

NOTES_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "medications": ("book/notes/medications.html", MEDICINES),
    "medications-none": (
        "book/notes/medications.html",
        MEDICINES | {"now": [], "before": [], "given": [], "has_more": False},
    ),
    "medications-for-taro": ("book/notes/medications.html", MEDICINES | FOR_TARO),
    "allergies": ("book/notes/allergies.html", ALLERGIES),
    "allergies-none": ("book/notes/allergies.html", ALLERGIES | {"own": [], "confirmed": []}),
    "allergy-find": ("book/notes/allergy_find.html", FIND),
    "allergy-found": (
        "book/notes/allergy_find.html",
        FIND | {"words": "そば", "found": [("J9FA19140000", "そば"), ("J9FA19140011", "そば粉")]},
    ),
    "allergy-found-none": ("book/notes/allergy_find.html", FIND | {"words": "ペニシリン"}),
    "doctors": ("book/notes/doctors.html", DOCTORS),
    "doctors-none": ("book/notes/doctors.html", DOCTORS | {"doctors": []}),
    "school-checkups": ("book/notes/school.html", SCHOOL),
    "school-checkups-none": (
        "book/notes/school.html",
        SCHOOL | {"checkups": [], "courses": [], "rows": []},
    ),
    "wishes": ("book/wishes/all.html", WISHES),
    "wishes-none": ("book/wishes/all.html", WISHES | NOTHING),
    "wishes-for-taro": ("book/wishes/all.html", WISHES | FOR_TARO),
    "wish-versions": ("book/wishes/versions.html", VERSIONS),
    "wish-person": ("book/wishes/person.html", PERSON),
    "wish-person-wrong": (
        "book/wishes/person.html",
        PERSON
        | {
            "is_new": False,
            "errors": {"telephone": "電話番号は0から始まる10けたか11けたで入力してください。"},
            "error": "先に変更されました。",
        },
    ),
    "wish-person-remove": (
        "book/wishes/person_remove.html",
        {
            "viewer": HANAKO,
            "person": ("山本 由美", "長女", "090-1234-5678"),
            "version": 2,
            "action": "/book/wishes/people/1/remove",
            "back": Way("/book/wishes", "もしものときの希望"),
        },
    ),
    "wish-document": ("book/wishes/document.html", DOCUMENT),
    "wish-document-wrong": (
        "book/wishes/document.html",
        DOCUMENT
        | {
            "errors": {"file": "ファイルが大きすぎます。", "title": "入力してください。"},
            "error": "書類は5つまでです。",
        },
    ),
}
