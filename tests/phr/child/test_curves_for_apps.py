"""What the page draws of a child's growth, an app can draw: the same lines, points and words."""

from decimal import Decimal

import pytest

from api.phr.child import growth
from tests.phr.child.scene import begun, day, grown
from tests.portal.scene import Visitor


async def asked(who: Visitor, path: str, language: str):
    headers = {"authorization": f"Bearer {who.token}", "accept-language": language}
    return await who.browser.get(path, headers=headers)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_an_app_says_of_the_curves_what_the_page_says(hanako: Visitor, language: str) -> None:
    yui = await begun(hanako, weeks="33")
    await grown(hanako, yui, 95, weight="5.2", height="58.1")
    await grown(hanako, yui, 125, weight="5.9")
    found = (await asked(hanako, f"/me/children/{yui.book_id}/growth", language)).json()
    page = await hanako.browser.get(
        f"/book/children/{yui.book_id}", headers={"accept-language": language}
    )
    weight, height, head = found["curves"]
    assert [each["measure"] for each in (weight, height, head)] == ["weight", "height", "head"]
    assert weight["says"]
    assert f"<p>{weight['says']}</p>" in page.text
    assert f"<p>{height['says']}</p>" in page.text
    assert found["source"] in page.text
    assert (head["says"], head["points"], head["unit"]) == ("", [], "cm")
    assert [each["value"] for each in weight["points"]] == ["2.95", "5.2", "5.9"]
    last = weight["points"][-1]
    assert (last["on"], last["age"], last["corrected_age"]) == (day(125), 125, 78)
    assert last["position"]["percentile"] is not None
    assert last["corrected"] is not None


async def test_its_lines_are_those_of_the_survey(hanako: Visitor) -> None:
    yui = await begun(hanako)
    found = (await hanako.ask(f"/me/children/{yui.book_id}/growth")).json()
    assert (found["edition"], found["sex"]) == ("2023", "female")
    assert found["percentiles"] == [3, 10, 25, 50, 75, 90, 97]
    for curve in found["curves"]:
        bands = growth.bands(curve["measure"], "female")
        lines = {each["age"]: [Decimal(one) for one in each["values"]] for each in curve["lines"]}
        assert all(lines[float(band.middle)] == list(band.values) for band in bands)
        ages = list(lines)
        assert ages == sorted(ages)
        assert ages[-1] == float(growth.last_day(curve["measure"]))


async def test_nobody_else_sees_them(hanako: Visitor, yumi: Visitor) -> None:
    yui = await begun(hanako)
    here = f"/me/children/{yui.book_id}/growth"
    assert (await yumi.ask(here)).status_code == 404
    assert (await hanako.browser.get(here)).status_code in (401, 403, 404)
