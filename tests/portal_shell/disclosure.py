"""Sample contexts of the settings pages."""

from typing import Any

HANAKO = {"role": "participant", "name": "花子", "unread": 2}
CLINIC = "0190a8c0-0000-7000-8000-000000000001"
SATO = "0190a8c0-0000-7000-8000-000000000002"
TEAM = "0190a8c0-0000-7000-8000-000000000003"


def switch(place: str, label: str, *, on: bool, detail: str = "") -> dict[str, Any]:
    return {
        "place": place,
        "label": label,
        "detail": detail,
        "on": on,
        "change": '[{"kind":"profession","code":"nurse","on":true}]',
        "action": "/disclosure/save",
    }


def settings_page(template: str, /, **context: Any) -> tuple[str, dict[str, Any]]:
    frame = {
        "viewer": HANAKO,
        "here": "/disclosure",
        "save": "/disclosure/save",
        "confirm": "/disclosure/save",
        "version": 3,
        "undo": None,
    }
    return f"disclosure/{template}.html", frame | context


PROFESSIONS = [
    switch("profession-physician", "医師", on=True),
    switch("profession-nurse", "看護師", on=False),
]
FACILITIES = [
    {
        **switch("facility-one", "佐藤内科クリニック", on=True, detail="診療所・阿蘇"),
        "id": CLINIC,
        "is_blocked": False,
    },
    {
        **switch("facility-two", "水前寺中央薬局", on=False),
        "id": SATO,
        "is_blocked": True,
    },
]
UNDO = {"text": "「看護師」には見せないようにしました。", "at": "profession-nurse"}
SEARCH = {"regions": [("aso", "阿蘇")], "kinds": [("clinic", "診療所")]}
LIMITS = {
    "until": "day",
    "day": "2027-05-02",
    "in_a_year": "2027年5月2日",
    "today": "2026-05-03",
    "restricted": True,
}
HUB: dict[str, Any] = {
    "is_participating": True,
    "now": "いま、「佐藤内科クリニック」にいるすべての職種の人が、すべての種類の記録を見られます。",
    "ending": [],
    "waiting": [],
    "requests": [],
    "standing": {
        page: ""
        for page in (
            "facilities", "areas", "professions", "categories", "people", "teams",
            "new_facilities", "research",
        )
    },
}  # fmt: skip
ONE: dict[str, Any] = {
    "id": CLINIC,
    "name": "佐藤内科クリニック",
    "about": "診療所・阿蘇",
    "knows": ["記録があります"],
    "standing": "見せる設定にしています。",
    "end": "2027年5月2日まで",
    "is_on": True,
    "is_excluded": False,
    "item": switch("facility-one", "この施設に見せる", on=True),
    "source": switch(
        "source-one", "この施設からの記録を受け取る", on=True, detail="今ある記録はそのままです。"
    ),
    "limits": LIMITS,
    "errors": {},
    "block": "[]",
    "closed": 2,
}
PERSON = ONE | {"name": "佐藤 健一", "is_blocked": False, "facility_id": CLINIC}
FOUND = {"id": SATO, "name": "佐藤 健一", "about": "医師・佐藤内科クリニック", "with": "[]"}
NOBODY: dict[str, Any] = {"found": [], "total": 0, "query": "", "errors": {}}

