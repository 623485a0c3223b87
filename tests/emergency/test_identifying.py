"""Who lies there: by the national card's words, by insurance; one answer for nobody and several."""

import pytest

from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.emergency import service as emergency
from api.emergency.errors import NotOpened, SearchThrottled
from tests.emergency.conftest import joined, who, wrote
from tests.emergency.test_doors import bearer
from tests.portal import scene

INSURER = "01430016"
WHY = {"reason": "unconscious", "words": "倒れた"}


def unused() -> str:
    return uuid7().hex[-10:]


async def test_an_insurance_finds_the_one_person_who_has_it(mori, hanako, taro):
    number = unused()
    await scene.insured(hanako, INSURER, number)
    asked = (INSURER, "くま", number)
    assert await emergency.find_by_insurance(mori, *asked, "") == who(hanako)
    assert await emergency.find_by_insurance(mori, *asked, "1") == who(hanako)
    assert await emergency.find_by_insurance(mori, *asked, "02") is None
    assert await emergency.find_by_insurance(mori, "01430024", "くま", number, "") is None
    assert await emergency.find_by_insurance(mori, "12", "", "", "") is None


async def test_a_family_on_one_certificate_is_nobody_without_the_branch(mori, hanako, taro):
    number = unused()
    await scene.insured(hanako, INSURER, number)
    await scene.insured(taro, INSURER, number)
    async with unit_of_work(taro) as tx:
        await tx.execute(
            "UPDATE registration SET insurance_branch = '02'"
            " WHERE participant_id = (SELECT app.subject())"
        )
    asked = (INSURER, "くま", number)
    assert await emergency.find_by_insurance(mori, *asked, "") is None
    assert await emergency.find_by_insurance(mori, *asked, "02") == who(taro)


async def test_searches_of_both_kinds_are_counted_together(mori, clinic, hanako):
    for _ in range(6):
        assert await emergency.find_by_insurance(mori, INSURER, "くま", unused(), "") is None
    with pytest.raises(SearchThrottled):
        await emergency.find_by_insurance(mori, INSURER, "くま", unused(), "")
    sato = await scene.professional(clinic, "佐藤 健一", "physician")
    with pytest.raises(NotOpened, match="no_right"):
        await emergency.find_by_insurance(sato, INSURER, "くま", unused(), "")


async def test_the_form_takes_insurance_and_the_national_card(at_a_desk, mori, clinic):
    own = "".join("アイウエオカキクケコサシスセソタ"[int(digit, 16)] for digit in unused()[-8:])
    alone = await joined("小松 鶴代", f"コマツ {own}")
    number = unused()
    await scene.insured(alone, INSURER, number)
    await wrote(clinic, alone, "allergy", "ペニシリンアレルギー")
    desk = await at_a_desk(mori)
    insured = {"insurer": INSURER, "insurance_symbol": "くま", "insurance_number": number}
    form = WHY | insured | {"by": "insurance"}
    answer = await desk.post("/clinic/emergency", form)
    assert "ペニシリンアレルギー" in await desk.follow(answer)
    await desk.post(f"{answer.headers['location']}/close")
    items = {"name": "小松 鶴代", "name_kana": f"コマツ {own}", "sex": "female"}
    born = {"birth_era": "showa", "birth_year": "15", "birth_month": "4", "birth_day": "9"}
    answer = await desk.post("/clinic/emergency", WHY | items | born | {"by": "my_number_card"})
    assert "ペニシリンアレルギー" in await desk.follow(answer)
    async with unit_of_work(alone) as tx:
        said = await tx.fetch(
            "SELECT identification FROM emergency_session"
            " WHERE participant_id = app.subject() ORDER BY requested_at"
        )
    assert [row["identification"] for row in said] == ["insurance", "my_number_card"]
    nobody = await desk.post("/clinic/emergency", form | {"insurance_number": "0"})
    assert nobody.status_code == 422
    assert "この方の記録は、緊急の閲覧では開けません。" in nobody.text


async def test_the_emr_takes_them_too(client, hospital, mori, hanako):
    number = unused()
    await scene.insured(hanako, INSURER, number)
    emr = await bearer(hospital, mori)
    insured = {"insurer": INSURER, "symbol": "くま", "number": number, "branch": "01"}
    answer = await client.post(
        "/emergency/sessions", json=WHY | {"insurance": insured}, headers=emr
    )
    assert answer.status_code == 201, answer.text
    insured["number"] = unused()
    refused = await client.post(
        "/emergency/sessions", json=WHY | {"insurance": insured}, headers=emr
    )
    four = {"name": "だれか", "name_kana": "ダレカ", "sex": "female", "birth_on": "1940-04-09"}
    nobody = await client.post(
        "/emergency/sessions", json=WHY | {"my_number_card": four}, headers=emr
    )
    assert (refused.status_code, refused.json()) == (nobody.status_code, nobody.json())
    assert refused.status_code == 403
