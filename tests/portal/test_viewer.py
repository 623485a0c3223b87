"""Dr Satō reads about Hanako page by page; each look is one entry of her log, and says what of."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from api.consent.lifecycle import dwelling
from api.core import clock, database
from api.core.ids import uuid7
from api.fhir.codes import JLAC10, YJ
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.portal.test_checkup_file import HERS, keep
from tests.portal.test_clinic import allow
from tests.records.checkup_files import checkup

TABS = ("timeline", "labs", "vitals", "medication", "documents")
UNTOLD = "未告知：患者さんに伝えていません"


def own(hanako: Visitor, rest: str = "") -> str:
    return f"/clinic/participants/{hanako.actor.participant_id}{rest}"


def figures(page: str) -> list[str]:
    return re.findall(r'class="figure">([\d.]+)', page)


async def measured(place: Place, hanako: Visitor, value: float, days_ahead: int = 1) -> UUID:
    return await scene.wrote(
        place,
        hanako.actor,
        "lab",
        "HbA1c",
        days_ahead=days_ahead,
        status="final",
        code={"coding": [{"system": JLAC10, "code": "3D046000001906202"}], "text": "HbA1c"},
        valueQuantity={"value": value, "unit": "%"},
    )


async def prescribed(place: Place, hanako: Visitor, name: str, days: int = 28, **more: Any) -> UUID:
    today = clock.today_in_japan()
    return await scene.wrote(
        place,
        hanako.actor,
        "prescription",
        name,
        **{
            "status": "completed",
            "medicationCodeableConcept": {
                "coding": [{"system": YJ, "code": "2171022F2230"}],
                "text": name,
            },
            "authoredOn": today.isoformat(),
            "dosageInstruction": [{"text": "１日１回 朝食後"}],
            "dispenseRequest": {"expectedSupplyDuration": {"value": days, "code": "d"}},
        }
        | more,
    )


async def insert(place: Place, hanako: Visitor, kind: str, category: str, body: Any) -> UUID:
    """Of a kind the scene has no shorthand for."""
    record_id = uuid7()
    async with database.unit_of_work(scene.OPERATOR, subject=hanako.actor.participant_id) as tx:
        await tx.execute(
            "INSERT INTO record (participant_id, record_id, version, resource_type, category,"
            " sensitivity, source_facility_id, effective_on, title, body)"
            " VALUES (app.subject(), $1, 1, $2, $3, 0, $4,"
            " (now() AT TIME ZONE 'Asia/Tokyo')::date + 1, $5, $6)",
            record_id,
            kind,
            category,
            place.facility_id,
            body.get("title") or kind,
            json.dumps({"resourceType": kind, **body}, ensure_ascii=False),
        )
    return record_id


async def test_every_page_says_who_why_and_allergies_first_even_when_there_are_none(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await allow(hanako, clinic)
    for tab in ("", *(f"/{each}" for each in TABS)):
        page = (await sato.get(own(hanako, tab))).text
        assert "山本 花子" in page
        assert f"患者さんが{clinic.name}に見ることを許しているため" in page
        assert "アレルギーがないという意味ではありません" in page
        assert page.index('id="allergies"') < page.index('aria-current="page">', page.index("tabs"))


async def test_an_allergy_stands_on_top_of_every_page_with_what_it_does(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await insert(
        pharmacy,
        hanako,
        "AllergyIntolerance",
        "contraindication",
        {
            "title": "ペニシリン",
            "criticality": "high",
            "reaction": [{"manifestation": [{"text": "呼吸困難"}]}],
        },
    )
    await allow(hanako, clinic)
    for tab in ("", *(f"/{each}" for each in TABS)):
        page = (await sato.get(own(hanako, tab))).text
        for said in ("ペニシリン", "薬剤禁忌", "呼吸困難"):
            assert said in page


async def test_what_can_kill_stands_before_other_allergies_however_old_it_is(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    severe = {"title": "そば", "criticality": "high"}
    refuted = {
        "title": "えび",
        "criticality": "high",
        "verificationStatus": {"coding": [{"code": "refuted"}]},
    }
    for category, body in (
        ("contraindication", {"title": "ペニシリン"}),
        ("allergy", severe),
        ("allergy", {"title": "スギ花粉"}),
        ("allergy", refuted),
    ):
        await insert(pharmacy, hanako, "AllergyIntolerance", category, body)
    await allow(hanako, clinic)
    page = (await sato.get(own(hanako))).text
    box = page[
        page.index('id="allergies"') : page.index("</section>", page.index('id="allergies"'))
    ]
    assert re.findall("そば|ペニシリン|えび|スギ花粉", box) == [
        "そば",
        "ペニシリン",
        "えび",
        "スギ花粉",
    ]


async def test_each_page_is_one_look_that_names_the_kinds_it_showed(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    lab = await measured(pharmacy, hanako, 7.1)
    await prescribed(pharmacy, hanako, "アムロジピン錠５ｍｇ")
    await allow(hanako, clinic)
    expected = {
        "/labs": ["lab"],
        "/vitals": [],
        "/medication": ["prescription"],
        "/documents": [],
        "/timeline": ["lab", "prescription"],
        f"/records/{lab}": ["lab"],
        f"/records/{lab}/original": ["lab"],
    }
    for path, kinds in expected.items():
        before = len(await hanako.log())
        assert (await sato.get(own(hanako, path))).status_code == 200
        log = await hanako.log()
        assert len(log) == before + 1
        assert log[0]["event"] == "records:record:read"
        assert log[0]["outcome"] == "permitted"
        assert sorted(each["category"] for each in log[0]["kinds"]) == kinds


async def test_what_is_not_shown_to_her_doctor_is_on_no_page_and_in_no_number(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    kept = await measured(pharmacy, hanako, 7.1)
    await prescribed(pharmacy, hanako, "アムロジピン錠５ｍｇ")
    await allow(hanako, clinic)
    await hanako.turn("category", "lab", "no", 1)
    for tab in ("", *(f"/{each}" for each in TABS)):
        page = (await sato.get(own(hanako, tab))).text
        assert "HbA1c" not in page
        assert "検査結果" not in page.replace("検査結果の", "")
        assert "2件の記録" not in page
    for path in (f"/records/{kept}", f"/records/{kept}/original", f"/records/{uuid7()}"):
        assert (await sato.get(own(hanako, path))).status_code == 404


async def test_a_page_that_names_her_is_no_refusal_in_her_log_though_its_kind_is_kept_back(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await measured(pharmacy, hanako, 7.1)
    await allow(hanako, clinic)
    for category in ("contraindication", "allergy", "document", "checkup", "imaging"):
        await hanako.turn("category", category, "no", await hanako.version())
    assert "山本 花子" in (await sato.get(own(hanako, "/documents"))).text
    (row, *_) = await hanako.log()
    assert row["outcome"] == "permitted"


async def test_the_reason_in_her_log_is_that_of_everything_a_page_showed(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await measured(pharmacy, hanako, 7.1)
    await allow(hanako, clinic)
    for category in ("contraindication", "allergy", "basic"):
        await hanako.turn("category", category, "no", await hanako.version())
    assert "HbA1c" in (await sato.get(own(hanako, "/timeline"))).text
    (row, *_) = await hanako.log()
    assert (row["outcome"], row["rule"]) == ("permitted", "granted.facility")


async def test_nobody_else_s_page_opens_any_of_them(
    hanako: Visitor, sato: Visitor, pharmacy: Place
) -> None:
    record = await measured(pharmacy, hanako, 7.1)
    tails = [f"/{tab}" for tab in TABS] + [f"/records/{record}", f"/records/{record}/original"]
    for tail in ("", *tails):
        met = []
        for each in (hanako.actor.participant_id, uuid7()):
            answer = await sato.get(f"/clinic/participants/{each}{tail}")
            met.append((answer.status_code, answer.text.replace(str(each), "")))
        assert met[0] == met[1]
        assert met[0][0] == 404
        assert "花子" not in met[0][1]
    (newest, *_) = await hanako.log()
    assert newest["outcome"] == "denied"


async def test_two_laboratories_make_one_trend_with_a_sentence_and_a_table(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await measured(clinic, hanako, 6.8, days_ahead=0)
    await measured(pharmacy, hanako, 7.1, days_ahead=1)
    await allow(hanako, clinic)
    page = (await sato.get(own(hanako, "/labs"))).text
    assert "2回分。いちばん新しい値は7.1\u00a0%" in page
    assert "より0.3上がりました" in page
    assert page.count('class="dot"') == 2
    assert page.count("<polyline") == 1
    assert {clinic.name, pharmacy.name} <= set(re.findall(r"</svg> ([^<]+)</td>", page))


async def test_what_a_checkup_measured_stands_beside_the_same_test_and_its_file_under_documents(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    examined = clock.today_in_japan() - timedelta(days=100)
    await keep(hanako, checkup(HERS, on=f"{examined:%Y%m%d}"))
    await measured(pharmacy, hanako, 7.1)
    await allow(hanako, clinic)
    await dwelling.show_from(hanako.actor, None)
    pages = {
        tab: (await sato.get(own(hanako, f"/{tab}"))).text
        for tab in ("labs", "vitals", "documents")
    }
    kinds = [
        {each["category"]: each["count"] for each in row["kinds"]}
        for row in (await hanako.log())[2::-1]
    ]
    assert kinds == [{"lab": 1, "checkup": 5}, {"checkup": 3}, {"checkup": 1}]
    assert "2回分。いちばん新しい値は7.1\u00a0%" in pages["labs"]
    assert pages["labs"].count('class="dot"') == 2
    assert re.search(
        r'>5.70 <b>高</b></span>.*?ご本人の登録<br><span class="soft">健康診断<', pages["labs"]
    )
    for in_words in ("尿糖", "若いころに虫垂炎"):
        assert in_words in pages["labs"]
        assert in_words not in pages["vitals"] + pages["documents"]
    for figure in ("152.3\u00a0cm", "54.0\u00a0kg", "138\u00a0mmHg"):
        assert figure in pages["vitals"]
        assert figure not in pages["labs"]
    assert "健診結果報告書" in pages["documents"] or "もとのファイル" in pages["documents"]
    for measured_there in ("体重", "HbA1c", "尿糖"):
        assert measured_there not in pages["documents"]

    await hanako.turn("category", "checkup", "no", await hanako.version())
    for tab in pages:
        assert "健康診断" not in (await sato.get(own(hanako, f"/{tab}"))).text


async def test_one_drug_from_two_clinics_is_marked_with_the_reason_and_no_advice(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await prescribed(clinic, hanako, "アムロジピン錠５ｍｇ")
    await prescribed(pharmacy, hanako, "アムロジピン錠５ｍｇ「トーワ」")
    await allow(hanako, clinic)
    for tab in ("", "/medication"):
        page = (await sato.get(own(hanako, tab))).text
        assert "同じ薬" in page
        assert f"{clinic.name}と{pharmacy.name}の両方から" in page or (
            f"{pharmacy.name}と{clinic.name}の両方から" in page
        )
        assert "処方についての助言ではありません" in page
    assert len(set(re.findall(r'scale\(\.8\)" d="([^"]+)"', page))) == 2
    assert page.count('<li><svg class="mark-shape"') == 2


async def test_one_drug_under_codes_of_two_systems_is_one_line_and_marked_by_its_name(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    hot = {"system": "urn:oid:1.2.392.200119.4.403.1", "code": "103835401"}
    name = "アムロジピン錠５ｍｇ"
    await prescribed(clinic, hanako, name)
    concept = {"coding": [hot], "text": "アムロジピン錠5mg「サワイ」"}
    await prescribed(pharmacy, hanako, name, medicationCodeableConcept=concept)
    await allow(hanako, clinic)
    page = (await sato.get(own(hanako, "/medication"))).text
    assert len(re.findall(r'<h3 id="name-', page)) == 1
    assert ">同じ薬<" in page
    assert "名前で比べました" in page


@pytest.mark.parametrize(
    ("status", "said"), [("stopped", "中止"), ("on-hold", "中断中"), ("revoked", "取りやめ")]
)
async def test_what_was_stopped_is_no_drug_of_now_and_says_so(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place, status: str, said: str
) -> None:
    await prescribed(pharmacy, hanako, "アムロジピン錠５ｍｇ", status=status)
    await allow(hanako, clinic)
    now = (await sato.get(own(hanako))).text
    assert "アムロジピン" not in now[now.index('id="drugs"') : now.index('id="conditions"')]
    page = (await sato.get(own(hanako, "/medication"))).text
    assert ">いま<" not in page
    assert f"{pharmacy.name}で{said}" in page
    await prescribed(clinic, hanako, "アムロジピン錠５ｍｇ")
    now = (await sato.get(own(hanako))).text
    assert "アムロジピン" in now[now.index('id="drugs"') : now.index('id="conditions"')]
    assert f"{pharmacy.name}で{said}" in now


async def test_a_document_is_read_in_the_page_and_nothing_of_it_acts_there(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    hostile = '<div><p onclick="x">塩分は６ｇ</p><script>alert(1)</script><img src="//x"></div>'
    record = await insert(
        pharmacy,
        hanako,
        "Composition",
        "document",
        {"title": "退院時サマリー", "section": [{"title": "経過", "text": {"div": hostile}}]},
    )
    await allow(hanako, clinic)
    assert "退院時サマリー" in (await sato.get(own(hanako, "/documents"))).text
    page = (await sato.get(own(hanako, f"/records/{record}"))).text
    assert "<p>塩分は６ｇ</p>" in page
    for foreign in ("alert(1)", "onclick", '<img src="//x'):
        assert foreign not in page


async def test_the_original_and_what_is_attached_are_files_to_keep(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    attached = {"contentType": "text/html", "title": "心電図", "data": "PHA+PC9wPg=="}
    body = {"title": "心電図", "status": "current", "content": [{"attachment": attached}]}
    record = await insert(pharmacy, hanako, "DocumentReference", "document", body)
    await allow(hanako, clinic)
    original = await sato.get(own(hanako, f"/records/{record}/original"))
    assert original.json() == {"resourceType": "DocumentReference", **body}
    file = await sato.get(own(hanako, f"/records/{record}/attachments/0"))
    assert file.content == b"<p></p>"
    assert file.headers["content-type"] == "application/octet-stream"
    for answer in (original, file):
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
    for place in ("1", "99", "-1"):
        absent = await sato.get(own(hanako, f"/records/{record}/attachments/{place}"))
        assert absent.status_code == 404


async def test_the_timeline_is_narrowed_and_paged(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    for day in range(55):
        await measured(pharmacy, hanako, 7.1, days_ahead=-day)
    await prescribed(clinic, hanako, "アムロジピン錠５ｍｇ")
    await allow(hanako, clinic)
    await dwelling.show_from(hanako.actor, None)
    first, second = [(await sato.get(own(hanako, f"/timeline?page={n}"))).text for n in (1, 2)]
    assert "56件の記録があります" in first
    assert (first.count("HbA1c</a>"), second.count("HbA1c</a>")) == (49, 6)
    own_alone = (await sato.get(own(hanako, f"/timeline?facility={clinic.facility_id}"))).text
    assert "1件の記録があります" in own_alone
    assert "HbA1c" not in own_alone
    drugs = (await sato.get(own(hanako, "/timeline?category=prescription"))).text
    assert "1件の記録があります" in drugs
    nothing = (await sato.get(own(hanako, f"/timeline?facility={uuid7()}"))).text
    assert "この条件で表示できる記録はありません" in nothing
    garbled = (await sato.get(own(hanako, "/timeline?facility=x&category=%27&page=7"))).text
    assert "この条件で表示できる記録はありません" in garbled


async def test_untold_records_are_marked_wherever_a_doctor_meets_them(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    record = await scene.wrote(
        pharmacy, hanako.actor, "condition", "胃癌", marks=("UNINFORMED",), status="x"
    )
    await allow(hanako, clinic)
    for tail in ("", "/timeline", f"/records/{record}"):
        page = (await sato.get(own(hanako, tail))).text
        assert "胃癌" in page
        assert UNTOLD in page
    assert "まだ伝えていない内容です" in page
    kinds = [each["kinds"] for each in await hanako.log()]
    assert all(kind == [] for kind in kinds)


async def test_a_doctor_asks_from_the_page_and_hanako_answers(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await allow(hanako, clinic)
    wish = {"whom": "facility", "days": "90", "reason": "medication", "note": "お薬を見たいです。"}
    for who in (own(hanako), f"/clinic/participants/{uuid7()}"):
        answer = await sato.post(f"{who}/ask", **wish)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{who}/ask?done=yes")
    assert "お薬を見たいです。" in (await hanako.get("/disclosure/requests")).text


async def test_a_paper_s_code_finds_as_the_typed_card_does(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await allow(hanako, clinic)
    assert hanako.card
    link = f"https://example.jp/register#card={hanako.card.digits}&code=ABCDEFGHJK"
    scanned = await sato.find(by="card", card=link)
    assert "山本 花子" in scanned.text
    assert "ABCDEFGHJK" not in scanned.text


async def test_the_code_of_her_screen_opens_from_the_same_field(
    hanako: Visitor, sato: Visitor
) -> None:
    made = (await hanako.tell("/me/disclosure/desk-codes", {"level": "normal"})).json()
    scanned = await sato.find(by="card", card=made["code"])
    assert "山本 花子" in scanned.text
    again = await sato.find(by="card", card=made["code"])
    assert again.status_code == 422
    assert 'id="error-card"' in again.text


async def test_a_page_asks_the_database_few_questions(
    hanako: Visitor,
    sato: Visitor,
    clinic: Place,
    pharmacy: Place,
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As many for one record as for forty."""
    await allow(hanako, clinic)
    asked: list[str] = []

    def listening(name: str) -> None:
        plain = getattr(asyncpg.Connection, name)

        async def counted(self: Any, query: str, *args: Any, **more: Any) -> Any:
            asked.append(query)
            return await plain(self, query, *args, **more)

        monkeypatch.setattr(asyncpg.Connection, name, counted)

    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        listening(name)
    counts = []
    for more in (1, 39):
        for _ in range(more):
            await measured(pharmacy, hanako, 7.1)
        asked.clear()
        await sato.get(own(hanako, "/labs"))
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 30, asked


async def test_a_period_leaves_out_what_is_older(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await measured(clinic, hanako, 5.5, days_ahead=-400)
    await measured(clinic, hanako, 6.5, days_ahead=-300)
    await measured(clinic, hanako, 7.5, days_ahead=-200)
    await allow(hanako, clinic)
    year = (await sato.get(own(hanako, "/labs"))).text
    assert "5.5" not in figures(year)
    every = (await sato.get(own(hanako, "/labs?months=36"))).text
    assert "5.5" in figures(every)
    assert (await sato.get(own(hanako, "/labs?months=7"))).status_code == 400
