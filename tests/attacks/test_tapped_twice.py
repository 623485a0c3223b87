"""A second tap on "remove" leads where the first one did; what is somebody else's is not there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from api.consent.lifecycle import leaving
from api.core import clock
from tests.attacks.test_own_books import admin, kept_all_books, state_of
from tests.phr.conftest import browsers, hanako, open_browser, ueda, yumi
from tests.phr.maternal.test_pregnancy_by_proxy import acts
from tests.phr.vitals.people import upload
from tests.portal.scene import Visitor
from tests.portal.test_checkup_file import HERS
from tests.records import checkup_files

__all__ = ["admin", "browsers", "hanako", "open_browser", "ueda", "yumi"]

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
    if not where.startswith("/me/"):
        answer = await who.post(where)
        return answer.status_code, answer.headers.get("location", "").partition("/kinds/")[0]
    headers = {"authorization": f"Bearer {who.token}"}
    return (await who.browser.delete(where, headers=headers)).status_code, ""


def one_of(rows: Sequence[Any], kind: str) -> UUID:
    """Of children the one whose book it is."""
    book = "{0}" if kind == "child" else ""
    return next(
        row["id"]
        for row in rows
        if f"{row['name']}:".startswith(f"{kind}:{book.format(row['id'])}")
    )


@pytest.mark.parametrize("door", DOORS)
async def test_a_second_tap_is_answered_as_the_first(
    hanako: Visitor, yumi: Visitor, admin: asyncpg.Connection, door: str
) -> None:
    await leaving.take_part(yumi.actor, "participating")
    await kept_all_books(hanako)
    one = one_of(await state_of(hanako, admin), DOORS[door])
    assert (await tapped(yumi, door.format(one)))[0] == 404
    first = await tapped(hanako, door.format(one))
    assert first[0] in (204, 303)
    again = await tapped(hanako, door.format(one))
    assert again[0] == first[0]
    assert (await tapped(yumi, door.format(one)))[0] == 404
    assert (await tapped(hanako, door.format(uuid4())))[0] == 404


async def test_a_file_is_taken_back_once_and_answered_twice(hanako: Visitor, yumi: Visitor) -> None:
    await leaving.take_part(yumi.actor, "participating")
    for page in (True, False):
        body = f"日付,体重\n{clock.today_in_japan()},61.{int(page)}\n".encode()
        kept = await upload(hanako, "/me/vitals/import", body)
        where = "/book/vitals/file/{}/remove" if page else "/me/vitals/import/{}"
        door = where.format(kept.json()["id"])
        assert (await tapped(yumi, door))[0] == 404
        first = await tapped(hanako, door)
        assert first[0] in (204, 303)
        assert await tapped(hanako, door) == first
        assert (await tapped(yumi, door))[0] == 404
        assert (await tapped(hanako, where.format(uuid4())))[0] == 404


@pytest.mark.parametrize("door", ["/book/wishes/revoke", "/me/wishes"])
async def test_wishes_are_revoked_once_and_answered_twice(
    hanako: Visitor, yumi: Visitor, door: str
) -> None:
    await leaving.take_part(yumi.actor, "participating")
    await hanako.post("/book/allergies/new", name="卵")
    assert (await tapped(hanako, door))[0] == 404, "never were any"
    await hanako.post("/book/wishes/people/new", name="由美", telephone="090-0000-0000")
    first = await tapped(hanako, door)
    assert first[0] in (204, 303)
    assert await tapped(hanako, door) == first
    assert (await tapped(yumi, door))[0] == 404


@pytest.mark.parametrize("door", ["/records/checkup-file/{}/remove", "/me/checkup-files/{}"])
async def test_a_checkup_file_is_removed_once_and_answered_twice(
    hanako: Visitor, yumi: Visitor, door: str
) -> None:
    await leaving.take_part(yumi.actor, "participating")
    headers = {"authorization": f"Bearer {hanako.token}"}
    body = checkup_files.archive({"h1.xml": checkup_files.checkup(HERS)})
    kept = await hanako.browser.post("/me/checkup-files", content=body, headers=headers)
    at = door.format(kept.json()["id"])
    assert (await tapped(yumi, at))[0] == 404
    first = await tapped(hanako, at)
    assert first[0] in (204, 303)
    assert await tapped(hanako, at) == first
    assert (await tapped(yumi, at))[0] == 404
    assert (await tapped(hanako, door.format(uuid4())))[0] == 404


async def test_who_acts_for_somebody_is_answered_of_what_they_removed_alone(
    yumi: Visitor, hanako: Visitor, ueda: Visitor, admin: asyncpg.Connection
) -> None:
    await kept_all_books(yumi)
    rows = await state_of(yumi, admin)
    await acts(yumi, hanako, ueda, "view", "upload")
    for kind in ("weight", "allergy", "checkup", "pregnancy", "child"):
        door = next(
            each for each, what in DOORS.items() if what == kind and each.startswith("/book/")
        ).format(one_of(rows, kind))
        assert (await tapped(hanako, door))[0] == 303, kind
        assert (await tapped(hanako, door))[0] == 303, kind
    taken = "/book/medications/{}/remove".format(one_of(rows, "medication"))
    assert (await tapped(yumi, taken))[0] == 303
    assert (await tapped(hanako, taken))[0] == 404, "not by them"


async def test_who_acts_for_somebody_corrects_twice(
    yumi: Visitor, hanako: Visitor, ueda: Visitor
) -> None:
    on = clock.today_in_japan().isoformat()
    one = {"kind": "weight", "on": on, "values": {"weight": "57.3"}}
    entry = (await yumi.tell("/me/vitals", one)).json()
    await acts(yumi, hanako, ueda, "view", "upload")
    door, typed = f"/book/vitals/{entry['id']}/correct", {"on": on, "weight": "57.8", "version": 1}
    for _ in range(2):
        assert (await hanako.post(door, typed)).status_code == 303
    assert (await hanako.post(door, typed, weight="58.2")).status_code == 409
