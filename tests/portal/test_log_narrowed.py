"""Hanako looks for one thing among many in her log: portal and app."""

import re
from urllib.parse import quote

import pytest

from api.core.ids import uuid7
from api.support.reading import service as reading
from tests.portal.looks import DENIED, READ, happened, named, numbers
from tests.portal.scene import Place, Visitor


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=reads", ["pharmacy", "emergency", "refused", "read"]),
        ("kind=emergency", ["emergency"]),
        ("kind=support", ["support"]),
        ("kind=sign_ins", ["sign_in"]),
        ("kind=proxies", []),
        ("denied=yes", ["refused"]),
        ("emergency=yes", ["emergency"]),
        ("emergency=yes&denied=yes", []),
        ("kind=reads&purpose=TREAT", ["pharmacy", "refused", "read"]),
        ("purpose=ETREAT", ["emergency"]),
        ("q=処方", ["pharmacy"]),
        ("q=検査 れんげ", ["emergency", "read"]),
        ("q=ｽﾐﾚ やっきょく", []),
        ("q=すみれ薬局", ["pharmacy"]),
        ("who=佐藤健一", ["emergency", "refused", "read"]),
        ("who=薬剤師", ["pharmacy"]),
        ("who=佐藤&denied=yes", ["refused"]),
        ("kind=reads&q=れんげ&purpose=TREAT&denied=no", ["refused", "read"]),
    ],
)
async def test_each_way_to_narrow_finds_what_it_says_and_all_of_them_work_together(
    hanako: Visitor, busy: dict[str, int], query: str, expected: list[str]
) -> None:
    assert await numbers(hanako, query) == [busy[name] for name in expected]


async def test_settings_hold_joining_too(hanako: Visitor, busy: dict[str, int]) -> None:
    assert await numbers(hanako, "kind=settings") == [busy["setting"], 1]


async def test_one_facility_and_one_person(
    hanako: Visitor, sato: Visitor, pharmacy: Place, busy: dict[str, int]
) -> None:
    at_pharmacy = f"facility={pharmacy.facility_id}"
    assert await numbers(hanako, at_pharmacy) == [busy["pharmacy"]]
    of_sato = f"professional={sato.actor.professional_id}"
    assert await numbers(hanako, of_sato) == [busy[n] for n in ("emergency", "refused", "read")]
    assert await numbers(hanako, f"{of_sato}&{at_pharmacy}") == []
    everything = (await hanako.get("/access-log")).text
    assert everything.count(f'<a href="/access-log?{of_sato}">') == 3
    page = (await hanako.get(f"/access-log?{of_sato}&denied=yes")).text
    assert "れんげ内科クリニックの佐藤 健一さんのものだけを表示しています。" in page
    assert 'href="/access-log?denied=yes"' in page


async def test_the_words_are_those_of_the_language_shown(
    hanako: Visitor, busy: dict[str, int]
) -> None:
    assert await numbers(hanako, "q=sumire", language="en") == [busy["pharmacy"]]
    assert await numbers(hanako, "q=sumire") == []


async def test_a_period_counts_both_its_days_in_japan(
    hanako: Visitor, busy: dict[str, int]
) -> None:
    (newest, *_) = (await hanako.ask("/me/access-log")).json()["events"]
    today = newest["at"]  # at most hours from a Japanese day's end, so both days are asked for
    day = today[:10]
    everything = await numbers(hanako, "since=2020-01-01")
    assert len(everything) == newest["number"]
    assert await numbers(hanako, "until=2020-01-01") == []
    assert await numbers(hanako, f"since={day}&until=2999-12-31") in (everything, [])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("kind=planet", "kind"),
        ("facility=x", "facility"),
        ("purpose=FUN", "purpose"),
        ("since=yesterday", "since"),
        ("since=2026-05-03&until=2026-05-02", "until"),
        ("denied=perhaps", "denied"),
        ("professional=1", "professional"),
    ],
)
async def test_what_is_no_choice_is_said_clearly(hanako: Visitor, query: str, field: str) -> None:
    answer = await hanako.ask(f"/me/access-log?{query}", language="en")
    assert (answer.status_code, answer.json()["type"]) == (
        422,
        "urn:tsunagu:problem:error.log.filter",
    )
    assert answer.json()["fields"].keys() == {field}
    assert answer.json()["next"]
    page = await hanako.get(f"/access-log?{query}")
    assert page.status_code == 422
    assert answer.json()["fields"][field] not in page.text  # the page speaks Japanese
    assert 'id="errors"' in page.text
    assert 'href="/access-log"' in page.text


