"""What Hanako is not told yet: she sees that it is there, why, and from which day she is told."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Embargo
from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from tests.portal.looks import READ, named, numbers
from tests.portal.scene import Place, Visitor

UNTIL = clock.today_in_japan() + timedelta(days=40)
SPOKEN = f"{UNTIL.year}年{UNTIL.month}月{UNTIL.day}日"
LAB = [{"type": "Observation", "category": "lab", "count": 3}]


async def withheld(
    who: Visitor,
    about: Visitor,
    place: Place,
    *fields: str,
    reason: str = "law_enforcement",
    until: date = UNTIL,
    **more: Any,
) -> int:
    """A read of which these fields are not told before the day."""
    detail = {"actor": named(who.actor, place, "physician"), "resources": LAB, **more}
    async with unit_of_work(who.actor, subject=about.actor.participant_id) as tx:
        done = await access_log.append(
            tx, READ, detail=detail, embargo=Embargo(fields, reason, until)
        )
    return done.number


async def row_of(who: Visitor, number: int, language: str = "ja") -> dict[str, Any]:
    found = (await who.ask(f"/me/access-log?before={number + 1}&count=1", language=language)).json()
    return dict(found["events"][0])


async def card_of(who: Visitor, number: int, locale: str = "ja") -> str:
    page = (await who.get("/access-log", locale=locale)).text
    (found,) = re.findall(
        rf'<li class="card[^>]*id="access-{number}"[^>]*>.*?\n  </li>', page, re.DOTALL
    )
    return str(found)


async def test_a_row_says_what_is_withheld_why_and_until_when_and_no_more(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    number = await withheld(sato, hanako, clinic, "actor", "resources")
    row = await row_of(hanako, number)
    assert row["withheld"] == [
        {
            "name": name,
            "label": label,
            "reason": "法律にもとづく求めのため",
            "until": UNTIL.isoformat(),
        }
        for name, label in (("actor", "だれがしたか"), ("resources", "見た記録の種類と件数"))
    ]
    assert (row["who"], row["facility"], row["profession"], row["kinds"]) == ("", "", "", [])
    assert row["purpose"] == "診療のため"
    assert row["sentence"] == ("まだお名前を表示できないところの人が、記録を見ました。")
    card = await card_of(hanako, number)
    both = "「だれがしたか」「見た記録の種類と件数」"
    assert f"{both}は、{SPOKEN}になると自動で表示されます。" in card
    assert "理由：法律にもとづく求めのため" in card
    for hidden in (
        "佐藤",
        "れんげ",
        "医師",
        "検査",
        "3件",
        "見せられる記録はありません",
        "システム",
    ):
        assert hidden not in card
    english = await card_of(hanako, number, "en")
    assert "Reason: A request under the law" in english
    for hidden in ("Renge", "Physician", "Laboratory", "no record to show"):
        assert hidden not in english


async def test_where_all_is_withheld_only_the_time_is_told(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    every = ("about", "actor", "way", "purpose", "basis", "resources", "detail")
    number = await withheld(sato, hanako, clinic, *every, warrant="令状七号")
    row = await row_of(hanako, number)
    assert row["event"] == EventName.WITHHELD
    assert [each["name"] for each in row["withheld"]] == list(every)
    card = await card_of(hanako, number)
    for hidden in ("佐藤", "れんげ", "検査", "令状", "診療のため"):
        assert hidden not in card
    for each in row["withheld"]:
        assert f"「{each['label']}」" in card
    assert card.count(SPOKEN) == 1


async def test_on_the_day_the_row_opens_by_itself_and_is_the_same_event(
    hanako: Visitor, sato: Visitor, clinic: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await withheld(sato, hanako, clinic, "about", "actor", "resources", "purpose")
    before = await row_of(hanako, number)
    for day, is_open in ((UNTIL - timedelta(days=1), False), (UNTIL, True)):
        monkeypatch.setattr(clock, "today_in_japan", lambda day=day: day)
        row = await row_of(hanako, number)
        assert (row["event_id"], row["at"]) == (before["event_id"], before["at"])
        assert bool(row["withheld"]) is not is_open
        assert ("れんげ内科クリニック" in await card_of(hanako, number)) is is_open
    assert (
        row["sentence"]
        == "れんげ内科クリニックの佐藤 健一さん（医師）が、「検査結果」3件を見ました。"
    )


async def test_what_is_withheld_cannot_be_found_by_narrowing_and_later_can(
    hanako: Visitor,
    sato: Visitor,
    clinic: Place,
    busy: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = await withheld(sato, hanako, clinic, "about", "actor", "resources", "purpose")
    reads = [busy[name] for name in ("pharmacy", "emergency", "refused", "read")]
    at_clinic = f"facility={clinic.facility_id}"
    of_sato = f"professional={sato.actor.professional_id}"
    ways = {
        "kind=reads": reads,
        at_clinic: reads[1:],
        of_sato: reads[1:],
        "purpose=TREAT": [reads[0], *reads[2:]],
        "q=検査結果": [busy["emergency"], busy["read"]],
        "denied=yes": [busy["refused"]],
    }
    for query, found in ways.items():
        assert await numbers(hanako, query) == found
    options = (await hanako.get("/access-log")).text
    assert "れんげ内科クリニック（3回）" in options
    monkeypatch.setattr(clock, "today_in_japan", lambda: UNTIL)
    for query, found in ways.items():
        opened = [] if query == "denied=yes" else [number]
        assert await numbers(hanako, query) == opened + found
    assert "れんげ内科クリニック（4回）" in (await hanako.get("/access-log")).text


async def test_a_month_counts_it_without_telling_more(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    month = f"{clock.today_in_japan():%Y-%m}"
    await withheld(sato, hanako, clinic, "actor", "resources")
    found = (await hanako.ask(f"/me/access-log/months/{month}")).json()
    (looked,) = found["looked"]
    assert (looked["facility_id"], looked["times"], looked["records"]) == (None, 1, 0)
    assert looked["sentences"] == ["まだお名前を表示できないところの人が、1回、記録を見ました。"]
    assert found["withheld"] == 1
    assert "まだ表示できないところのあるできごとが、1回ありました。" in found["summary"]
    await withheld(sato, hanako, clinic, "about", "actor", "resources")
    found = (await hanako.ask(f"/me/access-log/months/{month}")).json()
    assert (found["withheld"], found["support"]) == (2, 0)


@pytest.mark.parametrize(
    ("reason", "ja", "en"),
    [
        ("safety", "ご本人やほかの人の安全のため", "Somebody's safety"),
        ("some_code", "このネットワークの決まりのため", "A rule of this network"),
        ("裁判所の決定のため", "裁判所の決定のため", "裁判所の決定のため"),
    ],
)
async def test_a_reason_is_a_known_one_or_said_in_its_own_words(
    hanako: Visitor, sato: Visitor, clinic: Place, reason: str, ja: str, en: str
) -> None:
    number = await withheld(sato, hanako, clinic, "purpose", reason=reason)
    for language, said in (("ja", ja), ("en", en)):
        row = await row_of(hanako, number, language)
        assert [each["reason"] for each in row["withheld"]] == [said]


async def test_an_officer_asked_about_it_is_told_no_more(
    hanako: Visitor, sato: Visitor, ueda: Visitor, clinic: Place
) -> None:
    number = await withheld(sato, hanako, clinic, "actor", "resources")
    await hanako.tell(f"/me/access-log/{number}/question", {"reason": "unknown_person"})
    async with unit_of_work(hanako.actor) as tx:
        case_id = await tx.fetchval("SELECT case_id FROM support_case")
    page = (await ueda.get(f"/support/questions/{case_id}")).text
    for hidden in ("佐藤", "れんげ", "検査結果"):
        assert hidden not in page


async def test_it_is_withheld_from_the_operator_s_word_too(hanako: Visitor) -> None:
    """An operator's act under an embargo looks like any other: nothing but its time."""
    async with unit_of_work(OPERATOR, subject=hanako.actor.participant_id) as tx:
        done = await access_log.append(
            tx,
            EventName.LAW_ENFORCEMENT,
            detail={"warrant": "平成"},
            embargo=Embargo(("about", "actor", "detail"), "investigation", UNTIL),
        )
    card = await card_of(hanako, done.number)
    assert "平成" not in card
    assert "調査をしているため" in card
