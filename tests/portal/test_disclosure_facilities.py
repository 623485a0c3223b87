"""Hanako chooses facilities: those that know her first, any other by its name, area or kind."""

import pytest

from tests.portal import scene
from tests.portal.scene import Place, Visitor


@pytest.mark.parametrize("words", ["れんげ", "レンゲ", "ﾚﾝｹﾞ", "れんげ内科", "renge", "ＲＥＮＧＥ"])
async def test_a_facility_is_found_however_its_name_is_typed(
    hanako: Visitor, clinic: Place, words: str
) -> None:
    page = (await hanako.get(f"/disclosure/facilities?q={words}")).text
    assert f'id="facility-{clinic.facility_id}"' in page


@pytest.mark.parametrize("words", ["'; DROP TABLE facility; --", "%", "_", "みつからない名前"])
async def test_a_search_for_nothing_we_have_says_what_to_do(hanako: Visitor, words: str) -> None:
    page = (await hanako.browser.get("/disclosure/facilities", params={"q": words})).text
    assert "施設が見つかりませんでした" in page


async def test_a_network_of_hundreds_of_facilities_stays_usable(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    for number in range(60):
        await scene.place(f"大勢医院{number}", "オオゼイイイン", f"Many {number}", "clinic")
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    page = (await hanako.get("/disclosure/facilities")).text
    assert page.count('role="switch"') == 2
    holder, on = (f'id="facility-{p.facility_id}"' for p in (pharmacy, clinic))
    assert page.index(holder) < page.index(on)
    found = (await hanako.get("/disclosure/facilities?q=大勢")).text
    assert found.count('role="switch"') == 50
    assert "60件見つかりました はじめの50件を表示しています。" in found


async def test_a_facility_with_only_untold_records_is_not_said_to_hold_any(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(clinic, hanako.actor, "condition", "未告知の病名", marks=("UNINFORMED",))
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    found = (await hanako.ask("/me/facilities?q=れんげ")).json()["facilities"]
    assert [
        each["holds_my_records"] for each in found if each["id"] == str(clinic.facility_id)
    ] == [False]
    page = (await hanako.get("/disclosure/facilities?q=すみれ")).text
    assert "あなたの記録があります" in page
    assert (
        "あなたの記録があります" not in (await hanako.get("/disclosure/facilities?q=れんげ")).text
    )