@pytest.mark.parametrize("field", ["facility", "professional"])
async def test_a_facility_or_person_of_no_network_is_no_choice(hanako: Visitor, field: str) -> None:
    answer = await hanako.ask(f"/me/access-log?{field}={uuid7()}")
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])


async def test_when_nothing_matches_the_page_leads_back(
    hanako: Visitor, busy: dict[str, int]
) -> None:
    page = (await hanako.get("/access-log?q=みつからない")).text
    assert "あてはまるものはありません" in page
    assert page.count('href="/access-log"') >= 2
    assert 'value="みつからない"' in page


async def test_pages_stand_still_while_new_events_come(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    async def look(times: int) -> None:
        who = named(sato.actor, clinic, "physician")
        for _ in range(times):
            await happened(sato.actor, hanako, READ, DENIED, actor=who, resources=[])

    await look(45)
    first = (await hanako.get("/access-log?denied=yes&q=佐藤")).text
    assert "45件あります" in first
    (following,) = re.findall(r'href="([^"]+)"[^>]*>古い方へ', first)
    await look(3)
    second = (await hanako.get(following.replace("&amp;", "&"))).text
    assert "3ページ中の2ページ目" in second
    seen = [re.findall(r'id="access-(\d+)"', page) for page in (first, second)]
    assert len(set(seen[0]) | set(seen[1])) == 40
    assert max(map(int, seen[1])) == min(map(int, seen[0])) - 1

    path, found = "/me/access-log?denied=true&who=佐藤&count=20", []
    page = (await hanako.ask(path)).json()
    upto = page["upto"]
    while True:
        found += [each["number"] for each in page["events"]]
        assert (page["total"], page["upto"]) == (48, upto)
        if page["before"] is None:
            break
        await look(1)
        page = (await hanako.ask(f"{path}&upto={upto}&before={page['before']}")).json()
    assert found == sorted(set(found), reverse=True)
    assert len(found) == 48


async def test_words_are_looked_for_piece_by_piece_and_the_page_says_so(
    hanako: Visitor, busy: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_SEARCHED", 3)
    answer = (await hanako.ask("/me/access-log?q=すみれ薬局")).json()
    assert (answer["events"], answer["total"], answer["searched_to"]) == ([], 0, busy["setting"])
    page = (await hanako.get("/access-log?q=すみれ薬局")).text
    assert "新しいほうから3件の中にはありませんでした。" in page
    older = f"/access-log?q={quote('すみれ薬局')}&amp;upto={busy['setting'] - 1}"
    assert older in page
    answer = (await hanako.ask(f"/me/access-log?q=すみれ薬局&upto={busy['setting'] - 1}")).json()
    assert [each["number"] for each in answer["events"]] == [busy["pharmacy"]]
    monkeypatch.setattr(reading, "MOST_SEARCHED", hanako_log_length(busy))
    answer = (await hanako.ask("/me/access-log?q=すみれ薬局")).json()
    assert (answer["total"], answer["searched_to"]) == (1, None)


def hanako_log_length(busy: dict[str, int]) -> int:
    return busy["support"]


async def test_another_person_s_log_is_never_searched(
    hanako: Visitor, yumi: Visitor, sato: Visitor, busy: dict[str, int]
) -> None:
    of_sato = f"professional={sato.actor.professional_id}"
    answer = await yumi.ask(
        f"/me/access-log?{of_sato}&participant_id={hanako.actor.participant_id}"
    )
    assert (answer.json()["total"], answer.json()["events"]) == (0, [])
    page = (await yumi.get(f"/access-log?{of_sato}")).text
    assert "すみれ薬局" not in page