SETTINGS_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "disclosure": settings_page("hub", **HUB),
    "disclosure-needs": settings_page(
        "hub",
        **HUB
        | {
            "ending": [{"place": "row-1", "text": "来週までです。", "renew": "[]"}],
            "waiting": ["あらた医院"],
            "requests": ["佐藤 健一"],
            "undo": {"text": "1年のばしました。", "at": ""},
        },
    ),
    "disclosure-left": settings_page("hub", **HUB | {"is_participating": False}),
    "disclosure-conflict": settings_page(
        "conflict", meanwhile=[UNDO["text"]], wanted="見せます。", change="[]", back="/disclosure"
    ),
    "facilities": settings_page(
        "facilities",
        facilities=FACILITIES,
        is_search=False,
        total=2,
        query="",
        region="",
        kind="",
        **SEARCH,
    ),
    "facilities-none": settings_page(
        "facilities",
        facilities=[],
        is_search=True,
        total=0,
        query="みつからない",
        region="aso",
        kind="",
        **SEARCH,
    ),
    "facility": settings_page("facility", **ONE),
    "facility-blocked": settings_page("facility", **ONE | {"is_excluded": True, "is_on": False}),
    "facility-fault": settings_page(
        "facility", **ONE | {"errors": {"day": "終わりの日を、正しく入れてください。"}}
    ),
    "facility-categories": settings_page(
        "facility_categories", id=CLINIC, name="佐藤内科クリニック", items=PROFESSIONS
    ),
    "professions": settings_page("professions", items=PROFESSIONS, undo=UNDO),
    "categories": settings_page("categories", items=PROFESSIONS),
    "areas": settings_page(
        "areas",
        lived=[switch("lived-now", "いま住んでいる地域の施設", on=False)],
        homes=["阿蘇"],
        kinds=[switch("type-clinic", "診療所", on=True)],
        regions=[{**switch("region-aso", "阿蘇", on=True), "code": "aso", "narrowed": 1}],
        everyone=switch("everyone", "すべての施設", on=False),
    ),
    "kinds-in-region": settings_page(
        "kinds_in_region", name="阿蘇", is_on=True, items=[switch("type-clinic", "診療所", on=True)]
    ),
    "people": settings_page(
        "people",
        chosen=[FOUND | {"standing": "見せる", "end": "2027年5月2日まで", "way": "on"}],
        found=[FOUND],
        total=1,
        query="佐藤",
        is_search=True,
        facility_id="",
        place="",
    ),
    "people-of-a-facility": settings_page(
        "people",
        **NOBODY
        | {"chosen": [], "is_search": True, "facility_id": CLINIC, "place": "佐藤内科クリニック"},
    ),
    "person": settings_page("person", **PERSON),
    "person-blocked": settings_page(
        "person", **PERSON | {"is_on": False, "is_excluded": True, "is_blocked": True}
    ),
    "person-of-a-blocked-facility": settings_page(
        "person", **PERSON | {"is_on": False, "is_excluded": True}
    ),
    "teams": settings_page("teams", teams=[], name="", **NOBODY),
    "teams-fault": settings_page(
        "teams",
        teams=[{"id": TEAM, "name": "在宅のチーム", "end": "2027年5月2日まで", "members": 2}],
        name="",
        found=[(SATO, "佐藤 健一　医師"), (CLINIC, "伊藤 美咲　薬剤師")],
        total=1,
        query="さ",
        errors={"name": "チームの名前を入れてください。", "professional_id": "選んでください。"},
    ),
    "team": settings_page(
        "team",
        id=TEAM,
        name="在宅のチーム",
        typed_name="在宅のチーム",
        members=[FOUND | {"without": "[]"}, FOUND | {"id": CLINIC, "without": "[]"}],
        found=[FOUND],
        total=1,
        query="佐藤",
        errors={},
        end="2027年5月2日まで",
        limits=LIMITS,
        off="[]",
    ),
    "details": settings_page(
        "details",
        rows=[
            {"place": "row-1", "text": "見せます。", "notes": ["2027年5月2日まで"], "remove": "[]"}
        ],
        professions=[("profession:nurse", "看護師")],
        facilities=[(f"facility:{CLINIC}", "佐藤内科クリニック")],
        persons=[],
        categories=[("lab", "検査結果")],
        sources=[(CLINIC, "佐藤内科クリニック")],
        values={"who": "profession:nurse", "category": "lab", "source": "", "outcome": "deny"},
        errors={"outcome": "選んでください。"},
    ),
    "new-facilities": settings_page(
        "new_facilities",
        ask=switch("ask-first", "まず私に聞く", on=True),
        waiting=[{"name": "あらた医院", "about": "診療所", "then": "", "on": "[]", "off": "[]"}],
    ),
    "research": settings_page(
        "research", items=[switch("purpose-HRESCH", "医学の研究に使う", on=False)]
    ),
    "research-none": settings_page("research", items=[]),
}
