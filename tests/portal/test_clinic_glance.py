"""What Dr Satō sees of what Hanako wrote herself: always as hers, and what is new to him."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from api.access_log import service as access_log
from api.core import clock
from api.core.database import unit_of_work
from api.fhir.codes import LOINC
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from tests.phr.samples import CHILD, WEIGHT
from tests.portal.scene import Place, Visitor
from tests.portal.test_clinic import allow
from tests.portal.test_viewer import insert, measured, own

NEW = '">前回のあとの新着</span>'


def today() -> str:
    return clock.today_in_japan().isoformat()


async def wrote(hanako: Visitor, weight: str, kind: Any = WEIGHT, **more: Any) -> None:
    await entries.write(
        hanako.actor, Wish(kind, {"on": today(), "weight": weight})._replace(**more)
    )


def tomorrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calendar turns over: today's look is one of an earlier day."""
    day = clock.today_in_japan() + timedelta(days=1)
    monkeypatch.setattr(clock, "today_in_japan", lambda: day)


async def test_what_she_wrote_and_what_her_scale_sent_is_named_so(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await allow(hanako, clinic)
    await wrote(hanako, "60.5")
    await wrote(hanako, "60.1", by="device", device="体重計", key="scale-1")
    by_hand, by_device = (
        f'<span class="tag tag-own">{words}</span>'
        for words in ("ご本人の記入", "ご本人の機器で測定")
    )
    page = (await sato.get(own(hanako))).text
    assert (by_hand in page, by_device in page) == (False, True), "of each kind the newest"
    timeline = (await sato.get(own(hanako, "/timeline"))).text
    assert by_hand in timeline
    assert by_device in timeline
    vitals = (await sato.get(own(hanako, "/vitals"))).text
    (legend,) = re.findall(r'<p class="row soft">(.*?)</p>', vitals)
    assert "ご本人の記入" in legend
    assert "ご本人の機器で測定" in legend
    assert legend.count("<svg") == 2
    english = (await sato.get(own(hanako, "/timeline"), locale="en")).text
    assert "Entered by the participant" in english


async def test_her_own_course_and_the_clinics_are_two_lines(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await allow(hanako, clinic)
    coded = {"coding": [{"system": LOINC, "code": "29463-7"}], "text": "体重"}
    for value in (61.0, 61.2):
        body = {"status": "final", "code": coded, "valueQuantity": {"value": value, "unit": "kg"}}
        await insert(clinic, hanako, "Observation", "vitals", body)
    for weight in ("60.5", "60.4"):
        await wrote(hanako, weight)
    page = (await sato.get(own(hanako, "/vitals"))).text
    (picture,) = re.findall(r'<svg class="chart".*?</svg>', page)
    assert picture.count("<polyline") == 2
    assert picture.count('<polyline class="broken"') == 1


async def test_her_childs_weight_is_none_of_hers(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await allow(hanako, clinic)
    await wrote(hanako, "60.5")
    await wrote(hanako, "60.6")
    await wrote(hanako, "30", CHILD)
    vitals = (await sato.get(own(hanako, "/vitals"))).text
    assert "60.6" in vitals
    assert ">30<" not in vitals
    timeline = (await sato.get(own(hanako, "/timeline"))).text
    assert "お子さまの記録" in timeline


async def test_what_came_after_the_clinics_last_look_on_an_earlier_day_is_new(
    hanako: Visitor, sato: Visitor, clinic: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await allow(hanako, clinic)
    await wrote(hanako, "60.5")
    first = (await sato.get(own(hanako))).text
    assert NEW not in first
    await wrote(hanako, "61.5")
    assert NEW not in (await sato.get(own(hanako))).text
    await wrote(hanako, "62.5")
    tomorrow(monkeypatch)
    page = (await sato.get(own(hanako))).text
    assert page.count(NEW) == 1
    assert "62.5" in page.partition(NEW)[2].partition("</li>")[0]
    assert "こちらの施設で見たあとに届いた記録には" in page


async def test_in_a_table_of_values_the_new_one_is_marked(
    hanako: Visitor, sato: Visitor, clinic: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await allow(hanako, clinic)
    await wrote(hanako, "60.5")
    await sato.get(own(hanako))
    await wrote(hanako, "61.5")
    tomorrow(monkeypatch)
    assert (await sato.get(own(hanako, "/vitals"))).text.count(NEW) == 1


async def test_what_the_clinic_wrote_itself_is_never_new_to_it(
    hanako: Visitor, sato: Visitor, clinic: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await allow(hanako, clinic)
    await sato.get(own(hanako))
    await measured(clinic, hanako, 7.1)
    tomorrow(monkeypatch)
    assert NEW not in (await sato.get(own(hanako))).text


async def test_how_others_looked_is_no_look_of_the_clinics(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await allow(hanako, clinic)
    await allow(hanako, pharmacy)
    await sato.get(own(hanako))
    before = clock.now() + timedelta(minutes=1)
    async with unit_of_work(sato.actor, subject=hanako.actor.participant_id) as tx:
        assert isinstance(await access_log.last_look_in(tx, before), datetime)
    elsewhere = structs.replace(sato.actor, facility_id=pharmacy.facility_id)
    async with unit_of_work(elsewhere, subject=hanako.actor.participant_id) as tx:
        assert await access_log.last_look_in(tx, before) is None


async def test_she_herself_cannot_ask_when_a_facility_looked(hanako: Visitor) -> None:
    with pytest.raises(Exception, match="professionals ask"):
        async with unit_of_work(hanako.actor) as tx:
            await access_log.last_look_in(tx, clock.now())


async def test_her_summary_says_what_she_entered_herself(hanako: Visitor) -> None:
    await wrote(hanako, "60.5")
    whole = (await hanako.ask("/me/summary")).text
    assert '"urn:tsunagu:source:self"' in whole
    assert "ご本人の記入" in whole
