"""A second tap on "remove" leads where the first one did; what is somebody else's is not there."""

from uuid import uuid4

import asyncpg
import pytest

from api.consent.lifecycle import leaving
from tests.attacks.test_own_books import admin, kept_all_books, state_of
from tests.phr.conftest import browsers, hanako, open_browser, yumi
from tests.portal.scene import Visitor

__all__ = ["admin", "browsers", "hanako", "open_browser", "yumi"]

DOORS = {
    "/book/allergies/{}/remove": "allergy",
    "/book/medications/{}/remove": "medication",
    "/book/doctors/{}/remove": "doctor",
    "/book/vitals/{}/remove": "weight",
    "/book/wishes/documents/{}/remove": "wish-document",
    "/book/checkups/{}/remove": "checkup",
    "/me/allergies/{}": "allergy",
    "/me/medications/{}": "medication",
    "/me/vitals/{}": "weight",
    "/me/checkups/{}": "checkup",
    "/me/pregnancies/{}": "pregnancy",
    "/me/children/{}": "child",
    "/book/pregnancy/{}/remove": "pregnancy",
    "/book/children/{}/remove": "child",
}


async def tapped(who: Visitor, where: str) -> tuple[int, str]:
    if where.startswith("/book/"):
        answer = await who.post(where)
        return answer.status_code, answer.headers.get("location", "").partition("/kinds/")[0]
    headers = {"authorization": f"Bearer {who.token}"}
    return (await who.browser.delete(where, headers=headers)).status_code, ""


@pytest.mark.parametrize("door", DOORS)
async def test_a_second_tap_is_answered_as_the_first(
    hanako: Visitor, yumi: Visitor, admin: asyncpg.Connection, door: str
) -> None:
    await leaving.take_part(yumi.actor, "participating")
    await kept_all_books(hanako)
    rows = await state_of(hanako, admin)
    kind = DOORS[door]
    book = "{0}" if kind == "child" else ""
    one = next(
        row["id"]
        for row in rows
        if f"{row['name']}:".startswith(f"{kind}:{book.format(row['id'])}")
    )
    assert (await tapped(yumi, door.format(one)))[0] == 404
    first = await tapped(hanako, door.format(one))
    assert first[0] in (204, 303)
    again = await tapped(hanako, door.format(one))
    assert again[0] == first[0]
    assert (await tapped(yumi, door.format(one)))[0] == 404
    assert (await tapped(hanako, door.format(uuid4())))[0] == 404
